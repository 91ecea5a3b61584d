/* SPDX-License-Identifier: ISC */
/* proxy: what waits for a remote that takes nothing, and what another one takes over. */
#include "tests/unit/proxykit.h"

/* ---- queues ---- */

static void test_queue_full_of_messages(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE "queue-messages = 3");

	f->dealers[0]->send_result = -CC_EBUSY;
	assert_int_equal(ask(f, 1), 0);
	assert_int_equal(publish(f, "{}"), 0);
	assert_int_equal(ask(f, 2), 0);
	assert_int_equal(ask(f, 3), CC_DROPPED);
	assert_int_equal(f->n_hops, 1);
	assert_hop(f, 0, "busy", 3);
	assert_count(f, "busy", 1);
	assert_int_equal(publish(f, "{}"), CC_DROPPED);
	assert_count(f, "lost", 1);
	f->dealers[0]->send_result = 0;
	cc_fakehost_tick(f, cc_fake_now + 10);
	assert_int_equal(sent(f, 0), 3); /* in order */
	assert_int_equal(number_of(f->dealers[0]->sent.msgs[0]), 1);
	assert_int_equal(f->dealers[0]->sent.msgs[1]->delim, 1);
	assert_int_equal(number_of(f->dealers[0]->sent.msgs[2]), 2);
	assert_int_equal(ask(f, 3), 0); /* who was told busy may try again under the same id */
	answer(f, 3);
	assert_int_equal(f->sent.count, 1);
}

static void test_queue_full_of_octets(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE "queue-bytes = 16K");
	char body[5001];
	unsigned n = 1;

	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = 0;
	f->dealers[0]->send_result = -CC_EBUSY;
	while (give(f, "client", n, body) == 0)
		n++;
	assert_in_range(n, 3, 4); /* two or three fit */
	assert_hop(f, 0, "busy", n);
	f->dealers[0]->send_result = 0;
	cc_fakehost_tick(f, cc_fake_now + 10);
	assert_int_equal(sent(f, 0), n - 1);
	assert_int_equal(give(f, "client", n, body), 0); /* room again */
}

/* Small messages cost their overhead: a flood of them is bounded too. */
static void test_queue_counts_overhead(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE "queue-bytes = 1M");
	unsigned n = 0;

	f->dealers[0]->send_result = -CC_EBUSY;
	while (publish(f, "") == 0)
		n++;
	assert_in_range(n, 100, (1 << 20) / sizeof(struct cc_msg));
	assert_count(f, "lost", 1);
}

/* What comes while others wait stands behind them. */
static void test_queue_keeps_order(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	f->dealers[0]->send_result = -CC_EBUSY;
	for (unsigned n = 1; n <= 5; n++)
		ask(f, n);
	assert_in_range(f->wake, cc_fake_now, cc_fake_now + 20); /* it tries again soon */
	f->dealers[0]->send_result = 0;
	ask(f, 6);
	assert_int_equal(sent(f, 0), 6);
	for (unsigned n = 1; n <= 6; n++)
		assert_int_equal(number_of(f->dealers[0]->sent.msgs[n - 1]), n);
	assert_count(f, "forwarded", 6);
}

/* A request that expires in the queue is never sent. */
static void test_expires_in_queue(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	f->dealers[0]->send_result = -CC_EBUSY;
	ask(f, 1);
	publish(f, "kept");
	cc_fakehost_tick(f, cc_fake_now + 1000 + LATENESS);
	assert_int_equal(f->n_hops, 1);
	assert_hop(f, 0, "unreachable", 1);
	f->dealers[0]->send_result = 0;
	cc_fakehost_tick(f, cc_fake_now + 10);
	assert_int_equal(sent(f, 0), 1);
	assert_int_equal(f->dealers[0]->sent.msgs[0]->delim, 1);
}

static void test_publications_wait(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	cc_fakehost_dealer_up(f, 0, false);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(publish(f, "{}"), 0);
	cc_fakehost_tick(f, cc_fake_now + 60000);
	assert_int_equal(sent(f, 0), 0);
	cc_fakehost_dealer_up(f, 0, true);
	assert_int_equal(sent(f, 0), 3);
	assert_count(f, "lost", 0);
	assert_int_equal(f->n_hops, 0);
}

static void test_drain(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	f->dealers[0]->send_result = -CC_EBUSY;
	ask(f, 1);
	publish(f, "{}");
	f->dealers[0]->send_result = 0;
	cc_fakehost_drain(f);
	assert_int_equal(sent(f, 0),
			 1); /* the publication; who asked is told that nothing will come */
	assert_hop(f, 0, "unreachable", 1);
}

static void test_drain_without_room(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	f->dealers[0]->send_result = -CC_EBUSY;
	for (unsigned i = 0; i < 3; i++)
		publish(f, "{}");
	cc_fakehost_drain(f);
	assert_int_equal(sent(f, 0), 0);
	assert_count(f, "lost", 3);
}

/* ---- several remotes ---- */

static void test_fail_over(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(TWO);

	assert_int_equal(ask(f, 1), 0); /* sent, waits */
	f->dealers[0]->send_result = -CC_EBUSY;
	ask(f, 2);
	publish(f, "{}");
	ask(f, 3);
	assert_int_equal(sent(f, 1), 0);
	cc_fakehost_dealer_up(f, 0, false);
	assert_int_equal(f->n_hops, 1);
	assert_hop(f, 0, "unreachable", 1); /* whether it was done, nobody knows */
	assert_int_equal(sent(f, 1), 3);    /* the unsent go to the other, in order */
	assert_int_equal(number_of(f->dealers[1]->sent.msgs[0]), 2);
	assert_int_equal(f->dealers[1]->sent.msgs[1]->delim, 1);
	assert_int_equal(number_of(f->dealers[1]->sent.msgs[2]), 3);
	answer_to(f, 1, "client", 2);
	assert_int_equal(f->sent.count, 1);
	ask(f, 4);
	assert_int_equal(sent(f, 1), 4);
	cc_fakehost_dealer_up(f, 1, false); /* the other too */
	assert_int_equal(f->n_hops, 3);
	assert_hop(f, 1, "unreachable", 3);
	assert_hop(f, 2, "unreachable", 4);
	f->dealers[0]->send_result = 0;
	cc_fakehost_dealer_up(f, 0, true);
	assert_int_equal(sent(f, 0), 1); /* nothing was sent twice */
	assert_int_equal(ask(f, 5), 0);
	assert_int_equal(sent(f, 0), 2);
	assert_count(f, "late", 0);
}

/* The other's queue is full: what does not fit is told, nothing is lost in silence. */
static void test_fail_over_into_full_queue(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(TWO "queue-messages = 3");

	f->dealers[0]->send_result = f->dealers[1]->send_result = -CC_EBUSY;
	for (unsigned n = 1; n <= 3; n++)
		ask(f, n);
	cc_fakehost_dealer_up(f, 0, false);
	assert_int_equal(f->n_hops, 0);
	cc_fakehost_dealer_up(f, 0, true);
	for (unsigned n = 4; n <= 6; n++)
		assert_int_equal(ask(f, n), 0);
	cc_fakehost_dealer_up(f, 0, false); /* the other's is full */
	assert_int_equal(f->n_hops, 3);
	for (unsigned n = 4; n <= 6; n++)
		assert_hop(f, n - 4, "unreachable", n);
	f->dealers[1]->send_result = 0;
	cc_fakehost_tick(f, cc_fake_now + 10);
	assert_int_equal(sent(f, 1), 3);
	cc_fakehost_tick(f, cc_fake_now + 1000 + LATENESS);
	assert_int_equal(f->n_hops, 6); /* each ends once */
}

/* All were down; the one that is back takes what waits for the service. */
static void test_publications_by_whoever_is_back(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(TWO);

	cc_fakehost_dealer_up(f, 0, false);
	cc_fakehost_dealer_up(f, 1, false);
	publish(f, "first");
	cc_fakehost_dealer_up(f, 1, true);
	publish(f, "second");
	assert_int_equal(sent(f, 1), 2);
	assert_memory_equal(cc_msg_body(f->dealers[1]->sent.msgs[0]).data, "first", 5);
	cc_fakehost_dealer_up(f, 0, true);
	assert_int_equal(sent(f, 0), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_queue_full_of_messages),
	cmocka_unit_test(test_queue_full_of_octets),
	cmocka_unit_test(test_queue_counts_overhead),
	cmocka_unit_test(test_queue_keeps_order),
	cmocka_unit_test(test_expires_in_queue),
	cmocka_unit_test(test_publications_wait),
	cmocka_unit_test(test_drain),
	cmocka_unit_test(test_drain_without_room),
	cmocka_unit_test(test_fail_over),
	cmocka_unit_test(test_fail_over_into_full_queue),
	cmocka_unit_test(test_publications_by_whoever_is_back),
};

TEST_MAIN(tests)
