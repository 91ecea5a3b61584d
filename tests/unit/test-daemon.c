/* SPDX-License-Identifier: ISC */
/* The configuration of a daemon and what it inherits, clean text, and the link in a poll loop. */
#include "lib/daemon/daemon.h"

#include <poll.h>
#include <stdio.h>
#include <zmq.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/daemon/conf.h"
#include "lib/daemon/link.h"
#include "lib/daemon/text.h"
#include "tests/unit/folder.h"

struct state {
	int64_t period;
	char *target;
	struct cf_list words;
	bool flag;
	int64_t fixed;
};

static int check(const void *state, struct cc_note *why)
{
	const struct state *s = state;

	return s->period == 13 ? cc_note_set(why, CC_EINVAL, "period: not this number") : 0;
}

static const struct cf_opt options[] = {
	{"period", CF_INT, offsetof(struct state, period), "5", 1, 100, .reload = true, .help = ""},
	{"target", CF_STR, offsetof(struct state, target), "here", .reload = true, .help = ""},
	{"words", CF_LIST, offsetof(struct state, words), "", .reload = true, .help = ""},
	{"flag", CF_BOOL, offsetof(struct state, flag), "no", .reload = true, .help = ""},
	{"fixed", CF_INT, offsetof(struct state, fixed), "1", 0, 9, .help = ""},
	{0},
};

static const struct dm_daemon daemon_x = {
	.name = "x",
	.help = "for tests",
	.state_size = sizeof(struct state),
	.options = options,
	.check = check,
};

static struct dm_bound *read_text(const char *text)
{
	struct dm_source source = {.file = "x.ini", .section = "d:x"};
	struct dm_bound *b = NULL;
	struct cc_note why = {0};

	put_file("x.ini", text);
	if (dm_bound_read(&daemon_x, &source, &b, &why) != 0)
		fail_msg("%s", why.text);
	return b;
}

static struct state *state_of(struct dm_bound *b)
{
	return (struct state *)b->state;
}

/* ---- what is inherited ---- */

#define SERVER "[ccserver]\njob_name = front\nlogfile = server.log\nstats-period = 7\n"

static const char *first(const struct cf_list *list)
{
	return list->count ? list->items[0] : "";
}

static void test_inheritance(void **state)
{
	static const struct {
		const char *server, *own, *sign, *socket, *realm, *reason;
	} rows[] = {
		{"cms-sign = s\ncms-verify-ca = c\ncc-realm = r\ncc-socket = ipc://a\n", "", "s",
		 "ipc://a", "r", "everything from the server"},
		{"cms-sign = s\ncc-socket = ipc://a\n", "cms-sign = d\ncc-socket = ipc://b\n", "d",
		 "ipc://b", "", "its own"},
		{"cms-sign = s\n", "cms-sign =\n", "", "ipc:///run/ccfed/cc.sock", "",
		 "an empty value is a value"},
		{"", "cc-realm = q\n", "", "ipc:///run/ccfed/cc.sock", "q", "neither: defaults"},
		{"cms-sign = s\n[DEFAULT]\ncms-sign = all\n", "", "s", "ipc:///run/ccfed/cc.sock",
		 "", "the server's before everybody's"},
		{"[DEFAULT]\ncms-sign = all\n", "", "all", "ipc:///run/ccfed/cc.sock", "",
		 "everybody's through the server"},
		{"cms-sign = s\n[DEFAULT]\ncms-sign = all\n", "cms-sign = d\n", "d",
		 "ipc:///run/ccfed/cc.sock", "", "its own before all"},
		{"cms-sign = s\ncms-later = x\nworkers = 2\n", "", "s", "ipc:///run/ccfed/cc.sock",
		 "", "not what only the server knows"},
		{"cms-sign = %(job_name)s\n", "", "front", "ipc:///run/ccfed/cc.sock", "",
		 "in the server's words"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(dm_bound_freep) struct dm_bound *b = NULL;
		char text[512];

		print_message("# %s\n", rows[i].reason);
		snprintf(text, sizeof(text), SERVER "%s[d:x]\n%s", rows[i].server, rows[i].own);
		b = read_text(text);
		assert_string_equal(first(&b->conf.cms_sign), rows[i].sign);
		assert_string_equal(first(&b->conf.cc_socket), rows[i].socket);
		assert_string_equal(b->conf.realm, rows[i].realm);
		/* what is not for daemons */
		assert_string_equal(b->conf.logfile, "");
		assert_int_equal(b->conf.stats_period, 30000);
		assert_string_equal(b->conf.job_name, "front.d:x");
	}
}

static void test_job_names(void **state)
{
	static const struct {
		const char *text, *name, *reason;
	} rows[] = {
		{"[d:x]\n", "x.d:x", "no server: the file's name"},
		{"[ccserver]\n[d:x]\n", "x.d:x", "a server without a name: the file's"},
		{"[ccserver]\njob_name = f\n[d:x]\n", "f.d:x", "the server's"},
		{"[ccserver]\njob_name = f\n[d:x]\njob_name = mine\n", "mine", "its own"},
		{"[DEFAULT]\njob_name = f\n[ccserver]\n[d:x]\n", "f.d:x", "of everybody"},
		{"[ccserver]\njob_name = f\n[d:x]\njob_name = %(service_name)s-1\n", "d:x-1",
		 "of the section's name"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(dm_bound_freep) struct dm_bound *b = NULL;

		print_message("# %s\n", rows[i].reason);
		b = read_text(rows[i].text);
		assert_string_equal(b->conf.job_name, rows[i].name);
	}
}

/* ---- what is bound and what is refused ---- */

static void test_bound(void **state)
{
	static const char *const overrides[] = {"period=9", "zmq_hwm=7"};
	struct dm_source source = {"x.ini", "d:x", overrides, 2};
	cc_cleanup(dm_bound_freep) struct dm_bound *b = NULL;

	put_file("x.ini", "[d:x]\nperiod = 3\ntarget = %(base)s\nwords = a, b\nstats-period = 2\n"
			  "daemon = x\nwatchdog-formula-a = 1\nuser = nobody\nmemory-limit = 9M\n"
			  "pidfile = x.pid\nuse_skylog = 0\nmodule = cc.x\nbase = there\n"
			  "stop-grace = 5\nheartbeat-timeout = 9\ncommand = /bin/x\nscript = x\n"
			  "watchdog-formula-b = 1\nwatchdog-formula-cap = 1\nwatchdog-reset = 1\n");
	assert_int_equal(dm_bound_read(&daemon_x, &source, &b, NULL), 0);
	assert_int_equal(state_of(b)->period, 9);
	assert_string_equal(state_of(b)->target, "there");
	assert_int_equal(state_of(b)->words.count, 2);
	assert_int_equal(state_of(b)->fixed, 1);
	assert_int_equal(b->conf.zmq_hwm, 7);
	assert_int_equal(b->conf.stats_period, 2000);
}

static void test_rejects(void **state)
{
	static const struct {
		const char *text, *why, *reason;
	} rows[] = {
		{"[ccserver]\n", "no section [d:x]", "no section of its own"},
		{"[d:x]\nperoid = 3\n", "did you mean \"period\"", "a misspelt option of its own"},
		{"[d:x]\nstat-period = 3\n", "did you mean \"stats-period\"",
		 "a misspelt option of all daemons"},
		{"[d:x]\nhandler = x\n", "unknown option \"handler\"", "an option of others"},
		{"[d:x]\nperiod = 0\n", "x.ini:2: period", "a number out of range"},
		{"[d:x]\nperiod = 13\n", "not this number", "what the daemon's own check refuses"},
		{"[ccserver]\ncms-time-ahead = x\n[d:x]\n", "x.ini:2: cms-time-ahead",
		 "an inherited value that is none, at its own place"},
		{"[d:x]\ncms-encrypt = a\n", "cms-encrypt without cms-sign", "encrypting unsigned"},
		{"[d:x]\ncms-decrypt = a\n", "cms-decrypt without cms-verify-ca",
		 "decrypting what nobody signed"},
		{"[d:x]\nzmq_hwm = 0\n", "zmq_hwm", "an unbounded queue"},
		{"[d:x]\nstats-period = 0.5\n", "stats-period", "too often"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct dm_source source = {.file = "x.ini", .section = "d:x"};
		struct dm_bound *b = NULL;
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].reason);
		put_file("x.ini", rows[i].text);
		assert_true(dm_bound_read(&daemon_x, &source, &b, &why) < 0);
		if (!strstr(why.text, rows[i].why))
			fail_msg("\"%s\" does not say \"%s\"", why.text, rows[i].why);
		assert_null(b);
	}
}

/* In the spelling of hots-cc an unknown option is a warning. */
static void test_legacy(void **state)
{
	cc_cleanup(dm_bound_freep) struct dm_bound *b =
		read_text("[d:x]\nmodule = cc.daemon.x\nzmq_tcp_keepalive = 1\nperiod = 4\n");

	assert_int_equal(state_of(b)->period, 4);
}

static void test_no_file(void **state)
{
	static const char *const overrides[] = {"target=a%%b"};
	struct dm_source source = {.section = "d:x", .overrides = overrides, .n = 1};
	cc_cleanup(dm_bound_freep) struct dm_bound *b = NULL;

	assert_int_equal(dm_bound_read(&daemon_x, &source, &b, NULL), 0);
	assert_int_equal(state_of(b)->period, 5);
	assert_string_equal(state_of(b)->target, "a%b");
}

/* ---- reload ---- */

static void test_take(void **state)
{
	cc_cleanup(dm_bound_freep) struct dm_bound *live =
		read_text("[d:x]\nperiod = 3\ntarget = a\nwords = a\nfixed = 2\n");
	cc_cleanup(dm_bound_freep) struct dm_bound *fresh = read_text(
		"[ccserver]\ncms-sign = k\n[d:x]\nperiod = 4\ntarget = bb\nwords = b, c\n"
		"flag = yes\nfixed = 3\njob_name = new\nlog_size = 5M\ncms-compat = hots-cc\n");
	const struct cf_ini *ini = fresh->ini;

	dm_bound_take(live, fresh);
	assert_int_equal(state_of(live)->period, 4);
	assert_string_equal(state_of(live)->target, "bb");
	assert_int_equal(state_of(live)->words.count, 2);
	assert_string_equal(state_of(live)->words.items[1], "c");
	assert_true(state_of(live)->flag);
	assert_int_equal(state_of(live)->fixed, 2); /* not before the next start */
	assert_string_equal(live->conf.job_name, "new");
	assert_int_equal(live->conf.log_size, 5 << 20);
	assert_int_equal(live->conf.cms_compat, 1);
	assert_string_equal(first(&live->conf.cms_sign), "k");
	assert_ptr_equal(live->ini, ini);
	assert_string_equal(state_of(fresh)->target, "a"); /* to be freed there */
}

/* ---- the endpoint ---- */

static void test_urls(void **state)
{
	static const struct {
		const char *list, *url; /* NULL: refused */
		const char *reason;
	} rows[] = {
		{"tcp://127.0.0.1:1, ipc://a", "ipc://a", "ipc before tcp"},
		{"ipc://a, ipc://b", "ipc://a", "the first ipc"},
		{"tcp://127.0.0.2:1, tcp://127.0.0.1:2", "tcp://127.0.0.2:1", "the first tcp"},
		{"tcp://*:1", "tcp://127.0.0.1:1", "every address"},
		{"tcp://0.0.0.0:1", "tcp://127.0.0.1:1", "every address of IPv4"},
		{"tcp://[::]:1", "tcp://127.0.0.1:1", "every address of IPv6"},
		{"tcp://[::1]:1", "tcp://[::1]:1", "one address of IPv6"},
		{"", NULL, "none"},
		{"udp://127.0.0.1:1", NULL, "no endpoint"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct dm_conf conf = {0};
		struct cc_note why = {0};
		char url[DM_URL_MAX];

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cf_list_parse(rows[i].list, &conf.cc_socket), 0);
		assert_int_equal(dm_conf_url(&conf, url, &why), rows[i].url ? 0 : -CC_EINVAL);
		if (rows[i].url)
			assert_string_equal(url, rows[i].url);
		else
			assert_non_null(strstr(why.text, "endpoint"));
		cf_list_deinit(&conf.cc_socket);
	}
}

static void test_long_url(void **state)
{
	static char text[400] = "tcp://127.0.0.1:";
	struct dm_conf conf = {0};
	struct cc_note why = {0};
	char url[DM_URL_MAX];

	memset(text + 16, '1', sizeof(text) - 17);
	assert_int_equal(cf_list_parse(text, &conf.cc_socket), 0);
	assert_int_equal(dm_conf_url(&conf, url, &why), -CC_EINVAL);
	assert_non_null(strstr(why.text, "too long"));
	cf_list_deinit(&conf.cc_socket);
}

/* ---- text ---- */

static void test_clean(void **state)
{
	static const struct {
		const char *in;
		size_t len, size;
		const char *out, *reason;
	} rows[] = {
		{"plain", 5, 99, "plain", "plain"},
		{"", 0, 99, "", "nothing"},
		{"a\tb\nc\0d\x7f", 8, 99, "a?b?c?d?", "control characters"},
		{"\xc2\x85\xc2\x9f\xc2\xa0", 6, 99, "????\xc2\xa0", "those above 0x7f, too"},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, 99,
		 "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "two, three, four octets"},
		{"\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", 9, 99, "?????????", "overlong forms"},
		{"\xed\xa0\x80\xed\xbf\xbf", 6, 99, "??????", "surrogates"},
		{"\xf4\x90\x80\x80\xf8\x88\x80\x80\x80\xff\xfe", 11, 99, "???????????",
		 "beyond Unicode"},
		{"\xe2\x82", 2, 99, "??", "cut short by the end"},
		{"\xe2\x82z\x80", 4, 99, "??z?", "cut short by another"},
		{"abc\xc3\xa4", 5, 5, "abc", "no half character at the bound"},
		{"abc\xc3\xa4", 5, 6, "abc\xc3\xa4", "a whole one at it"},
		{"abcdef", 6, 4, "abc", "too long"},
		{"abc", 3, 1, "", "no room at all"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char out[100];
		size_t n;

		print_message("# %s\n", rows[i].reason);
		memset(out, 'Z', sizeof(out));
		n = dm_text_clean(rows[i].in, rows[i].len, out, rows[i].size);
		assert_string_equal(out, rows[i].out);
		assert_int_equal(n, strlen(out));
	}
}

/* Whatever goes in, a JSON string comes out. */
static void test_clean_all(void **state)
{
	for (unsigned i = 0; i < 1u << 16; i++) {
		const char in[4] = {(char)(i >> 8), (char)i, (char)(i * 7), (char)(i * 31)};
		char out[8];
		json_t *json;

		dm_text_clean(in, sizeof(in), out, sizeof(out));
		json = json_string(out);
		assert_non_null(json);
		json_decref(json);
	}
}

/* ---- the link ---- */

#define PATIENCE_MS 10000

struct bus {
	void *zctx, *router;
	struct dm_bound *bound;
	struct dm_link *link;
};

static int bus_enter(void **state)
{
	static struct bus bus;
	int linger = 0;

	if (folder_enter(state) != 0)
		return -1;
	bus = (struct bus){.zctx = zmq_ctx_new()};
	bus.router = zmq_socket(bus.zctx, ZMQ_ROUTER);
	zmq_setsockopt(bus.router, ZMQ_LINGER, &linger, sizeof(linger));
	if (zmq_bind(bus.router, "ipc://server") != 0)
		return -1;
	bus.bound = read_text("[ccserver]\ncc-socket = ipc://server\n[d:x]\nzmq_linger = 0\n");
	*state = &bus;
	return dm_link_open(&bus.link, bus.zctx, bus.bound, NULL);
}

static int bus_leave(void **state)
{
	struct bus *bus = *state;

	dm_link_freep(&bus->link);
	dm_bound_freep(&bus->bound);
	zmq_close(bus->router);
	zmq_ctx_term(bus->zctx);
	return folder_leave(state);
}

/*
 * One message of the link, as the server sees it: identity, "", type, body, signature, or with a
 * query id.
 */
static unsigned server_receive(struct bus *bus, zmq_msg_t frames[8])
{
	unsigned n = 0;
	int more = 1, bound = PATIENCE_MS;

	zmq_setsockopt(bus->router, ZMQ_RCVTIMEO, &bound, sizeof(bound));
	for (; more && n < 8; n++) {
		zmq_msg_init(&frames[n]);
		assert_true(zmq_msg_recv(&frames[n], bus->router, 0) >= 0);
		more = zmq_msg_more(&frames[n]);
	}
	return n;
}

static void close_frames(zmq_msg_t frames[8], unsigned n)
{
	while (n-- > 0)
		zmq_msg_close(&frames[n]);
}

/*
 * Sleeps on the descriptors as the loop does, and never longer than it may. @return as
 * dm_link_turn.
 */
static int turn(struct bus *bus)
{
	int64_t wait = dm_link_wait(bus->link);
	struct pollfd fds[DM_LINK_FDS];
	int link[DM_LINK_FDS];

	dm_link_fds(bus->link, link);
	for (unsigned i = 0; i < DM_LINK_FDS; i++)
		fds[i] = (struct pollfd){.fd = link[i], .events = POLLIN};
	if (poll(fds, DM_LINK_FDS, (int)(wait < PATIENCE_MS ? wait : PATIENCE_MS)) == 0)
		assert_true(wait < PATIENCE_MS);
	return dm_link_turn(bus->link);
}

static void wait_up(struct bus *bus)
{
	int r = 0;

	while (r == 0)
		r = turn(bus);
	assert_int_equal(r, 1);
	assert_true(dm_link_is_up(bus->link));
}

/* Nothing is published before there is a server, nor after it is gone; then it is there again. */
static void test_up_and_down(void **state)
{
	struct bus *bus = *state;
	struct cc_bytes none = {NULL, 0};
	json_t *body = json_object();
	int linger = 0;

	assert_false(dm_link_is_up(bus->link));
	assert_int_equal(dm_link_publish(bus->link, "pub.x", body, none), -CC_EBUSY);
	wait_up(bus);
	assert_int_equal(dm_link_publish(bus->link, "pub.x", body, none), 0);
	zmq_close(bus->router);
	while (dm_link_is_up(bus->link))
		assert_int_equal(turn(bus), 0);
	assert_int_equal(dm_link_publish(bus->link, "pub.x", body, none), -CC_EBUSY);
	bus->router = zmq_socket(bus->zctx, ZMQ_ROUTER);
	zmq_setsockopt(bus->router, ZMQ_LINGER, &linger, sizeof(linger));
	while (zmq_bind(bus->router, "ipc://server") != 0)
		poll(NULL, 0, 1); /* poll: libzmq closes behind our back */
	wait_up(bus);
	json_decref(body);
}

static void test_publish(void **state)
{
	struct bus *bus = *state;
	json_t *body = json_pack("{s:s}", "k", "v");
	zmq_msg_t frames[8];
	unsigned n;

	wait_up(bus);
	assert_int_equal(dm_link_publish(bus->link, "pub.x", body, (struct cc_bytes){NULL, 0}), 0);
	n = server_receive(bus, frames);
	assert_int_equal(n, 5);
	assert_int_equal(zmq_msg_size(&frames[1]), 0);
	assert_memory_equal(zmq_msg_data(&frames[2]), "pub.x", 5);
	close_frames(frames, n);
	json_decref(body);
}

static void note_outcome(void *arg, const struct cc_answer *a)
{
	*(enum cc_outcome *)arg = a->outcome;
}

static void run_until(struct bus *bus, const enum cc_outcome *outcome)
{
	while (!*outcome)
		assert_true(turn(bus) >= 0);
}

static void request(struct bus *bus, int64_t deadline_ms, enum cc_outcome *outcome)
{
	json_t *body = json_object();

	assert_int_equal(dm_link_request(bus->link, "echo.request", body, deadline_ms, note_outcome,
					 outcome),
			 0);
	json_decref(body);
}

static void test_answer(void **state)
{
	static const char text[] = "{\"req\": \"echo.response\", \"time\": 1, \"hostname\": \"h\"}";
	struct bus *bus = *state;
	enum cc_outcome outcome = 0;
	struct cc_client_stats stats;
	zmq_msg_t frames[8];
	unsigned n;

	wait_up(bus);
	assert_true(dm_link_wait(bus->link) == INT64_MAX);
	request(bus, 60000, &outcome);
	n = server_receive(bus, frames);
	assert_int_equal(n, 6);
	assert_true(dm_link_wait(bus->link) <= 60000 + CC_CLIENT_GRACE_MS);
	for (unsigned i = 0; i < 3; i++)
		zmq_msg_send(&frames[i], bus->router, ZMQ_SNDMORE);
	zmq_send(bus->router, "echo.response", 13, ZMQ_SNDMORE);
	zmq_send(bus->router, text, sizeof(text) - 1, ZMQ_SNDMORE);
	zmq_send(bus->router, "", 0, 0);
	run_until(bus, &outcome);
	assert_int_equal(outcome, CC_OUT_ANSWER);
	dm_link_get_stats(bus->link, &stats);
	assert_int_equal(stats.answers, 1);
	assert_true(dm_link_wait(bus->link) == INT64_MAX);
	close_frames(frames, n);
}

/* Nobody answers, and nothing comes that would wake: the time alone must do. */
static void test_deadline(void **state)
{
	struct bus *bus = *state;
	enum cc_outcome outcome = 0;

	request(bus, 50, &outcome);
	run_until(bus, &outcome);
	assert_int_equal(outcome, CC_OUT_TIMEOUT);
}

static void test_free_ends_requests(void **state)
{
	struct bus *bus = *state;
	enum cc_outcome outcome = 0;

	request(bus, 60000, &outcome);
	dm_link_freep(&bus->link);
	assert_int_equal(outcome, CC_OUT_TIMEOUT);
}

static void test_check(void **state)
{
	static const struct {
		const char *text, *why, *reason;
	} rows[] = {
		{"[d:x]\ncc-socket = ipc://a\n", NULL, "good"},
		{"[d:x]\ncc-socket = what\n", "is no endpoint", "a bad endpoint"},
		{"[d:x]\ncms-keystore = .\ncms-sign = k\n", "k.crt", "a key that is not there"},
		{"[servers]\nx = who\n[d:x]\n", "x.ini:2", "a bad line in [servers]"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(dm_bound_freep) struct dm_bound *b = read_text(rows[i].text);
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].reason);
		if (!rows[i].why) {
			assert_int_equal(dm_link_check(b, &why), 0);
			continue;
		}
		assert_true(dm_link_check(b, &why) < 0);
		if (!strstr(why.text, rows[i].why))
			fail_msg("\"%s\" does not say \"%s\"", why.text, rows[i].why);
	}
}

/* ---- sections that an option lists ---- */

struct part {
	char *colour;
	int64_t size;
};

struct parted {
	struct cf_list names;
	struct part *parts;
};

static const struct cf_opt part_options[] = {
	{"colour", CF_STR, offsetof(struct part, colour), "red", .reload = true, .help = ""},
	{"size", CF_INT, offsetof(struct part, size), "1", 0, 9, .reload = true, .help = ""},
	{0},
};

static const struct cf_opt parted_options[] = {
	{"parts", CF_LIST, offsetof(struct parted, names), "", .reload = true, .help = ""},
	{0},
};

static const struct dm_parts parts = {
	.help = "a part",
	.sample = "p:NAME",
	.options = part_options,
	.size = sizeof(struct part),
	.names = offsetof(struct parted, names),
	.array = offsetof(struct parted, parts),
};

static const struct dm_daemon daemon_parted = {
	.name = "x",
	.help = "for tests",
	.state_size = sizeof(struct parted),
	.options = parted_options,
	.parts = &parts,
};

static int read_parted(const char *text, struct dm_bound **b, struct cc_note *why)
{
	struct dm_source source = {.file = "x.ini", .section = "d:x"};

	put_file("x.ini", text);
	return dm_bound_read(&daemon_parted, &source, b, why);
}

static void test_parts(void **state)
{
	cc_cleanup(dm_bound_freep) struct dm_bound *a = NULL, *b = NULL;
	struct cc_note why = {0};
	struct parted *live, *fresh;

	assert_int_equal(
		read_parted("[d:x]\nparts = p:b, p:a\n[p:a]\nsize = 3\n[p:b]\n[p:c]\n", &a, &why),
		0);
	live = (struct parted *)a->state;
	assert_int_equal(live->names.count, 2);
	assert_int_equal(live->parts[0].size, 1);
	assert_int_equal(live->parts[1].size, 3);
	assert_int_equal(read_parted("[d:x]\nparts = p:c\n[p:c]\ncolour = blue\n", &b, &why), 0);
	fresh = (struct parted *)b->state;
	dm_bound_take(a, b);
	assert_int_equal(live->names.count, 1);
	assert_string_equal(live->parts[0].colour, "blue");
	assert_int_equal(fresh->names.count, 2);
	assert_int_equal(fresh->parts[1].size, 3);
}

static void test_bad_parts(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"[d:x]\nparts = p:a\n", "there is no section [p:a]"},
		{"[d:x]\nparts = p:a, p:a\n[p:a]\n", "[p:a] is listed twice"},
		{"[d:x]\nparts = p:a, p:b\n[p:a]\ncolour = x\n[p:b]\nsize = 10\n", "size"},
		{"[d:x]\nparts = p:a\n[p:a]\ncolor = x\n", "did you mean \"colour\""},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(dm_bound_freep) struct dm_bound *b = NULL;
		struct cc_note why = {0};

		assert_int_equal(read_parted(rows[i].text, &b, &why), -CC_EINVAL);
		if (!strstr(why.text, rows[i].why))
			fail_msg("\"%s\" does not say \"%s\"", why.text, rows[i].why);
	}
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)
#define on_bus(f) cmocka_unit_test_setup_teardown(f, bus_enter, bus_leave)

static const struct CMUnitTest tests[] = {
	in_folder(test_inheritance),
	in_folder(test_job_names),
	in_folder(test_bound),
	in_folder(test_rejects),
	in_folder(test_legacy),
	cmocka_unit_test(test_no_file),
	in_folder(test_take),
	cmocka_unit_test(test_urls),
	cmocka_unit_test(test_long_url),
	cmocka_unit_test(test_clean),
	cmocka_unit_test(test_clean_all),
	on_bus(test_up_and_down),
	on_bus(test_publish),
	on_bus(test_answer),
	on_bus(test_deadline),
	on_bus(test_free_ends_requests),
	in_folder(test_check),
	in_folder(test_parts),
	in_folder(test_bad_parts),
};

TEST_MAIN(tests)
