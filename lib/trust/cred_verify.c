/* SPDX-License-Identifier: ISC */
/*
 * Judging a whole document (rules 3 and 5). What is cheap comes first, signatures last, from the
 * innermost outwards; the first refusal ends it, so that bad input costs no more than good.
 */
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/trust/legacy.h"
#include "lib/trust/path.h"

#define LEVELS_MAX (TR_CRED_DEPTH + 2)

/* ---- what the texts say ---- */

static int judge_level(struct tr_judging *j, const struct tr_level *l, enum tr_cred_type type)
{
	int r = tr_judge_shape(j, l, type);

	if (r == 0)
		r = tr_judge_expiry(j, l, CC_RULE_CRED_EXPIRED);
	if (r == 0)
		r = tr_judge_name(j, &l->owner, l->owner_urn, "owner", CC_RULE_CRED_OWNER);
	if (r == 0)
		r = tr_judge_name(j, &l->target, l->target_urn, "target", CC_RULE_CRED_TARGET);
	return r;
}

static int judge_texts(struct tr_judging *j, const struct tr_cred *c, enum tr_cred_type type)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->count; i++)
		r = judge_level(j, &c->levels[i], type);
	for (size_t i = 0; r == 0 && i + 1 < c->count; i++)
		r = tr_judge_delegation(&c->levels[i], &c->levels[i + 1], j->why);
	return cc_trace(r);
}

/* ---- what the certificates say ---- */

struct proof {
	const struct tr_root *target, *signer; /* roots of their chains */
};

static int judge_chains(struct tr_judging *j, const struct tr_level *l, struct proof *p)
{
	struct tr_chain chain = {0};
	int r = tr_judge_chain(j, &l->owner, "owner", &chain);

	if (r == 0)
		r = tr_judge_chain(j, &l->target, "target", &chain);
	p->target = chain.root;
	if (r == 0 && l->has_sig)
		r = tr_judge_chain(j, &l->signer, "signer", &chain);
	p->signer = chain.root;
	return cc_trace(r);
}

static bool same_cert(const struct tr_gid *a, const struct tr_gid *b)
{
	return memcmp(a->hash, b->hash, TR_HASH) == 0;
}

/* Left out of the chain, it is the root. */
static const struct tr_gid *issuer_of(const struct tr_gids *gids, const struct tr_root *root)
{
	if (gids->count > 1)
		return gids->items[1];
	return root ? root->gid : NULL;
}

/*
 * An authority over the target by name, or the very certificate that issued the target's (a root may
 * have no name, or another than its namespace). Never another certificate for that one's key: KeyInfo
 * is not signed, so a peer could put his name on what is ours. And only what signed it: what stands
 * behind a root in a chain was judged by nobody.
 */
static bool is_over(const struct tr_gid *signer, const struct tr_gids *target,
		    const struct proof *p)
{
	const struct tr_gid *issuer = issuer_of(target, p->target);

	return p->signer == p->target &&
	       (tr_name_may_issue(&signer->name, &target->items[0]->name) ||
		(issuer && same_cert(signer, issuer) &&
		 tr_path_signed_by(target->items[0], signer)));
}

static int judge_issuer(struct tr_judging *j, const struct tr_level *l, const struct proof *p)
{
	const struct tr_gid *signer = l->signer.items[0], *target = l->target.items[0];

	if (!CC_RULE(CC_RULE_SLIVER_SIGNER, strcmp(target->type, "sliver") != 0))
		return cc_refuse(j->why, CC_RULE_SLIVER_SIGNER,
				 "%s is on a sliver: only its component gives rights on it", l->id);
	if (!CC_RULE(CC_RULE_CRED_ISSUER, is_over(signer, &l->target, p)))
		return cc_refuse(j->why, CC_RULE_CRED_ISSUER,
				 "%s is signed by %s, who is no authority over %s", l->id,
				 signer->urn, target->urn);
	return 0;
}

/* ---- all together ---- */

/* *root: of the innermost signer. */
static int judge_proofs(struct tr_judging *j, const struct tr_cred *c, const struct tr_root **root)
{
	const struct tr_level *first = &c->levels[c->count - 1];
	struct proof proofs[LEVELS_MAX] = {0};
	int r = 0;

	for (size_t i = c->count; r == 0 && i-- > 0;)
		r = judge_chains(j, &c->levels[i], &proofs[i]);
	/* a ticket is promised by whoever has the component: ticket.c asks that */
	if (r == 0 && first->has_sig && first->type != TR_CRED_TICKET)
		r = judge_issuer(j, first, &proofs[c->count - 1]);
	for (size_t i = c->count; r == 0 && i-- > 0;) {
		if (c->levels[i].has_sig)
			r = tr_judge_signature(j, &c->levels[i], proofs[i].signer);
	}
	*root = proofs[c->count - 1].signer;
	return cc_trace(r);
}

int tr_cred_judge(struct tr_verifier *v, const struct tr_cred *c, enum tr_cred_type type,
		  int64_t now, struct tr_grant **out, struct cc_note *why)
{
	const struct tr_root *root = NULL;
	struct tr_judging j;
	int r;

	tr_judging_init(&j, v, now, why);
	r = judge_texts(&j, c, type);
	if (r == 0)
		r = judge_proofs(&j, c, &root);
	if (r == 0)
		r = tr_grant_new(&j, c, root, out);
	return cc_trace(r);
}

static int verify_legacy(struct tr_verifier *v, const char *text, size_t len, int64_t now,
			 struct tr_grant **out, struct cc_note *why)
{
	cc_cleanup(tr_legacy_freep) struct tr_legacy *l = NULL;
	int r;

	if (!v->roots || !tr_roots_legacy(v->roots))
		return cc_refuse(why, CC_RULE_CRED_TYPE,
				 "PEM, not an XML credential: a GID, or a credential of 2008");
	r = tr_legacy_read(v->certs, text, len, &l, why);
	if (r != 0)
		return cc_trace(r);
	if (!CC_RULE(CC_RULE_CRED_TYPE, l->kind == TR_LEGACY_CRED))
		return cc_refuse(why, CC_RULE_CRED_TYPE, "a certificate, but no credential");
	return cc_trace(tr_legacy_verify(v, l, now, out, why));
}

static int verify_new(struct tr_verifier *v, const char *text, size_t len,
		      const uint8_t hash[TR_HASH], int64_t now, struct tr_grant **out,
		      struct cc_note *why)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;
	int r = tr_cred_read_hashed(v->certs, text, len, hash, &c, why);

	if (r == 0)
		r = tr_cred_judge(v, c, TR_CRED_PRIVILEGE, now, out, why);
	if (r == 0)
		tr_grant_remember(v, *out);
	return cc_trace(r);
}

int tr_cred_verify(struct tr_verifier *v, const char *text, size_t len, int64_t now,
		   struct tr_grant **out, struct cc_note *why)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	uint8_t hash[TR_HASH];
	int r;

	if (tr_legacy_is(text, len))
		return cc_trace(verify_legacy(v, text, len, now, out, why));
	r = tr_cred_hash(text, len, hash, why);
	if (r != 0)
		return cc_trace(r);
	g = tr_grant_recall(v, hash, now);
	if (g && g->type == TR_CRED_PRIVILEGE) {
		*out = cc_steal(&g);
		return 0;
	}
	return cc_trace(verify_new(v, text, len, hash, now, out, why));
}
