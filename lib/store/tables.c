/* SPDX-License-Identifier: ISC */
#include "lib/store/tables.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"

#define PIECE 64 /* rows of one query */

static int fail(struct st_tx *tx, int code, const char *what, const char *name)
{
	return tx->err = st_conn_fail(tx->conn, ST_FAIL_STATEMENT, code, "%s: %s", name, what);
}

static void table_free(struct st_table *t)
{
	for (unsigned i = 0; i < t->n; i++)
		free(t->column[i].name);
	free((char *)t->first.text);
	free((char *)t->next.text);
	free((char *)t->add.text);
	free(t->name);
	free(t);
}

void st_tables_deinit(struct st_tables *t)
{
	while (t->n > 0)
		table_free(t->table[--t->n]);
}

static int find(const struct st_tables *t, const char *name)
{
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->table[i]->name, name) == 0)
			return (int)i;
	return -1;
}

const struct st_table *st_tables_find(const struct st_tables *t, const char *name)
{
	int at = find(t, name);

	return at < 0 ? NULL : t->table[at];
}

/* ---- columns ---- */

static int kind_of(const char *type, enum st_kind *out)
{
	static const struct {
		const char *type;
		enum st_kind kind;
	} kinds[] = {{"BIGINT", ST_INT}, {"TEXT", ST_TEXT}, {"BYTEA", ST_BYTES}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(kinds); i++)
		if (strcmp(type, kinds[i].type) == 0) {
			*out = kinds[i].kind;
			return 0;
		}
	return -1;
}

/* The table of a row of columns: the last one, or a new one. */
static struct st_table *table_of(struct st_tables *t, const char *name)
{
	struct st_table *table = t->n ? t->table[t->n - 1] : NULL;

	if (table && strcmp(table->name, name) == 0)
		return table;
	if (t->n == ST_TABLES_MAX)
		return NULL;
	table = calloc(1, sizeof(*table));
	if (!table)
		return NULL;
	table->name = strdup(name);
	if (!table->name) {
		free(table);
		return NULL;
	}
	return t->table[t->n++] = table;
}

static int add_column(struct st_tx *tx, struct st_tables *t, const struct st_rows *rows)
{
	const char *name = st_get_text(rows, 0);
	struct st_table *table;
	struct st_column *c;

	if (strcmp(name, "migration") == 0)
		return 0;
	table = table_of(t, name);
	if (!table || table->n == ST_COLUMNS_MAX)
		return fail(tx, CC_ELIMIT, "too many tables or columns, or no memory", name);
	c = &table->column[table->n];
	c->key = (int)st_get_int(rows, 3);
	if (kind_of(st_get_text(rows, 2), &c->kind))
		return fail(tx, CC_EINTERNAL, "a column is not BIGINT, TEXT or BYTEA", name);
	c->name = strdup(st_get_text(rows, 1));
	if (!c->name)
		return fail(tx, CC_ENOMEM, "no memory", name);
	if (c->key > 0 && c->key <= ST_COLUMNS_MAX) {
		table->key[c->key - 1] = table->n;
		table->keys++;
	}
	table->n++;
	return 0;
}

/* ---- statements ---- */

static void put_names(struct cc_buf *b, const struct st_table *t, bool key)
{
	for (unsigned i = 0; i < (key ? t->keys : t->n); i++)
		cc_buf_printf(b, "%s\"%s\"", i ? ", " : "", t->column[key ? t->key[i] : i].name);
}

static void put_numbers(struct cc_buf *b, unsigned n)
{
	for (unsigned i = 1; i <= n; i++)
		cc_buf_printf(b, "%s$%u", i > 1 ? ", " : "", i);
}

static char *select_text(const struct st_table *t, bool next)
{
	struct cc_buf b = CC_BUF_INIT(0);

	cc_buf_puts(&b, "SELECT ");
	put_names(&b, t, false);
	cc_buf_printf(&b, " FROM \"%s\"", t->name);
	if (next) {
		cc_buf_puts(&b, " WHERE (");
		put_names(&b, t, true);
		cc_buf_puts(&b, ") > (");
		put_numbers(&b, t->keys);
		cc_buf_puts(&b, ")");
	}
	cc_buf_puts(&b, " ORDER BY ");
	put_names(&b, t, true);
	cc_buf_printf(&b, " LIMIT %d", PIECE);
	return cc_buf_take(&b);
}

static char *insert_text(const struct st_table *t)
{
	struct cc_buf b = CC_BUF_INIT(0);

	cc_buf_printf(&b, "INSERT INTO \"%s\" (", t->name);
	put_names(&b, t, false);
	cc_buf_puts(&b, ") VALUES (");
	put_numbers(&b, t->n);
	cc_buf_puts(&b, ")");
	return cc_buf_take(&b);
}

static int make_statements(struct st_tx *tx, struct st_table *t)
{
	if (!t->keys)
		return fail(tx, CC_EINTERNAL, "it has no primary key", t->name);
	t->first.text = select_text(t, false);
	t->next.text = select_text(t, true);
	t->add.text = insert_text(t);
	if (!t->first.text || !t->next.text || !t->add.text)
		return fail(tx, CC_ENOMEM, "no memory", t->name);
	return 0;
}

/* ---- order ---- */

struct edges {
	bool to[ST_TABLES_MAX][ST_TABLES_MAX]; /* [a][b]: a refers to b */
};

static int read_edges(struct st_tx *tx, const struct st_tables *t, struct edges *e)
{
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &tx->conn->backend->references, NULL, 0, &rows);

	while (!r && (r = st_next(rows)) == 1) {
		int from = find(t, st_get_text(rows, 0)), to = find(t, st_get_text(rows, 1));

		if (from >= 0 && to >= 0)
			e->to[from][to] = true;
		r = 0;
	}
	return r;
}

/* The first that refers to nothing that is not placed; -1: a circle. */
static int find_ready(const struct edges *e, const bool *placed, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		bool ready = !placed[i];

		for (unsigned k = 0; k < n && ready; k++)
			ready = !e->to[i][k] || placed[k];
		if (ready)
			return (int)i;
	}
	return -1;
}

static int sort(struct st_tx *tx, struct st_tables *t)
{
	cc_cleanup(cc_freep) struct edges *e = calloc(1, sizeof(*e));
	struct st_table *sorted[ST_TABLES_MAX];
	bool placed[ST_TABLES_MAX] = {false};
	int r = e ? read_edges(tx, t, e) : fail(tx, CC_ENOMEM, "no memory", "tables");

	for (unsigned i = 0; i < t->n && !r; i++) {
		int at = find_ready(e, placed, t->n);

		if (at < 0)
			return fail(tx, CC_EINTERNAL, "they refer to each other", "tables");
		placed[at] = true;
		sorted[i] = t->table[at];
	}
	if (!r)
		memcpy(t->table, sorted, t->n * sizeof(*sorted));
	return r;
}

int st_tables_read(struct st_tx *tx, struct st_tables *out)
{
	struct st_rows *rows = NULL;
	int r;

	out->n = 0;
	r = st_query(tx, &tx->conn->backend->columns, NULL, 0, &rows);
	while (!r && (r = st_next(rows)) == 1)
		r = add_column(tx, out, rows);
	st_rows_close(rows);
	for (unsigned i = 0; i < out->n && !r; i++)
		r = make_statements(tx, out->table[i]);
	return r ? r : sort(tx, out);
}

/* ---- rows ---- */

/* The key of the last row of a piece, by which the next one begins. */
struct last {
	struct st_value value[ST_COLUMNS_MAX];
	struct cc_buf data[ST_COLUMNS_MAX];
};

static int keep_key(struct last *last, const struct st_table *t, const struct st_value *values)
{
	int r = 0;

	for (unsigned i = 0; i < t->keys && !r; i++) {
		struct cc_buf *b = &last->data[i];

		last->value[i] = values[t->key[i]];
		if (last->value[i].kind == ST_INT)
			continue;
		cc_buf_reset(b);
		r = cc_buf_put(b, last->value[i].data, last->value[i].len);
		last->value[i].data = b->data ? (const void *)b->data : "";
	}
	return r;
}

static int check_row(struct st_tx *tx, const struct st_table *t, const struct st_rows *rows,
		     struct st_value *values)
{
	for (unsigned i = 0; i < t->n; i++) {
		values[i] = st_get(rows, i);
		if (values[i].kind != ST_NULL && values[i].kind != t->column[i].kind)
			return fail(tx, CC_EFORMAT, "a value is not of its column's type", t->name);
		if (values[i].kind == ST_TEXT && !st_text_is_good(values[i].data, values[i].len))
			return fail(tx, CC_EFORMAT, "a text is not UTF-8", t->name);
	}
	return 0;
}

static int walk_piece(struct st_tx *tx, const struct st_table *t, struct last *last, bool first,
		      int (*each)(void *, const struct st_table *, const struct st_value *),
		      void *arg, unsigned *count)
{
	struct st_value values[ST_COLUMNS_MAX];
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = first ? st_query(tx, &t->first, NULL, 0, &rows)
		      : st_query(tx, &t->next, last->value, t->keys, &rows);

	*count = 0;
	while (!r && (r = st_next(rows)) == 1) {
		r = check_row(tx, t, rows, values);
		if (!r)
			r = each(arg, t, values);
		if (!r && ++*count == PIECE)
			r = keep_key(last, t, values);
	}
	return r;
}

int st_table_walk(struct st_tx *tx, const struct st_table *t,
		  int (*each)(void *arg, const struct st_table *t, const struct st_value *values),
		  void *arg)
{
	struct last last = {0};
	unsigned count;
	bool first = true;
	int r;

	do {
		r = walk_piece(tx, t, &last, first, each, arg, &count);
		first = false;
	} while (!r && count == PIECE);
	for (unsigned i = 0; i < t->keys; i++)
		cc_buf_deinit(&last.data[i]);
	return r;
}
