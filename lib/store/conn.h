/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * One connection to a database, whichever it is: what the engine asks of a backend.
 *
 * A function that fails returns the negative of a code, and leaves in the connection how much of it
 * is lost (st_failure, the worst since begin) and a text. To add a backend: a row in conn.c.
 */
#include "lib/store/store.h"

enum st_failure {
	ST_FINE,
	ST_FAIL_STATEMENT, /* this one: the transaction goes on behind a savepoint */
	ST_FAIL_AGAIN,	   /* the transaction, of another's doing: try it again */
	ST_FAIL_TX,	   /* the transaction, and again would not help: disk full */
	ST_FAIL_LOST,	   /* the connection, and what became of a commit is not known */
};
enum st_mode { ST_READ = 1, ST_WRITE };

/* Where to, and with what patience. */
struct st_target {
	const struct st_backend *backend;
	const char *at; /* what the backend takes; borrowed from the url */
	int connect_ms, statement_ms;
	bool create;	/* an absent database is made, where the backend can */
	bool read_only; /* nothing is changed, not even how it is kept */
};

struct st_conn {
	const struct st_backend *backend;
	enum st_failure failure;
	struct cc_note why;
	int statement_ms;
	int64_t until; /* cc_clock_ms by which statements end, however patient the target */
};

struct st_backend {
	const char *name;
	const char *const *schemes; /* NULL-ended; with the colon */
	bool whole_url;		    /* at is the url, not what comes after the scheme */
	unsigned lost_tries; /* of a connection that fails: the deadlines may end it before */
	int (*open)(struct st_conn **out, const struct st_target *target, struct cc_note *why);
	void (*close)(struct st_conn *c);

	/* A transaction. begin forgets failures; rollback always succeeds, if need be by losing. */
	int (*begin)(struct st_conn *c, enum st_mode mode);
	int (*commit)(struct st_conn *c);
	void (*rollback)(struct st_conn *c);
	/* A savepoint: set; go on without it; go back to it and go on without it. */
	int (*mark)(struct st_conn *c);
	int (*unmark)(struct st_conn *c);
	int (*back)(struct st_conn *c);

	/* Parameters are known to be good: st_exec and st_query look at them. */
	int (*exec)(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
		    unsigned n, int64_t *changed);
	int (*query)(struct st_conn *c, const struct st_sql *sql, const struct st_value *params,
		     unsigned n, void **cursor);
	/* 1: a row in columns, borrowed until the next call; 0: no more. */
	int (*next)(struct st_conn *c, void *cursor, struct st_value *columns, unsigned *n);
	void (*done)(struct st_conn *c, void *cursor);
	/* Several statements without parameters. */
	int (*script)(struct st_conn *c, const char *text);
	/* Within a transaction: no other program migrates until it ends. */
	int (*migrate_lock)(struct st_conn *c);
	/* The database's own judgement of itself. */
	int (*check)(struct st_conn *c, void (*problem)(void *arg, const char *text), void *arg);

	/* (table, column, type, position in the primary key or 0), by table and position in it */
	struct st_sql columns;
	/* (table, table that it refers to, its column, the column there): keys of one column */
	struct st_sql references;
};

extern const struct st_backend st_sqlite, st_postgres;

/** Finds the backend of a url. @return 0, -CC_EINVAL. */
int st_target_parse(const char *url, struct st_target *out, struct cc_note *why);
int st_conn_open(struct st_conn **out, const struct st_target *target, struct cc_note *why);
void st_conn_close(struct st_conn *c);
void st_conn_closep(struct st_conn **c);
/** For backends: notes a failure. @return -code. */
int st_conn_fail(struct st_conn *c, enum st_failure failure, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/** Milliseconds that a statement begun now may take; at least 1. */
int st_conn_patience(const struct st_conn *c);
/** Copies the text of a connection's failure to why (may be NULL). @return r. */
int st_conn_tell(const struct st_conn *c, int r, struct cc_note *why);
