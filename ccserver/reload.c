/* SPDX-License-Identifier: ISC */
#include "ccserver/reload.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "ccserver/instances.h"
#include "ccserver/server.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define LOOK_NS 1000000 /* how often the end of a reload is looked for */

struct srv_reload {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t wanted, done; /* reloads asked for, and how many of them have an outcome */
	int result;	       /* of the last */
	struct cc_note why;
	bool stop;
};

struct change {
	struct srv_snapshot *snap;
	struct cc_note *why;
	int result;
	int64_t pause_ns; /* in which nothing was routed */
};

/* What a reload cost, for the log. */
struct cost {
	int64_t ns, pause_ns;
};

/* ---- in the routing thread ---- */

/* What the routing thread itself took from the configuration. */
static void apply(struct server *s)
{
	struct cc_replay_conf replay;

	srv_hop_set_rate(&s->hop, s->conf->hop_error_rate);
	srv_outbox_set_bounds(&s->outbox, s->conf->peer_queue_bytes, s->conf->queue_bytes);
	if (s->replay && srv_conf_replay(s->conf, &replay))
		cc_replay_configure(s->replay, &replay, (int64_t)(cc_clock_wall() * 1000));
	cc_strangers_configure(s->strangers, (unsigned)s->conf->strangers_share);
	s->next_stats = cc_clock_ms() + s->conf->stats_period;
	if (server_open_log(s, s->log_level, s->log_stderr) != 0)
		cc_error("cannot open the log of the new configuration; the old one stays");
}

static int change_to(struct server *s, struct srv_snapshot *snap, struct cc_note *why)
{
	struct srv_plan *plan;
	int r = srv_snapshot_check_change(s->snap, snap, why);

	if (!r && s->stopping)
		r = cc_note_set(why, CC_EINVAL, "the server is stopping");
	snap->number = s->snap->number + 1;
	if (!r)
		r = server_make_replay(s, &snap->conf);
	if (!r)
		r = srv_plan_new(&plan, s, snap, why);
	if (r)
		return r;
	r = srv_plan_init(plan, why);
	if (r) {
		srv_plan_drop(plan);
		return r;
	}
	srv_plan_commit(plan);
	apply(s);
	return 0;
}

static void run_change(struct server *s, void *arg)
{
	struct change *c = arg;
	int64_t start = cc_clock_ns();

	c->result = change_to(s, c->snap, c->why);
	c->pause_ns = cc_clock_ns() - start;
}

/* Every thread signs by the snapshot in force, and what went before is on its way. */
static void look_for_end(struct server *s, void *arg)
{
	bool *end = arg;
	uint64_t number = atomic_load(&s->number);

	for (unsigned i = 0; i < s->n_threads; i++) {
		struct srv_thread *t = s->threads[i];

		if (atomic_load(&t->seen) == number || atomic_load(&t->waits))
			continue;
		srv_sleeper_wake(&t->sleeper);
		return;
	}
	srv_host_collect(s);
	*end = true;
}

/* ---- in the reload thread ---- */

static void wait_for_end(struct server *s)
{
	int64_t until = cc_clock_ms() + s->conf->shutdown_grace;
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	bool end = false;

	while (!end && cc_clock_ms() < until && srv_ask(s, look_for_end, &end) == 0)
		if (!end)
			nanosleep(&pause, NULL);
	if (!end)
		cc_warn("reload: a handler is still at work; what it answers may bear the old "
			"signature");
}

static int reload(struct server *s, struct cost *cost, struct cc_note *why)
{
	cc_cleanup(srv_snapshot_unrefp) struct srv_snapshot *snap = NULL;
	struct change change = {.why = why};
	int64_t start = cc_clock_ns();
	int r;

	r = srv_snapshot_load(s->path, s->overrides, s->n_overrides, &snap, why);
	if (r)
		return r;
	change.snap = snap;
	r = srv_ask(s, run_change, &change);
	if (r)
		return cc_note_set(why, CC_ESYS, "the server is stopping");
	*cost = (struct cost){cc_clock_ns() - start, change.pause_ns};
	if (!change.result)
		wait_for_end(s);
	return change.result;
}

static void log_outcome(struct server *s, int r, const struct cost *cost, const struct cc_note *why)
{
	if (r)
		cc_error("reload: %s; the old configuration stays",
			 why->text[0] ? why->text : cc_err_text(r));
	else
		cc_info("reloaded: snapshot %llu is in force (%.1f ms, routing paused for %lld us)",
			(unsigned long long)atomic_load(&s->number), (double)cost->ns / 1e6,
			(long long)(cost->pause_ns / 1000));
}

static void *reload_main(void *arg)
{
	struct server *s = arg;
	struct srv_reload *rl = s->reload;

	pthread_setname_np(pthread_self(), "reload");
	pthread_mutex_lock(&rl->lock);
	while (!rl->stop) {
		uint64_t wanted = rl->wanted;
		struct cc_note why = {0};
		struct cost cost = {0};
		int r;

		if (wanted == rl->done) {
			pthread_cond_wait(&rl->changed, &rl->lock);
			continue;
		}
		pthread_mutex_unlock(&rl->lock);
		r = reload(s, &cost, &why);
		log_outcome(s, r, &cost, &why);
		pthread_mutex_lock(&rl->lock);
		rl->result = r;
		rl->why = why;
		rl->done = wanted; /* whoever asked meanwhile may have changed a file since */
		pthread_cond_broadcast(&rl->changed);
	}
	pthread_mutex_unlock(&rl->lock);
	return NULL;
}

/* ---- from other threads ---- */

/* Whose waits end in time, whatever becomes of the wall clock. */
static void init_condition(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

int srv_reload_start(struct server *s)
{
	struct srv_reload *rl = calloc(1, sizeof(*rl));

	if (!rl)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_init(&rl->lock, NULL);
	init_condition(&rl->changed);
	s->reload = rl;
	if (pthread_create(&rl->thread, NULL, reload_main, s) == 0)
		return 0;
	free(rl);
	s->reload = NULL;
	return cc_raise(CC_ESYS);
}

void srv_reload_stop(struct server *s)
{
	struct srv_reload *rl = s->reload;

	if (!rl)
		return;
	pthread_mutex_lock(&rl->lock);
	rl->stop = true;
	pthread_cond_broadcast(&rl->changed);
	pthread_mutex_unlock(&rl->lock);
	pthread_join(rl->thread, NULL);
	pthread_mutex_destroy(&rl->lock);
	pthread_cond_destroy(&rl->changed);
	free(rl);
	s->reload = NULL;
}

void srv_reload_request(struct server *s)
{
	struct srv_reload *rl = s->reload;

	pthread_mutex_lock(&rl->lock);
	rl->wanted++;
	pthread_cond_broadcast(&rl->changed);
	pthread_mutex_unlock(&rl->lock);
}

int srv_reload_wait(struct server *s, struct srv_thread *t, int64_t timeout_ms, uint64_t *number,
		    struct cc_note *why)
{
	struct srv_reload *rl = s->reload;
	struct timespec until;
	uint64_t mine;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	srv_thread_publish(t); /* what it answered before does not wait, too */
	atomic_store(&t->waits, true);
	pthread_mutex_lock(&rl->lock);
	mine = ++rl->wanted;
	pthread_cond_broadcast(&rl->changed);
	while (rl->done < mine && !rl->stop && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&rl->changed, &rl->lock, &until);
	if (rl->done < mine) {
		r = cc_note_set(why, CC_ETIMEOUT, "it goes on; the log says how it ends");
	} else {
		r = rl->result;
		*why = rl->why;
	}
	pthread_mutex_unlock(&rl->lock);
	atomic_store(&t->waits, false);
	*number = atomic_load(&s->number);
	return r;
}
