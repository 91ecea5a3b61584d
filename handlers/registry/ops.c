/* SPDX-License-Identifier: ISC */
/* Which operations there are. */
#include <string.h>

#include "handlers/registry/registry.h"
#include "lib/base/util.h"

static const struct reg_op ops[] = {
	{"get_version", true, false, false, reg_get_version},
	{"get_self_credential", true, false, false, reg_get_self_credential},
	{"get_credential", false, false, false, reg_get_credential},
	{"register", false, true, false, reg_register},
	{"update", false, true, false, reg_update},
	{"remove", false, true, false, reg_remove},
	{"resolve", false, false, false, reg_resolve},
	{"list", false, false, false, reg_list},
	{"get_gids", false, false, false, reg_get_gids},
	{"create_gid", false, true, false, reg_create_gid},
	{"get_ticket", false, true, false, reg_get_ticket},
	{"get_trusted_certs", false, false, false, reg_get_trusted_certs},
	{"create_slice", false, true, false, reg_create_slice},
	{"renew_slice", false, true, false, reg_renew_slice},
	{"delete_slice", false, true, false, reg_delete_slice},
	{"create_user_credential", false, false, false, reg_create_user_credential},
	{"list_my_slices", false, false, false, reg_list_my_slices},
	{"list_aggregates", false, false, false, reg_list_aggregates},
	{"node_token", false, true, false, reg_node_token},
	{"join", true, true, true, reg_join},
};

const struct reg_op *reg_op_find(struct cc_bytes name)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(ops); i++)
		if (name.len == strlen(ops[i].name) &&
		    memcmp(name.data, ops[i].name, name.len) == 0)
			return &ops[i];
	return NULL;
}
