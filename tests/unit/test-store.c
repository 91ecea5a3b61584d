/* SPDX-License-Identifier: ISC */
/* The store's main path: open, write, read, op, audit. */
#include "tests/unit/storekit.h"

static void test_write_read(void **state)
{
	struct kit *k = kit_of(state);

	kit_open(k);
	assert_int_equal(strlen(st_id(k->s)), 32);
	assert_string_equal(st_backend(k->s), k->postgres ? "postgresql" : "sqlite");
	assert_int_equal(kit_write(k, "one", NULL), 0);
	assert_int_equal(kit_write(k, "two", NULL), 0);
	assert_int_equal(kit_count(k, "%"), 2);
	assert_int_equal(kit_write(k, "one", NULL), -CC_EEXIST);
	assert_int_equal(k->why.code, CC_EEXIST);
	assert_int_equal(kit_count(k, "%"), 2);
}

/* What was acknowledged is there when it is opened again, under the same id. */
static void test_open_again(void **state)
{
	struct kit *k = kit_of(state);
	char id[33];

	kit_open(k);
	strcpy(id, st_id(k->s));
	assert_int_equal(kit_write(k, "one", NULL), 0);
	st_closep(&k->s);
	kit_open(k);
	assert_string_equal(st_id(k->s), id);
	assert_int_equal(kit_count(k, "one"), 1);
}

static void test_op(void **state)
{
	struct cc_buf result = CC_BUF_INIT(100);
	struct kit *k = kit_of(state);
	struct kit_row row = {.name = "one"};
	struct st_write w = {
		.signer = "a", .op = "1", .run = kit_insert, .arg = &row, .result = &result};

	kit_open(k);
	w.deadline = kit_in(20);
	assert_int_equal(st_op_find(k->s, "a", "1", NULL, kit_in(20), &result, &k->why),
			 -CC_ENOTFOUND);
	cc_buf_puts(&result, "done");
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	cc_buf_reset(&result);
	assert_int_equal(st_write(k->s, &w, &k->why), ST_REPEATED);
	assert_int_equal(row.runs, 1);
	assert_string_equal((char *)result.data, "done");
	cc_buf_reset(&result);
	assert_int_equal(st_op_find(k->s, "a", "1", NULL, kit_in(20), &result, &k->why), 0);
	assert_string_equal((char *)result.data, "done");
	assert_int_equal(st_op_find(k->s, "b", "1", NULL, kit_in(20), &result, &k->why),
			 -CC_ENOTFOUND);
	/* the same id of another signer is another operation */
	w.signer = "b";
	row.name = "two";
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	assert_int_equal(kit_count(k, "%"), 2);
	cc_buf_deinit(&result);
}

/* An op is of one request: who asks for something else with it is told neither's result. */
static void test_op_of_another(void **state)
{
	static const uint8_t this[32] = "this", other[32] = "other";
	struct cc_buf result = CC_BUF_INIT(100);
	struct kit *k = kit_of(state);
	struct kit_row row = {.name = "one"};
	struct st_write w = {.signer = "a",
			     .op = "1",
			     .request = this,
			     .run = kit_insert,
			     .arg = &row,
			     .result = &result};

	kit_open(k);
	w.deadline = kit_in(20);
	cc_buf_puts(&result, "done");
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	cc_buf_reset(&result);
	w.request = other;
	assert_int_equal(st_write(k->s, &w, &k->why), ST_OTHER);
	assert_int_equal(result.len, 0);
	assert_int_equal(row.runs, 1);
	assert_int_equal(st_op_find(k->s, "a", "1", other, kit_in(20), &result, &k->why), ST_OTHER);
	assert_int_equal(result.len, 0);
	assert_int_equal(st_op_find(k->s, "a", "1", this, kit_in(20), &result, &k->why), 0);
	assert_string_equal((char *)result.data, "done");
	cc_buf_reset(&result);
	w.request = this;
	assert_int_equal(st_write(k->s, &w, &k->why), ST_REPEATED);
	/* of what was done before requests were kept, nothing is known */
	kit_sql(k, "UPDATE op SET request = NULL");
	w.request = other;
	assert_int_equal(st_write(k->s, &w, &k->why), ST_REPEATED);
	cc_buf_deinit(&result);
}

/* A refused write leaves nothing and keeps no result: it may be tried again. */
static void test_refused(void **state)
{
	struct kit *k = kit_of(state);
	struct kit_row row = {.name = "one", .outcome = 7};
	struct st_write w = {.signer = "a", .op = "1", .run = kit_insert, .arg = &row};

	kit_open(k);
	w.deadline = kit_in(20);
	assert_int_equal(st_write(k->s, &w, &k->why), 7);
	row.outcome = -CC_EDENIED;
	assert_int_equal(st_write(k->s, &w, &k->why), -CC_EDENIED);
	assert_int_equal(kit_count(k, "%"), 0);
	row.outcome = 0;
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	assert_int_equal(kit_count(k, "%"), 1);
	assert_int_equal(row.runs, 3);
}

static int take_five(struct st_tx *tx, void *arg)
{
	return st_take_numbers(tx, "record", 5, arg);
}

static void test_numbers(void **state)
{
	struct kit *k = kit_of(state);
	int64_t first = 0;
	struct st_write w = {.run = take_five, .arg = &first};

	kit_open(k);
	w.deadline = kit_in(20);
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	assert_int_equal(first, 1);
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	assert_int_equal(first, 6);
}

static const struct CMUnitTest tests[] = {
	STORE_TEST(test_write_read),	STORE_TEST(test_open_again), STORE_TEST(test_op),
	STORE_TEST(test_op_of_another), STORE_TEST(test_refused),    STORE_TEST(test_numbers),
};

TEST_MAIN(tests)
