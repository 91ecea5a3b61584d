/* SPDX-License-Identifier: ISC */
/* SQLite: statements, prepared once a connection, and their rows. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/store/sqlite_int.h"

struct st_lite_stmt {
	struct cc_map_node node;
	const struct st_sql *sql; /* its address is the key */
	sqlite3_stmt *stmt;
	int index[ST_PARAMS_MAX]; /* SQLite's number of $1, $2, ... */
	unsigned params;
	bool busy;  /* a query has it */
	bool ahead; /* its first row was stepped to already, */
	bool ended; /* or there was none */
	bool kept;  /* in the map; else the same statement within its own rows */
};

static void statement_free(struct st_lite_stmt *s)
{
	sqlite3_finalize(s->stmt);
	free(s);
}

void st_lite_forget(struct st_lite *l)
{
	struct cc_map_node *node;

	while ((node = cc_map_next(&l->statements, NULL))) {
		cc_map_remove(&l->statements, node);
		statement_free(cc_container_of(node, struct st_lite_stmt, node));
	}
}

static int number_params(struct st_lite *l, struct st_lite_stmt *s)
{
	int count = sqlite3_bind_parameter_count(s->stmt);

	for (s->params = 0; s->params < ST_PARAMS_MAX; s->params++) {
		char name[16];

		snprintf(name, sizeof(name), "$%u", s->params + 1);
		s->index[s->params] = sqlite3_bind_parameter_index(s->stmt, name);
		if (!s->index[s->params])
			break;
	}
	if (count != (int)s->params || sqlite3_column_count(s->stmt) > ST_COLUMNS_MAX)
		return st_conn_fail(&l->base, ST_FAIL_STATEMENT, CC_EINTERNAL,
				    "parameters are not $1, $2, ..., or too many, or too many "
				    "columns: %.100s",
				    s->sql->text);
	return 0;
}

static int prepare(struct st_lite *l, const struct st_sql *sql, struct st_lite_stmt **out)
{
	struct st_lite_stmt *s = calloc(1, sizeof(*s));
	const char *rest = "";
	int code, r;

	if (!s)
		return st_conn_fail(&l->base, ST_FAIL_STATEMENT, CC_ENOMEM, "no memory");
	s->sql = sql;
	code = sqlite3_prepare_v3(l->db, sql->text, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt, &rest);
	r = code == SQLITE_OK ? number_params(l, s) : st_lite_fail(l, code);
	/* PostgreSQL would refuse it, too */
	if (!r && *rest)
		r = st_conn_fail(&l->base, ST_FAIL_STATEMENT, CC_EINTERNAL,
				 "more than one statement: %.100s", sql->text);
	if (r) {
		statement_free(s);
		return r;
	}
	*out = s;
	return 0;
}

static int find(struct st_lite *l, const struct st_sql *sql, struct st_lite_stmt **out)
{
	struct cc_map_node *node = cc_map_find(&l->statements, &sql, sizeof(&sql));
	struct st_lite_stmt *s = node ? cc_container_of(node, struct st_lite_stmt, node) : NULL;
	bool again = s != NULL;
	int r = 0;

	if (!s || s->busy)
		r = prepare(l, sql, &s);
	if (r)
		return r;
	if (!s->kept)
		s->kept = !again && !cc_map_add(&l->statements, &s->node, &s->sql, sizeof(s->sql));
	*out = s;
	return 0;
}

static void release(struct st_lite_stmt *s)
{
	sqlite3_reset(s->stmt);
	sqlite3_clear_bindings(s->stmt);
	s->busy = s->ahead = s->ended = false;
	if (!s->kept)
		statement_free(s);
}

/* keep: whether SQLite copies them, or they live until the statement is released. */
static int bind_one(sqlite3_stmt *stmt, int at, const struct st_value *v,
		    sqlite3_destructor_type keep)
{
	switch (v->kind) {
	case ST_INT:
		return sqlite3_bind_int64(stmt, at, v->num);
	case ST_TEXT:
		return sqlite3_bind_text64(stmt, at, v->data, v->len, keep, SQLITE_UTF8);
	case ST_BYTES:
		/* no data would be NULL */
		return sqlite3_bind_blob64(stmt, at, v->len ? v->data : "", v->len, keep);
	default:
		return sqlite3_bind_null(stmt, at);
	}
}

/* A statement with its parameters. */
static int start(struct st_lite *l, const struct st_sql *sql, const struct st_value *params,
		 unsigned n, sqlite3_destructor_type keep, struct st_lite_stmt **out)
{
	struct st_lite_stmt *s;
	int code = SQLITE_OK;
	int r = find(l, sql, &s);

	if (r)
		return r;
	if (n != s->params) {
		release(s);
		return st_conn_fail(&l->base, ST_FAIL_STATEMENT, CC_EINTERNAL,
				    "%u parameters given: %.100s", n, sql->text);
	}
	for (unsigned i = 0; i < n && code == SQLITE_OK; i++)
		code = bind_one(s->stmt, s->index[i], &params[i], keep);
	if (code != SQLITE_OK) {
		r = st_lite_fail(l, code);
		release(s);
		return r;
	}
	s->busy = true;
	st_lite_start(l);
	*out = s;
	return 0;
}

int st_lite_exec(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
		 unsigned n, int64_t *changed)
{
	struct st_lite *l = st_lite_of(c);
	struct st_lite_stmt *s;
	int code, r = start(l, sql, params, n, SQLITE_STATIC, &s);

	if (r)
		return r;
	code = sqlite3_step(s->stmt);
	if (code == SQLITE_ROW)
		r = st_conn_fail(c, ST_FAIL_STATEMENT, CC_EINTERNAL, "it gives rows: %.100s",
				 sql->text);
	else if (code != SQLITE_DONE)
		r = st_lite_fail(l, code);
	/* sqlite3_changes tells of the last one that could change something */
	else if (changed)
		*changed = sqlite3_stmt_readonly(s->stmt) ? 0 : sqlite3_changes64(l->db);
	release(s);
	return r;
}

int st_lite_query(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
		  unsigned n, void **cursor)
{
	struct st_lite *l = st_lite_of(c);
	struct st_lite_stmt *s;
	int code, r = start(l, sql, params, n, SQLITE_TRANSIENT, &s);

	if (r)
		return r;
	/* behind its first step RETURNING has done its work, whether its rows are read or not */
	code = sqlite3_step(s->stmt);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		r = st_lite_fail(l, code);
		release(s);
		return r;
	}
	s->ahead = true;
	s->ended = code == SQLITE_DONE;
	*cursor = s;
	return 0;
}

static int take_column(struct st_lite *l, sqlite3_stmt *stmt, int at, struct st_value *out)
{
	switch (sqlite3_column_type(stmt, at)) {
	case SQLITE_INTEGER:
		*out = st_int(sqlite3_column_int64(stmt, at));
		return 0;
	case SQLITE_NULL:
		*out = st_null();
		return 0;
	case SQLITE_TEXT:
		*out = (struct st_value){.kind = ST_TEXT,
					 .data = (const void *)sqlite3_column_text(stmt, at)};
		break;
	case SQLITE_BLOB:
		*out = (struct st_value){.kind = ST_BYTES, .data = sqlite3_column_blob(stmt, at)};
		break;
	default:
		return st_conn_fail(&l->base, ST_FAIL_STATEMENT, CC_EINTERNAL,
				    "a column is neither a whole number nor text nor octets");
	}
	out->len = (size_t)sqlite3_column_bytes(stmt, at);
	if (!out->data && out->len)
		return st_conn_fail(&l->base, ST_FAIL_STATEMENT, CC_ENOMEM, "no memory");
	if (!out->data)
		out->data = "";
	return 0;
}

int st_lite_next(struct st_conn *c, void *cursor, struct st_value *columns, unsigned *n)
{
	struct st_lite_stmt *s = cursor;
	struct st_lite *l = st_lite_of(c);
	int count, r = 0;

	if (!s->ahead && !s->ended) {
		int code;

		st_lite_start(l);
		code = sqlite3_step(s->stmt);
		if (code != SQLITE_ROW && code != SQLITE_DONE)
			return st_lite_fail(l, code);
		s->ended = code == SQLITE_DONE;
	}
	s->ahead = false;
	if (s->ended)
		return 0;
	count = sqlite3_column_count(s->stmt);
	for (int i = 0; i < count && !r; i++)
		r = take_column(l, s->stmt, i, &columns[i]);
	*n = (unsigned)count;
	return r ? r : 1;
}

void st_lite_done(struct st_conn *c, void *cursor)
{
	release(cursor);
}
