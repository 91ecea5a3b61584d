/* SPDX-License-Identifier: ISC */
#include "lib/xml/write.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/limits.h"

#define PIECE 3072 /* octets encoded at a time: whole groups of 3 */

enum { PAD = 64, SPACE, BAD }; /* what is no digit */

static int put_piece(struct cc_buf *b, const uint8_t *data, size_t len)
{
	uint8_t *to = cc_buf_reserve(b, (len + 2) / 3 * 4);

	if (!to)
		return b->err;
	b->len += (size_t)EVP_EncodeBlock(to, data, (int)len);
	return 0;
}

int xs_put_base64(struct cc_buf *b, const void *data, size_t len, size_t line)
{
	size_t step = line > 0 && line / 4 * 3 < PIECE ? line / 4 * 3 : PIECE;
	int r = b->err;

	if (line % 4 != 0 || line / 4 * 3 > PIECE)
		return cc_raise(CC_EINVAL);
	for (size_t i = 0; r == 0 && i < len; i += step) {
		if (i > 0 && line > 0)
			cc_buf_puts(b, "\n");
		r = put_piece(b, (const uint8_t *)data + i, len - i < step ? len - i : step);
	}
	return r;
}

/* What each octet stands for. A table: branches that nobody can foresee cost ten times more. */
static uint8_t values[256];
static pthread_once_t values_made = PTHREAD_ONCE_INIT;

static void make_values(void)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

	memset(values, BAD, sizeof(values));
	for (uint8_t i = 0; i <= PAD; i++)
		values[(uint8_t)alphabet[i]] = i;
	values[' '] = values['\t'] = values['\n'] = values['\r'] = SPACE;
}

struct decoder {
	uint8_t *to;
	uint32_t bits; /* the characters of the group so far */
	unsigned n, pads;
};

/* A character that is no white space. @return whether it may stand here. */
static bool decode(struct decoder *d, uint8_t value)
{
	if (value == PAD)
		return ++d->pads <= 2 && d->n + d->pads >= 3 && d->n + d->pads <= 4;
	if (value >= PAD || d->pads > 0)
		return false;
	d->bits = d->bits << 6 | value;
	if (++d->n < 4)
		return true;
	*d->to++ = (uint8_t)(d->bits >> 16);
	*d->to++ = (uint8_t)(d->bits >> 8);
	*d->to++ = (uint8_t)d->bits;
	d->n = 0;
	return true;
}

/* The last group, of 2 or 3 characters: what it has over whole octets must be zero bits. */
static bool finish(struct decoder *d)
{
	if (d->n == 0)
		return d->pads == 0;
	if (d->n + d->pads != 4)
		return false;
	if (d->bits & (d->n == 3 ? 0x3 : 0xf))
		return false;
	if (d->n == 3)
		*d->to++ = (uint8_t)(d->bits >> 10);
	*d->to++ = (uint8_t)(d->n == 3 ? d->bits >> 2 : d->bits >> 4);
	return true;
}

/*
 * Whole groups of four digits, up to the first character that is none: nearly all of any text, at a
 * quarter of the cost. @return characters read.
 */
static size_t decode_groups(struct decoder *d, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t v[4];
	size_t i;

	if (d->n > 0 || d->pads > 0)
		return 0;
	for (i = 0; len - i >= 4; i += 4) {
		for (size_t k = 0; k < 4; k++)
			v[k] = values[p[i + k]];
		if ((v[0] | v[1] | v[2] | v[3]) >= PAD)
			break;
		*d->to++ = (uint8_t)(v[0] << 2 | v[1] >> 4);
		*d->to++ = (uint8_t)(v[1] << 4 | v[2] >> 2);
		*d->to++ = (uint8_t)(v[2] << 6 | v[3]);
	}
	return i;
}

/* Octets that so much text stands for, if it is base64. */
static size_t octets_of(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += values[(uint8_t)text[i]] < PAD;
	return n / 4 * 3 + n % 4 * 3 / 4;
}

/* Room for all of it. Counting takes as long as decoding: only where the limit may be passed. */
static uint8_t *reserve(struct cc_buf *out, const char *text, size_t len)
{
	size_t most = len / 4 * 3 + 3, max = out->max ? out->max : CC_MSG_MAX;

	return cc_buf_reserve(out, most + out->len <= max ? most : octets_of(text, len));
}

int xs_read_base64(const char *text, size_t len, struct cc_buf *out)
{
	struct decoder d = {0};
	uint8_t value;

	pthread_once(&values_made, make_values);
	d.to = reserve(out, text, len);
	if (!d.to)
		return out->err;
	for (size_t i = 0; i < len; i++) {
		i += decode_groups(&d, text + i, len - i);
		value = i < len ? values[(uint8_t)text[i]] : SPACE;
		if (value != SPACE && !decode(&d, value))
			return -CC_EFORMAT;
	}
	if (!finish(&d))
		return -CC_EFORMAT;
	out->len = (size_t)(d.to - out->data);
	out->data[out->len] = 0;
	return 0;
}
