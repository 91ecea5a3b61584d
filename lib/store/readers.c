/* SPDX-License-Identifier: ISC */
#include "lib/store/readers.h"

#include <time.h>

#include "lib/base/clock.h"
#include "lib/store/tx.h"

#define TRIES_AGAIN 20
#define PAUSE_MS 10
#define PAUSE_MAX_MS 320
#define DAY_MS 86400000

int st_readers_init(struct st_readers *p, const struct st_target *target, unsigned n)
{
	pthread_condattr_t attr;
	int bad;

	*p = (struct st_readers){.target = target, .n = n > ST_READERS_MAX ? ST_READERS_MAX : n};
	if (!p->n)
		p->n = ST_READERS;
	if (pthread_condattr_init(&attr))
		return cc_raise(CC_ESYS);
	bad = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) ||
	      pthread_mutex_init(&p->lock, NULL) || pthread_cond_init(&p->freed, &attr);
	pthread_condattr_destroy(&attr);
	return bad ? cc_raise(CC_ESYS) : 0;
}

void st_readers_deinit(struct st_readers *p)
{
	for (unsigned i = 0; i < p->n; i++)
		st_conn_closep(&p->reader[i].conn);
	pthread_cond_destroy(&p->freed);
	pthread_mutex_destroy(&p->lock);
}

/* One that is free, rather one that is connected. */
static struct st_reader *find_free(struct st_readers *p)
{
	struct st_reader *found = NULL;

	for (unsigned i = 0; i < p->n; i++)
		if (!p->reader[i].busy && (!found || (p->reader[i].conn && !found->conn)))
			found = &p->reader[i];
	return found;
}

static struct st_reader *take(struct st_readers *p, int64_t deadline)
{
	int64_t most = cc_clock_ms() + DAY_MS;
	int64_t until = deadline < most ? deadline : most;
	const struct timespec ts = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
	struct st_reader *r;

	pthread_mutex_lock(&p->lock);
	while (!(r = find_free(p)) && cc_clock_ms() < until)
		pthread_cond_timedwait(&p->freed, &p->lock, &ts);
	if (r)
		r->busy = true;
	pthread_mutex_unlock(&p->lock);
	return r;
}

static void give_back(struct st_readers *p, struct st_reader *r)
{
	pthread_mutex_lock(&p->lock);
	r->busy = false;
	pthread_cond_signal(&p->freed);
	pthread_mutex_unlock(&p->lock);
}

static int run_on(struct st_conn *c, st_run_fn *run, void *arg, struct cc_note *why)
{
	struct st_tx tx;
	int r = c->backend->begin(c, ST_READ);

	st_tx_init(&tx, c);
	if (!r)
		r = st_tx_run(&tx, run, arg);
	st_conn_tell(c, r, why);
	return r;
}

/* One try. *failure: what came in between. */
static int try_once(struct st_readers *p, struct st_reader *reader, int64_t deadline,
		    st_run_fn *run, void *arg, enum st_failure *failure, struct cc_note *why)
{
	int r = reader->conn ? 0 : st_conn_open_until(&reader->conn, p->target, deadline, why);

	*failure = ST_FAIL_LOST;
	if (r)
		return r;
	reader->conn->until = deadline;
	r = run_on(reader->conn, run, arg, why);
	*failure = reader->conn->failure;
	reader->conn->backend->rollback(reader->conn);
	if (reader->conn->failure == ST_FAIL_LOST)
		st_conn_closep(&reader->conn);
	return r;
}

static void pause_before(unsigned try, int64_t left)
{
	int64_t ms = try < 6 ? PAUSE_MS <<
	try : PAUSE_MAX_MS
		;
	struct timespec ts;

	ms = ms > left ? left : ms;
	ts = (struct timespec){.tv_nsec = ms * 1000000};
	nanosleep(&ts, NULL);
}

int st_readers_run(struct st_readers *p, int64_t deadline, st_run_fn *run, void *arg,
		   struct cc_note *why)
{
	struct st_reader *reader = take(p, deadline);
	enum st_failure failure;
	unsigned tries = 0;
	int r;

	if (!reader)
		return cc_note_set(why, CC_ETIMEOUT, "every connection that reads is in use");
	for (;;) {
		unsigned worth;
		int64_t left;

		r = try_once(p, reader, deadline, run, arg, &failure, why);
		if (failure < ST_FAIL_AGAIN || failure == ST_FAIL_TX)
			break;
		worth = failure == ST_FAIL_LOST ? p->target->backend->lost_tries : TRIES_AGAIN;
		left = deadline - cc_clock_ms();
		if (++tries >= worth)
			break;
		if (left <= 0) {
			r = -CC_ETIMEOUT;
			break;
		}
		atomic_fetch_add(&p->retries, 1);
		pause_before(tries, left);
	}
	give_back(p, reader);
	return r;
}
