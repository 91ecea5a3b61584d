/* SPDX-License-Identifier: ISC */
#pragma once
/* Writes that wait for the writer thread, and notes that go with its next batch. */
#include <pthread.h>

#include "lib/base/list.h"
#include "lib/store/store.h"

#define ST_NOTES_MAX (2u << 20) /* octets of notes that wait */
#define ST_NOTE_MAX (64u << 10) /* octets of one */
#define ST_FLUSH_MS 1000	/* a note waits no longer than that for a batch to go with */

enum st_state { ST_WAITS = 1, ST_TAKEN, ST_DONE };

/* One call of st_write, on its caller's stack. */
struct st_request {
	struct cc_list node;
	const struct st_write *write;
	struct cc_note *why; /* NULL: none wanted */
	enum st_state state; /* under the queue's lock */
	int r;		     /* the writer's until state is ST_DONE */
	bool in_doubt;	     /* r holds if the commit that was sent arrived */
	pthread_cond_t done;
};

struct st_queue {
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_condattr_t monotonic;
	struct cc_list waiting;
	unsigned count;
	struct cc_buf notes; /* lines, each with its line feed */
	int64_t flush;	     /* cc_clock_ms when they are due; INT64_MAX: there are none */
	uint64_t n_notes;    /* ever */
	bool stop;
};

/** @return 0, -CC_ESYS. */
int st_queue_init(struct st_queue *q);
void st_queue_deinit(struct st_queue *q);
/** Waits its turn and its end, as st_write. */
int st_queue_run(struct st_queue *q, const struct st_write *w, struct cc_note *why);
int st_queue_note(struct st_queue *q, const char *line, size_t len);
/** The writer is to end when nothing waits. */
void st_queue_stop(struct st_queue *q);
bool st_queue_stopping(struct st_queue *q);

/**
 * For the writer: waits for work, and takes up to max requests and, if notes is empty, the notes.
 * @return whether to go on; false: told to stop, and nothing is left.
 */
bool st_queue_take(struct st_queue *q, struct st_request **out, unsigned max, unsigned *n,
		   struct cc_buf *notes);
/** Tells a caller that its request is done, with what its r is. It is gone then. */
void st_queue_finish(struct st_queue *q, struct st_request *req);
