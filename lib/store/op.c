/* SPDX-License-Identifier: ISC */
#include "lib/store/op.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/store/digest.h"

#define PURGE_ROWS 1000 /* of one batch, which others wait for */

static bool is_other(const uint8_t *request, struct st_value kept)
{
	return request && kept.kind == ST_BYTES &&
	       (kept.len != ST_SHA || memcmp(kept.data, request, ST_SHA) != 0);
}

int st_op_get(struct st_tx *tx, const char *signer, const char *op, const uint8_t *request,
	      struct cc_buf *result)
{
	static const struct st_sql get = {
		"SELECT result, request FROM op WHERE signer = $1 AND op = $2"};
	const struct st_value params[] = {st_text(signer), st_text(op)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	struct st_value kept;
	int r = st_query(tx, &get, params, 2, &rows);

	if (!r)
		r = st_next(rows);
	if (r <= 0)
		return r ? r : -CC_ENOTFOUND;
	if (is_other(request, st_get(rows, 1)))
		return ST_OTHER;
	if (!result)
		return 0;
	kept = st_get(rows, 0);
	cc_buf_reset(result);
	return cc_buf_put(result, kept.data, kept.len);
}

int st_op_put(struct st_tx *tx, const char *signer, const char *op, const uint8_t *request,
	      const struct cc_buf *result)
{
	static const struct st_sql put = {"INSERT INTO op (signer, op, at, result, request)"
					  " VALUES ($1, $2, $3, $4, $5)"
					  " ON CONFLICT (signer, op) DO NOTHING"};
	const struct st_value params[] = {
		st_text(signer), st_text(op), st_int((int64_t)cc_clock_wall()),
		result && result->len ? st_bytes(result->data, result->len) : st_bytes("", 0),
		request ? st_bytes(request, ST_SHA) : st_null()};
	int64_t changed;
	int r = st_exec(tx, &put, params, CC_ARRAY_SIZE(params), &changed);

	return r ? r : changed ? 0 : ST_OP_RACED;
}

int st_op_purge(struct st_tx *tx)
{
	static const struct st_sql purge = {
		"DELETE FROM op WHERE (signer, op) IN"
		" (SELECT signer, op FROM op WHERE at < $1 ORDER BY at LIMIT $2)"};
	const struct st_value params[] = {st_int((int64_t)cc_clock_wall() - ST_OP_SECONDS),
					  st_int(PURGE_ROWS)};

	return st_exec(tx, &purge, params, 2, NULL);
}
