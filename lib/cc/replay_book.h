/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Who has how many ids in which slice of time: private to lib/cc/replay*.c, under the lock of
 * struct cc_replay. A signer is remembered while a slice counts ids of it.
 */
#include "lib/base/map.h"
#include "lib/cc/cms.h"

#define REPLAY_MAPS 64 /* of signers: strangers may be many, and a map grows at once */

struct replay_signer;
struct replay_slice;

/** How many ids of one signer a slice has. */
struct replay_share {
	struct replay_signer *signer;
	struct replay_slice *slice;
	struct replay_share *next_of_signer, *next_of_slice;
	uint32_t count;
};

struct replay_signer {
	struct cc_map_node node;
	uint32_t number;
	int64_t last_ms;	     /* when its last id was taken, wall clock */
	struct replay_share *shares; /* newest slice first */
	uint8_t key[];		     /* class and name */
};

struct replay_slice {
	uint64_t serial;
	unsigned slot;	       /* of the tables in all shards */
	uint64_t ids, gid_ids; /* gid_ids: those of signers of class gid */
	struct replay_share *shares;
	bool dead; /* forgotten, its shares are still to be swept up */
	struct replay_slice *next_dead;
};

struct replay_number {
	struct replay_signer *signer;
	uint32_t next_free;
};

struct replay_book {
	struct cc_map maps[REPLAY_MAPS];
	struct replay_number *numbers; /* number - 1 is the index */
	uint32_t n_numbers, room, first_free, n_signers;
	struct replay_slice *dead;
	uint64_t bytes;
};

void replay_book_init(struct replay_book *b);
/** Frees everything; every slice is dead. */
void replay_book_deinit(struct replay_book *b);
uint64_t replay_book_bytes(const struct replay_book *b);

struct replay_slice *replay_slice_new(struct replay_book *b);
/** Takes a slice whose ids no longer count: the sweep ends it. */
void replay_slice_bury(struct replay_book *b, struct replay_slice *slice);

struct replay_signer *replay_signer_find(const struct replay_book *b, const struct cc_signer *s);
/** One that is not there; NULL: no memory. It has no shares yet. */
struct replay_signer *replay_signer_add(struct replay_book *b, const struct cc_signer *s);
/** Forgets it, if it has no shares. */
void replay_signer_drop(struct replay_book *b, struct replay_signer *signer);
enum cc_signer_class replay_signer_class(const struct replay_signer *signer);
/** Borrowed; NUL-terminated. */
const char *replay_signer_name(const struct replay_signer *signer);
/** Its ids in slices that are not dead. */
uint64_t replay_signer_ids(const struct replay_signer *signer);

/** The share of a signer in a slice, made when there is none; NULL: no memory. */
struct replay_share *replay_share_get(struct replay_book *b, struct replay_signer *signer,
				      struct replay_slice *slice);
/** Ends a share that was made just now. */
void replay_share_undo(struct replay_book *b, struct replay_share *share);
/**
 * Ends at most so many shares of dead slices, and forgets signers that have no other: strangers may
 * be many. @return whether there are more.
 */
bool replay_book_sweep(struct replay_book *b, unsigned shares);
