/* SPDX-License-Identifier: ISC */
/* JSON as lib/xmlrpc has it, and as the bus has it: marks, dates, what XML-RPC cannot say. */
#include <stdio.h>
#include <string.h>

#include "daemons/ambridge/service_int.h"
#include "lib/base/util.h"
#include "lib/xml/write.h"

#define TEXT_MAX (8u << 20) /* octets that base64 may stand for */

typedef int convert_fn(const json_t *value, unsigned depth, json_t **out);

static int made(json_t *value, json_t **out)
{
	*out = value;
	return value ? 0 : cc_raise(CC_ENOMEM);
}

const json_t *ab_json_mark(const json_t *value, const char *mark)
{
	const json_t *text = json_object_get(value, mark);

	return json_object_size(value) == 1 && json_is_string(text) ? text : NULL;
}

static int convert_array(const json_t *value, unsigned depth, convert_fn *convert, json_t **out)
{
	json_t *list = json_array();
	const json_t *entry;
	size_t i;
	int r = list ? 0 : cc_raise(CC_ENOMEM);

	json_array_foreach(value, i, entry)
	{
		json_t *one = NULL;

		if (!r)
			r = convert(entry, depth + 1, &one);
		if (!r && json_array_append_new(list, one) != 0)
			r = cc_raise(CC_ENOMEM);
	}
	if (r) {
		json_decref(list);
		return r;
	}
	return made(list, out);
}

/* ---- from XML-RPC ---- */

static int plain_base64(const json_t *text, json_t **out)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(TEXT_MAX);
	int r = xs_read_base64(json_string_value(text), json_string_length(text), &b);
	json_t *s;

	if (r)
		return r == -CC_ENOMEM ? r : -CC_EFORMAT;
	s = memchr(b.data ? (void *)b.data : "", 0, b.len)
		    ? NULL
		    : json_stringn(b.data ? (char *)b.data : "", b.len);
	*out = s;
	return s ? 0 : -CC_EFORMAT; /* no text in UTF-8 */
}

/* 20261126T19:35:21 is in UTC, as all is that says nothing else. */
static int plain_date(const json_t *text, json_t **out)
{
	const char *t = json_string_value(text);
	char date[32];

	if (json_string_length(text) != 17 || strspn(t, "0123456789") != 8 || t[8] != 'T')
		return made(json_incref((json_t *)text), out);
	snprintf(date, sizeof(date), "%.4s-%.2s-%.2sT%.8sZ", t, t + 4, t + 6, t + 9);
	return made(json_string(date), out);
}

static int plain(const json_t *arg, unsigned depth, json_t **out);

static int plain_object(const json_t *arg, unsigned depth, json_t **out)
{
	json_t *o = json_object(), *value;
	const char *key;
	int r = o ? 0 : cc_raise(CC_ENOMEM);

	json_object_foreach((json_t *)arg, key, value)
	{
		json_t *one = NULL;

		if (!r)
			r = plain(value, depth + 1, &one);
		if (!r && json_object_set_new(o, key + (*key == '$'), one) != 0)
			r = cc_raise(CC_ENOMEM);
	}
	if (r) {
		json_decref(o);
		return r;
	}
	return made(o, out);
}

static int plain(const json_t *arg, unsigned depth, json_t **out)
{
	const json_t *text;

	if (!json_is_object(arg) && !json_is_array(arg))
		return made(json_incref((json_t *)arg), out);
	if ((text = ab_json_mark(arg, "$base64")))
		return plain_base64(text, out);
	if ((text = ab_json_mark(arg, "$dateTime")))
		return plain_date(text, out);
	if (depth > AB_DEPTH_MAX)
		return -CC_ELIMIT;
	return json_is_array(arg) ? convert_array(arg, depth, plain, out)
				  : plain_object(arg, depth, out);
}

int ab_json_plain(const json_t *arg, json_t **out)
{
	return plain(arg, 1, out);
}

/* ---- to XML-RPC ---- */

/* Octets of a character that XML has not; 0: it has it. p is well-formed UTF-8. */
static size_t no_char(const char *p, size_t left)
{
	unsigned char c = (unsigned char)*p;

	if (c < ' ')
		return c != '\t' && c != '\n' && c != '\r';
	return c == 0xef && left >= 3 && memcmp(p + 1, "\xbf", 1) == 0 &&
			       ((unsigned char)p[2] == 0xbe || (unsigned char)p[2] == 0xbf)
		       ? 3
		       : 0;
}

static size_t find_bad(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && !no_char(text + i, len - i))
		i++;
	return i;
}

static char *clean(const char *text, size_t len, size_t *out_len)
{
	char *copy = malloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; copy && i < len;) {
		size_t bad = no_char(text + i, len - i);

		copy[n++] = bad ? '?' : text[i];
		i += bad ? bad : 1;
	}
	if (copy)
		copy[n] = 0;
	*out_len = n;
	return copy;
}

static int wire_text(const json_t *value, json_t **out)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	cc_cleanup(cc_freep) char *copy = NULL;

	if (find_bad(text, len) == len)
		return made(json_incref((json_t *)value), out);
	copy = clean(text, len, &len);
	return made(copy ? json_stringn(copy, len) : NULL, out);
}

/* Of two names that differ only in what XML has not, the last one stands. */
static int wire_member(json_t *o, const char *key, json_t *value)
{
	cc_cleanup(cc_freep) char *name = NULL, *copy = NULL;
	size_t len;

	if (asprintf(&name, "%s%s", *key == '$' ? "$" : "", key) < 0) {
		name = NULL;
		json_decref(value);
		return cc_raise(CC_ENOMEM);
	}
	copy = clean(name, strlen(name), &len);
	if (!copy) {
		json_decref(value);
		return cc_raise(CC_ENOMEM);
	}
	return json_object_set_new(o, copy, value) ? cc_raise(CC_ENOMEM) : 0;
}

static int wire(const json_t *value, unsigned depth, json_t **out);

static int wire_object(const json_t *value, unsigned depth, json_t **out)
{
	json_t *o = json_object(), *member;
	const char *key;
	int r = o ? 0 : cc_raise(CC_ENOMEM);

	json_object_foreach((json_t *)value, key, member)
	{
		json_t *one = NULL;

		if (!r)
			r = wire(member, depth + 1, &one);
		if (!r)
			r = wire_member(o, key, one);
	}
	if (r) {
		json_decref(o);
		return r;
	}
	return made(o, out);
}

static int wire_integer(const json_t *value, json_t **out)
{
	json_int_t n = json_integer_value(value);

	if (n >= INT32_MIN && n <= INT32_MAX)
		return made(json_incref((json_t *)value), out);
	return made(json_sprintf("%" JSON_INTEGER_FORMAT, n), out);
}

static int wire(const json_t *value, unsigned depth, json_t **out)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return wire_text(value, out);
	case JSON_INTEGER:
		return wire_integer(value, out);
	case JSON_ARRAY:
		return depth > AB_DEPTH_MAX ? -CC_ELIMIT : convert_array(value, depth, wire, out);
	case JSON_OBJECT:
		return depth > AB_DEPTH_MAX ? -CC_ELIMIT : wire_object(value, depth, out);
	default:
		return made(json_incref((json_t *)value), out);
	}
}

int ab_json_wire(const json_t *value, json_t **out)
{
	return wire(value, 1, out);
}

json_t *ab_json_date(const json_t *text)
{
	const char *t = json_string_value(text);
	int64_t seconds;

	if (!t || json_string_length(text) != 20 || t[19] != 'Z' ||
	    xs_read_time(t, 20, &seconds) != 0)
		return json_incref((json_t *)text);
	return json_pack("{s:o}", "$dateTime",
			 json_sprintf("%.4s%.2s%.2sT%.8s", t, t + 5, t + 8, t + 11));
}

void ab_text_put(char *out, size_t size, const char *text)
{
	size_t at = strlen(out), len = strlen(text), n;
	cc_cleanup(cc_freep) char *copy = clean(text, len, &n);

	if (!copy || at + 1 >= size)
		return;
	if (n > size - at - 1) {
		n = size - at - 1;
		/* not in the midst of a character */
		while (n && ((unsigned char)copy[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out + at, copy, n);
	out[at + n] = 0;
}
