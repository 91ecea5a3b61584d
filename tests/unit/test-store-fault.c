/* SPDX-License-Identifier: ISC */
/* What fails under the store: connections, commits without an answer, locks of others, a full disk. */
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/pgproxy.h"
#include "tests/unit/storekit.h"

static struct pgproxy proxy;

/* The store of a test behind the proxy; only of PostgreSQL. */
static struct kit *open_behind_proxy(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);

	proxy_start(&proxy, k->url);
	conf.url = proxy.url;
	conf.deadline_ms = 1000;
	if (st_open(&k->s, &conf, &k->why))
		fail_msg("open: %s", k->why.text);
	return k;
}

static void close_behind_proxy(struct kit *k)
{
	st_closep(&k->s);
	proxy_end(&proxy);
}

static int audited_insert(struct kit *k, struct kit_row *row, const char *op)
{
	struct cc_buf audit = CC_BUF_INIT(100);
	struct st_write w = {.signer = "s",
			     .op = op,
			     .run = kit_insert,
			     .arg = row,
			     .audit = &audit,
			     .deadline = kit_in(20)};
	int r;

	cc_buf_puts(&audit, row->name);
	r = st_write(k->s, &w, &k->why);
	cc_buf_deinit(&audit);
	return r;
}

/* A commit that gets no answer is found, or made again; never both, with an op or without. */
static void test_commit_in_doubt(void **state)
{
	static const struct {
		enum proxy_mode mode;
		const char *op;
		int runs;
	} rows[] = {
		{PROXY_CUT_BEFORE, NULL, 2},
		{PROXY_CUT_AFTER, NULL, 1},
		{PROXY_CUT_BEFORE, "op", 2},
		{PROXY_CUT_AFTER, "op 2", 1},
	};
	struct kit *k = open_behind_proxy(state);
	struct st_stats stats;

	assert_int_equal(kit_write(k, "connects", NULL), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char name[16];
		struct kit_row row = {.name = name};

		snprintf(name, sizeof(name), "row %zu", i);
		assert_int_equal(st_note(k->s, "note", 4), 0);
		proxy.mode = rows[i].mode;
		assert_int_equal(audited_insert(k, &row, rows[i].op), 0);
		assert_int_equal(row.runs, rows[i].runs);
		assert_int_equal(kit_count(k, name), 1);
	}
	st_get_stats(k->s, &stats);
	assert_int_equal(stats.reconnects, CC_ARRAY_SIZE(rows));
	assert_true(stats.retries >= CC_ARRAY_SIZE(rows));
	kit_verify(k);
	st_closep(&k->s);
	/* each line once */
	assert_int_equal(
		kit_number(k, "SELECT SUM(length(entries) - length(replace(entries, 'row', 'ro')))"
			      " FROM audit"),
		CC_ARRAY_SIZE(rows));
	assert_int_equal(
		kit_number(k,
			   "SELECT SUM(length(entries) - length(replace(entries, 'note', 'not')))"
			   " FROM audit"),
		CC_ARRAY_SIZE(rows));
	close_behind_proxy(k);
}

static int count_all(struct st_tx *tx, void *arg)
{
	static const struct st_sql count = {"SELECT COUNT(*) FROM job"};

	return st_number(tx, &count, NULL, 0, arg);
}

/* A server that does not answer costs a deadline, not more, and is used again when it does. */
static void test_hang(void **state)
{
	struct kit *k = open_behind_proxy(state);
	struct kit_row row = {.name = "one"};
	struct st_write w = {.signer = "s", .op = "1", .run = kit_insert, .arg = &row};
	struct st_conf conf = kit_conf(k);
	struct st_store *other = NULL;
	int64_t begun, n;
	int r;

	assert_int_equal(kit_count(k, "%"), 0);
	proxy.mode = PROXY_HANG;
	for (int i = 0; i < 3; i++) {
		begun = cc_clock_ms();
		w.deadline = kit_in(0.4);
		assert_int_equal(st_write(k->s, &w, &k->why), -CC_ETIMEOUT);
		assert_in_range(cc_clock_ms() - begun, 400, 2400);
		begun = cc_clock_ms();
		assert_int_equal(st_read(k->s, kit_in(0.4), count_all, &n, &k->why), -CC_ETIMEOUT);
		assert_in_range(cc_clock_ms() - begun, 400, 2400);
	}
	conf.url = proxy.url;
	conf.deadline_ms = 300;
	assert_int_equal(st_open(&other, &conf, &k->why), -CC_ETIMEOUT);
	proxy.mode = PROXY_FORWARD;
	w.deadline = kit_in(20);
	r = st_write(k->s, &w, &k->why);
	assert_true(r == 0 || r == ST_REPEATED);
	assert_int_equal(kit_count(k, "%"), 1);
	close_behind_proxy(k);
}

/* ---- connections that end ---- */

static int end_own_connection(struct st_tx *tx, void *arg)
{
	static const struct st_sql end = {"SELECT pg_terminate_backend(pg_backend_pid())"};
	struct kit_row *row = arg;
	int64_t n;

	return row->runs++ == 0 ? st_number(tx, &end, NULL, 0, &n) : kit_insert(tx, row);
}

static void test_connection_ends(void **state)
{
	struct kit *k = kit_of(state);
	struct kit_row row = {.name = "one"};
	struct st_write w = {.run = end_own_connection, .arg = &row};

	kit_open(k);
	w.deadline = kit_in(20);
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	assert_int_equal(row.runs, 3);
	/* and between two writes, of readers and the writer */
	kit_number(k, "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
		      " WHERE application_name = 'ccfed' AND datname = current_database()");
	assert_int_equal(kit_count(k, "%"), 1);
	assert_int_equal(kit_write(k, "two", NULL), 0);
	assert_int_equal(kit_count(k, "%"), 2);
	kit_verify(k);
}

/* ---- another program ---- */

struct racer {
	struct kit k;
	struct kit_row row;
	int r;
	pthread_t thread;
};

static void *race(void *arg)
{
	struct racer *me = arg;

	me->r = audited_insert(&me->k, &me->row, "the same");
	return NULL;
}

/* An operation that several ccservers are asked for at once is done by one of them. */
static void test_op_race(void **state)
{
	struct kit *k = kit_of(state);
	struct racer racers[4] = {0};
	unsigned done = 0;

	kit_open(k);
	for (size_t i = 0; i < CC_ARRAY_SIZE(racers); i++) {
		struct st_conf conf = kit_conf(k);

		conf.instance = NULL;
		racers[i].row.name = i % 2 ? "x" : "y"; /* what it does is not what tells */
		assert_int_equal(st_open(&racers[i].k.s, &conf, &k->why), 0);
	}
	for (size_t i = 0; i < CC_ARRAY_SIZE(racers); i++)
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(racers); i++) {
		pthread_join(racers[i].thread, NULL);
		/* one that did the same at the same moment may be told by the constraint of its own row */
		if (racers[i].r != ST_REPEATED && racers[i].r != -CC_EEXIST)
			assert_int_equal(racers[i].r, 0);
		done += racers[i].r == 0;
		st_close(racers[i].k.s);
	}
	assert_int_equal(done, 1);
	assert_int_equal(kit_count(k, "%"), 1);
	kit_verify(k);
}

/* ---- two that stand in each other's way ---- */

struct crosser {
	struct kit k;
	const char *first, *second;
	pthread_barrier_t *barrier;
	unsigned runs;
	int r;
	pthread_t thread;
};

static int touch(struct st_tx *tx, const char *name)
{
	static const struct st_sql update = {
		"UPDATE job SET updated = updated + 1 WHERE name = $1"};

	return st_exec(tx, &update, (const struct st_value[]){st_text(name)}, 1, NULL);
}

static int cross(struct st_tx *tx, void *arg)
{
	struct crosser *c = arg;
	int r = touch(tx, c->first);

	if (!r && c->runs++ == 0)
		pthread_barrier_wait(c->barrier);
	return r ? r : touch(tx, c->second);
}

static void *run_crosser(void *arg)
{
	struct crosser *c = arg;
	struct st_write w = {.run = cross, .arg = c, .deadline = kit_in(20)};

	c->r = st_write(c->k.s, &w, NULL);
	return NULL;
}

/* PostgreSQL ends one of two that wait for each other; it is run again. */
static void test_deadlock(void **state)
{
	struct kit *k = kit_of(state);
	pthread_barrier_t barrier;
	struct crosser crossers[2] = {{.first = "a", .second = "b"}, {.first = "b", .second = "a"}};

	kit_open(k);
	assert_int_equal(kit_write(k, "a", NULL) | kit_write(k, "b", NULL), 0);
	assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
	for (size_t i = 0; i < 2; i++) {
		struct st_conf conf = kit_conf(k);

		conf.instance = NULL;
		crossers[i].barrier = &barrier;
		assert_int_equal(st_open(&crossers[i].k.s, &conf, &k->why), 0);
	}
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			pthread_create(&crossers[i].thread, NULL, run_crosser, &crossers[i]), 0);
	for (size_t i = 0; i < 2; i++) {
		pthread_join(crossers[i].thread, NULL);
		assert_int_equal(crossers[i].r, 0);
		st_close(crossers[i].k.s);
	}
	assert_int_equal(crossers[0].runs + crossers[1].runs, 3);
	assert_int_equal(kit_number(k, "SELECT SUM(updated) FROM job"), 2 + 4);
	pthread_barrier_destroy(&barrier);
	kit_verify(k);
}

/* A lock of somebody else is waited for within the deadline. */
static void test_locked(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);
	struct kit_row row = {.name = "one"};
	struct st_write w = {.run = kit_insert, .arg = &row};
	sqlite3 *db;

	conf.deadline_ms = 300;
	assert_int_equal(st_open(&k->s, &conf, &k->why), 0);
	assert_int_equal(sqlite3_open(strchr(k->url, ':') + 1, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	w.deadline = kit_in(0.5);
	assert_int_equal(st_write(k->s, &w, &k->why), -CC_ETIMEOUT);
	assert_true(cc_clock_ms() < w.deadline + 2000);
	assert_int_equal(kit_count(k, "%"), 0); /* readers do not wait */
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(kit_write(k, "one", NULL), 0);
}

/* ---- a full disk ---- */

static int put_large(struct st_tx *tx, void *arg)
{
	static const struct st_sql put = {
		"INSERT INTO job (name, state, updated) VALUES ($1, $2, 1)"};
	static char large[200000];
	char name[32];

	memset(large, 'x', sizeof(large));
	snprintf(name, sizeof(name), "%u", ++*(unsigned *)arg);
	return st_exec(tx, &put,
		       (const struct st_value[]){st_text(name), st_textn(large, sizeof(large))}, 2,
		       NULL);
}

static int fill_disk(void)
{
	struct kit k = {.url = "sqlite:disk/store.db"};
	struct st_conf conf = kit_conf(&k);
	unsigned count = 0;
	struct st_write w = {.run = put_large, .arg = &count};
	int r = 0;

	if (st_open(&k.s, &conf, &k.why))
		return 10;
	for (int i = 0; i < 100 && !r; i++) {
		w.deadline = kit_in(20);
		r = st_write(k.s, &w, &k.why);
	}
	if (r != -CC_ESYS || !strstr(k.why.text, "full"))
		return 11;
	/* again, and reads */
	if (st_write(k.s, &w, &k.why) != -CC_ESYS || kit_count(&k, "%") != count - 2)
		return 12;
	if (mount("none", "disk", "tmpfs", MS_REMOUNT, "size=64m"))
		return 13;
	w.deadline = kit_in(20);
	if (st_write(k.s, &w, &k.why) != 0 || kit_count(&k, "%") != count - 2)
		return 14;
	st_close(k.s);
	return 0;
}

static void test_disk_full(void **state)
{
	int status;
	pid_t pid;

	assert_int_equal(mkdir("disk", 0700), 0);
	pid = fork();
	if (pid == 0) {
		/* a small file system that ends with this process */
		if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("none", "disk", "tmpfs", 0, "size=2m"))
			_exit(77);
		_exit(fill_disk());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("no file system may be mounted here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define ON_POSTGRES(f)                                                                             \
	{                                                                                          \
#f, f, kit_enter_postgres, kit_leave, NULL                                         \
	}
#define ON_SQLITE(f)                                                                               \
	{                                                                                          \
#f, f, kit_enter_sqlite, kit_leave, NULL                                           \
	}

static const struct CMUnitTest tests[] = {
	ON_POSTGRES(test_commit_in_doubt), ON_POSTGRES(test_hang),
	ON_POSTGRES(test_connection_ends), ON_POSTGRES(test_deadlock),
	STORE_TEST(test_op_race),	   ON_SQLITE(test_locked),
	ON_SQLITE(test_disk_full),
};

TEST_MAIN(tests)
