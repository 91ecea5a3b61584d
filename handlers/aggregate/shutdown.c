/* SPDX-License-Identifier: ISC */
/* shutdown and release: a slice that is stopped, with all that it has, until an operator says so. */
#include <stdio.h>
#include <string.h>

#include "handlers/aggregate/states.h"
#include "handlers/aggregate/work.h"
#include "handlers/aggregate/worker.h"
#include "lib/base/util.h"

struct shutting {
	struct agg_call *call;
	struct agg_slivers found;
};

static int stop_one(struct st_tx *tx, struct agg_sliver *s)
{
	int r;

	if (strcmp(s->operational, AGG_READY) != 0 && strcmp(s->operational, AGG_CONFIGURING) != 0)
		return 0;
	s->operational = AGG_STOPPING;
	r = agg_sliver_command(tx, s, "stop");
	return r ? r : agg_sliver_update(tx, s);
}

static int answer_true(struct agg_call *c)
{
	json_decref(c->value);
	c->value = json_true();
	return 0;
}

static int run_shutdown(struct st_tx *tx, void *arg)
{
	struct shutting *s = arg;
	struct agg_call *c = s->call;
	bool changed;
	int r = agg_slice_shut(tx, c->slice, c->now, agg_caller_user(c), &changed);

	agg_slivers_deinit(&s->found);
	if (!r && changed)
		r = agg_slivers_of(tx, c->slice, c->now, &s->found);
	for (unsigned i = 0; i < s->found.n && !r; i++)
		r = stop_one(tx, &s->found.items[i]);
	return r ? r : answer_true(c);
}

int agg_shutdown(struct agg_call *c)
{
	struct shutting s = {.call = c};
	int r = agg_arg_slice(c);

	if (!r)
		r = agg_allow(c);
	if (!r)
		r = agg_write(c, run_shutdown, &s);
	agg_slivers_deinit(&s.found);
	agg_worker_wake(c->agg->worker);
	return r;
}

static int run_release(struct st_tx *tx, void *arg)
{
	struct agg_call *c = arg;
	bool changed;
	int r = agg_slice_release(tx, c->slice, &changed);

	if (!r && !changed)
		return agg_refuse(c, AGG_SEARCHFAILED, "%.180s is not shut down", c->slice_urn);
	return r ? r : answer_true(c);
}

int agg_release(struct agg_call *c)
{
	int r = agg_arg_slice(c);

	return r ? r : agg_write(c, run_release, c);
}
