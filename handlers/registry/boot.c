/* SPDX-License-Identifier: ISC */
#include "handlers/registry/boot.h"

#include <stdio.h>
#include <stdlib.h>
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
	struct tr_gids chain;
	bool ended; /* what was left of it is gone */
};

struct begun {
	int64_t first, last;
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
		"INSERT INTO job (name, state, updated) VALUES ($1, $2, $3)"
		" ON CONFLICT (name) DO UPDATE SET updated = excluded.updated"};
	char name[BEGUN_NAME], first[32];
	int len = snprintf(first, sizeof(first), "%lld", (long long)now);
	const struct st_value params[] = {begun_name(authority, name), st_textn(first, (size_t)len),
					  st_int(now)};

	return st_exec(tx, &put, params, 3, NULL);
}

int reg_begun_clear(struct st_tx *tx, const char *authority)
{
	static const struct st_sql clear = {"DELETE FROM job WHERE name = $1"};
	char name[BEGUN_NAME];
	const struct st_value params[] = {begun_name(authority, name)};
	int64_t changed;
	int r = st_exec(tx, &clear, params, 1, &changed);

	return r ? r : changed ? 0 : -CC_ENOTFOUND;
}

/* @return 1, 0: nobody is at it, negative. */
static int find_begun(struct st_tx *tx, const char *authority, struct begun *out)
{
	static const struct st_sql get = {"SELECT state, updated FROM job WHERE name = $1"};
	char name[BEGUN_NAME];
	const struct st_value params[] = {begun_name(authority, name)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &get, params, 1, &rows);

	if (!r)
		r = st_next(rows);
	if (r == 1) {
		const char *first = st_get_text(rows, 0);

		out->last = st_get_int(rows, 1);
		out->first = *first ? strtoll(first, NULL, 10) : out->last;
	}
	return r;
}

/* Whether who began made the key of a GID; ccfed's was made before or after. */
static bool made_by(const struct begun *b, const struct tr_gid *gid)
{
	int64_t made = gid->not_before + TR_HIERARCHY_BACKDATE;

	return made >= b->first && made <= b->last;
}

static int read_folder(const char *dir, const char *hrn, char **pem, struct tr_gids *chain,
		       struct cc_note *why)
{
	int r = tr_hierarchy_gid(dir, hrn, pem, why);

	if (!r)
		r = tr_gids_read(NULL, *pem, strlen(*pem), chain, why);
	return r > 0 ? -CC_EFORMAT : r;
}

/* Its key goes first, as where an authority is removed: a crash in between leaves none. */
static int retire(struct st_tx *tx, const char *dir, const char *authority)
{
	int r = tr_hierarchy_retire(dir, authority, NULL);

	if (r == 0 || r == -CC_ENOTFOUND)
		r = reg_begun_clear(tx, authority);
	return r == -CC_ENOTFOUND ? 0 : r;
}

int reg_begun_give_up(struct st_tx *tx, const char *dir, const char *authority)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	cc_cleanup(cc_freep) char *pem = NULL;
	struct rg_record there;
	struct begun begun;
	int r = rg_find(tx, authority, RG_AUTHORITY, RG_SHALLOW, &there);

	rg_record_deinit(&there);
	if (r != -CC_ENOTFOUND)
		return r;
	r = find_begun(tx, authority, &begun);
	if (r != 1)
		return r;
	r = read_folder(dir, authority, &pem, &chain, NULL);
	if (!r && !made_by(&begun, tr_gids_leaf(&chain)))
		return 0;
	return r && r != -CC_ENOTFOUND ? r : retire(tx, dir, authority);
}

/* ---- records ---- */

static int is_young(const struct begun *begun)
{
	return begun->last > cc_clock_seconds() - BEGUN_SECONDS;
}

static int insert(struct st_tx *tx, struct boot *b)
{
	bool key;
	int r = st_take_numbers(tx, "record", 1, &b->record.id);

	if (!r)
		r = rg_insert(tx, &b->record, &key);
	if (r == -CC_EEXIST)
		return cc_note_set(b->why, CC_EEXIST,
				   "the key of authority %.150s belongs to another record",
				   b->name.hrn);
	if (!r)
		r = reg_begun_clear(tx, b->name.name);
	return r == -CC_ENOTFOUND ? 0 : r;
}

static int run_settle(struct st_tx *tx, void *arg)
{
	struct boot *b = arg;
	struct rg_record there;
	struct begun begun;
	int r = rg_find(tx, b->name.name, RG_AUTHORITY, RG_SHALLOW, &there);

	rg_record_deinit(&there);
	b->ended = false;
	if (r != -CC_ENOTFOUND)
		return r;
	r = find_begun(tx, b->name.name, &begun);
	if (r < 0)
		return r;
	if (r == 1 && is_young(&begun))
		return BEGUN;
	b->ended = r == 1 && made_by(&begun, tr_gids_leaf(&b->chain));
	return b->ended ? retire(tx, b->reg->authorities, b->name.name) : insert(tx, b);
}

static int fill(struct boot *b)
{
	struct rg_record *r = &b->record;
	const struct tr_gid *leaf;
	int err = read_folder(b->reg->authorities, b->name.hrn, &r->gid, &b->chain, b->why);

	if (err)
		return err;
	leaf = tr_gids_leaf(&b->chain);
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
	struct begun begun;
	int r = rg_find(tx, b->name.name, RG_AUTHORITY, RG_SHALLOW, &there);

	rg_record_deinit(&there);
	return r == -CC_ENOTFOUND && find_begun(tx, b->name.name, &begun) == 1 && is_young(&begun)
		       ? BEGUN
		       : r;
}

static int add(struct boot *b)
{
	int64_t deadline = cc_clock_ms() + DEADLINE_MS;
	struct st_write write = {.deadline = deadline, .run = run_settle, .arg = b};
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
		cc_info(b->ended ? "authority %s was never registered to the end: its key is gone"
				 : "authority %s has a record now",
			b->name.hrn);
	return r == BEGUN ? 0 : r;
}

static int each(void *arg, const struct tr_authority *a)
{
	struct boot *b = arg;
	int r;

	if (rg_name_read(a->hrn, "authority", &b->name, b->why) != 0)
		return -CC_EFORMAT;
	memset(&b->record, 0, sizeof(b->record));
	b->chain.count = 0;
	r = add(b);
	rg_record_deinit(&b->record);
	tr_gids_deinit(&b->chain);
	return r;
}

int reg_boot(struct registry *reg, struct cc_note *why)
{
	struct boot b = {.reg = reg, .why = why};
	int r = tr_hierarchy_list(reg->authorities, each, &b, why);

	return r > 0 ? -CC_EFORMAT : r;
}
