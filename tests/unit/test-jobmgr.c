/* SPDX-License-Identifier: ISC */
/* jobmgr: how daemons start, with what surroundings and as which user, and what becomes of their output. */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/jobkit.h"

/* ---- starting ---- */

/* A daemon gets its file and section, and of our process nothing else but a clean environment. */
static void test_surroundings(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	char wanted[512], *out;
	mode_t mask = umask(077);

	setenv("LANG", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	setenv("HOME", "/home-of-mine", 1);
	setenv("MALLOC_CHECK_", "1", 1);
	setenv("CCFED_SECRET", "1", 1);
	signal(SIGUSR1, SIG_IGN);
	assert_int_equal(dup2(0, 50), 50); /* a library's, which is not closed by an exec */
	make_daemon("env", "exec > $0.out\n"
			   "echo \"words $@\"\nenv | sort\necho \"cwd $(pwd)\"\numask\n"
			   "ls -l /proc/$$/fd\n" /* no pipe: the shell would have it open */
			   "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status\n"
			   "cut -d' ' -f5,6 /proc/$$/stat | sed \"s/$$/self/g\"\n"
			   "echo done\n" READY UNTIL_END);
	f = host("daemons = d:env\ndaemon-dir = %s\n[d:env]\ndaemon = env\n", folder_path);
	out = wait_file("cc-env.out", "done\n");
	wait_state(f, "d:env", "running", 1);
	snprintf(wanted, sizeof(wanted), "words %s/test.ini d:env\n", folder_path);
	assert_non_null(strstr(out, wanted));
	assert_non_null(strstr(out, "\nCCFED_LIFELINE=3\nHOME=/home-of-mine\nLANG=C.UTF-8\n"));
	assert_non_null(strstr(out, "\nTZ=UTC\n"));
	assert_null(strstr(out, "MALLOC_CHECK_"));
	assert_null(strstr(out, "CCFED_SECRET"));
	assert_non_null(strstr(out, "\ncwd /\n0022\n"));
	assert_non_null(strstr(out, " 0 -> /dev/null\n"));
	assert_non_null(strstr(out, " 2 -> pipe:["));
	assert_non_null(strstr(out, " 3 -> socket:["));
	assert_null(strstr(out, " 4 -> "));
	assert_null(strstr(out, " 50 -> "));
	/* 32 and 33 are libc's own: it lets nobody reset them, and make(1) passes them on ignored */
	assert_non_null(strstr(out, "\nSigBlk:\t0000000000000000\nSigIgn:\t"));
	assert_int_equal(strtoull(strstr(out, "\nSigIgn:\t") + 9, NULL, 16) & ~(3ull << 31), 0);
	assert_non_null(strstr(out, "\nself self\n")); /* its own group and session */
	free(out);
	unsetenv("MALLOC_CHECK_");
	umask(mask);
	close(50);
	finish(&f, files);
}

/* One of ours is running when it says so, a command when it is executed. */
static void test_ready(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	const json_t *job;
	char *log;

	log_begin();
	make_daemon("slow", "while [ ! -e $0.go ]; do sleep 0.05; done\n" READY UNTIL_END);
	f = host("daemons = slow, sleep\ndaemon-dir = %s\n[slow]\ndaemon = slow\n"
		 "[sleep]\ncommand = /bin/sleep 1000\n",
		 folder_path);
	job = wait_state(f, "sleep", "running", 1);
	assert_int_equal(number(job, "deaths"), 0);
	assert_int_equal(number(job, "next_start"), 0);
	assert_true(number(job, "memory") > 0);
	assert_true(number(job, "pid") > 1);
	assert_string_equal(text(job, "last_exit"), "");
	assert_string_equal(text(entry(f, "slow"), "state"), "starting");
	put_file("cc-slow.go", "");
	wait_state(f, "slow", "running", 1);
	log = wait_file("log", ": [slow] ready after ");
	assert_non_null(strstr(log, ": [slow] started "));
	assert_non_null(strstr(log, ": [sleep] started /bin/sleep, pid "));
	free(log);
	assert_int_equal(counted(f, "started"), 2);
	finish(&f, files);
}

static void test_cannot_start(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	const json_t *job;
	char *log;

	log_begin();
	put_file("broken", "#!/nowhere/sh\n");
	assert_int_equal(chmod("broken", 0755), 0);
	f = host("daemons = x\n[x]\ncommand = %s/broken\nwatchdog-formula-a = 1000\n", folder_path);
	job = wait_state(f, "x", "backoff", 1);
	assert_string_equal(text(job, "last_exit"), "exit 127");
	assert_int_equal(number(job, "pid"), 0);
	assert_in_range(number(job, "next_start"), 200, 1000);
	log = wait_file("log", "cannot start ");
	assert_non_null(strstr(log, "/broken: running its program: No such file or directory\n"));
	assert_non_null(strstr(log, ": [x] ended: exit 127 after "));
	assert_null(strstr(log, ": [x] ready"));
	free(log);
	unlink("broken"); /* gone since the check: no better */
	control(f, "start", "x");
	assert_string_equal(text(answer(f, "reply.job.start"), "state"), "backoff");
	assert_int_equal(counted(f, "died"), 2);
	finish(&f, files);
}

/* ---- output ---- */

static void test_flood(void **state)
{
	unsigned files = open_files(), lines = 0;
	struct cc_fakehost *f;
	char *log;

	log_begin();
	make_daemon("x", READY "while :; do echo flood; echo flood >&2; done\n");
	f = host("daemons = x\ndaemon-dir = %s\n[x]\ndaemon = x\nmax-log-rate = 5\n"
		 "heartbeat-timeout = 0\n",
		 folder_path);
	free(wait_file("log", " lines held back\n"));
	control(f, "stop", "x"); /* answered in spite of it */
	assert_string_equal(text(answer(f, "reply.job.stop"), "state"), "stopped");
	log = wait_file("log", ": [x] stopped: signal 15 after ");
	for (const char *at = log; (at = strstr(at, "] flood\n")); at++)
		lines++;
	/* five a second: each second that was full ended in a line about the rest */
	for (const char *at = log; (at = strstr(at, " lines held back\n")); at++)
		assert_true(lines >= 5);
	assert_in_range(lines, 5, 5 * (PATIENCE_MS / 1000));
	free(log);
	assert_int_equal(tell(f, STRANGER, "job.log",
			      "{\"id\": \"" ID "\", \"job_name\": \"x\", \"lines\": 3}"),
			 0);
	assert_int_equal(json_array_size(json_object_get(answer(f, "reply.job.log"), "lines")), 3);
	finish(&f, files);
}

static void test_log(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f;
	const json_t *lines;

	log_begin();
	f = host("daemons = x\n[x]\ncommand = /bin/sh %s/talk\n", folder_path);
	control(f, "stop", "x");
	put_file("talk", "echo one; echo two >&2; printf 'a\\033b\\377\\n'; printf three\n"
			 "sleep 1000\n");
	control(f, "start", "x");
	free(wait_file("log", ": [x] a\\x1bb\\xff\n"));
	control(f, "stop", "x");
	assert_int_equal(tell(f, STRANGER, "job.log", "{\"id\": \"" ID "\", \"job_name\": \"x\"}"),
			 0);
	assert_string_equal(text(answer(f, "reply.job.log"), "job_name"), "x");
	lines = json_object_get(answer(f, "reply.job.log"), "lines");
	assert_true(json_array_size(lines) >= 4);
	lines = json_object_get(answer(f, "reply.job.log"), "lines");
	assert_string_equal(json_string_value(json_array_get(lines, json_array_size(lines) - 1)),
			    "three");
	assert_string_equal(json_string_value(json_array_get(lines, json_array_size(lines) - 2)),
			    "a\x1b"
			    "b\\xff");
	finish(&f, files);
}

/* ---- the user ---- */

static void test_user(void **state)
{
	unsigned files = open_files();
	struct cc_fakehost *f = NULL;
	char path[64], *status;
	int64_t pid;

	if (geteuid() != 0) {
		print_message("# not root: users cannot be changed\n");
		skip();
	}
	f = host("daemons = x\n[x]\ncommand = /bin/sleep 1000\nuser = nobody\n");
	pid = number(wait_state(f, "x", "running", 1), "pid");
	snprintf(path, sizeof(path), "/proc/%lld/status", (long long)pid);
	status = wait_file(path, "Uid:\t65534\t65534\t65534\t65534\n");
	assert_non_null(strstr(status, "\nGid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(status, "\nGroups:\t65534 \n"));
	assert_non_null(strstr(status, "\nCapEff:\t0000000000000000\n"));
	free(status);
	/* what comes after the words of the environment before it */
	snprintf(path, sizeof(path), "tr '\\0' '\\n' < /proc/%lld/environ > env", (long long)pid);
	assert_int_equal(system(path), 0);
	status = read_text("env");
	assert_non_null(strstr(status, "HOME=/nonexistent\n"));
	free(status);
	finish(&f, files);
}

static const struct CMUnitTest tests[] = {
	in_folder(test_surroundings), in_folder(test_ready), in_folder(test_cannot_start),
	in_folder(test_flood),	      in_folder(test_log),   in_folder(test_user),
};

TEST_MAIN(tests)
