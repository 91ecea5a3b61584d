/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * How many connections each address has, and how many octets of requests it makes us hold. An IPv6
 * address counts as its /64, since whoever has one has all of it; an IPv4 address that comes mapped into
 * IPv6 is the IPv4 one. There is an entry for each address with connections, so the table is as bounded as
 * they are.
 */
#include <stdint.h>
#include <sys/socket.h>

#include "lib/base/map.h"

struct ab_peer {
	struct cc_map_node node;
	uint8_t key[9]; /* family, then 4 or 8 octets of address */
	unsigned connections;
	uint64_t octets;
};

struct ab_peers {
	struct cc_map map;
};

void ab_peers_init(struct ab_peers *p);
/** All have left. */
void ab_peers_deinit(struct ab_peers *p);
/**
 * One more connection of an address, of at most max. Borrowed until ab_peers_leave. @return 0, -CC_ELIMIT,
 * -CC_EFORMAT (no IP address), -CC_ENOMEM.
 */
int ab_peers_enter(struct ab_peers *p, const struct sockaddr *address, unsigned max,
		   struct ab_peer **out);
void ab_peers_leave(struct ab_peers *p, struct ab_peer *peer);

#define AB_ADDRESS_TEXT 64
/** "192.0.2.1", "2001:db8::1"; "?" for others. */
const char *ab_address_text(const struct sockaddr *address, char out[AB_ADDRESS_TEXT]);
