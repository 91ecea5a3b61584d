/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The handler host: handler instances, worker threads, and the ways messages take between them and
 * the routing thread.
 *
 *   routing thread -- ring --> worker (any): gate, then the pool's handlers
 *                  -- ring --> owner thread of a CC_RUN_ONE handler: a slot per message in arrival
 *                              order, ready when a worker has passed the gate over it
 *   workers, owners -- ring --> routing thread: answers to send; a message when all are done
 *
 * Work is made and freed by the routing thread, which alone counts. A handler instance is one
 * section of the configuration.
 */
#include <pthread.h>

#include "ccserver/options.h"
#include "ccserver/ring.h"
#include "ccserver/router.h"
#include "ccserver/sleeper.h"
#include "ccserver/snapshot.h"
#include "ccserver/stats.h"
#include "lib/handler/handler.h"

#define SRV_INSTANCES_MAX 64
#define SRV_COUNTERS_MAX 16 /* counters of one handler */
#define SRV_PUBLISH_AT 8    /* answers that a worker gathers while it has more to do */
#define SRV_PUBLISH_NS 1000000

/* Where a slot of a thread's way out goes: NULL to the server's socket, a dealer, or to its end. */
#define SRV_DONE ((void *)1)
#define SRV_COPY ((void *)2) /* to a watcher, who loses it when he does not read */

struct server;
struct srv_thread;
struct srv_instance;

/** What a handler instance sees as its host in one thread. */
struct srv_host {
	struct cc_host base; /* first */
	struct srv_instance *instance;
	struct srv_thread *thread; /* NULL: the routing thread */
	atomic_uint_fast64_t counters[SRV_COUNTERS_MAX];
};

struct srv_instance {
	uint16_t index; /* in server.instances */
	char *section;
	const struct cc_handler *handler; /* NULL: served by a later version */
	void *state;
	bool inited;
	bool retired;  /* no route names it any more: it ends with its last message */
	unsigned uses; /* messages and pings in flight that name it */
	struct server *server;
	struct srv_host host;	    /* the routing thread's */
	struct srv_thread *owner;   /* CC_RUN_ONE */
	struct cc_target *forwards; /* sections that it gives messages to */
	int64_t wake;		    /* monotonic ms of the next tick; INT64_MAX: none */
};

/** A section that another forwards to. */
struct cc_target {
	struct cc_target *next;
	struct srv_instance *instance;
	char section[];
};

enum srv_kind {
	SRV_MESSAGE = 0,
	SRV_FORWARDED, /* by a handler, which took and counted it */
	SRV_OBSERVED,  /* a copy for those who watch; it has no handler here */
	SRV_PING,      /* to be made */
};

enum srv_work_state { SRV_PENDING, SRV_READY, SRV_REFUSED };

/** One message on its way through the gate and its handlers, or a ping to make. */
struct srv_work {
	struct cc_msg *msg;
	struct srv_snapshot *snap; /* what it is judged by */
	struct cc_gate_result gate;
	atomic_int state;   /* enum srv_work_state */
	atomic_int users;   /* threads not yet done */
	atomic_int outcome; /* worst enum srv_outcome */
	atomic_llong ns;    /* time in handlers */
	size_t bytes;
	struct cc_dealer *ping; /* a ping to seal for this dealer */
	const char *target;
	enum srv_kind kind;
	uint8_t n_targets;
	uint16_t targets[SRV_TARGETS_MAX];
};

/** A thread's gate of a snapshot. */
struct srv_judge {
	struct srv_snapshot *snap; /* NULL: none */
	struct cc_gate *gate;
};

/** A worker of the pool, or the owner thread of a CC_RUN_ONE handler (owns != NULL). */
struct srv_thread {
	struct server *server;
	pthread_t id;
	bool started;
	struct srv_instance *owns;
	struct srv_ring in,
		out; /* in: struct srv_work; out: struct cc_msg, or work with SRV_DONE */
	struct srv_sleeper sleeper;
	atomic_bool stop;
	struct srv_judge judges[2]; /* the newest snapshot's first, and one before it */
	atomic_uint_fast64_t seen;  /* number of the snapshot that it signs by */
	atomic_bool waits;	    /* for a reload: it signs nothing meanwhile */
	int64_t unpublished_since;  /* ns */
	struct srv_host *hosts;	    /* SRV_INSTANCES_MAX, by index of the instance */
	char name[16];
};

/** Fills what a handler instance sees as its host in a thread (NULL: the routing thread). */
void srv_host_init(struct srv_host *h, struct srv_instance *i, struct srv_thread *t);
/** Makes and starts the workers. @return 0 or a negative error with why. */
int srv_threads_start(struct server *s, struct cc_note *why);
/** Starts a thread of its own for a CC_RUN_ONE handler. @return 0 or a negative error with why. */
int srv_thread_add(struct server *s, struct srv_instance *owns, struct cc_note *why);
/** Ends a thread that has nothing to do, and frees it. */
void srv_thread_remove(struct server *s, struct srv_thread *t);
/** Ends the threads; each finishes what it is at. */
void srv_threads_stop(struct server *s);
/** Frees the threads, which have ended. */
void srv_threads_close(struct server *s);

/** Gives a checked message to the handlers of its type. Takes the message struct. */
void srv_host_dispatch(struct server *s, struct cc_msg **msg);
/** Resolves a section for srv_host_forward. @return as cc_host_target. */
int srv_target(struct srv_instance *from, const char *section, struct cc_target **out,
	       struct cc_note *why);
/** Gives a message to one handler. @return as cc_host_forward. */
int srv_host_forward(struct server *s, struct cc_target *target, struct cc_msg *msg);
/** Shows the workers what was dispatched and wakes those that sleep. */
void srv_host_publish(struct server *s);
/** Sends the answers and ends the work that is done. @return whether there was any. */
bool srv_host_collect(struct server *s);
/** Whether any answer or ended work waits. */
bool srv_host_pending(struct server *s);
/** Has a worker make a ping. @return 0, -CC_EBUSY, -CC_ENOMEM. */
int srv_host_ping(struct server *s, struct cc_dealer *d, const char *target);

/** Body of a thread (worker.c). */
void *srv_thread_main(void *arg);
/** Shows the routing thread what a thread, which calls this itself, has put on its way out. */
void srv_thread_publish(struct srv_thread *t);
/** The gate that a thread signs with: of the newest snapshot. NULL: there was no memory. */
struct cc_gate *srv_thread_signer(struct srv_thread *t);
/**
 * Seals an answer to a message and puts it on the way out, in that thread. @return as cc_gate_seal.
 */
int srv_thread_reply(struct srv_thread *t, const struct cc_msg *request, const char *type,
		     json_t *body, struct cc_bytes blob);
/** The same with a way of its own: see SRV_DONE. */
int srv_thread_send(struct srv_thread *t, const struct cc_msg *route, const char *type,
		    json_t *body, struct cc_bytes blob, void *where);
/** Sum of a counter of an instance over all threads. */
uint64_t srv_instance_count(struct server *s, const struct srv_instance *i, unsigned counter);
