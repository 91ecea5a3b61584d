/* SPDX-License-Identifier: ISC */
/* proxy: when a remote counts as unreachable, and who is told. */
#include "tests/unit/proxykit.h"

/* ---- unreachable ---- */

/* The word comes a little before the caller gives up: it has a way to go. */
static void test_budget(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE "ping = yes");
	int64_t start = cc_fake_now;

	ask(f, 1);
	pong(f, 0);
	cc_fakehost_tick(f, start + 949);
	assert_int_equal(f->n_hops, 0);
	assert_in_range(f->wake, start + 950, start + 950 + LATENESS);
	cc_fakehost_tick(f, start + 950 + LATENESS);
	assert_int_equal(f->n_hops, 1);
	assert_hop(f, 0, "unreachable", 1);
	cc_fakehost_tick(f, start + 3000);
	assert_int_equal(f->n_hops, 1); /* told once */
	answer(f, 1);
	answer(f, 1);
	assert_count(f, "late", 2);
	assert_count(f, "unreachable", 1);
	assert_int_equal(f->sent.count, 0);
}

/* A budget of 0 or beyond the longest counts as one minute. */
static void test_budget_bounds(void **state)
{
	static const uint64_t budgets[] = {0, CC_DEADLINE_MAX_MS + 1, UINT64_MAX, 1ull << 63};

	for (size_t i = 0; i < CC_ARRAY_SIZE(budgets); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);
		cc_cleanup(cc_msg_freep) struct cc_msg *m = message("client", 1, budgets[i], "{}");
		int64_t start = cc_fake_now;

		assert_int_equal(cc_fakehost_handle(f, m), 0);
		cc_fakehost_tick(f, start + 59999);
		assert_int_equal(f->n_hops, 0);
		cc_fakehost_tick(f, start + 60000 + LATENESS);
		assert_int_equal(f->n_hops, 1);
	}
}

static void test_told_are_forgotten(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	ask(f, 1);
	cc_fakehost_tick(f, cc_fake_now + 1100);
	answer(f, 1);
	assert_count(f, "late", 1);
	for (unsigned s = 0; s < 70; s++)
		cc_fakehost_tick(f, cc_fake_now + 1000);
	assert_int_equal(ask(f, 1), 0); /* the id may be used again */
	assert_count(f, "looped", 0);
}

static void test_connection_lost(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(ONE);

	ask(f, 1);
	ask(f, 2);
	publish(f, "{}");
	answer(f, 1);
	cc_fakehost_dealer_up(f, 0, false);
	assert_int_equal(f->n_hops, 1); /* who waits is told, at once */
	assert_hop(f, 0, "unreachable", 2);
	assert_int_equal(ask(f, 3), CC_DROPPED);
	assert_int_equal(f->n_hops, 2);
	assert_hop(f, 1, "unreachable", 3);
	assert_int_equal(sent(f, 0), 3);
	cc_fakehost_dealer_up(f, 0, false); /* said again: nothing new */
	assert_int_equal(f->n_hops, 2);
	cc_fakehost_dealer_up(f, 0, true);
	answer(f, 2);
	assert_count(f, "late", 1);
	assert_int_equal(ask(f, 4), 0);
	assert_int_equal(sent(f, 0), 4);
}

/* Nobody answered the start: ping-timeout after it the remote counts as down. */
static void test_never_connected(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = proxy(ONE "ping-timeout = 2");
	int64_t start = cc_fake_now;

	assert_int_equal(ask(f, 1), 0);
	cc_fakehost_tick(f, start + 900);
	assert_int_equal(f->n_hops, 0);
	cc_fakehost_tick(f, start + 2100);
	assert_int_equal(f->n_hops, 1);
	assert_int_equal(ask(f, 2), CC_DROPPED);
	assert_count(f, "unreachable", 2);
}

/* ---- pings ---- */

static void test_pings(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f =
		connected(ONE "ping = yes\nping-period = 1\nping-timeout = 3");
	int64_t start = cc_fake_now;

	for (int64_t t = start; t <= start + 10000; t += 50) {
		if (cc_fakehost_tick(f, t) && t % 1000 == 0)
			pong(f, 0);
	}
	assert_in_range(f->dealers[0]->pings, 9, 11);
	assert_string_equal(f->dealers[0]->target, "ipc://one");
	assert_count(f, "pings", f->dealers[0]->pings);
	assert_count(f, "unreachable", 0);
	ask(f, 1); /* and now it falls silent */
	for (int64_t t = start + 10050; t <= start + 16000; t += 50)
		cc_fakehost_tick(f, t);
	assert_int_equal(f->n_hops, 1);
	assert_int_equal(ask(f, 2), CC_DROPPED);
	pong(f, 0); /* and is back */
	assert_int_equal(ask(f, 3), 0);
	assert_count(f, "unreachable", 2);
}

/* Pings may be further apart than the time for an answer: silence counts from the ping. */
static void test_rare_pings(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f =
		connected(ONE "ping = yes\nping-period = 10\nping-timeout = 1");
	unsigned pings = 0;

	for (unsigned i = 0; i < 600; i++) {
		cc_fakehost_tick(f, cc_fake_now + 100);
		assert_int_equal(ask(f, i + 1), 0);
		if (f->dealers[0]->pings > pings)
			pong(f, 0);
		pings = f->dealers[0]->pings;
	}
	assert_in_range(pings, 5, 7);
	for (unsigned i = 0; i < 120; i++) /* no more answers: the next ping finds it */
		cc_fakehost_tick(f, cc_fake_now + 100);
	assert_int_equal(ask(f, 1000), CC_DROPPED);
}

static void test_any_traffic_is_life(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f =
		connected(ONE "ping = yes\nping-timeout = 3");

	ask(f, 1);
	for (unsigned i = 0; i < 100; i++) {
		cc_fakehost_tick(f, cc_fake_now + 100);
		answer_to(f, 0, "stranger", 0);
	}
	assert_int_equal(ask(f, 2), 0);
	assert_count(f, "pongs", 0);
}

/* An idle proxy sleeps: the time it asks for is never past, or the server would spin. */
static void test_idle(void **state)
{
	static const char *const options[] = {
		ONE,
		ONE "ping = yes\nping-period = 100\nping-timeout = 1",
		ONE "ping = yes",
		TWO,
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(options); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = connected(options[i]);

		for (unsigned s = 0; s < 20; s++) {
			assert_in_range(cc_fakehost_tick(f, cc_fake_now + 1000), 0, 1);
			assert_true(f->wake > cc_fake_now);
			if (s % 4 == 3)
				pong(f, 0);
		}
		cc_fakehost_dealer_up(f, 0, false);
		for (unsigned s = 0; s < 20; s++) {
			assert_in_range(cc_fakehost_tick(f, cc_fake_now + 1000), 0, 1);
			assert_true(f->wake > cc_fake_now);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_budget),
	cmocka_unit_test(test_budget_bounds),
	cmocka_unit_test(test_told_are_forgotten),
	cmocka_unit_test(test_connection_lost),
	cmocka_unit_test(test_never_connected),
	cmocka_unit_test(test_pings),
	cmocka_unit_test(test_rare_pings),
	cmocka_unit_test(test_any_traffic_is_life),
	cmocka_unit_test(test_idle),
};

TEST_MAIN(tests)
