/* SPDX-License-Identifier: ISC */
/* Who may connect: networks, rules, and the thread that libzmq asks. */
#include <poll.h>
#include <stdio.h>

#include <zmq.h>

#include "ccserver/zap.h"
#include "ccserver/zap_net.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "tests/unit/folder.h"

#define WAIT_MS 20000 /* for what takes no time */

/* ---- networks ---- */

static void test_networks(void **state)
{
	static const struct {
		const char *text, *why; /* why: NULL is good */
	} rows[] = {
		{"192.0.2.7", NULL},
		{"192.0.2.7/32", NULL},
		{"192.0.2.0/24", NULL},
		{"0.0.0.0/0", NULL},
		{"2001:db8::1", NULL},
		{"2001:db8::1/128", NULL},
		{"2001:db8::/32", NULL},
		{"::/0", NULL},
		{"::", NULL},
		{"::ffff:192.0.2.7", NULL},
		{"::ffff:192.0.2.0/120", NULL},
		{"::ffff:0:0/96", NULL},
		{"::ffff:192.0.2.7/128", NULL},
		{"", "is no address or network"},
		{"/", "is no address or network"},
		{"/24", "is no address or network"},
		{"192.0.2.0/", "is no address or network"},
		{"192.0.2.0/33", "is no address or network"},
		{"192.0.2.0/-1", "is no address or network"},
		{"192.0.2.0/+24", "is no address or network"},
		{"192.0.2.0/ 24", "is no address or network"},
		{"192.0.2.0/024", "is no address or network"},
		{"192.0.2.0/24x", "is no address or network"},
		{"192.0.2.0/24/24", "is no address or network"},
		{"192.0.2.0/255.255.255.0", "is no address or network"},
		{"192.0.2.0/4294967320", "is no address or network"},
		{"192.0.2", "is no address or network"},
		{"192.0.2.0.0", "is no address or network"},
		{"192.0.2.256", "is no address or network"},
		{"192.0.02.7", "is no address or network"},
		{"0xc0.0.2.7", "is no address or network"},
		{"3221225991", "is no address or network"},
		{"example.org", "is no address or network"},
		{"*", "is no address or network"},
		{"192.0.2.7:22632", "is no address or network"},
		{"tcp://192.0.2.7", "is no address or network"},
		{"2001:db8::/129", "is no address or network"},
		{"2001:db8:::1", "is no address or network"},
		{"[2001:db8::1]", "is no address or network"},
		{"fe80::1%eth0", "is no address or network"},
		{"::ffff:0:0/95", "is no address or network"},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999", "is no address or network"},
		{"0000000000000000000000000000000000000000000000000000000000000000000192.0.2.7",
		 "is no address or network"},
		{"192.0.2.7/24", "beyond its prefix"},
		{"192.0.2.7/31", "beyond its prefix"},
		{"192.0.2.7/0", "beyond its prefix"},
		{"2001:db8::1/64", "beyond its prefix"},
		{"::1/0", "beyond its prefix"},
		{"::ffff:192.0.2.7/120", "beyond its prefix"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct srv_net net = {.bits = 77};
		struct cc_note why = {0};

		print_message("# \"%s\"\n", rows[i].text);
		assert_int_equal(srv_net_parse(rows[i].text, &net, &why),
				 rows[i].why ? -CC_EINVAL : 0);
		if (rows[i].why) {
			assert_non_null(strstr(why.text, rows[i].why));
			assert_int_equal(net.bits, 77); /* nothing half-read comes out */
		}
	}
}

static void test_in_network(void **state)
{
	static const struct {
		const char *net, *address;
		bool in;
	} rows[] = {
		{"192.0.2.7", "192.0.2.7", true},
		{"192.0.2.7", "192.0.2.6", false},
		{"192.0.2.7/32", "192.0.2.7", true},
		{"192.0.2.6/31", "192.0.2.7", true},
		{"192.0.2.6/31", "192.0.2.8", false},
		{"192.0.2.0/24", "192.0.2.0", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "192.0.1.255", false},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"10.0.0.0/7", "11.255.255.255", true},
		{"10.0.0.0/7", "12.0.0.0", false},
		{"128.0.0.0/1", "127.255.255.255", false},
		{"128.0.0.0/1", "255.255.255.255", true},
		{"0.0.0.0/0", "203.0.113.9", true},
		{"0.0.0.0/0", "0.0.0.0", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "192.0.2.7", false},
		{"::/0", "::ffff:192.0.2.7", false},
		{"2001:db8::/32", "2001:db8:ffff::", true},
		{"2001:db8::/32", "2001:db9::", false},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"2001:db8::1", "2001:db8::1", true},
		{"2001:db8::1/128", "2001:db8::2", false},
		{"2001:db8::2/127", "2001:db8::3", true},
		{"fe80::/10", "fe80::1%eth0", true},
		{"192.0.2.0/24", "::ffff:192.0.2.7", true},
		{"192.0.2.0/24", "::ffff:c000:207", true},
		{"192.0.2.0/24", "::192.0.2.7", false},
		{"192.0.2.0/24", "::fffe:192.0.2.7", false},
		{"::ffff:192.0.2.7", "192.0.2.7", true},
		{"::ffff:192.0.2.0/120", "192.0.2.200", true},
		{"::ffff:192.0.2.0/120", "192.0.3.0", false},
		{"::ffff:0:0/96", "203.0.113.9", true},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct srv_net net;
		struct srv_addr a;

		print_message("# %s in %s\n", rows[i].address, rows[i].net);
		assert_int_equal(srv_net_parse(rows[i].net, &net, NULL), 0);
		assert_int_equal(srv_addr_parse(rows[i].address, &a), 0);
		assert_int_equal(srv_net_has(&net, &a), rows[i].in);
	}
}

static void test_addresses(void **state)
{
	static const char *const bad[] = {
		"",	 "%",	       "%eth0",	   "localhost", "localhost:0:0:1",
		"1.2.3", "1.2.3.4/32", "1.2.3.4 ", "::g",	":"};
	static const struct {
		const char *text;
		bool own;
	} rows[] = {
		{"127.0.0.1", true},	     {"127.255.0.3", true}, {"128.0.0.1", false},
		{"126.255.255.255", false},  {"::1", true},	    {"::2", false},
		{"::ffff:127.0.0.1", true},  {"::", false},	    {"0.0.0.0", false},
		{"::ffff:192.0.2.7", false}, {"7f00::1", false},
	};
	struct srv_addr a;

	for (size_t i = 0; i < CC_ARRAY_SIZE(bad); i++) {
		print_message("# \"%s\"\n", bad[i]);
		assert_int_equal(srv_addr_parse(bad[i], &a), -CC_EFORMAT);
	}
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].text);
		assert_int_equal(srv_addr_parse(rows[i].text, &a), 0);
		assert_int_equal(srv_addr_is_loopback(&a), rows[i].own);
	}
}

/* ---- rules ---- */

static uint8_t server_key[CC_CURVE_KEY], known[CC_CURVE_KEY], stranger[CC_CURVE_KEY];

static int folder_with_keys(void **state)
{
	return folder_enter(state) ||
	       cc_curve_write_new("keys", "server", false, server_key, NULL) ||
	       cc_curve_write_new("keys", "known", false, known, NULL) ||
	       cc_curve_write_new("keys", "stranger", false, stranger, NULL);
}

static int load(const char *allow, const char *curve, const char *clients,
		struct srv_zap_rules **out, struct cc_note *why)
{
	struct srv_conf conf = {.cc_curve = (char *)curve, .cms_keystore = (char *)"keys"};
	int r;

	assert_int_equal(cf_list_parse(allow, &conf.cc_allow), 0);
	assert_int_equal(cf_list_parse(clients, &conf.cc_curve_clients), 0);
	r = srv_zap_rules_load(&conf, out, why);
	cf_list_deinit(&conf.cc_allow);
	cf_list_deinit(&conf.cc_curve_clients);
	return r;
}

static struct srv_zap_rules *rules(const char *allow, const char *curve, const char *clients)
{
	struct srv_zap_rules *r = NULL;
	struct cc_note why = {0};

	if (load(allow, curve, clients, &r, &why) != 0)
		fail_msg("%s", why.text);
	return r;
}

static void test_rules(void **state)
{
	static const struct {
		const char *allow, *curve, *clients, *address;
		const uint8_t *key;
		int verdict;
		const char *reason;
	} rows[] = {
		{"", "", "", "192.0.2.7", NULL, 0, "no rules"},
		{"192.0.2.7", "", "", "192.0.2.7", NULL, 0, "its address"},
		{"192.0.2.7", "", "", "192.0.2.8", NULL, SRV_ZAP_ADDRESS, "another address"},
		{"192.0.2.7", "", "", "127.0.0.1", NULL, 0, "loopback"},
		{"192.0.2.7", "", "", "::1", NULL, 0, "loopback of IPv6"},
		{"192.0.2.7", "", "", "::ffff:127.0.0.9", NULL, 0, "loopback in a dress"},
		{"192.0.2.7", "", "", "", NULL, SRV_ZAP_ADDRESS, "no address"},
		{"192.0.2.7", "", "", "localhost:0:0:1", NULL, SRV_ZAP_ADDRESS, "an odd address"},
		{"0.0.0.0/0", "", "", "2001:db8::1", NULL, SRV_ZAP_ADDRESS, "the other family"},
		{"10.0.0.0/8, 192.0.2.0/24", "", "", "192.0.2.8", NULL, 0, "the second network"},
		{"", "", "", "192.0.2.7", known, SRV_ZAP_MECHANISM, "CURVE where there is none"},
		{"", "server", "", "192.0.2.7", NULL, SRV_ZAP_MECHANISM, "no CURVE"},
		{"", "server", "", "192.0.2.7", stranger, 0, "any key"},
		{"", "server", "known", "192.0.2.7", known, 0, "a key of the list"},
		{"", "server", "server, known", "192.0.2.7", known, 0, "the second key"},
		{"", "server", "known", "192.0.2.7", stranger, SRV_ZAP_KEY, "another key"},
		{"", "server", "known", "127.0.0.1", stranger, SRV_ZAP_KEY, "even from loopback"},
		{"192.0.2.7", "server", "known", "192.0.2.7", known, 0, "address and key"},
		{"192.0.2.7", "server", "known", "192.0.2.8", known, SRV_ZAP_ADDRESS,
		 "a key from another address"},
		{"192.0.2.7", "server", "known", "192.0.2.7", stranger, SRV_ZAP_KEY,
		 "another key from the address"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(srv_zap_rules_freep) struct srv_zap_rules *r =
			rules(rows[i].allow, rows[i].curve, rows[i].clients);

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(srv_zap_rules_guard(r), *rows[i].allow || *rows[i].curve);
		assert_int_equal(srv_zap_rules_check(r, rows[i].address, rows[i].key),
				 rows[i].verdict);
	}
}

static void test_refused_rules(void **state)
{
	static const struct {
		const char *allow, *curve, *clients;
		int r;
		const char *why;
	} rows[] = {
		{"192.0.2.7, nonsense", "", "", -CC_EINVAL, "cc-allow: \"nonsense\" is no address"},
		{"192.0.2.7/24", "", "", -CC_EINVAL, "cc-allow: \"192.0.2.7/24\" has bits"},
		{"", "absent", "", -CC_ENOTFOUND, "keys/private/absent.curve"},
		{"", "../server", "", -CC_EINVAL, "is no name of a key"},
		{"", "server", "known, absent", -CC_ENOTFOUND, "keys/absent.curve"},
		{"", "server", "known, a/b", -CC_EINVAL, "is no name of a key"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(srv_zap_rules_freep) struct srv_zap_rules *r = NULL;
		struct cc_note why = {0};

		assert_int_equal(load(rows[i].allow, rows[i].curve, rows[i].clients, &r, &why),
				 rows[i].r);
		assert_null(r);
		if (!strstr(why.text, rows[i].why))
			fail_msg("%s, not %s", why.text, rows[i].why);
	}
}

static void test_too_many(void **state)
{
	static char text[(SRV_ZAP_NETS_MAX + 1) * 8 + 1];
	cc_cleanup(srv_zap_rules_freep) struct srv_zap_rules *r = NULL;
	struct cc_note why = {0};

	for (unsigned i = 0; i <= SRV_ZAP_NETS_MAX; i++)
		strcpy(text + 8 * i, "1.2.3.4,");
	assert_int_equal(load(text, "", "", &r, &why), -CC_ELIMIT);
	assert_string_equal(why.text, "cc-allow: more than 4096 items");
	assert_int_equal(load("", "server", text, &r, &why), -CC_ELIMIT);
	assert_string_equal(why.text, "cc-curve-clients: more than 4096 items");
	text[8 * SRV_ZAP_NETS_MAX - 1] = '\0';
	assert_int_equal(load(text, "", "", &r, &why), 0);
}

/* ---- the thread ---- */

/* Waits until it has refused so many; it answers before it counts. */
static bool refused(const struct srv_zap *z, uint64_t n)
{
	for (unsigned ms = 0; srv_zap_refused(z) < n && ms < WAIT_MS; ms += 10)
		poll(NULL, 0, 10);
	return srv_zap_refused(z) == n;
}

struct ask {
	const char *frames[9];
	size_t count;
	size_t last_len; /* of the last frame; 0: as its text */
	const char *status, *reason;
};

/* Asks as libzmq would, and looks at every frame of the answer. */
static void ask(void *zctx, const struct ask *q)
{
	void *sock = zmq_socket(zctx, ZMQ_REQ);
	int wait = WAIT_MS, linger = 0;
	char data[6][300];
	int len[6];

	print_message("# %s\n", q->reason);
	zmq_setsockopt(sock, ZMQ_RCVTIMEO, &wait, sizeof(wait));
	zmq_setsockopt(sock, ZMQ_LINGER, &linger, sizeof(linger));
	assert_int_equal(zmq_connect(sock, "inproc://zeromq.zap.01"), 0);
	for (size_t i = 0; i < q->count; i++) {
		bool last = i + 1 == q->count;
		size_t n = last && q->last_len ? q->last_len : strlen(q->frames[i]);

		assert_int_equal(zmq_send(sock, q->frames[i], n, last ? 0 : ZMQ_SNDMORE), n);
	}
	for (unsigned i = 0; i < 6; i++) {
		len[i] = zmq_recv(sock, data[i], sizeof(data[i]), 0);
		assert_true(len[i] >= 0);
	}
	assert_int_equal(len[0], 3);
	assert_memory_equal(data[0], "1.0", 3);
	if (q->count > 1) {
		assert_true(len[1] <= 255);
		assert_memory_equal(data[1], q->frames[1], (size_t)len[1]);
	}
	assert_int_equal(len[2], 3);
	assert_memory_equal(data[2], q->status, 3);
	assert_int_equal(len[4] + len[5], 0);
	zmq_close(sock);
}

#define LONG                                                                                       \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"8901234567890123456789012345678901234567890123456789012345678901234567890123456789012345" \
	"6789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"

static void test_answers(void **state)
{
	static const struct ask rows[] = {
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "NULL"}, 6, 0, "200", "allowed"},
		{{"1.0", "7", "ccfed", "192.0.2.8", "", "NULL"}, 6, 0, "300", "another address"},
		{{"1.0", "", "ccfed", "192.0.2.7", "id", "NULL"}, 6, 0, "200", "an empty id"},
		{{"2.0", "7", "ccfed", "192.0.2.7", "", "NULL"}, 6, 0, "300", "another version"},
		{{"1.0", "7", "other", "192.0.2.7", "", "NULL"}, 6, 0, "300", "another domain"},
		{{"1.0", "7", "", "192.0.2.7", "", "NULL"}, 6, 0, "300", "no domain"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "PLAIN", "u", "p"}, 8, 0, "300", "PLAIN"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "NUL"}, 6, 0, "300", "part of a mechanism"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "NULLX"}, 6, 0, "300", "and more of it"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "NULL", ""},
		 7,
		 0,
		 "300",
		 "credentials without need"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "CURVE"}, 6, 0, "300", "CURVE without key"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "CURVE", LONG},
		 7,
		 31,
		 "300",
		 "a short key"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "CURVE", LONG}, 7, 33, "300", "a long key"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "CURVE", LONG},
		 7,
		 32,
		 "300",
		 "a key without cc-curve"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "CURVE", LONG, "x"},
		 8,
		 0,
		 "300",
		 "more frames"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "NULL", "", "", ""},
		 9,
		 0,
		 "300",
		 "more frames than are kept"},
		{{"1.0", "7", "ccfed", "192.0.2.7", ""}, 5, 0, "300", "no mechanism"},
		{{"1.0"}, 1, 0, "300", "nothing but a version"},
		{{""}, 1, 0, "300", "nothing"},
		{{"1.0", LONG, "ccfed", "192.0.2.7", "", "NULL"}, 6, 0, "300", "too long an id"},
		{{"1.0", "7", "ccfed", LONG, "", "NULL"}, 6, 0, "300", "too long an address"},
		{{"1.0", "7", "ccfed", "192.0.2.7", LONG, "NULL"},
		 6,
		 0,
		 "300",
		 "too long an identity"},
		{{"1.0", "7", "ccfed", "192.0.2.7", "", "NULL"},
		 6,
		 0,
		 "200",
		 "after all that, a good one"},
	};
	cc_cleanup(srv_zap_rules_freep) struct srv_zap_rules *r = rules("192.0.2.7", "", "");
	void *zctx = zmq_ctx_new();
	struct srv_zap *z = NULL;
	uint64_t n = 0;

	cc_log_set_level(CC_LOG_ERROR);
	assert_int_equal(srv_zap_start(&z, zctx, r, NULL), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		ask(zctx, &rows[i]);
		n += rows[i].status[0] == '3';
	}
	assert_true(refused(z, n));
	srv_zap_stop(z);
	zmq_ctx_term(zctx);
}

static void test_replace(void **state)
{
	static const struct ask yes = {
		{"1.0", "1", "ccfed", "192.0.2.7", "", "NULL"}, 6, 0, "200", "allowed"};
	static const struct ask no = {
		{"1.0", "1", "ccfed", "192.0.2.7", "", "NULL"}, 6, 0, "300", "not any more"};
	cc_cleanup(srv_zap_rules_freep) struct srv_zap_rules *before = rules("192.0.2.7", "", "");
	cc_cleanup(srv_zap_rules_freep) struct srv_zap_rules *after = rules("192.0.2.8", "", "");
	void *zctx = zmq_ctx_new();
	struct srv_zap *z = NULL, *second = NULL;
	struct cc_note why = {0};

	cc_log_set_level(CC_LOG_ERROR);
	assert_int_equal(srv_zap_start(&z, zctx, before, NULL), 0);
	ask(zctx, &yes);
	assert_int_equal(srv_zap_refused(z), 0);
	srv_zap_replace(z, after);
	ask(zctx, &no);
	srv_zap_replace(z, before);
	ask(zctx, &yes);
	assert_true(refused(z, 1));
	assert_int_equal(srv_zap_start(&second, zctx, before, &why), -CC_ESYS);
	assert_non_null(strstr(why.text, "cannot listen on inproc://zeromq.zap.01"));
	srv_zap_stop(z);
	zmq_ctx_term(zctx);
	srv_zap_replace(NULL, before);
	assert_int_equal(srv_zap_refused(NULL), 0);
	srv_zap_stop(NULL);
}

/* ---- with sockets ---- */

static void *dealer(void *zctx, const char *url, const struct cc_curve_link *link)
{
	void *sock = zmq_socket(zctx, ZMQ_DEALER);
	struct cc_sock_conf conf;

	cc_sock_conf_default(&conf);
	conf.linger_ms = 0;
	conf.curve = link;
	assert_int_equal(cc_sock_apply(sock, &conf), 0);
	assert_int_equal(zmq_connect(sock, url), 0);
	return sock;
}

/* Binds and writes down where. */
static void bind_to(void *sock, char url[64])
{
	size_t len = 64;

	assert_int_equal(zmq_bind(sock, "tcp://127.0.0.1:*"), 0);
	assert_int_equal(zmq_getsockopt(sock, ZMQ_LAST_ENDPOINT, url, &len), 0);
}

static bool arrives(void *router)
{
	zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
	char data[64];

	if (zmq_poll(&item, 1, WAIT_MS) != 1)
		return false;
	assert_true(zmq_recv(router, data, sizeof(data), 0) > 0);
	assert_int_equal(zmq_recv(router, data, sizeof(data), 0), 1);
	return data[0] == 'm';
}

/* One ROUTER with an endpoint before the guard and one behind it. */
static void test_guard(void **state)
{
	cc_cleanup(srv_zap_rules_freep) struct srv_zap_rules *r = rules("", "server", "known");
	void *zctx = zmq_ctx_new(), *router = zmq_socket(zctx, ZMQ_ROUTER), *good, *bad, *plain;
	char open[64], guarded[64];
	struct cc_curve_link link;
	struct srv_zap *z = NULL;

	cc_log_set_level(CC_LOG_ERROR);
	bind_to(router, open);
	assert_int_equal(srv_zap_start(&z, zctx, r, NULL), 0);
	assert_int_equal(srv_zap_guard(z, router), 0);
	bind_to(router, guarded);
	assert_int_equal(cc_curve_link_open(&link, "keys", "server", "known", NULL), 0);
	good = dealer(zctx, guarded, &link);
	assert_int_equal(zmq_send(good, "m", 1, 0), 1);
	assert_true(arrives(router));
	plain = dealer(zctx, open, NULL);
	assert_int_equal(zmq_send(plain, "m", 1, 0), 1);
	assert_true(arrives(router));
	assert_int_equal(srv_zap_refused(z), 0);
	assert_int_equal(cc_curve_link_open(&link, "keys", "server", "stranger", NULL), 0);
	bad = dealer(zctx, guarded, &link);
	assert_int_equal(zmq_send(bad, "b", 1, ZMQ_DONTWAIT), 1);
	assert_true(refused(z, 1));
	assert_int_equal(zmq_recv(router, open, 1, ZMQ_DONTWAIT), -1);
	zmq_close(good);
	zmq_close(plain);
	zmq_close(bad);
	zmq_close(router);
	srv_zap_stop(z);
	zmq_ctx_term(zctx);
}

#define with_keys(f) cmocka_unit_test_setup_teardown(f, folder_with_keys, folder_leave)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_networks),
	cmocka_unit_test(test_in_network),
	cmocka_unit_test(test_addresses),
	with_keys(test_rules),
	with_keys(test_refused_rules),
	with_keys(test_too_many),
	with_keys(test_answers),
	with_keys(test_replace),
	with_keys(test_guard),
};

TEST_MAIN(tests)
