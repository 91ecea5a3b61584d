/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Where the slivers of a request go (spec jfed 36 to 54). Three steps: a plan, which holds its places in
 * memory so that plans made at once do not want the same; taking them in a transaction, where conditional
 * updates decide; and the end of the plan, whatever came of it.
 */
#include "handlers/aggregate/aggregate.h"
#include "handlers/aggregate/nodes.h"
#include "lib/rspec/request.h"

struct agg_pick {
	struct agg_node *node; /* of plan->set */
	const struct agg_type *type;
	unsigned slots;
	bool exclusive;
};

struct agg_plan {
	struct agg_nodes *nodes;
	struct agg_set *set;
	struct agg_pick *picks; /* one for each want, in their order */
	unsigned n;
};

/**
 * Finds a place for each of the request's nodes. @return 0, a code of the first that has none (c->why;
 * c->hint: what of the request would fit, or until when its component is held), negative error. End the
 * plan in every case.
 */
int agg_plan_make(struct agg_call *c, const struct rs_request *rq, struct agg_plan *out);
enum { AGG_LOST = 900 }; /* above every code */
/** Takes all of it. @return 0, AGG_LOST (somebody else was faster: plan again), as st_exec. */
int agg_plan_take(struct st_tx *tx, const struct agg_plan *p, const char *slice);
/** done: what was taken is committed; else nothing was. */
void agg_plan_end(struct agg_plan *p, const char *slice, bool done);
/** Gives back what a sliver had. @return as st_exec. */
int agg_place_give(struct st_tx *tx, const char *component, int64_t slots);
