/* SPDX-License-Identifier: ISC */
/* registry: SFA registry and GENI clearinghouse (docs/handlers/registry.md). */
#include "handlers/registry/registry.h"

#include <string.h>

#include "handlers/registry/boot.h"
#include "handlers/registry/call.h"
#include "handlers/registry/stores.h"
#include "handlers/registry/trust.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

extern const struct cc_handler registry_handler;

static const char *const counters[] = {"operations", "refused", "repeated", "inventory", NULL};
static const char *const create_slice_words[] = {"pi", "user", NULL};

#define OPT(field, kind, text)                                                                     \
	.type = kind, .offset = offsetof(struct registry, field), .help = text

static const struct cf_opt options[] = {
	{.name = "store", OPT(store, CF_STR, "URL of the store: sqlite:PATH or postgresql://...")},
	{.name = "store-readers",
	 OPT(store_readers, CF_INT, "connections that read the store"),
	 .def = "4",
	 .min = 1,
	 .max = 64},
	{.name = "authorities", OPT(authorities, CF_FILE, "folder of the authorities")},
	{.name = "hrn", OPT(hrn, CF_STR, "HRN of the top authority of this registry")},
	{.name = "roots", OPT(roots, CF_FILE, "folder of trusted roots"), .reload = true},
	{.name = "crls", OPT(crls, CF_LIST, "files of CRLs"), .def = "", .reload = true},
	{.name = "gid-days",
	 OPT(gid_days, CF_INT, "days that a GID lives"),
	 .def = "1825",
	 .min = 1,
	 .max = TR_GID_DAYS_MAX},
	{.name = "credential-days",
	 OPT(credential_days, CF_INT, "days that a credential lives"),
	 .def = "31",
	 .min = 1,
	 .max = TR_CRED_DAYS_MAX},
	{.name = "slice-days",
	 OPT(slice_days, CF_INT, "days that a slice lives, and may be renewed for"),
	 .def = "31",
	 .min = 1,
	 .max = 3650},
	{.name = "create-slice",
	 OPT(create_slice, CF_CHOICE, "who may create_slice: pi of the authority, any user of it"),
	 .def = "pi",
	 .choices = create_slice_words},
	{.name = "aggregates",
	 OPT(aggregates, CF_LIST, "URN=URL of each, for list_aggregates"),
	 .def = ""},
	{.name = "node-ca",
	 OPT(node_ca, CF_STR, "CA of the key store that signs for nodes; empty: none can join"),
	 .def = ""},
	{.name = "deadline",
	 OPT(deadline, CF_MSEC, "seconds that an operation waits for the store"),
	 .def = "5",
	 .min = 100,
	 .max = 60000},
	{.name = "audit-reads",
	 OPT(audit_reads, CF_BOOL, "write what only reads to the audit, too"),
	 .def = "yes"},
	{0},
};

static struct az_trust_conf trust_conf(const struct registry *reg, struct cc_host *host)
{
	return (struct az_trust_conf){.authorities = reg->authorities,
				      .hrn = reg->hrn,
				      .roots = reg->roots,
				      .crls = &reg->crls,
				      .remembered = az_remembered(cc_host_ini(host)),
				      .rules = cf_ini_section(cc_host_ini(host), "roots")};
}

static int check_aggregates(const struct registry *reg, struct cc_note *why)
{
	struct tr_urn urn;

	for (size_t i = 0; i < reg->aggregates.count; i++) {
		const char *item = reg->aggregates.items[i], *eq = strchr(item, '=');

		if (!eq || !eq[1] || tr_urn_parse(item, (size_t)(eq - item), &urn, NULL) != 0)
			return cc_note_set(why, CC_EINVAL, "aggregates: \"%.150s\" is no URN=URL",
					   item);
	}
	return 0;
}

static int registry_check(const void *state, struct cc_host *host, struct cc_note *why)
{
	const struct registry *reg = state;
	struct az_trust_conf conf = trust_conf(reg, host);
	struct rg_name top;

	if (rg_name_read(reg->hrn, "authority", &top, why) != 0)
		return -CC_EINVAL;
	if (check_aggregates(reg, why) != 0)
		return -CC_EINVAL;
	return az_trust_check(&conf, why);
}

static int open_stores(struct registry *reg, struct cc_note *why)
{
	const struct st_conf conf = {.url = reg->store,
				     .readers = (unsigned)reg->store_readers,
				     .migrate = true,
				     .create = true,
				     .deadline_ms = (int)reg->deadline};
	cc_cleanup(st_closep) struct st_store *own = NULL;
	int r = st_open(&own, &conf, why);

	return r ? r : reg_stores_new(&own, reg->authorities, &conf, &reg->stores);
}

static int registry_init(void *state, struct cc_host *host, struct cc_note *why)
{
	struct registry *reg = state;
	struct az_trust_conf conf = trust_conf(reg, host);
	int r = rg_name_read(reg->hrn, "authority", &reg->top, why) ? -CC_EINVAL : 0;

	if (!r)
		r = reg_trust_new(&conf, &reg->trust, why);
	if (!r)
		r = open_stores(reg, why);
	return r ? r : reg_boot(reg, why);
}

static void registry_fini(void *state)
{
	struct registry *reg = state;

	reg_stores_free(reg->stores);
	reg_trust_free(reg->trust);
}

/* Options that need another store or folder come with a new instance only where those changed. */
static void registry_reload(void *state, struct cc_host *host, void *fresh)
{
	struct registry *reg = state, *next = fresh;
	struct az_trust_conf conf = trust_conf(next, host);
	struct cc_note why = {0};
	int r = reg_trust_reload(reg->trust, &conf, &why);

	if (r)
		cc_error("the trusted roots stay as they were: %s",
			 why.text[0] ? why.text : cc_err_text(r));
	reg_stores_forget(reg->stores);
}

static int registry_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	struct registry *reg = state;

	if (cc_type_under(cc_msg_type(in->msg), "pub.inventory"))
		return reg_inventory(reg, host, in);
	return reg_serve(reg, host, in);
}

const struct cc_handler registry_handler = {
	.name = "registry",
	.help = "SFA registry and GENI clearinghouse: reg.*",
	.roles = CC_ROLE_REMOTE,
	.run = CC_RUN_POOL,
	.answers = true,
	.state_size = sizeof(struct registry),
	.options = options,
	.counters = counters,
	.check = registry_check,
	.init = registry_init,
	.handle = registry_handle,
	.reload = registry_reload,
	.fini = registry_fini,
};
