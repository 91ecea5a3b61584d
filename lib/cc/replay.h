/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Which signed messages were already taken (architecture section 3): one entry (signer, id) for as
 * long as the time window would let the message pass again. Thread-safe; one per server, kept over
 * reloads.
 *
 * Entries stand in slices by the message's own (signed) time, which a replay has, too, so that a
 * look-up touches one slice and a whole slice is freed at once when its last message has left the
 * window. Never evicted: over a bound the answer is busy. Signers of class gid are strangers, so
 * all of them together share a quarter of the room. A signer is its class and its name, remembered
 * while it has ids. An id that its signer uses for two messages may be seen in the second.
 *
 * After a start nothing is remembered, so what is dated before start + ahead_ms is refused as old.
 * The same holds for any time whose ids were forgotten, should the clock come back to it.
 */
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/cc/cms.h"

#define CC_REPLAY_IDS_MAX (1u << 28) /* most that max_ids may say */

struct cc_replay_conf {
	int64_t back_ms, ahead_ms; /* the time window; back_ms > 0 */
	uint64_t max_ids;	   /* of all signers; 1..CC_REPLAY_IDS_MAX, up to 64 octets each */
	uint64_t max_signer_ids;   /* of one signer; > 0 */
};

enum cc_replay_verdict {
	CC_REPLAY_NEW = 0,
	CC_REPLAY_SEEN = 1,
	CC_REPLAY_FULL, /* over a bound */
	CC_REPLAY_OLD,	/* outside what is remembered: before the start, or outside the window */
};

struct cc_replay; /* opaque */

/** now_ms: wall clock, ms since 1970. @return 0, -CC_EINVAL, -CC_ENOMEM. */
int cc_replay_new(struct cc_replay **out, const struct cc_replay_conf *conf, int64_t now_ms);
/** NULL is nothing. */
void cc_replay_free(struct cc_replay *r);
/**
 * Takes other bounds at a reload; ids stay. With a longer window, what the old one had already
 * forgotten is old. @return 0, -CC_EINVAL (nothing changed).
 */
int cc_replay_configure(struct cc_replay *r, const struct cc_replay_conf *conf, int64_t now_ms);
/**
 * Notes a message whose signature holds. id: its 16 octets. serial: the number that this server
 * gave it when it was received: the same message at a second handler is no replay, and passes also
 * over a bound. sent_ms, now_ms: wall clock, ms. @return a cc_replay_verdict (NEW: it was noted),
 * -CC_ENOMEM (undecided: refuse).
 */
int cc_replay_add(struct cc_replay *r, const struct cc_signer *signer, const uint8_t id[16],
		  uint32_t serial, int64_t sent_ms, int64_t now_ms);
/** The earliest time a message may bear now, so that a client can be told (ms since 1970). */
int64_t cc_replay_earliest(struct cc_replay *r, int64_t now_ms);

struct cc_replay_stats {
	uint64_t ids, signers, bytes; /* remembered now; bytes: memory of everything */
};
void cc_replay_get_stats(struct cc_replay *r, struct cc_replay_stats *out);
struct cc_replay_signer {
	char name[CC_SIGNER_NAME_MAX + 1];
	enum cc_signer_class cls;
	uint64_t ids;	 /* in the window */
	int64_t last_ms; /* when the last was taken, wall clock */
};
/** Copies at most max signers, the most ids first, of as many by name. @return how many. */
size_t cc_replay_list(struct cc_replay *r, struct cc_replay_signer *out, size_t max);
