/* SPDX-License-Identifier: ISC */
/* Who calls: the signer of class gid, or whom a front door speaks for (architecture section 3). */
#include <string.h>

#include "handlers/registry/registry.h"

int reg_caller_read(struct reg_call *c, bool judge)
{
	struct az_report report;
	int r = az_caller_read(c->verifier, c->in->gate, &c->caller, &report);

	if (!r && judge)
		r = az_caller_judge(c->verifier, &c->caller, c->now, &report);
	return r > 0 ? reg_refuse_rule(c, REG_FORBIDDEN, report.rule, &report.why) : r;
}

const char *reg_caller_label(const struct reg_call *c)
{
	return az_caller_label(&c->caller, c->in->gate);
}

int reg_caller_user(struct reg_call *c, struct rg_record *out)
{
	struct rg_name name;
	int r;

	memset(out, 0, sizeof(*out));
	if (rg_name_read(az_caller_real(&c->caller)->urn, NULL, &name, NULL) != 0 ||
	    name.type != RG_USER)
		return reg_refuse(c, REG_PERMISSION, "Permission error: %s is no user",
				  reg_caller_label(c));
	r = reg_find(c, &name, RG_SHALLOW, out);
	if (r == REG_NO_RECORD)
		return reg_refuse(c, REG_PERMISSION, "Permission error: %s has no record here",
				  name.hrn);
	if (r)
		return r;
	/* a GID of this name that was given out before its key was changed is nobody's any more */
	if (!out->has_key ||
	    memcmp(out->key_hash, az_caller_real(&c->caller)->key_hash, RG_KEY_HASH) != 0)
		return reg_refuse(c, REG_KEY, "Connection Key GID mismatch: %s", name.hrn);
	return 0;
}
