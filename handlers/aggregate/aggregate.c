/* SPDX-License-Identifier: ISC */
/* aggregate: the GENI aggregate manager behind the front doors (docs/handlers/aggregate.md). */
#include "handlers/aggregate/aggregate.h"

#include <stdio.h>
#include <string.h>

#include "handlers/aggregate/nodes.h"
#include "handlers/aggregate/types.h"
#include "handlers/aggregate/worker.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

extern const struct cc_handler aggregate_handler;

static const char *const counters[] = {"operations", "refused", "repeated", NULL};
static const char *const place_words[] = {"pack", "spread", NULL};

#define TERMS_URL_MAX 100 /* with it a refusal still holds all that clients look for */

#define OPT(field, kind, text)                                                                     \
	.type = kind, .offset = offsetof(struct aggregate, field), .help = text

static const struct cf_opt options[] = {
	{.name = "urn",
	 OPT(urn, CF_STR, "URN of the aggregate: urn:publicid:IDN+DNSNAME+authority+am"),
	 .def = ""},
	{.name = "url",
	 OPT(url, CF_STR, "where clients reach it: https://DNSNAME:PORT/am/3.0"),
	 .def = ""},
	{.name = "store",
	 OPT(store, CF_STR, "URL of the registry's store; empty: get_version only"),
	 .def = ""},
	{.name = "store-readers",
	 OPT(store_readers, CF_INT, "connections that read the store"),
	 .def = "4",
	 .min = 1,
	 .max = 64},
	{.name = "roots",
	 OPT(roots, CF_FILE, "folder of trusted roots"),
	 .def = "",
	 .reload = true},
	{.name = "own-root",
	 OPT(own, CF_FILE, "GID of the own top authority, a root too"),
	 .def = "",
	 .reload = true},
	{.name = "crls", OPT(crls, CF_LIST, "files of CRLs"), .def = "", .reload = true},
	{.name = "allocate-minutes",
	 OPT(allocate_minutes, CF_INT, "minutes that an allocation lasts"),
	 .def = "10",
	 .min = 1,
	 .max = 10080},
	{.name = "allocate-most",
	 OPT(allocate_most, CF_INT, "minutes from now that one may be renewed for"),
	 .def = "120",
	 .min = 1,
	 .max = 10080},
	{.name = "lease-days",
	 OPT(lease_days, CF_INT, "days that a provisioned sliver lasts, and may be renewed for"),
	 .def = "7",
	 .min = 1,
	 .max = 3650},
	{.name = "place",
	 OPT(place, CF_CHOICE, "slivers on few nodes (pack), or on many (spread)"),
	 .def = "spread",
	 .choices = place_words},
	{.name = "node-slots",
	 OPT(node_slots, CF_INT, "slots of a node that does not say"),
	 .def = "10",
	 .min = 1,
	 .max = AGG_SLOTS_MAX},
	{.name = "terms-url",
	 OPT(terms_url, CF_STR, "where users accept the terms of use; empty: there are none"),
	 .def = ""},
	{.name = "terms-version",
	 OPT(terms_version, CF_STR, "another one has to be accepted anew"),
	 .def = "1"},
	{.name = "terms-days",
	 OPT(terms_days, CF_INT, "days that an acceptance lasts"),
	 .def = "365",
	 .min = 1,
	 .max = 3650},
	{.name = "dummy-delay",
	 OPT(dummy_delay, CF_MSEC, "seconds that the dummy component takes for a command"),
	 .def = "0",
	 .min = 0,
	 .max = 3600000},
	{.name = "dummy-failure",
	 OPT(dummy_failure, CF_STR, "pattern of client_ids for which it fails; empty: none"),
	 .def = ""},
	{.name = "deadline",
	 OPT(deadline, CF_MSEC, "seconds that an operation waits for the store"),
	 .def = "10",
	 .min = 100,
	 .max = 60000},
	{.name = "audit-reads",
	 OPT(audit_reads, CF_BOOL, "write what only reads to the audit, too"),
	 .def = "yes"},
	{0},
};

static struct az_trust_conf trust_conf(const struct aggregate *agg, struct cc_host *host)
{
	return (struct az_trust_conf){.roots = agg->roots,
				      .own = agg->own,
				      .crls = &agg->crls,
				      .remembered = az_remembered(cc_host_ini(host)),
				      .rules = cf_ini_section(cc_host_ini(host), "roots")};
}

static const struct cf_section *types_section(struct cc_host *host)
{
	return cf_ini_section(cc_host_ini(host), "sliver-types");
}

static int check_store(const struct aggregate *agg, struct cc_host *host, struct cc_note *why)
{
	struct az_trust_conf conf = trust_conf(agg, host);
	struct agg_types *types = NULL;
	int r;

	if (!*agg->roots)
		return cc_note_set(why, CC_EINVAL,
				   "roots: with a store the folder of trusted roots is wanted");
	if (agg->allocate_most < agg->allocate_minutes)
		return cc_note_set(why, CC_EINVAL,
				   "allocate-most: less than allocate-minutes is no bound of it");
	if (strlen(agg->terms_url) > TERMS_URL_MAX)
		return cc_note_set(why, CC_EINVAL, "terms-url: at most %d octets are wanted",
				   TERMS_URL_MAX);
	if (strlen(agg->terms_version) >= 64)
		return cc_note_set(why, CC_EINVAL, "terms-version: less than 64 octets are wanted");
	r = agg_types_new(types_section(host), &types, why);
	agg_types_free(types);
	return r ? r : az_trust_check(&conf, why);
}

static int aggregate_check(const void *state, struct cc_host *host, struct cc_note *why)
{
	const struct aggregate *agg = state;
	int r = agg_check_identity(agg, why);

	return r || !*agg->store ? r : check_store(agg, host, why);
}

static int set_authority(struct aggregate *agg)
{
	struct tr_urn urn;
	int r = tr_urn_parse_text(agg->urn, &urn, NULL);

	if (!r) {
		memcpy(agg->authority, urn.authority.text, urn.authority.len);
		agg->authority[urn.authority.len] = 0;
	}
	return r;
}

static int aggregate_init(void *state, struct cc_host *host, struct cc_note *why)
{
	struct aggregate *agg = state;
	struct az_trust_conf trust = trust_conf(agg, host);
	const struct st_conf store = {.url = agg->store,
				      .readers = (unsigned)agg->store_readers,
				      .migrate = true,
				      .create = true,
				      .deadline_ms = (int)agg->deadline};
	int r = set_authority(agg);

	if (r || !*agg->store)
		return r;
	if ((r = agg_types_new(types_section(host), &agg->types, why)) ||
	    (r = az_trust_new(&trust, &agg->trust, why)) || (r = st_open(&agg->db, &store, why)) ||
	    (r = agg_nodes_new(agg->db, agg->types, (unsigned)agg->node_slots, &agg->nodes)))
		return r;
	return agg_worker_new(agg, &agg->worker);
}

static bool same_option(const struct cf_opt *o, const void *a, const void *b)
{
	const char *x = (const char *)a + o->offset, *y = (const char *)b + o->offset;

	switch (o->type) {
	case CF_STR:
	case CF_FILE:
		return strcmp(*(char *const *)x, *(char *const *)y) == 0;
	case CF_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case CF_CHOICE:
		return *(const int *)x == *(const int *)y;
	default:
		return *(const int64_t *)x == *(const int64_t *)y;
	}
}

/* Roots and CRLs; for what else has changed the server must be started anew, and is told so. */
static void aggregate_reload(void *state, struct cc_host *host, void *fresh)
{
	struct aggregate *agg = state;
	struct az_trust_conf conf = trust_conf(fresh, host);
	struct cc_note why = {0};
	int r = agg->trust ? az_trust_reload(agg->trust, &conf, &why) : 0;

	if (r)
		cc_error("the trusted roots stay as they were: %s",
			 why.text[0] ? why.text : cc_err_text(r));
	for (const struct cf_opt *o = options; o->name; o++)
		if (!o->reload && !same_option(o, state, fresh))
			cc_warn("[%s]: %s takes effect at the next start", host->section, o->name);
}

static void aggregate_fini(void *state)
{
	struct aggregate *agg = state;

	agg_worker_free(agg->worker);
	agg_nodes_free(agg->nodes);
	st_close(agg->db);
	az_trust_free(agg->trust);
	agg_types_free(agg->types);
}

/* Who asks does not matter: whom the policy lets in may know who we are (architecture section 3). */
static int answer_version(const struct aggregate *agg, struct cc_host *host, struct cc_in *in)
{
	json_t *value = agg_version(agg);
	json_t *body = value ? json_pack("{s:o}", "value", value) : NULL;
	int r;

	if (!body)
		return cc_raise(CC_ENOMEM);
	cc_host_count(host, AGG_COUNT_OPERATIONS, 1);
	r = cc_host_reply(host, in, "reply.am.get_version", body, (struct cc_bytes){NULL, 0});
	json_decref(body);
	return r;
}

static int aggregate_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	if (cc_msg_type_is(in->msg, "am.get_version"))
		return answer_version(state, host, in);
	return agg_serve(state, host, in);
}

const struct cc_handler aggregate_handler = {
	.name = "aggregate",
	.help = "the GENI aggregate: am.*",
	.roles = CC_ROLE_REMOTE,
	.run = CC_RUN_POOL,
	.answers = true,
	.state_size = sizeof(struct aggregate),
	.options = options,
	.counters = counters,
	.check = aggregate_check,
	.init = aggregate_init,
	.handle = aggregate_handle,
	.reload = aggregate_reload,
	.fini = aggregate_fini,
};
