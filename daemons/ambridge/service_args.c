/* SPDX-License-Identifier: ISC */
/* The arguments of a call by their places; what is wrong is said as the originals said it (spec sfa 4). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemons/ambridge/service_int.h"
#include "lib/base/util.h"

#define CREDS_MAX 64 /* of one call, with those that are left out; the registry takes 16 */

/* What XML-RPC calls the type of a value. */
static const char *type_name(const json_t *value)
{
	if (xr_mark(value, "$base64"))
		return "base64";
	if (xr_mark(value, "$dateTime"))
		return "dateTime.iso8601";
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "struct";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "int";
	case JSON_REAL:
		return "double";
	case JSON_NULL:
		return "nil";
	default:
		return "boolean";
	}
}

static int refuse(struct cc_note *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int refuse(struct cc_note *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	why->code = CC_EINVAL;
	return 1;
}

static int wrong_type(const struct ab_arg *a, const char *wanted, const json_t *got,
		      struct cc_note *why)
{
	return refuse(why, "Invalid %s value: expected %s, got %s", a->name, wanted,
		      type_name(got));
}

static int convert(const struct ab_arg *a, const json_t *value, json_t **out, struct cc_note *why)
{
	int r = xr_unwrap(value, AB_DEPTH_MAX, out);

	if (r == -CC_EFORMAT)
		return refuse(why, "Invalid %s value: base64 of something that is no text",
			      a->name);
	if (r == -CC_ELIMIT)
		return refuse(why, "Invalid %s value: nested deeper than %u", a->name,
			      AB_DEPTH_MAX);
	return r;
}

static bool is_text(const json_t *value)
{
	return json_is_string(value) || xr_mark(value, "$base64");
}

static int take_text(const struct ab_arg *a, const json_t *value, json_t **out, struct cc_note *why)
{
	if (!is_text(value))
		return wrong_type(a, "string", value, why);
	return convert(a, value, out, why);
}

static int take_date(const struct ab_arg *a, const json_t *value, json_t **out, struct cc_note *why)
{
	if (!is_text(value) && !xr_mark(value, "$dateTime"))
		return wrong_type(a, "string", value, why);
	return convert(a, value, out, why);
}

static int take_names(const struct ab_arg *a, const json_t *value, json_t **out,
		      struct cc_note *why)
{
	const json_t *entry;
	size_t i;

	bool one = a->kind == AB_NAMES;

	if (one && is_text(value))
		return convert(a, value, out, why);
	if (!json_is_array(value))
		return wrong_type(a, one ? "string or array" : "array", value, why);
	json_array_foreach(value, i, entry)
	{
		if (!is_text(entry))
			return wrong_type(a, "array of strings", entry, why);
	}
	return convert(a, value, out, why);
}

/* ---- credentials ---- */

/* GENI's struct; of types that nobody here reads nothing is taken (spec geni-am 7). */
static int add_struct(const struct ab_arg *a, const json_t *cred, json_t *list, struct cc_note *why)
{
	const json_t *type = json_object_get(cred, "geni_type");
	const json_t *text = json_object_get(cred, "geni_value");
	json_t *value;
	int r;

	if (!json_is_string(type))
		return refuse(why, "Invalid %s value: a credential's geni_type is no string",
			      a->name);
	if (strcasecmp(json_string_value(type), "geni_sfa") != 0)
		return 0;
	if (!text || !is_text(text))
		return refuse(why, "Invalid %s value: a credential's geni_value is no string",
			      a->name);
	r = convert(a, text, &value, why);
	if (!r && json_array_append_new(list, value) != 0)
		r = cc_raise(CC_ENOMEM);
	return r;
}

static int add_credential(const struct ab_arg *a, const json_t *cred, json_t *list,
			  struct cc_note *why)
{
	json_t *value;
	int r;

	if (json_is_object(cred) && !is_text(cred) && !xr_mark(cred, "$dateTime"))
		return add_struct(a, cred, list, why);
	if (!is_text(cred))
		return wrong_type(a, "string or struct", cred, why);
	r = convert(a, cred, &value, why);
	if (!r && json_array_append_new(list, value) != 0)
		r = cc_raise(CC_ENOMEM);
	return r;
}

static int add_credentials(const struct ab_arg *a, const json_t *value, json_t *list,
			   struct cc_note *why)
{
	const json_t *cred;
	size_t i;
	int r = 0;

	if (!json_is_array(value))
		return add_credential(a, value, list, why);
	if (json_array_size(value) > CREDS_MAX)
		return refuse(why, "Invalid %s value: more than %d credentials", a->name,
			      CREDS_MAX);
	json_array_foreach(value, i, cred)
	{
		if (!r)
			r = add_credential(a, cred, list, why);
	}
	return r;
}

/* ---- credentials of the AM API ---- */

/*
 * As the client sent it: who speaks for whom is for the aggregate to judge. What nobody here reads is not
 * carried, as it may be anything.
 */
static int add_am_struct(const struct ab_arg *a, const json_t *cred, json_t *list,
			 struct cc_note *why)
{
	static const char *const known[] = {"geni_sfa", "geni_abac"};
	const json_t *type = json_object_get(cred, "geni_type");
	const json_t *text = json_object_get(cred, "geni_value");
	const json_t *version = json_object_get(cred, "geni_version");
	json_t *value, *one;
	bool read = false;
	int r;

	if (!json_is_string(type))
		return refuse(why, "Invalid %s value: a credential's geni_type is no string",
			      a->name);
	for (size_t i = 0; i < CC_ARRAY_SIZE(known); i++)
		read = read || strcasecmp(json_string_value(type), known[i]) == 0;
	if (!read)
		return 0;
	if (!text || !is_text(text))
		return refuse(why, "Invalid %s value: a credential's geni_value is no string",
			      a->name);
	r = convert(a, text, &value, why);
	if (r)
		return r;
	one = json_pack("{s:O, s:o}", "geni_type", type, "geni_value", value);
	if (one && (json_is_string(version) || json_is_integer(version)))
		r = json_object_set(one, "geni_version", (json_t *)version);
	if (!one || r) {
		json_decref(one);
		return cc_raise(CC_ENOMEM);
	}
	return json_array_append_new(list, one) == 0 ? 0 : cc_raise(CC_ENOMEM);
}

static int add_am_credentials(const struct ab_arg *a, const json_t *value, json_t *list,
			      struct cc_note *why)
{
	const json_t *cred;
	size_t i;
	int r = 0;

	if (!json_is_array(value))
		return wrong_type(a, "array", value, why);
	if (json_array_size(value) > CREDS_MAX)
		return refuse(why, "Invalid %s value: more than %d credentials", a->name,
			      CREDS_MAX);
	json_array_foreach(value, i, cred)
	{
		if (!r)
			r = json_is_object(cred) && !is_text(cred) && !xr_mark(cred, "$dateTime")
				    ? add_am_struct(a, cred, list, why)
				    : add_credential(a, cred, list, why);
	}
	return r;
}

/* ---- all of them ---- */

static int take_credentials(const struct ab_arg *a, const json_t *value, json_t **out,
			    struct cc_note *why)
{
	json_t *list = json_array();
	int r;

	if (!list)
		r = cc_raise(CC_ENOMEM);
	else if (a->kind == AB_AM_CREDS)
		r = add_am_credentials(a, value, list, why);
	else
		r = add_credentials(a, value, list, why);
	if (r)
		json_decref(list);
	else
		*out = list;
	return r;
}

static int take_any(const struct ab_arg *a, const json_t *value, json_t **out, struct cc_note *why)
{
	bool mark = xr_mark(value, "$base64") || xr_mark(value, "$dateTime");

	if (a->kind == AB_STRUCT && (!json_is_object(value) || mark))
		return wrong_type(a, "struct", value, why);
	if (a->kind == AB_LIST && !json_is_array(value))
		return wrong_type(a, "array", value, why);
	return a->key ? convert(a, value, out, why) : 0;
}

static int take_one(const struct ab_arg *a, const json_t *value, json_t *body, struct cc_note *why)
{
	json_t *taken = NULL;
	int r;

	if (a->nil && json_is_null(value))
		return 0;
	switch (a->kind) {
	case AB_TEXT:
		r = take_text(a, value, &taken, why);
		break;
	case AB_NAMES:
	case AB_TEXTS:
		r = take_names(a, value, &taken, why);
		break;
	case AB_CREDS:
	case AB_AM_CREDS:
		r = take_credentials(a, value, &taken, why);
		break;
	case AB_DATE:
		r = take_date(a, value, &taken, why);
		break;
	default:
		r = take_any(a, value, &taken, why);
		break;
	}
	if (r || !a->key) {
		json_decref(taken);
		return r;
	}
	return json_object_set_new(body, a->key, taken) ? cc_raise(CC_ENOMEM) : 0;
}

static int check_count(const struct ab_method *m, size_t got, struct cc_note *why)
{
	size_t least = 0, most = 0;

	for (; m->args[most].name; most++)
		if (!m->args[most].optional)
			least = most + 1;
	if (got >= least && got <= most)
		return 0;
	if (least == most)
		return refuse(why, "Expected %zu argument%s, got %zu", most, most == 1 ? "" : "s",
			      got);
	return refuse(why, "Expected %zu-%zu arguments, got %zu", least, most, got);
}

int ab_args_take(const struct ab_method *m, const json_t *params, json_t *body, struct cc_note *why)
{
	size_t n = json_array_size(params);
	int r = check_count(m, n, why);

	for (size_t i = 0; i < n && !r; i++)
		r = take_one(&m->args[i], json_array_get(params, i), body, why);
	return r;
}
