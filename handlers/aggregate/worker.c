/* SPDX-License-Identifier: ISC */
#include "handlers/aggregate/worker.h"

#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "handlers/aggregate/nodes.h"
#include "handlers/aggregate/slivers.h"
#include "handlers/aggregate/states.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

#define BATCH 100
#define LOOK_MS 500 /* the clock of dates may be moved */
#define PRUNE_SECONDS 600
#define DEADLINE_MS 5000

struct consuming {
	struct agg_worker *worker;
	struct agg_set *set;
	int64_t before;
	unsigned n;
	struct agg_command commands[BATCH];
};

struct agg_worker {
	struct aggregate *agg;
	struct consuming consuming; /* large, for a stack */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken, stop;
	int64_t pruned;
};

static int write(struct aggregate *agg, st_run_fn *run, void *arg)
{
	struct cc_note why = {0};
	const struct st_write write = {
		.deadline = cc_clock_ms() + DEADLINE_MS, .run = run, .arg = arg};
	int r = st_write(agg->db, &write, &why);

	if (r < 0)
		cc_warn("aggregate: %s", why.text[0] ? why.text : cc_err_text(r));
	return r;
}

/* ---- what is over ---- */

struct sweeping {
	int64_t now;
	struct agg_slivers over;
};

static int run_sweep(struct st_tx *tx, void *arg)
{
	struct sweeping *s = arg;
	int r;

	agg_slivers_deinit(&s->over);
	r = agg_slivers_over(tx, NULL, s->now, BATCH, &s->over);
	for (unsigned i = 0; i < s->over.n && !r; i++)
		r = agg_sliver_remove(tx, &s->over.items[i], s->now);
	return r;
}

/* A look costs nothing where there is nothing. */
static int run_any_over(struct st_tx *tx, void *arg)
{
	struct sweeping *s = arg;

	agg_slivers_deinit(&s->over);
	return agg_slivers_over(tx, NULL, s->now, 1, &s->over);
}

bool agg_sweep(struct aggregate *agg)
{
	struct sweeping s = {.now = cc_clock_seconds()};
	struct cc_note why = {0};
	int r = st_read(agg->db, cc_clock_ms() + DEADLINE_MS, run_any_over, &s, &why);
	bool more;

	if (!r && s.over.n)
		r = write(agg, run_sweep, &s);
	else if (!r)
		return false;
	for (unsigned i = 0; !r && i < s.over.n; i++) {
		agg_nodes_gave(agg->nodes, s.over.items[i].component,
			       (unsigned)s.over.items[i].slots);
		cc_info("%s of %s is over", s.over.items[i].urn, s.over.items[i].slice_urn);
	}
	more = !r && s.over.n == BATCH;
	agg_slivers_deinit(&s.over);
	return more;
}

static int run_prune(struct st_tx *tx, void *arg)
{
	return agg_tombstones_prune(tx, *(int64_t *)arg);
}

static void prune(struct agg_worker *w)
{
	int64_t now = cc_clock_seconds();

	if (now - w->pruned < PRUNE_SECONDS)
		return;
	w->pruned = now;
	write(w->agg, run_prune, &now);
}

/* ---- the dummy component ---- */

/* Where one would log in, were there a machine. */
static int make_login(struct agg_sliver *s, const char *hostname)
{
	json_t *list = json_array();
	const json_t *user;
	size_t i;

	json_array_foreach(
		s->users, i,
		user) if (list &&
			  json_array_append_new(
				  list, json_pack("{s:s, s:s, s:i}", "username",
						  json_string_value(json_object_get(user, "login")),
						  "hostname", hostname, "port", 22)) != 0)
	{
		json_decref(list);
		list = NULL;
	}
	if (!list)
		return cc_raise(CC_ENOMEM);
	json_decref(s->login);
	s->login = list;
	return 0;
}

static int set_failed(struct agg_sliver *s)
{
	char *why = strdup("the dummy component was told to fail");

	if (!why)
		return cc_raise(CC_ENOMEM);
	free(s->why);
	s->why = why;
	return 0;
}

/* What the node says of it: only of the generation that it was told. */
static int acknowledge(struct st_tx *tx, struct consuming *x, const struct agg_command *c,
		       struct agg_sliver *s)
{
	const char *pattern = x->worker->agg->dummy_failure;
	bool done = !*pattern || fnmatch(pattern, s->client_id, 0) != 0;
	const char *state = agg_state_after(c->command, done);
	const struct agg_node *node = agg_set_find(x->set, s->component);
	int r = 0;

	if (s->generation != c->generation)
		return 0;
	if (state)
		s->operational = state;
	if (!done && state)
		r = set_failed(s);
	if (!r && done &&
	    (strcmp(c->command, "provision") == 0 || strcmp(c->command, "users") == 0))
		r = make_login(s, node ? node->hostname : "");
	return r ? r : agg_sliver_update(tx, s);
}

static int consume_one(struct st_tx *tx, struct consuming *x, const struct agg_command *c)
{
	json_t *urns = json_pack("[s]", c->sliver);
	struct agg_slivers found = {0};
	int r = urns ? agg_slivers_named(tx, urns, cc_clock_seconds(), &found)
		     : cc_raise(CC_ENOMEM);

	if (!r && found.n)
		r = acknowledge(tx, x, c, &found.items[0]);
	if (!r)
		r = agg_outbox_remove(tx, c->id);
	agg_slivers_deinit(&found);
	json_decref(urns);
	return r;
}

static int run_consume(struct st_tx *tx, void *arg)
{
	struct consuming *x = arg;
	int r = agg_outbox_read(tx, x->before, BATCH, x->commands, &x->n);

	for (unsigned i = 0; i < x->n && !r; i++)
		r = consume_one(tx, x, &x->commands[i]);
	return r;
}

static int run_first(struct st_tx *tx, void *arg)
{
	return agg_outbox_first(tx, arg);
}

/* @return milliseconds until there is something to do; 0: at once. */
static int64_t consume(struct agg_worker *w)
{
	cc_cleanup(agg_set_unrefp) struct agg_set *set = NULL;
	struct consuming *x = &w->consuming;
	int64_t now = (int64_t)(cc_clock_wall() * 1000), first = 0, due;
	struct cc_note why = {0};

	if (st_read(w->agg->db, cc_clock_ms() + DEADLINE_MS, run_first, &first, &why) != 0 ||
	    !first)
		return LOOK_MS;
	due = first + w->agg->dummy_delay - now;
	if (due > 0)
		return due < LOOK_MS ? due : LOOK_MS;
	if (agg_nodes_get(w->agg->nodes, cc_clock_ms() + DEADLINE_MS, &set, &why) != 0)
		return LOOK_MS;
	x->worker = w;
	x->set = set;
	x->before = now - w->agg->dummy_delay;
	return write(w->agg, run_consume, x) ? LOOK_MS : 0;
}

/* ---- life ---- */

static void wait_for(struct agg_worker *w, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&w->lock);
	while (!w->woken && !w->stop && pthread_cond_timedwait(&w->wake, &w->lock, &until) == 0)
		;
	w->woken = false;
	pthread_mutex_unlock(&w->lock);
}

static bool stopped(struct agg_worker *w)
{
	bool stop;

	pthread_mutex_lock(&w->lock);
	stop = w->stop;
	pthread_mutex_unlock(&w->lock);
	return stop;
}

static void *work(void *arg)
{
	struct agg_worker *w = arg;

	while (!stopped(w)) {
		bool more = agg_sweep(w->agg);
		int64_t ms = consume(w);

		prune(w);
		if (!more && ms > 0)
			wait_for(w, ms);
	}
	return NULL;
}

int agg_worker_new(struct aggregate *agg, struct agg_worker **out)
{
	struct agg_worker *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	if (!w)
		return cc_raise(CC_ENOMEM);
	w->agg = agg;
	w->pruned = cc_clock_seconds();
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&w->thread, NULL, work, w) != 0) {
		pthread_mutex_destroy(&w->lock);
		pthread_cond_destroy(&w->wake);
		free(w);
		return cc_raise(CC_ESYS);
	}
	*out = w;
	return 0;
}

void agg_worker_wake(struct agg_worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->woken = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void agg_worker_free(struct agg_worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
}
