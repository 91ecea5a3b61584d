/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A client of a ccserver: many requests in flight over one DEALER, each ending in exactly one
 * outcome within its deadline + the grace. Used by ccfed, daemons and tests. One thread.
 * What arrives for no open request is dropped and counted.
 */
#include <jansson.h>

#include "lib/cc/gate.h"

#define CC_CLIENT_GRACE_MS 100 /* waited beyond the deadline for a hop's own word that it passed */

enum cc_outcome {
	CC_OUT_ANSWER = 1, /* a verified reply */
	CC_OUT_ERROR,	   /* a verified `error` of the server: answer.code says which */
	CC_OUT_HOP, /* a hop could not pass it on: code busy, noroute, unreachable; outcome unknown */
	CC_OUT_TIMEOUT, /* nothing within the deadline; outcome unknown */
};

struct cc_answer {
	enum cc_outcome outcome;
	json_t *json; /* borrowed for the call; NULL for HOP without body and TIMEOUT */
	struct cc_bytes type, blob;	/* borrowed */
	const struct cc_signer *signer; /* borrowed; NULL: unsigned */
	char code[32];			/* ERROR, HOP */
	int64_t latency_us;
};
typedef void cc_answer_fn(void *arg, const struct cc_answer *answer);

struct cc_curve_link;

struct cc_client_conf {
	const char *url;
	const struct cc_curve_link *curve; /* borrowed for the call; NULL: a server without CURVE */
	const struct cc_keystore *ks;	   /* borrowed (referenced) */
	struct cc_gate_conf gate;
	int hwm; /* 0: 1000 */
	int linger_ms;
	int grace_ms; /* 0: CC_CLIENT_GRACE_MS */
	void *zctx;   /* NULL: its own */
	/* inproc endpoint, on which a PAIR of zctx waits already for ZMQ_EVENT_HANDSHAKE_SUCCEEDED and
	 * ZMQ_EVENT_DISCONNECTED, and is closed after the client; NULL: nobody asks */
	const char *monitor;
};

struct cc_client_stats {
	uint64_t sent, answers, errors, hops, timeouts, late, refused, blocked, redated;
};

struct cc_client;
int cc_client_new(struct cc_client **out, const struct cc_client_conf *conf, struct cc_note *why);
void cc_client_free(struct cc_client *c);
void cc_client_freep(struct cc_client **c);

/**
 * Sends without waiting for an answer (no query id). @return 0, -CC_EBUSY (queue full), or as
 * cc_gate_seal.
 */
int cc_client_publish(struct cc_client *c, const char *type, json_t *body, struct cc_bytes blob);
/**
 * Sends a request; fn is called exactly once, from cc_client_run or cc_client_free (as TIMEOUT).
 * body is borrowed and gets `op` unless it has one (a caller's own retry keeps it). deadline_ms
 * 1..CC_DEADLINE_MAX_MS. @return 0, -CC_EBUSY, -CC_EINVAL, or as cc_gate_seal (fn is not called
 * then).
 */
int cc_client_request(struct cc_client *c, const char *type, json_t *body, struct cc_bytes blob,
		      int64_t deadline_ms, cc_answer_fn *fn, void *arg);
/**
 * A request that is answered again and again: fn gets every answer (json `re` names the request)
 * until the deadline, which it gets as TIMEOUT, or until an error or a hop's word ends it. @return
 * as cc_client_request.
 */
int cc_client_subscribe(struct cc_client *c, const char *type, json_t *body, int64_t deadline_ms,
			cc_answer_fn *fn, void *arg);
/**
 * Receives and times out for at most wait_ms (0: what is there now), or until a request ended.
 * @return 0, -CC_ESYS.
 */
int cc_client_run(struct cc_client *c, int64_t wait_ms);
/** Requests without an outcome yet. */
size_t cc_client_open(const struct cc_client *c);
/**
 * For a caller with a poll loop of its own: libzmq's descriptor, -1 on failure. Readable is an edge,
 * which any other call here may use up, and says only: look. So sleep on it (POLLIN) only for as
 * long as cc_client_wait, asked last, allows; then cc_client_run(c, 0).
 */
int cc_client_fd(const struct cc_client *c);
/** ms that such a caller may sleep: 0 (something is there, or due), INT64_MAX (nothing is due). */
int64_t cc_client_wait(const struct cc_client *c);
void cc_client_get_stats(const struct cc_client *c, struct cc_client_stats *out);
/**
 * One request, waits for its outcome: *out is filled (json is a new reference, type and blob are
 * not). @return as cc_client_request.
 */
int cc_client_call(struct cc_client *c, const char *type, json_t *body, int64_t deadline_ms,
		   struct cc_answer *out, char signer[CC_SIGNER_NAME_MAX + 1]);
