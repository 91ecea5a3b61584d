/* SPDX-License-Identifier: ISC */
/* Sliver credentials (rule 7): a component's word about one of its own slivers. */
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"

struct sliver {
	const struct tr_gid *component;
	const char *urn;
};

static bool names_sliver(const char *text)
{
	struct tr_urn urn;

	return tr_urn_parse_text(text, &urn, NULL) == 0 && urn.type.len == strlen("sliver") &&
	       memcmp(urn.type.text, "sliver", urn.type.len) == 0;
}

/* The certificate in the document proves nothing: the component is who the receiver says. */
static int judge_signer(struct tr_judging *j, const struct tr_level *l, const struct sliver *s)
{
	const struct tr_gid *signer = l->signer.count > 0 ? l->signer.items[0] : NULL;

	if (!CC_RULE(CC_RULE_SLIVER_SIGNER, signer && tr_gid_same_key(signer, s->component) &&
						    tr_urn_equal(signer->urn, s->component->urn)))
		return cc_refuse(j->why, CC_RULE_SLIVER_SIGNER, "%s is not signed by %s", l->id,
				 s->component->urn);
	return 0;
}

static int judge_target(struct tr_judging *j, const struct tr_level *l, const struct sliver *s)
{
	if (!CC_RULE(CC_RULE_SLIVER_TARGET, l->target.count == 0 && names_sliver(s->urn) &&
						    tr_urn_equal(l->target_urn, s->urn)))
		return cc_refuse(j->why, CC_RULE_SLIVER_TARGET, "%s is not for the sliver %.200s",
				 l->id, s->urn);
	return 0;
}

/* No chain ends in a root here, so its dates are all that can end the component's certificate. */
static int judge_component(struct tr_judging *j, const struct tr_gid *component)
{
	if (!CC_RULE(CC_RULE_CERT_EXPIRED, j->now <= component->not_after))
		return cc_refuse(j->why, CC_RULE_CERT_EXPIRED, "the GID of %s has expired",
				 component->urn);
	if (!CC_RULE(CC_RULE_CERT_NOT_YET, j->now >= component->not_before))
		return cc_refuse(j->why, CC_RULE_CERT_NOT_YET, "the GID of %s is not valid yet",
				 component->urn);
	tr_judging_narrow(j, component->not_before, component->not_after);
	return 0;
}

static int judge_texts(struct tr_judging *j, const struct tr_cred *c, const struct sliver *s)
{
	const struct tr_level *l = &c->levels[0];
	int r;

	if (!CC_RULE(CC_RULE_DELEGATE_ALLOWED, c->count == 1))
		return cc_refuse(j->why, CC_RULE_DELEGATE_ALLOWED,
				 "a sliver credential cannot be delegated");
	r = tr_judge_shape(j, l, TR_CRED_PRIVILEGE);
	if (r == 0)
		r = tr_judge_expiry(j, l, CC_RULE_CRED_EXPIRED);
	if (r == 0)
		r = judge_target(j, l, s);
	if (r == 0)
		r = judge_signer(j, l, s);
	if (r == 0)
		r = tr_judge_name(j, &l->owner, l->owner_urn, "owner", CC_RULE_CRED_OWNER);
	return r != 0 ? r : judge_component(j, s->component);
}

static int judge(struct tr_judging *j, const struct tr_cred *c, const struct sliver *s)
{
	const struct tr_level *l = &c->levels[0];
	struct tr_chain owner;
	int r = judge_texts(j, c, s);

	if (r == 0)
		r = tr_judge_chain(j, &l->owner, "owner", &owner);
	if (r == 0 && l->has_sig)
		r = tr_judge_signature(j, l, NULL);
	return cc_trace(r);
}

int tr_cred_verify_sliver(struct tr_verifier *v, const char *text, size_t len, int64_t now,
			  const struct tr_gid *component, const char *sliver_urn,
			  struct tr_grant **out, struct cc_note *why)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;
	struct sliver s = {component, sliver_urn};
	struct tr_judging j;
	int r = tr_cred_read(v->certs, text, len, &c, why);

	tr_judging_init(&j, v, now, why);
	if (r == 0)
		r = judge(&j, c, &s);
	if (r == 0)
		r = tr_grant_new(&j, c, NULL, out);
	return cc_trace(r);
}
