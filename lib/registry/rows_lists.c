/* SPDX-License-Identifier: ISC */
/* What hangs on a record: keys, relations, attributes. */
#include <string.h>

#include "lib/base/util.h"
#include "lib/registry/rows_int.h"

/* A list of texts, one a row. */
static int read_texts(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params,
		      unsigned n, json_t **out)
{
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	json_t *list = json_array();
	int r = list ? st_query(tx, sql, params, n, &rows) : cc_raise(CC_ENOMEM);

	while (!r && (r = st_next(rows)) == 1)
		r = json_array_append_new(list, json_string(st_get_text(rows, 0))) == 0
			    ? 0
			    : cc_raise(CC_ENOMEM);
	if (r) {
		json_decref(list);
		return r;
	}
	*out = list;
	return 0;
}

static int read_attributes(struct st_tx *tx, int64_t id, json_t **out)
{
	static const struct st_sql sql = {
		"SELECT name, value FROM attribute WHERE record = $1 ORDER BY position"};
	const struct st_value params[] = {st_int(id)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	json_t *list = json_array();
	int r = list ? st_query(tx, &sql, params, 1, &rows) : cc_raise(CC_ENOMEM);

	while (!r && (r = st_next(rows)) == 1)
		r = json_array_append_new(list,
					  json_pack("{s:s, s:s}", "name", st_get_text(rows, 0),
						    "value", st_get_text(rows, 1))) == 0
			    ? 0
			    : cc_raise(CC_ENOMEM);
	if (r) {
		json_decref(list);
		return r;
	}
	*out = list;
	return 0;
}

static int read_related(struct st_tx *tx, struct rg_record *r, enum rg_role role)
{
	static const struct st_sql sql = {
		"SELECT record.hrn FROM relation JOIN record ON record.id = relation.subject"
		" WHERE relation.object = $1 AND relation.role = $2 ORDER BY record.name"};
	const struct st_value params[] = {st_int(r->id), st_text(rg_role_word(role))};

	return read_texts(tx, &sql, params, 2, &r->related[role]);
}

/* Of what a user is that. */
static int read_reverse(struct st_tx *tx, int64_t id, enum rg_role role, json_t **out)
{
	static const struct st_sql sql = {
		"SELECT record.hrn FROM relation JOIN record ON record.id = relation.object"
		" WHERE relation.subject = $1 AND relation.role = $2 ORDER BY record.name"};
	const struct st_value params[] = {st_int(id), st_text(rg_role_word(role))};

	return read_texts(tx, &sql, params, 2, out);
}

static int read_user(struct st_tx *tx, struct rg_record *r)
{
	static const struct st_sql sql = {
		"SELECT line FROM ssh_key WHERE record = $1 ORDER BY position"};
	const struct st_value params[] = {st_int(r->id)};
	int err = read_texts(tx, &sql, params, 1, &r->keys);

	if (!err)
		err = read_reverse(tx, r->id, RG_PI, &r->pi_authorities);
	return err ? err : read_reverse(tx, r->id, RG_RESEARCHER, &r->slices);
}

int rg_read_lists(struct st_tx *tx, struct rg_record *r)
{
	int err;

	switch (r->type) {
	case RG_USER:
		return read_user(tx, r);
	case RG_SLICE:
		err = read_related(tx, r, RG_RESEARCHER);
		return err ? err : read_attributes(tx, r->id, &r->attributes);
	case RG_AUTHORITY:
		err = read_related(tx, r, RG_PI);
		return err ? err : read_related(tx, r, RG_OPERATOR);
	default:
		return read_related(tx, r, RG_OPERATOR);
	}
}

/* ---- writing ---- */

int rg_set_keys(struct st_tx *tx, int64_t id, const json_t *keys)
{
	static const struct st_sql clear = {"DELETE FROM ssh_key WHERE record = $1"};
	static const struct st_sql add = {
		"INSERT INTO ssh_key (record, position, line) VALUES ($1, $2, $3)"};
	struct st_value params[] = {st_int(id), st_int(0), st_null()};
	int r = st_exec(tx, &clear, params, 1, NULL);

	for (size_t i = 0; i < json_array_size(keys) && !r; i++) {
		params[1] = st_int((int64_t)i);
		params[2] = st_text(json_string_value(json_array_get(keys, i)));
		r = st_exec(tx, &add, params, 3, NULL);
	}
	return r;
}

int rg_set_attributes(struct st_tx *tx, int64_t id, const json_t *attributes)
{
	static const struct st_sql clear = {"DELETE FROM attribute WHERE record = $1"};
	static const struct st_sql add = {
		"INSERT INTO attribute (record, position, name, value) VALUES ($1, $2, $3, $4)"};
	struct st_value params[] = {st_int(id), st_int(0), st_null(), st_null()};
	int r = st_exec(tx, &clear, params, 1, NULL);

	for (size_t i = 0; i < json_array_size(attributes) && !r; i++) {
		const json_t *a = json_array_get(attributes, i);

		params[1] = st_int((int64_t)i);
		params[2] = st_text(json_string_value(json_object_get(a, "name")));
		params[3] = st_text(json_string_value(json_object_get(a, "value")));
		r = st_exec(tx, &add, params, 4, NULL);
	}
	return r;
}

static int add_related(struct st_tx *tx, int64_t id, enum rg_role role, const char *user,
		       struct cc_note *why)
{
	static const struct st_sql add = {
		"INSERT INTO relation (object, role, subject) VALUES ($1, $2, $3)"
		" ON CONFLICT DO NOTHING"};
	struct st_value params[] = {st_int(id), st_text(rg_role_word(role)), st_null()};
	struct rg_record r;
	struct rg_name name;
	int err;

	if (rg_name_read(user, "user", &name, why) != 0)
		return -CC_ENOTFOUND;
	err = rg_find(tx, name.name, RG_USER, RG_SHALLOW, &r);
	params[2] = st_int(r.id);
	rg_record_deinit(&r);
	if (err == -CC_ENOTFOUND)
		return cc_note_set(why, CC_ENOTFOUND, "%.180s", name.hrn);
	return err ? err : st_exec(tx, &add, params, 3, NULL);
}

int rg_set_related(struct st_tx *tx, int64_t id, enum rg_role role, const json_t *users,
		   struct cc_note *why)
{
	static const struct st_sql clear = {"DELETE FROM relation WHERE object = $1 AND role = $2"};
	const struct st_value params[] = {st_int(id), st_text(rg_role_word(role))};
	int r = st_exec(tx, &clear, params, 2, NULL);

	for (size_t i = 0; i < json_array_size(users) && !r; i++)
		r = add_related(tx, id, role, json_string_value(json_array_get(users, i)), why);
	return r;
}

static int exists(struct st_tx *tx, const struct st_sql *sql, const struct st_value *params,
		  unsigned n)
{
	int64_t number;
	int r = st_number(tx, sql, params, n, &number);

	return r == 0 ? 1 : r == -CC_ENOTFOUND ? 0 : r;
}

int rg_is_related(struct st_tx *tx, int64_t object, enum rg_role role, int64_t user)
{
	static const struct st_sql sql = {
		"SELECT object FROM relation WHERE object = $1 AND role = $2 AND subject = $3"};
	const struct st_value params[] = {st_int(object), st_text(rg_role_word(role)),
					  st_int(user)};

	return exists(tx, &sql, params, 3);
}

int rg_is_related_above(struct st_tx *tx, const char *authority, enum rg_role role, int64_t user)
{
	static const struct st_sql sql = {
		"SELECT relation.object FROM relation JOIN record ON record.id = relation.object"
		" WHERE record.name = $1 AND record.type = 'authority' AND relation.role = $2"
		" AND relation.subject = $3"};
	struct st_value params[] = {st_null(), st_text(rg_role_word(role)), st_int(user)};
	char name[TR_NAME_MAX + 1], parent[TR_NAME_MAX + 1];
	int r = 0;

	strcpy(name, authority);
	while (*name && !r) {
		params[0] = st_text(name);
		r = exists(tx, &sql, params, 3);
		if (tr_hrn_parent(name, parent) != 0)
			return r;
		strcpy(name, parent);
	}
	return r;
}
