/* SPDX-License-Identifier: ISC */
/* update and remove. */
#include <string.h>
#include <strings.h>

#include "handlers/registry/change.h"
#include "handlers/registry/trust.h"
#include "lib/base/util.h"

struct updating {
	struct reg_call *call;
	struct rg_change *change;
	struct rg_record *record;
};

static bool says_nothing(const struct rg_change *change)
{
	for (int role = 0; role < RG_ROLES; role++)
		if (change->related[role])
			return false;
	return !change->email && !change->key && !change->keys && !change->attributes &&
	       !change->info && !change->has_pointer && !change->has_expires;
}

/* What a slice may use, and what ties a record to other systems, is no business of its holder. */
static int check_own(struct reg_call *c, const struct rg_change *change)
{
	if (!reg_grant_is_on(c->grant, &change->name) || change->name.type == RG_AUTHORITY)
		return 0;
	if (change->attributes || change->has_pointer || change->related[RG_OPERATOR] ||
	    json_object_get(change->info, "pl_info"))
		return reg_refuse(c, REG_PERMISSION,
				  "Permission error: attributes, pointer, pl_info and operators of "
				  "%s are changed by an authority above it",
				  change->name.hrn);
	if ((change->key || change->keys) && reg_grant_is_lent(c->grant, &change->name))
		return reg_refuse(
			c, REG_PERMISSION,
			"Permission error: keys of %s are changed by itself or an authority "
			"above it",
			change->name.hrn);
	return 0;
}

static int run_update(struct st_tx *tx, void *arg)
{
	struct updating *u = arg;
	int r = rg_update(tx, u->record);

	if (r == -CC_ENOTFOUND)
		return reg_refuse(u->call, REG_CHANGED, "%s was changed meanwhile: ask again",
				  u->record->hrn);
	if (r == -CC_EEXIST)
		return reg_refuse(u->call, REG_EXISTS, "the key of %s has another name already",
				  u->record->hrn);
	return r ? r : reg_change_lists(tx, u->call, u->record->id, u->change);
}

/* Public key of the GID that is there: a certificate will do as one. */
static int renew_gid(struct reg_call *c, struct rg_record *r)
{
	cc_cleanup(cc_freep) char *gid = strdup(r->gid);

	if (!gid)
		return cc_raise(CC_ENOMEM);
	return *gid ? reg_make_gid(c, r, gid) : 0;
}

static int renew_authority(struct reg_call *c, struct rg_record *r)
{
	const char *dir = reg_authorities(c->reg->trust);
	struct cc_note why = {0};
	int err = r->authority[0]
			  ? tr_hierarchy_renew(dir, r->hrn, (int)c->reg->gid_days, c->now, &why)
			  : 0; /* a root is renewed by its operator: others trust it */

	if (err)
		return reg_refuse(c, REG_ARGUMENT, "it cannot be renewed: %.200s", why.text);
	free(r->gid);
	r->gid = NULL;
	err = tr_hierarchy_gid(dir, r->hrn, &r->gid, &why);
	reg_signer_forget(c->reg->trust, r->name);
	return err > 0 ? cc_raise(CC_EINTERNAL) : err;
}

/* With no change only the expiry is renewed (spec sfa 8). */
static int renew(struct reg_call *c, struct rg_record *r)
{
	if (r->type == RG_SLICE)
		r->expires = c->now + c->reg->slice_days * REG_DAY;
	return r->type == RG_AUTHORITY ? renew_authority(c, r) : renew_gid(c, r);
}

static int new_key(struct reg_call *c, const struct rg_change *change, struct rg_record *r)
{
	const char *key;
	int err;

	if (r->type == RG_AUTHORITY && change->key)
		return reg_refuse(c, REG_ARGUMENT,
				  "Invalid key value: an authority's key is made here");
	if (!change->key && !change->keys)
		return 0;
	err = reg_change_key(c, change, &key);
	if (err || !key)
		return err;
	if (key == change->gid) /* sent back as it was read */
		return 0;
	return reg_make_gid(c, r, key);
}

static int update_record(struct reg_call *c, struct rg_change *change, struct rg_record *r)
{
	struct updating u = {c, change, r};
	int err = reg_change_apply(c, change, r);

	r->updated = c->now;
	change->gid = NULL; /* a record that is sent back has it */
	if (!err)
		err = says_nothing(change) ? renew(c, r) : new_key(c, change, r);
	if (err)
		return err;
	c->value = json_integer(1);
	return c->value ? reg_write(c, r->type == RG_AUTHORITY ? r->name : r->authority, run_update,
				    &u)
			: cc_raise(CC_ENOMEM);
}

static int update(struct reg_call *c, struct rg_change *change)
{
	struct rg_record record;
	int r = reg_find(c, &change->name, RG_SHALLOW, &record);

	if (r == REG_NO_RECORD)
		r = reg_refuse(c, r, "Record not found: hrn=%s, type=%s", change->name.hrn,
			       rg_type_word(change->name.type));
	if (!r)
		r = update_record(c, change, &record);
	rg_record_deinit(&record);
	return r;
}

int reg_update(struct reg_call *c)
{
	struct rg_change change;
	int r = reg_change_read(c, &change);

	if (!r)
		r = reg_allow(c, "update", REG_SELF_OR_ABOVE, &change.name);
	if (!r)
		r = check_own(c, &change);
	if (!r)
		r = reg_seek_op(c, reg_home(&change.name));
	if (!r && !c->repeated)
		r = update(c, &change);
	rg_change_deinit(&change);
	return r;
}

/* ---- remove ---- */

struct removing {
	struct reg_call *call;
	const struct rg_name *name;
};

/*
 * Its key goes first, within the transaction that removes its record: a crash in between leaves a
 * record that can be removed again, never a key by which the authority comes back.
 */
static int retire(struct reg_call *c, const struct rg_name *name, struct st_tx *tx)
{
	int r = rg_has_children(tx, name->name);

	if (r == 1)
		return reg_refuse(c, REG_NOT_EMPTY, "%s has records below it", name->hrn);
	if (r == 0)
		r = tr_hierarchy_retire(reg_authorities(c->reg->trust), name->name, &c->why);
	reg_signer_forget(c->reg->trust, name->name);
	return r == -CC_ENOTFOUND ? 0 : r;
}

static int run_remove(struct st_tx *tx, void *arg)
{
	struct removing *m = arg;
	const struct rg_name *name = m->name;
	struct rg_record there;
	int r = rg_find(tx, name->name, name->type, RG_SHALLOW, &there);

	if (r == -CC_ENOTFOUND)
		r = reg_refuse(m->call, REG_NO_RECORD,
			       "Record not found: Could not find hrn %s type=%s", name->hrn,
			       rg_type_word(name->type));
	if (!r && name->type == RG_AUTHORITY)
		r = retire(m->call, name, tx);
	if (!r)
		r = rg_remove(tx, there.id);
	rg_record_deinit(&there);
	return r;
}

/* tr_hierarchy_list: whether it is below that name. */
static int is_below(void *arg, const struct tr_authority *a)
{
	const char *above = arg;

	return strcasecmp(above, a->hrn) != 0 && tr_hrn_over(above, a->hrn);
}

/* The records below it may be in stores of their own, which no transaction spans; their keys are all here. */
static int need_no_authority_below(struct reg_call *c, const struct rg_name *name)
{
	int r = tr_hierarchy_list(reg_authorities(c->reg->trust), is_below, (void *)name->name,
				  &c->why);

	return r == 1 ? reg_refuse(c, REG_NOT_EMPTY, "%s has authorities below it", name->hrn) : r;
}

int reg_remove_record(struct reg_call *c, const struct rg_name *name, json_t *value)
{
	struct removing m = {c, name};
	const char *authority = reg_home(name);
	int r = reg_seek_op(c, authority);

	if (!r && !c->repeated && name->type == RG_AUTHORITY)
		r = need_no_authority_below(c, name);
	if (r || c->repeated) {
		json_decref(value);
		return r;
	}
	c->value = value;
	return value ? reg_write(c, authority, run_remove, &m) : cc_raise(CC_ENOMEM);
}

int reg_remove(struct reg_call *c)
{
	struct rg_name name;
	int r = reg_arg_name(c, NULL, &name);

	if (!r && name.type == RG_ANY)
		r = reg_refuse(c, REG_ARGUMENT, "Invalid type value: it is missing");
	if (!r)
		r = reg_allow(c, "remove",
			      name.type == RG_AUTHORITY ? REG_ABOVE : REG_SELF_OR_ABOVE, &name);
	return r ? r : reg_remove_record(c, &name, json_integer(1));
}
