/* SPDX-License-Identifier: ISC */
#pragma once
/* Requests and answers of HTTP: which of them becomes a call, and the answer's form, log line and figures. */
#include <event2/http.h>
#include <stdbool.h>

#include "daemons/ambridge/metrics.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"

struct ambridge;
struct ab_conn;
struct ab_listener;

/* A request from its last octet to its answer. */
struct ab_exchange {
	struct ambridge *ab;
	struct ab_listener *listener; /* NULL: the plain one of `status` */
	struct ab_conn *conn;	      /* NULL: the same */
	struct evhttp_request *req;   /* NULL: answered, or its connection is gone */
	const char *service, *method; /* for log and figures, of tables; NULL: no call */
	int64_t began_ns;
	bool is_fault;
	int fault;
	bool close; /* the connection, after the answer */
};

/** evhttp's callback; arg is the listener. */
void ab_http_request(struct evhttp_request *req, void *arg);

/**
 * Answers, once. What body holds is taken. retry_after in seconds, 0: not said. The request is evhttp's again
 * afterwards.
 */
void ab_http_answer(struct ab_exchange *x, unsigned status, const char *type, struct cc_buf *body,
		    unsigned retry_after);
/** Answers a refusal in one line of text. */
void ab_http_refuse(struct ab_exchange *x, unsigned status, unsigned retry_after, const char *why);

/* call.c */

struct ab_service;
/** Turns a request's body into a call on the bus, and its outcome into the answer. x is copied. */
void ab_call_begin(struct ab_exchange *x, const struct ab_service *service);
/** Answers every call that waits: the bus is gone, or we are. */
void ab_calls_abandon(struct ambridge *ab);

/* status.c */

struct ab_status;
/** Answers /healthz and /metrics. @return whether it was one of them. */
bool ab_status_answer(struct ab_exchange *x, const char *path);
/** The plain listener. @return 0, or a negative error with why. */
int ab_status_open(struct ambridge *ab, struct cc_note *why);
void ab_status_close(struct ambridge *ab);
