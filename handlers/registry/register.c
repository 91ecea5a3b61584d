/* SPDX-License-Identifier: ISC */
/* register: a new record, with its GID and, for an authority, its key. */
#include <string.h>

#include "handlers/registry/boot.h"
#include "handlers/registry/change.h"
#include "handlers/registry/trust.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

/* What the writing transaction does. */
struct registering {
	struct reg_call *call;
	struct rg_change *change;
	struct rg_record *record;
	bool begun;	/* its key is being made, or is there */
	bool elsewhere; /* the record of the authority above it is in another store */
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
	int err = g->elsewhere ? 0 : check_authority(tx, g->call, r);

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
	if (err || r->type != RG_AUTHORITY)
		return err;
	err = reg_begun_clear(tx, r->name);
	return err == -CC_ENOTFOUND
		       ? reg_refuse(g->call, REG_DB_BUSY,
				    "somebody else gave %s up just now: ask again with the same op",
				    r->hrn)
		       : err;
}

static int run_give_up(struct st_tx *tx, void *arg)
{
	const struct registering *g = arg;

	return reg_begun_give_up(tx, reg_authorities(g->call->reg->trust), g->record->name);
}

/* What was refused leaves no key behind; where the store failed it may be asked again. */
static void give_up(struct registering *g, int fault)
{
	struct reg_call *c = g->call;
	struct cc_note why = c->why;
	int rule = c->rule;

	if (fault <= 0 || reg_fault_is_store(fault))
		return;
	if (reg_keep(c, g->record->name, run_give_up, g) != 0)
		cc_warn("the key of %s, which was not registered, stays until a start a day on: %s",
			g->record->hrn, c->why.text);
	reg_signer_forget(c->reg->trust, g->record->name);
	c->why = why;
	c->rule = rule;
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

/* One with a store of its own: no transaction sees its record and the one above. */
static int check_elsewhere(struct registering *g)
{
	const struct rg_name *name = &g->change->name;
	struct rg_name above = {.type = RG_AUTHORITY};
	struct rg_record there;
	bool one = true;
	int r = reg_one_store(g->call, reg_home(name), name->authority, &one);

	g->elsewhere = !one;
	if (r || one)
		return r;
	strcpy(above.name, name->authority);
	r = reg_find(g->call, &above, RG_SHALLOW, &there);
	rg_record_deinit(&there);
	return r == REG_NO_RECORD ? reg_refuse(g->call, REG_NO_AUTHORITY, "Missing authority: %s",
					       name->authority)
				  : r;
}

static int make_gid(struct registering *g)
{
	const struct rg_change *change = g->change;
	struct rg_record *r = g->record;
	struct reg_call *c = g->call;
	const char *key = NULL;
	int err;

	if (r->type == RG_AUTHORITY && (change->key || change->gid))
		return reg_refuse(c, REG_ARGUMENT,
				  "Invalid key value: an authority's key is made here");
	if (r->type == RG_AUTHORITY) {
		/* its key outlives a crash, its record does not: who asks again makes it */
		err = reg_keep(c, r->name, run_begin, r);
		g->begun = err == 0;
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
	struct registering g = {.call = c, .change = change, .record = &record};
	json_t *gid;
	int r = is_there(c, &change->name);

	if (!r)
		r = check_elsewhere(&g);
	if (!r)
		r = fill(c, change, &record);
	if (!r)
		r = make_gid(&g);
	if (!r) {
		gid = json_string(record.gid);
		json_decref(c->value);
		c->value = gid;
		r = gid ? reg_write(c, reg_home(&change->name), run_register, &g)
			: cc_raise(CC_ENOMEM);
	}
	if (g.begun)
		give_up(&g, r);
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
		r = reg_seek_op(c, reg_home(&change.name));
	if (!r && !c->repeated)
		r = reg_register_record(c, &change);
	rg_change_deinit(&change);
	return r;
}
