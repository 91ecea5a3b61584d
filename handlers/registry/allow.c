/* SPDX-License-Identifier: ISC */
/* Whether a credential allows an operation on an object: each is decided anew each time. */
#include <string.h>

#include "handlers/registry/registry.h"
#include "lib/base/util.h"

bool reg_grant_is_on(const struct tr_grant *g, const struct rg_name *object)
{
	struct rg_name target;

	return rg_name_read(g->target_urn, NULL, &target, NULL) == 0 &&
	       target.type == object->type && strcmp(target.name, object->name) == 0;
}

bool reg_grant_is_lent(const struct tr_grant *g, const struct rg_name *object)
{
	return (object->type == RG_USER || object->type == RG_NODE) && reg_grant_is_on(g, object) &&
	       !tr_urn_equal(g->owner->urn, g->target_urn);
}

static bool is_above(const struct tr_grant *g, const struct rg_name *object)
{
	struct rg_name target;

	return rg_name_read(g->target_urn, NULL, &target, NULL) == 0 &&
	       target.type == RG_AUTHORITY && rg_name_above(target.name, object);
}

static bool reaches(const struct tr_grant *g, enum reg_reach reach, const struct rg_name *object)
{
	switch (reach) {
	case REG_ANYWHERE:
		return true;
	case REG_SELF:
		return reg_grant_is_on(g, object);
	case REG_SELF_OR_ABOVE:
		return reg_grant_is_on(g, object) || is_above(g, object);
	case REG_ABOVE:
		return is_above(g, object);
	}
	return false;
}

/* A document that is none, or one that a rule refuses. */
static int refuse_document(struct reg_call *c, int rule, const struct cc_note *why)
{
	if (rule <= CC_RULE_XML_ELEMENT || rule == CC_RULE_CERT_FORM)
		return reg_refuse(c, REG_UNREADABLE, "Unable to verify credential: %.180s",
				  why->text);
	return reg_refuse_rule(c, REG_REFUSED, rule, why);
}

static int check_signer(struct reg_call *c, const struct tr_gid *gid, enum cc_rule rule)
{
	struct cc_note why = {0};
	int r = reg_check_current(c, gid);

	if (r != REG_KEY && r != REG_FORBIDDEN)
		return r;
	cc_note_set(&why, CC_EDENIED, "%.200s, who signed it, has another key now, or no record",
		    gid->urn);
	return reg_refuse_rule(c, REG_REFUSED, rule, &why);
}

/*
 * What somebody signed ends with him: an authority that was removed and registered again has another
 * key, and so has a user who lost his; the GID of the first key is no worse than before.
 */
static int check_signers(struct reg_call *c, const struct tr_grant *g)
{
	int r = check_signer(c, g->issuer, CC_RULE_CRED_ISSUER);

	for (unsigned i = 0; i < g->n_lenders && !r; i++)
		r = check_signer(c, g->lenders[i], CC_RULE_DELEGATE_SIGNER);
	return r;
}

static int try_one(struct reg_call *c, const json_t *text, const char *ops, enum reg_reach reach,
		   const struct rg_name *object)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r;

	if (!json_is_string(text))
		return reg_refuse(c, REG_ARGUMENT, "Invalid credentials value: expected string");
	r = tr_cred_verify(c->verifier, json_string_value(text), json_string_length(text), c->now,
			   &g, &why);
	if (r)
		return r > 0 ? refuse_document(c, r, &why) : r;
	r = tr_grant_held_by(g, tr_gids_leaf(&c->caller), &why);
	if (r)
		return reg_refuse_rule(c, REG_KEY, r, &why);
	r = tr_grant_covers(g, ops, &why);
	if (r)
		return reg_refuse_rule(c, REG_RIGHTS, r, &why);
	if (!reaches(g, reach, object))
		return reg_refuse(c, REG_PERMISSION, "Permission error: %s", object->hrn);
	r = check_signers(c, g);
	if (r)
		return r;
	c->grant = cc_steal(&g);
	return 0;
}

/* Of several that fail the one that came furthest is told. */
static int worse(int a, int b)
{
	static const int order[] = {REG_ARGUMENT, REG_UNREADABLE, REG_REFUSED,
				    REG_KEY,	  REG_RIGHTS,	  REG_PERMISSION};

	for (size_t i = CC_ARRAY_SIZE(order); i-- > 0;)
		if (a == order[i] || b == order[i])
			return order[i];
	return a;
}

static int try_all(struct reg_call *c, const json_t *list, const char *ops, enum reg_reach reach,
		   const struct rg_name *object)
{
	struct cc_note best = {0};
	int fault = 0, rule = 0;
	const json_t *text;
	size_t i;

	json_array_foreach(list, i, text)
	{
		int r = try_one(c, text, ops, reach, object);

		/* a store that did not answer leaves undecided what others would be told as a denial */
		if (r <= 0 || reg_fault_is_store(r)) {
			c->rule = 0;
			return r;
		}
		if (!fault || (r != fault && worse(fault, r) == r)) {
			fault = r;
			rule = c->rule;
			best = c->why;
		}
		c->rule = 0;
	}
	c->rule = rule;
	c->why = best;
	return fault;
}

int reg_allow(struct reg_call *c, const char *ops, enum reg_reach reach,
	      const struct rg_name *object)
{
	json_t *given = json_object_get(c->args, "credentials"), *list;
	int r;

	if (!given)
		given = json_object_get(c->args, "credential");
	if (given && !json_is_null(given) && !json_is_string(given) && !json_is_array(given))
		return reg_refuse(c, REG_ARGUMENT,
				  "Invalid credentials value: expected string or array");
	if (json_array_size(given) > REG_CREDENTIALS_MAX)
		return reg_refuse(c, REG_ARGUMENT, "Invalid credentials value: more than %d",
				  REG_CREDENTIALS_MAX);
	list = json_is_string(given) ? json_pack("[O]", given) : json_incref(given);
	if (json_is_string(given) && !list)
		return cc_raise(CC_ENOMEM);
	if (json_array_size(list) == 0) {
		json_decref(list);
		return reg_refuse(c, REG_FORBIDDEN, "FORBIDDEN: no credential provided");
	}
	r = try_all(c, list, ops, reach, object);
	json_decref(list);
	return r;
}
