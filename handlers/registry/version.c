/* SPDX-License-Identifier: ISC */
/* What needs no record: get_version, get_trusted_certs, list_aggregates. */
#include <string.h>

#include "handlers/registry/registry.h"
#include "handlers/registry/trust.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"
#include "version.h"

int reg_get_version(struct reg_call *c)
{
	const struct rg_name *top = &c->reg->top;

	c->value = json_pack("{s:s, s:i, s:s, s:s, s:{}, s:s, s:s, s:s}", "interface", "registry",
			     "sfa", 3, "hrn", top->hrn, "urn", top->urn, "peers", "code_tag",
			     CCFED_VERSION, "code_url", "ccfed", "hostname", cc_hostname());
	return c->value ? 0 : cc_raise(CC_ENOMEM);
}

static int add_root(json_t *list, struct tr_gid *root)
{
	const struct tr_gids one = {.items = {root}, .count = 1};
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(TR_GID_TEXT_MAX);
	int r = tr_gids_write(&one, &pem);

	if (!r && json_array_append_new(list, json_stringn((char *)pem.data, pem.len)) != 0)
		r = cc_raise(CC_ENOMEM);
	return r;
}

int reg_get_trusted_certs(struct reg_call *c)
{
	const json_t *given = json_object_get(c->args, "credentials");
	struct tr_roots *roots;
	int r = 0;

	if (given && !json_is_null(given) && !(json_is_array(given) && !json_array_size(given)))
		r = reg_allow(c, "gettrustedcerts", REG_ANYWHERE, NULL);
	if (r)
		return r;
	c->value = json_array();
	if (!c->value)
		return cc_raise(CC_ENOMEM);
	roots = az_trust_roots(reg_judges(c->reg->trust));
	for (size_t i = 0; i < tr_roots_count(roots) && !r; i++)
		r = add_root(c->value, tr_roots_get(roots, i)->gid);
	tr_roots_unref(roots);
	return r;
}

int reg_list_aggregates(struct reg_call *c)
{
	const struct cf_list *list = &c->reg->aggregates;
	int bad;

	c->value = json_array();
	bad = !c->value;
	for (size_t i = 0; i < list->count && !bad; i++) {
		const char *item = list->items[i], *eq = strchr(item, '=');

		bad = json_array_append_new(
			c->value, json_pack("[s%, s]", item, (size_t)(eq - item), eq + 1));
	}
	return bad ? cc_raise(CC_ENOMEM) : 0;
}
