/* SPDX-License-Identifier: ISC */
#pragma once
/* The advertisement, made once for all who ask: again when something changed, at most once a second. */
#include "handlers/aggregate/aggregate.h"
#include "handlers/aggregate/nodes.h"

/**
 * The text and its compressed form. available: nodes with room alone. *out: a reference. @return 0, a code,
 * negative error.
 */
int agg_ad_get(struct agg_call *c, bool available, struct agg_text **out);
void agg_text_unref(struct agg_text *t);
