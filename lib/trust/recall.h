/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What a verifier remembers: entries by a hash of 32 octets, at most max of them and max_cost
 * octets (as their owners count them), the least recently used out first. Not thread-safe.
 */
#include <stdint.h>

#include "lib/base/list.h"
#include "lib/base/map.h"

#define TR_HASH 32

struct tr_recalled {
	struct cc_map_node node;
	struct cc_list link;
	uint8_t key[TR_HASH];
	size_t cost;
};

struct tr_recall {
	struct cc_map map;
	struct cc_list recent; /* least recently used first */
	size_t max, cost, max_cost;
	void (*release)(struct tr_recalled *entry); /* frees the whole entry */
};

void tr_recall_init(struct tr_recall *r, size_t max, size_t max_cost,
		    void (*release)(struct tr_recalled *entry));
/** Releases all; usable again. */
void tr_recall_clear(struct tr_recall *r);
void tr_recall_deinit(struct tr_recall *r);
/** Finds and marks as used; NULL: not known. */
struct tr_recalled *tr_recall_find(struct tr_recall *r, const uint8_t key[TR_HASH]);
/**
 * Takes an entry whose key is not known and whose cost is set; on failure it is released, too.
 * @return 0, -CC_ENOMEM, -CC_ELIMIT (it alone is over max_cost).
 */
int tr_recall_add(struct tr_recall *r, struct tr_recalled *entry);
/** Unlinks and releases one. */
void tr_recall_drop(struct tr_recall *r, struct tr_recalled *entry);
