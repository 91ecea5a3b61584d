/* SPDX-License-Identifier: ISC */
/*
 * Records of 2008 (spec sfa 5): {name, gid, type, pointer, pl_info, geni_info}, of types user, slice,
 * sa, ma, node. What geni_info holds there are fields of their own today, and one authority is two
 * records, sa and ma.
 */
#include <string.h>

#include "daemons/ambridge/service_2008.h"
#include "lib/base/util.h"

/* A key of geni_info, and the field that it is today. */
static const struct info {
	const char *type, *key, *field;
	const char *half; /* of an authority: the record that has it */
} infos[] = {
	{"user", "email", "email", NULL},     {"slice", "researcher", "reg-researchers", NULL},
	{"authority", "pi", "reg-pis", "sa"}, {"authority", "operator", "reg-operators", "ma"},
	{"authority", "owner", NULL, "ma"},   {"node", "dns", "hostname", NULL},
};

/* The type of today. */
static const char *type_of(const char *type)
{
	return strcmp(type, "sa") == 0 || strcmp(type, "ma") == 0 ? "authority" : type;
}

static int refuse(struct cc_note *why, const char *text)
{
	cc_note_set(why, CC_EINVAL, "Invalid record value: %s", text);
	return 1;
}

/* ---- from a client ---- */

static int move_info(json_t *record, json_t *geni, const char *type)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(infos); i++) {
		json_t *value = json_object_get(geni, infos[i].key);

		if (!value || !infos[i].field || strcmp(infos[i].type, type) != 0)
			continue;
		if (!json_is_null(value) && json_object_set(record, infos[i].field, value) != 0)
			return cc_raise(CC_ENOMEM);
		json_object_del(geni, infos[i].key);
	}
	return 0;
}

/* What is "" or nil there says nothing. */
static bool says_nothing(const json_t *value)
{
	return json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0) ||
	       (json_is_object(value) && json_object_size(value) == 0);
}

static int read_infos(json_t *record, const char *type, struct cc_note *why)
{
	json_t *geni = json_object_get(record, "geni_info");
	int r;

	if (says_nothing(json_object_get(record, "pl_info")))
		json_object_del(record, "pl_info");
	if (geni && !says_nothing(geni)) {
		if (!json_is_object(geni))
			return refuse(why, "its geni_info is no struct");
		r = move_info(record, geni, type);
		if (r)
			return r;
	}
	if (says_nothing(geni))
		json_object_del(record, "geni_info");
	return 0;
}

int ab_2008_record_read(json_t *record, struct cc_note *why)
{
	json_t *name = json_object_get(record, "name"), *type = json_object_get(record, "type");

	if (!json_is_string(name))
		return refuse(why, "its name is no string");
	if (!json_is_string(type))
		return refuse(why, "its type is no string");
	if (json_object_set(record, "hrn", name) != 0)
		return cc_raise(CC_ENOMEM);
	/* today's name is another thing */
	json_object_del(record, "name");
	return read_infos(record, type_of(json_string_value(type)), why);
}

/* ---- to a client ---- */

static const json_t *info_of(const json_t *record, const struct info *i)
{
	const json_t *value = json_object_get(json_object_get(record, "geni_info"), i->key);

	if (!value && i->field)
		value = json_object_get(record, i->field);
	return value;
}

/* half: "sa", "ma", or NULL for what is no authority. */
static int put_infos(json_t *geni, const json_t *record, const char *type, const char *half)
{
	const json_t *stored = json_object_get(record, "geni_info");

	if (stored && json_object_update(geni, (json_t *)stored) != 0)
		return cc_raise(CC_ENOMEM);
	for (size_t i = 0; i < CC_ARRAY_SIZE(infos); i++) {
		const json_t *value = info_of(record, &infos[i]);

		if (strcmp(infos[i].type, type) != 0)
			continue;
		if (half && strcmp(infos[i].half, half) != 0)
			json_object_del(geni, infos[i].key);
		else if (value && json_object_set(geni, infos[i].key, (json_t *)value) != 0)
			return cc_raise(CC_ENOMEM);
	}
	return 0;
}

static int put_record(json_t *list, const json_t *record, const char *type, const char *half)
{
	json_t *hrn = json_object_get(record, "hrn"), *gid = json_object_get(record, "gid");
	json_t *pointer = json_object_get(record, "pointer");
	json_t *pl = json_object_get(record, "pl_info"), *geni = json_object(), *o;
	int r = geni ? put_infos(geni, record, type, half) : cc_raise(CC_ENOMEM);

	if (r) {
		json_decref(geni);
		return r;
	}
	o = json_pack("{s:O, s:O, s:s, s:o, s:o, s:o}", "name", hrn, "gid", gid, "type",
		      half ? half : type, "pointer",
		      pointer ? json_incref(pointer) : json_integer(-1), "pl_info",
		      json_is_object(pl) ? json_incref(pl) : json_object(), "geni_info", geni);
	return json_array_append_new(list, o) != 0 ? cc_raise(CC_ENOMEM) : 0;
}

static int put_one(json_t *list, const json_t *record)
{
	const char *type = json_string_value(json_object_get(record, "type"));
	int r;

	if (!type || !json_is_string(json_object_get(record, "hrn")) ||
	    !json_is_string(json_object_get(record, "gid")))
		return -CC_EFORMAT;
	if (strcmp(type, "authority") != 0)
		return put_record(list, record, type, NULL);
	r = put_record(list, record, type, "sa");
	return r ? r : put_record(list, record, type, "ma");
}

int ab_2008_records_write(const json_t *records, json_t **out)
{
	json_t *list = json_array();
	const json_t *record;
	size_t i;
	int r = !list ? cc_raise(CC_ENOMEM) : json_is_array(records) ? 0 : -CC_EFORMAT;

	json_array_foreach(records, i, record)
	{
		if (!r)
			r = put_one(list, record);
	}
	if (!r)
		r = xr_wrap(list, XR_FOREIGN, AB_DEPTH_MAX, out);
	json_decref(list);
	return r;
}
