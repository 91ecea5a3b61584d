/* SPDX-License-Identifier: ISC */
/* Values without parts: the text of their element to JSON, and doubles to text. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/write.h"
#include "lib/xmlrpc/int.h"

#define NUMBER_MAX 400 /* characters: more than any double has before it repeats itself */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * White space around a number means nothing to any client. Copied, as nothing in C reads a number
 * that has an end instead of a NUL. @return the length; 0: there is none, or it is too long.
 */
static size_t take_word(const char *text, size_t len, char word[NUMBER_MAX + 1])
{
	for (; len > 0 && is_space(*text); len--)
		text++;
	while (len > 0 && is_space(text[len - 1]))
		len--;
	if (len > NUMBER_MAX)
		len = 0;
	memcpy(word, text, len);
	word[len] = 0;
	return len;
}

/* jansson gives NULL for want of memory only: texts are UTF-8, numbers finite. */
static int give(json_t *value, json_t **out)
{
	if (!value)
		return cc_raise(CC_ENOMEM);
	*out = value;
	return 0;
}

int xr_string_read(struct xs_stream *s, const char *text, size_t len, json_t **out)
{
	/* libxml2 has checked that it is UTF-8 */
	return give(json_stringn_nocheck(text, len), out);
}

static size_t count_digits(const char *p)
{
	return strspn(p, "0123456789");
}

static bool is_integer(const char *p)
{
	p += *p == '-' || *p == '+';
	return *p && p[count_digits(p)] == 0;
}

/* What is too large for 64 bits is LLONG_MAX or LLONG_MIN, with errno: told from the real ones. */
static int read_integer(struct xs_stream *s, const char *text, size_t len, int bits, json_t **out)
{
	char word[NUMBER_MAX + 1];
	long long n;

	if (take_word(text, len, word) == 0 || !is_integer(word))
		return xs_stream_refuse(s, CC_EFORMAT, "no integer: digits were expected");
	errno = 0;
	n = strtoll(word, NULL, 10);
	if (errno == ERANGE || (bits == 32 && (n < INT32_MIN || n > INT32_MAX)))
		return xs_stream_refuse(s, CC_EFORMAT, "an integer of %d bits was expected", bits);
	return give(json_integer(n), out);
}

static int read_int(struct xs_stream *s, const char *text, size_t len, json_t **out)
{
	return read_integer(s, text, len, 32, out);
}

static int read_i8(struct xs_stream *s, const char *text, size_t len, json_t **out)
{
	return read_integer(s, text, len, 64, out);
}

static int read_boolean(struct xs_stream *s, const char *text, size_t len, json_t **out)
{
	char word[NUMBER_MAX + 1];

	if (take_word(text, len, word) != 1 || (*word != '0' && *word != '1'))
		return xs_stream_refuse(s, CC_EFORMAT, "no boolean: 0 or 1 was expected");
	return give(json_boolean(*word == '1'), out);
}

/* Digits with one point among, before or behind them or none, and an exponent or none. */
static bool is_double(const char *p)
{
	size_t digits;

	p += *p == '-' || *p == '+';
	digits = count_digits(p);
	p += digits;
	if (*p == '.') {
		size_t behind = count_digits(++p);

		digits += behind;
		p += behind;
	}
	if (digits == 0)
		return false;
	return *p == 'e' || *p == 'E' ? is_integer(p + 1) : *p == 0;
}

/* The C locale: in others the point is a comma. glibc makes nothing for it, so nothing is freed. */
static int read_double(struct xs_stream *s, const char *text, size_t len, json_t **out)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL);
	char word[NUMBER_MAX + 1];
	double d;

	if (!c)
		return cc_raise(CC_ENOMEM);
	if (take_word(text, len, word) == 0 || !is_double(word)) {
		freelocale(c);
		return xs_stream_refuse(s, CC_EFORMAT, "no double: a decimal number was expected");
	}
	d = strtod_l(word, NULL, c);
	freelocale(c);
	if (!isfinite(d))
		return xs_stream_refuse(s, CC_EFORMAT, "a number too large: a double was expected");
	return give(json_real(d), out);
}

int xr_put_double(struct cc_buf *out, double d)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL), old;
	int r;

	if (!c)
		return out->err ? out->err : (out->err = cc_raise(CC_ENOMEM));
	old = uselocale(c);
	r = cc_buf_printf(out, "%.17g", d);
	uselocale(old);
	freelocale(c);
	return r;
}

static int read_nil(struct xs_stream *s, const char *text, size_t len, json_t **out)
{
	for (size_t i = 0; i < len; i++)
		if (!is_space(text[i]))
			return xs_stream_refuse(s, CC_EFORMAT, "text in nil: nothing was expected");
	return give(json_null(), out);
}

static int give_mark(const char *mark, json_t *text, json_t **out)
{
	cc_cleanup(json_decrefp) json_t *object = json_object();

	/* it takes the text, also when there is no object */
	if (!text || json_object_set_new_nocheck(object, mark, text) < 0)
		return cc_raise(CC_ENOMEM);
	return give(cc_steal(&object), out);
}

/* Decoded and encoded again: without line breaks, and never a text that is none. */
static int read_base64(struct xs_stream *s, const char *text, size_t len, json_t **out)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf octets = CC_BUF_INIT(XR_OCTETS_MAX);
	cc_cleanup(cc_buf_deinit) struct cc_buf again = CC_BUF_INIT(XR_OCTETS_MAX);
	int r = xs_read_base64(text, len, &octets);

	if (r == -CC_EFORMAT)
		return xs_stream_refuse(s, CC_EFORMAT,
					"no base64: digits and padding were expected");
	if (r == 0)
		r = cc_buf_puts(&again, "");
	if (r == 0)
		r = xs_put_base64(&again, octets.data, octets.len, 0);
	if (r < 0)
		return cc_trace(r);
	return give_mark(XR_BASE64, json_stringn_nocheck((char *)again.data, again.len), out);
}

static int read_date(struct xs_stream *s, const char *text, size_t len, json_t **out)
{
	char word[NUMBER_MAX + 1];

	len = take_word(text, len, word);
	if (!xr_is_date(word, len))
		return xs_stream_refuse(s, CC_EFORMAT,
					"no date: one as 20261126T19:35:21 was expected");
	return give_mark(XR_DATE, json_stringn_nocheck(word, len), out);
}

static const struct scalar {
	const char *name;
	xr_scalar_read *read;
} scalars[] = {
	{"string", xr_string_read},
	{"int", read_int},
	{"i4", read_int},
	{"i8", read_i8},
	{"nil", read_nil},
	{"boolean", read_boolean},
	{"double", read_double},
	{"base64", read_base64},
	{"dateTime.iso8601", read_date},
};

xr_scalar_read *xr_scalar_find(const char *name)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(scalars); i++)
		if (strcmp(scalars[i].name, name) == 0)
			return scalars[i].read;
	return NULL;
}
