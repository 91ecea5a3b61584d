/* SPDX-License-Identifier: ISC */
/* What a daemon says to its parent: jobmgr by the lifeline, systemd by datagrams. */
#include "lib/daemon/lifeline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/daemon/int.h"
#include "tests/unit/folder.h"

#define NOW_MS 1000000

/* ---- the lifeline ---- */

struct line {
	struct dm_lifeline life;
	int parent;
};

static void set_variable(int fd)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	setenv(DM_LIFELINE_VARIABLE, text, 1);
}

static int enter(void **state)
{
	struct line *l = calloc(1, sizeof(*l));
	int ends[2];

	if (!l || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return -1;
	l->parent = ends[0];
	set_variable(ends[1]);
	if (dm_lifeline_open(&l->life, NULL) != 0)
		return -1;
	*state = l;
	return 0;
}

static int leave(void **state)
{
	struct line *l = *state;

	dm_lifeline_close(&l->life);
	cc_closep(&l->parent);
	free(l);
	unsetenv(DM_LIFELINE_VARIABLE);
	return 0;
}

/* What the parent has been told, and not yet read. */
static const char *heard(struct line *l)
{
	static char text[64];
	ssize_t n = recv(l->parent, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_open(void **state)
{
	struct line *l = *state;

	assert_true(l->life.fd >= 0);
	assert_int_equal(fcntl(l->life.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_null(getenv(DM_LIFELINE_VARIABLE));
	assert_false(dm_lifeline_ended(&l->life));
	assert_string_equal(heard(l), "");
}

static void test_beats(void **state)
{
	struct line *l = *state;

	dm_lifeline_beat(&l->life, NOW_MS);
	assert_string_equal(heard(l), "");
	dm_lifeline_ready(&l->life, NOW_MS);
	assert_string_equal(heard(l), "R");
	dm_lifeline_beat(&l->life, NOW_MS + DM_HEARTBEAT_MS - 1);
	assert_string_equal(heard(l), "");
	dm_lifeline_beat(&l->life, NOW_MS + DM_HEARTBEAT_MS);
	dm_lifeline_beat(&l->life, NOW_MS + DM_HEARTBEAT_MS + 1);
	assert_string_equal(heard(l), "h");
	/* a loop that was held up makes one beat, not all that it missed */
	dm_lifeline_beat(&l->life, NOW_MS + 10 * DM_HEARTBEAT_MS);
	assert_string_equal(heard(l), "h");
}

/* A parent that does not read is no reason to stop, nor to hang. */
static void test_full(void **state)
{
	struct line *l = *state;
	char octets[4096] = {0};

	while (send(l->life.fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		;
	while (send(l->life.fd, octets, 1, MSG_DONTWAIT) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	dm_lifeline_ready(&l->life, NOW_MS);
	dm_lifeline_beat(&l->life, NOW_MS + DM_HEARTBEAT_MS);
	assert_true(l->life.next == NOW_MS + 2 * DM_HEARTBEAT_MS);
	assert_false(dm_lifeline_ended(&l->life));
}

/* What the parent says is thrown away, however much; only its end counts. */
static void test_end(void **state)
{
	struct line *l = *state;
	char octets[4096] = {0};

	assert_int_equal(send(l->parent, octets, sizeof(octets), 0), sizeof(octets));
	assert_false(dm_lifeline_ended(&l->life));
	cc_closep(&l->parent);
	for (int i = 0; i < 1000 && !dm_lifeline_ended(&l->life); i++)
		;
	assert_true(dm_lifeline_ended(&l->life));
	dm_lifeline_beat(&l->life, INT64_MAX - 1 - DM_HEARTBEAT_MS); /* no SIGPIPE */
}

static void test_absent(void **state)
{
	struct dm_lifeline l;

	unsetenv(DM_LIFELINE_VARIABLE);
	assert_int_equal(dm_lifeline_open(&l, NULL), 0);
	assert_int_equal(l.fd, -1);
	dm_lifeline_ready(&l, NOW_MS);
	dm_lifeline_beat(&l, NOW_MS + DM_HEARTBEAT_MS);
	assert_true(l.next == INT64_MAX);
	assert_false(dm_lifeline_ended(&l));
	dm_lifeline_close(&l);
}

static void test_bad_variables(void **state)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int datagrams = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char file_text[16], datagram_text[16];
	const struct {
		const char *text, *reason;
	} rows[] = {
		{"", "no number"},
		{"x", "no number"},
		{"-1", "a negative one"},
		{" 3", "a space before it"},
		{"3 ", "a space behind it"},
		{"99999999999999999999", "too large a one"},
		{"2147483648", "larger than an int"},
		{"777", "closed"},
		{file_text, "a file"},
		{datagram_text, "a socket without an end"},
	};

	snprintf(file_text, sizeof(file_text), "%d", file);
	snprintf(datagram_text, sizeof(datagram_text), "%d", datagrams);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct dm_lifeline l;
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].reason);
		setenv(DM_LIFELINE_VARIABLE, rows[i].text, 1);
		assert_int_equal(dm_lifeline_open(&l, &why), -CC_EINVAL);
		assert_non_null(strstr(why.text, "names no stream socket"));
		assert_int_equal(l.fd, -1);
	}
	unsetenv(DM_LIFELINE_VARIABLE);
	close(file);
	close(datagrams);
}

/* ---- systemd ---- */

/* A socket as systemd has it; name "@x" is an abstract one. */
static int manager(const char *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	memcpy(addr.sun_path, name, strlen(name));
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	else
		len++;
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	return fd;
}

static const char *told(int fd)
{
	static char text[256];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void set_environment(const char *socket_name, const char *usec, const char *pid)
{
	setenv("NOTIFY_SOCKET", socket_name, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	if (usec)
		setenv("WATCHDOG_USEC", usec, 1);
	if (pid)
		setenv("WATCHDOG_PID", pid, 1);
}

static void check_words(const char *name)
{
	int fd = manager(name);
	int64_t usec = 0, before = cc_clock_ns() / 1000;
	struct dm_notify n;

	set_environment(name, "4000000", NULL);
	dm_notify_open(&n);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	dm_notify_beat(&n, NOW_MS);
	assert_string_equal(told(fd), "");
	dm_notify_ready(&n, NOW_MS);
	assert_string_equal(told(fd), "READY=1");
	dm_notify_beat(&n, NOW_MS + 1999);
	assert_string_equal(told(fd), "");
	dm_notify_beat(&n, NOW_MS + 2000);
	assert_string_equal(told(fd), "WATCHDOG=1");
	assert_true(n.next == NOW_MS + 4000);
	dm_notify_reloading(&n);
	assert_int_equal(sscanf(told(fd), "RELOADING=1\nMONOTONIC_USEC=%" SCNd64, &usec), 1);
	assert_true(usec >= before && usec <= cc_clock_ns() / 1000);
	dm_notify_stopping(&n);
	assert_string_equal(told(fd), "STOPPING=1");
	dm_notify_close(&n);
	close(fd);
}

static void test_path(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/notify", folder_path);
	check_words(path);
}

static void test_abstract(void **state)
{
	char name[64];

	snprintf(name, sizeof(name), "@ccfed-test-%d", (int)getpid());
	check_words(name);
}

static void test_watchdogs(void **state)
{
	char own[16];
	const struct {
		const char *usec, *pid;
		int64_t period_ms;
		const char *reason;
	} rows[] = {
		{"30000000", own, 15000, "ours"},
		{"30000000", NULL, 15000, "nobody's in particular"},
		{"30000000", "1", 0, "another process'"},
		{"30000000", "x", 0, "a pid that is none"},
		{NULL, NULL, 0, "none"},
		{"", NULL, 0, "empty"},
		{"-5", NULL, 0, "negative"},
		{"5s", NULL, 0, "a unit"},
		{"1000", NULL, 0, "less than the clock tells"},
		{"99999999999999999999", NULL, 0, "too large"},
	};

	snprintf(own, sizeof(own), "%d", (int)getpid());
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct dm_notify n;

		print_message("# %s\n", rows[i].reason);
		set_environment("/nowhere", rows[i].usec, rows[i].pid);
		dm_notify_open(&n);
		assert_true(n.period_ms == rows[i].period_ms);
		dm_notify_ready(&n, NOW_MS); /* nobody listens: no failure */
		assert_true((n.next == INT64_MAX) == (rows[i].period_ms == 0));
		dm_notify_close(&n);
	}
}

static void test_bad_sockets(void **state)
{
	char longer[200];
	const struct {
		const char *name, *reason;
	} rows[] = {
		{"", "empty"},	      {"relative", "a relative path"},
		{"/", "no name"},     {"@", "no name either"},
		{longer, "too long"},
	};

	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct dm_notify n;

		print_message("# %s\n", rows[i].reason);
		set_environment(rows[i].name, "4000000", NULL);
		dm_notify_open(&n);
		assert_int_equal(n.fd, -1);
		assert_true(n.period_ms == 0);
		dm_notify_ready(&n, NOW_MS);
		dm_notify_beat(&n, INT64_MAX - 1);
		dm_notify_close(&n);
	}
}

/* ---- the end of a process that hangs while it stops ---- */

static void hang(void)
{
	for (;;)
		pause();
}

/* The exit code of a process that runs fn; it is ended by an alarm when fn does not. */
static int code_of(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(60);
		dm_signals_block();
		fn();
		_exit(DM_EXIT_OK);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void first_signal(void)
{
	raise(SIGTERM);
	raise(SIGINT);
	raise(SIGHUP);
}

static void second_signal(void)
{
	dm_signals_last(false);
	raise(SIGTERM);
	hang();
}

static void pending_signal(void)
{
	raise(SIGINT);
	dm_signals_last(false);
	hang();
}

/* What the parent's death sends comes a little later than the end of the lifeline. */
static void orphan_signal(void)
{
	dm_signals_last(true);
	raise(SIGTERM);
}

static void orphan_signals(void)
{
	dm_signals_last(true);
	raise(SIGTERM);
	raise(SIGTERM);
	hang();
}

static void orphan_hangs(void)
{
	dm_leave_within(1);
	dm_signals_last(true);
	hang();
}

static void test_ends(void **state)
{
	static const struct {
		void (*fn)(void);
		int code;
		const char *reason;
	} rows[] = {
		{first_signal, DM_EXIT_OK, "the first is for the loop"},
		{second_signal, DM_EXIT_RUNTIME, "the second ends a stop"},
		{pending_signal, DM_EXIT_RUNTIME, "one that came before the stop began"},
		{orphan_signal, DM_EXIT_OK, "of the parent's death"},
		{orphan_signals, DM_EXIT_RUNTIME, "and one more"},
		{orphan_hangs, DM_EXIT_RUNTIME, "an orphan's time is over"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].reason);
		assert_int_equal(code_of(rows[i].fn), rows[i].code);
	}
}

#define with_line(f) cmocka_unit_test_setup_teardown(f, enter, leave)
#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)

static const struct CMUnitTest tests[] = {
	with_line(test_open),
	with_line(test_beats),
	with_line(test_full),
	with_line(test_end),
	cmocka_unit_test(test_absent),
	cmocka_unit_test(test_bad_variables),
	cmocka_unit_test(test_ends),
	in_folder(test_path),
	cmocka_unit_test(test_abstract),
	cmocka_unit_test(test_watchdogs),
	cmocka_unit_test(test_bad_sockets),
};

TEST_MAIN(tests)
