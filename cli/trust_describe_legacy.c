/* SPDX-License-Identifier: ISC */
/* What certificate credentials and tickets of 2008 and 2011 say, each certificate a level. */
#include "cli/trust_describe.h"

#include "lib/base/util.h"
#include "lib/trust/legacy_int.h"

/* Its dictionary but for what has a place of its own. */
static void add_data(struct cli_facts *f, const json_t *data, const char *key)
{
	json_t *value = json_object_get(data, key);

	if (value && !json_is_null(value))
		cli_fact(f, key, json_incref(value));
}

static void add_legacy(struct cli_facts *f, const struct tr_legacy *l, const struct tr_gid *cert)
{
	bool ticket = l->kind == TR_LEGACY_TICKET;

	cli_fact_text(f, "word", ticket ? "TICKET" : "CREDENTIAL");
	cli_fact_text(f, "subject", cert->cn);
	if (!ticket)
		trust_fact_privileges(f, l->privileges, l->n_privileges);
	trust_describe_gids(f, "owner", &l->caller);
	trust_describe_gids(f, "target", &l->object);
	cli_fact(f, "delegate", json_boolean(l->delegate));
	if (ticket) {
		add_data(f, l->data, "attributes");
		add_data(f, l->data, "rspec");
	}
	if (l->life_time)
		cli_fact_time(f, "expires", l->life_time);
	cli_fact_time(f, "not_before", cert->not_before);
	cli_fact_time(f, "not_after", cert->not_after);
}

/* A parent without data is a plain certificate: tickets of 2011 have the GIDs of their issuers. */
static int describe_one(const struct tr_gid *cert, bool leaf, json_t *levels, struct cc_note *why)
{
	cc_cleanup(tr_legacy_freep) struct tr_legacy *l = NULL;
	struct cli_facts f;
	int r = tr_legacy_read_one(NULL, cert, &l, why);

	if (r && (leaf || r < 0))
		return r;
	if (leaf && l->kind == TR_LEGACY_GID)
		return cc_refuse(why, CC_RULE_CRED_TYPE, "this is a GID: ccfed gid show shows it");
	r = cli_facts_init(&f);
	if (r)
		return r;
	if (l && l->kind != TR_LEGACY_GID) {
		add_legacy(&f, l, cert);
	} else {
		cli_fact_text(&f, "word", "GID");
		trust_describe_gid(&f, cert, true);
	}
	return json_array_append_new(levels, cli_facts_take(&f)) < 0 ? cc_raise(CC_ENOMEM) : 0;
}

int trust_describe_legacy(const char *text, size_t len, json_t *levels, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	int r = tr_gids_read(NULL, text, len, &gids, why);

	for (size_t i = 0; i < gids.count && !r; i++)
		r = describe_one(gids.items[i], i == 0, levels, why);
	return r;
}
