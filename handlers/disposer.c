/* SPDX-License-Identifier: ISC */
/* disposer: drops what it gets, unread, and counts it (spec cc-bus C). */
#include "lib/handler/handler.h"

extern const struct cc_handler disposer_handler;

enum { DISPOSED_COUNT, DISPOSED_BYTES };
static const char *const counters[] = {"disposed_count", "disposed_bytes", NULL};

static int disposer_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	cc_host_count(host, DISPOSED_COUNT, 1);
	cc_host_count(host, DISPOSED_BYTES, in->msg->bytes);
	return 0;
}

const struct cc_handler disposer_handler = {
	.name = "disposer",
	.help = "drops messages and counts them",
	.roles = CC_ROLE_LOCAL | CC_ROLE_REMOTE,
	.run = CC_RUN_ROUTER,
	.counters = counters,
	.handle = disposer_handle,
};
