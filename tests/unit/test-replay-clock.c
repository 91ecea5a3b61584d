/* SPDX-License-Identifier: ISC */
/* Messages taken once: windows that reloads change, clocks that jump, both at random. */
#include "tests/unit/replaykit.h"

static void test_configure(void **state)
{
	static const struct cc_replay_conf shorter = {10000, AHEAD, 1000, 1000},
					   longer = {1000000, AHEAD, 1000, 1000},
					   narrow = {BACK, AHEAD, 2, 1000},
					   single = {BACK, AHEAD, 1000, 2};
	struct cc_replay *r = replay_new(&usual);
	const int64_t now = T0 + 200000;

	assert_int_equal(add(r, "a", 1, T0 + 1000, now), CC_REPLAY_NEW);
	assert_int_equal(add(r, "a", 2, now, now), CC_REPLAY_NEW);
	assert_int_equal(cc_replay_configure(r, &narrow, now), 0);
	assert_int_equal(add(r, "a", 3, now, now), CC_REPLAY_FULL);
	assert_int_equal(add(r, "a", 2, now, now), CC_REPLAY_SEEN);
	assert_int_equal(cc_replay_configure(r, &single, now), 0);
	assert_int_equal(add(r, "a", 3, now, now), CC_REPLAY_FULL);
	assert_int_equal(add(r, "b", 3, now, now), CC_REPLAY_NEW);
	/* shorter: what is outside goes, and stays old when the window is long again */
	assert_int_equal(cc_replay_configure(r, &shorter, now), 0);
	assert_int_equal(add(r, "a", 1, T0 + 1000, now), CC_REPLAY_OLD);
	assert_int_equal(add(r, "a", 4, now - 10001, now), CC_REPLAY_OLD);
	assert_int_equal(add(r, "a", 4, now - 10000, now), CC_REPLAY_NEW);
	assert_int_equal(cc_replay_configure(r, &longer, now), 0);
	assert_int_equal(cc_replay_earliest(r, now), now - 10000);
	assert_int_equal(add(r, "a", 1, T0 + 1000, now), CC_REPLAY_OLD);
	assert_int_equal(add(r, "a", 5, now - 10001, now), CC_REPLAY_OLD);
	assert_int_equal(add(r, "a", 4, now - 10000, now), CC_REPLAY_SEEN);
	assert_int_equal(add(r, "a", 2, now, now), CC_REPLAY_SEEN);
	/* what is remembered now is so for the longer window */
	assert_int_equal(add(r, "a", 2, now, now + 1000000), CC_REPLAY_SEEN);
	assert_int_equal(add(r, "a", 2, now, now + 1000001), CC_REPLAY_OLD);
	cc_replay_free(r);
}

/* Nobody was there to be forgotten, but the old window had closed all the same. */
static void test_configure_empty(void **state)
{
	const struct cc_replay_conf longer = {2 * BACK, AHEAD, 10, 10};
	struct cc_replay *r = replay_new(&usual);
	const int64_t now = T0 + 3 * BACK;

	assert_int_equal(cc_replay_configure(r, &longer, now), 0);
	assert_int_equal(add(r, "a", 1, now - BACK - 1, now), CC_REPLAY_OLD);
	assert_int_equal(add(r, "a", 1, now - BACK, now), CC_REPLAY_NEW);
	cc_replay_free(r);
}

/* Reloads that change the window again and again ask for more slices than there are. */
#define RELOADS 200
#define RELOAD_BEGIN (T0 + 100000)

static int64_t reload_now(unsigned i)
{
	return RELOAD_BEGIN + 15 * (int64_t)i;
}

static int64_t reload_sent(unsigned i)
{
	return reload_now(i) + 10 + 45 * (int64_t)i;
}

static struct cc_replay *reload_often(void)
{
	struct cc_replay *r = replay_new(&usual);

	for (unsigned i = 0; i < RELOADS; i++) {
		const struct cc_replay_conf conf = {20 + 90 * (int64_t)i, 10 + 45 * (int64_t)i,
						    1000, 1000};

		assert_int_equal(cc_replay_configure(r, &conf, reload_now(i)), 0);
		assert_int_equal(add(r, "a", i, reload_sent(i), reload_now(i)), CC_REPLAY_NEW);
	}
	assert_int_equal(stats(r).ids, RELOADS);
	return r;
}

static void test_configure_often(void **state)
{
	struct cc_replay *r = reload_often();
	int64_t now = reload_now(RELOADS);

	for (; stats(r).ids > 0; now += 40)
		for (unsigned i = 0; i < RELOADS; i++) {
			bool in = reload_sent(i) >= cc_replay_earliest(r, now);

			assert_int_equal(add(r, "a", i, reload_sent(i), now),
					 in ? CC_REPLAY_SEEN : CC_REPLAY_OLD);
		}
	assert_in_range(now, reload_sent(RELOADS), reload_sent(RELOADS) + 22000);
	cc_replay_free(r);
}

/* The same for a time before all slices, and when the clock goes back until some are closed. */
static void test_configure_before(void **state)
{
	const struct cc_replay_conf shorter = {500, 100, 1000, 1000};
	struct cc_replay *r = reload_often();
	const int64_t first = reload_sent(0) - 5;

	assert_int_equal(add(r, "a", 1000, first, reload_now(RELOADS)), CC_REPLAY_NEW);
	assert_int_equal(add(r, "a", 1000, first, reload_now(RELOADS)), CC_REPLAY_SEEN);
	assert_int_equal(cc_replay_configure(r, &shorter, first), 0);
	assert_int_equal(add(r, "a", 1000, first, first), CC_REPLAY_SEEN);
	assert_in_range(stats(r).ids, 1, RELOADS - 1);
	for (unsigned i = 0; i < RELOADS; i++) {
		int v = add(r, "a", i, reload_sent(i), reload_sent(i));

		assert_true(v == CC_REPLAY_SEEN || v == CC_REPLAY_OLD);
	}
	cc_replay_free(r);
}

/* The clock was a year ahead, and is right again. */
static void test_clock_ahead(void **state)
{
	const struct cc_replay_conf conf = {BACK, AHEAD, 100, 100};
	const int64_t year = 365 * 86400000ll, then = T0 + year;
	struct cc_replay *r = replay_new(&conf);

	assert_int_equal(add(r, "a", 1, T0, T0), CC_REPLAY_NEW);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(add(r, "a", i, then + i * 2000, then + i * 2000), CC_REPLAY_NEW);
	assert_int_equal(add(r, "a", 100, then + 200000, then + 200000), CC_REPLAY_FULL);
	/* what was taken before the jump is forgotten, so its time is over */
	assert_int_equal(add(r, "a", 1, T0, T0 + 1), CC_REPLAY_OLD);
	/* the messages from the future do not take the room for a year */
	assert_int_equal(add(r, "a", 1, T0 + 100000, T0 + 100000), CC_REPLAY_NEW);
	assert_int_equal(stats(r).ids, 1);
	/* nor can they be replayed when it has come */
	assert_int_equal(add(r, "a", 1, then + 2000, then + 2000), CC_REPLAY_OLD);
	assert_int_equal(add(r, "a", 99, then + 198000, then + 200000), CC_REPLAY_OLD);
	assert_int_equal(add(r, "a", 1, then + BACK, then + BACK), CC_REPLAY_NEW);
	cc_replay_free(r);
}

/* A small step back, as of a clock that is set right: nothing is forgotten. */
static void test_clock_back(void **state)
{
	struct cc_replay *r = replay_new(&usual);

	assert_int_equal(add(r, "a", 1, T0 + 60000, T0 + 60000), CC_REPLAY_NEW);
	assert_int_equal(add(r, "a", 2, T0 + 1000, T0 + 1000), CC_REPLAY_NEW);
	assert_int_equal(add(r, "a", 1, T0 + 60000, T0 + 1000), CC_REPLAY_OLD); /* ahead */
	assert_int_equal(add(r, "a", 1, T0 + 60000, T0 + 58000), CC_REPLAY_SEEN);
	assert_int_equal(add(r, "a", 2, T0 + 1000, T0 + 58000), CC_REPLAY_SEEN);
	cc_replay_free(r);
}

static void test_clock_absurd(void **state)
{
	static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -T0,		 -1,	   0, 1,
					T0,	   T0 * 1000,	  INT64_MAX - 1, INT64_MAX};
	struct cc_replay *r = replay_new(&usual);

	for (unsigned i = 0; i < 1000; i++) {
		int64_t sent = times[i % 10], now = times[i / 10 % 10];
		int v = add(r, "a", i, sent, now);

		assert_true(v == CC_REPLAY_NEW || v == CC_REPLAY_OLD);
		assert_true(v == CC_REPLAY_OLD || add(r, "a", i, sent, now) == CC_REPLAY_SEEN);
		assert_int_equal(cc_replay_configure(r, &usual, now), 0);
	}
	cc_replay_free(r);
	for (size_t i = 0; i < CC_ARRAY_SIZE(times); i++) {
		assert_int_equal(cc_replay_new(&r, &usual, times[i]), 0);
		assert_int_equal(add(r, "a", 1, times[i], times[i]), CC_REPLAY_OLD);
		cc_replay_free(r);
	}
}

#define TAKEN_MAX 2000

static struct taken {
	int64_t sent;
	unsigned signer;
} taken[TAKEN_MAX];

/*
 * Whatever clock and reloads do, no message passes twice; and where they do nothing, all pass.
 */
static unsigned run_random(unsigned seed, bool jumps)
{
	static const char *const names[] = {"a", "b", "gid:a", "gid:c"};
	struct cc_replay *r = replay_new(&usual);
	int64_t now = T0 + AHEAD;
	unsigned n = 0, replays = 0;

	srand(seed);
	while (n < TAKEN_MAX) {
		unsigned i = n ? (unsigned)rand() % n : 0, s = (unsigned)rand() % 4;
		int64_t sent = now - rand() % AHEAD;
		int v;

		now += rand() % 500;
		if (jumps && rand() % 50 == 0)
			now += rand() % (4 * BACK) - 2 * BACK;
		if (jumps && rand() % 50 == 0) {
			struct cc_replay_conf conf = {1 + rand() % (2 * BACK), rand() % BACK, 1000,
						      400};

			assert_int_equal(cc_replay_configure(r, &conf, now), 0);
		}
		if (jumps)
			sent = now + rand() % BACK - rand() % BACK;
		v = add(r, names[s], n, sent, now);
		if (v == CC_REPLAY_NEW)
			taken[n++] = (struct taken){sent, s};
		else if (!jumps)
			fail_msg("message %u: %d", n, v);
		if (n == 0)
			continue;
		v = add(r, names[taken[i].signer], i, taken[i].sent, now);
		if (v == CC_REPLAY_NEW)
			fail_msg("seed %u: replay of %u passes", seed, i);
		replays += v == CC_REPLAY_SEEN;
	}
	cc_replay_free(r);
	return replays;
}

static void test_random(void **state)
{
	for (unsigned seed = 1; seed <= 30; seed++) {
		assert_true(run_random(seed, false) > 100);
		assert_true(run_random(seed, true) > 10);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_configure),	cmocka_unit_test(test_configure_empty),
	cmocka_unit_test(test_configure_often), cmocka_unit_test(test_configure_before),
	cmocka_unit_test(test_clock_ahead),	cmocka_unit_test(test_clock_back),
	cmocka_unit_test(test_clock_absurd),	cmocka_unit_test(test_random),
};

TEST_MAIN(tests)
