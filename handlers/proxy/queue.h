/* SPDX-License-Identifier: ISC */
#pragma once
/* The bounded queue of messages that wait for one remote. */
#include "lib/base/list.h"
#include "lib/cc/msg.h"

struct px_request;

struct px_queued {
	struct cc_list link;	    /* first: the queue hands it back */
	struct px_request *request; /* NULL: no request */
	struct cc_msg *msg;
	size_t cost; /* as counted in bytes */
};

struct px_queue {
	struct cc_list items;
	size_t count, bytes;
	size_t max_count, max_bytes;
};

void px_queue_init(struct px_queue *q, size_t max_count, size_t max_bytes);
void px_queue_deinit(struct px_queue *q);
/**
 * Takes the frames of m; @return 0 with *out (borrowed), -CC_EBUSY (full; m is unchanged),
 * -CC_ENOMEM.
 */
int px_queue_add(struct px_queue *q, struct cc_msg *m, struct px_request *request,
		 struct px_queued **out);
/** The first one or NULL. */
struct px_queued *px_queue_first(struct px_queue *q);
/** Unlinks and frees it, message included. */
void px_queue_drop(struct px_queue *q, struct px_queued *item);
