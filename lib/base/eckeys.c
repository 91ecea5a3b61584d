/* SPDX-License-Identifier: ISC */
#include "lib/base/eckeys.h"

#include <stdint.h>
#include <string.h>

#define CURVE_MAX 10 /* octets of the name of a curve; those of NIST have 5 to 8 */

enum { BIT_STRING = 0x03, NULL_VALUE = 0x05, OID = 0x06, UNCOMPRESSED = 0x04 };

/* What is left to look at. */
struct rest {
	const uint8_t *p;
	size_t len;
};

static bool skip(struct rest *r, size_t n)
{
	if (n > r->len)
		return false;
	r->p += n;
	r->len -= n;
	return true;
}

/* The name of a curve; absent or NULL are none, which OpenSSL takes for nothing it can decode. */
static bool skip_curve(struct rest *r)
{
	if (r->len < 2 || r->p[0] == BIT_STRING)
		return true;
	if (r->p[0] == NULL_VALUE)
		return r->p[1] == 0 && skip(r, 2);
	return r->p[0] == OID && r->p[1] <= CURVE_MAX && skip(r, 2 + (size_t)r->p[1]);
}

/* BIT STRING, of whole octets, that begins an uncompressed point. */
static bool is_point(struct rest r)
{
	if (r.len < 2 || r.p[0] != BIT_STRING)
		return false;
	if (!skip(&r, r.p[1] == 0x81 ? 3 : 2))
		return false;
	return r.len >= 2 && r.p[0] == 0 && r.p[1] == UNCOMPRESSED;
}

bool cc_ec_keys_plain(const void *data, size_t len)
{
	/* the value of the OID; its tag and length may be written in more than one way in BER */
	static const uint8_t key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
	struct rest r = {data, len};

	while (r.len > 0) {
		const uint8_t *at = memmem(r.p, r.len, key, sizeof(key));

		if (!at)
			return true;
		skip(&r, (size_t)(at - r.p) + sizeof(key));
		if (!skip_curve(&r) || !is_point(r))
			return false;
	}
	return true;
}
