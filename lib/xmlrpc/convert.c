/* SPDX-License-Identifier: ISC */
/* JSON as the bus has it, which has no binary and no dates, and as it goes through XML-RPC. */
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/write.h"
#include "lib/xmlrpc/int.h"

/* What holds for all values of one conversion. */
struct how {
	enum xr_form form;
	unsigned depth; /* arrays and objects within each other, at most */
};

typedef int convert_fn(const json_t *value, const struct how *how, unsigned depth, json_t **out);

static int made(json_t *value, json_t **out)
{
	*out = value;
	return value ? 0 : cc_raise(CC_ENOMEM);
}

static int convert_array(const json_t *value, const struct how *how, unsigned depth,
			 convert_fn *convert, json_t **out)
{
	json_t *list = json_array();
	const json_t *entry;
	size_t i;
	int r = list ? 0 : cc_raise(CC_ENOMEM);

	json_array_foreach(value, i, entry)
	{
		json_t *one = NULL;

		if (!r)
			r = convert(entry, how, depth + 1, &one);
		if (!r && json_array_append_new(list, one) != 0)
			r = cc_raise(CC_ENOMEM);
	}
	if (r) {
		json_decref(list);
		return r;
	}
	return made(list, out);
}

/* ---- to XML-RPC ---- */

/* Octets of a character that XML has not; 0: it has it. p is well-formed UTF-8. */
static size_t no_char(const char *p, size_t left)
{
	unsigned char c = (unsigned char)*p;

	if (c < ' ')
		return c != '\t' && c != '\n' && c != '\r';
	if (left < 3 || c != 0xef || (unsigned char)p[1] != 0xbf)
		return 0;
	return (unsigned char)p[2] == 0xbe || (unsigned char)p[2] == 0xbf ? 3 : 0;
}

static bool is_clean(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && !no_char(text + i, len - i))
		i++;
	return i == len;
}

size_t xr_clean(char *out, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		size_t bad = no_char(text + i, len - i);

		out[n++] = bad ? '?' : text[i];
		i += bad ? bad : 1;
	}
	out[n] = 0;
	return n;
}

static int wrap_bad_text(const char *text, size_t len, enum xr_form form, json_t **out)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(XR_OCTETS_MAX);
	cc_cleanup(cc_freep) char *copy = NULL;
	int r;

	if (form == XR_FOREIGN) {
		copy = malloc(len + 1);
		len = copy ? xr_clean(copy, text, len) : 0;
		return made(copy ? json_stringn(copy, len) : NULL, out);
	}
	r = xs_put_base64(&b, text, len, 0);
	return r ? r : made(json_pack("{s:s%}", XR_BASE64, b.data, b.len), out);
}

static int wrap_text(const json_t *value, const struct how *how, json_t **out)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	return is_clean(text, len) ? made(json_incref((json_t *)value), out)
				   : wrap_bad_text(text, len, how->form, out);
}

static int wrap_integer(const json_t *value, const struct how *how, json_t **out)
{
	json_int_t n = json_integer_value(value);

	if (how->form == XR_EXACT || (n >= INT32_MIN && n <= INT32_MAX))
		return made(json_incref((json_t *)value), out);
	return made(json_sprintf("%" JSON_INTEGER_FORMAT, n), out);
}

/* A name has no base64: of two that differ only in what XML has not the last stands, where that may be. */
static int wrap_member(json_t *o, const char *key, enum xr_form form, json_t *value)
{
	cc_cleanup(cc_freep) char *name = malloc(strlen(key) + 2);
	size_t lead = *key == '$';

	if (!name) {
		json_decref(value);
		return cc_raise(CC_ENOMEM);
	}
	*name = '$';
	xr_clean(name + lead, key, strlen(key));
	if (form == XR_EXACT && json_object_get(o, name)) {
		json_decref(value);
		return -CC_EFORMAT;
	}
	return json_object_set_new(o, name, value) ? cc_raise(CC_ENOMEM) : 0;
}

static int wrap(const json_t *value, const struct how *how, unsigned depth, json_t **out);

static int wrap_object(const json_t *value, const struct how *how, unsigned depth, json_t **out)
{
	json_t *o = json_object(), *member;
	const char *key;
	int r = o ? 0 : cc_raise(CC_ENOMEM);

	json_object_foreach((json_t *)value, key, member)
	{
		json_t *one = NULL;

		if (!r)
			r = wrap(member, how, depth + 1, &one);
		if (!r)
			r = wrap_member(o, key, how->form, one);
	}
	if (r) {
		json_decref(o);
		return r;
	}
	return made(o, out);
}

static int wrap(const json_t *value, const struct how *how, unsigned depth, json_t **out)
{
	if (json_is_string(value))
		return wrap_text(value, how, out);
	if (json_is_integer(value))
		return wrap_integer(value, how, out);
	if (!json_is_object(value) && !json_is_array(value))
		return made(json_incref((json_t *)value), out);
	if (depth > how->depth)
		return -CC_ELIMIT;
	return json_is_array(value) ? convert_array(value, how, depth, wrap, out)
				    : wrap_object(value, how, depth, out);
}

int xr_wrap(const json_t *value, enum xr_form form, unsigned depth, json_t **out)
{
	const struct how how = {form, depth};

	return wrap(value, &how, 1, out);
}

/* ---- from XML-RPC ---- */

static int unwrap_base64(const json_t *text, json_t **out)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(XR_OCTETS_MAX);
	int r = xs_read_base64(json_string_value(text), json_string_length(text), &b);

	if (r)
		return r == -CC_ENOMEM ? r : -CC_EFORMAT;
	*out = memchr(b.len ? (void *)b.data : "x", 0, b.len)
		       ? NULL
		       : json_stringn(b.len ? (char *)b.data : "", b.len);
	return *out ? 0 : -CC_EFORMAT; /* no text in UTF-8 */
}

/* As the bus has them: RFC 3339; 20261126T19:35:21 is in UTC. */
static int unwrap_date(const json_t *text, json_t **out)
{
	const char *t = json_string_value(text);

	if (json_string_length(text) != 17 || strspn(t, "0123456789") != 8 || t[8] != 'T')
		return made(json_incref((json_t *)text), out);
	return made(json_sprintf("%.4s-%.2s-%.2sT%.8sZ", t, t + 4, t + 6, t + 9), out);
}

const json_t *xr_mark(const json_t *value, const char *name)
{
	const json_t *text = json_object_get(value, name);

	return json_object_size(value) == 1 && json_is_string(text) ? text : NULL;
}

static int unwrap(const json_t *value, const struct how *how, unsigned depth, json_t **out);

static int unwrap_object(const json_t *value, const struct how *how, unsigned depth, json_t **out)
{
	json_t *o = json_object(), *member;
	const char *key;
	int r = o ? 0 : cc_raise(CC_ENOMEM);

	json_object_foreach((json_t *)value, key, member)
	{
		json_t *one = NULL;

		if (!r)
			r = unwrap(member, how, depth + 1, &one);
		if (!r && json_object_set_new(o, key + (*key == '$'), one) != 0)
			r = cc_raise(CC_ENOMEM);
	}
	if (r) {
		json_decref(o);
		return r;
	}
	return made(o, out);
}

static int unwrap(const json_t *value, const struct how *how, unsigned depth, json_t **out)
{
	const json_t *text;

	if (!json_is_object(value) && !json_is_array(value))
		return made(json_incref((json_t *)value), out);
	if ((text = xr_mark(value, XR_BASE64)))
		return unwrap_base64(text, out);
	if ((text = xr_mark(value, XR_DATE)))
		return unwrap_date(text, out);
	if (depth > how->depth)
		return -CC_ELIMIT;
	return json_is_array(value) ? convert_array(value, how, depth, unwrap, out)
				    : unwrap_object(value, how, depth, out);
}

int xr_unwrap(const json_t *value, unsigned depth, json_t **out)
{
	const struct how how = {.depth = depth};

	return unwrap(value, &how, 1, out);
}
