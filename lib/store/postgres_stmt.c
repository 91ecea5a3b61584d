/* SPDX-License-Identifier: ISC */
/* PostgreSQL: statements, prepared once a connection, and their rows; everything in binary. */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/store/postgres_int.h"

enum { OID_BOOL = 16, OID_BYTEA = 17, OID_CHAR = 18, OID_NAME = 19, OID_INT8 = 20 };
enum { OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_UNKNOWN = 705, OID_VARCHAR = 1043 };

struct pg_stmt {
	struct cc_map_node node;
	const struct st_sql *sql; /* its address is the key */
	char name[16];
	Oid types[ST_PARAMS_MAX]; /* that it was prepared with; 0: the server chose */
	unsigned params;
};

struct pg_params {
	const char *value[ST_PARAMS_MAX];
	int len[ST_PARAMS_MAX], format[ST_PARAMS_MAX];
	Oid type[ST_PARAMS_MAX];
	uint64_t number[ST_PARAMS_MAX];
};

struct pg_cursor {
	PGresult *res;
	int row;
};

void st_pg_forget(struct st_pg *p)
{
	struct cc_map_node *node;

	while ((node = cc_map_next(&p->prepared, NULL))) {
		cc_map_remove(&p->prepared, node);
		free(cc_container_of(node, struct pg_stmt, node));
	}
}

static void fill_params(struct pg_params *out, const struct st_value *params, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct st_value *v = &params[i];

		out->format[i] = 1;
		out->value[i] = v->len ? v->data : "";
		out->len[i] = (int)v->len;
		out->type[i] = v->kind == ST_TEXT ? OID_TEXT : OID_BYTEA;
		if (v->kind == ST_NULL) {
			out->value[i] = NULL;
			out->type[i] = 0;
		} else if (v->kind == ST_INT) {
			out->number[i] = htobe64((uint64_t)v->num);
			out->value[i] = (const char *)&out->number[i];
			out->len[i] = 8;
			out->type[i] = OID_INT8;
		}
	}
}

/* Whether a statement was prepared for such parameters. */
static bool fits(const struct pg_stmt *s, const struct pg_params *params, unsigned n)
{
	if (!s || s->params != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (params->type[i] && params->type[i] != s->types[i])
			return false;
	return true;
}

static struct pg_stmt *find(struct st_pg *p, const struct st_sql *sql)
{
	struct cc_map_node *node = cc_map_find(&p->prepared, &sql, sizeof(&sql));

	return node ? cc_container_of(node, struct pg_stmt, node) : NULL;
}

/* Sends it to be prepared, under a name that was not used yet. *out is kept if that goes well. */
static int prepare(struct st_pg *p, const struct st_sql *sql, const struct pg_params *params,
		   unsigned n, struct pg_stmt **out)
{
	struct pg_stmt *s = calloc(1, sizeof(*s));

	if (!s)
		return st_conn_fail(&p->base, ST_FAIL_STATEMENT, CC_ENOMEM, "no memory");
	s->sql = sql;
	s->params = n;
	memcpy(s->types, params->type, n * sizeof(*s->types));
	snprintf(s->name, sizeof(s->name), "s%u", p->names++);
	if (!PQsendPrepare(p->conn, s->name, sql->text, (int)n, params->type)) {
		free(s);
		return st_pg_lost(p);
	}
	*out = s;
	return 0;
}

static void keep(struct st_pg *p, struct pg_stmt *s)
{
	struct pg_stmt *old = find(p, s->sql);

	if (old) {
		cc_map_remove(&p->prepared, &old->node);
		free(old);
	}
	/* without memory it is prepared again the next time */
	if (cc_map_add(&p->prepared, &s->node, &s->sql, sizeof(s->sql)))
		free(s);
}

static int run(struct st_pg *p, const struct st_sql *sql, const struct st_value *params, unsigned n,
	       PGresult **out)
{
	unsigned good, before = p->n_later;
	struct pg_stmt *s = find(p, sql), *made = NULL;
	struct pg_params given = {0};
	int r = st_pg_send_later(p);

	fill_params(&given, params, n);
	if (!r && !fits(s, &given, n))
		r = prepare(p, sql, &given, n, &made);
	if (r) {
		/* what was sent has no answer yet: nothing else can be said on this connection */
		p->base.failure = ST_FAIL_LOST;
		return r;
	}
	if (!PQsendQueryPrepared(p->conn, made ? made->name : s->name, (int)n, given.value,
				 given.len, given.format, 1))
		r = st_pg_lost(p);
	else
		r = st_pg_exchange(p, before + (made != NULL) + 1, &good, out);
	if (made && p->base.failure != ST_FAIL_LOST && good > before)
		keep(p, made);
	else
		free(made);
	return r;
}

int st_pg_exec(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
	       unsigned n, int64_t *changed)
{
	struct st_pg *p = st_pg_of(c);
	PGresult *res = NULL;
	int r = run(p, sql, params, n, &res);

	if (r)
		return r;
	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		r = st_conn_fail(c, ST_FAIL_STATEMENT, CC_EINTERNAL, "it gives rows: %.100s",
				 sql->text);
	else if (changed)
		*changed = strtoll(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	return r;
}

int st_pg_query(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
		unsigned n, void **cursor)
{
	struct pg_cursor *cur = calloc(1, sizeof(*cur));
	struct st_pg *p = st_pg_of(c);
	int r;

	if (!cur)
		return st_conn_fail(c, ST_FAIL_STATEMENT, CC_ENOMEM, "no memory");
	r = run(p, sql, params, n, &cur->res);
	if (!r && PQnfields(cur->res) > ST_COLUMNS_MAX)
		r = st_conn_fail(c, ST_FAIL_STATEMENT, CC_EINTERNAL, "too many columns: %.100s",
				 sql->text);
	if (r) {
		st_pg_done(c, cur);
		return r;
	}
	*cursor = cur;
	return 0;
}

static bool take_number(const char *data, int len, Oid type, int64_t *out)
{
	uint64_t n8;
	uint32_t n4;
	uint16_t n2;

	if (type == OID_INT8 && len == 8) {
		memcpy(&n8, data, 8);
		*out = (int64_t)be64toh(n8);
	} else if (type == OID_INT4 && len == 4) {
		memcpy(&n4, data, 4);
		*out = (int32_t)be32toh(n4);
	} else if (type == OID_INT2 && len == 2) {
		memcpy(&n2, data, 2);
		*out = (int16_t)be16toh(n2);
	} else if (type == OID_BOOL && len == 1) {
		*out = *data != 0;
	} else {
		return false;
	}
	return true;
}

static int take_column(struct st_pg *p, const struct pg_cursor *cur, int at, struct st_value *out)
{
	const char *data = PQgetvalue(cur->res, cur->row, at);
	int len = PQgetlength(cur->res, cur->row, at);
	int64_t number;

	if (PQgetisnull(cur->res, cur->row, at)) {
		*out = st_null();
		return 0;
	}
	switch (PQftype(cur->res, at)) {
	case OID_BYTEA:
		*out = st_bytes(data, (size_t)len);
		return 0;
	case OID_TEXT:
	case OID_VARCHAR:
	case OID_NAME:
	case OID_CHAR:
	case OID_UNKNOWN:
		*out = st_textn(data, (size_t)len); /* libpq puts a NUL behind every value */
		return 0;
	default:
		if (!take_number(data, len, PQftype(cur->res, at), &number))
			break;
		*out = st_int(number);
		return 0;
	}
	return st_conn_fail(
		&p->base, ST_FAIL_STATEMENT, CC_EINTERNAL,
		"column %s is neither a whole number nor text nor octets: a CAST is wanted",
		PQfname(cur->res, at));
}

int st_pg_next(struct st_conn *c, void *cursor, struct st_value *columns, unsigned *n)
{
	struct pg_cursor *cur = cursor;
	int count = PQnfields(cur->res), r = 0;

	if (cur->row >= PQntuples(cur->res))
		return 0;
	for (int i = 0; i < count && !r; i++)
		r = take_column(st_pg_of(c), cur, i, &columns[i]);
	cur->row++;
	*n = (unsigned)count;
	return r ? r : 1;
}

void st_pg_done(struct st_conn *c, void *cursor)
{
	struct pg_cursor *cur = cursor;

	PQclear(cur->res);
	free(cur);
}
