/* SPDX-License-Identifier: ISC */
/* echo, disposer and locallogger against a fake host. */
#include <stdio.h>
#include <time.h>

#include "handlers/table.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/handler/fakehost.h"
#include "tests/unit/folder.h"

#define ID "0123456789abcdef0123456789abcdef"

static struct cc_fakehost *host(const char *name, const char *options)
{
	const struct cc_handler *h = cc_handler_find(handler_table, name);
	struct cc_fakehost *f = NULL;
	struct cc_note why = {0};

	assert_non_null(h);
	if (cc_fakehost_open(&f, h, options, &why) != 0)
		fail_msg("%s", why.text);
	return f;
}

static int handle(struct cc_fakehost *f, const char *type, const char *body)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();

	assert_int_equal(cc_msg_add(m, "client", 6), 0);
	assert_int_equal(cc_msg_add(m, "", 0), 0);
	assert_int_equal(cc_msg_add(m, type, strlen(type)), 0);
	assert_int_equal(cc_msg_add(m, body, strlen(body)), 0);
	return cc_fakehost_handle(f, m);
}

static const char *text(const struct cc_fake_reply *r, const char *key)
{
	return json_string_value(json_object_get(r->json, key));
}

static void test_table(void **state)
{
	static const struct {
		const char *name;
		const char *found; /* NULL: none */
		bool later;
	} rows[] = {
		{"echo", "echo", false},
		{"cc.handler.echo", "echo", false},
		{"Echo", NULL, false},
		{"cc.handler.", NULL, false},
		{"handler.echo", NULL, false},
		{"dbhandler", NULL, true},
		{"cc.handler.database", NULL, true},
		{"taskrouter", NULL, true},
		{"", NULL, false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct cc_handler *h = cc_handler_find(handler_table, rows[i].name);

		print_message("# %s\n", rows[i].name);
		assert_true((h != NULL) == (rows[i].found != NULL));
		if (h)
			assert_string_equal(h->name, rows[i].found);
		assert_int_equal(cc_handler_is_later(rows[i].name), rows[i].later);
	}
	for (size_t i = 1; handler_table[i]; i++)
		assert_true(strcmp(handler_table[i - 1]->name, handler_table[i]->name) < 0);
}

/* ---- disposer ---- */

static void test_disposer(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("disposer", "");

	assert_int_equal(handle(f, "a.b", "not even JSON"), 0);
	assert_int_equal(handle(f, "c", ""), 0);
	assert_int_equal(cc_fakehost_count(f, "disposed_count"), 2);
	assert_int_equal(cc_fakehost_count(f, "disposed_bytes"), 6 + 3 + 13 + 6 + 1);
	assert_int_equal(f->n_replies + f->n_hops + f->sent.count, 0);
}

/* ---- echo ---- */

static void test_echo_answers(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("echo", "");
	const struct cc_fake_reply *r = &f->replies[0];

	assert_int_equal(
		handle(f, "echo.request",
		       "{\"req\": \"echo.request\", \"hostname\": \"h\", \"target\": \"t\", "
		       "\"time\": 1400000000.25, \"id\": \"" ID "\"}"),
		0);
	assert_int_equal(f->n_replies, 1);
	assert_string_equal(r->type, "echo.response");
	assert_string_equal(text(r, "orig_hostname"), "h");
	assert_string_equal(text(r, "orig_target"), "t");
	assert_true(json_real_value(json_object_get(r->json, "orig_time")) == 1400000000.25);
	assert_string_equal(text(r, "re"), ID);
	assert_null(r->blob.data);
	assert_memory_equal(cc_msg_frame(r->msg, 0).data, "client", 6);
}

static void test_echo_without_id(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("echo", "");

	assert_int_equal(
		handle(f, "echo.request", "{\"hostname\": \"h\", \"target\": \"\", \"time\": 5}"),
		0);
	assert_string_equal(f->replies[0].type, "echo.response");
	assert_null(json_object_get(f->replies[0].json, "re"));
}

static void test_echo_rejects(void **state)
{
	static const struct {
		const char *type, *body;
		bool answered;
		const char *reason;
	} rows[] = {
		{"echo", "{}", false, "no request"},
		{"echo.response", "{}", false, "an answer"},
		{"echo.request.x", "{\"hostname\": \"h\", \"target\": \"t\", \"time\": 1}", false,
		 "a longer type"},
		{"echo.request", "{\"target\": \"t\", \"time\": 1}", true, "no hostname"},
		{"echo.request", "{\"hostname\": \"h\", \"time\": 1}", true, "no target"},
		{"echo.request", "{\"hostname\": \"h\", \"target\": \"t\"}", true, "no time"},
		{"echo.request", "{\"hostname\": 1, \"target\": \"t\", \"time\": 1}", true,
		 "hostname is no string"},
		{"echo.request", "{\"hostname\": \"h\", \"target\": [], \"time\": 1}", true,
		 "target is no string"},
		{"echo.request", "{\"hostname\": \"h\", \"target\": \"t\", \"time\": \"1\"}", true,
		 "time is no number"},
	};
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("echo", "");

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		size_t before = f->n_replies;

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(handle(f, rows[i].type, rows[i].body), CC_DROPPED);
		assert_int_equal(f->n_replies - before, rows[i].answered);
		if (!rows[i].answered)
			continue;
		assert_string_equal(f->replies[before].type, "error");
		assert_string_equal(text(&f->replies[before], "code"), "bad-request");
		assert_string_equal(text(&f->replies[before], "req_type"), "echo.request");
	}
}

static void pong(struct cc_fakehost *f, size_t i)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();

	assert_int_equal(cc_msg_add(m, "anything", 8), 0);
	cc_fakehost_dealer_in(f, i, m);
}

static void test_echo_pings(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f =
		host("echo", "ping-remotes = ipc://a, ipc://b");
	int64_t start = cc_fake_now;

	assert_int_equal(f->n_dealers, 2);
	assert_string_equal(f->dealers[1]->url, "ipc://b");
	assert_int_equal(f->dealers[0]->conf.hwm, 1); /* a ping that waits is worth nothing */
	cc_fakehost_tick(f, start + 2000);
	assert_int_equal(f->dealers[0]->pings, 0); /* nobody is connected yet */
	cc_fakehost_dealer_up(f, 0, true);
	for (int64_t t = start + 2000; t < start + 5000; t += 100) {
		if (cc_fakehost_tick(f, t) && f->dealers[0]->pings)
			pong(f, 0);
	}
	assert_in_range(f->dealers[0]->pings, 2, 4); /* one a second */
	assert_string_equal(f->dealers[0]->target, "ipc://a");
	assert_int_equal(f->dealers[1]->pings, 0);
	assert_int_equal(cc_fakehost_count(f, "pings"), f->dealers[0]->pings);
	assert_true(cc_fakehost_count(f, "pongs") > 0);
	f->dealers[0]->send_result = -CC_EBUSY; /* a ping that is not sent is not counted */
	cc_fakehost_tick(f, start + 10000);
	assert_int_equal(cc_fakehost_count(f, "pings"), f->dealers[0]->pings);
	assert_in_range(f->wake, start + 10001, start + 11001);
}

static void test_echo_bad_url(void **state)
{
	struct cc_fakehost *f = NULL;
	struct cc_note why = {0};

	assert_int_equal(cc_fakehost_open(&f, cc_handler_find(handler_table, "echo"),
					  "ping-remotes = ipc://a, nonsense", &why),
			 -CC_EINVAL);
	assert_non_null(strstr(why.text, "\"nonsense\" is no endpoint"));
	cc_fakehost_free(f);
}

/* ---- locallogger ---- */

/* What the log holds after a message, from its start; the caller frees. */
static char *log_of(const char *type, const char *body, int outcome)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("locallogger", "");
	struct cc_log_conf conf = {.job_name = "test", .file = "log", .level = CC_LOG_INFO};
	char *data = NULL;
	size_t len;

	unlink("log");
	assert_int_equal(cc_log_open(&conf), 0);
	assert_int_equal(handle(f, type, body), outcome);
	assert_int_equal(cc_fakehost_count(f, outcome ? "non-log" : "logged"), 1);
	cc_log_close();
	assert_int_equal(cc_file_read("log", 100000, &data, &len, NULL), 0);
	return data;
}

static void test_locallogger_line(void **state)
{
	static const struct {
		const char *body, *line, *reason;
	} rows[] = {
		{"{\"log_level\": \"INFO\", \"job_name\": \"j\", \"hostname\": \"h\", "
		 "\"log_time\": 3661.25, \"log_msg\": \"hello\"}",
		 "[j@h] 01:01:01,250 INFO hello\n", "a line"},
		{"{\"log_level\": \"INFO\", \"log_time\": 0.9996, \"log_msg\": \"m\"}",
		 "[@] 00:00:00,999 INFO m\n", "milliseconds are cut, not rounded to 000"},
		{"{\"log_level\": \"W\", \"log_time\": 86399.9999, \"log_msg\": \"m\"}",
		 "[@] 23:59:59,999 W m\n", "nor into the next day"},
		{"{\"log_level\": \"W\", \"log_time\": 7, \"log_msg\": \"m\"}",
		 "[@] 00:00:07,000 W m\n", "whole seconds"},
		{"{\"log_level\": \"W\", \"log_time\": -1.5, \"log_msg\": \"m\"}",
		 "[@] ??:??:??,??? W m\n", "before 1970"},
		{"{\"log_level\": \"W\", \"log_time\": 1e300, \"log_msg\": \"m\"}",
		 "[@] ??:??:??,??? W m\n", "after the end of time"},
		{"{\"log_level\": \"W\", \"log_time\": \"x\", \"log_msg\": 5}",
		 "[@] 00:00:00,000 W \n", "fields of the wrong kind"},
		{"{\"log_level\": \"W\", \"log_time\": 0, \"log_msg\": \"a\\nb\\r\\u001bc\"}",
		 "[@] 00:00:00,000 W a\\x0ab\\x0d\\x1bc\n", "line ends forge no line"},
		{"{\"log_level\": \"W\\n\", \"job_name\": \"j\\n\", \"hostname\": \"h\\n\", "
		 "\"log_time\": 0}",
		 "[j\\x0a@h\\x0a] 00:00:00,000 W\\x0a \n", "nor in another field"},
	};

	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *log = log_of("log.info", rows[i].body, 0);
		const char *tail = strstr(log, rows[i].line);

		print_message("# %s\n", rows[i].reason);
		if (!tail || strcmp(tail, rows[i].line) != 0)
			fail_msg("%s", log);
		assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1); /* one line */
	}
}

static void test_locallogger_rejects(void **state)
{
	static const char *const bodies[] = {"{}", "{\"log_level\": \"\"}", "{\"log_level\": 5}"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(bodies); i++) {
		cc_cleanup(cc_freep) char *log = log_of("log.x", bodies[i], CC_DROPPED);

		assert_non_null(strstr(log, "non-log msg: log.x\n"));
	}
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_table),	     cmocka_unit_test(test_disposer),
	cmocka_unit_test(test_echo_answers), cmocka_unit_test(test_echo_without_id),
	cmocka_unit_test(test_echo_rejects), cmocka_unit_test(test_echo_pings),
	cmocka_unit_test(test_echo_bad_url), in_folder(test_locallogger_line),
	in_folder(test_locallogger_rejects),
};

TEST_MAIN(tests)
