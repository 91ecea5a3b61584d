/* SPDX-License-Identifier: ISC */
/*
 * The routing thread's half of the host: messages to handlers and workers, answers and finished
 * work back.
 */
#include <stdlib.h>
#include <string.h>

#include "ccserver/server.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define PING_SLOTS 4 /* of a worker's ring that messages leave free: pings go on under load */

static enum srv_outcome outcome_of(int r)
{
	if (r < 0)
		return SRV_CRASHED;
	return r > 0 ? SRV_DROPPED : SRV_OK;
}

/*
 * Calls a routing-thread handler. It may take the frames, so all but the last get a copy that
 * shares them.
 */
static enum srv_outcome call_inline(struct server *s, struct srv_instance *i, struct cc_msg *m,
				    bool last)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *copy = last ? NULL : cc_msg_dup(m);
	struct cc_in in = {.msg = last ? m : copy, .shared = s->shared};
	int r;

	if (!in.msg) {
		s->stats.loss[SRV_LOSS_MEMORY]++;
		return SRV_CRASHED;
	}
	cc_log_prefix(i->section);
	r = i->handler->handle(i->state, &i->host.base, &in);
	if (r < 0)
		server_log_refused(in.msg, "crashed", cc_err_text(r));
	cc_log_prefix(NULL);
	return outcome_of(r);
}

static struct srv_thread *idlest_worker(struct server *s)
{
	struct srv_thread *best = s->threads[0];

	for (unsigned i = 1; i < s->n_workers; i++)
		if (srv_ring_load(&s->threads[i]->in) < srv_ring_load(&best->in))
			best = s->threads[i];
	return best;
}

static bool owners_have_room(struct server *s, const uint16_t *targets, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct srv_thread *owner = s->instances[targets[i]]->owner;

		if (owner && !srv_ring_has_room(&owner->in))
			return false;
	}
	return true;
}

/* Whether a handler with a thread of its own is named before. */
static bool seen_before(struct server *s, const uint16_t *targets, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (s->instances[targets[k]]->owner == s->instances[targets[i]]->owner)
			return true;
	return false;
}

/* Gives a message to a worker and the owners of its handlers. @return 0, -CC_EBUSY, -CC_ENOMEM. */
static int enqueue(struct server *s, struct cc_msg **msg, const uint16_t *targets, unsigned n,
		   enum srv_kind kind)
{
	struct srv_thread *worker = idlest_worker(s);
	size_t bytes = cc_msg_cost(*msg) + sizeof(struct srv_work);
	struct srv_work *w;

	if (!srv_ring_has_slots(&worker->in, 1 + PING_SLOTS) || !owners_have_room(s, targets, n) ||
	    s->work_bytes + bytes > s->conf->queue_bytes)
		return -CC_EBUSY;
	w = calloc(1, sizeof(*w));
	if (!w)
		return cc_raise(CC_ENOMEM);
	w->msg = cc_steal(msg);
	w->snap = srv_snapshot_ref(s->snap);
	w->bytes = bytes;
	w->kind = kind;
	w->n_targets = (uint8_t)n;
	if (n)
		memcpy(w->targets, targets, n * sizeof(*targets));
	atomic_init(&w->users, 1);
	for (unsigned i = 0; i < n; i++) {
		struct srv_thread *owner = s->instances[targets[i]]->owner;

		s->instances[targets[i]]->uses++;
		if (!owner || seen_before(s, targets, i))
			continue; /* an owner calls its handler for every time it is named */
		atomic_fetch_add(&w->users, 1);
		srv_ring_add(&owner->in, w, NULL);
	}
	srv_ring_add(&worker->in, w, NULL);
	s->work_count++;
	s->work_bytes += bytes;
	return 0;
}

/* Separates the handlers of a message into those called here (done) and those of workers. */
static unsigned call_inline_targets(struct server *s, struct cc_msg *m, uint16_t *targets,
				    unsigned n, unsigned *for_workers, enum srv_outcome *outcome)
{
	uint16_t inl[SRV_TARGETS_MAX];
	unsigned n_inl = 0;

	*for_workers = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct cc_handler *h = s->instances[targets[i]]->handler;

		if (!h)
			continue;
		if (h->run == CC_RUN_ROUTER)
			inl[n_inl++] = targets[i];
		else
			targets[(*for_workers)++] = targets[i];
	}
	s->shared = n_inl + *for_workers > 1;
	for (unsigned i = 0; i < n_inl; i++) {
		enum srv_outcome o =
			call_inline(s, s->instances[inl[i]], m, i + 1 == n_inl && !*for_workers);

		*outcome = o > *outcome ? o : *outcome;
	}
	s->shared = false;
	return n_inl;
}

/* A server that is about to be stopped takes nothing new. */
static void turn_away(struct server *s, struct cc_msg *m, struct cc_bytes type)
{
	s->stats.loss[SRV_LOSS_QUIESCED]++;
	server_hop_error(s, m, "busy");
	srv_stats_end(&s->stats, SRV_DROPPED, type, m->bytes, 0);
}

static bool has_workers(struct server *s, const uint16_t *targets, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct cc_handler *h = s->instances[targets[i]]->handler;

		if (h && h->run != CC_RUN_ROUTER)
			return true;
	}
	return false;
}

/* Who watches sees what passes through unread, too; a worker reads a copy for him. */
static void show_copy(struct server *s, const struct cc_msg *m)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *copy = cc_msg_dup(m);

	if (!copy || enqueue(s, &copy, NULL, 0, SRV_OBSERVED) != 0)
		s->stats.loss[SRV_LOSS_WATCH]++;
}

void srv_host_dispatch(struct server *s, struct cc_msg **msg)
{
	struct cc_bytes type = cc_msg_type(*msg);
	uint16_t targets[SRV_TARGETS_MAX];
	unsigned n = srv_router_find(s->router, type, targets), n_inline, n_workers;
	enum srv_outcome outcome = SRV_OK;
	uint8_t name[CC_TYPE_MAX];
	size_t bytes = (*msg)->bytes;
	int r;

	if (s->quiesced && !cc_type_under(type, "admin")) {
		turn_away(s, *msg, type);
		return;
	}
	if (srv_watch_wants(&s->watch, type) && !has_workers(s, targets, n))
		show_copy(s, *msg);
	memcpy(name, type.data, type.len); /* a handler may take the frames */
	type.data = name;
	n_inline = call_inline_targets(s, *msg, targets, n, &n_workers, &outcome);
	if (n_workers) {
		r = enqueue(s, msg, targets, n_workers, SRV_MESSAGE);
		if (r == 0)
			return; /* counted when it is done */
		s->stats.loss[r == -CC_EBUSY ? SRV_LOSS_QUEUE_FULL : SRV_LOSS_MEMORY]++;
		if (!n_inline) /* else another handler has it, and the word on it */
			server_hop_error(s, *msg, "busy");
		outcome = SRV_DROPPED;
	} else if (!n_inline) {
		s->stats.loss[SRV_LOSS_NO_ROUTE]++;
		server_log_refused(*msg, "no-route", "dropping msg, no route");
		server_hop_error(s, *msg, "noroute");
		outcome = SRV_DROPPED;
	}
	srv_stats_end(&s->stats, outcome, type, bytes, 0);
}

int srv_host_forward(struct server *s, struct cc_target *target, struct cc_msg *msg)
{
	struct srv_instance *to = target->instance;
	uint16_t index = to->index;
	struct cc_msg *copy;
	int r;

	if (!to->handler) {
		s->stats.loss[SRV_LOSS_NO_ROUTE]++;
		server_hop_error(s, msg, "noroute");
		return CC_DROPPED;
	}
	if (to->handler->run == CC_RUN_ROUTER) {
		r = call_inline(s, to, msg, true) == SRV_OK ? 0 : CC_DROPPED;
		cc_msg_reset(msg);
		return r;
	}
	copy = cc_msg_take(msg);
	if (!copy)
		return cc_raise(CC_ENOMEM);
	r = enqueue(s, &copy, &index, 1, SRV_FORWARDED);
	if (r) {
		cc_msg_move(msg, copy);
		cc_msg_free(copy);
		s->stats.loss[SRV_LOSS_QUEUE_FULL]++;
	}
	return r;
}

void srv_host_publish(struct server *s)
{
	for (unsigned i = 0; i < s->n_threads; i++) {
		struct srv_thread *t = s->threads[i];

		if (!srv_ring_unpublished(&t->in))
			continue;
		srv_ring_publish(&t->in);
		srv_sleeper_wake(&t->sleeper);
	}
}

static void send_answer(struct server *s, struct cc_msg *m)
{
	if (server_send(s, m) == 0)
		s->stats.replies++;
	cc_msg_free(m);
}

static void end_work(struct server *s, struct srv_work *w)
{
	if (w->kind == SRV_MESSAGE || w->kind == SRV_FORWARDED) {
		enum srv_outcome outcome = (enum srv_outcome)atomic_load(&w->outcome);

		s->stats.gate[cc_gate_counter_index(w->gate.verdict, w->gate.fault)]++;
		if (w->gate.verdict == CC_GATE_CMS && w->gate.fault == CC_CMS_CROWDED)
			server_hop_error(s, w->msg, "busy"); /* the same message may pass later */
		if (w->kind == SRV_MESSAGE)
			srv_stats_end(&s->stats, outcome, cc_msg_type(w->msg), w->msg->bytes,
				      (uint64_t)atomic_load(&w->ns));
	}
	for (unsigned i = 0; i < w->n_targets; i++)
		s->instances[w->targets[i]]->uses--;
	if (w->kind == SRV_PING)
		w->ping->owner->uses--;
	srv_snapshot_unref(w->snap);
	s->work_count--;
	s->work_bytes -= w->bytes;
	cc_gate_result_deinit(&w->gate);
	cc_msg_free(w->msg);
	free(w);
}

static bool collect_from(struct server *s, struct srv_thread *t)
{
	struct srv_slot *slot;
	bool any = false;

	while ((slot = srv_ring_first(&t->out))) {
		if (slot->where == SRV_DONE)
			end_work(s, slot->what);
		else if (slot->where == SRV_COPY)
			srv_watch_send(s, slot->what);
		else if (slot->where)
			srv_dealer_send(s, slot->where, slot->what);
		else
			send_answer(s, slot->what);
		srv_ring_pop(&t->out);
		any = true;
	}
	return any;
}

bool srv_host_collect(struct server *s)
{
	bool any = false;

	for (unsigned i = 0; i < s->n_threads; i++)
		any |= collect_from(s, s->threads[i]);
	return any;
}

bool srv_host_pending(struct server *s)
{
	for (unsigned i = 0; i < s->n_threads; i++)
		if (srv_ring_first(&s->threads[i]->out))
			return true;
	return false;
}

int srv_host_ping(struct server *s, struct cc_dealer *d, const char *target)
{
	struct srv_thread *worker = idlest_worker(s);
	struct srv_work *w;

	if (!srv_ring_has_room(&worker->in))
		return -CC_EBUSY;
	w = calloc(1, sizeof(*w));
	if (!w)
		return cc_raise(CC_ENOMEM);
	w->kind = SRV_PING;
	w->ping = d;
	w->target = target;
	d->owner->uses++;
	atomic_init(&w->users, 1);
	srv_ring_add(&worker->in, w, NULL);
	s->work_count++;
	return 0;
}
