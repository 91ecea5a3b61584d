/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The proxy's table of routes: local identities seen in forwarded messages. The remote may send to
 * these and to nobody else (spec cc-bus H5). Idle ones are forgotten; at the bound the longest idle
 * one gives way.
 */
#include "lib/base/list.h"
#include "lib/base/map.h"
#include "lib/cc/msg.h"

struct px_routes {
	struct cc_map map;
	struct cc_list by_use; /* longest idle first */
	size_t max;
	int64_t lifetime_ms;
};

void px_routes_init(struct px_routes *t, size_t max, int64_t lifetime_ms);
void px_routes_deinit(struct px_routes *t);
/** Notes that a message of this identity passes. @return 0, -CC_ENOMEM. */
int px_routes_touch(struct px_routes *t, struct cc_bytes identity, int64_t now);
/** @return whether the identity is known (and not idle too long); a use counts as traffic. */
bool px_routes_use(struct px_routes *t, struct cc_bytes identity, int64_t now);
void px_routes_forget(struct px_routes *t, struct cc_bytes identity);
