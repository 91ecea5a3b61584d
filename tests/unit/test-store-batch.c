/* SPDX-License-Identifier: ISC */
/* Many at once: batches, what one write does to the others, bounds, notes, the chain of audit. */
#include <pthread.h>
#include <stdio.h>

#include "lib/store/queue.h"
#include "tests/unit/storekit.h"

#define WRITERS 16
#define EACH 20

/* ---- a run that waits until it is told ---- */

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool entered, open;
};
#define GATE_INIT                                                                                  \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false                  \
	}

static int wait_at(struct st_tx *tx, void *arg)
{
	struct gate *g = arg;

	pthread_mutex_lock(&g->lock);
	g->entered = true;
	pthread_cond_broadcast(&g->moved);
	while (!g->open)
		pthread_cond_wait(&g->moved, &g->lock);
	pthread_mutex_unlock(&g->lock);
	return 0;
}

static void wait_entered(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	while (!g->entered)
		pthread_cond_wait(&g->moved, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static void open_gate(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->moved);
	pthread_mutex_unlock(&g->lock);
}

struct holder {
	struct kit *k;
	struct gate gate;
	bool read;
	int r;
	pthread_t thread;
};

static void *hold(void *arg)
{
	struct holder *h = arg;
	struct st_write w = {.run = wait_at, .arg = &h->gate, .deadline = kit_in(60)};

	h->r = h->read ? st_read(h->k->s, kit_in(60), wait_at, &h->gate, NULL)
		       : st_write(h->k->s, &w, NULL);
	return NULL;
}

static void start_holding(struct holder *h, struct kit *k, bool read)
{
	*h = (struct holder){.k = k, .gate = GATE_INIT, .read = read};
	assert_int_equal(pthread_create(&h->thread, NULL, hold, h), 0);
	wait_entered(&h->gate);
}

static void end_holding(struct holder *h)
{
	open_gate(&h->gate);
	pthread_join(h->thread, NULL);
	assert_int_equal(h->r, 0);
}

/* ---- many writers ---- */

struct writer {
	struct kit *k;
	unsigned number;
	unsigned bad;
	pthread_t thread;
};

/* Every third fails, by a constraint, an outcome of its own, or an error of its own. */
static void *write_many(void *arg)
{
	struct writer *me = arg;

	for (unsigned i = 0; i < EACH; i++) {
		char name[32];
		struct kit_row row = {.name = name, .outcome = i % 3 ? 0 : i % 2 ? 5 : -CC_EDENIED};
		struct st_write w = {.run = kit_insert, .arg = &row, .deadline = kit_in(60)};

		snprintf(name, sizeof(name), "%u/%u", me->number, i % 7 == 6 ? i - 1 : i);
		me->bad += st_write(me->k->s, &w, NULL) !=
			   (i % 7 == 6 && (i - 1) % 3 ? -CC_EEXIST : row.outcome);
	}
	return NULL;
}

/* While the first is held, the others gather, and are one batch: less of them than of writes. */
static void test_batches(void **state)
{
	struct kit *k = kit_of(state);
	struct writer writers[WRITERS];
	struct st_stats before, after;
	struct holder h;
	int64_t wanted = 0;

	kit_open(k);
	st_get_stats(k->s, &before);
	start_holding(&h, k, false);
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){.k = k, .number = i};
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]),
				 0);
	}
	do
		st_get_stats(k->s, &after);
	while (after.waiting < WRITERS);
	end_holding(&h);
	for (unsigned i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].bad, 0);
	}
	for (unsigned i = 0; i < EACH; i++)
		wanted += i % 3 && !(i % 7 == 6 && (i - 1) % 3);
	assert_int_equal(kit_count(k, "%"), WRITERS * wanted);
	st_get_stats(k->s, &after);
	assert_int_equal(after.writes - before.writes, WRITERS * EACH + 1);
	assert_true(after.batches - before.batches < WRITERS * EACH / 2);
	assert_int_equal(after.waiting, 0);
	kit_verify(k);
}

/* ---- bounds ---- */

static void test_deadline(void **state)
{
	struct kit *k = kit_of(state);
	struct kit_row row = {.name = "late"};
	struct st_write w = {.run = kit_insert, .arg = &row};
	struct holder h;

	kit_open(k);
	start_holding(&h, k, false);
	w.deadline = kit_in(0.05);
	assert_int_equal(st_write(k->s, &w, &k->why), -CC_ETIMEOUT);
	assert_true(cc_clock_ms() >= w.deadline);
	w.deadline = kit_in(-1);
	assert_int_equal(st_write(k->s, &w, &k->why), -CC_ETIMEOUT);
	end_holding(&h);
	assert_int_equal(st_write(k->s, &w, &k->why), -CC_ETIMEOUT);
	assert_int_equal(row.runs, 0);
	assert_int_equal(kit_write(k, "one", NULL), 0);
	assert_int_equal(kit_count(k, "%"), 1);
}

static void test_readers(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);
	struct gate open = GATE_INIT;
	struct holder h;

	conf.readers = 1;
	assert_int_equal(st_open(&k->s, &conf, &k->why), 0);
	open.open = true;
	start_holding(&h, k, true);
	assert_int_equal(st_read(k->s, kit_in(0.05), wait_at, &open, &k->why), -CC_ETIMEOUT);
	assert_int_equal(k->why.code, CC_ETIMEOUT);
	assert_int_equal(kit_write(k, "writes do not wait for readers", NULL), 0);
	end_holding(&h);
	assert_int_equal(st_read(k->s, kit_in(20), wait_at, &open, &k->why), 0);
}

/* A reader sees one state, whatever is written while it reads. */
static int count_twice(struct st_tx *tx, void *arg)
{
	static const struct st_sql count = {"SELECT COUNT(*) FROM job"};
	int64_t first, second;

	assert_int_equal(st_number(tx, &count, NULL, 0, &first), 0);
	assert_int_equal(kit_write(arg, "while it reads", NULL), 0);
	assert_int_equal(st_number(tx, &count, NULL, 0, &second), 0);
	return first == second ? 0 : -CC_EINTERNAL;
}

static void test_snapshot(void **state)
{
	struct kit *k = kit_of(state);

	kit_open(k);
	assert_int_equal(st_read(k->s, kit_in(20), count_twice, k, &k->why), 0);
	assert_int_equal(kit_count(k, "%"), 1);
}

static int never(struct st_tx *tx, void *arg)
{
	return -CC_EINTERNAL;
}

static void test_queue_full(void **state)
{
	struct st_write w = {.run = never, .deadline = INT64_MAX};
	struct cc_note why = {0};
	struct st_queue q;
	char line[1000];
	int r;

	assert_int_equal(st_queue_init(&q), 0);
	q.count = ST_QUEUE_MAX;
	assert_int_equal(st_queue_run(&q, &w, &why), -CC_EBUSY);
	assert_int_equal(why.code, CC_EBUSY);
	memset(line, 'x', sizeof(line));
	for (size_t sum = 0; sum + sizeof(line) < ST_NOTES_MAX; sum += sizeof(line) + 1)
		assert_int_equal(st_queue_note(&q, line, sizeof(line)), 0);
	assert_int_equal(st_queue_note(&q, line, sizeof(line)), -CC_EBUSY);
	q.count = 0;
	st_queue_stop(&q);
	r = st_queue_run(&q, &w, &why);
	assert_int_equal(r, -CC_EBUSY);
	st_queue_deinit(&q);
}

/* What is asked for before the end is done. */
static void *write_one(void *arg)
{
	struct writer *me = arg;
	char name[16];

	snprintf(name, sizeof(name), "%u", me->number);
	me->bad = kit_write(&(struct kit){.s = me->k->s}, name, NULL) != 0;
	return NULL;
}

static void test_close_ends_writes(void **state)
{
	struct kit *k = kit_of(state);
	struct writer writers[WRITERS];
	struct st_stats stats;
	struct holder h;

	kit_open(k);
	start_holding(&h, k, false);
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){.k = k, .number = i};
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_one, &writers[i]),
				 0);
	}
	do
		st_get_stats(k->s, &stats);
	while (stats.waiting < WRITERS);
	assert_int_equal(st_note(k->s, "{\"last\": 1}", 11), 0);
	end_holding(&h);
	for (unsigned i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].bad, 0);
	}
	st_closep(&k->s);
	assert_int_equal(kit_number(k, "SELECT COUNT(*) FROM job"), WRITERS);
	assert_int_equal(kit_number(k, "SELECT COUNT(*) FROM audit WHERE entries LIKE '%last%'"),
			 1);
}

/* ---- audit ---- */

static int keep_lines(void *arg, const struct st_audit_row *row)
{
	assert_int_equal(strlen(row->entries), row->len);
	return cc_buf_put(arg, row->entries, row->len);
}

static int audited(struct kit *k, const char *name, const char *line, int outcome)
{
	struct cc_buf audit = CC_BUF_INIT(1 << 24);
	struct kit_row row = {.name = name, .outcome = outcome};
	struct st_write w = {
		.run = kit_insert, .arg = &row, .audit = &audit, .deadline = kit_in(20)};
	int r;

	cc_buf_puts(&audit, line);
	r = st_write(k->s, &w, &k->why);
	cc_buf_deinit(&audit);
	return r;
}

static void test_audit(void **state)
{
	struct kit *k = kit_of(state);
	struct cc_buf lines = CC_BUF_INIT(1 << 20);
	struct st_audit_verdict v;

	kit_open(k);
	assert_int_equal(st_note(k->s, "note", 4), 0);
	assert_int_equal(audited(k, "one", "did", 0), 0);
	assert_int_equal(audited(k, "two", "refused", 9), 9);
	assert_int_equal(audited(k, "one", "exists", 0), -CC_EEXIST);
	/* such lines would be read as two, or as none */
	assert_int_equal(audited(k, "bad", "a\nb", 0), -CC_EFORMAT);
	assert_int_equal(audited(k, "bad", "\xff", 0), -CC_EFORMAT);
	assert_int_equal(st_note(k->s, "a\nb", 3), -CC_EFORMAT);
	assert_int_equal(st_note(k->s, "a\0b", 3), -CC_EFORMAT);
	assert_int_equal(st_note(k->s, "", ST_NOTE_MAX + 1), -CC_ELIMIT);
	assert_int_equal(kit_count(k, "%"), 1);
	assert_int_equal(st_audit_each(k->s, 0, kit_in(20), keep_lines, &lines, &k->why), 0);
	assert_string_equal((char *)lines.data, "note\ndid\nrefused\nexists\n");
	cc_buf_reset(&lines);
	assert_int_equal(st_audit_each(k->s, INT64_MAX, kit_in(20), keep_lines, &lines, &k->why),
			 0);
	assert_int_equal(lines.len, 0);
	assert_int_equal(st_audit_verify(k->s, kit_in(20), &v, &k->why), 0);
	assert_string_equal(v.bad, "");
	assert_int_equal(v.entries, 4);
	assert_int_equal(v.instances, 1);
	cc_buf_deinit(&lines);
}

/* A note is written with no batch to go with, too. */
static void test_note_alone(void **state)
{
	struct kit *k = kit_of(state);
	int64_t end = kit_in(20);

	kit_open(k);
	assert_int_equal(st_note(k->s, "alone", 5), 0);
	while (kit_number(k, "SELECT COUNT(*) FROM audit") < 1)
		assert_true(cc_clock_ms() < end);
	kit_verify(k);
}

/* Two programs, two chains. More rows than are read at once. */
static void test_chains(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);
	struct kit other = {0};
	struct st_audit_verdict v;
	struct cc_buf lines = CC_BUF_INIT(1 << 20);

	kit_open(k);
	conf.instance = "other";
	assert_int_equal(st_open(&other.s, &conf, &k->why), 0);
	for (int i = 0; i < 100; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(audited(i % 3 ? k : &other, name, name, 0), 0);
	}
	assert_int_equal(st_audit_verify(k->s, kit_in(20), &v, &k->why), 0);
	assert_string_equal(v.bad, "");
	assert_int_equal(v.instances, 2);
	assert_int_equal(v.rows, 100);
	assert_int_equal(st_audit_each(k->s, 0, kit_in(20), keep_lines, &lines, &k->why), 0);
	assert_int_equal(lines.len, 10 * 2 + 90 * 3);
	cc_buf_deinit(&lines);
	st_close(other.s);
}

/* Whatever is done to a row behind the store's back is seen. */
static void test_chain_breaks(void **state)
{
	static const char *const deeds[] = {
		"UPDATE audit SET entries = 'x' WHERE number = 3",
		"UPDATE audit SET at = at + 1 WHERE number = 3",
		"UPDATE audit SET hash = previous WHERE number = 3",
		"DELETE FROM audit WHERE number = 3",
		"DELETE FROM audit WHERE number = 1",
		"UPDATE audit SET number = number + 10 WHERE number >= 3",
		("UPDATE audit SET number = 9 WHERE number = 2;"
		 "UPDATE audit SET number = 2 WHERE number = 3;"
		 "UPDATE audit SET number = 3 WHERE number = 9"),
		"UPDATE audit SET instance = 'else'",
		("INSERT INTO audit SELECT instance, 6, at, entries, hash, hash FROM audit"
		 " WHERE number = 5"),
	};
	struct kit *k = kit_of(state);

	kit_open(k);
	for (int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(audited(k, name, name, 0), 0);
	}
	kit_verify(k);
	kit_sql(k, "CREATE TABLE kept AS SELECT * FROM audit");
	for (size_t i = 0; i < CC_ARRAY_SIZE(deeds); i++) {
		struct st_audit_verdict v;

		kit_sql(k, deeds[i]);
		assert_int_equal(st_audit_verify(k->s, kit_in(20), &v, &k->why), 0);
		if (!v.bad[0])
			fail_msg("not seen: %s", deeds[i]);
		kit_sql(k, "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept");
		kit_verify(k);
	}
}

static const struct CMUnitTest tests[] = {
	STORE_TEST(test_batches),
	STORE_TEST(test_deadline),
	STORE_TEST(test_readers),
	STORE_TEST(test_snapshot),
	cmocka_unit_test(test_queue_full),
	STORE_TEST(test_close_ends_writes),
	STORE_TEST(test_audit),
	STORE_TEST(test_note_alone),
	STORE_TEST(test_chains),
	STORE_TEST(test_chain_breaks),
};

TEST_MAIN(tests)
