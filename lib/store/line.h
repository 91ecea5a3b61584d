/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The lines of a backup, JSON, one object a line:
 *
 *   {"format": "ccfed-store-backup", "version": 1, "schema": 2, "store": "ID", "made": SECONDS,
 *    "tables": [{"name": "record", "columns": ["id BIGINT", ...]}, ...]}
 *   {"table": "record", "values": [1, "text", null, "octets as base64"]}         a row
 *   {"rows": {"record": 1, ...}, "sha256": "hex"}                                 of all octets before
 */
#include <jansson.h>

#include "lib/store/tables.h"

#define ST_LINE_MAX (256u << 20)
#define ST_LINE_DEPTH 4
#define ST_BACKUP_FORMAT "ccfed-store-backup"
#define ST_BACKUP_VERSION 1

enum st_line_kind { ST_LINE_HEADER = 1, ST_LINE_ROW, ST_LINE_END };

struct st_line {
	enum st_line_kind kind;
	json_t *json; /* owned */
	/* borrowed from it */
	json_int_t schema;    /* header */
	const char *store;    /* header */
	const char *table;    /* row */
	const json_t *tables; /* header: [{name, columns: [text]}] */
	const json_t *values; /* row */
	const json_t *rows;   /* end */
	const char *sha256;   /* end */
};

/** Parses one line, without its line feed. @return 0 (deinit it), -CC_EFORMAT, -CC_ENOMEM (or that it is not one). */
int st_line_parse(const char *text, size_t len, struct st_line *out);
void st_line_deinit(struct st_line *line);

/* Octets of a row's values, decoded from base64. */
struct st_line_values {
	struct st_value value[ST_COLUMNS_MAX];
	struct cc_buf octets[ST_COLUMNS_MAX];
};
/** The values of a row of this table, borrowed from both. @return 0, -CC_EFORMAT, -CC_ENOMEM. */
int st_line_values(const struct st_line *line, const struct st_table *t,
		   struct st_line_values *out);
void st_line_values_deinit(struct st_line_values *v);

/* Writers: one line with its line feed, behind what is in out. @return 0, -CC_ENOMEM, -CC_ELIMIT. */
int st_line_put_header(struct cc_buf *out, const struct st_tables *t, int64_t schema,
		       const char *store, int64_t made);
int st_line_put_row(struct cc_buf *out, const struct st_table *t, const struct st_value *values);
int st_line_put_end(struct cc_buf *out, const struct st_tables *t, const uint64_t *rows,
		    const char *sha256);
