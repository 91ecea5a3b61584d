/* SPDX-License-Identifier: ISC */
#pragma once
/* The tables of a store as the database tells of them, and every row of them, for copies of it. */
#include "lib/store/tx.h"

#define ST_TABLES_MAX 64

struct st_column {
	char *name;
	enum st_kind kind; /* ST_INT, ST_TEXT, ST_BYTES */
	int key;	   /* place in the primary key, from 1; 0: none */
};

struct st_table {
	char *name;
	unsigned n;
	struct st_column column[ST_COLUMNS_MAX];
	unsigned keys;			/* columns of the primary key */
	unsigned key[ST_COLUMNS_MAX];	/* which, in its order */
	struct st_sql first, next, add; /* text is ours */
};

struct st_tables {
	unsigned n;
	/* what refers to another comes behind it; the table of migrations is none of them */
	struct st_table *table[ST_TABLES_MAX];
};

/** Reads them; deinit even after a failure. @return 0, as st_exec. */
int st_tables_read(struct st_tx *tx, struct st_tables *out);
/** Behind the last use of the connection: their statements are known by their address. */
void st_tables_deinit(struct st_tables *t);
const struct st_table *st_tables_find(const struct st_tables *t, const char *name);
/**
 * Gives each row of a table, by its key; bounded pieces at a time. A value that is not of its column's
 * type is -CC_EFORMAT. @return what each returned if it is not 0, as st_exec.
 */
int st_table_walk(struct st_tx *tx, const struct st_table *t,
		  int (*each)(void *arg, const struct st_table *t, const struct st_value *values),
		  void *arg);
