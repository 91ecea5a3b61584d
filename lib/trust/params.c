/* SPDX-License-Identifier: ISC */
/*
 * XML-RPC <params> as Python's xmlrpclib wrote it into the subjectAltName of 2008 and 2011 (spec
 * sfa 1.2): one struct, no methodCall, no prolog. Read strictly: what xmlrpclib would not have
 * written, and a member twice, is refused rather than guessed at.
 */
#include "lib/trust/legacy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/doc.h"

#define PARAMS_MAX (256u << 10) /* octets of the text */
#define PARAMS_DEPTH 16		/* structs and arrays within each other; tickets of 2011 have 5 */
#define PARAMS_NAME_MAX 255	/* octets of a member's name */

static const struct xs_limits limits = {
	.octets = PARAMS_MAX, .depth = XS_DEPTH, .elements = 16384, .plain = true};

static int read_value(xmlNode *value, unsigned depth, json_t **out, struct cc_note *why);

/* name: of an element or a member, which holds no control characters. */
static int refuse(struct cc_note *why, const char *what, const char *name)
{
	return cc_refuse(why, CC_RULE_XML_ELEMENT, "XML-RPC data: %s %.64s", what, name);
}

/* jansson gives NULL for want of memory only: the text is UTF-8, the numbers are finite. */
static int give(json_t *value, json_t **out)
{
	if (!value)
		return cc_raise(CC_ENOMEM);
	*out = value;
	return 0;
}

static int read_string(const char *text, json_t **out, struct cc_note *why)
{
	return give(json_string(text), out);
}

static size_t count_digits(const char *p)
{
	return strspn(p, "0123456789");
}

/* Behind sign and digits; NULL: there are no digits. */
static const char *skip_integer(const char *p)
{
	size_t n;

	p += *p == '-' || *p == '+';
	n = count_digits(p);
	return n > 0 ? p + n : NULL;
}

static int read_int(const char *text, json_t **out, struct cc_note *why)
{
	const char *end = skip_integer(text);
	long long n = strtoll(text, NULL, 10); /* what is too large is LLONG_MAX */

	if (!CC_RULE(CC_RULE_XML_ELEMENT, end && !*end && n >= INT32_MIN && n <= INT32_MAX))
		return refuse(why, "no integer of 32 bits in", "int");
	return give(json_integer(n), out);
}

static bool is_double(const char *text)
{
	const char *p = skip_integer(text);

	if (p && *p == '.')
		p += 1 + count_digits(p + 1);
	if (p && (*p == 'e' || *p == 'E'))
		p = skip_integer(p + 1);
	return p && !*p;
}

static int read_double(const char *text, json_t **out, struct cc_note *why)
{
	double n = is_double(text) ? strtod(text, NULL) : INFINITY;

	if (!isfinite(n))
		return refuse(why, "no finite number in", "double");
	return give(json_real(n), out);
}

static int read_boolean(const char *text, json_t **out, struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_XML_ELEMENT, (*text == '0' || *text == '1') && !text[1]))
		return refuse(why, "neither 0 nor 1 in", "boolean");
	return give(json_boolean(*text == '1'), out);
}

static int read_nil(const char *text, json_t **out, struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_XML_ELEMENT, !*text))
		return refuse(why, "something in", "nil");
	return give(json_null(), out);
}

static const struct scalar {
	const char *name;
	int (*read)(const char *text, json_t **out, struct cc_note *why);
} scalars[] = {
	{"string", read_string}, {"int", read_int},	    {"i4", read_int},
	{"double", read_double}, {"boolean", read_boolean}, {"nil", read_nil},
};

static int read_scalar(const struct scalar *s, xmlNode *node, json_t **out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	int r = xs_text(node, PARAMS_MAX, &text, why);

	return r != 0 ? r : s->read(text, out, why);
}

/* Printable ASCII without white space: the names are in refusals. */
static bool is_name(const char *name)
{
	const char *p = name;

	while (*p > ' ' && *p < 0x7f)
		p++;
	return p > name && !*p;
}

/* <name>N</name><value>...</value> */
static int read_member(xmlNode *member, unsigned depth, json_t *object, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *name = NULL;
	cc_cleanup(json_decrefp) json_t *v = NULL;
	xmlNode *name_node = NULL, *value_node = NULL;
	struct xs_cursor c;
	int r = xs_cursor_init(&c, member, why);

	if (r == 0)
		r = xs_cursor_want(&c, NULL, "name", &name_node, why);
	if (r == 0)
		r = xs_text(name_node, PARAMS_NAME_MAX, &name, why);
	if (r == 0 && !is_name(name))
		return refuse(why, "a member without a name of letters in", "struct");
	if (r == 0 && !CC_RULE(CC_RULE_XML_ELEMENT, !json_object_get(object, name)))
		return refuse(why, "two members are called", name);
	if (r == 0)
		r = xs_cursor_want(&c, NULL, "value", &value_node, why);
	if (r == 0)
		r = xs_cursor_end(&c, why);
	if (r == 0)
		r = read_value(value_node, depth, &v, why);
	if (r == 0 && json_object_set_new(object, name, cc_steal(&v)) < 0)
		return cc_raise(CC_ENOMEM);
	return r;
}

static int read_struct(xmlNode *node, unsigned depth, json_t **out, struct cc_note *why)
{
	cc_cleanup(json_decrefp) json_t *object = json_object();
	struct xs_cursor c;
	xmlNode *member;
	int r = object ? xs_cursor_init(&c, node, why) : cc_raise(CC_ENOMEM);

	while (r == 0 && (member = xs_cursor_take(&c, NULL, "member")))
		r = read_member(member, depth, object, why);
	if (r == 0)
		r = xs_cursor_end(&c, why);
	if (r == 0)
		*out = cc_steal(&object);
	return r;
}

static int read_items(xmlNode *data, unsigned depth, json_t *array, struct cc_note *why)
{
	struct xs_cursor c;
	xmlNode *value;
	json_t *item;
	int r = xs_cursor_init(&c, data, why);

	while (r == 0 && (value = xs_cursor_take(&c, NULL, "value"))) {
		r = read_value(value, depth, &item, why);
		if (r == 0 && json_array_append_new(array, item) < 0)
			r = cc_raise(CC_ENOMEM);
	}
	return r == 0 ? xs_cursor_end(&c, why) : r;
}

/* <data><value>...</value>...</data> */
static int read_array(xmlNode *node, unsigned depth, json_t **out, struct cc_note *why)
{
	cc_cleanup(json_decrefp) json_t *array = json_array();
	struct xs_cursor c;
	xmlNode *data = NULL;
	int r = array ? xs_cursor_init(&c, node, why) : cc_raise(CC_ENOMEM);

	if (r == 0)
		r = xs_cursor_want(&c, NULL, "data", &data, why);
	if (r == 0)
		r = xs_cursor_end(&c, why);
	if (r == 0)
		r = read_items(data, depth, array, why);
	if (r == 0)
		*out = cc_steal(&array);
	return r;
}

/* The one element in a <value>. */
static int read_typed(xmlNode *node, unsigned depth, json_t **out, struct cc_note *why)
{
	/* bounds our own recursion; not a rule that can be switched off */
	if (depth >= PARAMS_DEPTH)
		return cc_refuse(why, CC_RULE_XML_LIMIT, "XML-RPC data: deeper than %d",
				 PARAMS_DEPTH);
	if (xs_is(node, NULL, "struct"))
		return read_struct(node, depth + 1, out, why);
	if (xs_is(node, NULL, "array"))
		return read_array(node, depth + 1, out, why);
	for (size_t i = 0; i < CC_ARRAY_SIZE(scalars); i++) {
		if (xs_is(node, NULL, scalars[i].name))
			return read_scalar(&scalars[i], node, out, why);
	}
	return refuse(why, "unknown type", (const char *)node->name);
}

/* Text without a type is a string. */
static int read_value(xmlNode *value, unsigned depth, json_t **out, struct cc_note *why)
{
	static const struct scalar bare = {"value", read_string};
	struct xs_cursor c;
	xmlNode *typed;
	int r;

	if (!xmlFirstElementChild(value))
		return read_scalar(&bare, value, out, why);
	r = xs_cursor_init(&c, value, why);
	if (r != 0)
		return r;
	typed = c.next;
	xs_cursor_take(&c, NULL, (const char *)typed->name);
	r = xs_cursor_end(&c, why);
	return r == 0 ? read_typed(typed, depth, out, why) : r;
}

/* params, param, value, struct: each the only child. */
static int find_struct(xmlDoc *doc, xmlNode **out, struct cc_note *why)
{
	static const char *const path[] = {"param", "value", "struct"};
	xmlNode *node = xmlDocGetRootElement(doc);
	struct xs_cursor c;
	int r = 0;

	if (!xs_is(node, NULL, "params"))
		return refuse(why, "no params, but", (const char *)node->name);
	for (size_t i = 0; r == 0 && i < CC_ARRAY_SIZE(path); i++) {
		r = xs_cursor_init(&c, node, why);
		if (r == 0)
			r = xs_cursor_want(&c, NULL, path[i], &node, why);
		if (r == 0)
			r = xs_cursor_end(&c, why);
	}
	if (r == 0)
		*out = node;
	return r;
}

int tr_params_read(const char *text, size_t len, json_t **out, struct cc_note *why)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	xmlNode *node = NULL;
	int r = xs_doc_parse(text, len, &limits, &doc, why);

	if (r == 0)
		r = find_struct(doc, &node, why);
	return r == 0 ? read_struct(node, 1, out, why) : r;
}
