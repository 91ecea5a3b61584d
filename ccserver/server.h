/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A ccserver: one routing thread with the ROUTER socket, the dealers of its handlers, and their
 * host.
 */
#include "ccserver/ask.h"
#include "ccserver/hop.h"
#include "ccserver/host.h"
#include "ccserver/outbox.h"
#include "ccserver/report.h"
#include "ccserver/watch.h"
#include "lib/base/log.h"

#define SRV_DEALERS_MAX 256 /* connections that all handlers together may open */
#define SRV_HISTORY 181	    /* buckets of 5 s kept for averages, infofile-level 3 */

struct cc_dealer {
	struct cc_dealer *next;
	struct srv_instance *owner;
	void *peer;
	void *sock, *monitor;
	int fd, monitor_fd;
	char *url;
	int64_t again; /* monotonic ms of the next try after a refused handshake; INT64_MAX: none */
};

struct server {
	const char *path; /* of the configuration */
	const char *const *overrides;
	size_t n_overrides;
	char *job_name;
	struct srv_snapshot *snap;   /* in force */
	const struct srv_conf *conf; /* its configuration */
	atomic_uint_fast64_t number; /* its number, for threads */
	pthread_mutex_t snap_lock;   /* over snap, for threads that take a reference */
	struct srv_plan *plan;	     /* the change that is being made; NULL: none */
	/* NULL: nothing is verified, or there is no time window; a reload may make it */
	struct cc_replay *_Atomic replay;
	struct cc_strangers *strangers;
	struct srv_reload *reload;
	struct srv_asks asks; /* what other threads ask of the routing thread */
	struct srv_watch watch;
	bool quiesced; /* takes no new requests */
	void *zctx, *sock;
	struct srv_path *paths; /* ipc sockets to be removed */
	struct srv_zap *zap;	/* NULL: every endpoint is this host's own, or open */
	int fd;
	struct srv_router *router;
	struct srv_instance *instances[SRV_INSTANCES_MAX];
	unsigned n_instances;
	struct srv_thread **threads; /* workers, then owners */
	unsigned n_workers, n_threads;
	struct cc_dealer *dealers;
	unsigned n_dealers;
	struct srv_sleeper sleeper; /* of the routing thread */
	struct srv_hop hop;
	struct srv_outbox outbox;
	struct srv_stats stats;
	struct cc_msg *spare; /* the next message is received into this one */
	uint32_t serial;      /* of the next message */
	bool shared;	      /* the message at hand goes to several handlers */
	uint64_t activity;    /* sends tried: libzmq's edge must be looked at again */
	size_t work_count, work_bytes;
	int64_t started_wall, next_stats, next_bucket;
	struct srv_report last_report; /* as of the last period */
	struct srv_report history[SRV_HISTORY];
	unsigned history_next, history_count;
	enum cc_level log_level;
	bool log_stderr;
	bool stopping; /* a signal came */
	bool draining; /* and the daemons have ended: no new messages */
};

/**
 * Reads and checks the configuration, loads keys, makes routes and handler instances. Opens no
 * socket, starts nothing.
 */
int server_open(struct server *s, const char *path, const char *const *overrides, size_t n,
		struct cc_note *why);
/** Puts a snapshot into force (its reference is taken over); the old one stays the caller's. */
void srv_set_snapshot(struct server *s, struct srv_snapshot *snap);
/** Makes the replay table if there is none and should be one. @return 0, -CC_ENOMEM. */
int server_make_replay(struct server *s, const struct srv_conf *conf);
/** A reference to the snapshot in force, from any thread. */
struct srv_snapshot *srv_get_snapshot(struct server *s);
/** Binds the socket and starts the threads. After daemonising: threads do not survive a fork. */
int server_start(struct server *s, struct cc_note *why);
/**
 * Serves until SIGINT or SIGTERM; signals must be blocked in all threads. @return 0, or a negative
 * error.
 */
int server_run(struct server *s);
void server_close(struct server *s);
/** (Re)opens the log as configured. @return 0, -CC_ESYS. */
int server_open_log(struct server *s, enum cc_level level, bool also_stderr);
void server_reopen_log(struct server *s);

/**
 * Sends by the first route frame; what the peer's pipe does not take waits in the outbox. Takes the
 * frames on success; failures are counted. @return as srv_outbox_send.
 */
int server_send(struct server *s, struct cc_msg *msg);
/** Tells the sender of a request that it was not passed on. @return 0, CC_DROPPED. */
int server_hop_error(struct server *s, const struct cc_msg *msg, const char *code);
/** Logs a refused message: one line per cause, source and minute. Any thread. */
void server_log_refused(const struct cc_msg *msg, const char *cause, const char *text);

/** Opens a DEALER for a handler (dealers.c). */
int srv_dealer_open(struct server *s, struct srv_instance *owner, const char *url,
		    const struct cc_sock_conf *conf, void *peer, struct cc_dealer **out,
		    struct cc_note *why);
/** Receives from all dealers and their monitors. @return whether more may be there. */
bool srv_dealers_receive(struct server *s);
/** When one of them wants to connect again: INT64_MAX: none. */
int64_t srv_dealers_next(const struct server *s);
/** Sends a message in front of what its handler has queued, and frees it. */
void srv_dealer_send(struct server *s, struct cc_dealer *d, struct cc_msg *m);
/** Closes the dealers of an instance; NULL: all. */
void srv_dealers_close_of(struct server *s, const struct srv_instance *owner);

/** Keeps the figures of a 5 s bucket for the averages. */
void srv_infofile_bucket(struct server *s, int64_t now);
/** Writes the infofile (infofile.c); a failure is logged. */
void srv_infofile_write(struct server *s);
/** Logs the period's statistics and writes the infofile. */
void srv_stats_period(struct server *s);
