/* SPDX-License-Identifier: ISC */
/* proxy: what it forwards and what it refuses, its tables and options. */
#include "tests/unit/proxykit.h"

static void assert_same(const struct cc_msg *a, const struct cc_msg *b)
{
	assert_int_equal(a->count, b->count);
	for (uint32_t i = 0; i < a->count; i++) {
		struct cc_bytes x = cc_msg_frame(a, i), y = cc_msg_frame(b, i);

		assert_int_equal(x.len, y.len);
		assert_memory_equal(x.data, y.data, x.len);
	}
}

/* ---- forward and back ---- */

static void test_forward_and_answer(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);
	cc_cleanup(cc_msg_freep) struct cc_msg *rq = message("client", 1, 1000, "body");
	cc_cleanup(cc_msg_freep) struct cc_msg *re = message("client", 1, 1000, "answer");
	cc_cleanup(cc_msg_freep) struct cc_msg *copy = NULL;

	add(rq, "sig");
	add(rq, "");
	add(rq, "a further frame");
	copy = cc_msg_dup(rq);
	assert_int_equal(cc_fakehost_handle(f, rq), 0);
	assert_int_equal(rq->count, 0); /* taken */
	assert_int_equal(sent(f, 0), 1);
	assert_same(f->dealers[0]->sent.msgs[0], copy);
	answer(f, 1);
	assert_int_equal(f->sent.count, 1);
	assert_same(f->sent.msgs[0], re);
	assert_count(f, "forwarded", 1);
	assert_count(f, "answers", 1);
	assert_int_equal(f->n_hops, 0);
}

static void test_several_answers(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	ask(f, 1);
	for (unsigned i = 0; i < 3; i++)
		answer(f, 1);
	assert_int_equal(f->sent.count, 3);
	cc_fakehost_tick(f, cc_fake_now + 2000);
	assert_int_equal(f->n_hops, 0); /* it was answered */
	answer(f, 1);
	assert_count(f, "answers", 4);
	assert_count(f, "late", 0);
}

static void test_strays(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);
	cc_cleanup(cc_msg_freep) struct cc_msg *shapeless = cc_msg_new();

	ask(f, 1);
	answer_to(f, 0, "other", 1); /* who never sent anything through us */
	answer_to(f, 0, "clien", 1);
	add(shapeless, "client");
	add(shapeless, "no delimiter");
	cc_fakehost_dealer_in(f, 0, shapeless);
	assert_count(f, "stray", 3);
	assert_int_equal(f->sent.count, 0);
	answer_to(f, 0, "client", 0); /* without a query id, but to a client of ours */
	assert_int_equal(f->sent.count, 1);
	pong(f, 0); /* to nobody: never on the local socket */
	assert_count(f, "pongs", 1);
	assert_int_equal(f->sent.count, 1);
}

static void test_client_gone(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	ask(f, 1);
	f->send_result = -CC_EBUSY; /* it does not read */
	answer(f, 1);
	assert_count(f, "undelivered", 1);
	f->send_result = -CC_ENOTFOUND;
	answer(f, 1);
	assert_count(f, "undelivered", 2);
	f->send_result = 0;
	answer(f, 1); /* its route is forgotten */
	assert_count(f, "stray", 1);
	assert_count(f, "answers", 0);
}

static void test_hops(void **state)
{
	static const struct {
		unsigned route; /* frames */
		int outcome;
	} rows[] = {{1, 0}, {CC_ROUTE_MAX - 1, 0}, {CC_ROUTE_MAX, CC_DROPPED}};
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = message("client", 0, 0, "{}");

		while (m->delim + 1 < rows[i].route)
			assert_int_equal(cc_msg_push(m, "hop", 3), 0);
		assert_int_equal(cc_fakehost_handle(f, m), rows[i].outcome);
	}
	assert_count(f, "looped", 1);
	assert_int_equal(sent(f, 0), 2);
}

static void test_query_id_twice(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	assert_int_equal(ask(f, 1), 0);
	assert_int_equal(ask(f, 1), CC_DROPPED);
	assert_count(f, "looped", 1);
	assert_int_equal(sent(f, 0), 1);
	assert_int_equal(f->n_hops, 0); /* the first one is still open: this is no word on it */
	assert_int_equal(give(f, "other", 1, "{}"), 0); /* another client's */
	answer(f, 1);
	assert_int_equal(ask(f, 1), 0); /* the first has ended */
	assert_int_equal(sent(f, 0), 3);
}

/* ---- unsigned orders ---- */

static struct cc_msg *order(unsigned n, const char *type, const char *sig)
{
	struct cc_msg *like = message("client", n, 1000, "{}"), *m = cc_msg_new();

	assert_int_equal(cc_msg_check(like), 0);
	assert_int_equal(cc_msg_add_route(m, like), 0);
	cc_msg_free(like);
	add(m, "");
	add(m, type);
	add(m, "{}");
	if (sig)
		add(m, sig);
	m->received = cc_fake_now;
	return m;
}

/*
 * What a server takes unsigned from its own user's ipc socket would come from that user, once we
 * had passed it on.
 */
static void test_unsigned_orders(void **state)
{
	static const struct {
		const char *type, *sig; /* NULL: no such frame */
		bool passes;
	} rows[] = {
		{"admin.reload", NULL, false},
		{"admin.reload", "", false},
		{"admin", "", false},
		{"admin.x.y", "", false},
		{"job.stop", "", false},
		{"job", NULL, false},
		{"admin.reload", "sig", true},
		{"job.stop", "sig", true},
		{"administer.x", "", true},
		{"jobs.stop", "", true},
		{"reply.admin.stats", "", true},
		{"x.admin", "", true},
		{"Admin.reload", "", true}, /* another type: no server takes it for an order */
	};
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);
	unsigned passed = 0, refused = 0;

	for (unsigned i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = order(i + 1, rows[i].type, rows[i].sig);

		print_message("# %s %s\n", rows[i].type, rows[i].sig ? rows[i].sig : "(none)");
		assert_int_equal(cc_fakehost_handle(f, m), rows[i].passes ? 0 : CC_DROPPED);
		passed += rows[i].passes;
		refused += !rows[i].passes;
		assert_int_equal(sent(f, 0), passed);
		assert_int_equal(f->n_hops, refused);
		if (rows[i].passes)
			continue;
		assert_string_equal(f->hops[refused - 1].code, "noroute");
		assert_int_equal(number_of(f->hops[refused - 1].msg), i + 1);
	}
	assert_count(f, "unsigned", refused);
	assert_count(f, "forwarded", passed);
}

/* A publication is dropped without a word, and leaves no route for the remote to use. */
static void test_unsigned_publication(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);
	cc_cleanup(cc_msg_freep) struct cc_msg *m = order(0, "admin.quiesce", "");

	assert_int_equal(cc_fakehost_handle(f, m), CC_DROPPED);
	assert_count(f, "unsigned", 1);
	assert_int_equal(sent(f, 0), 0);
	answer_to(f, 0, "client", 0);
	assert_count(f, "stray", 1);
}

/* ---- tables ---- */

static void test_route_lifetime(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f =
		connected(ONE "route-lifetime = 10\nping-timeout = 3600");

	publish(f, "{}");
	for (unsigned i = 0; i < 3; i++) { /* each use counts as traffic */
		cc_fake_now += 10000;
		answer_to(f, 0, "client", 0);
	}
	assert_int_equal(f->sent.count, 3);
	cc_fake_now += 10001;
	answer_to(f, 0, "client", 0);
	assert_int_equal(f->sent.count, 3);
	assert_count(f, "stray", 1);
	publish(f, "{}");
	answer_to(f, 0, "client", 0);
	assert_int_equal(f->sent.count, 4);
}

static void test_max_routes(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE "max-routes = 2");

	give(f, "a", 0, "{}");
	give(f, "b", 0, "{}");
	give(f, "a", 0, "{}");
	give(f, "c", 0, "{}"); /* b, idle longest, gives way */
	answer_to(f, 0, "a", 0);
	answer_to(f, 0, "b", 0);
	answer_to(f, 0, "c", 0);
	assert_int_equal(f->sent.count, 2);
	assert_count(f, "stray", 1);
}

static void test_max_requests(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE "max-requests = 2");

	ask(f, 1);
	cc_fakehost_tick(f, cc_fake_now + 1100); /* 1 is told, and stays as such */
	assert_hop(f, 0, "unreachable", 1);
	assert_int_equal(ask(f, 2), 0);
	assert_int_equal(give(f, "other", 3, "{}"), 0); /* 1 gives way */
	assert_int_equal(give(f, "third", 4, "{}"), CC_DROPPED);
	assert_int_equal(f->n_hops, 2);
	assert_int_equal(publish(f, "{}"), 0); /* publications need no room there */
	assert_int_equal(sent(f, 0), 4);
	answer(f, 2);
	assert_int_equal(ask(f, 4), 0);
}

/* One client gets half of the table, however many it asks. */
static void test_share_of_a_client(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE "max-requests = 4");

	assert_int_equal(ask(f, 1), 0);
	assert_int_equal(ask(f, 2), 0);
	assert_int_equal(ask(f, 3), CC_DROPPED);
	assert_hop(f, 0, "busy", 3);
	assert_int_equal(give(f, "other", 4, "{}"), 0);
	answer(f, 1);
	assert_int_equal(ask(f, 5), 0);
	cc_fakehost_tick(f, cc_fake_now + 1100); /* told requests are nobody's share */
	assert_int_equal(ask(f, 6), 0);
	assert_int_equal(ask(f, 7), 0);
}

/* A remote that answers what it was not sent yet: the request stays, and is sent and answered in its time. */
static void test_answer_before_sent(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	f->dealers[0]->send_result = -CC_EBUSY;
	ask(f, 1);
	answer(f, 1);
	assert_count(f, "stray", 1);
	assert_int_equal(f->sent.count, 0);
	f->dealers[0]->send_result = 0;
	cc_fakehost_tick(f, cc_fake_now + 10);
	assert_int_equal(sent(f, 0), 1);
	answer(f, 1);
	assert_int_equal(f->sent.count, 1);
}

/* ---- options ---- */

static void test_bad_options(void **state)
{
	static const struct {
		const char *options, *text;
	} rows[] = {
		{"", "remote-cc"},
		{"remote-cc =", "Config value not set: remote-cc"},
		{"remote-cc = nonsense", "\"nonsense\" is no endpoint"},
		{"remote-cc = ipc://a, tcp://", "\"tcp://\" is no endpoint"},
		{ONE "max-requests = 0", "max-requests"},
		{ONE "ramote-cc = x", "did you mean \"remote-cc\""},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_fakehost *f = NULL;
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].text);
		assert_int_equal(cc_fakehost_open(&f, cc_handler_find(handler_table, "proxy"),
						  rows[i].options, &why),
				 -CC_EINVAL);
		assert_non_null(strstr(why.text, rows[i].text));
		cc_fakehost_free(f);
	}
}

/* The end with everything full: messages in the queue, requests waiting and told, routes. */
static void test_end_in_the_middle(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(TWO);

	for (unsigned n = 1; n <= 5; n++)
		ask(f, n);
	cc_fakehost_tick(f, cc_fake_now + 1100);
	for (unsigned n = 6; n <= 10; n++)
		ask(f, n);
	f->dealers[0]->send_result = -CC_EBUSY;
	for (unsigned n = 11; n <= 15; n++)
		ask(f, n);
	publish(f, "{}");
	assert_int_equal(f->n_hops, 5);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_forward_and_answer),
	cmocka_unit_test(test_several_answers),
	cmocka_unit_test(test_strays),
	cmocka_unit_test(test_client_gone),
	cmocka_unit_test(test_hops),
	cmocka_unit_test(test_query_id_twice),
	cmocka_unit_test(test_unsigned_orders),
	cmocka_unit_test(test_unsigned_publication),
	cmocka_unit_test(test_route_lifetime),
	cmocka_unit_test(test_max_routes),
	cmocka_unit_test(test_max_requests),
	cmocka_unit_test(test_share_of_a_client),
	cmocka_unit_test(test_answer_before_sent),
	cmocka_unit_test(test_bad_options),
	cmocka_unit_test(test_end_in_the_middle),
};

TEST_MAIN(tests)
