/* SPDX-License-Identifier: ISC */
/*
 * Which operation needs what. Of the rights each is enough: one of the table of gcf, one of that of
 * PlanetLab (spec geni-am 7).
 */
#include <stdlib.h>
#include <string.h>

#include "handlers/aggregate/aggregate.h"
#include "lib/base/util.h"

static const struct agg_op ops[] = {
	{"list_resources", "listnodes,getsliceresources", false, false, agg_list_resources},
	{"describe", "getsliceresources,listnodes", false, false, agg_describe},
	{"status", "getsliceresources,sliverstatus", false, false, agg_status},
	{"allocate", "createsliver", true, false, agg_allocate, agg_manifest_again},
	{"provision", "createsliver", true, false, agg_provision, agg_manifest_again},
	{"renew", "renewsliver", true, false, agg_renew},
	{"perform_operational_action", "createsliver", true, false, agg_action},
	{"delete", "deleteslice,deletesliver", true, false, agg_delete},
	{"shutdown", "shutdown", true, false, agg_shutdown},
	{"release", NULL, true, true, agg_release},
	{"terms_accept", NULL, true, true, agg_terms_accept},
	{"terms_show", NULL, false, true, agg_terms_show},
	{"terms_revoke", NULL, true, true, agg_terms_revoke},
};

#ifdef CC_RULE_SWITCH
bool agg_is_broken(const char *rule)
{
	const char *off = getenv("CCFED_RULE_OFF");

	return off && strcmp(off, rule) == 0;
}
#endif

const struct agg_op *agg_op_find(struct cc_bytes name)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(ops); i++)
		if (strlen(ops[i].name) == name.len &&
		    memcmp(ops[i].name, name.data, name.len) == 0)
			return &ops[i];
	return NULL;
}
