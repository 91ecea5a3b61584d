/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A TLS connection, from accept to its end. Each phase has a deadline for all of it, since the time-outs of
 * evhttp begin anew with each octet (platform 6):
 *
 *	HANDSHAKE	handshake-timeout, from accept
 *	IDLE		idle-timeout, until the first octet of a request
 *	READING		request-timeout, until its last
 *	CALLING		the call's own deadline
 *	WRITING		write-timeout, until the client has taken the answer
 *
 * evhttp owns the connection and frees it; a deadline shuts the socket down, which evhttp sees as its end.
 * The end of the SSL object is the end of this one.
 */
#include <event2/event_struct.h>
#include <event2/http.h>

#include "daemons/ambridge/peers.h"
#include "daemons/ambridge/tls.h"
#include "lib/base/list.h"

struct ambridge;
struct ab_listener;

enum ab_phase {
	AB_GREETING,
	AB_HANDSHAKE,
	AB_IDLE,
	AB_READING,
	AB_CALLING,
	AB_WRITING,
	AB_CUT, /* its socket is shut down */
};

struct ab_conn {
	struct cc_list link; /* among those of its kind of phase, the oldest first */
	struct ambridge *ab;
	struct ab_listener *listener;
	struct bufferevent *bev; /* evhttp's */
	SSL *ssl;		 /* bev's */
	struct event timer;
	enum ab_phase phase;
	struct ab_peer *peer; /* NULL: not greeted yet, or refused */
	struct ab_client client;
	uint64_t octets; /* of the request that is read or worked on */
	bool stranger;	 /* its certificate is not trusted, on a listener that takes any */
	char address[AB_ADDRESS_TEXT];
};

/** evhttp's callback: arg is the listener. Never NULL, for then evhttp would speak without TLS. */
struct bufferevent *ab_conn_new(struct event_base *base, void *arg);
/** Of the SSL's end. */
void ab_conn_free(struct ab_conn *c);
/** The connection of a request; NULL: it has no TLS. */
struct ab_conn *ab_conn_of(struct evhttp_request *req);

void ab_conn_enter(struct ab_conn *c, enum ab_phase phase);
/** A request is through: the next one may be there already. */
void ab_conn_done(struct ab_conn *c);
/** Tells a client whose connection is about to end that its end is meant (close_notify). */
void ab_conn_bye(struct ab_conn *c);
/** Shuts the socket down; evhttp ends the rest. */
void ab_conn_cut(struct ab_conn *c);

/* ---- what tls.c tells ---- */

/** Of a full handshake. @return 0, or the rule that refuses. */
int ab_conn_certificates(struct ab_conn *c, X509 *leaf, const STACK_OF(X509) * others);
void ab_conn_handshaken(struct ab_conn *c);
/** We refuse, for this reason. */
void ab_conn_refused(struct ab_conn *c, const char *why);
/** The client does. */
void ab_conn_alerted(struct ab_conn *c, const char *what);
