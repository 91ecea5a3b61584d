/* SPDX-License-Identifier: ISC */
#pragma once
/* CURVE of a proxy: the key of the remotes and its own, from the key store of [ccserver]. */
#include "lib/cc/curve.h"
#include "lib/handler/handler.h"

struct px_curve {
	char *remote, *own; /* options: names of keys; "" */
	struct cc_curve_link link;
};

/** Rows of an option table for a struct px_curve at `member` of `struct_type`. */
#define PX_CURVE_OPTS(struct_type, member)                                                         \
	{.name = "remote-curve",                                                                   \
	 .type = CF_STR,                                                                           \
	 .offset = offsetof(struct_type, member.remote),                                           \
	 .def = "",                                                                                \
	 .help = "public CURVE key of the remotes; empty: they have none"},                        \
	{                                                                                          \
		.name = "curve", .type = CF_STR, .offset = offsetof(struct_type, member.own),      \
		.def = "", .help = "own CURVE key pair; empty: made at each start"                 \
	}

/** Whether the keys that are named can be read. @return 0 or a negative error with why. */
int px_curve_check(const struct px_curve *c, struct cc_host *host, struct cc_note *why);
/** Reads them: *out is &c->link, or NULL without CURVE. @return as above. */
int px_curve_open(struct px_curve *c, struct cc_host *host, const struct cc_curve_link **out,
		  struct cc_note *why);
