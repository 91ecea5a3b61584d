/* SPDX-License-Identifier: ISC */
/* Messages taken once: verdicts, what is remembered and listed of them, threads. */
#include <pthread.h>

#include "tests/unit/replaykit.h"

static void test_conf(void **state)
{
	static const struct {
		const char *why;
		struct cc_replay_conf conf;
		int r;
	} rows[] = {
		{"usual", {BACK, AHEAD, 10, 10}, 0},
		{"nothing ahead", {1, 0, 1, 1}, 0},
		{"the most", {1, 0, CC_REPLAY_IDS_MAX, UINT64_MAX}, 0},
		{"no window", {0, AHEAD, 10, 10}, -CC_EINVAL},
		{"window below nothing", {-1, AHEAD, 10, 10}, -CC_EINVAL},
		{"endless window", {INT64_MAX, AHEAD, 10, 10}, -CC_EINVAL},
		{"ahead below nothing", {BACK, -1, 10, 10}, -CC_EINVAL},
		{"endless ahead", {BACK, INT64_MAX, 10, 10}, -CC_EINVAL},
		{"no ids", {BACK, AHEAD, 0, 10}, -CC_EINVAL},
		{"too many ids", {BACK, AHEAD, CC_REPLAY_IDS_MAX + 1ull, 10}, -CC_EINVAL},
		{"no ids of a signer", {BACK, AHEAD, 10, 0}, -CC_EINVAL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_replay *old = replay_new(&usual), *r = NULL;

		if (cc_replay_new(&r, &rows[i].conf, START) != rows[i].r ||
		    cc_replay_configure(old, &rows[i].conf, START) != rows[i].r)
			fail_msg("%s", rows[i].why);
		assert_int_equal(r == NULL, rows[i].r != 0);
		if (rows[i].r) /* the old bounds stay */
			assert_int_equal(cc_replay_earliest(old, T0 + BACK + 1), T0 + 1);
		cc_replay_free(r);
		cc_replay_free(old);
	}
	cc_replay_free(NULL);
}

static void test_verdicts(void **state)
{
	static const struct {
		const char *why, *signer;
		uint64_t number;
		uint32_t serial;
		int64_t sent, now; /* after T0 */
		int verdict;
	} rows[] = {
		{"first", "a", 1, 1, 5, 10, CC_REPLAY_NEW},
		{"at a second handler", "a", 1, 1, 5, 11, CC_REPLAY_NEW},
		{"received again", "a", 1, 2, 5, 12, CC_REPLAY_SEEN},
		{"received again, the same serial still passes", "a", 1, 1, 5, 13, CC_REPLAY_NEW},
		{"another id", "a", 2, 3, 5, 14, CC_REPLAY_NEW},
		{"another signer", "b", 1, 4, 5, 15, CC_REPLAY_NEW},
		{"a stranger of the same name", "gid:a", 1, 5, 5, 16, CC_REPLAY_NEW},
		{"the stranger again", "gid:a", 1, 6, 5, 17, CC_REPLAY_SEEN},
		{"a name that starts like it", "ab", 1, 7, 5, 18, CC_REPLAY_NEW},
		{"serial 0", "a", 3, 0, 5, 19, CC_REPLAY_NEW},
		{"serial 0 again", "a", 3, 1, 5, 20, CC_REPLAY_SEEN},
		{"id 0", "a", 0, 8, 5, 21, CC_REPLAY_NEW},
		{"id 0 again", "a", 0, 9, 5, 22, CC_REPLAY_SEEN},
		{"before the start", "a", 4, 10, -1, 23, CC_REPLAY_OLD},
		{"at the first time", "a", 4, 11, 0, 24, CC_REPLAY_NEW},
		{"as far ahead as allowed", "a", 5, 12, 25 + AHEAD, 25, CC_REPLAY_NEW},
		{"too far ahead", "a", 6, 13, 27 + AHEAD, 26, CC_REPLAY_OLD},
		{"just in the window", "a", 7, 14, 10, 10 + BACK, CC_REPLAY_NEW},
		{"just in the window, again", "a", 1, 15, 5, 5 + BACK, CC_REPLAY_SEEN},
		{"just outside of it", "a", 8, 16, 9, 10 + BACK, CC_REPLAY_OLD},
		{"outside of it, taken before", "a", 1, 1, 5, 6 + BACK, CC_REPLAY_OLD},
		{"long ago", "a", 9, 17, INT64_MIN, 30, CC_REPLAY_OLD},
		{"never", "a", 9, 18, INT64_MAX, 30, CC_REPLAY_OLD},
	};
	struct cc_replay *r = replay_new(&usual);

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		int64_t sent = rows[i].sent;

		if (sent > INT64_MIN && sent < INT64_MAX)
			sent += T0;
		if (add_serial(r, rows[i].signer, rows[i].number, rows[i].serial, sent,
			       T0 + rows[i].now) != rows[i].verdict)
			fail_msg("%s", rows[i].why);
	}
	cc_replay_free(r);
}

/* Every octet of an id counts, and so do long names that differ at their end. */
static void test_identity(void **state)
{
	struct cc_replay *r = replay_new(&usual);
	char name[CC_SIGNER_NAME_MAX + 1];
	uint8_t id[16] = {0};
	static struct cc_signer s;

	assert_int_equal(cc_replay_add(r, signer("a"), id, 1, T0, T0), CC_REPLAY_NEW);
	for (size_t i = 0; i < 16; i++) {
		memset(id, 0, sizeof(id));
		id[i] = 0x80;
		assert_int_equal(cc_replay_add(r, signer("a"), id, 1, T0, T0), CC_REPLAY_NEW);
		assert_int_equal(cc_replay_add(r, signer("a"), id, 2, T0, T0), CC_REPLAY_SEEN);
	}
	memset(name, 'n', CC_SIGNER_NAME_MAX);
	name[CC_SIGNER_NAME_MAX] = 0;
	for (char c = 'a'; c < 'f'; c++) {
		name[CC_SIGNER_NAME_MAX - 1] = c;
		signer_init(&s, CC_CLASS_BUS, name);
		assert_int_equal(cc_replay_add(r, &s, id, 1, T0, T0), CC_REPLAY_NEW);
		assert_int_equal(cc_replay_add(r, &s, id, 2, T0, T0), CC_REPLAY_SEEN);
	}
	assert_int_equal(stats(r).ids, 17 + 5);
	assert_int_equal(stats(r).signers, 6);
	cc_replay_free(r);
}

static void test_earliest(void **state)
{
	struct cc_replay *r = replay_new(&usual);

	assert_int_equal(cc_replay_earliest(r, START), T0);
	assert_int_equal(cc_replay_earliest(r, START - 1000000), T0);
	assert_int_equal(cc_replay_earliest(r, T0 + BACK), T0);
	assert_int_equal(cc_replay_earliest(r, T0 + BACK + 7), T0 + 7);
	assert_true(cc_replay_earliest(r, INT64_MAX) > T0);
	assert_int_equal(cc_replay_earliest(r, INT64_MIN), T0);
	for (int64_t now = T0; now < T0 + 3 * BACK; now += 9973) {
		int64_t t = cc_replay_earliest(r, now);

		assert_int_equal(add(r, "a", (uint64_t)now, t - 1, now), CC_REPLAY_OLD);
		assert_int_equal(add(r, "a", (uint64_t)now, t, now), CC_REPLAY_NEW);
	}
	cc_replay_free(r);
}

/* Remembered up to the last moment at which it would pass, wherever in a slice its time is. */
static void test_last_moment(void **state)
{
	struct cc_replay *r = replay_new(&usual);

	for (unsigned i = 0; i < 20000; i++)
		assert_int_equal(add(r, "a", i, T0 + i, T0 + 20000), CC_REPLAY_NEW);
	for (unsigned i = 0; i < 20000; i++) {
		assert_int_equal(add(r, "a", i, T0 + i, T0 + i + BACK), CC_REPLAY_SEEN);
		assert_int_equal(add(r, "a", i, T0 + i, T0 + i + BACK + 1), CC_REPLAY_OLD);
	}
	cc_replay_free(r);
}

/* What has left the window leaves the memory, together with signers that have nothing else. */
static void test_expiry(void **state)
{
	struct cc_replay *r = replay_new(&usual);
	struct cc_replay_stats s, empty = stats(r);
	struct cc_replay_signer out[2];
	char name[32];

	for (unsigned i = 0; i < 20000; i++) {
		sprintf(name, "gid:%u", i);
		assert_int_equal(add(r, name, i, T0 + i, T0 + i), CC_REPLAY_NEW);
		assert_int_equal(add(r, "b", i, T0 + i, T0 + i), CC_REPLAY_NEW);
	}
	s = stats(r);
	assert_int_equal(s.ids, 40000);
	assert_int_equal(s.signers, 20001);
	assert_int_equal(add(r, "b", 1, T0 + 1, T0 + BACK), CC_REPLAY_SEEN);
	/* one slice more than the window at most */
	assert_int_equal(add(r, "c", 1, T0 + 2 * BACK, T0 + 2 * BACK), CC_REPLAY_NEW);
	assert_int_equal(cc_replay_list(r, out, 2), 1); /* also before they are cleared away */
	s = stats(r);
	assert_int_equal(s.ids, 1);
	assert_int_equal(s.signers, 1);
	/* but for what maps and numbers keep for the next */
	assert_in_range(s.bytes, empty.bytes, empty.bytes + 20000 * 48);
	cc_replay_free(r);
}

static void test_list(void **state)
{
	static const struct {
		const char *name;
		unsigned ids;
	} rows[] = {{"c", 3}, {"gid:d", 5}, {"a", 3}, {"e", 1}, {"b", 3}};
	static const char *const order[] = {"d", "a", "b", "c", "e"};
	struct cc_replay *r = replay_new(&usual);
	struct cc_replay_signer out[10];
	uint64_t n = 0;

	assert_int_equal(cc_replay_list(r, out, 10), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		for (unsigned k = 0; k < rows[i].ids; k++)
			assert_int_equal(add(r, rows[i].name, ++n, T0, T0 + 100 * (int64_t)i + k),
					 CC_REPLAY_NEW);
	/* what does not pass is no sign of life */
	assert_int_equal(add(r, "a", 9, T0, T0 + 5000), CC_REPLAY_SEEN);
	assert_int_equal(add(r, "a", 1000, START, T0 + 5000), CC_REPLAY_OLD);
	assert_int_equal(cc_replay_list(r, out, 0), 0);
	for (size_t max = 1; max <= 10; max++) {
		memset(out, 0xff, sizeof(out));
		assert_int_equal(cc_replay_list(r, out, max), max < 5 ? max : 5);
		for (size_t i = 0; i < max && i < 5; i++)
			assert_string_equal(out[i].name, order[i]);
		if (max < 10)
			assert_int_equal((uint8_t)out[max].name[0], 0xff);
	}
	assert_int_equal(out[0].cls, CC_CLASS_GID);
	assert_int_equal(out[0].ids, 5);
	assert_int_equal(out[0].last_ms, T0 + 104);
	assert_int_equal(out[1].cls, CC_CLASS_BUS);
	assert_int_equal(out[1].ids, 3);
	assert_int_equal(out[1].last_ms, T0 + 202);
	/* those in the window alone */
	assert_int_equal(add(r, "z", 1, T0 + 2 * BACK, T0 + 2 * BACK), CC_REPLAY_NEW);
	assert_int_equal(cc_replay_list(r, out, 10), 1);
	assert_string_equal(out[0].name, "z");
	cc_replay_free(r);
}

/* More signers than are looked at under one lock. */
static void test_long_list(void **state)
{
	struct cc_replay *r = replay_new(&usual);
	struct cc_replay_signer out[3];
	char name[32];

	for (unsigned i = 0; i < 5000; i++) {
		sprintf(name, "s%04u", i);
		for (unsigned k = 0; k <= i / 2499; k++)
			assert_int_equal(add(r, name, k, T0, T0), CC_REPLAY_NEW);
	}
	assert_int_equal(cc_replay_list(r, out, 3), 3);
	assert_string_equal(out[0].name, "s4998");
	assert_string_equal(out[1].name, "s4999");
	assert_string_equal(out[2].name, "s2499");
	cc_replay_free(r);
}

#define THREADS 4
#define MESSAGES 40000

struct crowd {
	struct cc_replay *r;
	unsigned verdicts[MESSAGES]; /* how often each message was new */
	unsigned wrong;
	bool done;
};

struct member {
	struct crowd *crowd;
	unsigned number;
	pthread_t thread;
};

static int64_t sent_at(unsigned message)
{
	return T0 + AHEAD + message / 2; /* 20 s at a window of 5 */
}

/* All take every message, as if each thread had received it. */
static void *take_all(void *arg)
{
	struct member *m = arg;
	struct cc_signer s;
	char name[32];

	for (unsigned i = 0; i < MESSAGES; i++) {
		uint8_t id[16] = {0};
		int v;

		sprintf(name, "s%u", i % 500);
		signer_init(&s, i % 3 ? CC_CLASS_BUS : CC_CLASS_GID, name);
		memcpy(id, &i, sizeof(i));
		v = cc_replay_add(m->crowd->r, &s, id, m->number, sent_at(i), sent_at(i));
		if (v == CC_REPLAY_NEW)
			__atomic_add_fetch(&m->crowd->verdicts[i], 1, __ATOMIC_RELAXED);
		else if (v != CC_REPLAY_SEEN && v != CC_REPLAY_OLD)
			__atomic_add_fetch(&m->crowd->wrong, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* An operator who looks and reloads all the time. */
static void *look(void *arg)
{
	struct crowd *c = arg;
	struct cc_replay_conf conf = {5000, 20000, 1000000, 1000000};
	struct cc_replay_signer out[4];
	struct cc_replay_stats s;

	while (!__atomic_load_n(&c->done, __ATOMIC_RELAXED)) {
		cc_replay_get_stats(c->r, &s);
		if (s.signers > s.ids || cc_replay_list(c->r, out, 4) > 4)
			__atomic_add_fetch(&c->wrong, 1, __ATOMIC_RELAXED);
		conf.max_ids ^= 1;
		cc_replay_configure(c->r, &conf, START);
		cc_replay_earliest(c->r, START);
	}
	return NULL;
}

static void test_threads(void **state)
{
	static struct crowd crowd;
	const struct cc_replay_conf conf = {5000, 20000, 1000000, 1000000};
	struct member members[THREADS];
	pthread_t looker;
	unsigned news = 0;

	crowd.r = NULL;
	assert_int_equal(cc_replay_new(&crowd.r, &conf, START - 20000), 0);
	assert_int_equal(pthread_create(&looker, NULL, look, &crowd), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		members[i] = (struct member){.crowd = &crowd, .number = i + 1};
		assert_int_equal(pthread_create(&members[i].thread, NULL, take_all, &members[i]),
				 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(members[i].thread, NULL), 0);
	__atomic_store_n(&crowd.done, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(looker, NULL), 0);
	assert_int_equal(crowd.wrong, 0);
	for (unsigned i = 0; i < MESSAGES; i++) {
		assert_in_range(crowd.verdicts[i], 0, 1);
		news += crowd.verdicts[i];
	}
	/* a thread that another one left behind by more than the window finds its messages old */
	assert_int_equal(news, MESSAGES);
	cc_replay_free(crowd.r);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_conf),	    cmocka_unit_test(test_verdicts),
	cmocka_unit_test(test_identity),    cmocka_unit_test(test_earliest),
	cmocka_unit_test(test_last_moment), cmocka_unit_test(test_expiry),
	cmocka_unit_test(test_list),	    cmocka_unit_test(test_long_list),
	cmocka_unit_test(test_threads),
};

TEST_MAIN(tests)
