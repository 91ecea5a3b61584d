/* SPDX-License-Identifier: ISC */
/*
 * /am/3.0: the GENI AM API 3 (spec geni-am 2, 3). Each method is one request of the bus, whose arguments
 * have the names that docs/handlers/aggregate.md gives; Update and Cancel have nothing behind them yet and
 * answer UNSUPPORTED, in the return struct, once their arguments are right.
 */
#include "daemons/ambridge/service_int.h"

#define URNS                                                                                       \
	{                                                                                          \
		"urns", "urns", AB_TEXTS                                                           \
	}
#define SLICE                                                                                      \
	{                                                                                          \
		"slice_urn", "urn", AB_TEXT                                                        \
	}
#define CREDS                                                                                      \
	{                                                                                          \
		"credentials", "credentials", AB_AM_CREDS                                          \
	}
#define OPTIONS                                                                                    \
	{                                                                                          \
		"options", "options", AB_STRUCT                                                    \
	}
#define TEXT(name)                                                                                 \
	{                                                                                          \
		name, name, AB_TEXT                                                                \
	}

static const struct ab_method methods[] = {
	{"GetVersion", "am.get_version", AB_AM, .first_contact = true, .safe = true,
	 .args = {{"options", NULL, AB_STRUCT, .optional = true}}},
	{"ListResources", "am.list_resources", AB_AM, .safe = true, .args = {CREDS, OPTIONS}},
	{"Describe", "am.describe", AB_AM, .safe = true, .args = {URNS, CREDS, OPTIONS}},
	{"Allocate", "am.allocate", AB_AM, .args = {SLICE, CREDS, TEXT("rspec"), OPTIONS}},
	{"Provision", "am.provision", AB_AM, .args = {URNS, CREDS, OPTIONS}},
	{"Renew", "am.renew", AB_AM,
	 .args = {URNS, CREDS, {"expiration_time", "expires", AB_DATE}, OPTIONS}},
	{"Status", "am.status", AB_AM, .safe = true, .args = {URNS, CREDS, OPTIONS}},
	{"PerformOperationalAction", "am.perform_operational_action", AB_AM,
	 .args = {URNS, CREDS, TEXT("action"), OPTIONS}},
	{"Delete", "am.delete", AB_AM, .args = {URNS, CREDS, OPTIONS}},
	{"Shutdown", "am.shutdown", AB_AM, .args = {SLICE, CREDS, OPTIONS}},
	{"Update", NULL, AB_AM, .args = {URNS, CREDS, TEXT("rspec"), OPTIONS}},
	{"Cancel", NULL, AB_AM, .args = {URNS, CREDS, OPTIONS}},
	{0},
};

const struct ab_service ab_am3 = {
	.path = "/am/3.0", .name = "am3", .manner = AB_AM, .methods = methods};
