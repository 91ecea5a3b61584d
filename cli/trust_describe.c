/* SPDX-License-Identifier: ISC */
#include "cli/trust_describe.h"

#include "lib/trust/legacy.h"

int trust_describe(enum trust_kind kind, const char *text, size_t len, struct cli_facts *out,
		   struct cc_note *why)
{
	json_t *levels = json_array();
	int r = cli_facts_init(out);

	if (!r && kind == TRUST_GID)
		r = trust_describe_certs(text, len, levels, why);
	else if (!r && tr_legacy_is(text, len))
		r = trust_describe_legacy(text, len, levels, why);
	else if (!r)
		r = trust_describe_xml(text, len, levels, why);
	if (r) {
		json_decref(levels);
		return r;
	}
	cli_fact_text(out, "kind", trust_kind_name(kind));
	cli_fact(out, "verified", json_false());
	cli_fact(out, "levels", levels);
	return out->failed ? cc_raise(CC_ENOMEM) : 0;
}
