/* SPDX-License-Identifier: ISC */
/* Who calls, and whether he may (architecture section 5, spec geni-am 7). */
#include <stdio.h>
#include <string.h>

#include "handlers/aggregate/aggregate.h"
#include "lib/base/util.h"

/* A report in the aggregate's words. */
static int refuse(struct agg_call *c, int outcome, const struct az_report *report)
{
	c->rule = report->rule;
	return agg_refuse(c, (enum agg_code)az_geni_code((enum az_outcome)outcome), "%s",
			  report->why.text[0] ? report->why.text
			  : report->rule      ? cc_rule_advice(report->rule)
					      : "refused");
}

int agg_caller_read(struct agg_call *c)
{
	struct az_report report = {0};
	const json_t *speaking = agg_option(c, "geni_speaking_for");
	int r = az_caller_read(c->verifier, c->in->gate, &c->caller, &report);

	if (!r)
		r = az_caller_judge(c->verifier, &c->caller, c->now, &report);
	if (!r && speaking && !json_is_string(speaking))
		return agg_refuse(c, AGG_BADARGS, "geni_speaking_for: a URN is wanted");
	if (!r)
		r = az_caller_speaks(c->verifier, &c->caller,
				     json_object_get(c->args, "credentials"),
				     json_string_value(speaking), c->now, &report);
	return r > 0 ? refuse(c, r, &report) : r;
}

static int is_on_slice(void *arg, const struct tr_grant *g, struct cc_note *why)
{
	const struct agg_call *c = arg;

	return c->slice_urn[0] && !agg_is_broken("am-target") ? tr_grant_on(g, c->slice_urn, why)
							      : 0;
}

int agg_allow(struct agg_call *c)
{
	struct az_report report = {0};
	const struct az_asked asked = {.verifier = c->verifier,
				       .holder = az_caller_acting(&c->caller),
				       .now = c->now,
				       .credentials = json_object_get(c->args, "credentials"),
				       .ops = c->op->ops,
				       .on = is_on_slice,
				       .arg = c};
	int r = az_allow(&asked, &c->grant, &report);

	return r > 0 ? refuse(c, r, &report) : r;
}

const char *agg_caller_label(const struct agg_call *c)
{
	return az_caller_label(&c->caller, c->in->gate);
}

const char *agg_caller_user(const struct agg_call *c)
{
	const struct tr_gid *acting = az_caller_acting(&c->caller);

	return acting && acting->urn[0] ? acting->urn : agg_caller_label(c);
}
