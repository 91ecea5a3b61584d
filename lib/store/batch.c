/* SPDX-License-Identifier: ISC */
/* One try of one transaction of the writer. */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/store/op.h"
#include "lib/store/writer.h"

#define LINE_MAX_OCTETS (4u << 20) /* of one write's line of audit */
/* A batch takes no more writes then: what they and the last line add stays under ST_VALUE_MAX. */
#define ENTRIES_ENOUGH (4u << 20)
#define PURGE_EVERY_MS 600000

/* ---- one write ---- */

static int check_line(const struct cc_buf *line)
{
	if (!line || !line->len)
		return line && line->err ? line->err : 0;
	if (line->len > LINE_MAX_OCTETS)
		return -CC_ELIMIT;
	if (line->err || memchr(line->data, '\n', line->len) ||
	    !st_text_is_good(line->data, line->len))
		return -CC_EFORMAT;
	return 0;
}

static int add_line(struct st_writer *w, const struct cc_buf *line)
{
	int r = 0;

	if (line && line->len) {
		r = cc_buf_put(&w->entries, line->data, line->len);
		if (!r)
			r = cc_buf_put(&w->entries, "\n", 1);
	}
	return r ? st_conn_fail(w->conn, ST_FAIL_TX, -r, "no memory for the audit") : 0;
}

static int run_new(struct st_writer *w, const struct st_write *wr)
{
	struct st_tx own, tx;
	int r;

	st_tx_init(&own, w->conn);
	st_tx_init(&tx, w->conn);
	r = st_tx_run(&tx, wr->run, wr->arg);
	if (r == 0)
		r = check_line(wr->audit);
	if (r == 0 && wr->op)
		r = st_op_put(&own, wr->signer, wr->op, wr->request, wr->result);
	return r;
}

static int run_once(struct st_writer *w, const struct st_write *wr)
{
	struct st_tx own;
	int r;

	if (!wr->op)
		return run_new(w, wr);
	st_tx_init(&own, w->conn);
	r = st_op_get(&own, wr->signer, wr->op, wr->request, wr->result);
	if (r == 0)
		return ST_REPEATED;
	return r == -CC_ENOTFOUND ? run_new(w, wr) : r;
}

/* Another ccserver did the same op while we did: its word counts, ours is undone. */
static int run_raced(struct st_writer *w, const struct st_write *wr)
{
	int r = w->conn->backend->back(w->conn);

	if (!r)
		r = w->conn->backend->mark(w->conn);
	return r ? r : run_once(w, wr);
}

/* @return 0 (req->r says what became of it), or the failure of the transaction. */
static int run_request(struct st_writer *w, struct st_request *req)
{
	const struct st_write *wr = req->write;
	int e, r = w->conn->backend->mark(w->conn);

	if (r)
		return r;
	if (req->why)
		req->why->code = 0;
	r = run_once(w, wr);
	if (r == ST_OP_RACED)
		r = run_raced(w, wr);
	if (w->conn->failure >= ST_FAIL_AGAIN)
		return -w->conn->why.code;
	st_conn_tell(w->conn, r, req->why);
	e = r == 0 || r == ST_REPEATED ? w->conn->backend->unmark(w->conn)
				       : w->conn->backend->back(w->conn);
	if (e)
		return e;
	w->conn->failure = ST_FINE;
	w->conn->why.code = 0;
	req->r = r;
	/* a line that cannot be kept is why it was refused */
	return r == ST_REPEATED || r == ST_OTHER || check_line(wr->audit) ? 0
									  : add_line(w, wr->audit);
}

/* ---- the transaction ---- */

/* Deletes old ops behind the writes, which it must not spoil. */
static int purge(struct st_writer *w)
{
	int64_t now = cc_clock_ms();
	struct st_tx own;
	int r;

	if (now < w->purge)
		return 0;
	st_tx_init(&own, w->conn);
	r = w->conn->backend->mark(w->conn);
	if (!r)
		r = st_op_purge(&own) ? w->conn->backend->back(w->conn)
				      : w->conn->backend->unmark(w->conn);
	if (!r)
		w->purge = now + PURGE_EVERY_MS;
	return r;
}

/* Until the commit is answered its outcome is not known. */
static int commit(struct st_writer *w, struct st_request **reqs, unsigned n,
		  const struct st_chain *next)
{
	int r;

	w->doubt = true;
	w->doubt_notes = w->notes.len > 0;
	w->doubtful = *next;
	for (unsigned i = 0; i < n; i++)
		reqs[i]->in_doubt = true;
	r = w->conn->backend->commit(w->conn);
	if (r && w->conn->failure == ST_FAIL_LOST)
		return r;
	w->doubt = false;
	for (unsigned i = 0; i < n; i++)
		reqs[i]->in_doubt = false;
	if (r)
		return r;
	w->chain = *next;
	cc_buf_reset(&w->notes);
	atomic_fetch_add(&w->batches, 1);
	return 0;
}

static int fill(struct st_writer *w, struct st_request **reqs, unsigned n, unsigned *done,
		bool *wrote)
{
	int r;

	cc_buf_reset(&w->entries);
	r = cc_buf_put(&w->entries, w->notes.data, w->notes.len);
	if (r)
		return st_conn_fail(w->conn, ST_FAIL_TX, -r, "no memory for the audit");
	for (*done = 0; *done < n && (*done == 0 || w->entries.len < ENTRIES_ENOUGH); ++*done) {
		r = run_request(w, reqs[*done]);
		if (r)
			return r;
		*wrote |= reqs[*done]->r == 0;
	}
	*wrote |= w->entries.len > 0;
	return *wrote ? purge(w) : 0;
}

static int transaction(struct st_writer *w, struct st_request **reqs, unsigned n, unsigned *done)
{
	struct st_chain next;
	bool wrote = false;
	struct st_tx own;
	int r = w->conn->backend->begin(w->conn, ST_WRITE);

	st_tx_init(&own, w->conn);
	own.any_size = true;
	if (!r && !w->chain_known)
		r = st_chain_find(&own, &w->chain);
	if (r)
		return r;
	w->chain_known = true;
	r = fill(w, reqs, n, done, &wrote);
	if (r)
		return r;
	if (!wrote) {
		w->conn->backend->rollback(w->conn);
		return 0;
	}
	r = st_chain_add(&own, &w->chain, w->entries.data, w->entries.len, &next);
	if (r == -CC_EEXIST)
		return st_conn_fail(w->conn, ST_FAIL_AGAIN, CC_EBUSY,
				    "another program audits as %s", w->chain.instance);
	return r ? r : commit(w, reqs, *done, &next);
}

/* ---- a commit in doubt ---- */

/* @return 1: the row is there, 0: it is not and will not be. */
static int probe(struct st_writer *w)
{
	static const struct st_sql claim = {
		"INSERT INTO audit (instance, number, at, entries, previous, hash)"
		" VALUES ($1, $2, 0, '', $3, $3)"};
	static const struct st_sql look = {
		"SELECT COUNT(*) FROM audit WHERE instance = $1 AND number = $2 AND hash = $3"};
	const struct st_value params[] = {st_text(w->doubtful.instance), st_int(w->doubtful.number),
					  st_bytes(w->doubtful.hash, ST_HASH)};
	int64_t found = 0;
	struct st_tx own;
	int r = w->conn->backend->begin(w->conn, ST_WRITE);

	if (!r)
		r = w->conn->backend->mark(w->conn);
	if (r)
		return r;
	st_tx_init(&own, w->conn);
	r = st_exec(&own, &claim, params, 3, NULL);
	if (r == -CC_EEXIST) {
		st_tx_init(&own, w->conn);
		r = w->conn->backend->back(w->conn);
		if (!r)
			r = st_number(&own, &look, params, 3, &found);
	}
	if (r)
		return r;
	w->conn->backend->rollback(w->conn);
	return found > 0;
}

/* @return 1: it was committed, *done requests are answered by it; 0: nothing is in doubt. */
static int settle(struct st_writer *w, struct st_request **reqs, unsigned n, unsigned *done)
{
	int r = w->doubt ? probe(w) : 0;

	if (r < 0)
		return st_conn_fail(w->conn, ST_FAIL_AGAIN, -r, "a commit is in doubt");
	w->doubt = false;
	w->chain_known &= r == 0;
	if (r == 1 && w->doubt_notes)
		cc_buf_reset(&w->notes);
	for (unsigned i = 0; i < n && reqs[i]->in_doubt; i++) {
		*done += r == 1;
		reqs[i]->in_doubt = false;
	}
	if (r == 1)
		atomic_fetch_add(&w->batches, 1);
	return r;
}

static int connect_again(struct st_writer *w, int64_t until)
{
	int r;

	if (w->conn)
		return 0;
	w->chain_known = false;
	r = st_conn_open_until(&w->conn, w->target, until, &w->why);
	if (!r)
		atomic_fetch_add(&w->reconnects, 1);
	return r;
}

static int64_t latest(struct st_request **reqs, unsigned n)
{
	int64_t until = n ? INT64_MIN : INT64_MAX;

	for (unsigned i = 0; i < n; i++)
		if (reqs[i]->write->deadline > until)
			until = reqs[i]->write->deadline;
	return until;
}

int st_batch_try(struct st_writer *w, struct st_request **reqs, unsigned n, unsigned width,
		 unsigned *done)
{
	int64_t until = latest(reqs, n);
	int r = connect_again(w, until);

	*done = 0;
	if (r)
		return r;
	w->conn->until = until;
	r = settle(w, reqs, n, done);
	if (r == 0)
		r = transaction(w, reqs, width, done);
	if (r < 0)
		st_conn_tell(w->conn, r, &w->why);
	return r < 0 ? r : 0;
}
