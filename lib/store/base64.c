/* SPDX-License-Identifier: ISC */
#include "lib/store/base64.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/err.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int st_base64_put(struct cc_buf *out, const void *data, size_t len)
{
	size_t need = (len + 2) / 3 * 4;
	char *to = (char *)cc_buf_reserve(out, need);
	const uint8_t *p = data;

	if (!to)
		return out->err;
	for (size_t i = 0; i < len; i += 3, to += 4) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t n = (uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			     (have > 2 ? p[i + 2] : 0);

		to[0] = digits[n >> 18];
		to[1] = digits[n >> 12 & 63];
		to[2] = have > 1 ? digits[n >> 6 & 63] : '=';
		to[3] = have > 2 ? digits[n & 63] : '=';
	}
	out->len += need;
	out->data[out->len] = 0;
	return 0;
}

static int value_of(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Four characters; how many octets they stand for, 0: they do not. */
static unsigned take_four(const char *text, bool last, uint8_t *to)
{
	unsigned have = !last || text[3] != '=' ? 4 : text[2] != '=' ? 3 : 2;
	uint32_t n = 0;

	for (unsigned i = 0; i < have; i++) {
		int v = value_of(text[i]);

		if (v < 0)
			return 0;
		n |= (uint32_t)v << (18 - 6 * i);
	}
	/* bits that no octet has */
	if (n & ((1u << (8 * (4 - have))) - 1))
		return 0;
	to[0] = (uint8_t)(n >> 16);
	to[1] = (uint8_t)(n >> 8);
	to[2] = (uint8_t)n;
	return have - 1;
}

int st_base64_get(struct cc_buf *out, const char *text, size_t len)
{
	if (len % 4 != 0)
		return -CC_EFORMAT;
	for (size_t i = 0; i < len; i += 4) {
		uint8_t octets[3];
		unsigned n = take_four(text + i, i + 4 == len, octets);
		int r = n ? cc_buf_put(out, octets, n) : -CC_EFORMAT;

		if (r)
			return r;
	}
	return 0;
}
