/* SPDX-License-Identifier: ISC */
/* register: a new record, with its GID and, for an authority, its key. */
#include <string.h>

#include "handlers/registry/boot.h"
#include "handlers/registry/change.h"
#include "lib/base/util.h"

/* What the writing transaction does. */
struct registering {
	struct reg_call *call;
	struct rg_change *change;
	struct rg_record *record;
};

static int check_authority(struct st_tx *tx, struct reg_call *c, const struct rg_record *r)
{
	struct rg_record there;
	int err = rg_find(tx, r->authority, RG_AUTHORITY, RG_SHALLOW, &there);

	rg_record_deinit(&there);
	if (err == -CC_ENOTFOUND)
		return reg_refuse(c, REG_NO_AUTHORITY, "Missing authority: %s", r->authority);
	return err;
}

static int run_register(struct st_tx *tx, void *arg)
{
	struct registering *g = arg;
	struct rg_record *r = g->record;
	bool key;
	int err = check_authority(tx, g->call, r);

	if (!err)
		err = st_take_numbers(tx, "record", 1, &r->id);
	if (!err)
		err = rg_insert(tx, r, &key);
	if (err == -CC_EEXIST)
		return key ? reg_refuse(g->call, REG_EXISTS,
					"the key of %s has another name already", r->hrn)
			   : reg_refuse(g->call, REG_EXISTS, "Existing record: %s", r->hrn);
	if (!err)
		err = reg_change_lists(tx, g->call, r->id, g->change);
	return err || r->type != RG_AUTHORITY ? err : reg_begun_clear(tx, r->name);
}

static int run_begin(struct st_tx *tx, void *arg)
{
	const struct rg_record *r = arg;

	return reg_begun_put(tx, r->name, r->created);
}

static int is_there(struct reg_call *c, const struct rg_name *name)
{
	struct rg_record there;
	int r = reg_find(c, name, RG_SHALLOW, &there);

	rg_record_deinit(&there);
	if (r == 0)
		return reg_refuse(c, REG_EXISTS, "Existing record: %s", name->hrn);
	return r == REG_NO_RECORD ? 0 : r;
}

static int make_gid(struct reg_call *c, struct rg_change *change, struct rg_record *r)
{
	const char *key = NULL;
	int err;

	if (r->type == RG_AUTHORITY && (change->key || change->gid))
		return reg_refuse(c, REG_ARGUMENT,
				  "Invalid key value: an authority's key is made here");
	if (r->type == RG_AUTHORITY) {
		/* its key outlives a crash, its record does not: who asks again makes it */
		err = reg_keep(c, r->name, run_begin, r);
		return err ? err : reg_make_authority(c, r);
	}
	err = reg_change_key(c, change, &key);
	return err ? err : reg_make_gid(c, r, key);
}

static int fill(struct reg_call *c, const struct rg_change *change, struct rg_record *r)
{
	const struct rg_name *name = &change->name;
	int err;

	memset(r, 0, sizeof(*r));
	r->type = name->type;
	strcpy(r->name, name->name);
	strcpy(r->authority, name->authority);
	strcpy(r->hrn, name->hrn);
	strcpy(r->urn, name->urn);
	r->pointer = -1;
	r->created = r->updated = c->now;
	r->gid = strdup("");
	r->email = strdup("");
	if (!r->gid || !r->email)
		return cc_raise(CC_ENOMEM);
	err = reg_change_apply(c, change, r);
	if (!err && r->type == RG_SLICE && !r->expires)
		r->expires = c->now + c->reg->slice_days * REG_DAY;
	return err;
}

int reg_register_record(struct reg_call *c, struct rg_change *change)
{
	struct rg_record record = {.id = 0};
	struct registering g = {c, change, &record};
	const char *authority = change->name.authority;
	json_t *gid;
	int r = is_there(c, &change->name);

	if (!r)
		r = fill(c, change, &record);
	if (!r)
		r = make_gid(c, change, &record);
	if (!r) {
		gid = json_string(record.gid);
		json_decref(c->value);
		c->value = gid;
		r = gid ? reg_write(c,
				    change->name.type == RG_AUTHORITY ? change->name.name
								      : authority,
				    run_register, &g)
			: cc_raise(CC_ENOMEM);
	}
	rg_record_deinit(&record);
	return r;
}

int reg_register(struct reg_call *c)
{
	struct rg_change change;
	int r = reg_change_read(c, &change);

	if (!r && rg_name_check(&change.name, &c->why) != 0)
		r = REG_HRN;
	if (!r)
		r = reg_allow(c, "register", REG_ABOVE, &change.name);
	if (!r)
		r = reg_seek_op(c, change.name.authority);
	if (!r && !c->repeated)
		r = reg_register_record(c, &change);
	rg_change_deinit(&change);
	return r;
}
