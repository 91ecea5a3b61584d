/* SPDX-License-Identifier: ISC */
#include "lib/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <regex.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "tests/unit/folder.h"

static int64_t now_ms;
int64_t __wrap_cc_clock_ms(void);

int64_t __wrap_cc_clock_ms(void)
{
	return now_ms;
}

static void log_open(uint64_t size, unsigned count, enum cc_level level)
{
	const struct cc_log_conf conf = {
		.job_name = "job", .file = "log", .size = size, .count = count, .level = level};

	assert_int_equal(cc_log_open(&conf), 0);
}

static char *read_log(const char *name)
{
	char *data = NULL;
	size_t len;

	assert_int_equal(cc_file_read(name, 1 << 20, &data, &len, NULL), 0);
	return data;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t re;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&re, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" does not match %s", text, pattern);
	regfree(&re);
}

#define STAMP "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3} [0-9]+ "

static void test_line(void **state)
{
	cc_cleanup(cc_freep) char *text = NULL;

	log_open(0, 0, CC_LOG_INFO);
	errno = ENOSPC;
	cc_warn("%d of %s", 7, "it");
	assert_int_equal(errno, ENOSPC);
	cc_log_prefix("h:echo");
	cc_error("twice");
	cc_log_prefix(NULL);
	cc_debug("not shown");
	cc_log_close();
	text = read_log("log");
	assert_matches(text, "^" STAMP "WARNING job test_line: 7 of it\n" STAMP
			     "ERROR job test_line: \\[h:echo\\] twice\n$");
}

static void test_levels(void **state)
{
	static const char *const words[] = {"ERROR", "WARNING", "INFO", "DEBUG", "TRACE"};

	for (int i = CC_LOG_ERROR; i <= CC_LOG_TRACE; i++) {
		cc_cleanup(cc_freep) char *text = NULL;

		cc_log_set_level((enum cc_level)i);
		assert_true(cc_log_on((enum cc_level)i));
		assert_false(cc_log_on((enum cc_level)(i + 1)));
		log_open(0, 0, (enum cc_level)i);
		cc_log((enum cc_level)i, "x");
		cc_log((enum cc_level)(i + 1), "y");
		cc_log_close();
		text = read_log("log");
		assert_non_null(strstr(text, words[i - 1]));
		assert_null(strstr(text, ": y"));
	}
}

/* A stranger's name must not forge a line, through the message or the prefix. */
static void test_no_forgery(void **state)
{
	cc_cleanup(cc_freep) char *text = NULL;

	log_open(0, 0, CC_LOG_INFO);
	cc_log_prefix("a\nb");
	cc_info("%s", "x\r\ny\t\x1b[31m\x7f\xc3\xa4~");
	cc_log_prefix(NULL);
	cc_log_close();
	text = read_log("log");
	assert_non_null(strstr(text, "[a\\x0ab] x\\x0d\\x0ay\\x09\\x1b[31m\\x7f\\xc3\\xa4~\n"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void test_long_line(void **state)
{
	static char longer[20000];
	cc_cleanup(cc_freep) char *text = NULL;

	memset(longer, '\n', sizeof(longer) - 1);
	log_open(0, 0, CC_LOG_INFO);
	cc_info("%s", longer);
	cc_log_close();
	text = read_log("log");
	assert_true(strlen(text) <= 8192);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void test_rotation(void **state)
{
	cc_cleanup(cc_freep) char *newest = NULL;
	cc_cleanup(cc_freep) char *oldest = NULL;

	log_open(200, 2, CC_LOG_INFO);
	for (int i = 0; i < 9; i++)
		cc_info("line %d %060d", i, 0);
	cc_log_close();
	newest = read_log("log");
	oldest = read_log("log.2");
	assert_true(strlen(newest) <= 200 && strlen(oldest) <= 200);
	assert_non_null(strstr(newest, "line 8"));
	assert_null(strstr(oldest, "line 8"));
	assert_int_equal(access("log.1", F_OK), 0);
	assert_int_equal(access("log.3", F_OK), -1);
}

static void test_rotation_keeps_none(void **state)
{
	cc_cleanup(cc_freep) char *text = NULL;

	log_open(200, 0, CC_LOG_INFO);
	for (int i = 0; i < 9; i++)
		cc_info("line %d %060d", i, 0);
	cc_log_close();
	text = read_log("log");
	assert_non_null(strstr(text, "line 8"));
	assert_null(strstr(text, "line 0"));
	assert_int_equal(access("log.1", F_OK), -1);
}

/* A reload with a bad name must not lose the log. */
static void test_reopen_fails(void **state)
{
	const struct cc_log_conf bad = {.job_name = "job", .file = "none/log"};
	cc_cleanup(cc_freep) char *text = NULL;

	log_open(0, 0, CC_LOG_INFO);
	assert_int_equal(cc_log_open(&bad), -CC_ESYS);
	cc_info("still here");
	cc_log_close();
	text = read_log("log");
	assert_non_null(strstr(text, "cannot open log file none/log"));
	assert_non_null(strstr(text, "still here"));
}

static void test_stderr(void **state)
{
	int saved = dup(STDERR_FILENO);
	cc_cleanup(cc_freep) char *text = NULL;

	assert_non_null(freopen("err", "w", stderr));
	cc_log_set_level(CC_LOG_INFO);
	cc_info("to the terminal");
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	text = read_log("err");
	assert_matches(text, "^[0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3} INFO test-log test_stderr: "
			     "to the terminal\n$");
}

static void *write_many(void *arg)
{
	cc_log_prefix(arg);
	for (int i = 0; i < 200; i++)
		cc_info("%040d end", 0);
	return NULL;
}

/* Lines of threads do not mix, and each carries its own thread's prefix. */
static void test_threads(void **state)
{
	static char names[4][2] = {"0", "1", "2", "3"};
	cc_cleanup(cc_freep) char *text = NULL;
	pthread_t threads[4];
	size_t lines = 0;

	log_open(0, 0, CC_LOG_INFO);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, names[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	cc_log_close();
	text = read_log("log");
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
		assert_matches(line, "^" STAMP "INFO job write_many: \\[[0-3]\\] 0{40} end$");
	assert_int_equal(lines, 800);
}

struct seen {
	unsigned n;
	enum cc_level level;
	char text[64];
};

/* A sink that fails and says so. */
static void note(void *arg, const struct cc_log_event *event)
{
	struct seen *seen = arg;

	seen->n++;
	seen->level = event->level;
	snprintf(seen->text, sizeof(seen->text), "%s|%s|%s|%s", event->word, event->func,
		 event->prefix, event->text);
	cc_error("the sink is full");
}

/* It gets what is written, as it was said, and nothing that it says itself. */
static void test_sink(void **state)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct seen seen = {0};

	log_open(0, 0, CC_LOG_INFO);
	cc_log_set_sink(note, &seen);
	errno = ENOSPC;
	cc_log_prefix("h:x");
	cc_warn("a\n%d", 7);
	cc_log_prefix(NULL);
	assert_int_equal(errno, ENOSPC);
	cc_debug("below the level");
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.level, CC_LOG_WARN);
	assert_string_equal(seen.text, "WARNING|test_sink|h:x|a\n7");
	cc_info("again");
	assert_string_equal(seen.text, "INFO|test_sink||again");
	cc_log_set_sink(NULL, NULL);
	cc_info("no more");
	assert_int_equal(seen.n, 2);
	cc_log_close();
	text = read_log("log");
	assert_matches(text,
		       "^" STAMP "WARNING job test_sink: \\[h:x\\] a.x0a7\n" STAMP
		       "ERROR job note: .*the sink is full\n" STAMP "INFO job test_sink: again\n");
	assert_non_null(strstr(text, "no more"));
}

static void test_limit(void **state)
{
	unsigned held = 99;

	now_ms = 1000;
	assert_true(cc_log_allowed("bad", "peer", 4, &held));
	assert_int_equal(held, 0);
	for (int i = 0; i < 5; i++)
		assert_false(cc_log_allowed("bad", "peer", 4, &held));
	assert_true(cc_log_allowed("bad", "peer2", 5, &held));
	assert_true(cc_log_allowed("worse", "peer", 4, &held));
	assert_true(cc_log_allowed("bad", NULL, 0, &held));
	now_ms += 59999;
	assert_false(cc_log_allowed("bad", "peer", 4, &held));
	now_ms += 1;
	assert_true(cc_log_allowed("bad", "peer", 4, &held));
	assert_int_equal(held, 6);
}

/* 1024 pairs are remembered; one more pushes out the longest silent. */
static void test_limit_bounded(void **state)
{
	unsigned held;

	now_ms = 1000000;
	for (uint32_t i = 0; i < 1024; i++)
		assert_true(cc_log_allowed("many", &i, sizeof(i), &held));
	for (uint32_t i = 0; i < 1024; i++)
		assert_false(cc_log_allowed("many", &i, sizeof(i), &held));
	assert_true(cc_log_allowed("one more", NULL, 0, &held));
	assert_true(cc_log_allowed("many", &(uint32_t){0}, sizeof(uint32_t), &held));
	assert_int_equal(held, 0);
	assert_false(cc_log_allowed("many", &(uint32_t){1023}, sizeof(uint32_t), &held));
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)

static const struct CMUnitTest tests[] = {
	in_folder(test_line),	      in_folder(test_levels),
	in_folder(test_no_forgery),   in_folder(test_long_line),
	in_folder(test_rotation),     in_folder(test_rotation_keeps_none),
	in_folder(test_reopen_fails), in_folder(test_stderr),
	in_folder(test_threads),      in_folder(test_sink),
	cmocka_unit_test(test_limit), cmocka_unit_test(test_limit_bounded),
};

TEST_MAIN(tests)
