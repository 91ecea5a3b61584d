/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Intrusive hash map keyed by octets. Keys come from strangers (socket identities, query ids), so
 * the hash is SipHash-1-3 under a random key of the process: nobody can aim at one bucket. The
 * owner embeds struct cc_map_node first-class and keeps key and node alive while linked. Not
 * thread-safe.
 */
#include <stddef.h>
#include <stdint.h>

struct cc_map_node {
	struct cc_map_node *next;
	const void *key;
	uint64_t hash;
	uint32_t key_len;
};

struct cc_map {
	struct cc_map_node **buckets;
	size_t n_buckets; /* 0 or a power of 2 */
	size_t count;
};

void cc_map_init(struct cc_map *m);
/** Frees the buckets, not the entries. */
void cc_map_deinit(struct cc_map *m);
/** Hash of octets under the process's key. */
uint64_t cc_map_hash(const void *key, size_t len);
/** @return the node or NULL. */
struct cc_map_node *cc_map_find(const struct cc_map *m, const void *key, size_t len);
/** Links a node whose key is not in the map. key stays borrowed. @return 0, -CC_ENOMEM. */
int cc_map_add(struct cc_map *m, struct cc_map_node *node, const void *key, size_t len);
/** Unlinks a linked node. */
void cc_map_remove(struct cc_map *m, struct cc_map_node *node);
/**
 * Iterates in no order; start with NULL. Removing the returned node before the next call is not
 * allowed.
 */
struct cc_map_node *cc_map_next(const struct cc_map *m, const struct cc_map_node *node);

#define cc_container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
