/* SPDX-License-Identifier: ISC */
#include "lib/store/queue.h"

#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/store/tx.h"

#define WAIT_MAX_MS 3600000 /* of one wait; a longer one is many */

int st_queue_init(struct st_queue *q)
{
	*q = (struct st_queue){.notes = CC_BUF_INIT(ST_NOTES_MAX), .flush = INT64_MAX};
	cc_list_init(&q->waiting);
	if (pthread_condattr_init(&q->monotonic))
		return cc_raise(CC_ESYS);
	if (pthread_condattr_setclock(&q->monotonic, CLOCK_MONOTONIC) ||
	    pthread_mutex_init(&q->lock, NULL) || pthread_cond_init(&q->work, &q->monotonic)) {
		pthread_condattr_destroy(&q->monotonic);
		return cc_raise(CC_ESYS);
	}
	return 0;
}

void st_queue_deinit(struct st_queue *q)
{
	pthread_cond_destroy(&q->work);
	pthread_mutex_destroy(&q->lock);
	pthread_condattr_destroy(&q->monotonic);
	cc_buf_deinit(&q->notes);
}

static void wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms)
{
	int64_t most = cc_clock_ms() + WAIT_MAX_MS;
	struct timespec ts;

	if (ms > most)
		ms = most;
	ts = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	pthread_cond_timedwait(cond, lock, &ts);
}

static void leave(struct st_queue *q, struct st_request *req)
{
	cc_list_remove(&req->node);
	q->count--;
}

/* Until it is done, or its deadline finds it where nobody began with it. */
static int wait_turn(struct st_queue *q, struct st_request *req)
{
	while (req->state == ST_WAITS && cc_clock_ms() < req->write->deadline)
		wait_until(&req->done, &q->lock, req->write->deadline);
	if (req->state == ST_WAITS) {
		leave(q, req);
		return cc_note_set(req->why, CC_ETIMEOUT, "the store is too busy");
	}
	/* the writer bounds this: it has to be waited for, since it works with what is the caller's */
	while (req->state != ST_DONE)
		pthread_cond_wait(&req->done, &q->lock);
	return req->r;
}

int st_queue_run(struct st_queue *q, const struct st_write *w, struct cc_note *why)
{
	struct st_request req = {.write = w, .why = why, .state = ST_WAITS};
	int r;

	if (pthread_cond_init(&req.done, &q->monotonic))
		return cc_raise(CC_ESYS);
	pthread_mutex_lock(&q->lock);
	if (q->stop || q->count >= ST_QUEUE_MAX) {
		r = cc_note_set(why, CC_EBUSY, "%u writes wait for the store", q->count);
	} else {
		cc_list_add_tail(&q->waiting, &req.node);
		q->count++;
		pthread_cond_signal(&q->work);
		r = wait_turn(q, &req);
	}
	pthread_mutex_unlock(&q->lock);
	pthread_cond_destroy(&req.done);
	return r;
}

int st_queue_note(struct st_queue *q, const char *line, size_t len)
{
	int r = -CC_EBUSY;

	if (len > ST_NOTE_MAX)
		return -CC_ELIMIT;
	if (memchr(line, '\n', len) || !st_text_is_good(line, len))
		return -CC_EFORMAT;
	pthread_mutex_lock(&q->lock);
	if (!q->stop && q->notes.len + len + 1 <= ST_NOTES_MAX) {
		size_t before = q->notes.len;

		r = cc_buf_put(&q->notes, line, len);
		if (!r)
			r = cc_buf_put(&q->notes, "\n", 1);
		if (r) {
			q->notes.len = before;
			q->notes.err = 0;
		} else {
			q->n_notes++;
			if (q->flush == INT64_MAX)
				q->flush = cc_clock_ms() + ST_FLUSH_MS;
			pthread_cond_signal(&q->work);
		}
	}
	pthread_mutex_unlock(&q->lock);
	return r;
}

bool st_queue_stopping(struct st_queue *q)
{
	bool stop;

	pthread_mutex_lock(&q->lock);
	stop = q->stop;
	pthread_mutex_unlock(&q->lock);
	return stop;
}

void st_queue_stop(struct st_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
}

/* ---- the writer's side ---- */

static struct st_request *take_first(struct st_queue *q)
{
	struct st_request *req = cc_container_of(q->waiting.next, struct st_request, node);

	leave(q, req);
	req->state = ST_TAKEN;
	return req;
}

/* held: notes that could not be written, to be tried again. */
static void wait_for_work(struct st_queue *q, bool held)
{
	int64_t again = cc_clock_ms() + ST_FLUSH_MS;

	while (cc_list_empty(&q->waiting) && !q->stop && cc_clock_ms() < (held ? again : q->flush))
		wait_until(&q->work, &q->lock, held ? again : q->flush);
}

static void take_notes(struct st_queue *q, struct cc_buf *notes)
{
	struct cc_buf all = q->notes;

	q->notes = *notes;
	*notes = all;
	q->flush = INT64_MAX;
}

bool st_queue_take(struct st_queue *q, struct st_request **out, unsigned max, unsigned *n,
		   struct cc_buf *notes)
{
	bool any;

	*n = 0;
	pthread_mutex_lock(&q->lock);
	wait_for_work(q, notes->len > 0);
	while (*n < max && !cc_list_empty(&q->waiting)) {
		out[*n] = take_first(q);
		++*n;
	}
	if (notes->len == 0)
		take_notes(q, notes);
	any = *n > 0 || notes->len > 0 || !q->stop;
	pthread_mutex_unlock(&q->lock);
	return any;
}

void st_queue_finish(struct st_queue *q, struct st_request *req)
{
	pthread_mutex_lock(&q->lock);
	req->state = ST_DONE;
	pthread_cond_signal(&req->done);
	pthread_mutex_unlock(&q->lock);
}
