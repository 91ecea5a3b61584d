/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Ids of one slice of time: open addressing in one array, which doubles when seven eighths are
 * full, so that an id costs 24 octets, and no more than 55 with its part of the free places. Spread
 * over shards, so that a table that grows is a small one. Private to lib/cc/replay*.c.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLAY_SHARDS 64
#define REPLAY_SLOTS 32 /* slices at a time */

struct replay_entry {
	uint8_t id[16];
	uint32_t signer; /* its number, from 1; 0: a free place */
	uint32_t serial;
};

struct replay_table {
	struct replay_entry *entries;
	uint32_t room, count; /* room: 0 or a power of 2 */
};

struct replay_shard {
	pthread_mutex_t lock;
	struct replay_table tables[REPLAY_SLOTS];
};

/** An array that is no longer used, in its own memory: freed when no lock is held. */
struct replay_waste {
	struct replay_waste *next;
	size_t bytes;
};

enum replay_found {
	REPLAY_ADDED = 0,
	REPLAY_SAME = 1, /* it was there, with the same serial */
	REPLAY_OTHER,	 /* with another */
	REPLAY_ABSENT,	 /* and was not to be added */
};

/** Hash of id and signer, secret outside of this process. */
uint64_t replay_entry_hash(const struct replay_entry *e);
/** The shard of a hash. */
unsigned replay_shard_of(uint64_t hash);
/** Finds an entry, or adds it if it may. @return an enum replay_found, -CC_ENOMEM. */
int replay_table_note(struct replay_table *t, uint64_t hash, const struct replay_entry *e,
		      bool may_add);
/** Empties a table. @return its array, or NULL. */
struct replay_waste *replay_table_take(struct replay_table *t);
size_t replay_table_bytes(const struct replay_table *t);
