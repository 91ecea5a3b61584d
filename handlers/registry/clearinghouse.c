/* SPDX-License-Identifier: ISC */
/* The calls of a GENI clearinghouse (spec geni-am 10): they need no credential, but a user of ours. */
#include <string.h>

#include "handlers/registry/change.h"
#include "lib/base/util.h"

struct permitting {
	const struct rg_record *user;
	const struct rg_name *slice;
	struct rg_record on; /* the slice; id 0: there is none yet */
	char rights[64];
	bool create_any; /* create-slice = user */
	bool creator;
};

static int run_creator(struct st_tx *tx, void *arg)
{
	struct permitting *p = arg;
	struct rg_record here;
	int r = reg_user_here(tx, p->user, &here);

	if (!r)
		r = rg_is_related_above(tx, p->slice->authority, RG_PI, here.id);
	else if (r == -CC_ENOTFOUND)
		r = 0;
	rg_record_deinit(&here);
	if (r == 0 && p->create_any)
		r = tr_hrn_over(p->slice->authority, p->user->authority);
	p->creator = r == 1;
	return r < 0 ? r : 0;
}

static int run_holder(struct st_tx *tx, void *arg)
{
	struct permitting *p = arg;
	int r;

	rg_record_deinit(&p->on);
	r = rg_find(tx, p->slice->name, RG_SLICE, RG_SHALLOW, &p->on);
	if (r)
		return r == -CC_ENOTFOUND ? REG_NO_RECORD : r;
	return reg_rights_of(tx, p->user, &p->on, p->rights);
}

/* A slice by its name; others are refused. */
static int read_slice(struct reg_call *c, struct rg_name *name)
{
	int r = reg_arg_name(c, "slice", name);

	if (!r && name->type != RG_SLICE)
		r = reg_refuse(c, REG_TYPE, "%s is no slice", name->hrn);
	return r;
}

static int read_expires(struct reg_call *c, bool needed, struct rg_change *change)
{
	const json_t *value = json_object_get(c->args, "expires");

	if (!value || json_is_null(value))
		return needed ? reg_refuse(c, REG_ARGUMENT, "Invalid expires value: it is missing")
			      : 0;
	change->has_expires = rg_time_read(value, &change->expires);
	return change->has_expires
		       ? 0
		       : reg_refuse(c, REG_ARGUMENT, "Invalid expires value: expected a date");
}

/* ---- create_slice ---- */

static int give_credential(struct reg_call *c, const struct rg_name *name)
{
	struct rg_record slice;
	int r = reg_find(c, name, RG_SHALLOW, &slice);

	json_decref(c->value);
	c->value = NULL;
	if (!r)
		r = reg_make_credential(c, &c->caller.chain, &slice,
					"refresh,embed,bind,control,info");
	rg_record_deinit(&slice);
	return r;
}

/* The creator is its first researcher. */
static int create(struct reg_call *c, struct rg_change *change, const struct rg_record *user)
{
	json_t *researchers = json_pack("[s]", user->hrn);
	int r;

	if (!researchers)
		return cc_raise(CC_ENOMEM);
	change->related[RG_RESEARCHER] = researchers;
	r = reg_seek_op(c, change->name.authority);
	if (!r && !c->repeated)
		r = reg_register_record(c, change);
	json_decref(researchers);
	/* what is kept for the op is the GID; the credential is made anew, also for a repetition */
	return r ? r : give_credential(c, &change->name);
}

static int may_create(struct reg_call *c, const struct rg_name *slice, struct rg_record *user)
{
	struct permitting p = {.user = user,
			       .slice = slice,
			       .create_any = c->reg->create_slice == REG_CREATE_USER};
	int r = reg_caller_user(c, user);

	if (!r)
		r = reg_read(c, slice->authority, run_creator, &p);
	if (!r && !p.creator)
		r = reg_refuse(c, REG_PERMISSION, "Permission error: %s may create no slice in %s",
			       user->hrn, slice->authority);
	return r;
}

int reg_create_slice(struct reg_call *c)
{
	struct rg_change change = {.gid = NULL};
	struct rg_record user = {.id = 0};
	int r = read_slice(c, &change.name);

	if (!r && tr_name_check("slice", strrchr(change.name.urn, '+') + 1, &c->why) != 0)
		r = REG_HRN;
	if (!r)
		r = read_expires(c, false, &change);
	if (!r)
		r = may_create(c, &change.name, &user);
	if (!r)
		r = create(c, &change, &user);
	rg_record_deinit(&user);
	return r;
}

/* ---- renew_slice, delete_slice ---- */

static int may_change(struct reg_call *c, struct permitting *p)
{
	struct rg_record user = {.id = 0};
	int r = reg_caller_user(c, &user);

	p->user = &user;
	if (!r)
		r = reg_read(c, p->slice->authority, run_holder, p);
	if (r == REG_NO_RECORD)
		r = reg_refuse(c, r, "Record not found: %s", p->slice->hrn);
	if (!r && !p->rights[0])
		r = reg_refuse(c, REG_PERMISSION, "Permission error: %s has no rights to %s",
			       user.hrn, p->slice->hrn);
	rg_record_deinit(&user);
	return r;
}

static int run_renew(struct st_tx *tx, void *arg)
{
	int r = rg_update(tx, arg);

	return r == -CC_ENOTFOUND ? REG_CHANGED : r;
}

static int renew(struct reg_call *c, struct permitting *p, const struct rg_change *change)
{
	int r;

	if (p->on.expires && p->on.expires <= c->now)
		return reg_refuse(c, REG_EXPIRED, "%s has ended", p->slice->hrn);
	r = reg_change_apply(c, change, &p->on);
	p->on.updated = c->now;
	c->value = json_true();
	if (!r)
		r = reg_write(c, p->slice->authority, run_renew, &p->on);
	if (r == REG_CHANGED)
		r = reg_refuse(c, r, "%s was changed meanwhile: ask again", p->slice->hrn);
	return r;
}

int reg_renew_slice(struct reg_call *c)
{
	struct rg_change change = {.gid = NULL};
	struct permitting p = {.slice = &change.name};
	int r = read_slice(c, &change.name);

	if (!r)
		r = read_expires(c, true, &change);
	if (!r)
		r = may_change(c, &p);
	if (!r)
		r = reg_seek_op(c, change.name.authority);
	if (!r && !c->repeated)
		r = renew(c, &p, &change);
	rg_record_deinit(&p.on);
	return r;
}

int reg_delete_slice(struct reg_call *c)
{
	struct rg_name name;
	struct permitting p = {.slice = &name};
	int r = read_slice(c, &name);

	/* asked first: who repeats it would find no slice to have rights on */
	if (!r)
		r = reg_seek_op(c, name.authority);
	if (!r && !c->repeated) {
		r = may_change(c, &p);
		if (!r)
			r = reg_remove_record(c, &name, json_true());
	}
	rg_record_deinit(&p.on);
	return r;
}

/* ---- list_my_slices ---- */

struct listing {
	int64_t user;
	json_t *list;
};

static int run_slices(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {
		"SELECT record.urn FROM relation JOIN record ON record.id = relation.object"
		" WHERE relation.subject = $1 AND relation.role = 'researcher' ORDER BY "
		"record.name"};
	struct listing *l = arg;
	const struct st_value params[] = {st_int(l->user)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &sql, params, 1, &rows);

	json_array_clear(l->list);
	while (!r && (r = st_next(rows)) == 1)
		r = json_array_append_new(l->list, json_string(st_get_text(rows, 0)))
			    ? cc_raise(CC_ENOMEM)
			    : 0;
	return r;
}

int reg_list_my_slices(struct reg_call *c)
{
	struct rg_record user = {.id = 0};
	struct listing l = {.list = json_array()};
	struct rg_name name;
	int r = reg_arg_name(c, "user", &name);

	c->value = l.list;
	if (!r)
		r = reg_caller_user(c, &user);
	if (!r && (name.type != RG_USER || strcmp(name.name, user.name) != 0))
		r = reg_refuse(c, REG_PERMISSION, "Permission error: %s is not you", name.hrn);
	l.user = user.id;
	if (!r)
		r = l.list ? reg_read(c, user.authority, run_slices, &l) : cc_raise(CC_ENOMEM);
	rg_record_deinit(&user);
	return r;
}
