/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Hop errors (architecture section 3): the one answer an unauthenticated peer gets. Unsigned, at
 * most 256 octets, at most one per request, at most hop-error-rate per second and peer.
 */
#include "lib/base/list.h"
#include "lib/base/map.h"
#include "lib/cc/msg.h"

#define SRV_HOP_PEERS_MAX 4096

struct srv_hop {
	int64_t rate; /* per second and peer; also the burst */
	struct cc_map peers;
	struct cc_list by_use; /* longest idle first */
};

void srv_hop_init(struct srv_hop *h, int64_t rate);
/** Another rate, from now on. */
void srv_hop_set_rate(struct srv_hop *h, int64_t rate);
void srv_hop_deinit(struct srv_hop *h);
/** Takes one from the peer's allowance. @return whether there was one. */
bool srv_hop_allowed(struct srv_hop *h, struct cc_bytes peer, int64_t now);
/** Makes the error for a request; NULL: no memory. Caller frees. */
struct cc_msg *srv_hop_error(const struct cc_msg *request, const char *code);
