/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The last word of a handshake that we refuse. In TLS 1.3 a client sends its request before it knows whether
 * its certificate is taken; a socket that is closed with octets unread is reset, and the reset overtakes the
 * alert that says why. So the descriptor is kept for a moment, and what still comes is thrown away.
 */
#include <event2/util.h>

#include "lib/base/list.h"

#define AB_LINGER_MAX 64       /* descriptors at a time; beyond it they are closed at once */
#define AB_LINGER_MS 1000      /* kept at most, but for as much once more after its last octet */
#define AB_LINGER_OCTETS 65536 /* thrown away of one, at most */

struct event_base;

struct ab_lingering {
	struct cc_list list;
	unsigned n;
};

void ab_linger_init(struct ab_lingering *l);
/** Shuts fd (borrowed) down for writing, and keeps a copy of it until the client has ended, too. */
void ab_linger(struct ab_lingering *l, struct event_base *base, evutil_socket_t fd);
/** Closes all of them. */
void ab_linger_end(struct ab_lingering *l);
