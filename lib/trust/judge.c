/* SPDX-License-Identifier: ISC */
/* What is asked of one level of a document, whatever it grants. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/trust/cred_int.h"

void tr_judging_init(struct tr_judging *j, struct tr_verifier *v, int64_t now, struct cc_note *why)
{
	*j = (struct tr_judging){
		.v = v, .now = now, .from = INT64_MIN, .until = INT64_MAX, .why = why};
}

void tr_judging_narrow(struct tr_judging *j, int64_t from, int64_t until)
{
	if (from > j->from)
		j->from = from;
	if (until < j->until)
		j->until = until;
}

int tr_judge_shape(struct tr_judging *j, const struct tr_level *l, enum tr_cred_type type)
{
	static const char *const names[] = {[TR_CRED_PRIVILEGE] = "privilege",
					    [TR_CRED_TICKET] = "ticket",
					    [TR_CRED_ABAC] = "abac"};

	if (!CC_RULE(CC_RULE_CRED_TYPE, l->type == type))
		return cc_refuse(j->why, CC_RULE_CRED_TYPE, "%s is of type %s, not %s", l->id,
				 names[l->type], names[type]);
	if (!CC_RULE(CC_RULE_SIG_MISSING, l->has_sig))
		return cc_refuse(j->why, CC_RULE_SIG_MISSING, "nobody signed %s", l->id);
	return 0;
}

int tr_judge_expiry(struct tr_judging *j, const struct tr_level *l, enum cc_rule rule)
{
	char date[32];

	if (!CC_RULE(rule, j->now <= l->expires)) {
		return cc_refuse(j->why, rule, "%s expired on %s", l->id,
				 cc_clock_text(l->expires, date));
	}
	tr_judging_narrow(j, INT64_MIN, l->expires);
	return 0;
}

int tr_judge_name(struct tr_judging *j, const struct tr_gids *gids, const char *urn,
		  const char *whose, enum cc_rule rule)
{
	if (gids->count == 0)
		return cc_refuse(j->why, CC_RULE_CERT_FORM, "the %s has no GID", whose);
	if (!CC_RULE(rule, !*urn || tr_urn_equal(urn, gids->items[0]->urn) ||
				   CC_SEEDED_BUG(strlen(urn) < 8)))
		return cc_refuse(j->why, rule, "%s_urn does not name the %s, whose GID is of %s",
				 whose, whose, gids->items[0]->urn);
	return 0;
}

int tr_judge_chain(struct tr_judging *j, const struct tr_gids *gids, const char *whose,
		   struct tr_chain *out)
{
	struct cc_note note = {0};
	int r = tr_chain_verify(j->v, gids, j->now, out, &note);

	if (r > 0)
		return cc_refuse(j->why, (enum cc_rule)r, "%s: %s", whose, note.text);
	if (r < 0)
		return cc_trace(r);
	tr_judging_narrow(j, out->from, out->until);
	return 0;
}

int tr_judge_signature(struct tr_judging *j, const struct tr_level *l, const struct tr_root *root)
{
	bool sha1 = root && !(root->flags & (TR_ROOT_OURS | TR_ROOT_NO_SHA1));

	return cc_trace(xs_sig_verify(&l->sig, l->node, l->signer.items[0]->key, sha1, j->why));
}
