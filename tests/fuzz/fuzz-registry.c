/* SPDX-License-Identifier: ISC */
/*
 * What a registry is told: the first octet says what the rest is read as.
 *
 *   r  a record of reg.register and reg.update, as JSON
 *   i  a line of an import
 *   n  three lines: two names, and a type of the first
 *   a  the body of a request, of which all arguments are read
 *   c  a name that is cleaned
 *   x  the RSpec of a ticket
 *
 * What is taken is held against the limits of lib/registry/record.h, read a second time here; what is
 * told of a record must be taken again, and tell the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "handlers/registry/registry.h"
#include "lib/base/util.h"
#include "lib/registry/import.h"
#include "lib/rspec/component.h"
#include "tests/fuzz/must.h"

#define NOW INT64_C(1800000000)
#define LAST_SECOND INT64_C(253402300799) /* of the year 9999 */

/* ---- names ---- */

/* Labels of an HRN, each with its dots escaped. */
static size_t next_label(const char *text)
{
	size_t i = 0;

	while (text[i] && text[i] != '.')
		i += text[i] == '\\' ? 2 : 1;
	return i;
}

static bool slow_over(const char *over, const char *sub)
{
	for (;;) {
		size_t a = next_label(over), b = next_label(sub);

		if (a != b || strncasecmp(over, sub, a) != 0)
			return false;
		if (!over[a])
			return true;
		if (!sub[b])
			return false;
		over += a + 1;
		sub += b + 1;
	}
}

static void check_form(const struct rg_name *n)
{
	const char *leaf = n->name + strlen(n->authority);

	MUST(strcasecmp(n->name, n->hrn) == 0 && strlen(n->name) <= TR_NAME_MAX && *n->name);
	MUST(strncmp(n->name, n->authority, strlen(n->authority)) == 0);
	MUST(!*n->authority || *leaf == '.');
	MUST(!leaf[*leaf == '.' ? 1 + next_label(leaf + 1) : next_label(leaf)]);
	for (const char *p = n->name; *p; p++)
		MUST(*p < 'A' || *p > 'Z' || (n->type == RG_NODE && p >= leaf));
}

/* Its HRN, its URN and the store's form say the same. */
static void check_name(const struct rg_name *n)
{
	struct rg_name again;
	struct cc_note why = {0};

	check_form(n);
	MUST((n->type == RG_ANY) == !*n->urn);
	if (n->type != RG_ANY) {
		MUST(rg_name_read(n->urn, NULL, &again, &why) == 0);
		MUST(memcmp(&again.type, &n->type, sizeof(n->type)) == 0);
		MUST(strcmp(again.hrn, n->hrn) == 0 && strcmp(again.name, n->name) == 0);
		MUST(strcmp(again.urn, n->urn) == 0);
	}
	MUST(rg_name_read(n->name, rg_type_word(n->type), &again, &why) == 0);
	MUST(strcmp(again.name, n->name) == 0 && strcmp(again.authority, n->authority) == 0);
	MUST(!rg_name_above(n->name, n) && !rg_name_above("", n));
}

static bool allowed_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("._-", c));
}

static bool allowed_label(const char *label, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++, n++) {
		i += label[i] == '\\';
		if (!allowed_octet(label[i]))
			return false;
	}
	return n >= 1 && n <= 64 && label[0] != '-' && label[0] != '\\';
}

static void check_new_name(const struct rg_name *n)
{
	struct cc_note why = {0};
	int r = rg_name_check(n, &why);
	bool good = true;

	for (const char *p = n->hrn;; p++) {
		size_t len = next_label(p);

		good = good && allowed_label(p, len);
		p += len;
		if (!*p)
			break;
	}
	MUST(r == (good ? 0 : RG_NAME_BAD));
	MUST(r == 0 || *why.text);
}

static void read_names(char *text)
{
	char *second = strchr(text, '\n'), *type = second ? strchr(second + 1, '\n') : NULL;
	struct rg_name a, b;
	struct cc_note why = {0};
	int r;

	if (second)
		*second++ = 0;
	if (type)
		*type++ = 0;
	r = rg_name_read(text, type, &a, &why);
	MUST(r == 0 || r == RG_NAME_BAD || r == RG_NAME_TYPE);
	MUST(r == 0 || *why.text);
	if (type)
		MUST(r != 0 || !*type || a.type == rg_type_of(type));
	if (r)
		return;
	check_name(&a);
	check_new_name(&a);
	if (!second || rg_name_read(second, NULL, &b, NULL) != 0)
		return;
	MUST(rg_name_above(b.name, &a) == (*a.authority && slow_over(b.name, a.authority)));
	MUST(!rg_name_above(b.name, &a) || !rg_name_above(a.name, &b));
}

/* ---- records ---- */

static bool is_text(const json_t *v, size_t max)
{
	const char *text = json_string_value(v);

	for (const char *p = text; p && *p; p++)
		if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t')
			return false;
	return text && json_string_length(v) <= max && strlen(text) == json_string_length(v);
}

static bool is_line(const json_t *v, size_t max)
{
	return is_text(v, max) && json_string_length(v) && !strchr(json_string_value(v), '\n');
}

static void check_attributes(const json_t *list)
{
	const json_t *one;
	size_t i;

	MUST(json_array_size(list) <= RG_ATTRIBUTES_MAX);
	json_array_foreach(list, i, one)
	{
		MUST(json_object_size(one) == 2 && !rg_attribute_wrong(one));
		MUST(is_line(json_object_get(one, "name"), 255));
		MUST(is_text(json_object_get(one, "value"), RG_ATTRIBUTE_MAX));
	}
}

static void check_related(const json_t *list)
{
	const json_t *one;
	struct rg_name user;
	size_t i;

	MUST(json_array_size(list) <= RG_RELATED_MAX);
	json_array_foreach(list, i, one)
	{
		MUST(rg_name_read(json_string_value(one), NULL, &user, NULL) == 0);
		MUST(user.type == RG_ANY || user.type == RG_USER);
	}
}

static void check_keys(const json_t *list)
{
	const json_t *one;
	size_t i;

	MUST(json_array_size(list) <= RG_KEYS_MAX);
	json_array_foreach(list, i, one) MUST(is_line(one, RG_KEY_LINE_MAX));
}

static void check_info(const json_t *info)
{
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)info, key, value)
	{
		if (strcmp(key, "geni_info") == 0 || strcmp(key, "pl_info") == 0)
			MUST(json_is_object(value));
		else
			MUST(is_text(value, RG_TEXT_MAX));
	}
	MUST(!json_object_get(info, "hrn") && !json_object_get(info, "gid") &&
	     !json_object_get(info, "email") && !json_object_get(info, "dns"));
}

/* Which lists and fields go with which type. */
static void check_types(const struct rg_change *c)
{
	enum rg_type t = c->name.type;

	MUST(t > RG_ANY && t < RG_TYPES);
	MUST(!c->keys || t == RG_USER);
	MUST(!c->attributes || t == RG_SLICE);
	MUST(!c->has_expires || t == RG_SLICE);
	MUST(!c->related[RG_RESEARCHER] || t == RG_SLICE);
	MUST(!c->related[RG_PI] || t == RG_AUTHORITY);
	MUST(!c->related[RG_OPERATOR] || t == RG_AUTHORITY || t == RG_NODE);
	MUST(!c->email || t != RG_SLICE);
	MUST(!json_object_get(c->info, "hostname") || t == RG_NODE);
	MUST(!json_object_get(c->info, "bio") || t == RG_USER);
}

static void check_change(const struct rg_change *c)
{
	check_name(&c->name);
	check_types(c);
	MUST(!c->email || strlen(c->email) <= TR_NAME_MAX);
	MUST(!c->email || !strpbrk(c->email, "\n\r"));
	MUST(!c->gid || strlen(c->gid) <= 256 << 10);
	MUST(!c->key || strlen(c->key) <= 64 << 10);
	MUST(!c->has_pointer || (c->pointer >= -1 && c->pointer <= INT32_MAX));
	MUST(!c->has_expires || (c->expires >= 0 && c->expires <= LAST_SECOND));
	check_keys(c->keys);
	check_attributes(c->attributes);
	for (int role = 0; role < RG_ROLES; role++)
		check_related(c->related[role]);
	check_info(c->info);
}

/* A record as it would be stored. */
static void fill(struct rg_record *r, const struct rg_change *c)
{
	r->type = c->name.type;
	strcpy(r->name, c->name.name);
	strcpy(r->authority, c->name.authority);
	strcpy(r->hrn, c->name.hrn);
	strcpy(r->urn, c->name.urn);
	r->email = strdup(c->email ? c->email : "");
	r->gid = strdup("");
	r->info = json_object();
	MUST(r->email && r->gid && r->info);
	r->pointer = c->has_pointer ? c->pointer : -1;
	r->created = r->updated = NOW;
	r->expires = c->has_expires ? c->expires : 0;
	r->keys = json_incref(c->keys);
	r->attributes = json_incref(c->attributes);
	for (int role = 0; role < RG_ROLES; role++)
		r->related[role] = json_incref(c->related[role]);
}

/* What resolve tells may be sent back, and says nothing new. */
static void check_told(const struct rg_record *r, const struct rg_change *c)
{
	json_t *told = rg_record_json(r, true), *twice;
	struct rg_record again = {.id = 0};
	struct rg_change back;
	struct cc_note why = {0};

	MUST(told && rg_change_read(told, &back, &why) == 0);
	check_change(&back);
	MUST(strcmp(back.name.urn, r->urn) == 0);
	if (c)
		for (int role = 0; role < RG_ROLES; role++)
			MUST(!c->related[role] || json_equal(c->related[role], back.related[role]));
	fill(&again, &back);
	MUST(rg_record_merge(&again, &back, &why) >= 0);
	twice = rg_record_json(&again, true);
	/* these the store adds */
	MUST(json_object_set_new(twice, "uuid", json_string(r->uuid)) == 0);
	MUST(json_object_set_new(twice, "gid", json_string(r->gid)) == 0);
	MUST(json_equal(told, twice));
	rg_change_deinit(&back);
	rg_record_deinit(&again);
	json_decref(told);
	json_decref(twice);
}

static void read_record(const char *text, size_t len)
{
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	struct rg_record r = {.id = 0};
	struct rg_change c;
	struct cc_note why = {0};
	int err = rg_change_read(o, &c, &why);

	MUST(err == 0 || err == RG_NAME_BAD || err == RG_NAME_TYPE || err == RG_FIELD_BAD);
	MUST(err == 0 || *why.text);
	if (err == 0) {
		check_change(&c);
		fill(&r, &c);
		why = (struct cc_note){0};
		err = rg_record_merge(&r, &c, &why);
		MUST(err == 0 || (err == RG_FIELD_BAD && *why.text));
		if (err == 0)
			check_told(&r, &c);
	}
	rg_record_deinit(&r);
	rg_change_deinit(&c);
	json_decref(o);
}

/* ---- lines of an import ---- */

static void check_item(const struct rg_item *item)
{
	const struct rg_record *r = &item->record;
	struct rg_name name;

	MUST(rg_name_read(r->hrn, rg_type_word(r->type), &name, NULL) == 0);
	check_name(&name);
	MUST(rg_name_check(&name, NULL) == 0);
	MUST(strcmp(name.name, r->name) == 0 && strcmp(name.urn, r->urn) == 0);
	MUST(strcmp(item->site, name.authority) == 0);
	MUST(r->email && r->gid && r->public_key && r->info);
	MUST(json_dumpb(r->info, NULL, 0, JSON_COMPACT) <= RG_INFO_MAX);
	MUST(json_array_size(item->persons) <= RG_RELATED_MAX);
	check_told(r, NULL);
}

/* A record of an export is a line that says the same. */
static void check_exported(const struct rg_item *item, const struct rg_name *top)
{
	json_t *told = rg_record_json(&item->record, true), *again;
	char *line = told ? json_dumps(told, JSON_COMPACT) : NULL;
	struct rg_item back;
	struct cc_note why = {0};

	MUST(line && rg_item_read(line, strlen(line), top, NOW, &back, &why) == 0);
	again = rg_record_json(&back.record, true);
	MUST(again && json_equal(told, again));
	MUST(strcmp(back.site, item->site) == 0);
	rg_item_deinit(&back);
	json_decref(told);
	json_decref(again);
	free(line);
}

static void read_item(const char *text, size_t len)
{
	struct rg_name top;
	struct rg_item item;
	struct cc_note why = {0};
	int r;

	MUST(rg_name_read("plc", "authority", &top, &why) == 0);
	r = rg_item_read(text, len, &top, NOW, &item, &why);
	MUST(r == 0 || r == RG_IMPORT_BAD);
	MUST(r == 0 || *why.text);
	if (r == 0) {
		check_item(&item);
		check_exported(&item, &top);
	}
	rg_item_deinit(&item);
}

static void clean(const char *text)
{
	char out[65], again[65];

	rg_clean(text, out);
	MUST(strlen(out) <= 64 && !strpbrk(out, " .()'\""));
	for (const char *p = out; *p; p++)
		MUST(*p >= ' ' && (unsigned char)*p < 0x80);
	rg_clean(out, again);
	MUST(strcmp(out, again) == 0);
}

/* ---- arguments of a request ---- */

static int outcome(struct reg_call *c, int r)
{
	MUST(r == 0 || r == REG_ARGUMENT || r == REG_HRN || r == REG_TYPE);
	MUST(r == 0 || *c->why.text);
	c->why.text[0] = 0;
	return r;
}

static void read_arguments(const char *text, size_t len)
{
	static const char *const types[] = {NULL, "user", "authority", "slice", "node"};
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL), *names = NULL;
	struct reg_call c = {.args = o};
	const json_t *options = NULL;
	const char *said;
	struct rg_name name;
	bool flag;

	for (size_t i = 0; i < CC_ARRAY_SIZE(types); i++)
		if (outcome(&c, reg_arg_name(&c, types[i], &name)) == 0) {
			check_name(&name);
			MUST(strcmp(c.object.hrn, name.hrn) == 0);
		}
	if (outcome(&c, reg_arg_names(&c, &names)) == 0) {
		MUST(json_is_array(names) && json_array_size(names) <= RG_PAGE_MAX);
		for (size_t i = 0; i < json_array_size(names); i++)
			MUST(json_is_string(json_array_get(names, i)));
	}
	if (outcome(&c, reg_arg_options(&c, &options)) == 0) {
		MUST(!options || json_is_object(options));
		outcome(&c, reg_arg_flag(&c, options, "recursive", &flag));
	}
	if (outcome(&c, reg_arg_text(&c, "key", true, &said)) == 0)
		MUST(json_is_string(json_object_get(o, "key")));
	if (outcome(&c, reg_arg_text(&c, "uuid", false, &said)) == 0)
		MUST(said);
	json_decref(names);
	json_decref(o);
}

/* ---- RSpecs ---- */

static void read_rspec(const char *text, size_t len)
{
	char out[RS_COMPONENT_MAX + 1];
	struct cc_note why = {0};
	int r = rs_component(text, len, out, &why);

	MUST(r == 0 || r == -CC_EFORMAT);
	MUST(r == 0 || *why.text);
	MUST(r != 0 || (*out && strlen(out) <= RS_COMPONENT_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	MUST(text);
	switch (data[0]) {
	case 'r':
		read_record((const char *)data + 1, size - 1);
		break;
	case 'i':
		read_item((const char *)data + 1, size - 1);
		break;
	case 'n':
		read_names(text);
		break;
	case 'a':
		read_arguments((const char *)data + 1, size - 1);
		break;
	case 'c':
		clean(text);
		break;
	case 'x':
		read_rspec((const char *)data + 1, size - 1);
		break;
	default:
		break;
	}
	free(text);
	return 0;
}
