/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The link of a daemon to its ccserver: keys, the rules of [servers], and a client over one
 * connection that libzmq opens again whenever it breaks.
 *
 * A server that has just started takes no signed message dated before its start + cms-time-ahead,
 * since it may have taken it in an earlier life. So the link is up only that long after a
 * connection was made; until then nothing is published, and what waited for the server before that
 * would only be refused. Requests need no such care: the client dates them anew.
 */
#include "lib/cc/client.h"
#include "lib/daemon/conf.h"

struct dm_link; /* opaque */

#define DM_LINK_FDS 2

/**
 * Loads the keys that b names and connects (which does not wait for the server). zctx is borrowed.
 * @return 0, or a negative error with why.
 */
int dm_link_open(struct dm_link **out, void *zctx, const struct dm_bound *b, struct cc_note *why);
/** Loads the keys and reads the rules only, for --check. @return as dm_link_open. */
int dm_link_check(const struct dm_bound *b, struct cc_note *why);
/** Requests end as CC_OUT_TIMEOUT; what waits is sent within zmq_linger, behind our back. */
void dm_link_free(struct dm_link *l);
void dm_link_freep(struct dm_link **l);

/** @return as cc_client_publish; -CC_EBUSY also while the link is not up. */
int dm_link_publish(struct dm_link *l, const char *type, json_t *body, struct cc_bytes blob);
/** @return as cc_client_request. */
int dm_link_request(struct dm_link *l, const char *type, json_t *body, int64_t deadline_ms,
		    cc_answer_fn *fn, void *arg);

/** Descriptors to sleep on, as cc_client_fd says; -1: none. */
void dm_link_fds(const struct dm_link *l, int fds[DM_LINK_FDS]);
/** How long, in ms, as cc_client_wait says. */
int64_t dm_link_wait(const struct dm_link *l);
/**
 * Takes what has come and what is due. @return 0, 1 (the link has come up since the last call),
 * -CC_ESYS.
 */
int dm_link_turn(struct dm_link *l);
bool dm_link_is_up(const struct dm_link *l);
bool dm_link_is_connected(const struct dm_link *l);
/** Requests without an outcome yet. */
size_t dm_link_open_requests(const struct dm_link *l);
void dm_link_get_stats(const struct dm_link *l, struct cc_client_stats *out);
