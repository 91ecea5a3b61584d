/* SPDX-License-Identifier: ISC */
/*
 * The threads of the host: workers take messages through the gate, owners run the handlers that
 * want them in order.
 */
#include <sched.h>
#include <string.h>

#include "ccserver/server.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/cc/envelope.h"

void srv_thread_publish(struct srv_thread *t)
{
	if (!srv_ring_unpublished(&t->out))
		return;
	srv_ring_publish(&t->out);
	srv_sleeper_wake(&t->server->sleeper);
}

/* Adds to the way out; the routing thread always empties it, so a full ring is a short wait. */
static void push(struct srv_thread *t, void *what, void *where)
{
	while (!srv_ring_has_room(&t->out)) {
		srv_thread_publish(t);
		sched_yield();
	}
	if (!srv_ring_unpublished(&t->out))
		t->unpublished_since = cc_clock_ns();
	srv_ring_add(&t->out, what, where);
	if (srv_ring_unpublished(&t->out) >= SRV_PUBLISH_AT ||
	    cc_clock_ns() - t->unpublished_since > SRV_PUBLISH_NS)
		srv_thread_publish(t);
}

/* ---- gates ---- */

static void drop_judge(struct srv_judge *j)
{
	cc_gate_free(j->gate);
	srv_snapshot_unref(j->snap);
	*j = (struct srv_judge){NULL, NULL};
}

/*
 * The gate of a snapshot. The newest stands first; beside it the one that messages taken before a
 * reload are still judged by. NULL: no memory, so nothing is decided.
 */
static struct cc_gate *judge_of(struct srv_thread *t, struct srv_snapshot *snap)
{
	struct srv_judge *newest = &t->judges[0], *other = &t->judges[1];
	struct srv_judge made;

	if (newest->snap == snap)
		return newest->gate;
	if (other->snap == snap)
		return other->gate;
	if (srv_snapshot_gate(snap, t->server->replay, t->server->strangers, &made.gate) != 0) {
		cc_error("no memory for keys and signers of a reload");
		return NULL;
	}
	made.snap = srv_snapshot_ref(snap);
	drop_judge(other);
	if (!newest->snap || snap->number > newest->snap->number) {
		*other = *newest;
		*newest = made;
	} else {
		*other = made;
	}
	return made.gate;
}

struct cc_gate *srv_thread_signer(struct srv_thread *t)
{
	uint64_t number = atomic_load(&t->server->number);
	struct srv_snapshot *snap;
	struct cc_gate *gate;

	if (atomic_load_explicit(&t->seen, memory_order_relaxed) == number)
		return t->judges[0].gate;
	snap = srv_get_snapshot(t->server);
	gate = judge_of(t, snap);
	if (gate) {
		/* whoever sees the number may take it that older answers are under way */
		srv_thread_publish(t);
		atomic_store(&t->seen, snap->number);
	}
	srv_snapshot_unref(snap);
	return gate;
}

/* ---- answers ---- */

#define ANSWER_FRAMES 5 /* delimiter, type, body, signature, blob */

int srv_thread_send(struct srv_thread *t, const struct cc_msg *route, const char *type,
		    json_t *body, struct cc_bytes blob, void *where)
{
	struct cc_msg *m = cc_msg_new_room(route->delim + ANSWER_FRAMES);
	struct cc_gate *gate = srv_thread_signer(t);
	int r;

	if (!m || !gate) {
		cc_msg_free(m);
		return cc_raise(CC_ENOMEM);
	}
	r = cc_msg_add_route(m, route);
	if (!r)
		r = cc_gate_seal(gate, m, type, body, blob);
	if (r) {
		cc_msg_free(m);
		return cc_trace(r);
	}
	push(t, m, where);
	return 0;
}

int srv_thread_reply(struct srv_thread *t, const struct cc_msg *request, const char *type,
		     json_t *body, struct cc_bytes blob)
{
	return srv_thread_send(t, request, type, body, blob, NULL);
}

/*
 * Only who signed gets a word about what was wrong: the gate's errors are no oracle for strangers.
 */
static void answer_refused(struct srv_thread *t, struct srv_work *w, struct cc_gate *gate)
{
	enum cc_code code = cc_gate_code(w->gate.verdict);
	struct cc_bytes type = cc_msg_type(w->msg);
	const json_t *id = json_object_get(w->gate.json, "id");
	struct cc_qid qid;
	const char *why;
	json_t *body;

	if ((!w->gate.signer && !w->gate.local) || code == CC_CODE_COUNT ||
	    !cc_msg_qid(w->msg, &qid) || cc_msg_type_is(w->msg, "error"))
		return;
	/* which line of which file refused is for this server's log */
	why = w->gate.verdict == CC_GATE_POLICY ? cc_code_text(code) : w->gate.why;
	body = json_pack("{s:s%, s:s, s:o}", "req_type", type.data, type.len, "code",
			 cc_code_word(code), "msg", cc_json_text(why));
	if (code == CC_CODE_STALE)
		json_object_set_new(body, "time_now",
				    json_real(cc_gate_time(gate, cc_clock_wall())));
	if (json_is_string(id) && cc_request_id_valid(json_string_value(id)))
		json_object_set(body, "re", (json_t *)id);
	if (body)
		srv_thread_reply(t, w->msg, "error", body, (struct cc_bytes){NULL, 0});
	json_decref(body);
}

/* Keeps the worst outcome of all handlers. */
static void note_outcome(struct srv_work *w, int r)
{
	int outcome = r < 0 ? SRV_CRASHED : r > 0 ? SRV_DROPPED : SRV_OK;
	int was = atomic_load(&w->outcome);

	while (outcome > was && !atomic_compare_exchange_weak(&w->outcome, &was, outcome))
		;
}

static void call_handler(struct srv_thread *t, unsigned index, struct srv_work *w)
{
	struct srv_instance *i = t->server->instances[index];
	struct cc_in in = {.msg = w->msg, .gate = &w->gate};
	int64_t start = cc_clock_ns();
	int r;

	cc_log_prefix(i->section);
	r = i->handler->handle(i->state, &t->hosts[index].base, &in);
	if (r < 0)
		server_log_refused(w->msg, "crashed", cc_err_text(r));
	cc_log_prefix(NULL);
	note_outcome(w, r);
	atomic_fetch_add_explicit(&w->ns, cc_clock_ns() - start, memory_order_relaxed);
}

static void release(struct srv_thread *t, struct srv_work *w)
{
	if (atomic_fetch_sub(&w->users, 1) == 1)
		push(t, w, SRV_DONE);
}

static void make_ping(struct srv_thread *t, struct srv_work *w)
{
	json_t *body = json_pack("{s:s}", "target", w->target);
	struct cc_msg *m = cc_msg_new_room(ANSWER_FRAMES);
	struct cc_gate *gate = srv_thread_signer(t);
	char id[CC_ID_HEX + 1];

	if (body && m && cc_request_id(id) == 0 &&
	    json_object_set_new(body, "id", json_string_nocheck(id)) == 0 && gate &&
	    cc_gate_seal(gate, m, "echo.request", body, (struct cc_bytes){NULL, 0}) == 0)
		push(t, cc_steal(&m), w->ping);
	cc_msg_free(m);
	json_decref(body);
	release(t, w);
}

/* @return whether the message passed. */
static bool judge(struct srv_thread *t, struct srv_work *w)
{
	const struct cc_gate_call watching = {.observe = true};
	struct cc_gate *gate = judge_of(t, w->snap);

	if (!gate) {
		w->gate.verdict = CC_GATE_ERROR;
		note_outcome(w, -CC_ENOMEM);
		return false;
	}
	if (cc_gate_check(gate, w->msg, w->kind == SRV_OBSERVED ? &watching : NULL, cc_clock_wall(),
			  cc_clock_ms(), &w->gate) == CC_GATE_PASS)
		return true;
	if (w->kind == SRV_OBSERVED)
		return false;
	server_log_refused(w->msg, cc_gate_counter(w->gate.verdict, w->gate.fault), w->gate.why);
	answer_refused(t, w, gate);
	note_outcome(w, CC_DROPPED);
	return false;
}

/* A worker's part: the gate once, the pool's handlers, then the owners may go on. */
static void process(struct srv_thread *t, struct srv_work *w)
{
	struct srv_thread *owners[SRV_TARGETS_MAX];
	unsigned n_owners = 0;
	bool pass = judge(t, w);

	srv_watch_show(&t->server->watch, t, w);
	for (unsigned i = 0; i < w->n_targets; i++) {
		struct srv_instance *inst = t->server->instances[w->targets[i]];

		if (inst->owner)
			owners[n_owners++] = inst->owner;
		else if (pass)
			call_handler(t, w->targets[i], w);
	}
	atomic_store(&w->state, pass ? SRV_READY : SRV_REFUSED);
	for (unsigned i = 0; i < n_owners; i++)
		srv_sleeper_wake(&owners[i]->sleeper);
	release(t, w); /* from here on w may be gone, and with it what holds the owners' threads */
}

/* The next message of an owner, in arrival order, or NULL while it is not ready. */
static struct srv_work *next_work(struct srv_thread *t)
{
	struct srv_slot *slot = srv_ring_first(&t->in);
	struct srv_work *w = slot ? slot->what : NULL;

	if (w && t->owns && atomic_load(&w->state) == SRV_PENDING)
		return NULL;
	return w;
}

/* It was in time at the gate, but waited since. */
static bool expired(struct srv_work *w)
{
	bool late = w->gate.deadline_ms && cc_clock_ms() - w->msg->received > w->gate.deadline_ms;

	if (late)
		note_outcome(w, CC_DROPPED);
	return late;
}

static void run(struct srv_thread *t, struct srv_work *w)
{
	if (!t->owns) {
		if (w->kind == SRV_PING)
			make_ping(t, w);
		else
			process(t, w);
		return;
	}
	if (atomic_load(&w->state) == SRV_READY && !expired(w)) {
		for (unsigned i = 0; i < w->n_targets; i++)
			if (t->server->instances[w->targets[i]] == t->owns)
				call_handler(t, w->targets[i], w);
	}
	release(t, w);
}

void *srv_thread_main(void *arg)
{
	struct srv_thread *t = arg;

	pthread_setname_np(pthread_self(), t->name);
	while (!atomic_load_explicit(&t->stop, memory_order_relaxed)) {
		struct srv_work *w = next_work(t);

		srv_thread_signer(t); /* a reload waits for every thread to have seen it */

		if (w) {
			run(t, w);
			srv_ring_pop(&t->in);
			continue;
		}
		srv_thread_publish(t);
		srv_sleeper_announce(&t->sleeper);
		if (!next_work(t) && !atomic_load(&t->stop))
			srv_sleeper_wait(&t->sleeper);
		srv_sleeper_awake(&t->sleeper);
	}
	srv_thread_publish(t);
	return NULL;
}
