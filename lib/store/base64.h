/* SPDX-License-Identifier: ISC */
#pragma once
/* Base64 (RFC 4648) in its one canonical form: padded, nothing between, no stray bits. */
#include "lib/base/buf.h"

/** Appends. @return as cc_buf_put. */
int st_base64_put(struct cc_buf *out, const void *data, size_t len);
/** Appends what text stands for. @return 0, -CC_EFORMAT, as cc_buf_put. */
int st_base64_get(struct cc_buf *out, const char *text, size_t len);
