/* SPDX-License-Identifier: ISC */
#pragma once
/* SQLite: what sqlite.c (connection, transactions) and sqlite_stmt.c (statements) share. */
#include <sqlite3.h>

#include "lib/base/map.h"
#include "lib/store/conn.h"

struct st_lite {
	struct st_conn base;
	sqlite3 *db;
	bool in_tx;
	int64_t statement_end;	  /* cc_clock_ms: the one that runs is interrupted then */
	struct cc_map statements; /* struct st_lite_stmt by the address of struct st_sql */
};

static inline struct st_lite *st_lite_of(struct st_conn *c)
{
	return (struct st_lite *)c; /* base is first */
}

/** Notes what SQLite said last. @return the negative of a code. */
int st_lite_fail(struct st_lite *l, int code);
/** Runs a text without parameters or rows. @return 0, as st_lite_fail. */
int st_lite_script(struct st_conn *c, const char *text);
/** Starts the time that the next statement may take. */
void st_lite_start(struct st_lite *l);

int st_lite_exec(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
		 unsigned n, int64_t *changed);
int st_lite_query(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
		  unsigned n, void **cursor);
int st_lite_next(struct st_conn *c, void *cursor, struct st_value *columns, unsigned *n);
void st_lite_done(struct st_conn *c, void *cursor);
void st_lite_forget(struct st_lite *l); /* every prepared statement */

int st_lite_check(struct st_conn *c, void (*problem)(void *arg, const char *text), void *arg);
