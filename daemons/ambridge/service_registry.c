/* SPDX-License-Identifier: ISC */
/*
 * /registry with the names of 2011 and 2019 (spec sfa 4.2, 4.3), and what else the originals have.
 * Their credentials stand where they stood: some calls have them first, some last.
 */
#include <string.h>

#include "daemons/ambridge/service_int.h"
#include "lib/base/util.h"

/* ---- records ---- */

/* Dates of a record are of XML-RPC's own type, as they were. */
static int put_dates(json_t *record)
{
	static const char *const keys[] = {"date_created", "last_updated"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys); i++) {
		const json_t *text = json_object_get(record, keys[i]);

		if (text && json_object_set_new(record, keys[i], ab_json_date(text)) != 0)
			return cc_raise(CC_ENOMEM);
	}
	return 0;
}

static int records(const json_t *answer, json_t **out, struct cc_note *why)
{
	json_t *list = NULL, *record;
	size_t i;
	int r = xr_wrap(json_object_get(answer, "value"), XR_FOREIGN, AB_DEPTH_MAX, &list);

	if (!r && !json_is_array(list))
		r = -CC_EFORMAT;
	json_array_foreach(list, i, record)
	{
		if (!r)
			r = json_is_object(record) ? put_dates(record) : -CC_EFORMAT;
	}
	if (r)
		json_decref(list);
	else
		*out = list;
	return r;
}

/* A list that is not all there would pass for all of it. */
static int whole_list(const json_t *answer, json_t **out, struct cc_note *why)
{
	if (json_object_get(answer, "next")) {
		cc_note_set(why, CC_ELIMIT,
			    "more records than one answer holds: ask for parts, with options "
			    "{limit, after}");
		return 1;
	}
	return records(answer, out, why);
}

static bool wants_part(const json_t *body)
{
	const json_t *options = json_object_get(body, "options");

	return json_object_get(options, "limit") || json_object_get(options, "after");
}

/* Options that nobody knows are no matter of the registry's (spec geni-am 3). */
static int keep_options(json_t *body, const char *const *known)
{
	json_t *options = json_object_get(body, "options"), *kept, *value;

	if (!options)
		return 0;
	kept = json_object();
	for (size_t i = 0; kept && known[i]; i++) {
		value = json_object_get(options, known[i]);
		if (value && json_object_set(kept, known[i], value) != 0) {
			json_decref(kept);
			kept = NULL;
		}
	}
	return kept && json_object_set_new(body, "options", kept) == 0 ? 0 : cc_raise(CC_ENOMEM);
}

static int resolve_options(json_t *body, struct cc_note *why)
{
	static const char *const known[] = {"details", NULL};
	json_t *type = json_object_get(json_object_get(body, "options"), "type");

	/* ours: there is no argument for it */
	if (json_is_string(type) && json_object_set(body, "type", type) != 0)
		return cc_raise(CC_ENOMEM);
	return keep_options(body, known);
}

static int list_options(json_t *body, struct cc_note *why)
{
	static const char *const known[] = {"recursive", "after", "limit", NULL};

	return keep_options(body, known);
}

/* ---- the table ---- */

#define CREDS                                                                                      \
	{                                                                                          \
		"creds", "credentials", AB_CREDS                                                   \
	}
#define XRN                                                                                        \
	{                                                                                          \
		"xrn", "hrn", AB_TEXT                                                              \
	}
#define XRNS                                                                                       \
	{                                                                                          \
		"xrns", "hrns", AB_NAMES                                                           \
	}
#define TYPE                                                                                       \
	{                                                                                          \
		"type", "type", AB_TEXT, .optional = true, .nil = true                             \
	}
#define OPTIONS                                                                                    \
	{                                                                                          \
		"options", "options", AB_STRUCT, .optional = true, .nil = true                     \
	}

static const struct ab_method list_part = {
	"List", "reg.list", AB_SFA, .safe = true, .args = {XRN, CREDS, OPTIONS}, .value = records};

static const struct ab_method methods[] = {
	{"GetVersion", "reg.get_version", AB_SFA, .first_contact = true, .safe = true,
	 .args = {{"options", NULL, AB_STRUCT, .optional = true, .nil = true}}},
	{"Resolve", "reg.resolve", AB_SFA, .safe = true, .args = {XRNS, CREDS, OPTIONS},
	 .make = resolve_options, .value = records},
	{"List", "reg.list", AB_SFA, .safe = true, .args = {XRN, CREDS, OPTIONS},
	 .make = list_options, .value = whole_list, .is_other = wants_part, .other = &list_part},
	{"Register", "reg.register", AB_SFA, .args = {{"record", "record", AB_STRUCT}, CREDS}},
	{"Update", "reg.update", AB_SFA, .args = {{"record", "record", AB_STRUCT}, CREDS}},
	{"Remove", "reg.remove", AB_SFA, .args = {XRN, CREDS, TYPE}},
	{"GetCredential", "reg.get_credential", AB_SFA, .safe = true, .args = {CREDS, XRN, TYPE}},
	{"GetSelfCredential", "reg.get_self_credential", AB_SFA, .first_contact = true,
	 .safe = true, .args = {{"cert", NULL, AB_TEXT, .nil = true}, XRN, TYPE}},
	{"GetGids", "reg.get_gids", AB_SFA, .safe = true, .args = {XRNS, CREDS}},
	{"CreateGid", "reg.create_gid", AB_SFA,
	 .args = {CREDS,
		  XRN,
		  {"cert", "key", AB_TEXT, .optional = true, .nil = true},
		  TYPE, /* it, and what follows, are ours */
		  {"uuid", "uuid", AB_TEXT, .optional = true, .nil = true}}},
	{"get_trusted_certs", "reg.get_trusted_certs", AB_SFA, .safe = true,
	 .args = {{"cred", "credentials", AB_CREDS, .optional = true, .nil = true}}},
	{"GetTicket", "reg.get_ticket", AB_SFA,
	 .args = {XRN,
		  CREDS,
		  {"rspec", "rspec", AB_TEXT, .nil = true},
		  {"users", NULL, AB_LIST, .optional = true, .nil = true}}},
	{0},
};

/* Of the originals' interfaces (registry, aggregate, slice manager, component), and not served here. */
static const char *const others[] = {
	/* 2008 */
	"start_slice", "stop_slice", "reset_slice", "delete_slice", "list_slices", "redeem_ticket",
	"reboot",
	/* 2011, registry */
	"get_registries", "get_aggregates", "get_key", "ResolveGENI", "RegisterPeerObject",
	"RemovePeerObject",
	/* 2011, 2019, others */
	"ListResources", "CreateSliver", "UpdateSliver", "DeleteSliver", "RenewSliver",
	"SliverStatus", "ListSlices", "Start", "Stop", "Shutdown", "RedeemTicket", "Describe",
	"Allocate", "Provision", "Renew", "Status", "PerformOperationalAction", "Delete", NULL};

const struct ab_service ab_registry = {.path = "/registry",
				       .name = "registry",
				       .manner = AB_SFA,
				       .methods = methods,
				       .others = others};
