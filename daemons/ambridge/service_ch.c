/* SPDX-License-Identifier: ISC */
/*
 * /ch: the clearinghouse that omni asks where framework_type is gcf (spec geni-am 10, last lines): bare
 * values. Who calls is known by his certificate alone.
 */
#include "daemons/ambridge/service_int.h"

#define URN(name)                                                                                  \
	{                                                                                          \
		name, "urn", AB_TEXT                                                               \
	}

static const struct ab_method methods[] = {
	{"GetVersion", "reg.get_version", AB_CH, .first_contact = true, .safe = true,
	 .args = {{"options", NULL, AB_STRUCT, .optional = true, .nil = true}}},
	{"CreateSlice", "reg.create_slice", AB_CH, .args = {URN("slice_urn")}},
	{"RenewSlice", "reg.renew_slice", AB_CH,
	 .args = {URN("slice_urn"), {"expiration", "expires", AB_DATE}}},
	{"DeleteSlice", "reg.delete_slice", AB_CH, .args = {URN("slice_urn")}},
	{"ListAggregates", "reg.list_aggregates", AB_CH, .safe = true},
	{"ListMySlices", "reg.list_my_slices", AB_CH, .safe = true, .args = {URN("user_urn")}},
	/* the certificate is the one of TLS: who sends another gets no credential for it */
	{"CreateUserCredential", "reg.create_user_credential", AB_CH, .safe = true,
	 .args = {{"user_gid", NULL, AB_TEXT, .optional = true, .nil = true}}},
	{0},
};

const struct ab_service ab_ch = {.path = "/ch", .name = "ch", .manner = AB_CH, .methods = methods};
