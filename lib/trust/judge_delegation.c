/* SPDX-License-Identifier: ISC */
/* What the owner of a credential may make of it (rule 3): asked by who judges and by who delegates. */
#include "lib/base/util.h"
#include "lib/trust/cred_int.h"

/* A renewed GID is another certificate of the same principal; another key is another holder. */
static bool same_principal(const struct tr_gid *a, const struct tr_gid *b)
{
	return a && b && tr_gid_same_key(a, b) && tr_urn_equal(a->urn, b->urn);
}

static int check_parties(const struct tr_level *child, const struct tr_level *parent,
			 struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_DELEGATE_SIGNER,
		     same_principal(tr_gids_leaf(&child->signer), tr_gids_leaf(&parent->owner))))
		return cc_refuse(why, CC_RULE_DELEGATE_SIGNER,
				 "%s is not signed by the owner of %s, who delegates", child->id,
				 parent->id);
	if (!CC_RULE(CC_RULE_DELEGATE_TARGET,
		     same_principal(tr_gids_leaf(&child->target), tr_gids_leaf(&parent->target))))
		return cc_refuse(why, CC_RULE_DELEGATE_TARGET, "%s is on another target than %s",
				 child->id, parent->id);
	return 0;
}

static int check_right(const char *name, const struct tr_privilege *parent, unsigned n,
		       const char *id, struct cc_note *why)
{
	bool delegatable = false;
	bool covered = tr_privilege_covered(TR_TABLE_SFA, name, parent, n, &delegatable);

	if (!CC_RULE(CC_RULE_DELEGATE_RIGHTS, covered))
		return cc_refuse(why, CC_RULE_DELEGATE_RIGHTS, "%s does not grant %s", id, name);
	if (!CC_RULE(CC_RULE_DELEGATE_ALLOWED, delegatable || !covered))
		return cc_refuse(why, CC_RULE_DELEGATE_ALLOWED, "%s grants %s, but not to delegate",
				 id, name);
	return 0;
}

static int check_rights(const struct tr_level *child, const struct tr_level *parent,
			struct cc_note *why)
{
	cc_cleanup(cc_freep) struct tr_privilege *wanted = NULL;
	cc_cleanup(cc_freep) struct tr_privilege *given = NULL;
	unsigned n_wanted = 0, n_given = 0;
	int r = tr_privileges_expand(child, &wanted, &n_wanted);

	if (r == 0)
		r = tr_privileges_expand(parent, &given, &n_given);
	for (unsigned i = 0; r == 0 && i < n_wanted; i++)
		r = check_right(wanted[i].name, given, n_given, parent->id, why);
	return cc_trace(r);
}

int tr_judge_delegation(const struct tr_level *child, const struct tr_level *parent,
			struct cc_note *why)
{
	int r = check_parties(child, parent, why);

	if (r == 0)
		r = check_rights(child, parent, why);
	if (r != 0)
		return cc_trace(r);
	if (!CC_RULE(CC_RULE_DELEGATE_EXPIRY, child->expires <= parent->expires))
		return cc_refuse(why, CC_RULE_DELEGATE_EXPIRY, "%s ends later than %s", child->id,
				 parent->id);
	return 0;
}
