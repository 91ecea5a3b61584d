/* SPDX-License-Identifier: ISC */
#include "ccserver/ask.h"

#include "ccserver/server.h"

struct srv_ask {
	struct srv_ask *next;
	srv_ask_fn *fn;
	void *arg;
	bool ended, refused;
};

void srv_asks_init(struct srv_asks *a)
{
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->done, NULL);
	a->last = &a->first;
}

void srv_asks_deinit(struct srv_asks *a)
{
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->done);
}

int srv_ask(struct server *s, srv_ask_fn *fn, void *arg)
{
	struct srv_ask ask = {.fn = fn, .arg = arg};
	struct srv_asks *a = &s->asks;

	pthread_mutex_lock(&a->lock);
	ask.refused = ask.ended = a->closed;
	if (!ask.ended) {
		*a->last = &ask;
		a->last = &ask.next;
		atomic_store(&a->any, true);
		srv_sleeper_wake(&s->sleeper);
	}
	while (!ask.ended)
		pthread_cond_wait(&a->done, &a->lock);
	pthread_mutex_unlock(&a->lock);
	return ask.refused ? -CC_ESYS : 0;
}

static struct srv_ask *next_ask(struct srv_asks *a)
{
	struct srv_ask *ask = a->first;

	if (ask)
		a->first = ask->next;
	if (!a->first)
		a->last = &a->first;
	return ask;
}

/* What is asked runs without the lock; its memory is the asking thread's, which waits. */
static void serve(struct server *s, bool refuse)
{
	struct srv_asks *a = &s->asks;
	struct srv_ask *ask;

	pthread_mutex_lock(&a->lock);
	atomic_store(&a->any, false);
	a->closed = refuse;
	while ((ask = next_ask(a))) {
		pthread_mutex_unlock(&a->lock);
		if (!refuse)
			ask->fn(s, ask->arg);
		pthread_mutex_lock(&a->lock);
		ask->refused = refuse;
		ask->ended = true;
		pthread_cond_broadcast(&a->done);
	}
	pthread_mutex_unlock(&a->lock);
}

void srv_asks_run(struct server *s)
{
	if (atomic_load(&s->asks.any))
		serve(s, false);
}

void srv_asks_close(struct server *s)
{
	serve(s, true);
}
