/* SPDX-License-Identifier: ISC */
#pragma once
/* SHA-256 of what comes in pieces. The first failure sticks and is told by the end. */
#include <stddef.h>
#include <stdint.h>

#define ST_SHA 32

struct st_sha {
	void *ctx; /* OpenSSL's; NULL: failed */
};
void st_sha_begin(struct st_sha *s);
void st_sha_put(struct st_sha *s, const void *data, size_t len);
/** Frees what begin took, too. @return 0, -CC_ECRYPTO. */
int st_sha_end(struct st_sha *s, uint8_t out[ST_SHA]);
/** Of one piece. */
int st_sha(const void *data, size_t len, uint8_t out[ST_SHA]);
/** Lower-case hex with a NUL. */
void st_hex(const uint8_t *data, size_t len, char *out);
/** Random octets as 2 * len hex digits with a NUL, len <= 32. @return 0, -CC_ESYS. */
int st_random_hex(size_t len, char *out);
