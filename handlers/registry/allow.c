/* SPDX-License-Identifier: ISC */
/* Whether a credential allows an operation on an object: each is decided anew each time. */
#include <string.h>

#include "handlers/registry/registry.h"

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

struct allowing {
	struct reg_call *call;
	enum reg_reach reach;
	const struct rg_name *object;
	int fault; /* of a store that did not answer */
};

static int on_object(void *arg, const struct tr_grant *g, struct cc_note *why)
{
	const struct allowing *a = arg;

	if (reaches(g, a->reach, a->object))
		return 0;
	cc_note_set(why, CC_EDENIED, "Permission error: %s", a->object->hrn);
	return CC_RULE_CALLER_TARGET;
}

static int is_current(void *arg, const struct tr_gid *signer)
{
	struct allowing *a = arg;
	int r = reg_check_current(a->call, signer);

	if (r <= 0)
		return r;
	a->fault = r;
	return reg_fault_is_store(r) ? AZ_UNDECIDED : AZ_GONE;
}

/* A document that is none, one that a rule refuses, or one that does not help here. */
static int refuse(struct reg_call *c, enum az_outcome outcome, const struct az_report *report)
{
	switch (outcome) {
	case AZ_NONE_GIVEN:
		return reg_refuse(c, REG_FORBIDDEN, "FORBIDDEN: no credential provided");
	case AZ_SHAPE:
		return reg_refuse_rule(c, REG_ARGUMENT, 0, &report->why);
	case AZ_UNREADABLE:
		return reg_refuse(c, REG_UNREADABLE, "Unable to verify credential: %.180s",
				  report->why.text);
	case AZ_HOLDER:
		return reg_refuse_rule(c, REG_KEY, report->rule, &report->why);
	case AZ_RIGHTS:
		return reg_refuse_rule(c, REG_RIGHTS, report->rule, &report->why);
	case AZ_TARGET: /* of records, not of a rule */
		return reg_refuse_rule(c, REG_PERMISSION, 0, &report->why);
	default:
		return reg_refuse_rule(c, REG_REFUSED, report->rule, &report->why);
	}
}

int reg_allow(struct reg_call *c, const char *ops, enum reg_reach reach,
	      const struct rg_name *object)
{
	const json_t *given = json_object_get(c->args, "credentials");
	struct allowing allowing = {.call = c, .reach = reach, .object = object};
	struct az_asked asked = {.verifier = c->verifier,
				 .holder = az_caller_acting(&c->caller),
				 .now = c->now,
				 .credentials =
					 given ? given : json_object_get(c->args, "credential"),
				 .ops = ops,
				 .on = on_object,
				 .current = is_current,
				 .arg = &allowing};
	struct az_report report;
	int r = az_allow(&asked, &c->grant, &report);

	if (r == AZ_UNDECIDED)
		return allowing.fault; /* whose note is there already */
	return r > 0 ? refuse(c, (enum az_outcome)r, &report) : r;
}
