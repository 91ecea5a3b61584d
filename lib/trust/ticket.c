/* SPDX-License-Identifier: ISC */
#include "lib/trust/ticket.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/trust/ticket_int.h"

static void user_deinit(struct tr_ticket_user *u)
{
	for (unsigned i = 0; i < u->n_keys; i++)
		free(u->keys[i]);
	free(u->keys);
	free(u->urn);
}

void tr_ticket_free(struct tr_ticket *t)
{
	if (!t)
		return;
	tr_grant_unref(t->grant);
	free(t->rspec);
	for (unsigned i = 0; i < t->n_attributes; i++) {
		free(t->attributes[i].name);
		free(t->attributes[i].value);
	}
	free(t->attributes);
	for (unsigned i = 0; i < t->n_users; i++)
		user_deinit(&t->users[i]);
	free(t->users);
	free(t);
}

void tr_ticket_freep(struct tr_ticket **t)
{
	tr_ticket_free(*t);
	*t = NULL;
}

/* What a document of credential.xsd may be and a ticket of ours is not. */
static int check_level(const struct tr_cred *c, struct cc_note *why)
{
	const struct tr_level *l = &c->levels[0];

	if (!CC_RULE(CC_RULE_CRED_TYPE, l->type == TR_CRED_TICKET))
		return cc_refuse(why, CC_RULE_CRED_TYPE, "%s is no ticket", l->id);
	if (!CC_RULE(CC_RULE_CRED_DEPTH, c->count == 1))
		return cc_refuse(why, CC_RULE_CRED_DEPTH,
				 "%s has a parent: tickets are not delegated", l->id);
	if (!tr_ticket_is_serial(l->serial))
		return cc_refuse(why, CC_RULE_XML_ELEMENT,
				 "%s: its serial is not 1 to %d letters, digits and \"-\"", l->id,
				 TR_TICKET_WORD_MAX);
	return 0;
}

static int check_target(const struct tr_ticket *t, struct cc_note *why)
{
	const struct tr_grant *g = t->grant;

	if (CC_RULE(CC_RULE_RIGHTS_TYPE, strcmp(g->target_type, "slice") == 0))
		return 0;
	return cc_refuse(why, CC_RULE_RIGHTS_TYPE, "ticket %s is for %.128s, which is no slice",
			 t->serial, g->target_urn);
}

/*
 * The resources are the component's: an authority over it promises them, whoever names the slice. A
 * peer's authority over its own slices promises nothing of ours.
 */
static int check_issuer(const struct tr_ticket *t, struct cc_note *why)
{
	const struct tr_grant *g = t->grant;
	struct tr_urn component;
	bool over;

	if (tr_urn_parse_text(t->component, &component, NULL) != 0)
		return cc_refuse(why, CC_RULE_XML_ELEMENT, "ticket %s names no component",
				 t->serial);
	over = tr_name_may_issue(&g->issuer->name, &component);
	/* a root speaks for its namespace, whatever it is called */
	if (g->root && memcmp(g->issuer->hash, g->root->gid->hash, TR_HASH) == 0)
		over = tr_authority_over((struct tr_part){g->root->space, strlen(g->root->space)},
					 component.authority);
	if (CC_RULE(CC_RULE_TICKET_ISSUER, over))
		return 0;
	return cc_refuse(why, CC_RULE_TICKET_ISSUER,
			 "ticket %.16s is signed by %.80s, who is no authority over %.80s",
			 t->serial, tr_gid_label(g->issuer), t->component);
}

int tr_ticket_is_for(const struct tr_ticket *t, const char *component, const char *epoch,
		     struct cc_note *why)
{
	if (component && !CC_RULE(CC_RULE_TICKET_COMPONENT, tr_urn_equal(component, t->component)))
		return cc_refuse(why, CC_RULE_TICKET_COMPONENT, "ticket %s is for %.128s",
				 t->serial, t->component);
	if (epoch && !CC_RULE(CC_RULE_TICKET_EPOCH, strcmp(epoch, t->epoch) == 0))
		return cc_refuse(why, CC_RULE_TICKET_EPOCH,
				 "ticket %s is of epoch %s, the component in %.64s", t->serial,
				 t->epoch, epoch);
	return 0;
}

static int check_redeem(const struct tr_ticket *t, int64_t now, struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_TICKET_REDEEM, now < t->redeem_before))
		return cc_refuse(why, CC_RULE_TICKET_REDEEM,
				 "ticket %s had to be redeemed %lld seconds ago", t->serial,
				 (long long)(now - t->redeem_before));
	return 0;
}

/* The signature first: what stands in the ticket is not looked at before. */
static int judge(struct tr_verifier *v, const struct tr_cred *c, int64_t now, struct tr_ticket *t,
		 struct cc_note *why)
{
	int r = check_level(c, why);

	if (r == 0)
		r = tr_cred_judge(v, c, TR_CRED_TICKET, now, &t->grant, why);
	if (r == 0)
		r = tr_ticket_read(c->levels[0].content, t, why);
	if (r != 0)
		return cc_trace(r);
	strcpy(t->serial, c->levels[0].serial);
	r = check_target(t, why);
	if (r == 0)
		r = check_issuer(t, why);
	return r ? r : check_redeem(t, now, why);
}

int tr_ticket_judge(struct tr_verifier *v, const char *text, size_t len, int64_t now,
		    struct tr_ticket **out, struct cc_note *why)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;
	cc_cleanup(tr_ticket_freep) struct tr_ticket *t = calloc(1, sizeof(*t));
	int r = t ? tr_cred_read(tr_verifier_certs(v), text, len, &c, why) : cc_raise(CC_ENOMEM);

	if (r == 0)
		r = judge(v, c, now, t, why);
	if (r != 0)
		return cc_trace(r);
	*out = cc_steal(&t);
	return 0;
}

int tr_ticket_verify(struct tr_verifier *v, const char *text, size_t len, int64_t now,
		     const char *component, const char *epoch, struct tr_ticket **out,
		     struct cc_note *why)
{
	cc_cleanup(tr_ticket_freep) struct tr_ticket *t = NULL;
	int r;

	if (!component || !epoch)
		return cc_refuse(why, CC_RULE_TICKET_COMPONENT,
				 "this component does not know its own name and epoch");
	r = tr_ticket_judge(v, text, len, now, &t, why);
	if (r == 0)
		r = tr_ticket_is_for(t, component, epoch, why);
	if (r != 0)
		return cc_trace(r);
	*out = cc_steal(&t);
	return 0;
}
