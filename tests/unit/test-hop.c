/* SPDX-License-Identifier: ISC */
#include "ccserver/hop.h"

#include <stdio.h>

#include "ccserver/server.h"
#include "lib/cc/envelope.h"
#include "tests/test.h"

static struct cc_bytes peer(const char *name)
{
	return (struct cc_bytes){(const uint8_t *)name, strlen(name)};
}

static unsigned allowed(struct srv_hop *h, const char *name, unsigned asked, int64_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < asked; i++)
		n += srv_hop_allowed(h, peer(name), now);
	return n;
}

static void test_rate(void **state)
{
	struct srv_hop h;

	srv_hop_init(&h, 100);
	assert_int_equal(allowed(&h, "a", 200, 1000), 100); /* the burst */
	assert_int_equal(allowed(&h, "b", 1, 1000), 1);	    /* another peer's is its own */
	assert_int_equal(allowed(&h, "a", 10, 1009), 0);
	assert_int_equal(allowed(&h, "a", 10, 1010), 1);
	assert_int_equal(allowed(&h, "a", 100, 1500), 49);
	assert_int_equal(allowed(&h, "a", 200, 100000), 100); /* no more than a burst is saved up */
	srv_hop_deinit(&h);
}

static void test_rate_zero(void **state)
{
	struct srv_hop h;

	srv_hop_init(&h, 0);
	assert_int_equal(allowed(&h, "a", 10, 1000), 0);
	assert_int_equal(allowed(&h, "a", 10, 1000000), 0);
	srv_hop_deinit(&h);
}

/* Strangers' identities do not fill memory; the one idle longest gives way. */
static void test_peers_bounded(void **state)
{
	struct srv_hop h;
	char name[16];

	srv_hop_init(&h, 1);
	assert_int_equal(allowed(&h, "kept", 1, 0), 1);
	for (unsigned i = 0; i < 2 * SRV_HOP_PEERS_MAX; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		assert_int_equal(allowed(&h, name, 1, 0), 1);
		assert_int_equal(allowed(&h, "kept", 1, 0), 0); /* in use, so not forgotten */
		assert_true(h.peers.count <= SRV_HOP_PEERS_MAX);
	}
	srv_hop_deinit(&h);
	memset(&h, 0, sizeof(h));
	srv_hop_deinit(&h); /* never initialised */
}

/* A request of a type, with a query id of ours; NULL: without. */
static struct cc_msg *message(const char *qid, const char *type)
{
	struct cc_msg *m = cc_msg_new();

	assert_int_equal(cc_msg_add(m, "identity", 8), 0);
	if (qid)
		assert_int_equal(cc_msg_add(m, qid, strlen(qid)), 0);
	assert_int_equal(cc_msg_add(m, "", 0), 0);
	assert_int_equal(cc_msg_add(m, type, strlen(type)), 0);
	assert_int_equal(cc_msg_add(m, "{}", 2), 0);
	assert_int_equal(cc_msg_check(m), 0);
	return m;
}

#define QID "q1abcdefghijklmnop12345678"

static void test_error(void **state)
{
	static const char *const codes[] = {"busy", "noroute", "unreachable"};
	char longest[CC_TYPE_MAX + 1];

	memset(longest, 't', CC_TYPE_MAX);
	longest[CC_TYPE_MAX] = 0;
	for (size_t i = 0; i < 3; i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *rq = message(QID, longest), *m = NULL;
		const char *req, *code, *req_type;
		struct cc_qid qid;
		json_t *json = NULL;
		int hop;

		m = srv_hop_error(rq, codes[i]);
		assert_non_null(m);
		assert_int_equal(cc_msg_check(m), 0);
		assert_true(cc_msg_qid(m, &qid)); /* the whole route is there */
		assert_int_equal(m->delim, 2);
		assert_true(cc_msg_type_is(m, "error"));
		assert_int_equal(cc_msg_sig(m).len, 0);
		assert_in_range(cc_msg_body(m).len, 1, CC_HOP_ERROR_MAX);
		assert_int_equal(cc_json_parse(cc_msg_body(m).data, cc_msg_body(m).len, &json), 0);
		assert_int_equal(json_unpack(json, "{s:s, s:b, s:s, s:s}", "req", &req, "hop", &hop,
					     "code", &code, "req_type", &req_type),
				 0);
		assert_string_equal(req, "error");
		assert_true(hop);
		assert_string_equal(code, codes[i]);
		assert_string_equal(req_type, longest);
		json_decref(json);
	}
}

static void test_error_too_long(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *rq = message(QID, "t");
	char code[300];

	memset(code, 'c', sizeof(code) - 1);
	code[sizeof(code) - 1] = 0;
	assert_null(srv_hop_error(rq, code));
}

/* What the server says to whom, over a socket. */
static void test_only_requests(void **state)
{
	static const struct {
		const char *qid, *type;
		bool answered;
		const char *reason;
	} rows[] = {
		{QID, "echo.request", true, "a request"},
		{NULL, "echo.request", false, "a publication"},
		{"Q000001", "echo.request", false, "the original's request: it cannot read it"},
		{QID, "error", false, "an error: no two hops talk to each other"},
		{QID, "echo.request", false, "a request over the rate"},
	};
	static struct server s;
	void *ctx = zmq_ctx_new(), *client = zmq_socket(ctx, ZMQ_DEALER);
	char back[300];

	srv_hop_init(&s.hop, 1);
	srv_outbox_init(&s.outbox, 1000, 1000);
	s.sock = zmq_socket(ctx, ZMQ_ROUTER);
	assert_int_equal(zmq_setsockopt(client, ZMQ_ROUTING_ID, "identity", 8), 0);
	assert_int_equal(zmq_bind(s.sock, "inproc://server"), 0);
	assert_int_equal(zmq_connect(client, "inproc://server"), 0);
	assert_int_equal(zmq_send(client, "hello", 5, 0), 5);
	assert_int_equal(zmq_recv(s.sock, back, sizeof(back), 0), 8); /* now it knows the client */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = message(rows[i].qid, rows[i].type);

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(server_hop_error(&s, m, "busy"),
				 rows[i].answered ? 0 : CC_DROPPED);
	}
	assert_int_equal(s.stats.hop_errors, 1);
	assert_int_equal(s.stats.loss[SRV_LOSS_HOP_RATE], 1);
	assert_int_equal(zmq_recv(client, back, sizeof(back), 0), 26);
	srv_outbox_deinit(&s.outbox);
	srv_hop_deinit(&s.hop);
	zmq_close(s.sock);
	zmq_close(client);
	zmq_ctx_term(ctx);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_rate),	       cmocka_unit_test(test_rate_zero),
	cmocka_unit_test(test_peers_bounded),  cmocka_unit_test(test_error),
	cmocka_unit_test(test_error_too_long), cmocka_unit_test(test_only_requests),
};

TEST_MAIN(tests)
