/* SPDX-License-Identifier: ISC */
/* get_self_credential, get_credential, create_user_credential; GIDs at first use. */
#include <string.h>

#include "handlers/registry/registry.h"
#include "handlers/registry/trust.h"
#include "lib/base/util.h"

/* ---- GIDs at first use ---- */

static int run_keep(struct st_tx *tx, void *arg)
{
	int r = rg_update(tx, arg);

	return r == -CC_ENOTFOUND ? REG_CHANGED : r == -CC_EEXIST ? REG_EXISTS : r;
}

/* Key by which a record that has no GID yet is to be known; NULL: none that a GID can hold. */
static const char *key_of(const struct rg_record *r)
{
	return r->public_key && *r->public_key ? r->public_key : NULL;
}

/* Somebody else was first: what he made counts. */
static int read_again(struct reg_call *c, struct rg_record *r)
{
	struct rg_name name = {.type = r->type};
	int err;

	strcpy(name.name, r->name);
	strcpy(name.authority, r->authority);
	rg_record_deinit(r);
	err = reg_find(c, &name, RG_SHALLOW, r);
	if (!err && !*r->gid)
		err = reg_refuse(c, REG_CHANGED, "%s is being changed: ask again", r->hrn);
	return err;
}

int reg_need_gid(struct reg_call *c, struct rg_record *r)
{
	int err;

	if (r->gid && *r->gid)
		return 0;
	err = r->type == RG_AUTHORITY ? reg_make_authority(c, r) : reg_make_gid(c, r, key_of(r));
	if (!err)
		err = reg_keep(c, r->type == RG_AUTHORITY ? r->name : r->authority, run_keep, r);
	return err == REG_CHANGED ? read_again(c, r) : err;
}

/* ---- credentials ---- */

/* What a key gives by itself: rights on its own record. */
static const char *own_rights(enum rg_type type)
{
	switch (type) {
	case RG_USER:
		return "refresh,resolve,info";
	case RG_AUTHORITY:
		return "authority,sa,ma";
	case RG_NODE:
		return "operator";
	default:
		return "";
	}
}

static int has_key_of(struct reg_call *c, const struct rg_record *r)
{
	const struct tr_gid *leaf = az_caller_real(&c->caller);

	return leaf && r->has_key && memcmp(r->key_hash, leaf->key_hash, RG_KEY_HASH) == 0;
}

static int credential_on_self(struct reg_call *c, struct rg_record *r)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids owner = {.count = 0};
	int err = reg_need_gid(c, r);

	if (!err)
		err = reg_gids_of(c, r, &owner);
	return err ? err : reg_make_credential(c, &owner, r, own_rights(r->type));
}

int reg_get_self_credential(struct reg_call *c)
{
	struct rg_name name;
	struct rg_record record;
	int r = reg_arg_name(c, "user", &name);

	if (r)
		return r;
	if (!*own_rights(name.type))
		return reg_refuse(c, REG_PERMISSION, "Permission error: nobody is a %s",
				  rg_type_word(name.type));
	r = reg_find(c, &name, RG_SHALLOW, &record);
	if (r == REG_NO_RECORD)
		r = reg_refuse(c, r, "Record not found: %s", name.hrn);
	else if (!r && !has_key_of(c, &record))
		r = reg_refuse(c, REG_KEY, "Connection Key GID mismatch: %s", name.hrn);
	if (!r)
		r = credential_on_self(c, &record);
	rg_record_deinit(&record);
	return r;
}

int reg_create_user_credential(struct reg_call *c)
{
	struct rg_record user;
	int r = reg_caller_user(c, &user);

	if (!r)
		r = credential_on_self(c, &user);
	rg_record_deinit(&user);
	return r;
}

struct asking {
	const struct rg_record *user, *on;
	char rights[64];
};

static int run_rights(struct st_tx *tx, void *arg)
{
	struct asking *a = arg;

	return reg_rights_of(tx, a->user, a->on, a->rights);
}

/* An authority that acts with its own key has on itself what its key gives. */
static int rights_by_key(struct reg_call *c, const struct rg_record *on, struct asking *a)
{
	if (on->type == RG_AUTHORITY && has_key_of(c, on)) {
		strcpy(a->rights, own_rights(on->type));
		return 1;
	}
	return 0;
}

static int find_rights(struct reg_call *c, const struct rg_record *on, struct asking *a)
{
	struct rg_record user;
	int r;

	if (rights_by_key(c, on, a))
		return 0;
	r = reg_caller_user(c, &user);
	a->user = &user;
	a->on = on;
	if (!r)
		r = reg_read(c, on->type == RG_AUTHORITY ? on->name : on->authority, run_rights, a);
	rg_record_deinit(&user);
	return r;
}

int reg_get_credential(struct reg_call *c)
{
	struct asking a = {.rights = ""};
	struct rg_name name;
	struct rg_record on;
	int r = reg_arg_name(c, "user", &name);

	if (!r)
		r = reg_allow(c, "getcredential", REG_ANYWHERE, NULL);
	if (r)
		return r;
	r = reg_find(c, &name, RG_SHALLOW, &on);
	if (r == REG_NO_RECORD)
		r = reg_refuse(c, r, "Record not found: %s", name.hrn);
	if (!r)
		r = find_rights(c, &on, &a);
	if (!r && !a.rights[0])
		r = reg_refuse(c, REG_PERMISSION, "Permission error: %s has no rights to %s",
			       az_caller_real(&c->caller)->hrn, name.hrn);
	if (!r)
		r = reg_need_gid(c, &on);
	if (!r)
		r = reg_make_credential(c, &c->caller.chain, &on, a.rights);
	rg_record_deinit(&on);
	return r;
}
