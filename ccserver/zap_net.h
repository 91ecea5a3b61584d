/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Addresses and networks of cc-allow. An IPv4 address in IPv6 dress (::ffff:192.0.2.7) is an IPv4
 * one.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct srv_addr {
	uint8_t octets[16];
	unsigned bits; /* 32 or 128 */
};

struct srv_net {
	struct srv_addr addr;
	unsigned bits; /* of its prefix */
};

/**
 * Reads an address as the kernel prints it; what stands behind a % is left out. @return 0,
 * -CC_EFORMAT.
 */
int srv_addr_parse(const char *text, struct srv_addr *out);
/** Whether it is one of this host's own: 127.0.0.0/8 or ::1. */
bool srv_addr_is_loopback(const struct srv_addr *a);
/** Reads ADDRESS or ADDRESS/BITS without bits beyond its prefix. @return 0, -CC_EINVAL with why. */
int srv_net_parse(const char *text, struct srv_net *out, struct cc_note *why);
/** Whether an address is in a network; one of IPv4 never is in one of IPv6. */
bool srv_net_has(const struct srv_net *net, const struct srv_addr *a);
