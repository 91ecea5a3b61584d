/* SPDX-License-Identifier: ISC */
#include "handlers/aggregate/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "handlers/aggregate/worker.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"
#include "lib/xml/doc.h"

#define SWEEPS 100 /* of what is over, before a request is told that nothing is free */

/* ---- what is wanted ---- */

static int refuse(struct agg_call *c, enum agg_code code, const struct rs_want *w, const char *text)
{
	return agg_refuse(c, code, "line %ld, client_id \"%.60s\": %s", w->line, w->client_id,
			  text);
}

static int refuse_type(struct agg_call *c, const struct rs_want *w)
{
	char text[200];
	size_t len = (size_t)snprintf(
		text, sizeof(text), "there is no sliver_type \"%.40s\" here, but", w->sliver_type);

	for (const char **name = c->agg->types->names; *name && len < sizeof(text); name++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %.60s", *name);
	return refuse(c, AGG_UNSUPPORTED, w, text);
}

static int check_image(struct agg_call *c, const struct rs_want *w, const struct agg_type *t)
{
	char text[200];

	if (!*w->image)
		return t->image_needed ? refuse(c, AGG_BADARGS, w, "disk_image is mandatory") : 0;
	if (!t->n_images)
		return refuse(c, AGG_UNSUPPORTED, w,
			      "disk_image is not supported for this sliver_type");
	if (agg_type_has_image(t, w->image))
		return 0;
	snprintf(text, sizeof(text), "there is no disk_image \"%.120s\" for this sliver_type",
		 w->image);
	return refuse(c, AGG_SEARCHFAILED, w, text);
}

static int read_want(struct agg_call *c, const struct rs_want *w, struct agg_pick *out)
{
	int index = agg_type_find(c->agg->types, w->sliver_type);

	if (index < 0)
		return refuse_type(c, w);
	out->type = &c->agg->types->items[index];
	out->slots = out->type->slots;
	/* exclusive="false" where there is nothing else is no failure (spec jfed 37) */
	out->exclusive = out->type->exclusive == AGG_ALWAYS || w->exclusive;
	if (out->exclusive && out->type->exclusive == AGG_NEVER)
		return refuse(c, AGG_UNSUPPORTED, w,
			      "exclusive=\"true\" is not supported for this sliver_type");
	return check_image(c, w, out->type);
}

/* ---- places; all with the lock ---- */

static bool offers(const struct agg_call *c, uint64_t types, const struct agg_type *t)
{
	return types >> (t - c->agg->types->items) & 1;
}

static bool has_hardware(const struct agg_node *node, const struct rs_want *w)
{
	if (!*rs_want_hardware(w))
		return true;
	for (char **h = node->hardware; *h; h++)
		if (rs_want_takes(w, *h))
			return true;
	return false;
}

static unsigned needed(const struct agg_pick *p, const struct agg_node *node)
{
	return p->type->whole ? node->slots : p->slots;
}

static bool has_room(const struct agg_pick *p, const struct agg_node *node, const char *slice)
{
	bool own = node->exclusive && strcmp(node->exclusive, slice) == 0;

	if (agg_is_broken("am-slots"))
		return true;
	if (node->used + needed(p, node) > node->slots || (node->exclusive && !own))
		return false;
	return !p->exclusive || node->holders == 0 || own;
}

static int hold(struct agg_plan *plan, struct agg_pick *p, struct agg_node *node, const char *slice)
{
	if (p->exclusive && !node->exclusive) {
		node->exclusive = strdup(slice);
		if (!node->exclusive)
			return cc_raise(CC_ENOMEM);
	}
	p->node = node;
	p->slots = needed(p, node);
	node->used += p->slots;
	node->holders++;
	agg_node_settle(plan->set, node);
	return 0;
}

/*
 * Another look at the store may have come between, and forgotten what was held: then it is looked at again.
 * @return whether it was as it was left.
 */
static bool let_go(struct agg_set *set, const struct agg_pick *p)
{
	struct agg_node *node = p->node;

	if (node->used < p->slots || node->holders == 0)
		return false;
	node->used -= p->slots;
	if (--node->holders == 0) {
		free(node->exclusive);
		node->exclusive = NULL;
	}
	agg_node_settle(set, node);
	return true;
}

/* The first node of a kind with these free slots that takes it. */
static struct agg_node *at_level(const struct agg_kind *kind, const struct agg_pick *p,
				 unsigned level, bool idle_first)
{
	struct agg_node *idle = kind->idle[level],
			*shared = p->exclusive ? NULL : kind->shared[level];

	/* one that must be had as a whole has as many free slots as it has */
	while (idle && p->type->whole && idle->slots != level)
		idle = idle->next;
	if (idle_first)
		return idle ? idle : shared;
	return shared ? shared : idle;
}

/* Packed: where the least is left; spread: where the most is. */
static struct agg_node *in_kind(const struct agg_kind *kind, const struct agg_pick *p, bool spread)
{
	unsigned least = p->type->whole ? 1 : p->slots;
	struct agg_node *found = NULL;

	for (unsigned i = least; i <= kind->most && !found; i++)
		found = at_level(kind, p, spread ? kind->most + least - i : i, spread);
	return found;
}

static struct agg_node *anywhere(const struct agg_call *c, const struct agg_set *set,
				 const struct rs_want *w, const struct agg_pick *p)
{
	bool spread = c->agg->place == AGG_SPREAD;
	struct agg_node *best = NULL;

	for (unsigned i = 0; i < set->n_kinds; i++) {
		const struct agg_kind *kind = &set->kinds[i];
		struct agg_node *found;

		if (!offers(c, kind->types, p->type) || !has_hardware(kind->like, w))
			continue;
		found = in_kind(kind, p, spread);
		if (found &&
		    (!best || (spread ? found->slots - found->used > best->slots - best->used
				      : found->slots - found->used < best->slots - best->used)))
			best = found;
	}
	return best;
}

/* ---- why there is no place ---- */

/* How many of these the testbed could have, were it empty. 0: nothing here offers them. */
static unsigned long capacity(const struct agg_call *c, const struct agg_set *set,
			      const struct rs_want *w, const struct agg_pick *p)
{
	unsigned long n = 0;

	for (unsigned i = 0; i < set->n_nodes; i++) {
		const struct agg_node *node = &set->nodes[i];

		if (offers(c, node->types, p->type) && has_hardware(node, w))
			n += p->type->whole ? 1 : node->slots / p->type->slots;
	}
	return n;
}

static int refuse_anywhere(struct agg_call *c, const struct agg_plan *plan,
			   const struct rs_request *rq, unsigned at)
{
	const struct rs_want *w = &rq->wants[at];
	const struct agg_pick *p = &plan->picks[at];
	unsigned long most = capacity(c, plan->set, w, p), wanted = 0;
	char text[160];

	for (unsigned i = 0; i < rq->n_wants; i++)
		wanted += plan->picks[i].type == p->type;
	if (most == 0 && *rs_want_hardware(w)) {
		snprintf(text, sizeof(text),
			 "no node here has hardware_type \"%.60s\" and offers this "
			 "sliver_type",
			 rs_want_hardware(w));
		return refuse(c, AGG_SEARCHFAILED, w, text);
	}
	if (wanted > most) {
		snprintf(text, sizeof(text),
			 "%lu of this sliver_type are wanted, and the testbed has %lu", wanted,
			 most);
		return refuse(c, AGG_TOOBIG, w, text);
	}
	return refuse(c, AGG_NODES, w, "not enough nodes are free for it now");
}

struct holding {
	const char *component;
	int64_t until, now;
};

static int run_until(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {
		"SELECT MIN(expires) FROM sliver WHERE component = $1 AND expires > $2"};
	struct holding *h = arg;

	return st_number(tx, &sql, (struct st_value[]){st_text(h->component), st_int(h->now)}, 2,
			 &h->until);
}

/* Without the lock. The hint: when the first of those that hold it ends. */
static int refuse_held(struct agg_call *c, const struct rs_want *w)
{
	struct holding h = {.component = w->component_id, .now = c->now};
	char text[32];

	if (agg_read(c, run_until, &h) == 0 && h.until)
		c->hint = json_string(cc_clock_text(h.until, text));
	return refuse(c, AGG_BUSY, w, "this component is held by others");
}

static int refuse_bound(struct agg_call *c, const struct agg_node *node, const struct rs_want *w,
			const struct agg_pick *p)
{
	if (!node)
		return refuse(c, AGG_SEARCHFAILED, w, "there is no such component_id here");
	if (!offers(c, node->types, p->type))
		return refuse(c, AGG_UNSUPPORTED, w,
			      "this component does not offer this sliver_type");
	if (!has_hardware(node, w))
		return refuse(c, AGG_SEARCHFAILED, w, "this component has another hardware_type");
	if (needed(p, node) > node->slots)
		return refuse(c, AGG_TOOBIG, w, "this component is too small for it");
	return 0;
}

/* ---- the plan ---- */

/* Whatever has no place is left out of what would fit. */
struct planning {
	struct agg_call *call;
	const struct rs_request *rq;
	struct agg_plan *plan;
	bool *fits;
	int code;      /* of the first that has none */
	unsigned held; /* which want that was; of AGG_BUSY */
	struct cc_note why;
};

static void fail(struct planning *x, unsigned at, int code)
{
	x->fits[at] = false;
	if (x->code)
		return;
	x->code = code;
	x->held = at;
	x->why = x->call->why;
}

/* With the lock. */
static int place_one(struct planning *x, unsigned at)
{
	const struct rs_want *w = &x->rq->wants[at];
	struct agg_pick *p = &x->plan->picks[at];
	struct agg_call *c = x->call;
	struct agg_node *node;
	int r = 0;

	if (*w->component_id) {
		node = agg_set_find(x->plan->set, w->component_id);
		r = refuse_bound(c, node, w, p);
		if (!r && !has_room(p, node, c->slice))
			r = AGG_BUSY;
	} else {
		node = anywhere(c, x->plan->set, w, p);
		/* why, is looked for once: it looks at every node, with the lock held */
		if (!node)
			r = x->code ? x->code : refuse_anywhere(c, x->plan, x->rq, at);
	}
	if (r > 0)
		fail(x, at, r);
	return r ? (r > 0 ? 0 : r) : hold(x->plan, p, node, c->slice);
}

struct turn {
	unsigned at, slots;
	bool bound;
};

static int compare_turns(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->bound != y->bound)
		return x->bound ? -1 : 1;
	if (x->slots != y->slots)
		return x->slots > y->slots ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/*
 * Who names a component has no choice and comes first; then the large ones, which the small ones would leave no
 * place for.
 */
static int place_all(struct planning *x)
{
	unsigned n = x->rq->n_wants;
	cc_cleanup(cc_freep) struct turn *turns = calloc(n + 1, sizeof(*turns));
	int r = turns ? 0 : cc_raise(CC_ENOMEM);

	for (unsigned i = 0; i < n && !r; i++)
		turns[i] = (struct turn){
			i, x->plan->picks[i].type->whole ? AGG_SLOTS_MAX : x->plan->picks[i].slots,
			*x->rq->wants[i].component_id != 0};
	if (!r)
		qsort(turns, n, sizeof(*turns), compare_turns);
	for (unsigned i = 0; i < n && !r; i++)
		r = place_one(x, turns[i].at);
	return r;
}

/* The request without what has no place, for who wants to try again. */
static void hint_fitting(struct planning *x)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(RS_TEXT_MAX * 2);
	unsigned left = 0;

	for (unsigned i = 0; i < x->rq->n_wants; i++)
		left += x->fits[i];
	if (!left || (x->code != AGG_NODES && x->code != AGG_TOOBIG))
		return;
	for (unsigned i = 0; i < x->rq->n_wants; i++) {
		if (x->fits[i])
			continue;
		xmlUnlinkNode(x->rq->wants[i].node);
		xmlFreeNode(x->rq->wants[i].node);
		x->rq->wants[i].node = NULL;
	}
	if (xs_doc_write(x->rq->doc, &b) == 0)
		x->call->hint = cc_json_textn((const char *)b.data, b.len);
}

static int plan_once(struct planning *x)
{
	struct agg_nodes *nodes = x->plan->nodes;
	struct agg_call *c = x->call;
	int r = 0;

	x->code = 0;
	x->plan->picks = calloc(x->rq->n_wants + 1, sizeof(*x->plan->picks));
	if (!x->plan->picks)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < x->rq->n_wants && !r; i++) {
		x->fits[i] = true;
		r = read_want(c, &x->rq->wants[i], &x->plan->picks[i]);
	}
	if (r)
		return r;
	r = agg_nodes_get(nodes, c->deadline, &x->plan->set, &c->why);
	if (r)
		return agg_store_code(c, r);
	pthread_mutex_lock(&nodes->lock);
	r = place_all(x);
	nodes->changes++;
	pthread_mutex_unlock(&nodes->lock);
	return r;
}

int agg_plan_make(struct agg_call *c, const struct rs_request *rq, struct agg_plan *out)
{
	cc_cleanup(cc_freep) bool *fits = calloc(rq->n_wants + 1, sizeof(*fits));
	const struct agg_plan fresh = {.nodes = c->agg->nodes, .n = rq->n_wants};
	struct planning x = {.call = c, .rq = rq, .plan = out, .fits = fits};
	int r;

	*out = fresh;
	if (!fits)
		return cc_raise(CC_ENOMEM);
	r = plan_once(&x);
	if (!r && (x.code == AGG_NODES || x.code == AGG_BUSY)) {
		/* who shares the store may have given back what we think is taken; what is over is free, too */
		agg_plan_end(out, c->slice, false);
		for (unsigned i = 0; i < SWEEPS && agg_sweep(c->agg); i++)
			;
		agg_nodes_doubt(c->agg->nodes);
		*out = fresh;
		r = plan_once(&x);
	}
	if (r || !x.code)
		return r;
	c->why = x.why;
	if (x.code == AGG_BUSY)
		return refuse_held(c, &rq->wants[x.held]);
	hint_fitting(&x);
	return x.code;
}

void agg_plan_end(struct agg_plan *p, const char *slice, bool done)
{
	if (p->set && !done) {
		pthread_mutex_lock(&p->nodes->lock);
		for (unsigned i = 0; i < p->n; i++)
			if (p->picks[i].node && !let_go(p->set, &p->picks[i]))
				p->nodes->stale = true;
		p->nodes->changes++;
		pthread_mutex_unlock(&p->nodes->lock);
	}
	/* another look at the store came between: it may have this, or not */
	if (p->set && agg_nodes_moved(p->nodes, p->set))
		agg_nodes_doubt(p->nodes);
	agg_set_unref(p->set);
	free(p->picks);
	memset(p, 0, sizeof(*p));
}

/* ---- in a transaction ---- */

static int take_one(struct st_tx *tx, const struct agg_pick *p, const char *slice)
{
	static const struct st_sql update = {
		"UPDATE component SET used = used + $2, holders = holders + 1,"
		" exclusive = CASE WHEN $4 = 1 THEN $3 ELSE exclusive END"
		" WHERE urn = $1 AND used + $2 <= $5 AND (exclusive = '' OR exclusive = $3)"
		" AND ($4 = 0 OR holders = 0 OR exclusive = $3)"};
	/* without any condition: for a test that must notice */
	static const struct st_sql any = {
		"UPDATE component SET used = used + $2, holders = holders + 1,"
		" exclusive = CASE WHEN $4 = 1 THEN $3 ELSE exclusive END"
		" WHERE urn = $1 AND $5 >= 0"};
	static const struct st_sql insert = {
		"INSERT INTO component (urn, used, holders, exclusive) VALUES ($1, $2, 1, $3)"
		" ON CONFLICT (urn) DO NOTHING"};
	const struct st_value of_update[] = {st_text(p->node->urn), st_int(p->slots),
					     st_text(slice), st_int(p->exclusive),
					     st_int(p->node->slots)};
	const struct st_value of_insert[] = {st_text(p->node->urn), st_int(p->slots),
					     st_text(p->exclusive ? slice : "")};
	int64_t changed = 0;
	int r = st_exec(tx, agg_is_broken("am-slots") ? &any : &update, of_update, 5, &changed);

	if (!r && !changed)
		r = st_exec(tx, &insert, of_insert, 3, &changed);
	return r ? r : changed ? 0 : AGG_LOST;
}

int agg_plan_take(struct st_tx *tx, const struct agg_plan *p, const char *slice)
{
	int r = 0;

	for (unsigned i = 0; i < p->n && !r; i++)
		r = take_one(tx, &p->picks[i], slice);
	return r;
}

int agg_place_give(struct st_tx *tx, const char *component, int64_t slots)
{
	static const struct st_sql sql = {
		"UPDATE component SET used = used - $2, holders = holders - 1,"
		" exclusive = CASE WHEN holders <= 1 THEN '' ELSE exclusive END WHERE urn = $1"};

	return st_exec(tx, &sql, (struct st_value[]){st_text(component), st_int(slots)}, 2, NULL);
}
