/* SPDX-License-Identifier: ISC */
#include "handlers/registry/boot.h"

#include <stdio.h>
#include <string.h>

#include "handlers/registry/stores.h"
#include "handlers/registry/trust.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

#define DEADLINE_MS 30000
#define BEGUN_SECONDS 86400 /* as long as an op may be repeated */
#define BEGUN_NAME (TR_NAME_MAX + 16)

enum { BEGUN = 1 }; /* of run_there: whoever is registering it makes its record */

struct boot {
	struct registry *reg;
	struct cc_note *why;
	struct rg_name name;
	struct rg_record record;
};

/* ---- registrations that were begun ---- */

static struct st_value begun_name(const char *authority, char out[BEGUN_NAME])
{
	snprintf(out, BEGUN_NAME, "register %s", authority);
	return st_text(out);
}

int reg_begun_put(struct st_tx *tx, const char *authority, int64_t now)
{
	static const struct st_sql put = {
		"INSERT INTO job (name, state, updated) VALUES ($1, '', $2)"
		" ON CONFLICT (name) DO UPDATE SET updated = excluded.updated"};
	char name[BEGUN_NAME];
	const struct st_value params[] = {begun_name(authority, name), st_int(now)};

	return st_exec(tx, &put, params, 2, NULL);
}

int reg_begun_clear(struct st_tx *tx, const char *authority)
{
	static const struct st_sql clear = {"DELETE FROM job WHERE name = $1"};
	char name[BEGUN_NAME];
	const struct st_value params[] = {begun_name(authority, name)};

	return st_exec(tx, &clear, params, 1, NULL);
}

static int find_begun(struct st_tx *tx, const char *authority)
{
	static const struct st_sql get = {"SELECT updated FROM job WHERE name = $1"
					  " AND updated > $2"};
	char name[BEGUN_NAME];
	const struct st_value params[] = {begun_name(authority, name),
					  st_int(cc_clock_seconds() - BEGUN_SECONDS)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &get, params, 2, &rows);

	return r ? r : st_next(rows);
}

/* ---- records ---- */

static int run_insert(struct st_tx *tx, void *arg)
{
	struct boot *b = arg;
	struct rg_record there;
	bool key;
	int r = rg_find(tx, b->name.name, RG_AUTHORITY, RG_SHALLOW, &there);

	rg_record_deinit(&there);
	if (r != -CC_ENOTFOUND)
		return r;
	r = st_take_numbers(tx, "record", 1, &b->record.id);
	if (!r)
		r = rg_insert(tx, &b->record, &key);
	if (r == -CC_EEXIST)
		return cc_note_set(b->why, CC_EEXIST,
				   "the key of authority %.150s belongs to another record",
				   b->name.hrn);
	return r;
}

static int fill(struct boot *b)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	struct rg_record *r = &b->record;
	const struct tr_gid *leaf;
	int err = tr_hierarchy_gid(b->reg->authorities, b->name.hrn, &r->gid, b->why);

	if (!err)
		err = tr_gids_read(NULL, r->gid, strlen(r->gid), &chain, b->why);
	if (err)
		return err > 0 ? -CC_EFORMAT : err;
	leaf = tr_gids_leaf(&chain);
	memcpy(r->key_hash, leaf->key_hash, RG_KEY_HASH);
	r->has_key = true;
	r->type = RG_AUTHORITY;
	r->pointer = -1;
	r->created = r->updated = cc_clock_seconds();
	strcpy(r->name, b->name.name);
	strcpy(r->authority, b->name.authority);
	strcpy(r->hrn, b->name.hrn);
	strcpy(r->urn, b->name.urn);
	strcpy(r->uuid, leaf->uuid);
	r->email = strdup(leaf->email);
	return r->email ? 0 : cc_raise(CC_ENOMEM);
}

static int run_there(struct st_tx *tx, void *arg)
{
	struct boot *b = arg;
	struct rg_record there;
	int r = rg_find(tx, b->name.name, RG_AUTHORITY, RG_SHALLOW, &there);

	rg_record_deinit(&there);
	return r == -CC_ENOTFOUND && find_begun(tx, b->name.name) > 0 ? BEGUN : r;
}

static int add(struct boot *b)
{
	int64_t deadline = cc_clock_ms() + DEADLINE_MS;
	struct st_write write = {.deadline = deadline, .run = run_insert, .arg = b};
	struct st_store *store;
	int r = reg_store_of(b->reg->stores, b->name.name, &store, b->why);

	if (!r)
		r = st_read(store, deadline, run_there, b, b->why);
	if (r != -CC_ENOTFOUND)
		return r == BEGUN ? 0 : r;
	r = fill(b);
	if (!r)
		r = st_write(store, &write, b->why);
	if (!r)
		cc_info("authority %s has a record now", b->name.hrn);
	return r;
}

static int each(void *arg, const struct tr_authority *a)
{
	struct boot *b = arg;
	int r;

	if (rg_name_read(a->hrn, "authority", &b->name, b->why) != 0)
		return -CC_EFORMAT;
	memset(&b->record, 0, sizeof(b->record));
	r = add(b);
	rg_record_deinit(&b->record);
	return r;
}

int reg_boot(struct registry *reg, struct cc_note *why)
{
	struct boot b = {.reg = reg, .why = why};
	int r = tr_hierarchy_list(reg->authorities, each, &b, why);

	return r > 0 ? -CC_EFORMAT : r;
}
