/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Who watches: admin.watch has copies of messages sent, as this server sees them, for a lease of
 * 60 s that the watcher renews. Bounded: few watchers, so many copies a second each; a copy that
 * its watcher does not take at once is dropped and counted.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "lib/handler/handler.h"

#define SRV_WATCHERS_MAX 8
#define SRV_WATCH_LEASE_MS 60000
#define SRV_WATCH_RATE 1000	       /* copies a second and watcher */
#define SRV_WATCH_BODY_MAX (64u << 10) /* a body beyond that is not shown */

struct server;
struct srv_thread;
struct srv_work;

struct srv_watcher {
	struct cc_msg *route; /* a copy of the request; NULL: the place is free */
	char re[CC_ID_HEX + 1];
	char prefix[CC_TYPE_MAX + 1]; /* "" is every type */
	int64_t until, second;
	unsigned in_second;
	uint64_t sent, dropped;
};

struct srv_watch {
	pthread_mutex_t lock;
	atomic_uint count;
	struct srv_watcher list[SRV_WATCHERS_MAX];
};

void srv_watch_init(struct srv_watch *w);
void srv_watch_deinit(struct srv_watch *w);
/** Begins a lease, or renews that of the same request's peer. @return 0, -CC_ELIMIT, -CC_ENOMEM. */
int srv_watch_add(struct srv_watch *w, const struct cc_in *in, const char *prefix, int64_t now);
/** Whether anybody watches this type. Routing thread. */
bool srv_watch_wants(struct srv_watch *w, struct cc_bytes type);
/** Sends copies of a judged message to those who watch its type. Worker. */
void srv_watch_show(struct srv_watch *w, struct srv_thread *t, struct srv_work *work);
/** Routing thread: sends a copy, or drops and counts it. Takes the message struct. */
void srv_watch_send(struct server *s, struct cc_msg *m);
