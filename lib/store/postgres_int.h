/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * PostgreSQL: what postgres.c (connection, transactions), postgres_io.c (waiting, failures) and
 * postgres_stmt.c (statements) share.
 *
 * The connection is in libpq's pipeline mode: what needs no answer of its own (BEGIN, SAVEPOINT) is
 * sent with the next statement, so that a statement is one round trip.
 */
#include <libpq-fe.h>

#include "lib/base/map.h"
#include "lib/store/conn.h"

#define ST_PG_LATER_MAX 8

struct st_pg {
	struct st_conn base;
	PGconn *conn;
	const char *later[ST_PG_LATER_MAX]; /* literals, to be sent before what comes next */
	unsigned n_later;
	bool begun;		/* the server was told */
	struct cc_map prepared; /* struct pg_stmt by the address of struct st_sql */
	unsigned names;		/* given to prepared statements so far */
};

static inline struct st_pg *st_pg_of(struct st_conn *c)
{
	return (struct st_pg *)c; /* base is first */
}

/* ---- postgres_io.c ---- */

/** cc_clock_ms by which an exchange begun now ends: a little later than the server ends it itself. */
int64_t st_pg_end(const struct st_pg *p);
/** Waits until PQgetResult would not block. @return 0, or fails as lost. */
int st_pg_wait(struct st_pg *p, int64_t end);
/** Notes that the connection is of no use any more. @return -CC_ESYS. */
int st_pg_lost(struct st_pg *p);
/** Notes what a result says. @return the negative of a code. */
int st_pg_fail(struct st_pg *p, const PGresult *res);
/** Sends what is to be sent later. */
int st_pg_send_later(struct st_pg *p);
/**
 * Ends what was sent, commands of them, and takes their results. *good: how many, from the first, went
 * well. *last (may be NULL): the result of the last one, if that did. @return 0, or the first failure.
 */
int st_pg_exchange(struct st_pg *p, unsigned commands, unsigned *good, PGresult **last);
/** Sends what waits and takes the results. last as above, of the last of them. */
int st_pg_flush_later(struct st_pg *p, PGresult **last);

/* ---- postgres_stmt.c ---- */

int st_pg_exec(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
	       unsigned n, int64_t *changed);
int st_pg_query(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
		unsigned n, void **cursor);
int st_pg_next(struct st_conn *c, void *cursor, struct st_value *columns, unsigned *n);
void st_pg_done(struct st_conn *c, void *cursor);
void st_pg_forget(struct st_pg *p); /* every prepared statement */

/* ---- postgres_check.c ---- */
int st_pg_check(struct st_conn *c, void (*problem)(void *arg, const char *text), void *arg);
