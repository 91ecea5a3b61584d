/* SPDX-License-Identifier: ISC */
/* Chains that come in any order. */
#include "lib/base/util.h"
#include "tests/test.h"
#include "tests/unit/trustpki.h"

/* Leaf first, then the n others as an order says; each a reference of its own. */
static struct tr_gids mixed(struct tr_gid *const *items, const unsigned *order, size_t n)
{
	struct tr_gids g = {.count = 0};

	for (size_t i = 0; i < n; i++)
		g.items[g.count++] = tr_gid_ref(items[order[i]]);
	return g;
}

static void check_order(const struct tr_gids *g, struct tr_gid *const *wanted, size_t n)
{
	assert_int_equal(g->count, n);
	for (size_t i = 0; i < n; i++)
		assert_memory_equal(g->items[i]->hash, wanted[i]->hash, TR_HASH);
}

/* alice of lab: four certificates, the three behind the leaf in each of their orders. */
static void test_every_order(void **state)
{
	static const unsigned orders[][4] = {{0, 1, 2, 3}, {0, 1, 3, 2}, {0, 2, 1, 3},
					     {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1}};
	cc_cleanup(tp_freep) struct tp *carol =
		tp_make(TP_IDN "plc:site:lab+user+carol", tp_world()->lab);

	assert_int_equal(carol->chain.count, 4);
	for (size_t i = 0; i < CC_ARRAY_SIZE(orders); i++) {
		struct tr_gids g = mixed(carol->chain.items, orders[i], 4);

		tr_gids_order(&g);
		check_order(&g, carol->chain.items, 4);
		tr_gids_deinit(&g);
	}
}

/* What issued none of it is left out: not a sibling, another root, the leaf again. */
static void test_extra(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_gid *const chain[] = {w->alice->gid, w->site->gid, w->plc->gid};
	struct tr_gid *const extra[] = {w->sitex->gid, w->other->gid, w->bob->gid, w->alice->gid};

	for (size_t e = 0; e < CC_ARRAY_SIZE(extra); e++)
		for (size_t at = 1; at <= 3; at++) {
			struct tr_gids g = {.count = 0};

			for (size_t i = 0; i < 4; i++)
				g.items[g.count++] =
					tr_gid_ref(i == at ? extra[e] : chain[i > at ? i - 1 : i]);
			tr_gids_order(&g);
			check_order(&g, chain, 3);
			tr_gids_deinit(&g);
		}
}

static void test_broken(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_gid *const gap[] = {w->alice->gid, w->plc->gid};
	static const unsigned both[] = {0, 1}, none[] = {0};
	struct tr_gids g = mixed(gap, both, 2);

	tr_gids_order(&g);
	check_order(&g, gap, 1); /* its issuer is missing: what is above is no help */
	tr_gids_deinit(&g);
	g = mixed(gap, none, 1);
	tr_gids_order(&g);
	check_order(&g, gap, 1);
	tr_gids_deinit(&g);
	tr_gids_order(&g);
	assert_int_equal(g.count, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_every_order),
	cmocka_unit_test(test_extra),
	cmocka_unit_test(test_broken),
};

TEST_MAIN(tests)
