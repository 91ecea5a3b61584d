/* SPDX-License-Identifier: ISC */
/* Messages taken once: how many are remembered, in how much memory, and without any. */
#include <malloc.h>

#include "tests/unit/fail-alloc.h"
#include "tests/unit/replaykit.h"

/* Strangers come and go: what is remembered of them is never more than their ids. */
static void test_strangers(void **state)
{
	const struct cc_replay_conf conf = {1000, 0, 4000, 4000};
	struct cc_replay *r = replay_new(&conf);
	uint64_t most = 0, full = 0;
	char name[32];

	for (unsigned i = 0; i < 200000; i++) {
		int64_t now = T0 + i / 2;
		struct cc_replay_stats s;
		int v;

		sprintf(name, "gid:%u", i);
		v = add(r, name, 1, now, now);
		assert_true(v == CC_REPLAY_NEW || v == CC_REPLAY_FULL);
		full += v == CC_REPLAY_FULL;
		if (i % 1000)
			continue;
		s = stats(r);
		assert_in_range(s.signers, 1, s.ids);
		assert_in_range(s.ids, 1, conf.max_ids / 4);
		most = s.bytes > most ? s.bytes : most;
	}
	assert_true(full > 1000);
	assert_in_range(most, 1, stats(r).bytes + 100000); /* it does not grow for ever */
	cc_replay_free(r);
}

/* The same where nobody asks for statistics, which clear up, too. */
static void test_strangers_unseen(void **state)
{
	const struct cc_replay_conf conf = {1000, 0, 4000, 4000};
	struct cc_replay *r = replay_new(&conf);
	size_t before = mallinfo2().uordblks;
	char name[32];

	for (unsigned i = 0; i < 100000; i++) {
		sprintf(name, "gid:%u", i);
		assert_int_equal(add(r, name, 1, T0 + 2 * i, T0 + 2 * i), CC_REPLAY_NEW);
	}
	assert_in_range(mallinfo2().uordblks, 0, before + 2000000);
	cc_replay_free(r);
}

static void test_bound_all(void **state)
{
	const struct cc_replay_conf conf = {BACK, AHEAD, 100, 1000};
	struct cc_replay *r = replay_new(&conf);
	char name[32];

	for (unsigned i = 0; i < 100; i++) {
		sprintf(name, "s%u", i % 7);
		assert_int_equal(add_serial(r, name, i, i, T0, T0), CC_REPLAY_NEW);
	}
	assert_int_equal(add(r, "s0", 1000, T0, T0), CC_REPLAY_FULL);
	assert_int_equal(add(r, "new", 1000, T0, T0), CC_REPLAY_FULL);
	assert_int_equal(add(r, "gid:new", 1000, T0, T0), CC_REPLAY_FULL);
	assert_int_equal(stats(r).signers, 7); /* who finds no room is not remembered */
	for (unsigned i = 0; i < 100; i++) {   /* nothing was forgotten for it */
		sprintf(name, "s%u", i % 7);
		assert_int_equal(add(r, name, i, T0, T0 + BACK), CC_REPLAY_SEEN);
		assert_int_equal(add_serial(r, name, i, i, T0, T0 + BACK), CC_REPLAY_NEW);
	}
	assert_int_equal(stats(r).ids, 100);
	assert_int_equal(add(r, "s0", 1000, T0 + 2 * BACK, T0 + 2 * BACK), CC_REPLAY_NEW);
	assert_int_equal(stats(r).ids, 1);
	cc_replay_free(r);
}

static void test_bound_signer(void **state)
{
	const struct cc_replay_conf conf = {BACK, AHEAD, 1000, 10};
	struct cc_replay *r = replay_new(&conf);

	/* over several slices of time: the bound is of the whole window */
	for (unsigned i = 0; i < 10; i++) {
		int64_t t = T0 + i * (BACK / 20);

		assert_int_equal(add(r, "a", i, t, t), CC_REPLAY_NEW);
	}
	assert_int_equal(add(r, "a", 10, T0 + BACK / 2, T0 + BACK / 2), CC_REPLAY_FULL);
	assert_int_equal(add(r, "gid:a", 10, T0 + BACK / 2, T0 + BACK / 2), CC_REPLAY_NEW);
	assert_int_equal(add(r, "b", 10, T0 + BACK / 2, T0 + BACK / 2), CC_REPLAY_NEW);
	assert_int_equal(add(r, "a", 5, T0 + 5 * (BACK / 20), T0 + BACK / 2), CC_REPLAY_SEEN);
	/* the first of them leave the window: there is room for as many */
	assert_int_equal(add(r, "a", 11, T0 + BACK, T0 + BACK + BACK / 10), CC_REPLAY_NEW);
	/* all of them, with so many others that they are not cleared away at once */
	for (unsigned i = 0; i < 500; i++) {
		char name[32];

		sprintf(name, "s%u", i);
		assert_int_equal(add(r, name, i, T0 + BACK, T0 + 2 * BACK), CC_REPLAY_NEW);
	}
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(add(r, "a", i, T0 + 4 * BACK, T0 + 4 * BACK), CC_REPLAY_NEW);
	cc_replay_free(r);
}

/* All strangers together have a quarter of the room, and leave the rest to others. */
static void test_bound_gid(void **state)
{
	const struct cc_replay_conf conf = {BACK, AHEAD, 40, 40};
	struct cc_replay *r = replay_new(&conf);
	char name[32];

	for (unsigned i = 0; i < 12; i++) {
		sprintf(name, "gid:%u", i);
		assert_int_equal(add(r, name, i, T0, T0), i < 10 ? CC_REPLAY_NEW : CC_REPLAY_FULL);
	}
	assert_int_equal(add(r, "gid:1", 100, T0, T0), CC_REPLAY_FULL);
	assert_int_equal(add(r, "gid:1", 1, T0, T0), CC_REPLAY_SEEN);
	for (unsigned i = 0; i < 31; i++)
		assert_int_equal(add(r, "a", i, T0, T0), i < 30 ? CC_REPLAY_NEW : CC_REPLAY_FULL);
	assert_int_equal(add(r, "gid:x", 1, T0 + 2 * BACK, T0 + 2 * BACK), CC_REPLAY_NEW);
	cc_replay_free(r);
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define MANY 300000 /* their own memory is many times ours */
#else
#define MANY 3000000
#endif

/* At most 64 octets an id, whenever one looks: also when every table has just doubled. */
static void test_memory(void **state)
{
	static const uint64_t counts[] = {10000, 100000, MANY};
	static const unsigned spreads[] = {1, 60000}; /* one slice; four */
	const struct cc_replay_conf conf = {BACK, AHEAD, MANY, MANY};

	for (size_t k = 0; k < CC_ARRAY_SIZE(spreads); k++) {
		struct cc_replay *r = replay_new(&conf);
		uint64_t most = 0;
		size_t next = 0;

		for (uint64_t n = 1; n <= MANY; n++) {
			int64_t t = T0 + (int64_t)(n % spreads[k]);
			struct cc_replay_stats s;

			assert_int_equal(add(r, "front-1", n, t, t), CC_REPLAY_NEW);
			if (n < 10000 || n % (n / 100) != 0)
				continue;
			s = stats(r);
			assert_int_equal(s.ids, n);
			most = s.bytes * 100 / n > most ? s.bytes * 100 / n : most;
			if (s.bytes > 64 * n)
				fail_msg("%llu octets for %llu ids", (unsigned long long)s.bytes,
					 (unsigned long long)n);
			if (n == counts[next]) {
				next++;
				print_message("# %llu ids: %.1f octets each\n",
					      (unsigned long long)n, (double)s.bytes / (double)n);
			}
		}
		print_message("# at most %.2f octets\n", (double)most / 100);
		assert_int_equal(next, CC_ARRAY_SIZE(counts));
		assert_int_equal(add(r, "front-1", 1, T0 + 1 % spreads[k], T0), CC_REPLAY_SEEN);
		cc_replay_free(r);
	}
}

/* Whichever allocation fails, the message is undecided, and may be taken later. */
static void test_no_memory(void **state)
{
	struct cc_replay *r = NULL;
	unsigned failures = 0;
	char name[32];

	alloc_fail_after(0);
	assert_int_equal(cc_replay_new(&r, &usual, START), -CC_ENOMEM);
	assert_null(r);
	r = replay_new(&usual);
	for (unsigned i = 0; i < 3000; i++) {
		int64_t t = T0 + 50 * (int64_t)i;
		int v = -CC_ENOMEM;

		sprintf(name, "s%u", i % 40 * (i % 3));
		for (long n = 0; v == -CC_ENOMEM; n++) {
			struct cc_replay_stats before = stats(r), after;

			alloc_fail_after(n);
			v = add_serial(r, name, i, i, t, t);
			alloc_left = -1;
			after = stats(r);
			assert_in_range(after.signers, 0, after.ids);
			if (v == CC_REPLAY_NEW)
				break;
			assert_int_equal(v, -CC_ENOMEM);
			assert_true(alloc_failed);
			assert_int_equal(after.ids, before.ids);
			assert_int_equal(after.signers, before.signers);
			failures++;
		}
		assert_int_equal(add(r, name, i, t, t), CC_REPLAY_SEEN);
	}
	assert_true(failures > 200);
	assert_int_equal(stats(r).ids, 3000);
	cc_replay_free(r);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_strangers), cmocka_unit_test(test_strangers_unseen),
	cmocka_unit_test(test_bound_all), cmocka_unit_test(test_bound_signer),
	cmocka_unit_test(test_bound_gid), cmocka_unit_test(test_memory),
	cmocka_unit_test(test_no_memory),
};

TEST_MAIN(tests)
