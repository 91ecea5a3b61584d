/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The one thread that writes. A batch is one transaction: the notes, up to ST_BATCH_MAX writes, each
 * in a savepoint, and the row of audit that tells of them.
 *
 * A commit that got no answer is in doubt. The row of audit settles it: on a new connection the same
 * (instance, number) is inserted; that waits for the old transaction, if it still runs, and says that
 * the row exists if it was committed. Only then are the writes answered, or run again. So nothing is
 * done twice by a lost connection.
 */
#include <stdatomic.h>

#include "lib/store/chain.h"
#include "lib/store/queue.h"

struct st_writer {
	const struct st_target *target;
	struct st_queue *queue;
	struct st_conn *conn; /* NULL: to be opened */
	struct cc_note why;   /* of the last failure */
	struct st_chain chain;
	bool chain_known;
	/* a commit in doubt */
	bool doubt, doubt_notes;
	struct st_chain doubtful;
	struct cc_buf notes;   /* taken from the queue, not committed yet */
	struct cc_buf entries; /* of the batch */
	int64_t purge;	       /* cc_clock_ms when old ops are looked for */
	atomic_uint_fast64_t writes, batches, retries, reconnects;
};

void st_writer_init(struct st_writer *w, const struct st_target *target, struct st_queue *queue,
		    const char *instance);
void st_writer_deinit(struct st_writer *w);
/** The thread. arg: struct st_writer. */
void *st_writer_main(void *arg);
/** Runs n requests, in as many transactions and tries as it takes, and finishes each. */
void st_writer_run(struct st_writer *w, struct st_request **reqs, unsigned n);

/* of batch.c: one try of one transaction */
/**
 * Of n requests, width may be begun with. *done: how many, from the first, were committed; their r is
 * set. @return 0, or a negative code with the failure in w->conn (NULL: none was to be had) and w->why.
 */
int st_batch_try(struct st_writer *w, struct st_request **reqs, unsigned n, unsigned width,
		 unsigned *done);
