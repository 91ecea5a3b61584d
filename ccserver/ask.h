/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * How another thread has something done in the routing thread, which owns sockets, instances and
 * counters: it hands over a function and waits until it has run.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct server;
struct srv_ask;

struct srv_asks {
	pthread_mutex_t lock;
	pthread_cond_t done;
	struct srv_ask *first, **last;
	atomic_bool any;
	bool closed;
};

/** Runs in the routing thread: must be short and never wait. */
typedef void srv_ask_fn(struct server *s, void *arg);

void srv_asks_init(struct srv_asks *a);
void srv_asks_deinit(struct srv_asks *a);
/** From a thread that is not the routing one. @return 0, -CC_ESYS (the server has stopped). */
int srv_ask(struct server *s, srv_ask_fn *fn, void *arg);
/** Routing thread: runs what is asked. */
void srv_asks_run(struct server *s);
/** Routing thread: whoever asks from now on is told that the server has stopped. */
void srv_asks_close(struct server *s);
