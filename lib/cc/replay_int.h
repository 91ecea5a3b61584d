/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What struct cc_replay holds: private to lib/cc/replay*.c.
 *
 * Two kinds of locks, taken in this order: that of struct cc_replay, for slices, signers and
 * bounds; then that of one shard, for its tables. A slice ends under both, so whoever holds a
 * shard's lock holds the tables in it. The first is given back before a table is searched.
 *
 * All functions here are called with the lock of struct cc_replay.
 */
#include "lib/cc/replay.h"
#include "lib/cc/replay_book.h"
#include "lib/cc/replay_table.h"

/* Times from start to before end. Once made they stay in the same slice until it ends. */
struct replay_range {
	int64_t start, end;
	struct replay_slice *slice; /* NULL: forgotten, what is dated here is old */
};

struct cc_replay {
	pthread_mutex_t lock;
	struct cc_replay_conf conf;
	int64_t floor; /* what is dated before is old, whatever the window */
	struct replay_range ranges[REPLAY_SLOTS];
	size_t n_ranges;
	uint32_t slots; /* a bit for each that is used */
	uint64_t slice_serial;
	uint64_t ids, gid_ids;
	struct replay_book book;
	struct replay_waste *waste;
	uint64_t waste_bytes;
	struct replay_shard shards[REPLAY_SHARDS];
};

/** What is dated before t is old from now on. */
void replay_raise_floor(struct cc_replay *r, int64_t t);
/** Ends slices that the window has left behind or that the clock has, and sweeps up after them. */
void replay_expire(struct cc_replay *r, int64_t now);
/** Ends every slice. */
void replay_forget_all(struct cc_replay *r);
/** The slice of a time; NULL: it has none. */
struct replay_slice *replay_slice_find(const struct cc_replay *r, int64_t t);
/**
 * The slice of a time, made when it has none. @return CC_REPLAY_NEW, CC_REPLAY_OLD (that time is
 * closed), CC_REPLAY_FULL (too many slices), -CC_ENOMEM.
 */
int replay_slice_get(struct cc_replay *r, int64_t t, struct replay_slice **out);
/** Takes at most n unused arrays, to be freed without the lock. */
struct replay_waste *replay_waste_take(struct cc_replay *r, unsigned n);
/** Frees what was taken. Without the lock. */
void replay_waste_free(struct replay_waste *waste);
