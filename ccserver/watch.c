/* SPDX-License-Identifier: ISC */
#include "ccserver/watch.h"

#include <stdio.h>
#include <string.h>

#include "ccserver/server.h"
#include "lib/base/clock.h"
#include "lib/cc/envelope.h"

void srv_watch_init(struct srv_watch *w)
{
	pthread_mutex_init(&w->lock, NULL);
}

static void end(struct srv_watch *w, struct srv_watcher *one)
{
	cc_msg_free(one->route);
	memset(one, 0, sizeof(*one));
	atomic_fetch_sub(&w->count, 1);
}

void srv_watch_deinit(struct srv_watch *w)
{
	for (unsigned i = 0; i < SRV_WATCHERS_MAX; i++)
		if (w->list[i].route)
			end(w, &w->list[i]);
	pthread_mutex_destroy(&w->lock);
}

static bool matches(const struct srv_watcher *one, struct cc_bytes type)
{
	return one->route && (!one->prefix[0] || cc_type_under(type, one->prefix));
}

/* Whether two requests came the same way: the query id, last, differs each time. */
static bool same_way(const struct cc_msg *a, const struct cc_msg *b)
{
	if (a->delim != b->delim)
		return false;
	for (uint32_t i = 0; i + 1 < a->delim; i++) {
		struct cc_bytes x = cc_msg_frame(a, i), y = cc_msg_frame(b, i);

		if (x.len != y.len || memcmp(x.data, y.data, x.len) != 0)
			return false;
	}
	return true;
}

/* The place of the same peer and prefix, else a free one. */
static struct srv_watcher *place(struct srv_watch *w, const struct cc_msg *m, const char *prefix,
				 int64_t now)
{
	struct srv_watcher *free_one = NULL;

	for (unsigned i = 0; i < SRV_WATCHERS_MAX; i++) {
		struct srv_watcher *one = &w->list[i];

		if (one->route && one->until < now)
			end(w, one);
		if (!one->route)
			free_one = one;
		else if (same_way(one->route, m) && strcmp(one->prefix, prefix) == 0)
			return one;
	}
	return free_one;
}

int srv_watch_add(struct srv_watch *w, const struct cc_in *in, const char *prefix, int64_t now)
{
	struct cc_msg *route = cc_msg_dup(in->msg);
	struct srv_watcher *one;

	if (!route)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_lock(&w->lock);
	one = place(w, in->msg, prefix, now);
	if (one) {
		if (one->route)
			cc_msg_free(one->route);
		else
			atomic_fetch_add(&w->count, 1);
		one->route = route;
		one->until = now + SRV_WATCH_LEASE_MS;
		snprintf(one->prefix, sizeof(one->prefix), "%s", prefix);
		snprintf(one->re, sizeof(one->re), "%s", in->gate->id ? in->gate->id : "");
	}
	pthread_mutex_unlock(&w->lock);
	if (!one)
		cc_msg_free(route);
	return one ? 0 : -CC_ELIMIT;
}

bool srv_watch_wants(struct srv_watch *w, struct cc_bytes type)
{
	bool wants = false;

	if (!atomic_load_explicit(&w->count, memory_order_relaxed))
		return false;
	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < SRV_WATCHERS_MAX; i++)
		wants |= matches(&w->list[i], type);
	pthread_mutex_unlock(&w->lock);
	return wants;
}

static json_t *describe(const struct srv_work *work)
{
	const struct cc_gate_result *g = &work->gate;
	struct cc_bytes type = cc_msg_type(work->msg), blob = cc_msg_blob(work->msg);
	json_t *body = json_pack("{s:s%, s:s, s:I}", "type", type.data, type.len, "verdict",
				 cc_gate_counter(g->verdict, g->fault), "bytes",
				 (json_int_t)work->msg->bytes);

	if (!body)
		return NULL;
	if (g->why[0])
		json_object_set_new(body, "why", cc_json_text(g->why));
	if (g->signer) {
		json_object_set_new(body, "signer", json_string(g->signer->name));
		json_object_set_new(body, "class",
				    json_string(g->signer->cls == CC_CLASS_GID ? "gid" : "bus"));
	}
	if (blob.data)
		json_object_set_new(body, "blob_bytes", json_integer((json_int_t)blob.len));
	if (g->verdict == CC_GATE_PASS && work->msg->bytes <= SRV_WATCH_BODY_MAX)
		json_object_set(body, "body", g->json);
	return body;
}

static bool within_rate(struct srv_watcher *one, int64_t now)
{
	if (now - one->second >= 1000) {
		one->second = now;
		one->in_second = 0;
	}
	return one->in_second++ < SRV_WATCH_RATE;
}

/* What one watcher gets, taken out from under the lock: signing takes long. */
struct copy {
	struct cc_msg *route;
	char re[CC_ID_HEX + 1];
	uint64_t n, dropped;
};

static void note_copy(struct srv_watcher *one, struct copy *copy, int64_t now)
{
	copy->route = within_rate(one, now) ? cc_msg_dup(one->route) : NULL;
	if (!copy->route) {
		one->dropped++;
		return;
	}
	memcpy(copy->re, one->re, sizeof(copy->re));
	copy->n = ++one->sent;
	copy->dropped = one->dropped;
}

static unsigned note_copies(struct srv_watch *w, struct cc_bytes type,
			    struct copy copies[SRV_WATCHERS_MAX])
{
	int64_t now = cc_clock_ms();
	unsigned n = 0;

	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < SRV_WATCHERS_MAX; i++) {
		struct srv_watcher *one = &w->list[i];

		if (one->route && one->until < now)
			end(w, one);
		if (!matches(one, type))
			continue;
		note_copy(one, &copies[n], now);
		n += copies[n].route != NULL;
	}
	pthread_mutex_unlock(&w->lock);
	return n;
}

/* One that cannot be made is a gap in n, which the watcher sees. */
static void send_copy(struct srv_thread *t, const struct copy *copy, json_t *body)
{
	struct cc_bytes none = {NULL, 0};

	json_object_set_new(body, "n", json_integer((json_int_t)copy->n));
	json_object_set_new(body, "dropped", json_integer((json_int_t)copy->dropped));
	if (copy->re[0])
		json_object_set_new(body, "re", json_string(copy->re));
	else
		json_object_del(body, "re");
	srv_thread_send(t, copy->route, "reply.admin.watch", body, none, SRV_COPY);
}

void srv_watch_show(struct srv_watch *w, struct srv_thread *t, struct srv_work *work)
{
	struct copy copies[SRV_WATCHERS_MAX];
	json_t *body = NULL;
	unsigned n;

	if (!atomic_load_explicit(&w->count, memory_order_relaxed))
		return;
	n = note_copies(w, cc_msg_type(work->msg), copies);
	if (n)
		body = describe(work);
	for (unsigned i = 0; i < n; i++) {
		if (body)
			send_copy(t, &copies[i], body);
		cc_msg_free(copies[i].route);
	}
	json_decref(body);
}

/* The peer has gone: nobody renews these leases. */
static void end_leases_of(struct srv_watch *w, struct cc_bytes peer)
{
	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < SRV_WATCHERS_MAX; i++) {
		struct srv_watcher *one = &w->list[i];
		struct cc_bytes its = {NULL, 0};

		if (one->route)
			its = cc_msg_frame(one->route, 0);
		if (one->route && its.len == peer.len && memcmp(its.data, peer.data, its.len) == 0)
			end(w, one);
	}
	pthread_mutex_unlock(&w->lock);
}

void srv_watch_send(struct server *s, struct cc_msg *m)
{
	int r;

	s->activity++;
	r = cc_msg_send(m, s->sock);
	if (r)
		s->stats.loss[SRV_LOSS_WATCH]++;
	if (r == -CC_ENOTFOUND)
		end_leases_of(&s->watch, cc_msg_frame(m, 0));
	cc_msg_free(m);
}
