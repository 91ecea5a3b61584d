/* SPDX-License-Identifier: ISC */
/* The rows of table record: writing. */
#include <string.h>

#include "lib/base/util.h"
#include "lib/registry/rows_int.h"

static int write_info(const struct rg_record *r, char **out)
{
	*out = r->info ? json_dumps(r->info, JSON_COMPACT | JSON_SORT_KEYS) : strdup("{}");
	return *out ? 0 : cc_raise(CC_ENOMEM);
}

static struct st_value hash_of(const struct rg_record *r)
{
	return r->has_key ? st_bytes(r->key_hash, RG_KEY_HASH) : st_null();
}

static const char *text_of(const char *text)
{
	return text ? text : "";
}

/* Whose key it is; a record's own does not count. @return 1, 0, as st_query. */
static int key_is_taken(struct st_tx *tx, const struct rg_record *r)
{
	static const struct st_sql sql = {"SELECT id FROM record WHERE key_hash = $1 AND id <> $2"};
	const struct st_value params[] = {hash_of(r), st_int(r->id)};
	int64_t id;
	int err;

	if (!r->has_key)
		return 0;
	err = st_number(tx, &sql, params, 2, &id);
	return err == 0 ? 1 : err == -CC_ENOTFOUND ? 0 : err;
}

int rg_insert(struct st_tx *tx, const struct rg_record *r, bool *key)
{
	static const struct st_sql sql = {
		"INSERT INTO record (id, type, name, authority, hrn, urn, uuid, email, pointer, "
		"gid,"
		" public_key, key_hash, info, created, updated, expires, version) VALUES ($1, $2, "
		"$3, $4, $5,"
		" $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0) ON CONFLICT DO NOTHING"};
	cc_cleanup(cc_freep) char *info = NULL;
	int64_t changed = 0;
	int err = write_info(r, &info);

	*key = false;
	if (!err) {
		const struct st_value params[] = {
			st_int(r->id),
			st_text(rg_type_word(r->type)),
			st_text(r->name),
			st_text(r->authority),
			st_text(r->hrn),
			st_text(r->urn),
			st_text(r->uuid),
			st_text(text_of(r->email)),
			st_int(r->pointer),
			st_text(text_of(r->gid)),
			st_text(text_of(r->public_key)),
			hash_of(r),
			st_text(info),
			st_int(r->created),
			st_int(r->updated),
			st_int(r->expires),
		};

		err = st_exec(tx, &sql, params, CC_ARRAY_SIZE(params), &changed);
	}
	if (err || changed == 1)
		return err;
	err = key_is_taken(tx, r);
	*key = err == 1;
	return err < 0 ? err : -CC_EEXIST;
}

int rg_update(struct st_tx *tx, const struct rg_record *r)
{
	static const struct st_sql sql = {
		"UPDATE record SET uuid = $3, email = $4, pointer = $5, gid = $6, public_key = $7,"
		" key_hash = $8, info = $9, updated = $10, expires = $11, version = version + 1"
		" WHERE id = $1 AND version = $2"};
	cc_cleanup(cc_freep) char *info = NULL;
	int64_t changed = 0;
	int err = key_is_taken(tx, r);

	if (err == 1)
		return -CC_EEXIST;
	if (!err)
		err = write_info(r, &info);
	if (!err) {
		const struct st_value params[] = {
			st_int(r->id),
			st_int(r->version),
			st_text(r->uuid),
			st_text(text_of(r->email)),
			st_int(r->pointer),
			st_text(text_of(r->gid)),
			st_text(text_of(r->public_key)),
			hash_of(r),
			st_text(info),
			st_int(r->updated),
			st_int(r->expires),
		};

		err = st_exec(tx, &sql, params, CC_ARRAY_SIZE(params), &changed);
	}
	return err ? err : changed == 1 ? 0 : -CC_ENOTFOUND;
}

int rg_remove(struct st_tx *tx, int64_t id)
{
	static const struct st_sql sql = {"DELETE FROM record WHERE id = $1"};
	const struct st_value params[] = {st_int(id)};
	int64_t changed = 0;
	int err = st_exec(tx, &sql, params, 1, &changed);

	return err ? err : changed == 1 ? 0 : -CC_ENOTFOUND;
}
