/* SPDX-License-Identifier: ISC */
/* allocate: places for the nodes of a request, promised for some minutes (spec geni-am 3). */
#include <stdio.h>
#include <string.h>

#include "handlers/aggregate/manifest.h"
#include "handlers/aggregate/place.h"
#include "handlers/aggregate/states.h"
#include "handlers/aggregate/work.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"

#define TRIES 8	      /* plans that somebody else was faster than */
#define OVER_MAX 1000 /* slivers of the slice that are over, and whose client_ids are free again */

struct allocating {
	struct agg_call *call;
	struct rs_request *request;
	const char *document;
	size_t len;
	struct agg_plan plan;
	struct agg_slivers slivers;
	struct agg_slivers over;
	int64_t expires;
};

/* ---- before the transaction ---- */

static int choose_expiry(struct allocating *a)
{
	struct agg_call *c = a->call;
	int64_t end;
	int r = agg_option_time(c, "geni_end_time", &end);

	a->expires = c->now + c->agg->allocate_minutes * 60;
	if (a->expires > c->grant->expires)
		a->expires = c->grant->expires;
	/* a wish; one that is past is none */
	if (!r && end > c->now && end < a->expires)
		a->expires = end;
	return r;
}

static int read_request(struct allocating *a)
{
	struct rs_fault fault;
	int r = agg_arg_text(a->call, "rspec", &a->document, &a->len);

	if (r)
		return r;
	r = rs_request_read(a->document, a->len, a->call->agg->urn, &a->request, &fault);
	switch (r) {
	case RS_BAD:
		return agg_refuse(a->call, AGG_BADARGS, "%s", fault.why.text);
	case RS_TOO_BIG:
		return agg_refuse(a->call, AGG_TOOBIG, "%s", fault.why.text);
	case RS_UNSUPPORTED:
		return agg_refuse(a->call, AGG_UNSUPPORTED, "%s", fault.why.text);
	default:
		return r;
	}
}

static int new_urn(const struct agg_call *c, char out[TR_NAME_MAX + 1])
{
	uint8_t random[16];
	int n = snprintf(out, TR_NAME_MAX + 1, TR_URN_PREFIX "%s+sliver+", c->agg->authority);

	if (n < 0 || n + 2 * sizeof(random) > TR_NAME_MAX)
		return cc_raise(CC_EINTERNAL);
	if (cc_random(random, sizeof(random)) != 0)
		return cc_raise(CC_ECRYPTO);
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(out + n + 2 * i, 3, "%02x", random[i]);
	return 0;
}

static int make_sliver(struct allocating *a, unsigned at)
{
	const struct rs_want *w = &a->request->wants[at];
	const struct agg_pick *p = &a->plan.picks[at];
	struct agg_sliver *s = agg_slivers_add(&a->slivers);
	char urn[TR_NAME_MAX + 1];
	int r = new_urn(a->call, urn);

	if (!s)
		return cc_raise(CC_ENOMEM);
	s->urn = strdup(urn);
	s->slice = strdup(a->call->slice);
	s->slice_urn = strdup(a->call->slice_urn);
	s->owner = strdup(agg_caller_user(a->call));
	s->client_id = strdup(w->client_id);
	s->component = strdup(p->node->urn);
	s->type = strdup(p->type->name);
	s->image = strdup(w->image);
	s->hardware = strdup(p->node->hardware[0] ? p->node->hardware[0] : "");
	s->why = strdup("");
	s->users = json_array();
	s->login = json_array();
	s->allocation = AGG_ALLOCATED;
	s->operational = AGG_PENDING;
	s->slots = p->slots;
	s->exclusive = p->exclusive;
	s->made = a->call->now;
	s->expires = a->expires;
	if (r || !s->urn || !s->slice || !s->slice_urn || !s->owner || !s->client_id ||
	    !s->component || !s->type || !s->image || !s->hardware || !s->why || !s->users ||
	    !s->login)
		return r ? r : cc_raise(CC_ENOMEM);
	return 0;
}

static int make_slivers(struct allocating *a)
{
	int r = 0;

	agg_slivers_deinit(&a->slivers);
	for (unsigned i = 0; i < a->request->n_wants && !r; i++)
		r = make_sliver(a, i);
	return r;
}

/* ---- the transaction ---- */

/* What is over, and not yet cleared away, does not stand in the way of its own slice. */
static int clear_over(struct st_tx *tx, struct allocating *a)
{
	int r;

	agg_slivers_deinit(&a->over);
	r = agg_slivers_over(tx, a->call->slice, a->call->now, OVER_MAX, &a->over);
	for (unsigned i = 0; i < a->over.n && !r; i++)
		r = agg_sliver_remove(tx, &a->over.items[i], a->call->now);
	return r;
}

static int insert_all(struct st_tx *tx, struct allocating *a)
{
	int64_t id;
	int r = agg_request_insert(tx, a->call->slice, a->document, a->len, a->slivers.n, &id);

	for (unsigned i = 0; i < a->slivers.n && !r; i++) {
		struct agg_sliver *s = &a->slivers.items[i];

		s->request = id;
		r = agg_sliver_insert(tx, s);
		if (r == -CC_EEXIST)
			r = agg_refuse(
				a->call, AGG_ALREADYEXISTS,
				"the slice has a sliver of client_id \"%.100s\" here already",
				s->client_id);
	}
	return r;
}

static int run_allocate(struct st_tx *tx, void *arg)
{
	struct allocating *a = arg;
	json_t *list;
	int r = agg_check_shut(tx, a->call);

	if (!r)
		r = clear_over(tx, a);
	if (!r)
		r = agg_plan_take(tx, &a->plan, a->call->slice);
	if (!r)
		r = insert_all(tx, a);
	if (r)
		return r;
	list = agg_work_json(&a->slivers, false);
	json_decref(a->call->value);
	a->call->value = list ? json_pack("{s:o}", "geni_slivers", list) : NULL;
	return a->call->value ? 0 : cc_raise(CC_ENOMEM);
}

/* ---- the whole ---- */

static int try_once(struct allocating *a)
{
	struct agg_call *c = a->call;
	int r = agg_plan_make(c, a->request, &a->plan);

	if (!r)
		r = make_slivers(a);
	if (!r)
		r = agg_write(c, run_allocate, a);
	agg_plan_end(&a->plan, c->slice, r == 0 && !c->repeated);
	for (unsigned i = 0; i < a->over.n && !r; i++)
		agg_nodes_gave(c->agg->nodes, a->over.items[i].component,
			       (unsigned)a->over.items[i].slots);
	if (r == AGG_LOST)
		agg_nodes_doubt(c->agg->nodes);
	return r;
}

static int allocate(struct allocating *a)
{
	struct agg_call *c = a->call;
	int r = AGG_LOST;

	for (unsigned i = 0; i < TRIES && r == AGG_LOST; i++)
		r = try_once(a);
	if (r == AGG_LOST)
		return agg_refuse(c, AGG_NODES, "others were faster, again and again; try again");
	if (r)
		return r;
	if (c->repeated)
		return agg_manifest_again(c);
	return agg_manifest(c, &a->slivers, false);
}

int agg_allocate(struct agg_call *c)
{
	struct allocating a = {.call = c};
	int r = agg_arg_slice(c);

	if (!r)
		r = agg_allow(c);
	if (!r)
		r = agg_terms_check(c);
	if (!r)
		r = choose_expiry(&a);
	if (!r)
		r = read_request(&a);
	if (!r)
		r = allocate(&a);
	rs_request_free(a.request);
	agg_slivers_deinit(&a.slivers);
	agg_slivers_deinit(&a.over);
	return r;
}

/* ---- told again ---- */

struct telling {
	struct agg_call *call;
	json_t *urns;
	struct agg_slivers found;
};

static int run_tell(struct st_tx *tx, void *arg)
{
	struct telling *t = arg;

	agg_slivers_deinit(&t->found);
	return agg_slivers_named(tx, t->urns, t->call->now, &t->found);
}

/* The slivers as they were then, in c->value; the manifest of those that are still there. */
int agg_manifest_again(struct agg_call *c)
{
	struct telling t = {.call = c, .urns = json_array()};
	const json_t *s;
	size_t i;
	int r = t.urns ? 0 : cc_raise(CC_ENOMEM);

	if (!r)
		json_array_foreach(json_object_get(c->value, "geni_slivers"), i, s) if (!r) r =
			json_array_append(t.urns, json_object_get(s, "geni_sliver_urn"))
				? cc_raise(CC_ENOMEM)
				: 0;
	if (!r)
		r = agg_read(c, run_tell, &t);
	if (!r)
		r = agg_manifest(c, &t.found, false);
	json_decref(t.urns);
	agg_slivers_deinit(&t.found);
	return r;
}
