/* SPDX-License-Identifier: ISC */
/* st_backup: every row of one snapshot, as lines (line.h). */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/store/line.h"
#include "lib/store/linefile.h"
#include "lib/store/schema.h"
#include "lib/store/target.h"

#define ROWS_BETWEEN_WORDS 1000 /* of progress */

struct backup {
	struct st_linefile file;
	struct st_tables tables;
	struct st_schema schema;
	uint64_t rows[ST_TABLES_MAX];
	unsigned at; /* the table that is copied */
	void (*progress)(void *arg, const char *table, int64_t rows);
	void *arg;
	struct cc_note *why;
};

static int put_row(void *arg, const struct st_table *t, const struct st_value *values)
{
	struct backup *b = arg;
	int r = st_line_put_row(st_linefile_buf(&b->file), t, values);

	if (r)
		return cc_note_set(b->why, -r, "%s: a row cannot be written", t->name);
	r = st_linefile_flush(&b->file, b->why);
	b->rows[b->at]++;
	if (b->progress && b->rows[b->at] % ROWS_BETWEEN_WORDS == 0)
		b->progress(b->arg, t->name, (int64_t)b->rows[b->at]);
	return r;
}

static int put_header(struct st_tx *tx, struct backup *b)
{
	struct cc_buf id = CC_BUF_INIT(64);
	int r = st_meta_get(tx, "id", &id);

	if (!r)
		r = st_line_put_header(st_linefile_buf(&b->file), &b->tables, b->schema.number,
				       id.data ? (const char *)id.data : "",
				       (int64_t)cc_clock_wall());
	cc_buf_deinit(&id);
	return r;
}

static int put_end(struct backup *b)
{
	char sum[2 * ST_SHA + 1];
	int r = st_linefile_digest(&b->file, sum, b->why);

	if (!r)
		r = st_line_put_end(st_linefile_buf(&b->file), &b->tables, b->rows, sum);
	return r;
}

static int copy(struct st_tx *tx, void *arg)
{
	struct backup *b = arg;
	int r = st_tables_read(tx, &b->tables);

	if (!r)
		r = put_header(tx, b);
	for (b->at = 0; b->at < b->tables.n && !r; b->at++) {
		const struct st_table *t = b->tables.table[b->at];

		r = st_table_walk(tx, t, put_row, b);
		if (!r && b->progress)
			b->progress(b->arg, t->name, (int64_t)b->rows[b->at]);
	}
	return r ? r : put_end(b);
}

static int backup(struct st_conn *c, struct backup *b)
{
	int r = st_schema_look(c, &b->schema, NULL, NULL, b->why);

	if (!r && b->schema.number == 0)
		return cc_note_set(b->why, CC_ENOTFOUND, "there is no store in it");
	if (!r)
		r = st_schema_alone(c, ST_READ, copy, b, b->why);
	return r ? r : st_linefile_finish(&b->file, b->why);
}

int st_backup(const struct st_conf *conf, const char *path,
	      void (*progress)(void *arg, const char *table, int64_t rows), void *arg,
	      struct cc_note *why)
{
	struct backup b = {.progress = progress, .arg = arg, .why = why, .file.fd = -1};
	struct st_conn *c = NULL;
	struct st_target target;
	int r = st_target_fill(&target, conf->url, conf, why);

	if (!r)
		r = st_target_open_long(&c, &target, false, true, why);
	if (!r)
		r = st_linefile_create(&b.file, path, why);
	if (!r)
		r = backup(c, &b);
	st_linefile_deinit(&b.file);
	st_conn_close(c);
	st_tables_deinit(&b.tables);
	return r;
}
