/* SPDX-License-Identifier: ISC */
#pragma once
/* aggregate: what the operations of am.* share (docs/handlers/aggregate.md). */
#include "lib/handler/handler.h"

struct aggregate {
	char *urn, *url;
};

/** Checks URN and URL, and warns of what clients would stumble over. @return 0, -CC_EINVAL with why. */
int agg_check_identity(const struct aggregate *agg, struct cc_note *why);
/** The value of get_version. NULL: no memory. */
json_t *agg_version(const struct aggregate *agg);
