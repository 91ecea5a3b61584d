/* SPDX-License-Identifier: ISC */
/*
 * A daemon of the test's own, run by dm_main in a process of its own: which function of its
 * descriptor is called when. Each writes a letter into a pipe.
 */
#include "lib/daemon/daemon.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "tests/unit/folder.h"

#define PATIENCE_MS 20000

static struct {
	int said[2];  /* letters of the daemon */
	int wakes[2]; /* octets that wake it */
	void *zctx, *router;
	pid_t pid;
} x;

/* ---- the daemon ---- */

struct state {
	bool fail;
	int64_t number, fixed;
	bool asked;
};

static const struct cf_opt options[] = {
	{"fail", CF_BOOL, offsetof(struct state, fail), "no", .help = ""},
	{"number", CF_INT, offsetof(struct state, number), "1", 0, 9, .reload = true, .help = ""},
	{"fixed", CF_INT, offsetof(struct state, fixed), "1", 0, 9, .help = ""},
	{0},
};

static void say(char letter)
{
	if (write(x.said[1], &letter, 1) != 1)
		_exit(99);
}

static int check(const void *state, struct cc_note *why)
{
	const struct state *s = state;

	return s->number == 9 ? cc_note_set(why, CC_EINVAL, "number: nine is none") : 0;
}

static int init(void *state, struct dm *dm, struct cc_note *why)
{
	const struct state *s = state;

	say('i');
	if (s->fail)
		return cc_note_set(why, CC_EINVAL, "init was told to fail");
	if (dm_is_up(dm))
		say('!');
	for (int i = 0; i < DM_WATCH_MAX - 1; i++) {
		if (dm_watch(dm, x.said[0]) != 0)
			say('!');
	}
	dm_unwatch(dm, x.said[0]); /* all of them: nobody else reads what was said */
	if (dm_watch(dm, x.wakes[0]) != 0)
		say('!');
	return 0;
}

static void ended(void *arg, const struct cc_answer *a)
{
	const struct state *s = arg;

	say(a->outcome == CC_OUT_TIMEOUT && s->number ? 'q' : '!');
}

static void on_up(void *state, struct dm *dm)
{
	struct state *s = state;
	json_t *body = json_object();

	say('u');
	/* the first ends by its deadline, the second with the link */
	if (dm_request(dm, "echo.request", body, s->asked ? 60000 : 20, ended, s) != 0)
		say('!');
	s->asked = true;
	json_decref(body);
}

static void tick(void *state, struct dm *dm, int64_t now)
{
	say(now >= 0 ? 't' : '!');
}

/* What it reads says what it does. */
static void on_wake(void *state, struct dm *dm, int fd)
{
	char octet = 0;

	if (read(fd, &octet, 1) != 1)
		say('!');
	say('w');
	switch (octet) {
	case 't':
		dm_wake_at(dm, cc_clock_ms() + 1);
		dm_wake_at(dm, INT64_MAX - 1); /* the earlier one stays */
		break;
	case 'd':
		dm_unwatch(dm, fd);
		break;
	case 'x':
		dm_quit(dm, 7);
		break;
	default:
		dm_count(dm, 0, 3);
		dm_count(dm, 77, 3);
	}
}

static void reload(void *state, struct dm *dm)
{
	const struct state *s = state;

	say('r');
	say((char)('0' + s->number));
	say((char)('0' + s->fixed));
}

static void stop(void *state, struct dm *dm)
{
	say('s');
}

static void fini(void *state)
{
	say('f');
}

static const char *const counters[] = {"threes", NULL};

static const struct dm_daemon daemon_x = {
	.name = "x",
	.help = "for tests",
	.state_size = sizeof(struct state),
	.options = options,
	.counters = counters,
	.check = check,
	.init = init,
	.on_up = on_up,
	.tick = tick,
	.on_wake = on_wake,
	.reload = reload,
	.stop = stop,
	.fini = fini,
};

/* ---- one with a loop of its own ---- */

static void turn(struct dm *dm)
{
	struct pollfd fds[DM_FDS_MAX];
	unsigned n = dm_fds(dm, fds);

	poll(fds, n, (int)dm_wait(dm));
	dm_turn(dm, fds, n);
}

static void run(void *state, struct dm *dm)
{
	struct pollfd fds[DM_FDS_MAX];
	unsigned n;

	say('l');
	do {
		n = dm_fds(dm, fds);
		poll(fds, n, (int)dm_wait(dm));
	} while (dm_turn(dm, fds, n));
	say('L');
}

static void on_down(void *state, struct dm *dm)
{
	say(dm_is_up(dm) || dm_is_connected(dm) ? '!' : 'd');
}

static void drained(void *arg, const struct cc_answer *a)
{
	*(bool *)arg = true;
	say('q');
}

/* The loop goes on until what is asked now has its outcome. */
static void drain(void *state, struct dm *dm)
{
	json_t *body = json_object();
	bool done = false;

	say('s');
	if (dm_request(dm, "echo.request", body, 20, drained, &done) != 0)
		say('!');
	while (!done)
		turn(dm);
	json_decref(body);
}

static int load(void *state, const struct cf_ini *ini, struct cc_note *why)
{
	const struct state *s = state;

	say('o');
	return s->number == 8 ? cc_note_set(why, CC_EINVAL, "load was told to fail") : 0;
}

static void unload(void *state)
{
	say('z');
}

static void take(void *live, void *fresh)
{
	const struct state *a = live, *b = fresh;

	say('k');
	say((char)('0' + a->number));
	say((char)('0' + b->number));
}

static void total(void *arg, const char *name, uint64_t value)
{
	if (strcmp(name, "requests") == 0)
		say((char)('0' + value));
}

static void reload_own(void *state, struct dm *dm)
{
	dm_totals(dm, total, NULL);
}

static const struct dm_daemon daemon_loop = {
	.name = "x",
	.help = "for tests",
	.state_size = sizeof(struct state),
	.options = options,
	.load = load,
	.unload = unload,
	.take = take,
	.on_up = on_up,
	.on_down = on_down,
	.run = run,
	.reload = reload_own,
	.stop = drain,
	.fini = fini,
};

/* ---- its process ---- */

static void write_ini(const char *more)
{
	char text[256];

	snprintf(text, sizeof(text), "[ccserver]\ncc-socket = ipc://server\n[d:x]\n%s", more);
	put_file("new.ini", text);
	assert_int_equal(rename("new.ini", "x.ini"), 0);
}

static int enter(void **state)
{
	if (folder_enter(state) != 0 || pipe(x.said) != 0 || pipe(x.wakes) != 0)
		return -1;
	x.zctx = x.router = NULL;
	x.pid = 0;
	return 0;
}

static int leave(void **state)
{
	if (x.pid > 0) {
		kill(x.pid, SIGKILL);
		waitpid(x.pid, NULL, 0);
	}
	if (x.router)
		zmq_close(x.router);
	if (x.zctx)
		zmq_ctx_term(x.zctx);
	for (int i = 0; i < 2; i++) {
		close(x.said[i]);
		close(x.wakes[i]);
	}
	return folder_leave(state);
}

/* Before the test's own libzmq: its threads are in no child. */
static void start_one(const struct dm_daemon *daemon, const char *ini)
{
	char *argv[] = {(char *)"cc-x", (char *)"x.ini", NULL};

	write_ini(ini);
	x.pid = fork();
	assert_true(x.pid >= 0);
	if (x.pid == 0) {
		if (!freopen("log", "a", stderr))
			_exit(99);
		setvbuf(stderr, NULL, _IONBF, 0);
		_exit(dm_main(daemon, 2, argv));
	}
}

static void start(const char *ini)
{
	start_one(&daemon_x, ini);
}

static void serve(void)
{
	int linger = 0;

	x.zctx = zmq_ctx_new();
	x.router = zmq_socket(x.zctx, ZMQ_ROUTER);
	zmq_setsockopt(x.router, ZMQ_LINGER, &linger, sizeof(linger));
	assert_int_equal(zmq_bind(x.router, "ipc://server"), 0);
}

/* The next letters are these; none may be missing. */
static void expect(const char *letters)
{
	for (; *letters; letters++) {
		struct pollfd fd = {.fd = x.said[0], .events = POLLIN};
		char got = 0;

		if (poll(&fd, 1, PATIENCE_MS) != 1 || read(x.said[0], &got, 1) != 1)
			fail_msg("nothing instead of \"%s\"", letters);
		if (got != *letters)
			fail_msg("'%c' instead of \"%s\"", got, letters);
	}
}

static void expect_nothing(void)
{
	struct pollfd fd = {.fd = x.said[0], .events = POLLIN};

	assert_int_equal(poll(&fd, 1, 0), 0);
}

static void wake(char octet)
{
	assert_int_equal(write(x.wakes[1], &octet, 1), 1);
}

static void expect_code(int code)
{
	int status;

	assert_int_equal(waitpid(x.pid, &status, 0), x.pid);
	x.pid = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static bool log_says(const char *text)
{
	static char log[65536];
	FILE *f = fopen("log", "r");
	size_t n;

	assert_non_null(f);
	n = fread(log, 1, sizeof(log) - 1, f);
	fclose(f);
	log[n] = '\0';
	return strstr(log, text);
}

static void test_life(void **state)
{
	start("");
	expect("i");
	serve();
	expect("uq");
	wake('t');
	expect("wt");
	wake('c');
	expect("w");
	write_ini("number = 5\nfixed = 5\n");
	kill(x.pid, SIGHUP);
	/* `fixed` not before the next start; the old link ends, the new one comes up */
	expect("r51u");
	write_ini("number = 9\n");
	kill(x.pid, SIGHUP);
	wake('d');
	expect("w");
	wake('c'); /* it does not look any more */
	kill(x.pid, SIGTERM);
	expect("sqf");
	expect_code(0);
	expect_nothing();
	assert_true(log_says("{threes: 3, requests: 2, timeouts: 1, reload.failed: 1}"));
	assert_true(log_says("number: nine is none; the old configuration stays"));
	assert_true(log_says("fixed has changed: it takes effect at the next start"));
}

static void test_quit(void **state)
{
	start("");
	expect("i");
	wake('x');
	expect("wsf");
	expect_code(7);
	expect_nothing();
}

static void test_failing_init(void **state)
{
	start("fail = yes\n");
	expect("if");
	expect_code(2);
	expect_nothing();
	assert_true(log_says("cc-x: init was told to fail"));
}

static void test_failing_check(void **state)
{
	start("number = 9\n");
	expect_code(2);
	expect_nothing();
	assert_true(log_says("cc-x: number: nine is none"));
}

static void test_own_loop(void **state)
{
	start_one(&daemon_loop, "");
	expect("ol");
	serve();
	expect("uq");
	write_ini("number = 5\n");
	kill(x.pid, SIGHUP);
	/* what was asked over the old link goes on; the old options are unloaded */
	expect("ok511zu");
	write_ini("number = 8\n");
	kill(x.pid, SIGHUP);
	expect("oz");
	zmq_close(x.router);
	x.router = NULL;
	expect("d");
	kill(x.pid, SIGTERM);
	expect("Lsqqfz");
	expect_code(0);
	expect_nothing();
	assert_true(log_says("load was told to fail; the old configuration stays"));
}

static void test_failing_load(void **state)
{
	start_one(&daemon_loop, "number = 8\n");
	expect("oz");
	expect_code(2);
	expect_nothing();
	assert_true(log_says("cc-x: load was told to fail"));
}

#define in_process(f) cmocka_unit_test_setup_teardown(f, enter, leave)

static const struct CMUnitTest tests[] = {
	in_process(test_life),		in_process(test_quit),	   in_process(test_failing_init),
	in_process(test_failing_check), in_process(test_own_loop), in_process(test_failing_load),
};

TEST_MAIN(tests)
