/* SPDX-License-Identifier: ISC */
#include "ccserver/host.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ccserver/instances.h"
#include "ccserver/server.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define OUT_RING 4096

static struct srv_host *host_of(struct cc_host *h)
{
	return (struct srv_host *)h;
}

/* ---- the host's operations ---- */

static int op_reply(struct cc_host *h, const struct cc_in *in, const char *type, json_t *body,
		    struct cc_bytes blob)
{
	struct srv_thread *t = host_of(h)->thread;

	if (!t)
		return cc_raise(CC_EINVAL); /* the routing thread does not sign */
	return srv_thread_reply(t, in->msg, type, body, blob);
}

static int op_hop_error(struct cc_host *h, const struct cc_msg *msg, const char *code)
{
	return server_hop_error(host_of(h)->instance->server, msg, code);
}

static int op_send(struct cc_host *h, struct cc_msg *msg)
{
	return server_send(host_of(h)->instance->server, msg);
}

static int op_dealer_open(struct cc_host *h, const char *url, const struct cc_sock_conf *conf,
			  void *peer, struct cc_dealer **out, struct cc_note *why)
{
	struct srv_instance *i = host_of(h)->instance;

	return srv_dealer_open(i->server, i, url, conf, peer, out, why);
}

static int op_dealer_send(struct cc_host *h, struct cc_dealer *d, struct cc_msg *msg)
{
	host_of(h)->instance->server->activity++;
	return cc_msg_send(msg, d->sock);
}

static int op_dealer_ping(struct cc_host *h, struct cc_dealer *d, const char *target)
{
	return srv_host_ping(host_of(h)->instance->server, d, target);
}

static void op_wake_at(struct cc_host *h, int64_t at)
{
	struct srv_instance *i = host_of(h)->instance;

	if (at < i->wake)
		i->wake = at;
}

static void op_count(struct cc_host *h, unsigned counter, uint64_t n)
{
	atomic_fetch_add_explicit(&host_of(h)->counters[counter], n, memory_order_relaxed);
}

static int op_target(struct cc_host *h, const char *section, struct cc_target **out,
		     struct cc_note *why)
{
	return srv_target(host_of(h)->instance, section, out, why);
}

static int op_forward(struct cc_host *h, struct cc_target *target, struct cc_msg *msg)
{
	return srv_host_forward(host_of(h)->instance->server, target, msg);
}

static const struct cf_ini *op_ini(struct cc_host *h)
{
	struct server *s = host_of(h)->instance->server;

	return s->plan ? srv_plan_ini(s->plan) : s->snap->ini;
}

static const struct cc_host_ops ops = {
	.reply = op_reply,
	.hop_error = op_hop_error,
	.send = op_send,
	.dealer_open = op_dealer_open,
	.dealer_send = op_dealer_send,
	.dealer_ping = op_dealer_ping,
	.wake_at = op_wake_at,
	.count = op_count,
	.target = op_target,
	.forward = op_forward,
	.ini = op_ini,
};

void srv_host_init(struct srv_host *h, struct srv_instance *i, struct srv_thread *t)
{
	memset(h, 0, sizeof(*h));
	h->base.ops = &ops;
	h->base.section = i->section;
	h->base.job_name = i->server->job_name;
	h->instance = i;
	h->thread = t;
}

/*
 * Whether messages given to `from` may come to `to`, when the plan is carried out: what goes on
 * forwards to the plan's instances then.
 */
static bool reaches(const struct srv_plan *plan, const struct srv_instance *from,
		    const struct srv_instance *to, unsigned depth)
{
	if (from == to)
		return true;
	for (const struct cc_target *t = from ? from->forwards : NULL; t && depth; t = t->next)
		if (reaches(plan, srv_plan_find(plan, t->section), to, depth - 1))
			return true;
	return false;
}

int srv_target(struct srv_instance *from, const char *section, struct cc_target **out,
	       struct cc_note *why)
{
	struct srv_plan *plan = from->server->plan;
	int index = srv_plan_index(plan, section, why);
	struct cc_target *t;

	if (index < 0)
		return index;
	if (reaches(plan, from->server->instances[index], from, SRV_INSTANCES_MAX))
		return cc_note_set(why, CC_EINVAL, "[%s] and [%s] forward to each other",
				   from->section, section);
	t = calloc(1, sizeof(*t) + strlen(section) + 1);
	if (!t)
		return cc_raise(CC_ENOMEM);
	strcpy(t->section, section);
	t->instance = from->server->instances[index];
	t->next = from->forwards;
	from->forwards = t;
	*out = t;
	return 0;
}

/* ---- threads ---- */

static void free_thread(struct srv_thread *t)
{
	for (unsigned i = 0; i < CC_ARRAY_SIZE(t->judges); i++) {
		cc_gate_free(t->judges[i].gate);
		srv_snapshot_unref(t->judges[i].snap);
	}
	srv_ring_deinit(&t->in);
	srv_ring_deinit(&t->out);
	srv_sleeper_deinit(&t->sleeper);
	free(t->hosts);
	free(t);
}

static int new_thread(struct server *s, struct srv_instance *owns, const char *name,
		      struct srv_thread **out)
{
	/* rings are aligned to cache lines, which calloc does not promise */
	struct srv_thread *t = aligned_alloc(_Alignof(struct srv_thread), sizeof(*t));
	int r;

	if (!t)
		return cc_raise(CC_ENOMEM);
	memset(t, 0, sizeof(*t));
	t->server = s;
	t->owns = owns;
	t->sleeper.fd = -1;
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->hosts = calloc(SRV_INSTANCES_MAX, sizeof(*t->hosts));
	if (!t->hosts || !srv_ring_init(&t->in, srv_ring_size((size_t)s->conf->worker_queue)) ||
	    !srv_ring_init(&t->out, OUT_RING)) {
		free_thread(t);
		return cc_raise(CC_ENOMEM);
	}
	for (unsigned i = 0; i < s->n_instances; i++)
		if (s->instances[i])
			srv_host_init(&t->hosts[i], s->instances[i], t);
	r = srv_sleeper_init(&t->sleeper);
	if (r)
		free_thread(t);
	else
		*out = t;
	return r;
}

static int add_thread(struct server *s, struct srv_instance *owns, const char *name,
		      struct cc_note *why)
{
	struct srv_thread *t;
	int r = new_thread(s, owns, name, &t);

	if (r)
		return r;
	if (pthread_create(&t->id, NULL, srv_thread_main, t) != 0) {
		free_thread(t);
		return cc_note_set(why, CC_ESYS, "cannot start a thread");
	}
	t->started = true;
	s->threads[s->n_threads++] = t;
	if (owns)
		owns->owner = t;
	return 0;
}

int srv_thread_add(struct server *s, struct srv_instance *owns, struct cc_note *why)
{
	return add_thread(s, owns, owns->section, why);
}

static void stop_thread(struct srv_thread *t)
{
	if (!t->started)
		return;
	atomic_store(&t->stop, true);
	srv_sleeper_wake(&t->sleeper);
	pthread_join(t->id, NULL);
	t->started = false;
}

void srv_thread_remove(struct server *s, struct srv_thread *t)
{
	unsigned i = 0;

	stop_thread(t);
	srv_host_collect(s); /* its last answers */
	while (s->threads[i] != t)
		i++;
	memmove(&s->threads[i], &s->threads[i + 1], (--s->n_threads - i) * sizeof(*s->threads));
	free_thread(t);
}

static unsigned worker_count(const struct server *s)
{
	long n = s->conf->workers ? (long)s->conf->workers : sysconf(_SC_NPROCESSORS_ONLN);

	if (!s->conf->workers && n > 8)
		n = 8;
	return n < 1 ? 1 : (unsigned)n;
}

int srv_threads_start(struct server *s, struct cc_note *why)
{
	unsigned n = worker_count(s);
	int r = 0;

	/* while a plan is carried out, the threads of old and new sections are there */
	s->strangers = cc_strangers_new(n, (unsigned)s->conf->strangers_share);
	if (!s->strangers)
		return cc_raise(CC_ENOMEM);
	s->threads = calloc(n + 2 * SRV_INSTANCES_MAX, sizeof(*s->threads));
	if (!s->threads)
		return cc_raise(CC_ENOMEM);
	for (; s->n_workers < n && !r; s->n_workers += !r) {
		char name[16];

		snprintf(name, sizeof(name), "worker-%u", s->n_workers % 1000);
		r = add_thread(s, NULL, name, why);
	}
	return r;
}

void srv_threads_stop(struct server *s)
{
	for (unsigned i = 0; i < s->n_threads; i++)
		stop_thread(s->threads[i]);
}

void srv_threads_close(struct server *s)
{
	for (unsigned i = 0; i < s->n_threads; i++)
		free_thread(s->threads[i]);
	free(s->threads);
}

uint64_t srv_instance_count(struct server *s, const struct srv_instance *inst, unsigned counter)
{
	uint64_t n = atomic_load_explicit(&inst->host.counters[counter], memory_order_relaxed);

	for (unsigned i = 0; i < s->n_threads; i++)
		n += atomic_load_explicit(&s->threads[i]->hosts[inst->index].counters[counter],
					  memory_order_relaxed);
	return n;
}
