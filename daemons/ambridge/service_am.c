/* SPDX-License-Identifier: ISC */
/*
 * /am/3.0: the GENI AM API 3 (spec geni-am 2, 3). GetVersion asks the aggregate over the bus; what has
 * nothing behind it yet answers UNSUPPORTED, in the return struct, once its arguments are right.
 */
#include "daemons/ambridge/service_int.h"

#define URNS                                                                                       \
	{                                                                                          \
		"urns", "urns", AB_LIST                                                            \
	}
#define SLICE                                                                                      \
	{                                                                                          \
		"slice_urn", "urn", AB_TEXT                                                        \
	}
#define CREDS                                                                                      \
	{                                                                                          \
		"credentials", NULL, AB_LIST                                                       \
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
	{"ListResources", NULL, AB_AM, .safe = true, .args = {CREDS, OPTIONS}},
	{"Describe", NULL, AB_AM, .safe = true, .args = {URNS, CREDS, OPTIONS}},
	{"Allocate", NULL, AB_AM, .args = {SLICE, CREDS, TEXT("rspec"), OPTIONS}},
	{"Provision", NULL, AB_AM, .args = {URNS, CREDS, OPTIONS}},
	{"Renew", NULL, AB_AM,
	 .args = {URNS, CREDS, {"expiration_time", "expires", AB_DATE}, OPTIONS}},
	{"Status", NULL, AB_AM, .safe = true, .args = {URNS, CREDS, OPTIONS}},
	{"PerformOperationalAction", NULL, AB_AM, .args = {URNS, CREDS, TEXT("action"), OPTIONS}},
	{"Delete", NULL, AB_AM, .args = {URNS, CREDS, OPTIONS}},
	{"Shutdown", NULL, AB_AM, .args = {SLICE, CREDS, OPTIONS}},
	{"Update", NULL, AB_AM, .args = {URNS, CREDS, TEXT("rspec"), OPTIONS}},
	{"Cancel", NULL, AB_AM, .args = {URNS, CREDS, OPTIONS}},
	{0},
};

const struct ab_service ab_am3 = {
	.path = "/am/3.0", .name = "am3", .manner = AB_AM, .methods = methods};
