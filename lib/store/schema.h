/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The schema: numbered migrations, built in from schema/NNN-NAME.sql, and which of them a store has.
 * One that was applied anywhere is never changed again: a later one changes what it made.
 */
#include "lib/store/tx.h"

struct st_migration {
	int number; /* 1, 2, ... */
	const char *name, *sql;
	const char *checksum; /* SHA-256 of sql, hex */
};
/* Ended by a row of zeroes. Written by embed.py. */
extern const struct st_migration st_migrations[];

struct st_schema {
	int64_t number; /* of the last one applied; 0: none */
	bool foreign;	/* no migration of ours, but tables */
};

/** The newest that this program knows. */
int st_schema_newest(void);
/**
 * Which migrations a store has. In no transaction. problem (may be NULL) is told of each fault, else
 * the first ends it. @return 0, -CC_EDENIED (one is not ours, or is not as it was applied), as st_exec.
 */
int st_schema_look(struct st_conn *c, struct st_schema *out,
		   void (*problem)(void *arg, const char *text), void *arg, struct cc_note *why);
/** Applies those up to last that are missing. @return 0, -CC_EDENIED, as st_exec. */
int st_schema_apply(struct st_conn *c, int last,
		    void (*each)(void *arg, int number, const char *name), void *arg,
		    struct cc_note *why);
/** Runs fn in a transaction of its own, without the limits of programs. @return what it returned, as st_exec. */
int st_schema_alone(struct st_conn *c, enum st_mode mode, st_run_fn *run, void *arg,
		    struct cc_note *why);
/** A row of meta. @return 0, -CC_ENOTFOUND, as st_exec. */
int st_meta_get(struct st_tx *tx, const char *name, struct cc_buf *value);
