/* SPDX-License-Identifier: ISC */
/* Statements: values both ways, what a constraint and a wrong statement say, rows left open. */
#include <stdio.h>

#include "lib/store/tx.h"
#include "tests/unit/storekit.h"

static const struct st_sql put = {"INSERT INTO job (name, state, updated) VALUES ($1, $2, $3)"};
static const struct st_sql get = {"SELECT name, state, updated FROM job ORDER BY name"};

static int write_with(struct kit *k, st_run_fn *run, void *arg)
{
	struct st_write w = {.run = run, .arg = arg, .deadline = kit_in(20)};

	k->why = (struct cc_note){0};
	return st_write(k->s, &w, &k->why);
}

static int read_with(struct kit *k, st_run_fn *run, void *arg)
{
	k->why = (struct cc_note){0};
	return st_read(k->s, kit_in(20), run, arg, &k->why);
}

/* ---- texts ---- */

static void test_text_is_good(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool good;
	} rows[] = {
		{"", 0, true},
		{"abc", 3, true},
		{"\x7f\x01", 2, true},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, true},
		{"\xf4\x8f\xbf\xbf", 4, true},
		{"a\0b", 3, false},		    /* NUL */
		{"\x80", 1, false},		    /* no beginning */
		{"\xc3", 1, false},		    /* no end */
		{"\xc3(", 2, false},		    /* something else */
		{"\xc0\x80", 2, false},		    /* a long NUL */
		{"\xe0\x9f\xbf", 3, false},	    /* longer than it must be */
		{"\xed\xa0\x80", 3, false},	    /* a surrogate */
		{"\xf4\x90\x80\x80", 4, false},	    /* beyond the last one */
		{"\xf8\x88\x80\x80\x80", 5, false}, /* five octets */
		{"\xff", 1, false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_int_equal(st_text_is_good(rows[i].text, rows[i].len), rows[i].good);
	assert_int_equal(st_text(NULL).kind, ST_NULL);
	assert_int_equal(st_text("abc").len, 3);
}

/* ---- faults ---- */

struct fault {
	struct st_sql sql;
	struct st_value params[3];
	unsigned n;
	int r;
	const char *why;
};

static int run_fault(struct st_tx *tx, void *arg)
{
	const struct fault *f = arg;
	struct st_rows *rows = NULL;
	int r = st_query(tx, &f->sql, f->params, f->n, &rows);

	if (!r)
		r = st_next(rows);
	st_rows_close(rows);
	/* a statement failed: nothing else is done in this transaction, and 0 is not believed */
	if (r < 0)
		assert_int_equal(st_exec(tx, &put, NULL, 0, NULL), r);
	return r < 0 ? 0 : r;
}

static void test_faults(void **state)
{
	static char large[ST_VALUE_MAX + 1];
	struct fault rows[] = {
		{{"INSERT INTO job (name, state, updated) VALUES ($1, '', 1) RETURNING 1"},
		 {st_text("there")},
		 1,
		 -CC_EEXIST,
		 "unique"},
		{{"INSERT INTO job (name, state, updated) VALUES ($1, NULL, 1) RETURNING 1"},
		 {st_text("x")},
		 1,
		 -CC_EEXIST,
		 "not null"},
		{{"INSERT INTO ssh_key (record, position, line) VALUES ($1, 1, '') RETURNING 1"},
		 {st_int(99)},
		 1,
		 -CC_EEXIST,
		 "foreign key"},
		{{"INSERT INTO relation (object, role, subject) VALUES (1, $1, 1) RETURNING 1"},
		 {st_text("king")},
		 1,
		 -CC_EEXIST,
		 "check"},
		{{"SELECT name FROM job WHERE name = $1"},
		 {st_textn("a\0b", 3)},
		 1,
		 -CC_EFORMAT,
		 "NUL"},
		{{"SELECT name FROM job WHERE name = $1"},
		 {st_textn("\xff", 1)},
		 1,
		 -CC_EFORMAT,
		 "not UTF-8"},
		{{"SELECT name FROM job WHERE name = $1"},
		 {st_textn(large, sizeof(large))},
		 1,
		 -CC_ELIMIT,
		 "too long"},
		{{"SELECT nothing FROM nowhere"}, {{0}}, 0, -CC_EINTERNAL, "no such table"},
		{{"SELECT name FROM job WHERE name = $1"}, {{0}}, 1, -CC_EINTERNAL, "no kind"},
		{{"SELECT name FROM job WHERE name = $1"}, {{0}}, 0, -CC_EINTERNAL, "too few"},
		{{"SELECT name FROM job WHERE name = $1"},
		 {st_text("a"), st_text("b")},
		 2,
		 -CC_EINTERNAL,
		 "too many"},
		{{"SELECT name FROM job; SELECT 1"}, {{0}}, 0, -CC_EINTERNAL, "two of them"},
		{{"SELECT 1.5"}, {{0}}, 0, -CC_EINTERNAL, "neither a number nor text nor octets"},
	};
	struct kit *k = kit_of(state);

	kit_open(k);
	assert_int_equal(kit_write(k, "there", NULL), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		int r;

		/* PostgreSQL takes those that no place is for */
		if (k->postgres && strcmp(rows[i].why, "too many") == 0)
			rows[i] = rows[i - 1];
		r = write_with(k, run_fault, &rows[i]);

		if (r != rows[i].r)
			fail_msg("%s: %d %s", rows[i].why, r, k->why.text);
		assert_int_equal(k->why.code, -rows[i].r);
		/* the next one is none the worse for it */
		assert_int_equal(kit_count(k, "%"), 1);
	}
	for (size_t i = 4; i < CC_ARRAY_SIZE(rows); i++)
		assert_int_equal(read_with(k, run_fault, &rows[i]), rows[i].r);
	assert_int_equal(kit_write(k, "after", NULL), 0);
}

static int exec_rows(struct st_tx *tx, void *arg)
{
	return st_exec(tx, &get, NULL, 0, NULL);
}

static int write_in_read(struct st_tx *tx, void *arg)
{
	const struct st_value params[] = {st_text("x"), st_text(""), st_int(1)};

	return st_exec(tx, &put, params, 3, NULL);
}

static void test_misuse(void **state)
{
	struct kit *k = kit_of(state);

	kit_open(k);
	assert_int_equal(kit_write(k, "one", NULL), 0);
	assert_int_equal(write_with(k, exec_rows, NULL), -CC_EINTERNAL);
	assert_true(read_with(k, write_in_read, NULL) < 0);
	assert_int_equal(kit_count(k, "%"), 1);
}

/* ---- values, rows ---- */

static int many_values(struct st_tx *tx, void *arg)
{
	static const struct st_sql values = {"SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), "
					     "CAST($3 AS TEXT), CAST($4 AS BYTEA)"};
	const struct st_value rows[][4] = {
		{st_int(INT64_MIN), st_int(INT64_MAX), st_text(""), st_null()},
		{st_null(), st_int(0), st_text("\xe2\x82\xac"), st_null()},
		{st_int(-1), st_null(), st_null(), st_null()},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(st_rows_closep) struct st_rows *r = NULL;

		assert_int_equal(st_query(tx, &values, rows[i], 4, &r), 0);
		assert_int_equal(st_next(r), 1);
		for (unsigned c = 0; c < 4; c++) {
			struct st_value v = st_get(r, c);

			assert_int_equal(v.kind, rows[i][c].kind);
			assert_true(v.num == rows[i][c].num);
			assert_int_equal(v.len, rows[i][c].len);
			if (v.kind == ST_TEXT) {
				assert_string_equal(v.data, rows[i][c].data);
				assert_int_equal(((const char *)v.data)[v.len], 0);
			}
		}
		assert_true(st_get_int(r, 0) == (rows[i][0].kind == ST_INT ? rows[i][0].num : 0));
		assert_string_equal(st_get_text(r, 1), "");
		assert_int_equal(st_get(r, 4).kind, ST_NULL); /* there is none */
		assert_int_equal(st_next(r), 0);
	}
	return 0;
}

/* A parameter that was NULL the first time, and is something later. */
static int null_first(struct st_tx *tx, void *arg)
{
	static const struct st_sql values = {"SELECT COALESCE($1, 7), COALESCE($2, 'x')"};
	const struct st_value rows[][2] = {{st_null(), st_null()},
					   {st_int(1LL << 40), st_text("y")},
					   {st_null(), st_text("z")}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(st_rows_closep) struct st_rows *r = NULL;

		assert_int_equal(st_query(tx, &values, rows[i], 2, &r), 0);
		assert_int_equal(st_next(r), 1);
		assert_true(st_get_int(r, 0) == (rows[i][0].kind == ST_NULL ? 7 : rows[i][0].num));
	}
	return 0;
}

/* Names are ordered by their octets. */
static int order(struct st_tx *tx, void *arg)
{
	static const char *const wanted[] = {"B", "Z", "a", "a-b", "a.b", "aa", "\xc3\xa4"};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;

	assert_int_equal(st_query(tx, &get, NULL, 0, &rows), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(wanted); i++) {
		assert_int_equal(st_next(rows), 1);
		assert_string_equal(st_get_text(rows, 0), wanted[i]);
	}
	assert_int_equal(st_next(rows), 0);
	return 0;
}

/* The same statement within its own rows, and others. */
static int nested(struct st_tx *tx, void *arg)
{
	cc_cleanup(st_rows_closep) struct st_rows *outer = NULL;
	unsigned count = 0;

	assert_int_equal(st_query(tx, &get, NULL, 0, &outer), 0);
	while (st_next(outer) == 1) {
		cc_cleanup(st_rows_closep) struct st_rows *inner = NULL;
		char name[8];

		strcpy(name, st_get_text(outer, 0));
		assert_int_equal(st_query(tx, &get, NULL, 0, &inner), 0);
		while (st_next(inner) == 1)
			count++;
		assert_string_equal(st_get_text(outer, 0), name);
	}
	return (int)count;
}

static int leave_open(struct st_tx *tx, void *arg)
{
	assert_int_equal(st_query(tx, &get, NULL, 0, arg), 0);
	return st_next(*(struct st_rows **)arg) == 1 ? 0 : -CC_EINTERNAL;
}

static int changes(struct st_tx *tx, void *arg)
{
	static const struct st_sql update = {"UPDATE job SET updated = $2 WHERE name < $1"};
	static const struct st_sql none = {"DELETE FROM job WHERE name = $1"};
	static const struct st_sql conflict = {
		"INSERT INTO job (name, state, updated) VALUES ($1, '', 1) ON CONFLICT DO NOTHING"};
	const struct st_value params[] = {st_text("b"), st_int(9)};
	const struct st_value there[] = {st_text("a")};
	int64_t changed = -1;

	assert_int_equal(st_exec(tx, &update, params, 2, &changed), 0);
	assert_int_equal(changed, 6);
	assert_int_equal(st_exec(tx, &none, params, 1, &changed), 0);
	assert_int_equal(changed, 0);
	assert_int_equal(st_exec(tx, &conflict, there, 1, &changed), 0);
	assert_int_equal(changed, 0);
	return st_exec(tx, &conflict, params, 1, NULL);
}

static void test_rows(void **state)
{
	static const char *const names[] = {"aa", "Z", "a.b", "a", "\xc3\xa4", "B", "a-b"};
	struct kit *k = kit_of(state);
	struct st_rows *rows = NULL;

	kit_open(k);
	for (size_t i = 0; i < CC_ARRAY_SIZE(names); i++)
		assert_int_equal(kit_write(k, names[i], NULL), 0);
	assert_int_equal(read_with(k, many_values, NULL), 0);
	assert_int_equal(read_with(k, null_first, NULL), 0);
	assert_int_equal(read_with(k, order, NULL), 0);
	assert_int_equal(read_with(k, nested, NULL), 49);
	/* rows that outlive their transaction give nothing more */
	assert_int_equal(read_with(k, leave_open, &rows), 0);
	assert_int_equal(st_get(rows, 0).kind, ST_NULL);
	assert_true(st_next(rows) < 0);
	st_rows_close(rows);
	assert_int_equal(write_with(k, leave_open, &rows), 0);
	st_rows_close(rows);
	st_rows_close(NULL);
	assert_int_equal(write_with(k, changes, NULL), 0);
	assert_int_equal(kit_count(k, "%"), CC_ARRAY_SIZE(names) + 1);
}

/* ---- bounds ---- */

static int too_many_rows(struct st_tx *tx, void *arg)
{
	static const struct st_sql many = {
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 100000)"
		" SELECT i FROM n"};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &many, NULL, 0, &rows);

	while (!r && (r = st_next(rows)) == 1)
		r = 0;
	return r;
}

static int take_long(struct st_tx *tx, void *arg)
{
	static const struct st_sql endless = {
		"WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n"
		" WHERE i < 1000000000) SELECT COUNT(*) FROM n"};
	int64_t n;

	return st_number(tx, &endless, NULL, 0, &n);
}

static void test_bounds(void **state)
{
	struct kit *k = kit_of(state);
	struct st_conf conf = kit_conf(k);
	int64_t begun;

	conf.deadline_ms = 300;
	assert_int_equal(st_open(&k->s, &conf, &k->why), 0);
	assert_int_equal(read_with(k, take_long, NULL), -CC_ETIMEOUT);
	assert_int_equal(write_with(k, take_long, NULL), -CC_ETIMEOUT);
	begun = cc_clock_ms();
	assert_int_equal(st_read(k->s, kit_in(0.1), take_long, NULL, &k->why), -CC_ETIMEOUT);
	assert_true(cc_clock_ms() < begun + 5000);
	assert_int_equal(kit_write(k, "after", NULL), 0);
	st_closep(&k->s);
	kit_open(k);
	assert_int_equal(read_with(k, too_many_rows, NULL), -CC_ELIMIT);
	assert_int_equal(kit_count(k, "%"), 1);
}

static void test_op_bounds(void **state)
{
	char op[ST_OP_MAX + 2];
	struct kit *k = kit_of(state);
	struct kit_row row = {.name = "x"};
	struct cc_buf result = CC_BUF_INIT(100);
	struct st_write w = {.run = kit_insert, .arg = &row, .op = op};

	kit_open(k);
	w.deadline = kit_in(20);
	memset(op, 'o', sizeof(op));
	op[ST_OP_MAX + 1] = 0;
	assert_int_equal(st_write(k->s, &w, &k->why), -CC_EINVAL); /* no signer */
	w.signer = "s";
	assert_int_equal(st_write(k->s, &w, &k->why), -CC_ELIMIT);
	assert_int_equal(st_op_find(k->s, "s", op, NULL, kit_in(20), &result, &k->why), -CC_ELIMIT);
	assert_int_equal(st_op_find(k->s, "s", NULL, NULL, kit_in(20), &result, &k->why),
			 -CC_EINVAL);
	w.op = "\xff";
	assert_int_equal(st_write(k->s, &w, &k->why), -CC_EFORMAT);
	op[ST_OP_MAX] = 0;
	w.op = op;
	assert_int_equal(row.runs, 0);
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	assert_int_equal(st_write(k->s, &w, &k->why), ST_REPEATED);
}

/* Old results are deleted behind a write. */
static void test_purge(void **state)
{
	struct kit *k = kit_of(state);
	char text[256];

	kit_open(k);
	st_closep(&k->s);
	snprintf(text, sizeof(text),
		 "INSERT INTO op (signer, op, at, result) VALUES ('s', 'old', %lld, ''),"
		 " ('s', 'new', %lld, '')",
		 (long long)cc_clock_wall() - ST_OP_SECONDS - 60,
		 (long long)cc_clock_wall() - ST_OP_SECONDS + 60);
	kit_sql(k, text);
	kit_open(k);
	assert_int_equal(kit_write(k, "one", NULL), 0);
	assert_int_equal(kit_number(k, "SELECT COUNT(*) FROM op WHERE op = 'old'"), 0);
	assert_int_equal(kit_number(k, "SELECT COUNT(*) FROM op WHERE op = 'new'"), 1);
}

static void test_bad_conf(void **state)
{
	static const struct {
		const char *url, *instance;
		int r;
	} rows[] = {
		{NULL, NULL, -CC_EINVAL},
		{"", NULL, -CC_EINVAL},
		{"mysql://x", NULL, -CC_EINVAL},
		{"sqlite:", NULL, -CC_EINVAL},
		{"sqlite::memory:", NULL, -CC_EINVAL},
		{"sqlite:x.db", "", -CC_EINVAL},
		{"sqlite:/nowhere/x.db", NULL, -CC_ESYS},
		{"sqlite:/tmp", NULL, -CC_ESYS},
		{"postgresql://127.0.0.1:1/x", NULL, -CC_ESYS},
		{"postgresql://x@/x?nonsense=1", NULL, -CC_ESYS},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct st_conf conf = {.url = rows[i].url,
				       .instance = rows[i].instance,
				       .migrate = true,
				       .create = true};
		struct st_store *s = NULL;
		struct cc_note why = {0};

		int r = st_open(&s, &conf, &why);

		if (r != rows[i].r)
			fail_msg("%s: %d %s", rows[i].url, r, why.text);
		assert_int_equal(why.code, -r);
		assert_null(s);
	}
	st_close(NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_text_is_good),
	STORE_TEST(test_faults),
	STORE_TEST(test_misuse),
	STORE_TEST(test_rows),
	STORE_TEST(test_bounds),
	STORE_TEST(test_op_bounds),
	STORE_TEST(test_purge),
	{"test_bad_conf", test_bad_conf, kit_enter_sqlite, kit_leave, NULL},
};

TEST_MAIN(tests)
