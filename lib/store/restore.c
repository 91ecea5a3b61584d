/* SPDX-License-Identifier: ISC */
/*
 * st_restore: the file is read twice, first to judge it whole, then to take its rows in one transaction;
 * what is taken is judged, too. The schema is brought to that of the file before, and to ours behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/store/digest.h"
#include "lib/store/line.h"
#include "lib/store/linefile.h"
#include "lib/store/schema.h"
#include "lib/store/target.h"

#define ROWS_BETWEEN_WORDS 1000 /* of progress */

struct restore {
	const char *path;
	struct st_linefile file;
	json_t *counts; /* rows of each table so far */
	int64_t schema;
	char store[ST_OP_MAX]; /* that the file is of */
	bool ended;
	/* while rows are taken; else NULL */
	struct st_tx *tx;
	struct st_tables tables;
	void (*progress)(void *arg, const char *table, int64_t rows);
	void *arg;
	struct cc_note *why;
};

static int bad(struct restore *r, const char *what)
{
	return cc_note_set(r->why, CC_EFORMAT, "%s: %s", r->path, what);
}

/* ---- lines ---- */

/* Whether the file's idea of a table is the store's. */
static bool same_table(const json_t *entry, const struct st_table *t)
{
	const json_t *columns = json_object_get(entry, "columns");
	static const char *const types[] = {
		[ST_INT] = "BIGINT", [ST_TEXT] = "TEXT", [ST_BYTES] = "BYTEA"};

	if (json_array_size(columns) != t->n)
		return false;
	for (unsigned i = 0; i < t->n; i++) {
		const char *text = json_string_value(json_array_get(columns, i));
		size_t len = strlen(t->column[i].name);

		if (!text || strncmp(text, t->column[i].name, len) != 0 || text[len] != ' ' ||
		    strcmp(text + len + 1, types[t->column[i].kind]) != 0)
			return false;
	}
	return true;
}

static int compare_tables(struct restore *r, const json_t *tables)
{
	if (json_array_size(tables) != r->tables.n)
		return bad(r, "it has not the tables of its schema");
	for (unsigned i = 0; i < r->tables.n; i++) {
		const json_t *entry = json_array_get(tables, i);
		const char *name = json_string_value(json_object_get(entry, "name"));
		const struct st_table *t = name ? st_tables_find(&r->tables, name) : NULL;

		if (!t || !same_table(entry, t))
			return bad(r, "it has not the tables of its schema");
	}
	return 0;
}

static int take_header(struct restore *r, const struct st_line *l)
{
	if (json_object_size(r->counts) || r->schema)
		return bad(r, "it has two headers");
	if (l->schema > st_schema_newest())
		return cc_note_set(r->why, CC_EDENIED, "%s is of a newer program", r->path);
	r->schema = l->schema;
	snprintf(r->store, sizeof(r->store), "%s", l->store);
	return r->tx ? compare_tables(r, l->tables) : 0;
}

static int insert(struct restore *r, const struct st_line *l)
{
	const struct st_table *t = st_tables_find(&r->tables, l->table);
	struct st_line_values v = {0};
	int e = t ? st_line_values(l, t, &v) : -CC_EFORMAT;

	if (e)
		bad(r, "a row is not one of its table");
	/* a store that is filled from a copy is another one */
	if (!e && !(strcmp(t->name, "meta") == 0 && v.value[0].kind == ST_TEXT &&
		    (v.value[0].len == 2 && memcmp(v.value[0].data, "id", 2) == 0)))
		e = st_exec(r->tx, &t->add, v.value, t->n, NULL);
	st_line_values_deinit(&v);
	return e;
}

static int take_row(struct restore *r, const struct st_line *l)
{
	json_int_t n = json_integer_value(json_object_get(r->counts, l->table)) + 1;

	if (!r->schema)
		return bad(r, "it has no header");
	if (json_object_set_new(r->counts, l->table, json_integer(n)))
		return cc_note_set(r->why, CC_ENOMEM, "no memory");
	if (!r->tx)
		return 0;
	if (r->progress && n % ROWS_BETWEEN_WORDS == 0)
		r->progress(r->arg, l->table, n);
	return insert(r, l);
}

static int take_end(struct restore *r, const struct st_line *l)
{
	char sum[2 * ST_SHA + 1];
	const json_t *count;
	const char *table;
	int e = st_linefile_sum(&r->file, sum);

	if (e)
		return e;
	if (!r->schema || strcmp(sum, l->sha256) != 0)
		return bad(r, "its checksum is not that of what is in it");
	json_object_foreach((json_t *)l->rows, table, count)
	{
		json_int_t n = json_integer_value(json_object_get(r->counts, table));

		if (json_integer_value(count) != n)
			return bad(r, "rows are missing");
		if (r->tx && r->progress)
			r->progress(r->arg, table, n);
	}
	r->ended = true;
	return 0;
}

static int take_line(struct restore *r, const char *text, size_t len)
{
	struct st_line l;
	int e = r->ended ? -CC_EFORMAT : st_line_parse(text, len, &l);

	if (e)
		return e == -CC_ENOMEM ? cc_note_set(r->why, CC_ENOMEM, "no memory")
				       : bad(r, "a line is not one of a backup");
	if (l.kind == ST_LINE_END) {
		e = take_end(r, &l);
	} else {
		st_linefile_count(&r->file, text, len);
		e = l.kind == ST_LINE_HEADER ? take_header(r, &l) : take_row(r, &l);
	}
	st_line_deinit(&l);
	return e;
}

/* Reads the file from its beginning to its end. */
static int read_file(struct restore *r)
{
	const char *text;
	size_t len;
	int e = st_linefile_open(&r->file, r->path, r->why);

	r->schema = 0;
	r->ended = false;
	json_object_clear(r->counts);
	while (!e && (e = st_linefile_next(&r->file, ST_LINE_MAX, &text, &len, r->why)) == 1)
		e = take_line(r, text, len);
	st_linefile_deinit(&r->file);
	if (!e && !r->ended)
		e = bad(r, "it is cut off");
	return e;
}

/* ---- the store ---- */

static int check_empty(struct st_tx *tx, struct restore *r)
{
	int e = 0;

	for (unsigned i = 0; i < r->tables.n && !e; i++) {
		const struct st_table *t = r->tables.table[i];
		cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;

		if (strcmp(t->name, "meta") == 0)
			continue;
		e = st_query(tx, &t->first, NULL, 0, &rows);
		if (!e)
			e = st_next(rows);
		if (e == 1)
			e = cc_note_set(r->why, CC_EEXIST,
					"the store is not empty: table %s has rows", t->name);
	}
	return e;
}

/* What was in meta is of the store that is filled: its id stays, the others come from the file. */
static int prepare_meta(struct st_tx *tx)
{
	static const struct st_sql clear = {"DELETE FROM meta WHERE name <> 'id'"};
	static const struct st_sql rename = {"UPDATE meta SET value = $1 WHERE name = 'id'"};
	char id[33];
	int e = st_random_hex(16, id);
	const struct st_value params[] = {st_text(id)};

	if (!e)
		e = st_exec(tx, &clear, NULL, 0, NULL);
	return e ? e : st_exec(tx, &rename, params, 1, NULL);
}

static int note_origin(struct st_tx *tx, const struct restore *r)
{
	static const struct st_sql put = {
		"INSERT INTO meta (name, value) VALUES ('restored-from', $1)"
		" ON CONFLICT (name) DO UPDATE SET value = $1"};
	const struct st_value params[] = {st_text(r->store)};

	return st_exec(tx, &put, params, 1, NULL);
}

static int fill(struct st_tx *tx, void *arg)
{
	struct restore *r = arg;
	int e = st_tables_read(tx, &r->tables);

	if (!e)
		e = check_empty(tx, r);
	if (!e)
		e = prepare_meta(tx);
	r->tx = tx;
	if (!e)
		e = read_file(r);
	r->tx = NULL;
	return e ? e : note_origin(tx, r);
}

static int restore(struct st_conn *c, struct restore *r)
{
	int64_t schema = r->schema;
	struct st_schema s;
	int e = st_schema_look(c, &s, NULL, NULL, r->why);

	if (!e && s.number > schema)
		return cc_note_set(r->why, CC_EDENIED,
				   "the store is at schema %lld already, the file is of %lld: "
				   "an empty database is wanted",
				   (long long)s.number, (long long)schema);
	if (!e)
		e = st_schema_apply(c, (int)schema, NULL, NULL, r->why);
	if (!e)
		e = st_schema_alone(c, ST_WRITE, fill, r, r->why);
	return e ? e : st_schema_apply(c, st_schema_newest(), NULL, NULL, r->why);
}

int st_restore(const struct st_conf *conf, const char *path,
	       void (*progress)(void *arg, const char *table, int64_t rows), void *arg,
	       struct cc_note *why)
{
	struct restore r = {
		.path = path, .progress = progress, .arg = arg, .why = why, .file.fd = -1};
	struct st_conn *c = NULL;
	struct st_target target;
	int e = st_target_fill(&target, conf->url, conf, why);

	r.counts = json_object();
	if (!e && !r.counts)
		e = cc_note_set(why, CC_ENOMEM, "no memory");
	if (!e)
		e = read_file(&r);
	if (!e)
		e = st_target_open_long(&c, &target, true, false, why);
	if (!e)
		e = restore(c, &r);
	st_conn_close(c);
	st_tables_deinit(&r.tables);
	json_decref(r.counts);
	return e;
}
