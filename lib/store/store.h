/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The store: SQLite or PostgreSQL behind one interface and one SQL text (architecture section 6).
 *
 *   sqlite:/var/lib/ccfed/plc.db           one file, WAL; the default
 *   postgresql://user@host:5432/name       as libpq takes it
 *
 * One SQL text for both: BIGINT, TEXT, BYTEA; parameters $1, $2, ...; ON CONFLICT, RETURNING;
 * COLLATE "C" where order or uniqueness of names counts; ids and times come from the program.
 *
 * Reads run on any thread, on a connection of a bounded pool. Writes of all threads are run one
 * after the other by the store's own thread, many to a transaction, each in a savepoint: a write
 * returns when what it did is durable. So a write says only what has to be checked and written:
 * parse, verify, sign and plan before. Another ccserver may work on the same PostgreSQL: what must
 * hold, holds by constraints and conditional updates, whose count of rows is looked at.
 *
 * Every transaction that wrote has one row of audit, chained to the one before (audit.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

#define ST_PARAMS_MAX 32
#define ST_COLUMNS_MAX 32
#define ST_VALUE_MAX (16u << 20) /* octets of one value, either way */
#define ST_ROWS_MAX 100000	 /* of one query: more is an error of whoever asks */
#define ST_QUEUE_MAX 4096	 /* writes that wait; more are -CC_EBUSY */
#define ST_BATCH_MAX 256	 /* writes of one transaction */
#define ST_OP_SECONDS 86400	 /* a result is kept at least so long for a repeated op */
#define ST_OP_MAX 128		 /* octets of an op's id */
#define ST_SIGNER_MAX 1024	 /* of the name of whoever it is of */

struct st_store; /* opaque; any thread */
struct st_tx;	 /* within run of a read or write only */
struct st_rows;	 /* of one query; closed before its transaction ends */

enum st_kind { ST_NULL = 1, ST_INT, ST_TEXT, ST_BYTES };

/* A parameter or a column. */
struct st_value {
	enum st_kind kind;
	int64_t num;
	const void *data; /* TEXT has a NUL behind it in a column, not needed in a parameter */
	size_t len;
};
static inline struct st_value st_null(void)
{
	return (struct st_value){.kind = ST_NULL};
}
static inline struct st_value st_int(int64_t n)
{
	return (struct st_value){.kind = ST_INT, .num = n};
}
static inline struct st_value st_textn(const char *text, size_t len)
{
	return (struct st_value){.kind = ST_TEXT, .data = text, .len = len};
}
/** Of a string; NULL is ST_NULL. */
struct st_value st_text(const char *text);
static inline struct st_value st_bytes(const void *data, size_t len)
{
	return (struct st_value){.kind = ST_BYTES, .data = data, .len = len};
}

/* One statement of the program: static, known by its address, prepared once a connection. */
struct st_sql {
	const char *text;
};

struct st_conf {
	const char *url;
	const char *instance; /* who writes: names the audit chain; NULL: a random one */
	unsigned readers;     /* connections that read; 0: 4 */
	int deadline_ms;      /* of one attempt to connect or run a statement; 0: 5000 */
	bool migrate;	      /* bring an older schema up to date; else it is an error */
	bool create;	      /* an empty or missing store is made (only with migrate) */
};

/**
 * Opens a store and starts its thread. @return 0, -CC_EINVAL (bad url), -CC_ENOTFOUND (nothing
 * there and no create), -CC_EDENIED (a schema newer than this program, one that is older and may
 * not be migrated, a migration whose text is not the one applied, tables of something else), -CC_ESYS,
 * -CC_ETIMEOUT; why says what to do.
 */
int st_open(struct st_store **out, const struct st_conf *conf, struct cc_note *why);
/** Ends what waits (done, not dropped), stops the thread, closes. NULL is nothing. */
void st_close(struct st_store *s);
void st_closep(struct st_store **s);
/** The store's own id, made with it: random, 32 hex digits. Borrowed. */
const char *st_id(const struct st_store *s);
/** "sqlite" or "postgresql". */
const char *st_backend(const struct st_store *s);

/* ---- transactions ---- */

/**
 * run is called within a transaction; 0 is success, everything else ends it without effect and is
 * what st_read and st_write return. It may be called again (connection lost, serialization): it
 * begins anew each time. After a statement failed, it returns that error.
 */
typedef int st_run_fn(struct st_tx *tx, void *arg);

/**
 * Reads, from one snapshot; it cannot write. deadline: cc_clock_ms. @return 0, what run returned, -CC_ETIMEOUT (no
 * connection within the deadline), -CC_ESYS.
 */
int st_read(struct st_store *s, int64_t deadline, st_run_fn *run, void *arg, struct cc_note *why);

struct st_write {
	const char *signer, *op; /* whose operation it is; op NULL: a repetition is not known */
	const uint8_t *request;	 /* SHA-256 of what is asked; NULL: a repetition may ask anything */
	int64_t deadline;	 /* cc_clock_ms */
	st_run_fn *run;
	void *arg;
	/* Kept with op when run succeeded, as it left it: what a repetition is told. NULL: nothing.
	 * With ST_REPEATED: filled with what was kept. */
	struct cc_buf *result;
	/* One line of the audit, without a line feed, as run left it, also when it refused; NULL or
	 * empty: none. One that is not UTF-8, or of more than 4 MiB, refuses the write. */
	struct cc_buf *audit;
};
/* Above every outcome of a run. */
enum { ST_REPEATED = 1000, ST_OTHER };

/**
 * Writes, once for one (signer, op) of the last ST_OP_SECONDS, by whichever ccserver of this store.
 * @return 0 (durable), ST_REPEATED (it was done before; nothing was run), ST_OTHER (that
 * op was another request's; nothing was run), what run returned,
 * -CC_EINVAL (op without signer), -CC_ELIMIT (ST_OP_MAX, ST_SIGNER_MAX, the line of
 * audit), -CC_EFORMAT (that line), -CC_EBUSY (ST_QUEUE_MAX wait), -CC_ETIMEOUT (not begun within the deadline, or the connection was
 * lost and did not come back: the outcome of an op is then known by repeating it), -CC_ESYS (disk
 * full, ...).
 */
int st_write(struct st_store *s, const struct st_write *w, struct cc_note *why);
/**
 * What a repeated op would be told, before work is done for it. @return 0 (result filled), ST_OTHER,
 * -CC_ENOTFOUND, as st_read.
 */
int st_op_find(struct st_store *s, const char *signer, const char *op, const uint8_t *request,
	       int64_t deadline, struct cc_buf *result, struct cc_note *why);
/**
 * A line of audit of something that wrote nothing. It is written with the next batch, within a
 * second, and lost if the process is killed before. @return 0, -CC_EBUSY (too many wait: refuse
 * what it tells of), -CC_ELIMIT (64 KiB), -CC_EFORMAT (a line feed, or not UTF-8), -CC_ENOMEM.
 */
int st_note(struct st_store *s, const char *line, size_t len);

/* ---- statements ---- */

/**
 * Runs a statement that gives no rows. changed (may be NULL): rows inserted, updated, deleted.
 * @return 0, -CC_EEXIST (a constraint says no; ON CONFLICT DO NOTHING and changed are better),
 * -CC_EFORMAT (a text is not UTF-8, or has a NUL), -CC_ELIMIT (too long a value, or a name for its
 * index), -CC_ESYS, -CC_ETIMEOUT, -CC_ENOMEM, -CC_EINTERNAL (the statement is wrong).
 */
int st_exec(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params, unsigned n,
	    int64_t *changed);
/**
 * Runs a statement that gives rows (SELECT, or RETURNING). *out: close it, before the next statement
 * changes a table that it reads. A column is BIGINT, TEXT or BYTEA, or a smaller whole number; a
 * SUM, say, wants a CAST. @return as st_exec.
 */
int st_query(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params, unsigned n,
	     struct st_rows **out);
/** @return 1 (a row), 0 (no more), -CC_ELIMIT (ST_ROWS_MAX), as st_exec. */
int st_next(struct st_rows *rows);
/** A column of the row, borrowed until the next one. From 0; there must be such a column. */
struct st_value st_get(const struct st_rows *rows, unsigned column);
int64_t st_get_int(const struct st_rows *rows, unsigned column);      /* 0 for NULL */
const char *st_get_text(const struct st_rows *rows, unsigned column); /* "" for NULL */
void st_rows_close(struct st_rows *rows);
void st_rows_closep(struct st_rows **rows);
/**
 * One number from the row that a query gives. @return 0, -CC_ENOTFOUND (no row), as st_exec.
 */
int st_number(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params, unsigned n,
	      int64_t *out);
/**
 * The next n numbers of a counter of this store ("record"), from 1. In a write. first: the first of
 * them. @return as st_exec.
 */
int st_take_numbers(struct st_tx *tx, const char *counter, unsigned n, int64_t *first);

/* ---- administration (ccfed store) ---- */

struct st_stats {
	int64_t schema; /* number of the last migration applied */
	uint64_t writes, batches, retries, notes, reconnects;
	uint64_t waiting; /* writes in the queue */
};
void st_get_stats(struct st_store *s, struct st_stats *out);
/**
 * Applies what is missing, one migration a transaction; each is told (number, name) after it is in.
 * @return 0, as st_open.
 */
int st_migrate(const struct st_conf *conf, void (*each)(void *arg, int number, const char *name),
	       void *arg, struct cc_note *why);
/**
 * Judges a store without changing it: migrations and their checksums, the backend's own check
 * (SQLite: integrity_check, foreign_key_check), foreign keys of ours. problem is called for each
 * finding. *problems: how many. @return 0, as st_open.
 */
int st_check(const struct st_conf *conf, void (*problem)(void *arg, const char *text), void *arg,
	     unsigned *problems, struct cc_note *why);
/**
 * Copies everything, while others write, from one snapshot, into a file that st_restore takes on
 * either backend; made whole or not at all. progress may be NULL. @return 0, -CC_ESYS, as st_open.
 */
int st_backup(const struct st_conf *conf, const char *path,
	      void (*progress)(void *arg, const char *table, int64_t rows), void *arg,
	      struct cc_note *why);
/**
 * Fills an empty store from such a file, in one transaction; a file of SQLite is made. The store
 * gets a new id: others see that it is another one. @return 0, -CC_EEXIST (not empty), -CC_EFORMAT,
 * -CC_EDENIED (of a newer program, or the store is beyond its schema), -CC_ESYS, as st_open.
 */
int st_restore(const struct st_conf *conf, const char *path,
	       void (*progress)(void *arg, const char *table, int64_t rows), void *arg,
	       struct cc_note *why);
