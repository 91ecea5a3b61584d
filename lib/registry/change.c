/* SPDX-License-Identifier: ISC */
/* What clients say of a record: each field by its row, everything else refused. */
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/registry/record.h"
#include "lib/xml/write.h"

#define TYPE_BIT(t) (1u << (t))
#define U TYPE_BIT(RG_USER)
#define S TYPE_BIT(RG_SLICE)
#define A TYPE_BIT(RG_AUTHORITY)
#define N TYPE_BIT(RG_NODE)
#define ALL (U | S | A | N)

enum kind {
	IGNORED = 1, /* told by us, and sent back by who edits what he read */
	NAME,	     /* hrn, type: read before */
	EMAIL,
	TEXT,
	OBJECT,
	KEYS,
	RESEARCHERS,
	PIS,
	OPERATORS,
	ATTRIBUTES,
	POINTER,
	EXPIRES,
	GID,
	KEY,
};

static const struct field {
	const char *key, *stored; /* stored: under which name info has it; NULL: key */
	unsigned types;
	enum kind kind;
} fields[] = {
	{"hrn", NULL, ALL, NAME},
	{"urn", NULL, ALL, NAME},
	{"type", NULL, ALL, NAME},
	{"record_id", NULL, ALL, IGNORED},
	{"classtype", NULL, ALL, IGNORED},
	{"authority", NULL, ALL, IGNORED},
	{"peer_authority", NULL, ALL, IGNORED},
	{"reg-urn", NULL, ALL, IGNORED},
	{"uuid", NULL, ALL, IGNORED},
	{"date_created", NULL, ALL, IGNORED},
	{"last_updated", NULL, ALL, IGNORED},
	{"reg-pi-authorities", NULL, U, IGNORED},
	{"reg-slices", NULL, U, IGNORED},
	{"gid", NULL, ALL, GID},
	{"key", NULL, ALL, KEY},
	{"pointer", NULL, ALL, POINTER},
	{"expires", NULL, ALL, EXPIRES},
	{"email", NULL, U | N | A, EMAIL},
	{"reg-keys", NULL, U, KEYS},
	{"keys", NULL, U, KEYS},
	{"reg-researchers", NULL, S, RESEARCHERS},
	{"researcher", NULL, S, RESEARCHERS},
	{"reg-pis", NULL, A, PIS},
	{"pi", NULL, A, PIS},
	{"reg-operators", NULL, A | N, OPERATORS},
	{"operator", NULL, A | N, OPERATORS},
	{"attributes", NULL, S, ATTRIBUTES},
	{"name", NULL, ALL, TEXT},
	{"description", NULL, ALL, TEXT},
	{"url", NULL, ALL, TEXT},
	{"first_name", NULL, U, TEXT},
	{"last_name", NULL, U, TEXT},
	{"title", NULL, U, TEXT},
	{"phone", NULL, U, TEXT},
	{"bio", NULL, U, TEXT},
	{"hostname", NULL, N, TEXT},
	{"dns", "hostname", N, TEXT},
	{"geni_info", NULL, ALL, OBJECT},
	{"pl_info", NULL, ALL, OBJECT},
};

static int bad(struct cc_note *why, const char *key, const char *wrong)
{
	cc_note_set(why, CC_EINVAL, "Invalid %.40s value: %s", key, wrong);
	return RG_FIELD_BAD;
}

const char *rg_text_wrong(const json_t *value, size_t max)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text)
		return "expected a string";
	if (len > max)
		return "it is too long";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')
			return "it holds a control character";
	return NULL;
}

const char *rg_line_wrong(const json_t *value, size_t max)
{
	const char *wrong = rg_text_wrong(value, max);

	if (!wrong && (json_string_length(value) == 0 || strchr(json_string_value(value), '\n')))
		wrong = "expected one line of text";
	return wrong;
}

static const char *wrong_hrn(const json_t *value)
{
	const char *wrong = rg_line_wrong(value, TR_NAME_MAX);
	struct rg_name name;

	if (!wrong && rg_name_read(json_string_value(value), "user", &name, NULL) != 0)
		wrong = "expected names of users";
	return wrong;
}

const char *rg_attribute_wrong(const json_t *value)
{
	const json_t *name = json_object_get(value, "name"), *v = json_object_get(value, "value");

	if (!json_is_object(value) || json_object_size(value) != 2 || !name || !v)
		return "expected {name, value} each";
	if (rg_line_wrong(name, 255))
		return "an attribute's name is a text of one line";
	for (const char *p = json_string_value(name); *p; p++)
		if (*p < ' ' || *p > '~')
			return "an attribute's name is printable ASCII";
	return rg_text_wrong(v, RG_ATTRIBUTE_MAX);
}

static const char *wrong_key_line(const json_t *value)
{
	return rg_line_wrong(value, RG_KEY_LINE_MAX);
}

/* @return the array that is kept, or NULL with why. */
static int take_list(json_t **out, const char *key, json_t *value, size_t max,
		     const char *(*wrong)(const json_t *), struct cc_note *why)
{
	const char *what;
	json_t *entry;
	size_t i;

	if (*out)
		return bad(why, key, "it is said twice, under two names");
	if (!json_is_array(value))
		return bad(why, key, "expected a list");
	if (json_array_size(value) > max)
		return bad(why, key, "it has too many entries");
	json_array_foreach(value, i, entry)
	{
		what = wrong(entry);
		if (what)
			return bad(why, key, what);
	}
	*out = value;
	return 0;
}

static int take_info(struct rg_change *c, const struct field *f, json_t *value, struct cc_note *why)
{
	const char *wrong = NULL;

	if (f->kind == OBJECT)
		wrong = json_is_object(value) ? NULL : "expected a struct";
	else
		wrong = rg_text_wrong(value, RG_TEXT_MAX);
	if (wrong)
		return bad(why, f->key, wrong);
	if (!c->info)
		c->info = json_object();
	if (!c->info || json_object_set(c->info, f->stored ? f->stored : f->key, value) != 0)
		return cc_raise(CC_ENOMEM);
	return 0;
}

static int take_text(const char **out, const char *key, const json_t *value, size_t max,
		     struct cc_note *why)
{
	const char *wrong = rg_text_wrong(value, max);

	if (wrong)
		return bad(why, key, wrong);
	*out = json_string_value(value);
	return 0;
}

bool rg_time_read(const json_t *value, int64_t *out)
{
	*out = json_integer_value(value);
	if (!json_is_integer(value) &&
	    (!json_is_string(value) ||
	     xs_read_time(json_string_value(value), json_string_length(value), out) != 0))
		return false;
	return *out >= 0 && *out <= 253402300799; /* the end of 9999 */
}

static int take_number(struct rg_change *c, const struct field *f, const json_t *value,
		       struct cc_note *why)
{
	if (f->kind == POINTER) {
		c->pointer = json_integer_value(value);
		c->has_pointer =
			json_is_integer(value) && c->pointer >= -1 && c->pointer <= INT32_MAX;
		return c->has_pointer ? 0 : bad(why, f->key, "expected an int, -1 or more");
	}
	if (c->name.type != RG_SLICE) /* told of others, too: it follows their GID */
		return 0;
	c->has_expires = rg_time_read(value, &c->expires);
	return c->has_expires ? 0 : bad(why, f->key, "expected a date");
}

static int take(struct rg_change *c, const struct field *f, json_t *value, struct cc_note *why)
{
	switch (f->kind) {
	case EMAIL:
		if (json_string_length(value) > 0 && rg_line_wrong(value, TR_NAME_MAX))
			return bad(why, f->key, rg_line_wrong(value, TR_NAME_MAX));
		return take_text(&c->email, f->key, value, TR_NAME_MAX, why);
	case GID:
		return take_text(&c->gid, f->key, value, 256 << 10, why);
	case KEY:
		return take_text(&c->key, f->key, value, 64 << 10, why);
	case TEXT:
	case OBJECT:
		return take_info(c, f, value, why);
	case KEYS:
		return take_list(&c->keys, f->key, value, RG_KEYS_MAX, wrong_key_line, why);
	case RESEARCHERS:
	case PIS:
	case OPERATORS:
		return take_list(&c->related[f->kind - RESEARCHERS], f->key, value, RG_RELATED_MAX,
				 wrong_hrn, why);
	case ATTRIBUTES:
		return take_list(&c->attributes, f->key, value, RG_ATTRIBUTES_MAX,
				 rg_attribute_wrong, why);
	case POINTER:
	case EXPIRES:
		return take_number(c, f, value, why);
	default:
		return 0;
	}
}

static const struct field *find(const char *key)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(fields); i++)
		if (strcmp(key, fields[i].key) == 0)
			return &fields[i];
	return NULL;
}

static int read_name(const json_t *record, struct rg_change *out, struct cc_note *why)
{
	const json_t *hrn = json_object_get(record, "hrn"), *type = json_object_get(record, "type");

	if (!hrn)
		hrn = json_object_get(record, "urn");
	if (!json_is_string(hrn))
		return bad(why, "hrn", "expected a string");
	if (type && !json_is_string(type))
		return bad(why, "type", "expected a string");
	if (!type && strncmp(json_string_value(hrn), "urn:", 4) != 0)
		return bad(why, "type", "it is missing");
	return rg_name_read(json_string_value(hrn), json_string_value(type), &out->name, why);
}

int rg_change_read(const json_t *record, struct rg_change *out, struct cc_note *why)
{
	const char *key;
	json_t *value;
	int r;

	memset(out, 0, sizeof(*out));
	if (!json_is_object(record))
		return bad(why, "record", "expected a struct");
	r = read_name(record, out, why);
	json_object_foreach((json_t *)record, key, value)
	{
		const struct field *f = r ? NULL : find(key);

		if (r)
			break;
		if (!f || !(f->types & TYPE_BIT(out->name.type)))
			r = bad(why, key, "a record of this type has no such field");
		else if (!json_is_null(value))
			r = take(out, f, value, why);
	}
	return r;
}

void rg_change_deinit(struct rg_change *c)
{
	json_decref(c->info);
	memset(c, 0, sizeof(*c));
}
