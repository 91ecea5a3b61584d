/* SPDX-License-Identifier: ISC */
/* The rows of table record: finding and listing. */
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/registry/rows_int.h"

#define COLUMNS                                                                                    \
	"id, type, name, authority, hrn, urn, uuid, email, pointer, gid, public_key, key_hash, "   \
	"info, created, updated, expires, version"

static int copy_text(const struct st_rows *rows, unsigned column, char *out, size_t size)
{
	const char *text = st_get_text(rows, column);

	return snprintf(out, size, "%s", text) < (int)size ? 0 : cc_raise(CC_EINTERNAL);
}

static int dup_text(const struct st_rows *rows, unsigned column, char **out)
{
	*out = strdup(st_get_text(rows, column));
	return *out ? 0 : cc_raise(CC_ENOMEM);
}

static int read_info(const struct st_rows *rows, unsigned column, json_t **out)
{
	struct st_value v = st_get(rows, column);

	*out = json_loadb(v.data ? v.data : "{}", v.data ? v.len : 2, 0, NULL);
	return json_is_object(*out) ? 0 : cc_raise(CC_EINTERNAL);
}

static int read_row(const struct st_rows *rows, struct rg_record *r)
{
	struct st_value hash = st_get(rows, 11);
	int err;

	memset(r, 0, sizeof(*r));
	r->id = st_get_int(rows, 0);
	r->type = rg_type_of(st_get_text(rows, 1));
	r->pointer = st_get_int(rows, 8);
	r->created = st_get_int(rows, 13);
	r->updated = st_get_int(rows, 14);
	r->expires = st_get_int(rows, 15);
	r->version = st_get_int(rows, 16);
	r->has_key = hash.kind == ST_BYTES && hash.len == RG_KEY_HASH;
	if (r->has_key)
		memcpy(r->key_hash, hash.data, RG_KEY_HASH);
	err = copy_text(rows, 2, r->name, sizeof(r->name));
	if (!err)
		err = copy_text(rows, 3, r->authority, sizeof(r->authority));
	if (!err)
		err = copy_text(rows, 4, r->hrn, sizeof(r->hrn));
	if (!err)
		err = copy_text(rows, 5, r->urn, sizeof(r->urn));
	if (!err)
		err = copy_text(rows, 6, r->uuid, sizeof(r->uuid));
	if (!err)
		err = dup_text(rows, 7, &r->email);
	if (!err)
		err = dup_text(rows, 9, &r->gid);
	if (!err)
		err = dup_text(rows, 10, &r->public_key);
	return err ? err : read_info(rows, 12, &r->info);
}

/* The one row that a query gives. */
static int read_one(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params,
		    unsigned n, struct rg_record *out)
{
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, sql, params, n, &rows);

	if (!r)
		r = st_next(rows);
	if (r <= 0)
		return r ? r : -CC_ENOTFOUND;
	return read_row(rows, out);
}

int rg_find(struct st_tx *tx, const char *name, enum rg_type type, enum rg_depth depth,
	    struct rg_record *out)
{
	static const struct st_sql sql = {"SELECT " COLUMNS
					  " FROM record WHERE name = $1 AND type = $2"};
	const struct st_value params[] = {st_text(name), st_text(rg_type_word(type))};
	int r;

	memset(out, 0, sizeof(*out));
	r = read_one(tx, &sql, params, 2, out);
	return r || depth == RG_SHALLOW ? r : rg_read_lists(tx, out);
}

int rg_find_key(struct st_tx *tx, const uint8_t hash[RG_KEY_HASH], struct rg_record *out)
{
	static const struct st_sql sql = {"SELECT " COLUMNS " FROM record WHERE key_hash = $1"};
	const struct st_value params[] = {st_bytes(hash, RG_KEY_HASH)};

	memset(out, 0, sizeof(*out));
	return read_one(tx, &sql, params, 1, out);
}

/* Rows are read to their end before others are asked for: one query at a time on a connection. */
struct batch {
	struct rg_record *items;
	size_t count, room;
};

static void batch_deinit(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		rg_record_deinit(&b->items[i]);
	free(b->items);
}

static int batch_add(struct batch *b, const struct st_rows *rows)
{
	if (b->count == b->room) {
		size_t room = b->room ? b->room * 2 : 4;
		struct rg_record *items = reallocarray(b->items, room, sizeof(*items));

		if (!items)
			return cc_raise(CC_ENOMEM);
		b->items = items;
		b->room = room;
	}
	memset(&b->items[b->count], 0, sizeof(*b->items));
	return read_row(rows, &b->items[b->count++]);
}

static int batch_read(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params,
		      unsigned n, struct batch *b)
{
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, sql, params, n, &rows), err = 0;

	while (!r && !err && (r = st_next(rows)) == 1) {
		err = batch_add(b, rows);
		r = 0;
	}
	return err ? err : r;
}

static int batch_tell(struct st_tx *tx, struct batch *b, size_t limit,
		      int (*each)(void *arg, const struct rg_record *r), void *arg)
{
	int r = 0;

	for (size_t i = 0; i < b->count && i < limit && !r; i++) {
		r = rg_read_lists(tx, &b->items[i]);
		if (!r)
			r = each(arg, &b->items[i]);
	}
	return r;
}

/* A node is called as it is written, others in lower case; an HRN alone may be of either. */
static bool is_called(const struct rg_record *r, const struct rg_name *name)
{
	const char *leaf = name->hrn + strlen(name->authority);

	if (name->type != RG_ANY)
		return r->type == name->type && strcmp(r->name, name->name) == 0;
	if (r->type == RG_NODE)
		return strcmp(r->name + strlen(r->authority), leaf) == 0;
	return strcmp(r->name, name->name) == 0;
}

int rg_find_all(struct st_tx *tx, const struct rg_name *name,
		int (*each)(void *arg, const struct rg_record *r), void *arg)
{
	static const struct st_sql sql = {
		"SELECT " COLUMNS " FROM record WHERE name = $1 OR name = $2 ORDER BY type"};
	cc_cleanup(batch_deinit) struct batch b = {0};
	char node[TR_NAME_MAX + 1];
	struct st_value params[2];
	size_t kept = 0;
	int r;

	snprintf(node, sizeof(node), "%s%s", name->authority, name->hrn + strlen(name->authority));
	params[0] = st_text(name->name);
	params[1] = st_text(node);
	r = batch_read(tx, &sql, params, 2, &b);
	for (size_t i = 0; i < b.count; i++) {
		struct rg_record t = b.items[i];

		if (!is_called(&t, name))
			continue;
		b.items[i] = b.items[kept];
		b.items[kept++] = t;
	}
	return r ? r : batch_tell(tx, &b, kept, each, arg);
}

/* "NAME TYPE" of a page's cursor; a name holds no blank. */
static int split_after(const char *after, char name[TR_NAME_MAX + 1], const char **type)
{
	size_t len = strcspn(after, " ");

	if (len > TR_NAME_MAX)
		return -CC_EFORMAT;
	memcpy(name, after, len);
	name[len] = 0;
	*type = after[len] ? after + len + 1 : "";
	return 0;
}

int rg_list(struct st_tx *tx, const struct rg_page *page,
	    int (*each)(void *arg, const struct rg_record *r), void *arg, bool *more)
{
	static const struct st_sql direct = {
		"SELECT " COLUMNS " FROM record WHERE authority = $1 AND (name, type) > ($2, $3)"
		" ORDER BY name, type LIMIT $4"};
	/* what is below begins with "AUTHORITY.", and "/" follows "." */
	static const struct st_sql below = {
		"SELECT " COLUMNS " FROM record WHERE name >= $5 AND name < $6"
		" AND (name, type) > ($2, $3) AND (name = $1 OR name > $7)"
		" ORDER BY name, type LIMIT $4"};
	cc_cleanup(batch_deinit) struct batch b = {0};
	char after[TR_NAME_MAX + 1], dot[TR_NAME_MAX + 2], slash[TR_NAME_MAX + 2];
	const char *type;
	struct st_value params[7];
	int r = split_after(page->after, after, &type);

	*more = false;
	if (r)
		return r;
	snprintf(dot, sizeof(dot), "%s.", page->authority);
	snprintf(slash, sizeof(slash), "%s/", page->authority);
	params[0] = st_text(page->authority);
	params[1] = st_text(after);
	params[2] = st_text(type);
	params[3] = st_int(page->limit + 1);
	params[4] = st_text(page->authority);
	params[5] = st_text(slash);
	params[6] = st_text(dot);
	r = page->recursive ? batch_read(tx, &below, params, 7, &b)
			    : batch_read(tx, &direct, params, 4, &b);
	*more = b.count > page->limit;
	return r ? r : batch_tell(tx, &b, page->limit, each, arg);
}

int rg_each(struct st_tx *tx, enum rg_type type, int64_t after, unsigned limit,
	    int (*each)(void *arg, const struct rg_record *r), void *arg, int64_t *last)
{
	static const struct st_sql sql = {
		"SELECT " COLUMNS " FROM record WHERE type = $1 AND id > $2 ORDER BY id LIMIT $3"};
	const struct st_value params[] = {st_text(rg_type_word(type)), st_int(after),
					  st_int(limit)};
	cc_cleanup(batch_deinit) struct batch b = {0};
	int r = batch_read(tx, &sql, params, 3, &b);

	if (b.count)
		*last = b.items[b.count - 1].id;
	return r ? r : batch_tell(tx, &b, b.count, each, arg);
}

int rg_stamp(struct st_tx *tx, enum rg_type type, int64_t *out)
{
	static const struct st_sql sql = {
		"SELECT COUNT(*), CAST(COALESCE(SUM(version), 0) AS BIGINT), COALESCE(MAX(id), 0) "
		"FROM record WHERE type = $1"};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &sql, (struct st_value[]){st_text(rg_type_word(type))}, 1, &rows);
	uint64_t stamp = 0;

	if (r || (r = st_next(rows)) <= 0)
		return r ? r : cc_raise(CC_EINTERNAL);
	/* each of them moves by itself: a remainder that is the same by chance is far away */
	for (unsigned i = 0; i < 3; i++)
		stamp = stamp * 1000003 + (uint64_t)st_get_int(rows, i);
	*out = (int64_t)(stamp & INT64_MAX);
	return 0;
}

int rg_has_children(struct st_tx *tx, const char *authority)
{
	static const struct st_sql sql = {"SELECT id FROM record WHERE authority = $1 LIMIT 1"};
	const struct st_value params[] = {st_text(authority)};
	int64_t id;
	int r = st_number(tx, &sql, params, 1, &id);

	return r == 0 ? 1 : r == -CC_ENOTFOUND ? 0 : r;
}
