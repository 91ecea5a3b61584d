/* SPDX-License-Identifier: ISC */
/* Reading below a root, with bounds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemons/discovery/inventory.h"
#include "lib/base/util.h"
#include "lib/daemon/text.h"

static bool full_path(char full[PATH_MAX], const char *root, const char *format, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* @return whether ROOT/path fits. */
static bool full_path(char full[PATH_MAX], const char *root, const char *format, va_list ap)
{
	int n = snprintf(full, PATH_MAX, "%s/", root), m;

	if (n < 0 || n >= PATH_MAX)
		return false;
	m = vsnprintf(full + n, (size_t)(PATH_MAX - n), format, ap);
	return m >= 0 && m < PATH_MAX - n;
}

/* Files of /proc and /sys have no size: what counts is what read(2) gives. */
static long read_file(const char *full, char *buf, size_t size)
{
	/* O_NONBLOCK: a pipe put in the place of the file must not hang us */
	cc_cleanup(cc_closep) int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	size_t done = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	while (done < size - 1) {
		ssize_t n = read(fd, buf + done, size - 1 - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	buf[done] = '\0';
	return (long)done;
}

static long read_path(const char *root, char *buf, size_t size, const char *format, va_list ap)
	__attribute__((format(printf, 4, 0)));

static long read_path(const char *root, char *buf, size_t size, const char *format, va_list ap)
{
	char full[PATH_MAX];

	return full_path(full, root, format, ap) ? read_file(full, buf, size) : -1;
}

long inv_read(const char *root, char *buf, size_t size, const char *path, ...)
{
	va_list ap;
	long n;

	va_start(ap, path);
	n = read_path(root, buf, size, path, ap);
	va_end(ap);
	return n;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Octets from..end without white space around them, clean. @return whether something is left. */
static bool take_text(const char *from, const char *end, char out[INV_TEXT])
{
	while (from < end && is_space(*from))
		from++;
	while (end > from && is_space(end[-1]))
		end--;
	return dm_text_clean(from, (size_t)(end - from), out, INV_TEXT) > 0;
}

bool inv_line(const char *root, char out[INV_TEXT], const char *path, ...)
{
	char buf[4 * INV_TEXT];
	va_list ap;
	long n;

	va_start(ap, path);
	n = read_path(root, buf, sizeof(buf), path, ap);
	va_end(ap);
	out[0] = '\0';
	if (n <= 0)
		return false;
	return take_text(buf, (char *)memchr(buf, '\n', (size_t)n) ?: buf + n, out);
}

static bool parse_number(const char *text, int64_t *out)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (end == text || errno || !(*end == '\0' || is_space(*end)))
		return false;
	*out = n;
	return true;
}

bool inv_number(const char *root, int64_t *out, const char *path, ...)
{
	char buf[64];
	va_list ap;
	long n;

	va_start(ap, path);
	n = read_path(root, buf, sizeof(buf), path, ap);
	va_end(ap);
	return n > 0 && parse_number(buf, out);
}

bool inv_link(const char *root, char out[INV_TEXT], const char *path, ...)
{
	char full[PATH_MAX], target[PATH_MAX];
	const char *base;
	bool fits;
	ssize_t n;
	va_list ap;

	va_start(ap, path);
	fits = full_path(full, root, path, ap);
	va_end(ap);
	out[0] = '\0';
	n = fits ? readlink(full, target, sizeof(target) - 1) : -1;
	if (n <= 0)
		return false;
	target[n] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	return take_text(base, target + n, out);
}

bool inv_exists(const char *root, const char *path)
{
	char full[PATH_MAX];
	int n = snprintf(full, sizeof(full), "%s/%s", root, path);

	return n > 0 && (size_t)n < sizeof(full) && access(full, F_OK) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_names(DIR *dir, char **names)
{
	struct dirent *entry;
	size_t n = 0;

	while (n < INV_SCAN_MAX && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		names[n] = strdup(entry->d_name);
		if (!names[n])
			break;
		n++;
	}
	qsort(names, n, sizeof(*names), by_name);
	return n;
}

void inv_each(const char *root, const char *path, inv_name_fn *fn, void *arg)
{
	cc_cleanup(cc_freep) char **names = calloc(INV_SCAN_MAX, sizeof(*names));
	char full[PATH_MAX];
	int len = snprintf(full, sizeof(full), "%s/%s", root, path);
	DIR *dir = names && len > 0 && (size_t)len < sizeof(full) ? opendir(full) : NULL;
	bool more = true;
	size_t n;

	if (!dir)
		return;
	n = list_names(dir, names);
	closedir(dir);
	for (size_t i = 0; i < n; i++) {
		more = more && fn(arg, root, names[i]);
		free(names[i]);
	}
}

bool inv_field(const char *text, const char *key, char separator, char out[INV_TEXT])
{
	size_t len = strlen(key);

	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');
		const char *at = line + len;

		if (end - line > (ptrdiff_t)len && memcmp(line, key, len) == 0) {
			while (at < end && (*at == ' ' || *at == '\t'))
				at++;
			if (at < end && *at == separator)
				return take_text(at + 1, end, out);
		}
		line = *end ? end + 1 : end;
	}
	out[0] = '\0';
	return false;
}

bool inv_field_number(const char *text, const char *key, char separator, int64_t *out)
{
	char value[INV_TEXT];

	return inv_field(text, key, separator, value) && parse_number(value, out);
}

void inv_set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

void inv_set_text(json_t *object, const char *key, const char *text)
{
	if (*text)
		inv_set(object, key, json_string(text));
}

void inv_set_clean(json_t *object, const char *key, const char *octets)
{
	char text[INV_TEXT];

	dm_text_clean(octets, strlen(octets), text, sizeof(text));
	inv_set_text(object, key, text);
}

void inv_set_some(json_t *object, const char *key, json_t *value)
{
	if (json_object_size(value) || json_array_size(value))
		inv_set(object, key, value);
	else
		json_decref(value);
}

bool inv_append(json_t *array, json_t *value)
{
	json_array_append_new(array, value);
	return json_array_size(array) < INV_MAX;
}
