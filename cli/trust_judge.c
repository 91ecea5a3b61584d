/* SPDX-License-Identifier: ISC */
#include "cli/trust_judge.h"

#include "lib/base/util.h"
#include "lib/trust/legacy.h"
#include "lib/trust/speaksfor.h"

void trust_verdict_deinit(struct trust_verdict *v)
{
	tr_gids_deinit(&v->gids);
	tr_grant_unref(v->grant);
	tr_ticket_free(v->ticket);
	tr_gid_unref(v->user);
	*v = (struct trust_verdict){0};
}

/* ---- the document ---- */

static int judge_gid(struct tr_verifier *v, const struct trust_question *q,
		     struct trust_verdict *out, struct cc_note *why)
{
	int r = tr_gids_read(tr_verifier_certs(v), q->text, q->len, &out->gids, why);

	if (!r)
		r = tr_chain_verify(v, &out->gids, q->now, &out->chain, why);
	out->from = out->chain.from;
	out->until = out->chain.until;
	return r;
}

static int judge_cred(struct tr_verifier *v, const struct trust_question *q,
		      struct trust_verdict *out, struct cc_note *why)
{
	if (q->sliver)
		return tr_cred_verify_sliver(v, q->text, q->len, q->now, q->signer->items[0],
					     q->sliver, &out->grant, why);
	return tr_cred_verify(v, q->text, q->len, q->now, &out->grant, why);
}

/* Tickets of 2008 and 2011 were for whoever redeems them: they name no component. */
static int judge_old_ticket(struct tr_verifier *v, const struct trust_question *q,
			    struct trust_verdict *out, struct cc_note *why)
{
	cc_cleanup(tr_legacy_freep) struct tr_legacy *l = NULL;
	int r = tr_legacy_read(tr_verifier_certs(v), q->text, q->len, &l, why);

	if (r)
		return r;
	if (!CC_RULE(CC_RULE_CRED_TYPE, l->kind == TR_LEGACY_TICKET))
		return cc_refuse(why, CC_RULE_CRED_TYPE, "this certificate is no ticket");
	if (!CC_RULE(CC_RULE_TICKET_COMPONENT, !q->component && !q->epoch))
		return cc_refuse(why, CC_RULE_TICKET_COMPONENT,
				 "a certificate ticket names no component");
	return tr_legacy_verify(v, l, q->now, &out->grant, why);
}

static int judge_ticket(struct tr_verifier *v, const struct trust_question *q,
			struct trust_verdict *out, struct cc_note *why)
{
	int r;

	if (tr_legacy_is(q->text, q->len))
		return judge_old_ticket(v, q, out, why);
	r = tr_ticket_judge(v, q->text, q->len, q->now, &out->ticket, why);
	if (!r)
		r = tr_ticket_is_for(out->ticket, q->component, q->epoch, why);
	if (!r)
		out->grant = tr_grant_ref(out->ticket->grant);
	return r;
}

/* ---- who uses it, for what ---- */

static int judge_holder(const struct trust_question *q, const struct trust_verdict *v,
			const struct tr_gid *caller, struct cc_note *why)
{
	if (v->grant)
		return tr_grant_held_by(v->grant, caller, why);
	if (!CC_RULE(CC_RULE_CALLER_KEY, tr_gid_same_key(v->gids.items[0], caller)))
		return cc_refuse(why, CC_RULE_CALLER_KEY, "%s has another key than %s",
				 trust_name_of(caller), trust_name_of(v->gids.items[0]));
	return 0;
}

static int judge_caller(struct tr_verifier *v, const struct trust_question *q,
			struct trust_verdict *out, struct cc_note *why)
{
	int64_t until;
	int r;

	if (q->caller)
		return judge_holder(q, out, q->caller->items[0], why);
	if (!q->statement)
		return 0;
	r = tr_speaksfor_verify(v, q->statement, q->statement_len, q->now, q->tool, q->user,
				&out->user, &until, why);
	if (r)
		return r;
	if (until < out->until)
		out->until = until;
	return judge_holder(q, out, out->user, why);
}

int trust_judge(struct tr_verifier *v, const struct trust_question *q, struct trust_verdict *out,
		struct cc_note *why)
{
	int r = q->kind == TRUST_GID	? judge_gid(v, q, out, why)
		: q->kind == TRUST_CRED ? judge_cred(v, q, out, why)
					: judge_ticket(v, q, out, why);

	if (r)
		return r;
	if (out->grant) {
		out->from = out->grant->from;
		out->until = out->grant->until;
	}
	if (out->ticket && out->ticket->redeem_before < out->until)
		out->until = out->ticket->redeem_before;
	r = judge_caller(v, q, out, why);
	if (!r && q->target)
		r = tr_grant_on(out->grant, q->target, why);
	if (!r && q->op)
		r = tr_grant_covers(out->grant, q->op, why);
	return r;
}
