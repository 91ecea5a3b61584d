/* SPDX-License-Identifier: ISC */
#include "handlers/registry/audit.h"

#include "lib/authz/audit.h"

static const char *outcome_word(int outcome)
{
	if (outcome == 0)
		return "ok";
	return outcome > 0 ? reg_fault_name((enum reg_fault)outcome) : cc_err_text(outcome);
}

int reg_audit_line(struct reg_call *c, int outcome, bool whole, struct cc_buf *out)
{
	const struct rg_name *object = &c->object;
	const struct az_audit a = {.what = c->op->name,
				   .object = object->urn[0] ? object->urn : object->hrn,
				   .outcome = outcome_word(outcome),
				   .why = outcome ? c->why.text : NULL,
				   .caller = &c->caller,
				   .who = reg_caller_label(c),
				   .gate = c->in->gate,
				   .msg = c->in->msg,
				   .grant = c->grant,
				   .now = c->now,
				   .whole = whole && !c->op->secret};

	return az_audit_line(&a, out);
}
