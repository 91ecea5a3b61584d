/* SPDX-License-Identifier: ISC */
#include "handlers/aggregate/work.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"

int agg_check_shut(struct st_tx *tx, struct agg_call *c)
{
	int r = agg_slice_is_shut(tx, c->slice);

	return r > 0 ? agg_refuse(c, AGG_REFUSED,
				  "%.150s was shut down: ask the operators to release it",
				  c->slice_urn)
		     : r;
}

/* ---- which are meant ---- */

static int run_named(struct st_tx *tx, void *arg)
{
	struct agg_work *w = arg;

	agg_slivers_deinit(&w->found);
	return agg_slivers_named(tx, w->urns, w->call->now, &w->found);
}

/*
 * Slivers say by themselves whose they are. Of those that there are not nobody learns more than that his
 * credential was good.
 */
static int allow_named(struct agg_work *w)
{
	struct agg_call *c = w->call;
	int r = agg_read(c, run_named, w);

	if (r)
		return r;
	if (w->found.n) {
		const struct agg_sliver *s = &w->found.items[0];

		snprintf(c->slice_urn, sizeof(c->slice_urn), "%s", s->slice_urn);
		snprintf(c->slice, sizeof(c->slice), "%s", s->slice);
	}
	return agg_allow(c);
}

int agg_work_begin(struct agg_work *w)
{
	int r = agg_arg_urns(w->call, &w->urns);

	if (r)
		return r;
	return w->urns ? allow_named(w) : agg_allow(w->call);
}

/* Those found are in the order of the URNs. */
static int refuse_missing(struct agg_work *w)
{
	const json_t *urn;
	unsigned next = 0;
	size_t i;

	json_array_foreach(w->urns, i, urn)
	{
		if (next < w->found.n &&
		    strcmp(w->found.items[next].urn, json_string_value(urn)) == 0) {
			next++;
			continue;
		}
		return agg_refuse(w->call, AGG_SEARCHFAILED,
				  "there is no sliver %.180s: it is not known, over, or deleted",
				  json_string_value(urn));
	}
	return agg_refuse(w->call, AGG_SEARCHFAILED, "there is no such sliver");
}

static int load_named(struct st_tx *tx, struct agg_work *w)
{
	int r = agg_slivers_named(tx, w->urns, w->call->now, &w->found);

	if (r)
		return r;
	for (unsigned i = 1; i < w->found.n; i++)
		if (strcmp(w->found.items[i].slice, w->found.items[0].slice) != 0)
			return agg_refuse(w->call, AGG_BADARGS,
					  "urns: these are slivers of several slices");
	if (w->found.n && strcmp(w->found.items[0].slice, w->call->slice) != 0)
		return agg_refuse(w->call, AGG_SEARCHFAILED, "there is no such sliver");
	return w->found.n == json_array_size(w->urns) ? 0 : refuse_missing(w);
}

static void keep_meant(struct agg_work *w)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < w->found.n; i++)
		kept += w->meant(&w->found.items[i]);
	if (kept == w->found.n)
		return;
	/* the others are left untouched: they are marked, not moved */
	for (unsigned i = 0; i < w->found.n; i++)
		if (!w->meant(&w->found.items[i]))
			w->found.items[i].made = -1;
}

static bool is_meant(const struct agg_sliver *s)
{
	return s->made >= 0;
}

static int load(struct st_tx *tx, struct agg_work *w)
{
	unsigned n = 0;
	int r;

	agg_slivers_deinit(&w->found);
	if (w->call->slice[0] && (r = agg_check_shut(tx, w->call)))
		return r;
	if (w->urns)
		return load_named(tx, w);
	r = agg_slivers_of(tx, w->call->slice, w->call->now, &w->found);
	if (r)
		return r;
	if (w->meant)
		keep_meant(w);
	for (unsigned i = 0; i < w->found.n; i++)
		n += is_meant(&w->found.items[i]);
	return n ? 0
		 : agg_refuse(w->call, AGG_SEARCHFAILED, "%s",
			      w->none ? w->none : "the slice has no slivers here");
}

/* ---- doing it ---- */

static int do_each(struct st_tx *tx, struct agg_work *w)
{
	for (unsigned i = 0; i < w->found.n; i++) {
		struct agg_sliver *s = &w->found.items[i];
		int r = is_meant(s) ? w->each(tx, w, s) : 0;

		if (r < 0 || (r > 0 && !w->best_effort))
			return r;
		if (r > 0)
			snprintf(s->error, sizeof(s->error), "%.199s", w->call->why.text);
		s->touched = is_meant(s);
	}
	return 0;
}

json_t *agg_work_json(const struct agg_slivers *s, bool touched)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->n && list; i++) {
		if (touched && !s->items[i].touched)
			continue;
		if (json_array_append_new(list, agg_sliver_json(&s->items[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static int run_read(struct st_tx *tx, void *arg)
{
	return load(tx, arg);
}

static int run_write(struct st_tx *tx, void *arg)
{
	struct agg_work *w = arg;
	int r = load(tx, w);

	if (!r)
		r = do_each(tx, w);
	if (r)
		return r;
	json_decref(w->call->value);
	w->call->value = agg_work_json(&w->found, true);
	return w->call->value ? 0 : cc_raise(CC_ENOMEM);
}

int agg_work_read(struct agg_work *w)
{
	return agg_read(w->call, run_read, w);
}

int agg_work_write(struct agg_work *w)
{
	return agg_write(w->call, run_write, w);
}

void agg_work_deinit(struct agg_work *w)
{
	json_decref(w->urns);
	agg_slivers_deinit(&w->found);
}
