/* SPDX-License-Identifier: ISC */
#include "lib/store/writer.h"

#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"

#define TRIES_MAX 100	 /* of a connection that is lost: the deadlines end it before */
#define TRIES_AGAIN 20	 /* of a transaction that stands in another's way */
#define TRIES_TOGETHER 3 /* then one write a transaction: one alone may be what cannot be done */
#define PAUSE_MS 10
#define PAUSE_MAX_MS 320

void st_writer_init(struct st_writer *w, const struct st_target *target, struct st_queue *queue,
		    const char *instance)
{
	*w = (struct st_writer){.target = target,
				.queue = queue,
				.chain = {.instance = instance},
				.notes = CC_BUF_INIT(ST_NOTES_MAX),
				.entries = CC_BUF_INIT(ST_VALUE_MAX)};
}

void st_writer_deinit(struct st_writer *w)
{
	st_conn_closep(&w->conn);
	cc_buf_deinit(&w->notes);
	cc_buf_deinit(&w->entries);
}

static void finish(struct st_writer *w, struct st_request *req, int r)
{
	req->r = r;
	atomic_fetch_add(&w->writes, 1);
	st_queue_finish(w->queue, req);
}

/* Answers the first done of n; returns how many are left. */
static unsigned answer(struct st_writer *w, struct st_request **reqs, unsigned n, unsigned done)
{
	for (unsigned i = 0; i < done; i++)
		finish(w, reqs[i], reqs[i]->r);
	memmove(reqs, reqs + done, (n - done) * sizeof(*reqs));
	return n - done;
}

static unsigned refuse(struct st_writer *w, struct st_request **reqs, unsigned n, unsigned done,
		       int r)
{
	for (unsigned i = 0; i < done; i++) {
		reqs[i]->r = r;
		if (reqs[i]->why)
			*reqs[i]->why = w->why;
	}
	return answer(w, reqs, n, done);
}

/* Those whose deadline passed; of one in doubt it is not known whether it was done. */
static unsigned drop_late(struct st_writer *w, struct st_request **reqs, unsigned n)
{
	int64_t now = cc_clock_ms();
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (now < reqs[i]->write->deadline) {
			reqs[kept++] = reqs[i];
			continue;
		}
		cc_note_set(reqs[i]->why, CC_ETIMEOUT, "the store did not answer in time%s%.200s",
			    w->why.code ? ": " : "", w->why.code ? w->why.text : "");
		finish(w, reqs[i], -CC_ETIMEOUT);
	}
	return kept;
}

static void pause_before(unsigned try)
{
	int64_t ms = try < 6 ? PAUSE_MS <<
	try : PAUSE_MAX_MS
		;
	struct timespec ts;

	/* not all who were in each other's way at once again */
	ms = ms / 2 + cc_clock_ns() % (ms / 2);
	ts = (struct timespec){.tv_nsec = ms * 1000000};
	nanosleep(&ts, NULL);
}

/* What the failure left of the transaction and the connection. @return tries that it is worth */
static unsigned clean_up(struct st_writer *w)
{
	enum st_failure failure = w->conn ? w->conn->failure : ST_FAIL_LOST;

	w->chain_known = false;
	if (w->conn) {
		w->conn->backend->rollback(w->conn);
		if (w->conn->failure == ST_FAIL_LOST)
			st_conn_closep(&w->conn);
	}
	if (failure == ST_FAIL_LOST)
		return w->target->backend->lost_tries;
	return failure == ST_FAIL_AGAIN ? TRIES_AGAIN : 0;
}

void st_writer_run(struct st_writer *w, struct st_request **reqs, unsigned n)
{
	unsigned tries = 0;

	w->why.code = 0;
	for (;;) {
		unsigned width, done = 0, worth;
		int r;

		n = drop_late(w, reqs, n);
		if (n == 0 && (tries > 0 || w->notes.len == 0))
			return;
		width = tries < TRIES_TOGETHER ? n : 1;
		r = st_batch_try(w, reqs, n, width, &done);
		if (r == 0) {
			n = answer(w, reqs, n, done);
			tries = 0;
			continue;
		}
		worth = clean_up(w);
		cc_debug("the store has to try again: %s", w->why.text);
		atomic_fetch_add(&w->retries, 1);
		if (++tries < worth && n > 0)
			pause_before(tries);
		else
			n = refuse(w, reqs, n, width, r);
	}
}

void *st_writer_main(void *arg)
{
	struct st_writer *w = arg;
	struct st_request *reqs[ST_BATCH_MAX];
	unsigned n;

	while (st_queue_take(w->queue, reqs, ST_BATCH_MAX, &n, &w->notes)) {
		st_writer_run(w, reqs, n);
		if (w->notes.len > 0 && st_queue_stopping(w->queue)) {
			cc_error("audit notes are lost: %s", w->why.text);
			cc_buf_reset(&w->notes);
		}
	}
	return NULL;
}
