/* SPDX-License-Identifier: ISC */
/* jobmgr: how daemons end, by themselves, by others and with the server, and what follows. */
#include <signal.h>

#include "lib/base/clock.h"
#include "tests/unit/jobkit.h"

/* ---- ends ---- */

/* Each end is waited for longer; the figures say so, not the time. */
static void test_ends_at_once(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	const json_t *job;
	char *log;

	log_begin();
	f = host("daemons = x\n[x]\ncommand = /bin/sh -c exit\nwatchdog-formula-b = 1000\n"
		 "watchdog-formula-cap = 0\n");
	job = wait_state(f, "x", "backoff", 2); /* the first end costs nothing */
	assert_int_equal(number(job, "starts"), 2);
	assert_int_equal(number(job, "deaths"), 2);
	assert_string_equal(text(job, "last_exit"), "exit 0");
	assert_in_range(number(job, "next_start"), 800, 1000);
	/* one who starts it by hand begins anew */
	control(f, "start", "x");
	job = wait_state(f, "x", "backoff", 4);
	assert_in_range(number(job, "next_start"), 800, 1000);
	assert_int_equal(number(job, "deaths"), 4);
	log = wait_file("log", ": [x] next start in 1000.0 s\n");
	assert_non_null(strstr(log, ": [x] ended: exit 0 after "));
	assert_non_null(strstr(log, ": [x] next start in 0.0 s\n"));
	free(log);
	assert_int_equal(counted(f, "started"), 4);
	assert_int_equal(counted(f, "died"), 4);
	finish(&f, files);
}

/* A life of watchdog-reset seconds makes its end the first again. */
static void test_watchdog_reset(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f = host("daemons = x\n[x]\ncommand = /bin/sleep 0.2\n"
				     "watchdog-formula-b = 1000\nwatchdog-reset = 0.1\n");

	wait_state(f, "x", "running", 4);
	finish(&f, files);
}

/* Killed by somebody: named so, started again, and what it had started goes with it. */
static void test_killed(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	const json_t *job;
	char *child, *log;
	pid_t pid;

	log_begin();
	make_daemon("x", "sleep 1000 &\necho $! > $0.child.new\nmv $0.child.new $0.child\n" READY
			 "wait\n");
	f = host("daemons = x\ndaemon-dir = %s\n[x]\ndaemon = x\n", folder_path);
	child = wait_file("cc-x.child", "\n");
	job = wait_state(f, "x", "running", 1);
	pid = (pid_t)number(job, "pid");
	assert_int_equal(kill(pid, SIGKILL), 0);
	job = wait_state(f, "x", "running", 2);
	assert_string_equal(text(job, "last_exit"), "signal 9");
	assert_true(number(job, "pid") != pid);
	wait_ended((pid_t)atoi(child));
	log = wait_file("log", ": [x] ended: signal 9 after ");
	free(log);
	free(child);
	assert_int_equal(counted(f, "died"), 1);
	assert_int_equal(counted(f, "killed") + counted(f, "hung"), 0);
	finish(&f, files);
}

static void test_hangs(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	const json_t *job;
	char *log;

	log_begin();
	make_daemon("x", "trap '' TERM\n" READY FOR_EVER);
	make_daemon("beats", BEATING);
	make_daemon("never", "trap '' TERM\n" FOR_EVER);
	f = host("daemons = x, beats, never, mute\ndaemon-dir = %s\n"
		 "[DEFAULT]\nwatchdog-formula-a = 1000\nheartbeat-timeout = 1.5\n"
		 "start-timeout = 30\n"
		 "[x]\ndaemon = x\n[beats]\ndaemon = beats\n"
		 "[never]\ndaemon = never\nstart-timeout = 0.5\n"
		 "[mute]\ncommand = /bin/sleep 1000\n",
		 folder_path);
	job = wait_state(f, "x", "backoff", 1);
	assert_string_equal(text(job, "last_exit"), "signal 9");
	wait_state(f, "never", "backoff", 1);
	log = wait_file("log", ": [x] no heartbeat for 1.5 s: killing it\n");
	assert_non_null(strstr(log, ": [never] not ready within 0.5 s: killing it\n"));
	free(log);
	assert_int_equal(counted(f, "hung"), 2);
	assert_int_equal(counted(f, "died"), 2);
	/* who beats, and who never said that it would, is let be */
	assert_int_equal(number(entry(f, "beats"), "starts"), 1);
	assert_string_equal(text(entry(f, "beats"), "state"), "running");
	assert_int_equal(number(entry(f, "mute"), "starts"), 1);
	assert_string_equal(text(entry(f, "mute"), "state"), "running");
	finish(&f, files);
}

/* Its allocation fails, it ends; jobmgr names the limit. */
static void test_memory_limit(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	const json_t *job;
	char *log;

	log_begin();
	put_file("grow", "x=xxxxxxxxxxxxxxxx\nwhile :; do x=$x$x; done\n");
	f = host("daemons = x\n[x]\ncommand = /bin/sh %s/grow\nmemory-limit = 64M\n"
		 "watchdog-formula-b = 1000\nwatchdog-formula-cap = 0\n",
		 folder_path);
	job = wait_state(f, "x", "backoff", 2);
	assert_string_not_equal(text(job, "last_exit"), "exit 0");
	assert_in_range(number(job, "next_start"), 800, 1000);
	log = wait_file("log", "; its memory-limit is 67108864 octets\n");
	assert_non_null(strstr(log, ": [x] ended: "));
	free(log);
	finish(&f, files);
}

/* ---- stop ---- */

static void test_ignores_sigterm(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	const json_t *job;
	char *log;

	log_begin();
	make_daemon("x", "trap '' TERM\n" BEATING);
	f = host("daemons = x\ndaemon-dir = %s\n[x]\ndaemon = x\nstop-grace = 0.3\n", folder_path);
	wait_state(f, "x", "running", 1);
	control(f, "stop", "x");
	job = answer(f, "reply.job.stop");
	assert_string_equal(text(job, "state"), "stopped");
	assert_string_equal(text(job, "last_exit"), "signal 9");
	assert_int_equal(number(job, "pid"), 0);
	log = wait_file("log", ": [x] still there 0.3 s after SIGTERM: killing it\n");
	assert_non_null(strstr(log, ": [x] SIGTERM to pid "));
	assert_non_null(strstr(log, ": [x] stopped: signal 9 after "));
	free(log);
	assert_int_equal(counted(f, "killed"), 1);
	assert_int_equal(counted(f, "died"), 0);
	assert_int_equal(number(entry(f, "x"), "deaths"), 0);
	control(f, "start", "x");
	assert_string_equal(text(answer(f, "reply.job.start"), "state"), "running");
	finish(&f, files);
}

static void make_three(void)
{
	static const char *const names[] = {"a", "b", "c"};

	for (size_t i = 0; i < 3; i++)
		make_daemon(names[i], "trap 'echo ${0##*/cc-} >> ${0%/*}/ends; exit 0' TERM\n" READY
				      "while printf h >&3; do sleep 0.02; done\n");
}

/* The last one first, each when the one before has ended; and a stop by the server waits for it. */
static void test_stop_in_order(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	int64_t end;
	char *ends;

	log_begin();
	make_three();
	f = host("daemons = a, b, c, back\ndaemon-dir = %s\n[a]\ndaemon = a\n[b]\ndaemon = b\n"
		 "[c]\ndaemon = c\n[back]\ncommand = /bin/sh -c exit\nwatchdog-formula-a = 0.1\n",
		 folder_path);
	wait_state(f, "a", "running", 1);
	wait_state(f, "b", "running", 1);
	wait_state(f, "c", "running", 1);
	assert_false(f->handler->busy(f->state));
	f->handler->stop(f->state, &f->base);
	end = cc_clock_ms() + PATIENCE_MS;
	while (f->handler->busy(f->state)) {
		assert_true(cc_clock_ms() < end);
		pause_ms(5); /* poll */
	}
	assert_false(has_child());
	ends = wait_file("ends", "a\n");
	assert_string_equal(ends, "c\nb\na\n");
	free(ends);
	/* nothing starts any more */
	assert_int_equal(tell(f, SIGNER, "job.start", "{\"id\": \"" ID "\", \"job_name\": \"a\"}"),
			 CC_DROPPED);
	assert_string_equal(text(answer(f, "error"), "code"), "conflict");
	assert_string_equal(text(answer(f, "error"), "msg"), "the server is stopping");
	assert_string_equal(text(entry(f, "back"), "state"), "stopped");
	cc_fakehost_drain(f);
	assert_true(cc_fakehost_count(f, "started") >= 4);
	finish(&f, files);
}

/* Without a stop before, the end itself is one, in order and within the grace. */
static void test_end_without_stop(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	char *text_;

	log_begin();
	make_three();
	make_daemon("x", "trap '' TERM\n" BEATING);
	f = host("daemons = a, x, b\ndaemon-dir = %s\n[a]\ndaemon = a\n[b]\ndaemon = b\n"
		 "[x]\ndaemon = x\nstop-grace = 0.2\n",
		 folder_path);
	wait_state(f, "a", "running", 1);
	wait_state(f, "b", "running", 1);
	wait_state(f, "x", "running", 1);
	finish(&f, files);
	text_ = wait_file("ends", "a\n");
	assert_string_equal(text_, "b\na\n");
	free(text_);
	free(wait_file("log", ": [x] stopped: signal 9 after "));
}

/* The server's patience is over: what is left is killed at once. */
static void test_end_after_stop(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;

	log_begin();
	make_daemon("x", "trap '' TERM\n" BEATING);
	f = host("daemons = x, y\ndaemon-dir = %s\n[DEFAULT]\nstop-grace = 100000\n"
		 "[x]\ndaemon = x\n[y]\ndaemon = x\n",
		 folder_path);
	wait_state(f, "x", "running", 1);
	wait_state(f, "y", "running", 1);
	f->handler->stop(f->state, &f->base);
	free(wait_file("log",
		       ": [x] SIGTERM to pid ")); /* not held back by y for its whole grace */
	assert_true(f->handler->busy(f->state));
	finish(&f, files);
	free(wait_file("log", ": [x] stopped: signal 9 after "));
	free(wait_file("log", ": [y] stopped: signal 9 after "));
}

static const struct CMUnitTest tests[] = {
	in_folder(test_ends_at_once),	in_folder(test_watchdog_reset),
	in_folder(test_killed),		in_folder(test_hangs),
	in_folder(test_memory_limit),	in_folder(test_ignores_sigterm),
	in_folder(test_stop_in_order),	in_folder(test_end_without_stop),
	in_folder(test_end_after_stop),
};

TEST_MAIN(tests)
