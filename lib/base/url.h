/* SPDX-License-Identifier: ISC */
#pragma once
/* URLs as configurations have them: SCHEME://HOST[:PORT][/PATH], HOST a name, IPv4 or [IPv6]. */
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

#define CC_URL_MAX 255

struct cc_url {
	char scheme[16];	   /* in lower case */
	char host[CC_URL_MAX + 1]; /* without brackets, in lower case */
	unsigned port;		   /* 0: none is given */
	const char *path;	   /* from the "/" on, in the text; "" */
	bool address;		   /* host is an address, not a name */
};

/**
 * Takes a URL apart; no user, query or fragment, printable ASCII only. @return 0, -CC_EFORMAT with
 * why.
 */
int cc_url_read(const char *text, struct cc_url *out, struct cc_note *why);
/** Whether a host is this host for everybody: localhost and below, 127.0.0.0/8, ::1, 0.0.0.0, ::. */
bool cc_host_is_local(const char *host);
/** Whether a host is an address: IPv4, or IPv6 without brackets. */
bool cc_host_is_address(const char *host);
/** Whether it is a DNS name: labels of letters, digits and -, at most 63 octets each, 253 in all. */
bool cc_host_is_name(const char *host);
