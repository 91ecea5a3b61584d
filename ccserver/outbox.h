/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What peers of the server's socket are to get. libzmq's pipe of a peer takes zmq_hwm messages and
 * then says so; what comes in a burst beyond that waits here, in order, bounded per peer and in
 * all, so that no answer is lost to a peer that reads.
 */
#include "lib/base/list.h"
#include "lib/base/map.h"
#include "lib/cc/msg.h"

#define SRV_OUTBOX_RETRY_MS 2
#define SRV_OUTBOX_RETRY_MAX_MS 64 /* while nobody takes anything */
#define SRV_OUTBOX_STUCK_MS 30000  /* a peer that takes nothing for so long loses what waits */

struct srv_outbox {
	struct cc_map peers;
	struct cc_list blocked;
	size_t bytes, max_bytes, max_peer_bytes;
	int64_t next;  /* monotonic ms of the next try */
	int64_t retry; /* ms between tries: longer while nobody takes anything */
};

void srv_outbox_init(struct srv_outbox *o, size_t max_peer_bytes, size_t max_bytes);
/** Other bounds; what waits already stays. */
void srv_outbox_set_bounds(struct srv_outbox *o, size_t max_peer_bytes, size_t max_bytes);
void srv_outbox_deinit(struct srv_outbox *o);
/**
 * Sends by the first route frame, or keeps the message until the peer's pipe has room. Takes the
 * frames on success.
 * @return 0, -CC_EBUSY (bounds reached), -CC_ENOTFOUND (no such peer), -CC_ESYS, -CC_ENOMEM.
 */
int srv_outbox_send(struct srv_outbox *o, void *sock, struct cc_msg *m);
/**
 * Tries the blocked peers again when it is time. *gone: messages dropped because their peer left; *stuck: because it took nothing
 * for SRV_OUTBOX_STUCK_MS.
 */
void srv_outbox_flush(struct srv_outbox *o, void *sock, int64_t now, uint64_t *gone,
		      uint64_t *stuck);
/** When to flush; INT64_MAX: nothing waits. */
int64_t srv_outbox_next(const struct srv_outbox *o);
