/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A test of the store, on each backend: STORE_TEST(f) is f on SQLite in a folder of its own, and on a
 * PostgreSQL database of its own if CCFED_TEST_PG names a server (tests/with-postgres.sh), else skipped.
 */
#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/store/audit.h"
#include "lib/store/store.h"
#include "tests/test.h"

struct kit {
	bool postgres;
	char folder[64];    /* the working one while it runs */
	char url[512];	    /* of the store of this test */
	char database[32];  /* of PostgreSQL */
	struct st_store *s; /* of kit_open */
	struct cc_note why;
};

int kit_enter_sqlite(void **state);
int kit_enter_postgres(void **state);
int kit_leave(void **state);
#define STORE_TEST(f)                                                                              \
	{#f " (sqlite)", f, kit_enter_sqlite, kit_leave, NULL},                                    \
	{                                                                                          \
#f " (postgresql)", f, kit_enter_postgres, kit_leave, NULL                         \
	}

/** Of a test: its kit; skips it where there is no such backend. */
struct kit *kit_of(void **state);
/** Opens, and makes, the store of a test. */
struct st_store *kit_open(struct kit *k);
struct st_conf kit_conf(const struct kit *k);
/** In so many seconds, for a deadline. */
int64_t kit_in(double seconds);
/** Runs statements behind the store's back, as an administrator might. */
void kit_sql(const struct kit *k, const char *text);
/** The number that a query gives, likewise. */
int64_t kit_number(const struct kit *k, const char *query);

/* ---- writes and reads of a table of the schema: job (name, state, updated) ---- */

struct kit_row {
	const char *name, *state;
	int outcome; /* what run returns behind the insert */
	int runs;    /* how often it ran */
};
/** st_run_fn: inserts a struct kit_row. */
int kit_insert(struct st_tx *tx, void *arg);
/** Writes a row, with op if that is not NULL. */
int kit_write(struct kit *k, const char *name, const char *op);
/** How many rows have the name, "%" for any; -1: not readable. */
int64_t kit_count(struct kit *k, const char *name);
/** Fails unless every chain of audit holds. */
void kit_verify(struct kit *k);
