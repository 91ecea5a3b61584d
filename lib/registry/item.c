/* SPDX-License-Identifier: ISC */
/* Lines of an import: read, cleaned, and made records. No store here. */
#include <stdio.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/util.h"
#include "lib/registry/import.h"
#include "lib/trust/gid.h"

#define LABEL_MAX 64
#define DEPTH CC_JSON_DEPTH /* of a line: what came over the bus goes out and in again */
#define PLC_DEPTH 16	    /* of one that is not a record: it becomes a part of one */

void rg_item_deinit(struct rg_item *item)
{
	rg_record_deinit(&item->record);
	json_decref(item->persons);
	memset(item, 0, sizeof(*item));
}

void rg_clean(const char *text, char out[LABEL_MAX + 1])
{
	size_t n = 0;

	for (const char *p = text; *p && n < LABEL_MAX; p++) {
		if ((unsigned char)*p >= 0x80 || (unsigned char)*p < ' ')
			continue;
		out[n++] = strchr(" .()'\"", *p) ? '_' : *p;
	}
	out[n] = 0;
}

static int bad(struct cc_note *why, const char *text)
{
	cc_note_set(why, CC_EFORMAT, "%s", text);
	return RG_IMPORT_BAD;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && json_string_length(json_object_get(o, key)) <= RG_TEXT_MAX ? text : "";
}

/* AUTHORITY.LABEL, where it is a name at all. */
static int set_name(struct rg_item *item, enum rg_type type, const char *authority,
		    const char *label, struct cc_note *why)
{
	struct rg_record *r = &item->record;
	char hrn[2 * TR_NAME_MAX];
	struct rg_name name;

	snprintf(hrn, sizeof(hrn), "%s.%s", authority, label);
	if (!*label || rg_name_read(hrn, rg_type_word(type), &name, why) != 0 ||
	    rg_name_check(&name, why) != 0)
		return *label ? RG_IMPORT_BAD : bad(why, "it has no name");
	r->type = type;
	strcpy(r->name, name.name);
	strcpy(r->authority, name.authority);
	strcpy(r->hrn, name.hrn);
	strcpy(r->urn, name.urn);
	strcpy(item->site, name.authority);
	return 0;
}

static int site_of(const json_t *o, const char *key, const struct rg_name *top,
		   char out[2 * TR_NAME_MAX], struct cc_note *why)
{
	char label[LABEL_MAX + 1];

	rg_clean(text_of(o, key), label);
	if (!*label)
		return bad(why, "it names no site");
	snprintf(out, 2 * TR_NAME_MAX, "%s.%s", top->hrn, label);
	return 0;
}

/* The line's other fields stay with it as pl_info. */
static int keep_info(struct rg_item *item, json_t *o, const char *const *without)
{
	json_t *pl = json_object();

	/* json_copy says nothing of what it found no memory for */
	if (pl && json_object_update(pl, o) != 0) {
		json_decref(pl);
		return cc_raise(CC_ENOMEM);
	}
	for (size_t i = 0; pl && without[i]; i++)
		json_object_del(pl, without[i]);
	item->record.info = pl ? json_pack("{s:o}", "pl_info", pl) : NULL;
	return item->record.info ? 0 : cc_raise(CC_ENOMEM);
}

static int put_field(struct rg_item *item, const json_t *o, const char *key, struct cc_note *why)
{
	const char *text = text_of(o, key);

	if (!*text)
		return 0;
	if (rg_text_wrong(json_object_get(o, key), RG_TEXT_MAX)) {
		cc_note_set(why, CC_EFORMAT, "its %s holds a control character", key);
		return RG_IMPORT_BAD;
	}
	return json_object_set_new(item->record.info, key, json_string(text)) ? cc_raise(CC_ENOMEM)
									      : 0;
}

static int finish(struct rg_item *item, const json_t *o, const char *id, int64_t now,
		  struct cc_note *why)
{
	struct rg_record *r = &item->record;
	const json_t *number = json_object_get(o, id);
	size_t len = json_dumpb(r->info, NULL, 0, JSON_COMPACT);

	if (json_integer_value(number) > INT32_MAX)
		return bad(why, "its number is too large");
	if (!len)
		return cc_raise(CC_ENOMEM);
	if (len > RG_INFO_MAX)
		return bad(why, "its fields are too long together");
	r->pointer = json_is_integer(number) && json_integer_value(number) >= 0
			     ? json_integer_value(number)
			     : -1;
	r->created = r->updated = now;
	if (!r->email)
		r->email = strdup("");
	r->gid = strdup("");
	if (!r->public_key)
		r->public_key = strdup("");
	return r->email && r->gid && r->public_key ? 0 : cc_raise(CC_ENOMEM);
}

static int read_site(struct rg_item *item, json_t *o, const struct rg_name *top,
		     struct cc_note *why)
{
	static const char *const without[] = {"type", NULL};
	char label[LABEL_MAX + 1];
	int r;

	rg_clean(text_of(o, "login_base"), label);
	r = set_name(item, RG_AUTHORITY, top->hrn, label, why);
	if (!r)
		r = keep_info(item, o, without);
	return r ? r : put_field(item, o, "name", why);
}

/* The first key that a certificate can hold is to be the GID's. */
static int take_keys(struct rg_item *item, const json_t *keys, struct cc_note *why)
{
	struct rg_record *r = &item->record;
	const json_t *line;
	size_t i;
	int err;

	r->keys = json_array();
	if (!r->keys)
		return cc_raise(CC_ENOMEM);
	if (keys && !json_is_array(keys))
		return bad(why, "its keys are no list");
	json_array_foreach(keys, i, line)
	{
		const char *text = json_string_value(line);

		if (rg_line_wrong(line, RG_KEY_LINE_MAX) || i >= RG_KEYS_MAX)
			return bad(why, "its keys are not up to 32 ssh lines");
		if (json_array_append(r->keys, (json_t *)line) != 0)
			return cc_raise(CC_ENOMEM);
		if (r->has_key)
			continue;
		err = tr_key_text_hash(text, strlen(text), r->key_hash, NULL);
		if (err == -CC_ENOMEM)
			return err;
		if (err)
			continue;
		r->has_key = true;
		r->public_key = strdup(text);
		if (!r->public_key)
			return cc_raise(CC_ENOMEM);
	}
	return 0;
}

static bool has_role(const json_t *o, const char *role)
{
	const json_t *roles = json_object_get(o, "roles"), *one;
	size_t i;

	json_array_foreach(roles, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), role) == 0)
			return true;
	}
	return false;
}

static int read_person(struct rg_item *item, json_t *o, const struct rg_name *top,
		       struct cc_note *why)
{
	static const char *const without[] = {"type", "keys", "roles", "site", NULL};
	char site[2 * TR_NAME_MAX], both[2 * RG_TEXT_MAX + 2], label[LABEL_MAX + 1];
	int r = site_of(o, "site", top, site, why);

	if (r)
		return r;
	snprintf(both, sizeof(both), "%s_%s", text_of(o, "last_name"), text_of(o, "first_name"));
	rg_clean(both, label);
	if (strcmp(label, "_") == 0)
		return bad(why, "it has no name");
	r = set_name(item, RG_USER, site, label, why);
	if (!r)
		r = take_keys(item, json_object_get(o, "keys"), why);
	if (!r)
		r = keep_info(item, o, without);
	if (r)
		return r;
	item->pi = has_role(o, "pi");
	item->tech = has_role(o, "tech");
	if (json_string_length(json_object_get(o, "email")) > 0 &&
	    rg_line_wrong(json_object_get(o, "email"), TR_NAME_MAX))
		return bad(why, "its email is too long, or holds a control character");
	item->record.email = strdup(text_of(o, "email"));
	if (!item->record.email)
		return cc_raise(CC_ENOMEM);
	r = put_field(item, o, "first_name", why);
	return r ? r : put_field(item, o, "last_name", why);
}

static int read_node(struct rg_item *item, json_t *o, const struct rg_name *top,
		     struct cc_note *why)
{
	static const char *const without[] = {"type", "site", NULL};
	char site[2 * TR_NAME_MAX], label[LABEL_MAX + 1];
	int r = site_of(o, "site", top, site, why);

	if (r)
		return r;
	rg_clean(text_of(o, "hostname"), label);
	r = set_name(item, RG_NODE, site, label, why);
	if (!r)
		r = keep_info(item, o, without);
	return r ? r : put_field(item, o, "hostname", why);
}

static const char *person_wrong(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) <= TR_NAME_MAX
		       ? NULL
		       : "its persons are not emails or HRNs";
}

static int take_list(json_t **out, const json_t *value, size_t max,
		     const char *(*wrong)(const json_t *), struct cc_note *why)
{
	const json_t *entry;
	size_t i;

	if (value && (!json_is_array(value) || json_array_size(value) > max))
		return bad(why, "a list is none, or too long");
	json_array_foreach(value, i, entry)
	{
		if (wrong(entry))
			return bad(why, wrong(entry));
	}
	*out = value ? json_incref((json_t *)value) : json_array();
	return *out ? 0 : cc_raise(CC_ENOMEM);
}

/* LOGINBASE_REST: the part before the first _ is the site. */
static int read_slice(struct rg_item *item, json_t *o, const struct rg_name *top,
		      struct cc_note *why)
{
	static const char *const without[] = {"type", "persons", "attributes", NULL};
	const char *name = text_of(o, "name"), *rest = strchr(name, '_');
	char site[2 * TR_NAME_MAX], base[LABEL_MAX + 1], label[LABEL_MAX + 1];
	int r;

	if (!rest || rest == name || rest - name > LABEL_MAX)
		return bad(why, "a slice's name is SITE_NAME");
	snprintf(base, sizeof(base), "%.*s", (int)(rest - name), name);
	snprintf(site, sizeof(site), "%s.%s", top->hrn, base);
	rg_clean(rest + 1, label);
	r = set_name(item, RG_SLICE, site, label, why);
	if (!r)
		r = keep_info(item, o, without);
	if (!r)
		r = take_list(&item->persons, json_object_get(o, "persons"), RG_RELATED_MAX,
			      person_wrong, why);
	if (!r)
		r = take_list(&item->record.attributes, json_object_get(o, "attributes"),
			      RG_ATTRIBUTES_MAX, rg_attribute_wrong, why);
	if (!r && json_object_get(o, "expires") &&
	    !rg_time_read(json_object_get(o, "expires"), &item->record.expires))
		r = bad(why, "its expires is no date");
	return r;
}

/* ---- records, as they were exported ---- */

static int take_gid(struct rg_item *item, const json_t *o, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	const char *gid = json_string_value(json_object_get(o, "gid"));
	struct rg_record *r = &item->record;
	int err;

	free(r->gid);
	r->gid = strdup(gid ? gid : "");
	if (!r->gid)
		return cc_raise(CC_ENOMEM);
	if (!*r->gid)
		return 0;
	err = tr_gids_read(NULL, r->gid, strlen(r->gid), &chain, why);
	if (err < 0)
		return err;
	if (err || !tr_urn_equal(tr_gids_leaf(&chain)->urn, r->urn))
		return bad(why, "its gid is no GID of that name");
	memcpy(r->key_hash, tr_gids_leaf(&chain)->key_hash, RG_KEY_HASH);
	r->has_key = true;
	strcpy(r->uuid, tr_gids_leaf(&chain)->uuid);
	return 0;
}

static int keep_lists(struct rg_item *item, const struct rg_change *c, struct cc_note *why)
{
	struct rg_record *r = &item->record;
	int err = c->keys ? take_keys(item, c->keys, why) : 0;

	if (c->attributes)
		r->attributes = json_incref(c->attributes);
	for (int role = 0; role < RG_ROLES; role++)
		r->related[role] = json_incref(c->related[role]);
	return err;
}

static int read_record(struct rg_item *item, const json_t *o, int64_t now, struct cc_note *why)
{
	struct rg_record *r = &item->record;
	struct rg_change c;
	int err = rg_change_read(o, &c, why);

	if (err)
		err = err > 0 ? RG_IMPORT_BAD : err;
	else if (rg_name_check(&c.name, why) != 0)
		err = RG_IMPORT_BAD;
	if (!err) {
		r->type = c.name.type;
		strcpy(r->name, c.name.name);
		strcpy(r->authority, c.name.authority);
		strcpy(r->hrn, c.name.hrn);
		strcpy(r->urn, c.name.urn);
		strcpy(item->site, c.name.authority);
		r->info = json_object();
		r->email = strdup(c.email ? c.email : "");
		err = r->info && r->email ? keep_lists(item, &c, why) : cc_raise(CC_ENOMEM);
	}
	if (!err)
		err = rg_record_merge(r, &c, why);
	if (!err)
		err = finish(item, o, "pointer", now, why);
	else if (err > 0)
		err = RG_IMPORT_BAD;
	if (!err && c.has_expires)
		r->expires = c.expires;
	if (!err)
		err = take_gid(item, o, why);
	rg_change_deinit(&c);
	return err;
}

static int read_line(struct rg_item *item, json_t *o, const struct rg_name *top, int64_t now,
		     struct cc_note *why)
{
	static const struct {
		const char *type, *id;
		int (*read)(struct rg_item *, json_t *, const struct rg_name *, struct cc_note *);
	} kinds[] = {{"site", "site_id", read_site},
		     {"person", "person_id", read_person},
		     {"node", "node_id", read_node},
		     {"slice", "slice_id", read_slice}};
	const char *type = text_of(o, "type");

	if (json_object_get(o, "hrn"))
		return read_record(item, o, now, why);
	for (size_t i = 0; i < CC_ARRAY_SIZE(kinds); i++) {
		int r;

		if (strcmp(type, kinds[i].type) != 0)
			continue;
		r = kinds[i].read(item, o, top, why);
		return r ? r : finish(item, o, kinds[i].id, now, why);
	}
	return bad(why, "its type is none of site, person, node, slice, and it has no hrn");
}

/* Depth is bounded before the parser recurses. */
static bool too_deep(const char *line, size_t len, unsigned most)
{
	unsigned depth = 0;
	bool text = false;

	for (size_t i = 0; i < len; i++) {
		if (text && line[i] == '\\')
			i++;
		else if (line[i] == '"')
			text = !text;
		else if (!text && (line[i] == '{' || line[i] == '['))
			depth++;
		else if (!text && depth && (line[i] == '}' || line[i] == ']'))
			depth--;
		if (depth > most)
			return true;
	}
	return false;
}

int rg_item_read(const char *line, size_t len, const struct rg_name *top, int64_t now,
		 struct rg_item *out, struct cc_note *why)
{
	json_t *o;
	int r;

	memset(out, 0, sizeof(*out));
	if (too_deep(line, len, DEPTH))
		return bad(why, "it is nested too deep");
	o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(o))
		r = bad(why, "it is no JSON object");
	else if (!json_object_get(o, "hrn") && too_deep(line, len, PLC_DEPTH))
		r = bad(why, "it is nested too deep");
	else
		r = read_line(out, o, top, now, why);
	json_decref(o);
	return r;
}
