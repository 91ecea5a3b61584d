/* SPDX-License-Identifier: ISC */
#pragma once
/* gzip of answers. One thread's: the compressor's memory is kept. */
#include <stdbool.h>

#include "lib/base/buf.h"

#define AB_GZIP_LEAST 1400 /* octets: shorter answers go as they are (spec geni-am 1) */

struct ab_gzip {
	void *stream; /* z_stream; NULL: not made yet */
};

void ab_gzip_deinit(struct ab_gzip *g);
/** Whether a value of Accept-Encoding (NULL: none) takes gzip. */
bool ab_gzip_wanted(const char *accept);
/** Compresses, behind what out holds. @return 0, -CC_ELIMIT (it would not get shorter), -CC_ENOMEM. */
int ab_gzip_put(struct ab_gzip *g, const void *data, size_t len, struct cc_buf *out);
