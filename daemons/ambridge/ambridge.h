/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * cc-ambridge, the front door: HTTPS and XML-RPC outside, one CC request per call inside
 * (architecture section 7, docs/bridge.md). One thread; libevent's loop drives the rest (loop.c).
 *
 *	options.c	options, and what is wrong with them	names.c		urn and public-host
 *	listener.c	sockets, one evhttp per listener	conn.c		a connection's life and limits
 *	tls.c		certificates, handshakes		judge.c		who a client is
 *	http.c		requests and answers of HTTP		call.c		a call on its way over the bus
 *	status.c	/healthz, /metrics			access.c	the line per request
 *
 * It holds no authority key, and no state beyond connections: run as many as wanted.
 */
#include <event2/event.h>

#include "daemons/ambridge/access.h"
#include "daemons/ambridge/gzip.h"
#include "daemons/ambridge/linger.h"
#include "daemons/ambridge/metrics.h"
#include "daemons/ambridge/peers.h"
#include "daemons/ambridge/tls.h"
#include "lib/base/list.h"
#include "lib/daemon/daemon.h"

#define AB_BODY_MAX (8u << 20)	  /* octets of a request's body (architecture section 8) */
#define AB_HEADER_MAX (16u << 10) /* of its head */
#define AB_LISTENERS_MAX 16
#define AB_STRANGER_BODY_MAX (64u << 10) /* of who may only ask for first contact */

/* [l:NAME] */
struct ab_listener_conf {
	struct cf_list listen, services, crls;
	char *certificate, *key, *roots, *default_service;
	int client_certificates; /* enum ab_clients */
	int sfa_faults;		 /* index: 2019, 2011 */
};

struct ab_listener;
struct ab_status;

struct ambridge {
	/* options */
	struct cf_list names; /* of listeners: "l:am" */
	struct ab_listener_conf *conf;
	char *urn, *public_host, *status, *user, *access_log;
	int64_t deadline, max_requests, max_connections, max_address_connections, session_cache;
	int64_t handshake_timeout, request_timeout, write_timeout, idle_timeout, shutdown_grace;
	uint64_t request_memory;

	struct ab_tls **tls; /* what load made, one for each of conf; NULL: nothing */
	size_t n_tls;

	/* running */
	struct dm *dm;
	struct event_base *base;
	struct event *breath; /* accepting goes on after descriptors were short */
	struct ab_listener *listeners[AB_LISTENERS_MAX];
	unsigned n_listeners;
	struct ab_status *plain; /* the listener of `status` */
	struct ab_peers peers;
	struct ab_metrics metrics;
	struct ab_gzip gzip;
	struct ab_access access;
	struct cc_list handshaking, idle, busy; /* connections, each list the oldest first */
	unsigned connections;
	struct ab_lingering lingering; /* sockets of handshakes that we refused */
	uint64_t octets;	       /* of requests that are being read */
	struct cc_list calls;	       /* on the bus */
	unsigned n_calls;	       /* of them, those that a client waits for */
	int64_t connected; /* monotonic ms: when the bus was last there; 0: it is away */
	bool paused, draining;
};

extern const struct dm_daemon ambridge_daemon;

/* options.c */
extern const struct cf_opt ab_options[];
extern const struct dm_parts ab_parts;
int ab_check(const void *state, struct cc_note *why);
/** "am" of "l:am". */
const char *ab_listener_name(const char *section);

/* loop.c */
void ab_run(void *state, struct dm *dm);
/** Ends what is under way, within shutdown-grace. */
void ab_drain(void *state, struct dm *dm);

/* bus.c */

/** Whether requests can be sent. */
bool ab_bus_ready(struct ambridge *ab);

/* user.c */

/** Becomes `user`, when started as root. @return 0, or a negative error with why. */
int ab_user_drop(const char *user, struct cc_note *why);
