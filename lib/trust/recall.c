/* SPDX-License-Identifier: ISC */
#include "lib/trust/recall.h"

#include "lib/base/err.h"

void tr_recall_init(struct tr_recall *r, size_t max, size_t max_cost,
		    void (*release)(struct tr_recalled *entry))
{
	*r = (struct tr_recall){.max = max, .max_cost = max_cost, .release = release};
	cc_map_init(&r->map);
	cc_list_init(&r->recent);
}

void tr_recall_drop(struct tr_recall *r, struct tr_recalled *entry)
{
	cc_map_remove(&r->map, &entry->node);
	cc_list_remove(&entry->link);
	r->cost -= entry->cost;
	r->release(entry);
}

static struct tr_recalled *oldest(const struct tr_recall *r)
{
	return cc_container_of(r->recent.next, struct tr_recalled, link);
}

void tr_recall_clear(struct tr_recall *r)
{
	while (!cc_list_empty(&r->recent))
		tr_recall_drop(r, oldest(r));
}

void tr_recall_deinit(struct tr_recall *r)
{
	tr_recall_clear(r);
	cc_map_deinit(&r->map);
}

struct tr_recalled *tr_recall_find(struct tr_recall *r, const uint8_t key[TR_HASH])
{
	struct cc_map_node *node = cc_map_find(&r->map, key, TR_HASH);
	struct tr_recalled *entry;

	if (!node)
		return NULL;
	entry = cc_container_of(node, struct tr_recalled, node);
	cc_list_remove(&entry->link);
	cc_list_add_tail(&r->recent, &entry->link);
	return entry;
}

int tr_recall_add(struct tr_recall *r, struct tr_recalled *entry)
{
	int result = -CC_ELIMIT;

	if (r->max == 0 || entry->cost > r->max_cost)
		goto refuse;
	while (r->map.count >= r->max || r->cost > r->max_cost - entry->cost)
		tr_recall_drop(r, oldest(r));
	result = cc_map_add(&r->map, &entry->node, entry->key, TR_HASH);
	if (result < 0)
		goto refuse;
	cc_list_add_tail(&r->recent, &entry->link);
	r->cost += entry->cost;
	return 0;
refuse:
	r->release(entry);
	return result;
}
