/* SPDX-License-Identifier: ISC */
/* What changes slivers that there are: provision, renew, perform_operational_action, delete (spec geni-am 3). */
#include <stdio.h>
#include <string.h>

#include "handlers/aggregate/manifest.h"
#include "handlers/aggregate/nodes.h"
#include "handlers/aggregate/states.h"
#include "handlers/aggregate/work.h"
#include "handlers/aggregate/worker.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/xml/write.h"

/* A text of the sliver for another one. */
static int set_why(struct agg_sliver *s, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return cc_raise(CC_ENOMEM);
	free(s->why);
	s->why = copy;
	return 0;
}

static void set_users(struct agg_sliver *s, json_t *users)
{
	json_decref(s->users);
	s->users = json_incref(users);
}

static bool is_allocated(const struct agg_sliver *s)
{
	return strcmp(s->allocation, AGG_ALLOCATED) == 0;
}

/* ---- provision ---- */

struct provisioning {
	int64_t end;
	json_t *users;
};

static int provision_one(struct st_tx *tx, struct agg_work *w, struct agg_sliver *s)
{
	const struct provisioning *p = w->arg;
	struct agg_call *c = w->call;
	int r;

	if (!is_allocated(s))
		return agg_refuse(c, AGG_UNSUPPORTED, "%.150s is provisioned already", s->urn);
	s->allocation = AGG_PROVISIONED;
	s->operational = AGG_PENDING;
	s->expires = c->now + c->agg->lease_days * AGG_DAY;
	if (s->expires > c->grant->expires)
		s->expires = c->grant->expires;
	if (p->end > c->now && p->end < s->expires)
		s->expires = p->end;
	set_users(s, p->users);
	r = agg_sliver_command(tx, s, "provision");
	return r ? r : agg_sliver_update(tx, s);
}

/* {geni_slivers}: what write told as a list. */
static int wrap(struct agg_call *c)
{
	json_t *value;

	if (!json_is_array(c->value))
		return 0;
	value = json_pack("{s:O}", "geni_slivers", c->value);
	json_decref(c->value);
	c->value = value;
	return value ? 0 : cc_raise(CC_ENOMEM);
}

int agg_provision(struct agg_call *c)
{
	struct provisioning p = {0};
	struct agg_work w = {
		.call = c,
		.each = provision_one,
		.meant = is_allocated,
		.none = "the slice has no sliver here that is allocated and not provisioned",
		.arg = &p};
	int r;

	if (!(r = agg_option_rspec(c)) &&
	    !(r = agg_option_flag(c, "geni_best_effort", &w.best_effort)) &&
	    !(r = agg_option_time(c, "geni_end_time", &p.end)) &&
	    !(r = agg_option_users(c, false, &p.users)) && !(r = agg_work_begin(&w)))
		r = agg_work_write(&w);
	if (!r)
		r = wrap(c);
	if (!r)
		r = c->repeated ? agg_manifest_again(c) : agg_manifest(c, &w.found, true);
	json_decref(p.users);
	agg_work_deinit(&w);
	agg_worker_wake(c->agg->worker);
	return r;
}

/* ---- renew ---- */

struct renewing {
	int64_t until;
	bool as_long_as_possible;
};

static int renew_one(struct st_tx *tx, struct agg_work *w, struct agg_sliver *s)
{
	const struct renewing *n = w->arg;
	struct agg_call *c = w->call;
	int64_t most = c->now + (is_allocated(s) ? c->agg->allocate_most * 60
						 : c->agg->lease_days * AGG_DAY);
	int64_t until = n->until;
	char text[32];

	if (most > c->grant->expires)
		most = c->grant->expires;
	if (until > most && n->as_long_as_possible)
		until = most;
	if (until > most && !agg_is_broken("am-lease")) {
		json_decref(c->hint);
		c->hint = json_string(cc_clock_text(most, text));
		return agg_refuse(c, AGG_OUTOFRANGE, "%.120s can be had until %s at most", s->urn,
				  text);
	}
	s->expires = until;
	return agg_sliver_update(tx, s);
}

int agg_renew(struct agg_call *c)
{
	struct renewing n = {0};
	struct agg_work w = {.call = c, .each = renew_one, .arg = &n};
	const char *text;
	size_t len;
	int r = agg_arg_text(c, "expires", &text, &len);

	if (!r && xs_read_time(text, len, &n.until) != 0)
		r = agg_refuse(c, AGG_BADARGS,
			       "expiration_time: a time as RFC 3339 has it is wanted");
	if (!r && !(r = agg_option_flag(c, "geni_best_effort", &w.best_effort)) &&
	    !(r = agg_option_flag(c, "geni_extend_alap", &n.as_long_as_possible)) &&
	    !(r = agg_work_begin(&w))) {
		r = n.until <= c->now ? agg_refuse(c, AGG_OUTOFRANGE, "expiration_time: it is past")
				      : agg_work_write(&w);
	}
	agg_work_deinit(&w);
	return r;
}

/* ---- actions ---- */

struct acting {
	const struct agg_action *action;
	json_t *users;
};

static int act_on_one(struct st_tx *tx, struct agg_work *w, struct agg_sliver *s)
{
	const struct acting *a = w->arg;
	int r;

	if (!agg_is_broken("am-state") &&
	    (is_allocated(s) || !agg_action_fits(a->action, s->operational)))
		return agg_refuse(w->call, AGG_UNSUPPORTED, "%s is not for %.120s in state %s",
				  a->action->name, s->urn, s->operational);
	if (a->action->to)
		s->operational = a->action->to;
	if (a->action->users)
		set_users(s, a->users);
	r = agg_sliver_command(tx, s, a->action->command);
	return r ? r : agg_sliver_update(tx, s);
}

int agg_action(struct agg_call *c)
{
	struct acting a = {0};
	struct agg_work w = {.call = c, .each = act_on_one, .arg = &a};
	const char *name;
	size_t len;
	int r = agg_arg_text(c, "action", &name, &len);

	if (!r && !(a.action = agg_action_find(name)))
		r = agg_refuse(c, AGG_UNSUPPORTED,
			       "there is no action \"%.60s\" here, but geni_start, geni_stop, "
			       "geni_restart and geni_update_users",
			       name);
	if (!r && !(r = agg_option_flag(c, "geni_best_effort", &w.best_effort)) &&
	    !(r = agg_option_users(c, a.action->users, &a.users)) && !(r = agg_work_begin(&w)))
		r = agg_work_write(&w);
	json_decref(a.users);
	agg_work_deinit(&w);
	agg_worker_wake(c->agg->worker);
	return r;
}

/* ---- delete ---- */

static int delete_one(struct st_tx *tx, struct agg_work *w, struct agg_sliver *s)
{
	int r = agg_sliver_remove(tx, s, w->call->now);

	s->allocation = AGG_UNALLOCATED;
	s->operational = AGG_PENDING;
	return r ? r : set_why(s, "");
}

int agg_delete(struct agg_call *c)
{
	struct agg_work w = {.call = c, .each = delete_one};
	int r = agg_option_flag(c, "geni_best_effort", &w.best_effort);

	if (!r && !(r = agg_work_begin(&w)))
		r = agg_work_write(&w);
	for (unsigned i = 0; !r && !c->repeated && i < w.found.n; i++)
		agg_nodes_gave(c->agg->nodes, w.found.items[i].component,
			       (unsigned)w.found.items[i].slots);
	agg_work_deinit(&w);
	agg_worker_wake(c->agg->worker);
	return r;
}
