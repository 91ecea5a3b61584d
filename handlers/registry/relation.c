/* SPDX-License-Identifier: ISC */
/* Which rights a relation gives: the one table behind get_credential and the clearinghouse. */
#include <string.h>

#include "handlers/registry/registry.h"

/* Calls that give 1, 0 or a negative error. */
static int slice_rights(struct st_tx *tx, const struct rg_record *user, const struct rg_record *on)
{
	int r = rg_is_related(tx, on->id, RG_RESEARCHER, user->id);

	return r ? r : rg_is_related_above(tx, on->authority, RG_PI, user->id);
}

static int node_rights(struct st_tx *tx, const struct rg_record *user, const struct rg_record *on)
{
	int r = rg_is_related(tx, on->id, RG_OPERATOR, user->id);

	return r ? r : rg_is_related_above(tx, on->authority, RG_OPERATOR, user->id);
}

static int authority_rights(struct st_tx *tx, const struct rg_record *user,
			    const struct rg_record *on, char rights[64])
{
	int pi = rg_is_related(tx, on->id, RG_PI, user->id);
	int operates = pi < 0 ? pi : rg_is_related(tx, on->id, RG_OPERATOR, user->id);

	if (operates < 0)
		return operates;
	if (pi || operates)
		strcpy(rights, "authority");
	if (pi)
		strcat(rights, ",sa");
	if (operates)
		strcat(rights, ",ma");
	return 0;
}

int reg_user_here(struct st_tx *tx, const struct rg_record *user, struct rg_record *out)
{
	int r = rg_find(tx, user->name, RG_USER, RG_SHALLOW, out);

	if (!r && (!out->has_key || memcmp(out->key_hash, user->key_hash, RG_KEY_HASH) != 0))
		r = -CC_ENOTFOUND;
	return r;
}

static int rights_here(struct st_tx *tx, const struct rg_record *user, const struct rg_record *on,
		       char rights[64])
{
	int r = 0;

	switch (on->type) {
	case RG_USER:
		if (user->id == on->id)
			strcpy(rights, "refresh,resolve,info");
		break;
	case RG_SLICE:
		r = slice_rights(tx, user, on);
		if (r == 1)
			strcpy(rights, "refresh,embed,bind,control,info");
		break;
	case RG_NODE:
		r = node_rights(tx, user, on);
		if (r == 1)
			strcpy(rights, "operator");
		break;
	case RG_AUTHORITY:
		r = authority_rights(tx, user, on, rights);
		break;
	default:
		break;
	}
	return r < 0 ? r : 0;
}

int reg_rights_of(struct st_tx *tx, const struct rg_record *user, const struct rg_record *on,
		  char rights[64])
{
	struct rg_record here;
	int r = reg_user_here(tx, user, &here);

	rights[0] = 0;
	if (!r)
		r = rights_here(tx, &here, on, rights);
	rg_record_deinit(&here);
	return r == -CC_ENOTFOUND ? 0 : r;
}
