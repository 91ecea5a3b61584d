/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The nodes that there are, in memory: out of the registry's records, with how much of each is promised. What
 * is promised is a hint here, which plans go by; the store decides (place.h).
 *
 * A set is what one look at the store gave. Nodes that offer the same types on the same hardware are of one
 * kind; those of a kind stand in lists by their free slots, so that a place is found without looking at nodes
 * that do not fit, and however many slivers there are.
 *
 * What a node says of itself is in its record's geni_info (docs/handlers/aggregate.md, "Nodes"): slots,
 * sliver_types, hardware_types, country, latitude, longitude.
 */
#include <pthread.h>

#include "handlers/aggregate/types.h"
#include "lib/base/buf.h"
#include "lib/base/map.h"
#include "lib/store/store.h"

#define AGG_NODES_MAX 100000
#define AGG_HARDWARE_MAX 16 /* types of one node */

struct agg_node {
	struct cc_map_node by_urn;
	char *urn, *name, *hostname, *country, *latitude, *longitude;
	char **hardware; /* NULL-ended */
	uint64_t types;	 /* bit i: type i of agg_types */
	unsigned slots, kind;
	/* with the lock of agg_nodes */
	unsigned used, holders;
	char *exclusive; /* the slice that has it alone; NULL: none */
	struct agg_node *next,
		**link; /* of its kind's list, or of those held; link NULL: of none */
};

struct agg_kind {
	uint64_t types;
	const struct agg_node *like; /* its hardware */
	/* by free slots: those without a holder, and the others; 2 * (AGG_SLOTS_MAX + 1) would be much: most + 1 each */
	struct agg_node **idle, **shared;
	unsigned most; /* slots of the largest */
};

/* Reference counted; nodes and kinds stay as they are, but for what is said to be under the lock. */
struct agg_set {
	unsigned refs;
	struct agg_node *nodes;
	unsigned n_nodes;
	struct agg_kind *kinds;
	unsigned n_kinds;
	struct agg_node *held; /* by one slice each, with room for more of its own */
	struct cc_map by_urn;
};

struct agg_text {
	struct cc_buf plain, packed; /* packed: geni_compressed */
	unsigned refs;
};

struct agg_nodes {
	pthread_mutex_t
		refreshing; /* one looks at the store, and who comes meanwhile waits for it */
	pthread_mutex_t lock;
	const struct agg_types *types;
	struct st_store *db;
	unsigned default_slots;
	struct agg_set *set;
	int64_t looked, stamp; /* when (ms), and what the records were like */
	bool stale;	       /* what is promised may be another thing in the store */
	uint64_t changes;      /* of what is promised, and of sets */
	pthread_mutex_t ad_lock;
	struct agg_text *ads[2]; /* all; those with room */
	uint64_t ad_changes[2];
	int64_t ad_made[2];
};

/** default_slots: of a node that does not say. db and types are borrowed. @return 0, -CC_ENOMEM. */
int agg_nodes_new(struct st_store *db, const struct agg_types *types, unsigned default_slots,
		  struct agg_nodes **out);
void agg_nodes_free(struct agg_nodes *n);
/**
 * The nodes of now: looks whether records changed when that was not done for a second, and reads what is
 * promised again when that is in doubt. *out: a reference. @return 0, as st_read.
 */
int agg_nodes_get(struct agg_nodes *n, int64_t deadline, struct agg_set **out, struct cc_note *why);
void agg_set_unref(struct agg_set *s);
void agg_set_unrefp(struct agg_set **s);
/** The node of a URN; NULL: none. */
struct agg_node *agg_set_find(const struct agg_set *s, const char *urn);
/** Takes a node out of its list and puts it where it belongs now. With the lock. */
void agg_node_settle(struct agg_set *s, struct agg_node *node);
/** Whether the set of now is another one. */
bool agg_nodes_moved(struct agg_nodes *n, const struct agg_set *s);
/** What is promised may have changed behind our back. */
void agg_nodes_doubt(struct agg_nodes *n);
/** Slots of a sliver were given back: it was deleted, and that is committed. */
void agg_nodes_gave(struct agg_nodes *n, const char *urn, unsigned slots);
