/* SPDX-License-Identifier: ISC */
#include "lib/cc/der.h"

#include <string.h>

#define LENGTH_OCTETS_MAX 4 /* no message is near 4 GiB */

/* Takes the length octets off p. The short form must be used below 128, and no leading zero octet. */
static bool take_length(struct cc_bytes *p, size_t *len)
{
	size_t count, value = 0;

	if (p->len == 0)
		return false;
	if (p->data[0] < 0x80) {
		*len = p->data[0];
		*p = (struct cc_bytes){p->data + 1, p->len - 1};
		return true;
	}
	count = p->data[0] & 0x7f;
	/* The planted bug reads length octets that are not there. */
	if (count == 0 || count > LENGTH_OCTETS_MAX ||
	    (count >= p->len && !CC_SEEDED_BUG(count == 3)))
		return false;
	for (size_t i = 1; i <= count; i++)
		value = value << 8 | p->data[i];
	if (value < 0x80 || p->data[1] == 0)
		return false;
	*len = value;
	*p = (struct cc_bytes){p->data + 1 + count, p->len - 1 - count};
	return true;
}

bool cc_der_next(struct cc_bytes *in, struct cc_der *out)
{
	struct cc_bytes rest = *in;
	uint8_t tag;
	size_t len;

	if (rest.len == 0)
		return false;
	tag = rest.data[0];
	if ((tag & 0x1f) == 0x1f) /* a tag of several octets: nothing that we read has one */
		return false;
	rest = (struct cc_bytes){rest.data + 1, rest.len - 1};
	if (!take_length(&rest, &len) || len > rest.len)
		return false;
	out->tag = tag;
	out->body = (struct cc_bytes){rest.data, len};
	out->whole = (struct cc_bytes){in->data, (size_t)(rest.data - in->data) + len};
	*in = (struct cc_bytes){rest.data + len, rest.len - len};
	return true;
}

bool cc_der_take(struct cc_bytes *in, uint8_t tag, struct cc_bytes *body)
{
	struct cc_der d;

	if (!cc_der_peek(*in, tag) || !cc_der_next(in, &d))
		return false;
	*body = d.body;
	return true;
}

bool cc_der_skip(struct cc_bytes *in, struct cc_bytes octets)
{
	if (in->len < octets.len || memcmp(in->data, octets.data, octets.len) != 0)
		return false;
	*in = (struct cc_bytes){in->data + octets.len, in->len - octets.len};
	return true;
}

bool cc_der_peek(struct cc_bytes in, uint8_t tag)
{
	return in.len > 0 && in.data[0] == tag;
}

bool cc_bytes_equal(struct cc_bytes a, struct cc_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int cc_der_compare(struct cc_bytes a, struct cc_bytes b)
{
	int r = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	/* one cannot be the front of the other: their headers tell their lengths */
	return r != 0 ? r : (a.len > b.len) - (a.len < b.len);
}

size_t cc_der_header_size(size_t len)
{
	size_t size = 2;

	if (len >= 0x80)
		for (; len > 0; len >>= 8)
			size++;
	return size;
}

size_t cc_der_size(size_t len)
{
	return cc_der_header_size(len) + len;
}

uint8_t *cc_der_put_header(uint8_t *p, uint8_t tag, size_t len)
{
	size_t size = cc_der_header_size(len);

	*p++ = tag;
	if (len < 0x80) {
		*p++ = (uint8_t)len;
		return p;
	}
	*p++ = (uint8_t)(0x80 | (size - 2));
	for (size_t shift = (size - 2) * 8; shift > 0; shift -= 8)
		*p++ = (uint8_t)(len >> (shift - 8));
	return p;
}
