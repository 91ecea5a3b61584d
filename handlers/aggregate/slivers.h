/* SPDX-License-Identifier: ISC */
#pragma once
/* Slivers in the store: every SQL text on tables sliver, request, slice_shut, outbox and tombstone. */
#include <jansson.h>

#include "lib/store/store.h"

struct agg_sliver {
	/* owned */
	char *urn, *slice, *slice_urn, *owner, *client_id, *component, *type, *image, *hardware;
	json_t *users, *login;
	/* static words of states.h, or as the store has them in word[] */
	const char *allocation, *operational;
	char words[2][32];
	char *why;
	int64_t request, slots, generation, made, expires;
	bool exclusive;
	/* of the call that it was read for */
	bool touched;
	char error[200];
};

struct agg_slivers {
	struct agg_sliver *items;
	unsigned n, room;
};
void agg_slivers_deinit(struct agg_slivers *s);
/** Room for one more, zeroed; NULL: no memory. */
struct agg_sliver *agg_slivers_add(struct agg_slivers *s);

/** Those of a slice (its key) that are not over, by client_id. Added. @return 0, as st_query. */
int agg_slivers_of(struct st_tx *tx, const char *slice, int64_t now, struct agg_slivers *out);
/** Those that a list of URNs names, in its order, and that are not over; who is missing is left out. @return as above. */
int agg_slivers_named(struct st_tx *tx, const json_t *urns, int64_t now, struct agg_slivers *out);
/** At most limit of those that are over, of a slice or (NULL) of any. @return as above. */
int agg_slivers_over(struct st_tx *tx, const char *slice, int64_t now, unsigned limit,
		     struct agg_slivers *out);

/** @return 0, -CC_EEXIST (the slice has this client_id), as st_exec. */
int agg_sliver_insert(struct st_tx *tx, const struct agg_sliver *s);
/** Writes state, generation, expiry, users and login back. @return as st_exec. */
int agg_sliver_update(struct st_tx *tx, const struct agg_sliver *s);
/**
 * Removes it, gives its slots back, leaves a tombstone, and tells its node where that has it. @return as
 * st_exec.
 */
int agg_sliver_remove(struct st_tx *tx, const struct agg_sliver *s, int64_t now);
/** One more command for its node, of the sliver's next generation (in s, too: update it). @return as st_exec. */
int agg_sliver_command(struct st_tx *tx, struct agg_sliver *s, const char *command);

/** Keeps an RSpec. *id: its number. @return as st_exec. */
int agg_request_insert(struct st_tx *tx, const char *slice, const char *document, size_t len,
		       unsigned slivers, int64_t *id);
/** *out: owned by the caller. @return 0, -CC_ENOTFOUND, as st_query. */
int agg_request_get(struct st_tx *tx, int64_t id, char **out, size_t *len);

/** @return 1 (it is shut down), 0, as st_query. */
int agg_slice_is_shut(struct st_tx *tx, const char *slice);
/** *changed: whether it was another way before. @return as st_exec. */
int agg_slice_shut(struct st_tx *tx, const char *slice, int64_t now, const char *who,
		   bool *changed);
int agg_slice_release(struct st_tx *tx, const char *slice, bool *changed);

/* A row of the outbox. */
struct agg_command {
	int64_t id, generation;
	char sliver[256], command[16];
};
/** The oldest that were made before (ms since 1970); at most limit. *n: how many. @return as st_query. */
int agg_outbox_read(struct st_tx *tx, int64_t before, unsigned limit, struct agg_command *out,
		    unsigned *n);
/** When the oldest was made, ms; 0: none waits. @return as st_query. */
int agg_outbox_first(struct st_tx *tx, int64_t *made);
int agg_outbox_remove(struct st_tx *tx, int64_t id);
/** Forgets tombstones that are over. @return as st_exec. */
int agg_tombstones_prune(struct st_tx *tx, int64_t now);

/** The struct of the GENI AM API. NULL: no memory. */
json_t *agg_sliver_json(const struct agg_sliver *s);
