/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What all operations on slivers that there are have in common: which are meant, whether the caller may, that
 * their slice is not shut down, all or nothing or best effort, and the answer.
 */
#include "handlers/aggregate/aggregate.h"
#include "handlers/aggregate/slivers.h"

struct agg_work {
	struct agg_call *call;
	json_t *urns;	  /* slivers; NULL: all of the slice; owned */
	bool best_effort; /* per sliver geni_error instead of a refusal */
	bool now_gone;	  /* each removes */
	/**
	 * Does it to one. @return 0, a code with c->why (nothing was changed), as st_exec. Not for reads:
	 * NULL.
	 */
	int (*each)(struct st_tx *tx, struct agg_work *w, struct agg_sliver *s);
	/** Of a whole slice, which are meant. NULL: all. */
	bool (*meant)(const struct agg_sliver *s);
	const char *none; /* what a slice without such a sliver is told */
	void *arg;
	struct agg_slivers found;
};

/** Reads `urns`, judges the credential. @return 0, a code, negative error. Deinit in every case. */
int agg_work_begin(struct agg_work *w);
/** In one read or write transaction. w->found has them as they are then. @return as above. */
int agg_work_read(struct agg_work *w);
int agg_work_write(struct agg_work *w);
void agg_work_deinit(struct agg_work *w);
/** Refuses a slice that was shut down. Within a transaction. @return 0, AGG_REFUSED, as st_query. */
int agg_check_shut(struct st_tx *tx, struct agg_call *c);
/** The structs of slivers; touched: those alone that were. NULL: no memory. */
json_t *agg_work_json(const struct agg_slivers *s, bool touched);
