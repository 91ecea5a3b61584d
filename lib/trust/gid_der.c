/* SPDX-License-Identifier: ISC */
/*
 * A look at the octets of a certificate before OpenSSL sees them. OpenSSL makes an object of some
 * hundred octets out of every name in an extension, and 2 octets of DER are a name: so the values
 * are counted first, and what is no DER (indefinite and needlessly long lengths), which it would
 * read, too, is not taken.
 */
#include "lib/trust/gid_int.h"

#define DEPTH 16

enum { CONSTRUCTED = 0x20, LONG_TAG = 0x1f, OCTETS = 0x04, SEQUENCE = 0x30 };

struct value {
	uint8_t tag;
	size_t body, end; /* places in the whole */
};

/* Length octets at *at, in their shortest form. */
static bool read_length(const uint8_t *der, size_t end, size_t *at, size_t *len)
{
	size_t n = der[(*at)++];

	*len = n;
	if (n < 0x80)
		return true;
	n -= 0x80;
	if (n == 0 || n > 4 || n > end - *at || der[*at] == 0)
		return false;
	for (*len = 0; n > 0; n--)
		*len = *len << 8 | der[(*at)++];
	return *len >= 0x80;
}

/* The value at `at`, which ends before end. */
static bool read_value(const uint8_t *der, size_t at, size_t end, struct value *out)
{
	size_t len;

	if (end - at < 2 || (der[at] & LONG_TAG) == LONG_TAG)
		return false;
	out->tag = der[at++];
	if (!read_length(der, end, &at, &len) || len > end - at)
		return false;
	out->body = at;
	out->end = at + len;
	return true;
}

/* What has values inside; those of an extension stand in an octet string. */
static bool has_values(const uint8_t *der, const struct value *v)
{
	if (v->tag & CONSTRUCTED)
		return true;
	return v->tag == OCTETS && v->body < v->end && der[v->body] == SEQUENCE;
}

bool tr_der_count(const uint8_t *der, size_t len, size_t max, size_t *count)
{
	size_t ends[DEPTH], depth = 0, at = 0;
	struct value v;

	/* the first value; what follows it is not looked at */
	if (!read_value(der, 0, len, &v))
		return false;
	ends[0] = v.end;
	for (*count = 0; *count <= max; (*count)++) {
		while (at == ends[depth])
			if (depth-- == 0)
				return true;
		if (!read_value(der, at, ends[depth], &v))
			return false;
		at = v.end;
		if (!has_values(der, &v))
			continue;
		if (++depth == DEPTH)
			return false;
		ends[depth] = v.end;
		at = v.body;
	}
	return true;
}
