/* SPDX-License-Identifier: ISC */
#include "lib/cc/strangers.h"

#include "tests/test.h"

#define MS 1000000ll
#define START (1000 * MS)

/* Checks of `cost` for a peer until it is turned away, at most 1000. */
static unsigned exhaust(struct cc_strangers *s, uint64_t peer, int64_t now, int64_t cost)
{
	unsigned n = 0;

	while (n < 1000 && cc_strangers_admit(s, peer, now)) {
		cc_strangers_spent(s, peer, cost);
		n++;
	}
	return n;
}

static void test_share(void **state)
{
	struct cc_strangers *s = cc_strangers_new(2, 50);

	/* half of two threads' 100 ms */
	assert_int_equal(exhaust(s, 1, START, MS), 100);
	assert_false(cc_strangers_admit(s, 1, START + 99 * MS));
	assert_int_equal(exhaust(s, 1, START + 100 * MS, MS), 100);
	cc_strangers_configure(s, 10);
	assert_int_equal(exhaust(s, 1, START + 200 * MS, MS), 20);
	cc_strangers_free(s);
}

/* A newcomer finds the window used up by a flood, but in the next one it has its part. */
static void test_fair(void **state)
{
	struct cc_strangers *s = cc_strangers_new(1, 50);

	assert_int_equal(exhaust(s, 1, START, MS), 50);
	assert_false(cc_strangers_admit(s, 2, START));
	assert_int_equal(exhaust(s, 1, START + 100 * MS, MS), 25);
	assert_int_equal(exhaust(s, 2, START + 100 * MS, MS), 25);
	/* whoever stops asking gives his part back after a window */
	assert_int_equal(exhaust(s, 1, START + 200 * MS, MS), 25);
	assert_int_equal(exhaust(s, 1, START + 300 * MS, MS), 50);
	cc_strangers_free(s);
}

/* One check may cost more than the whole share (a slow machine): one is always let in. */
static void test_one_at_least(void **state)
{
	struct cc_strangers *s = cc_strangers_new(1, 1);

	for (int64_t i = 0; i < 5; i++)
		assert_int_equal(exhaust(s, 1, START + i * 100 * MS, 500 * MS), 1);
	cc_strangers_free(s);
}

/* A clock that went back begins a window; nothing is stuck. */
static void test_clock_back(void **state)
{
	struct cc_strangers *s = cc_strangers_new(1, 50);

	assert_int_equal(exhaust(s, 1, START, MS), 50);
	assert_int_equal(exhaust(s, 1, START - 10 * MS, MS), 50);
	cc_strangers_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_share),
	cmocka_unit_test(test_fair),
	cmocka_unit_test(test_one_at_least),
	cmocka_unit_test(test_clock_back),
};

TEST_MAIN(tests)
