/* SPDX-License-Identifier: ISC */
#include "lib/store/audit.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/store/chain.h"

/* Rows come in pieces: no query gives more than these. */
#define PIECE 64

static int take_hash(const struct st_rows *rows, unsigned column, uint8_t out[ST_HASH])
{
	struct st_value v = st_get(rows, column);

	if (v.kind != ST_BYTES || v.len != ST_HASH)
		return -CC_EFORMAT;
	memcpy(out, v.data, ST_HASH);
	return 0;
}

/* columns: instance, number, at, entries, previous, hash. bad: a hash that is none */
static void take_row(const struct st_rows *rows, struct st_audit_row *row, bool *bad)
{
	struct st_value entries = st_get(rows, 3);

	*row = (struct st_audit_row){.instance = st_get_text(rows, 0),
				     .number = st_get_int(rows, 1),
				     .at = st_get_int(rows, 2),
				     .entries = st_get_text(rows, 3),
				     .len = entries.kind == ST_TEXT ? entries.len : 0};
	*bad = take_hash(rows, 4, row->previous) || take_hash(rows, 5, row->hash);
}

/* ---- by time ---- */

struct each {
	int64_t since;
	int (*each)(void *arg, const struct st_audit_row *row);
	void *arg;
	/* the last row given: the next piece begins behind it */
	int64_t at, number;
	struct cc_buf instance;
	bool any;
};

static int give(struct each *e, const struct st_rows *rows)
{
	struct st_audit_row row;
	bool bad;
	int r;

	take_row(rows, &row, &bad);
	e->any = true;
	e->at = row.at;
	e->number = row.number;
	cc_buf_reset(&e->instance);
	r = cc_buf_puts(&e->instance, row.instance);
	return r ? r : e->each(e->arg, &row);
}

static int give_piece(struct st_tx *tx, struct each *e, unsigned *count)
{
	static const struct st_sql get = {
		"SELECT instance, number, at, entries, previous, hash FROM audit"
		" WHERE at >= $1 AND (at, instance, number) > ($1, $2, $3)"
		" ORDER BY at, instance, number LIMIT $4"};
	const char *instance = e->any ? (const char *)e->instance.data : "";
	const struct st_value params[] = {st_int(e->any ? e->at : e->since),
					  st_text(instance ? instance : ""),
					  st_int(e->any ? e->number : -1), st_int(PIECE)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &get, params, 4, &rows);

	*count = 0;
	while (!r && (r = st_next(rows)) == 1) {
		r = give(e, rows);
		++*count;
	}
	return r;
}

static int give_all(struct st_tx *tx, void *arg)
{
	struct each *e = arg;
	unsigned count;
	int r;

	do
		r = give_piece(tx, e, &count);
	while (!r && count == PIECE);
	return r;
}

int st_audit_each(struct st_store *s, int64_t since, int64_t deadline,
		  int (*each)(void *arg, const struct st_audit_row *row), void *arg,
		  struct cc_note *why)
{
	struct each e = {.since = since, .each = each, .arg = arg, .instance = CC_BUF_INIT(4096)};
	int r = st_read(s, deadline, give_all, &e, why);

	cc_buf_deinit(&e.instance);
	return r;
}

/* ---- every chain ---- */

struct verify {
	struct st_audit_verdict *out;
	/* of the chain that is followed */
	struct cc_buf instance;
	int64_t number;
	uint8_t hash[ST_HASH];
};

static void fault(struct verify *v, const struct st_audit_row *row, const char *what)
{
	if (!v->out->bad[0])
		snprintf(v->out->bad, sizeof(v->out->bad), "audit of %.100s, row %lld: %s",
			 row->instance, (long long)row->number, what);
}

static int next_chain(struct verify *v, const struct st_audit_row *row)
{
	cc_buf_reset(&v->instance);
	v->number = 0;
	memset(v->hash, 0, ST_HASH);
	v->out->instances++;
	return cc_buf_puts(&v->instance, row->instance);
}

static void judge(struct verify *v, const struct st_audit_row *row, bool bad)
{
	uint8_t hash[ST_HASH];

	if (row->number != v->number + 1)
		fault(v, row, "the one before it is missing");
	else if (bad || memcmp(row->previous, v->hash, ST_HASH) != 0)
		fault(v, row, "it does not follow the one before it");
	else if (st_chain_hash(row, hash) || memcmp(hash, row->hash, ST_HASH) != 0)
		fault(v, row, "it is not what was written");
}

static int follow(struct verify *v, const struct st_rows *rows)
{
	struct st_audit_row row;
	bool bad;
	int r = 0;

	take_row(rows, &row, &bad);
	if (!v->instance.data || strcmp((const char *)v->instance.data, row.instance) != 0)
		r = next_chain(v, &row);
	if (r)
		return r;
	judge(v, &row, bad);
	v->number = row.number;
	memcpy(v->hash, row.hash, ST_HASH);
	v->out->rows++;
	for (size_t i = 0; i < row.len; i++)
		v->out->entries += row.entries[i] == '\n';
	return 0;
}

static int follow_piece(struct st_tx *tx, struct verify *v, unsigned *count)
{
	static const struct st_sql get = {
		"SELECT instance, number, at, entries, previous, hash FROM audit"
		" WHERE (instance, number) > ($1, $2) ORDER BY instance, number LIMIT $3"};
	const struct st_value params[] = {
		st_text(v->instance.data ? (const char *)v->instance.data : ""),
		st_int(v->instance.data ? v->number : INT64_MIN), st_int(PIECE)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &get, params, 3, &rows);

	*count = 0;
	while (!r && (r = st_next(rows)) == 1) {
		r = follow(v, rows);
		++*count;
	}
	return r;
}

int st_chain_verify(struct st_tx *tx, struct st_audit_verdict *out)
{
	struct verify v = {.out = out, .instance = CC_BUF_INIT(4096)};
	unsigned count;
	int r;

	*out = (struct st_audit_verdict){0};
	do
		r = follow_piece(tx, &v, &count);
	while (!r && count == PIECE);
	cc_buf_deinit(&v.instance);
	return r;
}

static int verify(struct st_tx *tx, void *arg)
{
	return st_chain_verify(tx, arg);
}

int st_audit_verify(struct st_store *s, int64_t deadline, struct st_audit_verdict *out,
		    struct cc_note *why)
{
	return st_read(s, deadline, verify, out, why);
}
