/* SPDX-License-Identifier: ISC */
/* Credentials and tickets of an authority: what it may promise, and until when. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/trust/name_int.h"
#include "lib/trust/signer_int.h"

#define DAY 86400

/* ---- time ---- */

/* Whose certificate ends first, of all that such a promise rests on. */
static const struct tr_gid *first_of(const struct tr_signer *s, const struct tr_gids *owner,
				     const struct tr_gids *target)
{
	const struct tr_gid *first = tr_signer_first(&s->chain, NULL);

	return tr_signer_first(target, tr_signer_first(owner, first));
}

int64_t tr_signer_latest(const struct tr_signer *s, const struct tr_gids *owner,
			 const struct tr_gids *target, int64_t now)
{
	int64_t most = now + (int64_t)TR_CRED_DAYS_MAX * DAY;
	int64_t end = first_of(s, owner, target)->not_after;

	return end < most ? end : most;
}

static int check_end(const struct tr_signer *s, const struct tr_gids *owner,
		     const struct tr_gids *target, int64_t expires, int64_t now,
		     struct cc_note *why)
{
	int64_t latest = tr_signer_latest(s, owner, target, now);
	const struct tr_gid *first = first_of(s, owner, target);
	char wanted[32], end[32];

	cc_clock_text(expires, wanted);
	cc_clock_text(latest, end);
	if (!CC_RULE(CC_RULE_CRED_EXPIRED, expires > now))
		return cc_refuse(why, CC_RULE_CRED_EXPIRED, "the end, %s, is past", wanted);
	if (CC_RULE(CC_RULE_CRED_EXPIRED, expires <= latest))
		return 0;
	if (latest == first->not_after)
		return cc_refuse(why, CC_RULE_CRED_EXPIRED,
				 "the end, %s, is too late: %s at most, when the certificate of %s "
				 "ends",
				 wanted, end, first->urn);
	return cc_refuse(why, CC_RULE_CRED_EXPIRED,
			 "the end, %s, is too late: %s at most, in %d days", wanted, end,
			 TR_CRED_DAYS_MAX);
}

/* ---- who, on what ---- */

/* Who may own rights: people, their tools, authorities; and a node on itself, to sign on with. */
static int check_owner(const struct tr_gids *owner, const struct tr_gids *target,
		       struct cc_note *why)
{
	const struct tr_gid *o = owner->items[0];

	if (!CC_RULE(CC_RULE_CERT_NAME, *o->urn && !o->names_twice))
		return cc_refuse(why, CC_RULE_CERT_NAME,
				 "the owner's certificate (CN %.100s) has not one URN", o->cn);
	if (tr_part_is(o->name.type, "user") || tr_part_is(o->name.type, "tool") ||
	    tr_type_is_authority(o->name.type))
		return 0;
	if (tr_part_is(o->name.type, "node") && tr_urn_equal(o->urn, target->items[0]->urn))
		return 0;
	return cc_note_set(why, CC_EINVAL,
			   "%s cannot own rights: the owner must be a user, a tool or an authority",
			   o->urn);
}

static int check_named(const struct tr_gid *target, struct cc_note *why)
{
	if (CC_RULE(CC_RULE_CERT_NAME, *target->urn && !target->names_twice))
		return 0;
	return cc_refuse(why, CC_RULE_CERT_NAME,
			 "the target's certificate (CN %.100s) has not one URN", target->cn);
}

static int check_target(const struct tr_signer *s, const struct tr_gid *target, struct cc_note *why)
{
	const struct tr_gid *self = s->chain.items[0];

	if (!CC_RULE(CC_RULE_CRED_ISSUER, tr_name_may_issue(&self->name, &target->name)))
		return cc_refuse(why, CC_RULE_CRED_ISSUER,
				 "%.150s is not below %.80s: its own authority gives rights on it",
				 target->urn, self->hrn);
	return 0;
}

/* What both kinds of promise rest on: certificates in force, and an owner who may be one. */
static int check_parties(const struct tr_signer *s, const struct tr_gids *owner,
			 const struct tr_gids *target, int64_t now, struct cc_note *why)
{
	int r;

	if (!owner || !owner->count || !target || !target->count)
		return cc_note_set(why, CC_EINVAL, "the GIDs of owner and target are wanted");
	r = tr_signer_check_chain(&s->chain, now, why);
	if (!r)
		r = tr_signer_check_chain(owner, now, why);
	if (!r)
		r = tr_signer_check_chain(target, now, why);
	if (!r)
		r = check_named(target->items[0], why);
	return r ? r : check_owner(owner, target, why);
}

/* ---- credentials ---- */

/* "*" is not given: each right stands by its own name, so that the reader sees what it is. */
static int check_right(const struct tr_privilege *p, const char *type, struct cc_note *why)
{
	tr_ops ops = tr_privilege_ops(TR_TABLE_SFA, p->name);

	if (!CC_RULE(CC_RULE_RIGHTS_TYPE, ops != 0 && strcmp(p->name, "*") != 0))
		return cc_refuse(why, CC_RULE_RIGHTS_TYPE, "%s is no right that can be given",
				 p->name);
	if (!CC_RULE(CC_RULE_RIGHTS_TYPE, (ops & ~tr_rights_most(TR_TABLE_SFA, type)) == 0))
		return cc_refuse(why, CC_RULE_RIGHTS_TYPE,
				 "the right %s is more than anybody may have on what is of type %s",
				 p->name, type);
	return 0;
}

static int check_rights(const struct tr_cred_request *rq, struct cc_note *why)
{
	if (!rq->privileges || rq->n_privileges < 1 || rq->n_privileges > TR_PRIVILEGES_MAX)
		return cc_note_set(why, CC_EINVAL, "1 to %d rights are wanted", TR_PRIVILEGES_MAX);
	for (unsigned i = 0; i < rq->n_privileges; i++) {
		int r = check_right(&rq->privileges[i], rq->target->items[0]->type, why);

		if (r)
			return r;
	}
	return 0;
}

int tr_signer_make_cred(struct tr_signer *s, const struct tr_cred_request *rq, int64_t now,
			struct cc_buf *out, struct cc_note *why)
{
	int r = check_parties(s, rq->owner, rq->target, now, why);

	if (!r)
		r = check_target(s, rq->target->items[0], why);
	if (!r)
		r = check_rights(rq, why);
	if (!r)
		r = check_end(s, rq->owner, rq->target, rq->expires, now, why);
	return r ? r : tr_cred_make(rq, &s->chain, s->key, out, why);
}

/* ---- tickets ---- */

static int check_slice(const struct tr_gids *slice, struct cc_note *why)
{
	if (tr_part_is(slice->items[0]->name.type, "slice"))
		return 0;
	return cc_note_set(why, CC_EINVAL, "%s is no slice: a ticket is for one",
			   slice->items[0]->urn);
}

static int check_component(const struct tr_signer *s, const char *component, struct cc_note *why)
{
	const struct tr_gid *self = s->chain.items[0];
	struct tr_urn u;

	if (!component || tr_urn_parse_text(component, &u, NULL) != 0 ||
	    !(tr_type_is_authority(u.type) || tr_part_is(u.type, "node")))
		return cc_note_set(
			why, CC_EINVAL,
			"component %.150s: the URN of a node or of an authority is wanted",
			component ? component : "");
	if (CC_RULE(CC_RULE_TICKET_ISSUER, tr_name_may_issue(&self->name, &u)))
		return 0;
	return cc_refuse(why, CC_RULE_TICKET_ISSUER,
			 "%.150s is not below %.80s: its own authority promises its resources",
			 component, self->hrn);
}

static int check_redeem(const struct tr_ticket_request *rq, int64_t now, struct cc_note *why)
{
	int64_t latest = now + TR_TICKET_REDEEM_MAX;
	char wanted[32], end[32];

	if (latest > rq->expires)
		latest = rq->expires;
	if (CC_RULE(CC_RULE_TICKET_REDEEM, rq->redeem_before > now && rq->redeem_before <= latest))
		return 0;
	return cc_refuse(why, CC_RULE_TICKET_REDEEM,
			 "it must be redeemed after now and by %s, not by %s",
			 cc_clock_text(latest, end), cc_clock_text(rq->redeem_before, wanted));
}

int tr_signer_make_ticket(struct tr_signer *s, const struct tr_ticket_request *rq, int64_t now,
			  struct cc_buf *out, struct cc_note *why)
{
	int r = check_parties(s, rq->owner, rq->target, now, why);

	if (!r)
		r = check_slice(rq->target, why);
	if (!r)
		r = check_component(s, rq->component, why);
	if (!r)
		r = check_end(s, rq->owner, rq->target, rq->expires, now, why);
	if (!r)
		r = check_redeem(rq, now, why);
	return r ? r : tr_ticket_make(rq, &s->chain, s->key, out, why);
}
