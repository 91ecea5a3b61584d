/* SPDX-License-Identifier: ISC */
/* Whether a credential allows an operation: each is decided anew each time. */
#include "lib/authz/given.h"
#include "lib/base/util.h"

/* How far a credential came that failed; what is refused for itself is all the same. */
static const int ranks[AZ_OUTCOMES] = {
	[AZ_NONE_GIVEN] = 1, [AZ_SHAPE] = 2,   [AZ_UNREADABLE] = 3, [AZ_REFUSED] = 4,
	[AZ_UNTRUSTED] = 4,  [AZ_EXPIRED] = 4, [AZ_GONE] = 4,	    [AZ_HOLDER] = 5,
	[AZ_RIGHTS] = 6,     [AZ_TARGET] = 7,
};

static enum az_outcome outcome_of(int rule)
{
	if (rule <= CC_RULE_XML_ELEMENT)
		return AZ_UNREADABLE;
	switch (rule) {
	case CC_RULE_CERT_FORM:
		return AZ_UNREADABLE;
	case CC_RULE_CERT_EXPIRED:
	case CC_RULE_CRED_EXPIRED:
		return AZ_EXPIRED;
	case CC_RULE_CHAIN_CA:
	case CC_RULE_CHAIN_AUTHORITY:
	case CC_RULE_CHAIN_NAMESPACE:
	case CC_RULE_CHAIN_ROOT:
	case CC_RULE_ROOT_NAMESPACE:
	case CC_RULE_CRED_ISSUER:
		return AZ_UNTRUSTED;
	default:
		return AZ_REFUSED;
	}
}

static int refuse(struct az_report *report, enum az_outcome outcome, int rule,
		  const struct cc_note *why)
{
	return az_refuse(report, outcome, rule, why->text[0] ? why->text : cc_rule_advice(rule));
}

/* ---- what is asked of a good one ---- */

static int check_holder(const struct az_asked *a, const struct tr_grant *g,
			struct az_report *report)
{
	struct cc_note why = {0};
	int r;

	if (!a->holder)
		return az_refuse(report, AZ_HOLDER, CC_RULE_CALLER_KEY,
				 "nobody holds it: the caller has no certificate");
	r = tr_grant_held_by(g, a->holder, &why);
	return r > 0 ? refuse(report, AZ_HOLDER, r, &why) : r;
}

static int check_rights(const struct az_asked *a, const struct tr_grant *g,
			struct az_report *report)
{
	struct cc_note why = {0};
	int r = tr_grant_covers(g, a->ops, &why);

	return r > 0 ? refuse(report, AZ_RIGHTS, r, &why) : r;
}

static int check_target(const struct az_asked *a, const struct tr_grant *g,
			struct az_report *report)
{
	struct cc_note why = {0};
	int r = a->on ? a->on(a->arg, g, &why) : 0;

	return r > 0 ? refuse(report, AZ_TARGET, r, &why) : r;
}

static int check_signer(const struct az_asked *a, const struct tr_gid *gid, enum cc_rule rule,
			struct az_report *report)
{
	struct cc_note why = {0};
	int r = a->current(a->arg, gid);

	if (r <= 0)
		return r;
	if (r != AZ_GONE)
		return az_refuse(report, AZ_UNDECIDED, 0,
				 "whether who signed it is in force could not be told");
	cc_note_set(&why, CC_EDENIED, "%.200s, who signed it, has another key now, or no record",
		    gid->urn);
	return refuse(report, AZ_GONE, rule, &why);
}

/*
 * What somebody signed ends with him: an authority that was removed and registered again has another
 * key, and so has a user who lost his; the GID of the first key is no worse than before.
 */
static int check_signers(const struct az_asked *a, const struct tr_grant *g,
			 struct az_report *report)
{
	int r = a->current ? check_signer(a, g->issuer, CC_RULE_CRED_ISSUER, report) : 0;

	for (unsigned i = 0; a->current && i < g->n_lenders && !r; i++)
		r = check_signer(a, g->lenders[i], CC_RULE_DELEGATE_SIGNER, report);
	return r;
}

/* ---- one, and all of them ---- */

static int try_one(const struct az_asked *a, struct cc_bytes text, struct tr_grant **out,
		   struct az_report *report)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r = tr_cred_verify(a->verifier, (const char *)text.data, text.len, a->now, &g, &why);

	if (r)
		return r > 0 ? refuse(report, outcome_of(r), r, &why) : r;
	r = check_holder(a, g, report);
	if (!r)
		r = check_rights(a, g, report);
	if (!r)
		r = check_target(a, g, report);
	if (!r)
		r = check_signers(a, g, report);
	if (!r)
		*out = cc_steal(&g);
	return r;
}

int az_allow(const struct az_asked *asked, struct tr_grant **out, struct az_report *report)
{
	struct az_report best, now;
	int r = az_given_check(asked->credentials, report), worst = AZ_NONE_GIVEN;

	if (r)
		return r;
	if (!asked->ops)
		return cc_raise(CC_EINVAL);
	az_refuse(&best, AZ_NONE_GIVEN, 0, "no credential was given");
	for (size_t i = 0; i < az_given_count(asked->credentials); i++) {
		struct cc_bytes text;

		r = az_given_text(az_given_at(asked->credentials, i), "geni_sfa", &text, &now);
		if (r == AZ_GIVEN_OTHER)
			continue;
		if (!r)
			r = try_one(asked, text, out, &now);
		/* what a callback could not tell leaves undecided what others would be told as a denial */
		if (r <= 0)
			return r;
		if (r == AZ_UNDECIDED) {
			*report = now;
			return r;
		}
		if (ranks[r] > ranks[worst]) {
			worst = r;
			best = now;
		}
	}
	*report = best;
	return worst;
}
