/* SPDX-License-Identifier: ISC */
#include "lib/store/line.h"

#include <string.h>

#include "lib/base/util.h"
#include "lib/store/base64.h"

/* ---- reading ---- */

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int take_header(struct st_line *l)
{
	const json_t *version = json_object_get(l->json, "version");
	const json_t *schema = json_object_get(l->json, "schema");

	l->kind = ST_LINE_HEADER;
	l->schema = json_integer_value(schema);
	l->store = text_of(l->json, "store");
	l->tables = json_object_get(l->json, "tables");
	return strcmp(text_of(l->json, "format"), ST_BACKUP_FORMAT) == 0 &&
			       json_integer_value(version) == ST_BACKUP_VERSION &&
			       json_is_integer(schema) && l->schema > 0 && l->store &&
			       json_is_array(l->tables)
		       ? 0
		       : -CC_EFORMAT;
}

static int take_end(struct st_line *l)
{
	l->kind = ST_LINE_END;
	l->sha256 = text_of(l->json, "sha256");
	l->rows = json_object_get(l->json, "rows");
	return l->sha256 && json_is_object(l->rows) ? 0 : -CC_EFORMAT;
}

static int take_row(struct st_line *l)
{
	l->kind = ST_LINE_ROW;
	l->table = text_of(l->json, "table");
	l->values = json_object_get(l->json, "values");
	return l->table && json_is_array(l->values) ? 0 : -CC_EFORMAT;
}

int st_line_parse(const char *text, size_t len, struct st_line *out)
{
	struct st_line l = {0};
	json_error_t error;
	int r;

	l.json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!l.json)
		return json_error_code(&error) == json_error_out_of_memory ? -CC_ENOMEM
									   : -CC_EFORMAT;
	if (text_of(l.json, "format"))
		r = take_header(&l);
	else if (json_object_get(l.json, "sha256"))
		r = take_end(&l);
	else
		r = take_row(&l);
	if (r) {
		st_line_deinit(&l);
		return r;
	}
	*out = l;
	return 0;
}

void st_line_deinit(struct st_line *line)
{
	json_decref(line->json);
	line->json = NULL;
}

static int take_value(const json_t *json, enum st_kind kind, struct st_value *out,
		      struct cc_buf *octets)
{
	int r;

	if (json_is_null(json)) {
		*out = st_null();
		return 0;
	}
	if (kind == ST_INT) {
		*out = st_int(json_integer_value(json));
		return json_is_integer(json) ? 0 : -CC_EFORMAT;
	}
	if (!json_is_string(json))
		return -CC_EFORMAT;
	*out = st_textn(json_string_value(json), json_string_length(json));
	if (kind == ST_TEXT)
		return 0;
	cc_buf_reset(octets);
	r = st_base64_get(octets, out->data, out->len);
	*out = st_bytes(octets->data ? (const void *)octets->data : "", octets->len);
	return r;
}

int st_line_values(const struct st_line *line, const struct st_table *t, struct st_line_values *out)
{
	int r = json_array_size(line->values) == t->n ? 0 : -CC_EFORMAT;

	for (unsigned i = 0; i < t->n && !r; i++)
		r = take_value(json_array_get(line->values, i), t->column[i].kind, &out->value[i],
			       &out->octets[i]);
	return r;
}

void st_line_values_deinit(struct st_line_values *v)
{
	for (unsigned i = 0; i < ST_COLUMNS_MAX; i++)
		cc_buf_deinit(&v->octets[i]);
}

/* ---- writing ---- */

static int put_piece(const char *text, size_t len, void *arg)
{
	return cc_buf_put(arg, text, len) ? -1 : 0;
}

/* Steals json; NULL: there was no memory for it. */
static int put(struct cc_buf *out, json_t *json)
{
	int bad = json ? json_dump_callback(json, put_piece, out, JSON_COMPACT) : -1;

	json_decref(json);
	if (!bad)
		bad = cc_buf_put(out, "\n", 1);
	return bad ? (out->err ? out->err : -CC_ENOMEM) : 0;
}

static const char *type_name(enum st_kind kind)
{
	return kind == ST_INT ? "BIGINT" : kind == ST_TEXT ? "TEXT" : "BYTEA";
}

static json_t *table_json(const struct st_table *t)
{
	json_t *columns = json_array();
	int bad = 0;

	for (unsigned i = 0; i < t->n; i++)
		bad |= json_array_append_new(columns, json_sprintf("%s %s", t->column[i].name,
								   type_name(t->column[i].kind)));
	if (bad) {
		json_decref(columns);
		return NULL;
	}
	return json_pack("{s:s, s:o}", "name", t->name, "columns", columns);
}

int st_line_put_header(struct cc_buf *out, const struct st_tables *t, int64_t schema,
		       const char *store, int64_t made)
{
	json_t *tables = json_array();
	int bad = !tables;

	for (unsigned i = 0; i < t->n && !bad; i++)
		bad = json_array_append_new(tables, table_json(t->table[i]));
	if (bad) {
		json_decref(tables);
		return -CC_ENOMEM;
	}
	return put(out, json_pack("{s:s, s:i, s:I, s:s, s:I, s:o}", "format", ST_BACKUP_FORMAT,
				  "version", ST_BACKUP_VERSION, "schema", (json_int_t)schema,
				  "store", store, "made", (json_int_t)made, "tables", tables));
}

static json_t *octets_json(const struct st_value *v)
{
	struct cc_buf b = CC_BUF_INIT(ST_LINE_MAX);
	json_t *json = NULL;

	if (st_base64_put(&b, v->data, v->len) == 0)
		json = json_stringn(b.data ? (const char *)b.data : "", b.len);
	cc_buf_deinit(&b);
	return json;
}

static json_t *value_json(const struct st_value *v)
{
	switch (v->kind) {
	case ST_INT:
		return json_integer(v->num);
	case ST_TEXT:
		return json_stringn(v->data, v->len);
	case ST_BYTES:
		return octets_json(v);
	default:
		return json_null();
	}
}

int st_line_put_row(struct cc_buf *out, const struct st_table *t, const struct st_value *values)
{
	json_t *list = json_array();
	int bad = !list;

	for (unsigned i = 0; i < t->n && !bad; i++)
		bad = json_array_append_new(list, value_json(&values[i]));
	if (bad) {
		json_decref(list);
		return -CC_ENOMEM;
	}
	return put(out, json_pack("{s:s, s:o}", "table", t->name, "values", list));
}

int st_line_put_end(struct cc_buf *out, const struct st_tables *t, const uint64_t *rows,
		    const char *sha256)
{
	json_t *counts = json_object();
	int bad = !counts;

	for (unsigned i = 0; i < t->n && !bad; i++)
		bad = json_object_set_new(counts, t->table[i]->name,
					  json_integer((json_int_t)rows[i]));
	if (bad) {
		json_decref(counts);
		return -CC_ENOMEM;
	}
	return put(out, json_pack("{s:o, s:s}", "rows", counts, "sha256", sha256));
}
