/* SPDX-License-Identifier: ISC */
/* The arguments of a call: what is missing or of the wrong type is refused by name. */
#include <string.h>

#include "handlers/registry/registry.h"
#include "lib/base/util.h"

static const char *type_name(const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "struct", [JSON_ARRAY] = "array", [JSON_STRING] = "string",
		[JSON_INTEGER] = "int",	  [JSON_REAL] = "double", [JSON_TRUE] = "boolean",
		[JSON_FALSE] = "boolean", [JSON_NULL] = "nil"};

	return value ? names[json_typeof(value)] : "nothing";
}

static int wrong_type(struct reg_call *c, const char *key, const char *wanted, const json_t *got)
{
	return reg_refuse(c, REG_ARGUMENT, "Invalid %s value: expected %s, got %s", key, wanted,
			  type_name(got));
}

int reg_arg_text(struct reg_call *c, const char *key, bool needed, const char **out)
{
	const json_t *value = json_object_get(c->args, key);

	*out = "";
	if (!needed && (!value || json_is_null(value)))
		return 0;
	if (!json_is_string(value))
		return wrong_type(c, key, "string", value);
	*out = json_string_value(value);
	return 0;
}

int reg_name(struct reg_call *c, const char *text, const char *type, struct rg_name *out)
{
	switch (rg_name_read(text, type, out, &c->why)) {
	case 0:
		return 0;
	case RG_NAME_TYPE:
		return REG_TYPE;
	default:
		return REG_HRN;
	}
}

static const json_t *find_name(const struct reg_call *c, const char **key)
{
	static const char *const keys[] = {"hrn", "xrn", "urn"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys); i++) {
		const json_t *value = json_object_get(c->args, keys[i]);

		*key = keys[i];
		if (value)
			return value;
	}
	*key = keys[0];
	return NULL;
}

int reg_arg_name(struct reg_call *c, const char *type, struct rg_name *out)
{
	const char *key, *said;
	const json_t *value = find_name(c, &key);
	int r = reg_arg_text(c, "type", false, &said);

	if (r)
		return r;
	if (!json_is_string(value))
		return wrong_type(c, key, "string", value);
	if (!*said && strncmp(json_string_value(value), "urn:", 4) != 0)
		said = type;
	r = reg_name(c, json_string_value(value), said, out);
	if (!r)
		c->object = *out;
	return r;
}

int reg_arg_names(struct reg_call *c, json_t **list)
{
	static const char *const keys[] = {"hrns", "xrns", "hrn", "xrn", "urn"};
	json_t *value = NULL, *entry;
	size_t i;

	for (i = 0; i < CC_ARRAY_SIZE(keys) && !value; i++)
		value = json_object_get(c->args, keys[i]);
	if (json_is_string(value)) {
		*list = json_pack("[O]", value);
		return *list ? 0 : cc_raise(CC_ENOMEM);
	}
	if (!json_is_array(value))
		return wrong_type(c, "hrns", "string or array", value);
	if (json_array_size(value) > RG_PAGE_MAX)
		return reg_refuse(c, REG_ARGUMENT, "Invalid hrns value: more than %d names",
				  RG_PAGE_MAX);
	json_array_foreach(value, i, entry)
	{
		if (!json_is_string(entry))
			return wrong_type(c, "hrns", "string", entry);
	}
	*list = json_incref(value);
	return 0;
}

int reg_arg_options(struct reg_call *c, const json_t **out)
{
	const json_t *value = json_object_get(c->args, "options");

	*out = value;
	if (value && !json_is_object(value))
		return wrong_type(c, "options", "struct", value);
	return 0;
}

int reg_arg_flag(struct reg_call *c, const json_t *options, const char *key, bool *out)
{
	const json_t *value = json_object_get(options, key);

	if (value && !json_is_boolean(value) && !json_is_integer(value))
		return wrong_type(c, key, "boolean", value);
	*out = json_is_true(value) || json_integer_value(value) != 0;
	return 0;
}
