/* SPDX-License-Identifier: ISC */
#include "lib/trust/recall.h"

#include "lib/base/err.h"
#include "tests/test.h"

struct entry {
	struct tr_recalled recalled;
};

static unsigned released;

static void entry_release(struct tr_recalled *recalled)
{
	released++;
	free(cc_container_of(recalled, struct entry, recalled));
}

static int recall_add(struct tr_recall *r, uint8_t key, size_t cost)
{
	struct entry *e = calloc(1, sizeof(*e));

	e->recalled.key[0] = key;
	e->recalled.cost = cost;
	return tr_recall_add(r, &e->recalled);
}

static bool recall_has(struct tr_recall *r, uint8_t first)
{
	uint8_t key[TR_HASH] = {first};
	struct tr_recalled *e = tr_recall_find(r, key);

	if (e)
		assert_int_equal(e->key[0], first);
	return e;
}

static void the_least_used_is_forgotten(void **state)
{
	uint8_t key[TR_HASH] = {4};
	struct tr_recall r;

	released = 0;
	tr_recall_init(&r, 3, 100, entry_release);
	assert_false(recall_has(&r, 1));
	for (uint8_t i = 1; i <= 3; i++)
		assert_int_equal(recall_add(&r, i, 10), 0);
	assert_true(recall_has(&r, 1));
	assert_int_equal(recall_add(&r, 4, 10), 0); /* 2 was not used since */
	assert_false(recall_has(&r, 2));
	assert_true(recall_has(&r, 1) && recall_has(&r, 3) && recall_has(&r, 4));
	assert_int_equal(released, 1);
	tr_recall_drop(&r, tr_recall_find(&r, key));
	assert_false(recall_has(&r, 4));
	assert_int_equal(released, 2);
	assert_int_equal(r.cost, 20);
	assert_int_equal(recall_add(&r, 5, 85), 0); /* too much with 1 and 3; 3 is used later */
	assert_false(recall_has(&r, 1));
	assert_int_equal(released, 3);
	tr_recall_clear(&r);
	assert_int_equal(released, 5);
	assert_int_equal(r.cost, 0);
	assert_int_equal(recall_add(&r, 6, 100), 0);
	assert_int_equal(recall_add(&r, 7, 101), -CC_ELIMIT);
	assert_int_equal(released, 6);
	assert_true(recall_has(&r, 6));
	tr_recall_deinit(&r);
	assert_int_equal(released, 7);
	tr_recall_init(&r, 0, 100, entry_release);
	assert_int_equal(recall_add(&r, 1, 1), -CC_ELIMIT);
	tr_recall_deinit(&r);
	assert_int_equal(released, 8);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_least_used_is_forgotten),
};

TEST_MAIN(tests)
