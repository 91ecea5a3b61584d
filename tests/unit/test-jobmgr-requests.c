/* SPDX-License-Identifier: ISC */
/* jobmgr: job.* of clients, and reloads of the configuration. */
#include "lib/base/clock.h"
#include "lib/conf/ini.h"
#include "tests/unit/jobkit.h"

/* ---- job.* ---- */

static void test_requests(void **state)
{
	static const struct {
		enum who who;
		const char *type, *body;
		int outcome;
		const char *reply, *key, *value;
	} rows[] = {
		{STRANGER, "job.stop", "{\"id\": \"" ID "\", \"job_name\": \"x\"}", CC_DENIED,
		 "error", "code", "denied"},
		{STRANGER, "job.start", "{\"id\": \"" ID "\", \"job_name\": \"x\"}", CC_DENIED,
		 "error", "code", "denied"},
		{STRANGER, "job.restart", "{\"job_name\": \"x\"}", CC_DENIED, "error", "code",
		 "denied"},
		{SIGNER, "job.stop", "{\"id\": \"" ID "\"}", CC_DROPPED, "error", "msg",
		 "Missing job_name"},
		{SIGNER, "job.stop", "{\"id\": \"" ID "\", \"job_name\": 5}", CC_DROPPED, "error",
		 "code", "bad-request"},
		{SIGNER, "job.stop", "{\"id\": \"" ID "\", \"job_name\": \"h\"}", CC_DROPPED,
		 "error", "code", "not-found"},
		{SIGNER, "job.restart", "{\"id\": \"" ID "\", \"job_name\": \"\"}", CC_DROPPED,
		 "error", "msg", "Unknown job_name"},
		{STRANGER, "job.log", "{\"id\": \"" ID "\", \"job_name\": \"y\"}", CC_DROPPED,
		 "error", "code", "not-found"},
		{STRANGER, "job.log", "{\"id\": \"" ID "\", \"job_name\": \"x\", \"lines\": -1}",
		 CC_DROPPED, "error", "code", "bad-request"},
		{STRANGER, "job.log", "{\"id\": \"" ID "\", \"job_name\": \"x\", \"lines\": \"1\"}",
		 CC_DROPPED, "error", "msg", "lines is no number of lines"},
		{SIGNER, "job.kill", "{\"id\": \"" ID "\", \"job_name\": \"x\"}", CC_DROPPED,
		 "error", "code", "unsupported"},
		{SIGNER, "job", "{\"id\": \"" ID "\"}", CC_DROPPED, "error", "code", "unsupported"},
		{SIGNER, "job.list.x", "{}", CC_DROPPED, "error", "req_type", "job.list.x"},
		{STRANGER, "job.config", "{\"id\": \"" ID "\"}", CC_DROPPED, "error", "msg",
		 "Missing job_name"},
		{STRANGER, "job.config", "{\"id\": \"" ID "\", \"job_name\": \"y\"}", CC_DROPPED,
		 "error", "code", "not-found"},
		{STRANGER, "job.config", "{}", CC_DROPPED, "job.config", "msg", "Missing job_name"},
		{STRANGER, "job.config", "{\"job_name\": \"y\"}", CC_DROPPED, "job.config", "msg",
		 "Unknown job_name"},
		{STRANGER, "job.config", "{\"id\": \"" ID "\", \"job_name\": \"x\"}", 0,
		 "reply.job.config", "job_name", "x"},
		{STRANGER, "job.config", "{\"job_name\": \"x\"}", 0, "job.config", "job_name", "x"},
		{STRANGER, "job.log", "{\"job_name\": \"x\"}", 0, "reply.job.log", "job_name", "x"},
		{OWN_USER, "job.restart", "{\"id\": \"" ID "\", \"job_name\": \"x\"}", 0,
		 "reply.job.restart", "state", "running"},
		{SIGNER, "job.stop", "{\"id\": \"" ID "\", \"job_name\": \"x\"}", 0,
		 "reply.job.stop", "state", "stopped"},
		{SIGNER, "job.stop", "{\"job_name\": \"x\"}", 0, "reply.job.stop", "last_exit",
		 "signal 15"},
		{SIGNER, "job.start", "{\"id\": \"" ID "\", \"job_name\": \"x\"}", 0,
		 "reply.job.start", "state", "running"},
		{SIGNER, "job.start", "{\"id\": \"" ID "\", \"job_name\": \"x\"}", 0,
		 "reply.job.start", "last_exit", "signal 15"},
	};
	unsigned files = open_files();
	struct cc_fakehost *f = host("daemons = x\n[x]\ncommand = /bin/sleep 1000\n");

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s %s\n", rows[i].type, rows[i].body);
		assert_int_equal(tell(f, rows[i].who, rows[i].type, rows[i].body), rows[i].outcome);
		assert_string_equal(text(answer(f, rows[i].reply), rows[i].key), rows[i].value);
	}
	assert_int_equal(number(entry(f, "x"), "starts"),
			 3); /* the last job.start found it running */
	/* an answer of the original's form is no question */
	assert_int_equal(tell(f, STRANGER, "job.config", "{\"job_name\": \"x\", \"config\": {}}"),
			 CC_DROPPED);
	assert_int_equal(f->n_replies, 0);
	finish(&f, files);
}

static void test_config(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f = host("daemons = d:x\n[ccserver]\ncms-sign = local\n"
				     "pidfile = /run/test.pid\nlogfile = l\n"
				     "[d:x]\ncommand = /bin/sleep 1000\nuser =\n");
	json_t *wanted =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "command", "/bin/sleep 1000",
			  "user", "", "cms-sign", "local", "pidfile", "/run/test.d:x.pid",
			  "use_skylog", "0", "service_name", "d:x", "job_name", "test.d:x");

	assert_int_equal(tell(f, STRANGER, "job.config", "{\"job_name\": \"d:x\"}"), 0);
	assert_true(json_equal(json_object_get(answer(f, "job.config"), "config"), wanted));
	json_decref(wanted);
	finish(&f, files);
}

/* Whoever waits for a start that does not come to an end is answered in time. */
static void test_start_is_bounded(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;

	make_daemon("never", FOR_EVER);
	f = host("daemons = x\ndaemon-dir = %s\n[x]\ndaemon = never\nstart-timeout = 0\n",
		 folder_path);
	wait_state(f, "x", "starting", 1);
	assert_int_equal(tell(f, SIGNER, "job.restart",
			      "{\"id\": \"" ID "\", \"job_name\": \"x\", \"deadline\": 500}"),
			 0);
	assert_string_equal(text(answer(f, "reply.job.restart"), "state"), "starting");
	assert_int_equal(number(entry(f, "x"), "starts"), 2);
	finish(&f, files);
}

/* Fifty restarts leave neither zombies nor descriptors. */
static void test_restarts(void **state)
{
	unsigned files = open_files(), running;
	struct cc_fakehost *f = host("daemons = x\n[x]\ncommand = /bin/sleep 1000\n");

	wait_state(f, "x", "running", 1);
	running = open_files();
	for (int i = 0; i < 50; i++)
		control(f, "restart", "x");
	assert_string_equal(text(answer(f, "reply.job.restart"), "state"), "running");
	assert_int_equal(number(entry(f, "x"), "starts"), 51);
	assert_int_equal(open_files(), running);
	assert_int_equal(counted(f, "started"), 51);
	finish(&f, files);
}

/* ---- reload ---- */

static void reload(struct cc_fakehost *f, const char *options)
{
	const struct cf_opt *const tables[] = {f->handler->options, NULL};
	void *fresh = calloc(1, f->handler->state_size);
	struct cf_ini *ini = NULL, *old = f->ini;
	struct cc_note why = {0};

	assert_non_null(fresh);
	assert_int_equal(
		cf_ini_parse("test.ini", options, strlen(options), NULL, NULL, 0, &ini, &why), 0);
	assert_int_equal(
		cf_bind(cf_ini_section(ini, "h"), tables, NULL, false, fresh, NULL, NULL, &why), 0);
	f->ini = ini;
	if (f->handler->check(fresh, &f->base, &why) != 0)
		fail_msg("%s", why.text);
	f->handler->reload(f->state, &f->base, fresh);
	cf_unbind(tables, fresh);
	free(fresh);
	cf_ini_free(old);
}

static void test_reload(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f = host("daemons = stays, changes, goes, rests\n"
				     "[stays]\ncommand = /bin/sleep 1000\n"
				     "[changes]\ncommand = /bin/sleep 1001\n"
				     "[goes]\ncommand = /bin/sleep 1002\n"
				     "[rests]\ncommand = /bin/sleep 1003\n");
	int64_t stays, goes, end;

	stays = number(wait_state(f, "stays", "running", 1), "pid");
	goes = number(wait_state(f, "goes", "running", 1), "pid");
	wait_state(f, "changes", "running", 1);
	control(f, "stop", "rests");
	reload(f, "[h]\ndaemons = comes, changes, stays, rests\n"
		  "[stays]\ncommand = /bin/sleep 1000\n"
		  "[changes]\ncommand = /bin/sleep 2001\nuser =\n"
		  "[rests]\ncommand = /bin/sleep 2003\n"
		  "[comes]\ncommand = /bin/sleep 1004\n");
	wait_state(f, "comes", "running", 1);
	wait_state(f, "changes", "running", 2);
	wait_ended((pid_t)goes);
	end = cc_clock_ms() + PATIENCE_MS;
	while (entry(f, "goes") && cc_clock_ms() < end)
		pause_ms(10); /* poll */
	assert_null(entry(f, "goes"));
	assert_int_equal(number(entry(f, "stays"), "pid"), stays);
	assert_int_equal(number(entry(f, "stays"), "starts"), 1);
	assert_string_equal(text(entry(f, "rests"), "state"), "stopped");
	assert_int_equal(tell(f, STRANGER, "job.config", "{\"job_name\": \"rests\"}"), 0);
	assert_string_equal(text(json_object_get(answer(f, "job.config"), "config"), "command"),
			    "/bin/sleep 2003");
	/* back in another order: those that run go on */
	reload(f, "[h]\ndaemons = goes, stays\n[stays]\ncommand = /bin/sleep 1000\n"
		  "[goes]\ncommand = /bin/sleep 1002\n");
	wait_state(f, "goes", "running", 1);
	assert_int_equal(number(entry(f, "stays"), "pid"), stays);
	reload(f, "[h]\ndaemons =\n");
	wait_ended((pid_t)stays);
	finish(&f, files);
}

/* One that leaves and comes back before it has ended is started again. */
static void test_reload_back(void **state)
{
	static const char with[] = "[h]\ndaemons = x\n[x]\ncommand = /bin/sleep 1000\n";
	unsigned files = open_files();
	struct cc_fakehost *f = host("%s", with + 4);
	int64_t pid = number(wait_state(f, "x", "running", 1), "pid");

	reload(f, "[h]\ndaemons =\n");
	reload(f, with);
	wait_state(f, "x", "running", 1);
	reload(f, "[h]\ndaemons =\n");
	wait_ended((pid_t)pid);
	reload(f, with);
	wait_state(f, "x", "running", 1);
	assert_true(number(entry(f, "x"), "pid") != pid);
	finish(&f, files);
}

static const struct CMUnitTest tests[] = {
	in_folder(test_requests), in_folder(test_config), in_folder(test_start_is_bounded),
	in_folder(test_restarts), in_folder(test_reload), in_folder(test_reload_back),
};

TEST_MAIN(tests)
