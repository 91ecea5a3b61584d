/* SPDX-License-Identifier: ISC */
#pragma once
/* What a testbed may be called outside (spec jfed 1, rows 2, 3 and 6). */
#include <stdbool.h>

#include "lib/base/err.h"

/**
 * urn: of the aggregate. @return 0, -CC_EINVAL with why: none, no URN of an authority, or one that names
 * this host for itself, which is another host for everybody else.
 */
int ab_names_check(const char *urn, const char *public_host, struct cc_note *why);
/**
 * What is allowed and will cause trouble: warn is called with a sentence for each.
 */
void ab_names_warn(const char *urn, const char *public_host,
		   void (*warn)(void *arg, const char *text), void *arg);
