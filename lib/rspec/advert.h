/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Advertisement RSpecs, GENI 3 (spec geni-am 9, jfed sections 6, 9): written piece by piece, without a
 * tree. All texts are borrowed, any UTF-8; what XML has no characters for is refused.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"

struct rs_ad_type {
	const char *name;
	const char *const *images; /* URNs; NULL-ended, or NULL */
};

struct rs_ad_node {
	const char *component_id, *component_name; /* name "": none */
	bool exclusive;				   /* may be asked for alone */
	bool available;
	const char *const *hardware; /* NULL-ended */
	unsigned slots;		     /* that are free; 0 when not available */
	const struct rs_ad_type *types;
	unsigned n_types;
	const char *country, *latitude, *longitude; /* country "": no location */
};

/** The first piece. types: those that slivers here may have, NULL-ended. now: seconds. note: for people, "" for none. */
int rs_ad_begin(const char *manager, const char *const *types, int64_t now, const char *note,
		struct cc_buf *out);
/** One node. */
int rs_ad_node(const char *manager, const struct rs_ad_node *node, struct cc_buf *out);
/** The last piece. @return of all: 0, -CC_ENOMEM, -CC_ELIMIT, -CC_EFORMAT; also in out->err. */
int rs_ad_end(struct cc_buf *out);

/**
 * base64 of the text as zlib (RFC 1950), as geni_compressed has it; level: of zlib, 1 to 9. Appended.
 * @return 0, -CC_ENOMEM, -CC_ELIMIT.
 */
int rs_compress(const void *text, size_t len, int level, struct cc_buf *out);
