/* SPDX-License-Identifier: ISC */
/*
 * From a certificate credential or ticket of 2008 to its parent (spec sfa 1.4, 1.5, 1.7). The step
 * is a delegation, when both are on one object; or an issue: the parent is what an authority has on
 * itself, and the child's object is below it. Both need the parent's delegate bit, rights and end,
 * and the signature of the parent's owner. A ticket is only issued; its parent may also be the
 * empty ticket that an authority has on itself.
 *
 * Geniwrapper compared neither objects nor ends, and let the key in the parent's certificate
 * delegate, which need not be that of its owner.
 */
#include "lib/trust/legacy_int.h"

#include <string.h>

#include "lib/base/util.h"

static bool same_hrn(const struct tr_gid *a, const struct tr_gid *b)
{
	return tr_hrn_over(a->hrn, b->hrn) && tr_hrn_over(b->hrn, a->hrn);
}

bool tr_legacy_same_gid(const struct tr_gid *a, const struct tr_gid *b)
{
	return same_hrn(a, b) && strcmp(a->type, b->type) == 0 && tr_gid_same_key(a, b);
}

static bool is_nothing(const json_t *v)
{
	return !v || json_is_null(v) || (json_is_object(v) && json_object_size(v) == 0);
}

static bool has_all_rights(const struct tr_legacy *l)
{
	for (unsigned i = 0; i < l->n_privileges; i++) {
		if (tr_privilege_ops(TR_TABLE_2008, l->privileges[i].name) == TR_OPS_ALL)
			return true;
	}
	return false;
}

/* Whether it is what an authority has on itself. */
static bool is_authority(const struct tr_legacy_level *l)
{
	const struct tr_legacy *d = l->data;

	if (!tr_legacy_same_gid(tr_legacy_owner(l), tr_legacy_object(l)))
		return false;
	return d->kind == TR_LEGACY_CRED ? has_all_rights(d)
					 : is_nothing(json_object_get(d->data, "attributes")) &&
						   is_nothing(json_object_get(d->data, "rspec"));
}

static int check_kind(const struct tr_legacy_level *child, const struct tr_legacy_level *parent,
		      struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_CRED_TYPE,
		     child->data->kind == TR_LEGACY_TICKET || parent->data->kind == TR_LEGACY_CRED))
		return cc_refuse(why, CC_RULE_CRED_TYPE, "%.128s is a credential below a ticket",
				 tr_legacy_label(child));
	if (!CC_RULE(CC_RULE_DELEGATE_ALLOWED, parent->data->delegate))
		return cc_refuse(why, CC_RULE_DELEGATE_ALLOWED,
				 "the parent of %.128s has no delegate bit",
				 tr_legacy_label(child));
	if (!CC_RULE(CC_RULE_DELEGATE_ALLOWED,
		     child->data->kind == TR_LEGACY_CRED || is_authority(parent)))
		return cc_refuse(why, CC_RULE_DELEGATE_ALLOWED,
				 "%.128s is a ticket that no authority gave: tickets are not "
				 "delegated",
				 tr_legacy_label(child));
	return 0;
}

/* What an authority may issue by what it has on itself. */
static bool may_issue(const struct tr_legacy_level *parent, const struct tr_gid *object)
{
	const struct tr_gid *self = tr_legacy_object(parent);

	return is_authority(parent) &&
	       (CC_SEEDED_BUG(true) ||
		(!same_hrn(self, object) && tr_hrn_over(self->hrn, object->hrn)));
}

static int check_target(const struct tr_legacy_level *child, const struct tr_legacy_level *parent,
			struct cc_note *why)
{
	const struct tr_gid *below = tr_legacy_object(child), *above = tr_legacy_object(parent);

	if (CC_RULE(CC_RULE_DELEGATE_TARGET,
		    tr_legacy_same_gid(below, above) || may_issue(parent, below)))
		return 0;
	return cc_refuse(why, CC_RULE_DELEGATE_TARGET,
			 "its parent is on %.100s, which is not %.100s and no authority over it",
			 above->hrn, below->hrn);
}

static int check_rights(const struct tr_legacy_level *child, const struct tr_legacy_level *parent,
			struct cc_note *why)
{
	const struct tr_legacy *c = child->data, *p = parent->data;
	bool delegatable;

	for (unsigned i = 0; i < c->n_privileges; i++) {
		if (!CC_RULE(CC_RULE_DELEGATE_RIGHTS,
			     tr_privilege_covered(TR_TABLE_2008, c->privileges[i].name,
						  p->privileges, p->n_privileges, &delegatable)))
			return cc_refuse(why, CC_RULE_DELEGATE_RIGHTS,
					 "%.100s has the right %s, which its parent has not",
					 tr_legacy_label(child), c->privileges[i].name);
	}
	return 0;
}

/* The certificates themselves are judged at now: a parent's may well end first. */
static int check_end(const struct tr_legacy_level *child, const struct tr_legacy_level *parent,
		     struct cc_note *why)
{
	int64_t end = child->data->life_time ? child->data->life_time : child->cert->not_after;

	if (CC_RULE(CC_RULE_DELEGATE_EXPIRY,
		    parent->data->life_time == 0 || end <= parent->data->life_time))
		return 0;
	return cc_refuse(why, CC_RULE_DELEGATE_EXPIRY, "%.128s ends after its parent",
			 tr_legacy_label(child));
}

/* The key that signs the child is in the parent's certificate: it has to be the owner's. */
static int check_signer(const struct tr_legacy_level *child, const struct tr_legacy_level *parent,
			struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_DELEGATE_SIGNER,
		     tr_gid_same_key(parent->cert, tr_legacy_owner(parent))))
		return cc_refuse(why, CC_RULE_DELEGATE_SIGNER,
				 "%.100s is not signed by %.100s, who owns its parent",
				 tr_legacy_label(child), tr_gid_label(tr_legacy_owner(parent)));
	if (!CC_RULE(CC_RULE_CHAIN_ISSUER,
		     tr_legacy_names_issuer(child->cert, tr_legacy_owner(parent))))
		return cc_refuse(why, CC_RULE_CHAIN_ISSUER,
				 "%.100s does not name %.100s, who signed it, as its issuer",
				 tr_legacy_label(child), tr_gid_label(tr_legacy_owner(parent)));
	return 0;
}

int tr_legacy_check_step(const struct tr_legacy_level *child, const struct tr_legacy_level *parent,
			 struct cc_note *why)
{
	int r = check_kind(child, parent, why);

	if (r == 0)
		r = check_signer(child, parent, why);
	if (r == 0)
		r = check_target(child, parent, why);
	if (r == 0)
		r = check_rights(child, parent, why);
	return r == 0 ? check_end(child, parent, why) : r;
}
