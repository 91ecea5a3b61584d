/* SPDX-License-Identifier: ISC */
#include "lib/base/wheel.h"

#include "lib/base/util.h"
#include "tests/test.h"

#define TURN_MS (CC_WHEEL_SLOT_MS * CC_WHEEL_SLOTS)

static unsigned count_expired(struct cc_wheel *w, int64_t now)
{
	unsigned n = 0;

	while (cc_wheel_expired(w, now))
		n++;
	return n;
}

/* Never early, at most a slot late, wherever in a slot the deadline and the looks at the clock fall. */
static void test_bounds(void **state)
{
	static const int64_t starts[] = {0, 5, 15, 16, 1000003};
	static const int64_t delays[] = {
		0,	     1,	      15,	   16,		 17,	      100,
		TURN_MS - 1, TURN_MS, TURN_MS + 1, TURN_MS + 16, 3 * TURN_MS, 10 * TURN_MS + 7};

	for (size_t s = 0; s < CC_ARRAY_SIZE(starts); s++)
		for (size_t d = 0; d < CC_ARRAY_SIZE(delays); d++) {
			int64_t at = starts[s] + delays[d], now = starts[s];
			struct cc_wheel w;
			struct cc_timer t;

			cc_wheel_init(&w, now);
			cc_wheel_add(&w, &t, at);
			while (!cc_wheel_expired(&w, now) && now <= at + CC_WHEEL_SLOT_MS)
				now++;
			assert_in_range(now, at, at + CC_WHEEL_SLOT_MS);
			assert_int_equal(w.count, 0);
		}
}

/* The owner sleeps until cc_wheel_next: no timer is missed, and each wake-up is later than the one before. */
static void test_next(void **state)
{
	static const int64_t ats[] = {1, 40, 41, 5000, TURN_MS + 40, 20 * TURN_MS};
	struct cc_timer t[CC_ARRAY_SIZE(ats)];
	int64_t now = 0;
	struct cc_wheel w;
	size_t ended = 0;

	cc_wheel_init(&w, now);
	assert_true(cc_wheel_next(&w, now) == INT64_MAX);
	for (size_t i = 0; i < CC_ARRAY_SIZE(ats); i++)
		cc_wheel_add(&w, &t[i], ats[i]);
	while (ended < CC_ARRAY_SIZE(ats)) {
		int64_t next = cc_wheel_next(&w, now);
		struct cc_timer *due;

		assert_true(next > now);
		now = next;
		while ((due = cc_wheel_expired(&w, now))) {
			assert_ptr_equal(due, &t[ended]);
			assert_in_range(now, due->at, due->at + CC_WHEEL_SLOT_MS);
			ended++;
		}
	}
	assert_true(cc_wheel_next(&w, now) == INT64_MAX);
}

static void test_past(void **state)
{
	struct cc_wheel w;
	struct cc_timer a, b;

	cc_wheel_init(&w, 1000);
	cc_wheel_add(&w, &a, 0);
	cc_wheel_add(&w, &b, -5);
	assert_true(cc_wheel_next(&w, 1000) <= 1000 + CC_WHEEL_SLOT_MS);
	assert_int_equal(count_expired(&w, 1000 + CC_WHEEL_SLOT_MS), 2);
}

static void test_remove(void **state)
{
	struct cc_timer t[3];
	struct cc_wheel w;

	cc_wheel_init(&w, 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(t); i++)
		cc_wheel_add(&w, &t[i], 100); /* all in one slot */
	cc_wheel_remove(&w, &t[1]);
	assert_int_equal(w.count, 2);
	assert_ptr_equal(cc_wheel_expired(&w, 200), &t[0]);
	cc_wheel_remove(&w, &t[2]); /* while its slot is being looked at */
	assert_null(cc_wheel_expired(&w, 200));
	assert_int_equal(w.count, 0);
	cc_wheel_add(&w, &t[1], 300); /* may be set again */
	assert_ptr_equal(cc_wheel_expired(&w, 400), &t[1]);
}

/* The process slept, or was stopped: all that is due fires, what is not stays. */
static void test_long_sleep(void **state)
{
	struct cc_timer t[1000], later;
	struct cc_wheel w;

	cc_wheel_init(&w, 0);
	for (int i = 0; i < 1000; i++)
		cc_wheel_add(&w, &t[i], i * 97);
	cc_wheel_add(&w, &later, 1000 * TURN_MS);
	assert_int_equal(count_expired(&w, 500 * TURN_MS), 1000);
	assert_int_equal(w.count, 1);
	assert_int_equal(count_expired(&w, 1000 * TURN_MS - 1), 0);
	assert_ptr_equal(cc_wheel_expired(&w, 1000 * TURN_MS + CC_WHEEL_SLOT_MS), &later);
}

/* A request that is retried as soon as it expires must not keep the loop from ending. */
static void test_add_while_expiring(void **state)
{
	struct cc_timer t;
	struct cc_wheel w;
	unsigned n = 0;

	cc_wheel_init(&w, 0);
	cc_wheel_add(&w, &t, 50);
	while (cc_wheel_expired(&w, 1000) && n < 10) {
		cc_wheel_add(&w, &t, 1001);
		n++;
	}
	assert_int_equal(n, 1);
	assert_int_equal(count_expired(&w, 1100), 1);
}

/* Many timers, most cleared before their time, under a clock that goes on unevenly. */
static void test_random(void **state)
{
	static struct cc_timer t[500];
	static bool set[500];
	struct cc_wheel w;
	int64_t now = 12345;

	srand(1);
	cc_wheel_init(&w, now);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = (unsigned)rand() % 500;
		struct cc_timer *due;

		if (set[i])
			cc_wheel_remove(&w, &t[i]);
		else
			cc_wheel_add(&w, &t[i], now + rand() % 20000);
		set[i] = !set[i];
		now += rand() % 40;
		while ((due = cc_wheel_expired(&w, now))) {
			assert_true(due->at <= now);
			assert_true(set[due - t]);
			set[due - t] = false;
		}
		for (size_t k = 0; k < 500; k++)
			assert_false(set[k] && t[k].at + CC_WHEEL_SLOT_MS <= now);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_bounds),	   cmocka_unit_test(test_next),
	cmocka_unit_test(test_past),	   cmocka_unit_test(test_remove),
	cmocka_unit_test(test_long_sleep), cmocka_unit_test(test_add_while_expiring),
	cmocka_unit_test(test_random),
};

TEST_MAIN(tests)
