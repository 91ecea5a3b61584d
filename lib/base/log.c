/* SPDX-License-Identifier: ISC */
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/util.h"

#define TEXT_MAX 4096	 /* octets of one event before escaping */
#define LINE_OCTETS 8192 /* after it */
#define HEAD_MAX 64
#define ROTATED_MAX (PATH_MAX + 12)
#define COUNT_MAX 99

/* Guarded by lock, the level apart. */
static struct {
	pthread_mutex_t lock;
	int fd;		     /* -1: stderr */
	char path[PATH_MAX]; /* open(2) took it: it fits */
	const char *job_name;
	uint64_t size, written;
	unsigned count;
	bool also_stderr;
} out = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

static atomic_int log_level = CC_LOG_INFO;
static _Thread_local const char *log_prefix;

static struct {
	cc_log_sink_fn *fn;
	void *arg;
} sink;
static _Thread_local bool in_sink; /* what a sink logs does not come to it again */

static const char *const level_words[] = {
	[CC_LOG_ERROR] = "ERROR", [CC_LOG_WARN] = "WARNING", [CC_LOG_INFO] = "INFO",
	[CC_LOG_DEBUG] = "DEBUG", [CC_LOG_TRACE] = "TRACE",
};

static int file_open(const char *path, uint64_t *size)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	struct stat st;

	if (fd < 0)
		return -1;
	*size = fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	return fd;
}

int cc_log_open(const struct cc_log_conf *conf)
{
	bool to_file = conf->file && *conf->file;
	uint64_t written = 0;
	int fd = -1;

	if (to_file)
		fd = file_open(conf->file, &written);
	if (to_file && fd < 0) {
		cc_error("cannot open log file %s: %s", conf->file, strerror(errno));
		return -CC_ESYS;
	}
	pthread_mutex_lock(&out.lock);
	cc_closep(&out.fd);
	out.fd = fd;
	snprintf(out.path, sizeof(out.path), "%s", to_file ? conf->file : "");
	out.job_name = conf->job_name;
	out.size = conf->size;
	out.written = written;
	out.count = conf->count < COUNT_MAX ? conf->count : COUNT_MAX;
	out.also_stderr = conf->also_stderr;
	pthread_mutex_unlock(&out.lock);
	cc_log_set_level(conf->level);
	return 0;
}

void cc_log_close(void)
{
	pthread_mutex_lock(&out.lock);
	cc_closep(&out.fd);
	out.job_name = NULL;
	pthread_mutex_unlock(&out.lock);
}

void cc_log_set_level(enum cc_level level)
{
	atomic_store_explicit(&log_level, (int)level, memory_order_relaxed);
}

bool cc_log_on(enum cc_level level)
{
	return (int)level <= atomic_load_explicit(&log_level, memory_order_relaxed);
}

void cc_log_prefix(const char *prefix)
{
	log_prefix = prefix;
}

void cc_log_set_sink(cc_log_sink_fn *fn, void *arg)
{
	sink.fn = fn;
	sink.arg = arg;
}

static void give_sink(const struct cc_log_event *event)
{
	if (!sink.fn || in_sink)
		return;
	in_sink = true;
	sink.fn(sink.arg, event);
	in_sink = false;
}

static void rotated_name(char name[ROTATED_MAX], unsigned i)
{
	if (i == 0)
		snprintf(name, ROTATED_MAX, "%s", out.path);
	else
		snprintf(name, ROTATED_MAX, "%s.%u", out.path, i);
}

/* name -> name.1 -> ... -> name.N, which is lost. When that fails, the old file goes on. */
static void log_rotate(void)
{
	char from[ROTATED_MAX], to[ROTATED_MAX];
	uint64_t written;
	int fd;

	for (unsigned i = out.count; i > 0; i--) {
		rotated_name(from, i - 1);
		rotated_name(to, i);
		rename(from, to);
	}
	if (out.count == 0)
		unlink(out.path);
	/* also on failure: not to try again at every line */
	out.written = 0;
	fd = file_open(out.path, &written);
	if (fd < 0)
		return;
	cc_closep(&out.fd);
	out.fd = fd;
	out.written = written;
}

static bool printable(unsigned char c)
{
	return c >= 0x20 && c <= 0x7e;
}

static size_t escape(char *to, size_t max, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; *text && n + 4 <= max; text++) {
		unsigned char c = (unsigned char)*text;

		if (printable(c)) {
			to[n++] = (char)c;
			continue;
		}
		to[n++] = '\\';
		to[n++] = 'x';
		to[n++] = digits[c >> 4];
		to[n++] = digits[c & 15];
	}
	return n;
}

/* The time and, in a file, the date and the pid: a terminal has one process and one day. */
static size_t head_format(char head[HEAD_MAX], bool full)
{
	double wall = cc_clock_wall();
	time_t seconds = (time_t)wall;
	int ms = (int)((wall - (double)seconds) * 1000);
	struct tm tm;
	size_t n;

	localtime_r(&seconds, &tm);
	n = strftime(head, HEAD_MAX, full ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
	n += (size_t)snprintf(head + n, HEAD_MAX - n, ",%03d ", ms);
	if (full)
		n += (size_t)snprintf(head + n, HEAD_MAX - n, "%d ", (int)getpid());
	return n;
}

/* One write(2) per line, so that lines of several processes do not mix. */
static void line_write(int fd, bool full, const char *text)
{
	char line[LINE_OCTETS];
	size_t n = head_format(line, full);
	ssize_t r;

	n += escape(line + n, sizeof(line) - n - 1, text);
	line[n++] = '\n';
	do {
		r = write(fd, line, n);
	} while (r < 0 && errno == EINTR);
	if (full && r > 0)
		out.written += (uint64_t)r;
}

static void log_text(const char *text)
{
	if (out.fd < 0 || out.also_stderr)
		line_write(STDERR_FILENO, false, text);
	if (out.fd < 0)
		return;
	if (out.size > 0 && out.written > 0 && out.written + HEAD_MAX + strlen(text) > out.size)
		log_rotate();
	line_write(out.fd, true, text);
}

void cc_log_write(enum cc_level level, const char *func, const char *fmt, ...)
{
	const char *prefix = log_prefix ? log_prefix : "";
	int saved = errno;
	char message[TEXT_MAX], text[TEXT_MAX + 1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&out.lock);
	snprintf(text, sizeof(text), "%s %s %s: %s%s%s%s", level_words[level],
		 out.job_name ? out.job_name : program_invocation_short_name, func,
		 *prefix ? "[" : "", prefix, *prefix ? "] " : "", message);
	log_text(text);
	pthread_mutex_unlock(&out.lock);
	give_sink(&(struct cc_log_event){level, level_words[level], func, prefix, message});
	errno = saved;
}
