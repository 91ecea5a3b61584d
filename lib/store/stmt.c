/* SPDX-License-Identifier: ISC */
/* Statements and their rows: what the program and both backends see of each other. */
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/util.h"
#include "lib/store/tx.h"

struct st_rows {
	struct cc_list node; /* in the transaction's; a list of its own once that is over */
	struct st_tx *tx;    /* NULL: over */
	void *cursor;
	unsigned columns;
	unsigned count;
	struct st_value column[ST_COLUMNS_MAX];
};

void st_tx_init(struct st_tx *tx, struct st_conn *conn)
{
	*tx = (struct st_tx){.conn = conn};
	cc_list_init(&tx->rows);
}

static void rows_end(struct st_rows *rows)
{
	if (!rows->tx)
		return;
	rows->tx->conn->backend->done(rows->tx->conn, rows->cursor);
	cc_list_remove(&rows->node);
	rows->tx = NULL;
	rows->columns = 0;
}

int st_tx_run(struct st_tx *tx, st_run_fn *fn, void *arg)
{
	int r = fn(tx, arg);

	/* the memory stays the program's: it may close them yet */
	while (!cc_list_empty(&tx->rows)) {
		cc_warn("rows of a query were left open at the end of a transaction");
		rows_end(cc_container_of(tx->rows.next, struct st_rows, node));
	}
	/* a statement that failed may have ended the transaction, whatever fn makes of it */
	return tx->err ? tx->err : r;
}

static int tx_fail(struct st_tx *tx, int r)
{
	if (tx->err)
		return r;
	tx->err = r;
	if (r == -CC_EINTERNAL)
		cc_error("a statement of this program is wrong: %s", tx->conn->why.text);
	return r;
}

static int check_param(struct st_tx *tx, const struct st_value *v, unsigned number)
{
	if (v->kind != ST_TEXT && v->kind != ST_BYTES)
		return v->kind == ST_NULL || v->kind == ST_INT
			       ? 0
			       : st_conn_fail(tx->conn, ST_FAIL_STATEMENT, CC_EINTERNAL,
					      "parameter $%u has no kind", number);
	if (v->len > ST_VALUE_MAX && !tx->any_size)
		return st_conn_fail(tx->conn, ST_FAIL_STATEMENT, CC_ELIMIT,
				    "a value of %zu octets is too long to be kept", v->len);
	if (v->kind == ST_TEXT && !st_text_is_good(v->data, v->len))
		return st_conn_fail(tx->conn, ST_FAIL_STATEMENT, CC_EFORMAT,
				    "a text that is to be kept is not UTF-8, or has a NUL");
	return 0;
}

static int check_params(struct st_tx *tx, const struct st_value *params, unsigned n)
{
	int r = 0;

	if (n > ST_PARAMS_MAX)
		return st_conn_fail(tx->conn, ST_FAIL_STATEMENT, CC_EINTERNAL,
				    "%u parameters are too many", n);
	for (unsigned i = 0; i < n && !r; i++)
		r = check_param(tx, &params[i], i + 1);
	return r;
}

int st_exec(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params, unsigned n,
	    int64_t *changed)
{
	int64_t count = 0;
	int r = tx->err ? tx->err : check_params(tx, params, n);

	if (!r)
		r = tx->conn->backend->exec(tx->conn, sql, params, n, &count);
	if (r)
		return tx_fail(tx, r);
	if (changed)
		*changed = count;
	return 0;
}

int st_query(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params, unsigned n,
	     struct st_rows **out)
{
	cc_cleanup(cc_freep) struct st_rows *rows = NULL;
	int r = tx->err ? tx->err : check_params(tx, params, n);

	if (r)
		return tx_fail(tx, r);
	rows = calloc(1, sizeof(*rows));
	if (!rows)
		return tx_fail(tx,
			       st_conn_fail(tx->conn, ST_FAIL_STATEMENT, CC_ENOMEM, "no memory"));
	r = tx->conn->backend->query(tx->conn, sql, params, n, &rows->cursor);
	if (r)
		return tx_fail(tx, r);
	rows->tx = tx;
	cc_list_add_tail(&tx->rows, &rows->node);
	*out = cc_steal(&rows);
	return 0;
}

int st_next(struct st_rows *rows)
{
	struct st_tx *tx = rows->tx;
	int r;

	if (!tx || tx->err)
		return tx ? tx->err : -CC_EINTERNAL;
	r = tx->conn->backend->next(tx->conn, rows->cursor, rows->column, &rows->columns);
	if (r == 1 && ++rows->count > ST_ROWS_MAX && !tx->any_size)
		r = st_conn_fail(tx->conn, ST_FAIL_STATEMENT, CC_ELIMIT,
				 "a query gives more than %d rows", ST_ROWS_MAX);
	if (r != 1)
		rows->columns = 0;
	return r < 0 ? tx_fail(tx, r) : r;
}

struct st_value st_get(const struct st_rows *rows, unsigned column)
{
	return column < rows->columns ? rows->column[column] : st_null();
}

int64_t st_get_int(const struct st_rows *rows, unsigned column)
{
	struct st_value v = st_get(rows, column);

	return v.kind == ST_INT ? v.num : 0;
}

const char *st_get_text(const struct st_rows *rows, unsigned column)
{
	struct st_value v = st_get(rows, column);

	return v.kind == ST_TEXT ? v.data : "";
}

void st_rows_close(struct st_rows *rows)
{
	if (rows)
		rows_end(rows);
	free(rows);
}

void st_rows_closep(struct st_rows **rows)
{
	st_rows_close(*rows);
	*rows = NULL;
}

int st_number(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params, unsigned n,
	      int64_t *out)
{
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, sql, params, n, &rows);

	if (!r)
		r = st_next(rows);
	if (r < 0)
		return r;
	if (r == 0)
		return -CC_ENOTFOUND;
	*out = st_get_int(rows, 0);
	return 0;
}

int st_take_numbers(struct st_tx *tx, const char *counter, unsigned n, int64_t *first)
{
	static const struct st_sql take = {
		"INSERT INTO counter (name, value) VALUES ($1, $2)"
		" ON CONFLICT (name) DO UPDATE SET value = counter.value + $2 RETURNING value"};
	const struct st_value params[] = {st_text(counter), st_int(n)};
	int64_t last;
	int r = st_number(tx, &take, params, 2, &last);

	if (!r)
		*first = last - n + 1;
	return r;
}
