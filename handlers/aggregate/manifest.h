/* SPDX-License-Identifier: ISC */
#pragma once
/* The manifest of slivers, out of the requests that they came from. */
#include "handlers/aggregate/aggregate.h"
#include "handlers/aggregate/slivers.h"

/**
 * Writes it into c->blob, compressed when the option geni_compressed says so, and has the answer carry it
 * as geni_rspec. touched: of those alone that were. @return 0, a code, negative error.
 */
int agg_manifest(struct agg_call *c, const struct agg_slivers *s, bool touched);
