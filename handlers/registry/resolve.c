/* SPDX-License-Identifier: ISC */
/* resolve, list, get_gids. */
#include <stdio.h>
#include <string.h>

#include "handlers/registry/registry.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"

/* Records on their way to an answer. */
struct gathering {
	const struct rg_name *name;
	const struct rg_page *page;
	json_t *list;
	bool details, more;
	char last[TR_NAME_MAX + 16]; /* "NAME TYPE" */
	size_t bytes;
};

/* An answer has to fit into a message, whatever the records hold. */
#define ANSWER_MAX (8u << 20)

static int add(void *arg, const struct rg_record *r)
{
	struct gathering *g = arg;
	json_t *o = rg_record_json(r, g->details);
	size_t bytes = o ? json_dumpb(o, NULL, 0, JSON_COMPACT) : 0;

	if (g->page && g->bytes && g->bytes + bytes > ANSWER_MAX) {
		json_decref(o);
		g->more = true;
		return 1; /* the page ends before it */
	}
	if (json_array_append_new(g->list, o) != 0)
		return cc_raise(CC_ENOMEM);
	g->bytes += bytes;
	snprintf(g->last, sizeof(g->last), "%s %s", r->name, rg_type_word(r->type));
	return 0;
}

static int run_resolve(struct st_tx *tx, void *arg)
{
	struct gathering *g = arg;

	json_array_clear(g->list);
	g->bytes = 0;
	return rg_find_all(tx, g->name, add, g);
}

/* Records that were imported without one get their GID now. */
static int complete(struct reg_call *c, json_t *list)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		const char *gid = json_string_value(json_object_get(o, "gid"));
		struct rg_record r;
		struct rg_name name;
		int err;

		if (*gid)
			continue;
		err = reg_name(c, json_string_value(json_object_get(o, "reg-urn")), NULL, &name);
		if (err)
			return err;
		err = reg_find(c, &name, RG_SHALLOW, &r);
		if (!err)
			err = reg_need_gid(c, &r);
		if (!err && json_object_set_new(o, "gid", json_string(r.gid)) != 0)
			err = cc_raise(CC_ENOMEM);
		rg_record_deinit(&r);
		if (err)
			return err == REG_NO_RECORD ? 0 : err;
	}
	return 0;
}

/* bytes: of the answer until here; it ends where it would fit into no message, as in no worker's memory. */
static int resolve_one(struct reg_call *c, const char *text, const char *type, bool details,
		       size_t *bytes)
{
	struct rg_name name;
	struct gathering g = {.name = &name, .list = json_array(), .details = details};
	int r = g.list ? reg_name(c, text, type, &name) : cc_raise(CC_ENOMEM);

	if (!r)
		r = reg_read(c, name.type == RG_AUTHORITY ? name.name : name.authority, run_resolve,
			     &g);
	if (!r && !json_array_size(g.list) &&
	    name.type == RG_ANY) /* an authority of another store */
		r = reg_read(c, name.name, run_resolve, &g);
	if (!r && *bytes && *bytes + g.bytes > ANSWER_MAX)
		r = reg_refuse(c, REG_ARGUMENT,
			       "Invalid hrns value: the records are more than %u octets together, "
			       "ask for fewer",
			       ANSWER_MAX);
	if (!r)
		r = complete(c, g.list);
	*bytes += g.bytes;
	if (!r && json_array_extend(c->value, g.list) != 0)
		r = cc_raise(CC_ENOMEM);
	if (!r && !json_array_size(g.list))
		r = REG_NO_RECORD;
	json_decref(g.list);
	return r;
}

static int resolve_names(struct reg_call *c, json_t *names, bool details)
{
	const char *type, *first = json_string_value(json_array_get(names, 0));
	const json_t *name;
	size_t i, found = 0, bytes = 0;
	int r = reg_arg_text(c, "type", false, &type);

	json_array_foreach(names, i, name)
	{
		/* each may want a GID, or an authority a key; what was made stays, and is there next time */
		if (!r && i && cc_clock_ms() > c->deadline)
			r = reg_store_fault(c, -CC_ETIMEOUT);
		if (r)
			return r;
		r = resolve_one(c, json_string_value(name), type, details, &bytes);
		found += r == 0;
		if (r == REG_NO_RECORD)
			r = 0;
	}
	if (!r && !found)
		r = reg_refuse(c, REG_NO_RECORD, "Record not found: %s%s", first ? first : "",
			       json_array_size(names) > 1 ? ", ..." : "");
	return r;
}

static void note_object(struct reg_call *c, const json_t *names)
{
	const char *first = json_string_value(json_array_get(names, 0));

	if (first)
		snprintf(c->object.hrn, sizeof(c->object.hrn), "%s", first);
}

int reg_resolve(struct reg_call *c)
{
	const json_t *options;
	bool details = false;
	json_t *names = NULL;
	int r = reg_arg_names(c, &names);

	if (!r)
		r = reg_arg_options(c, &options);
	if (!r)
		r = reg_arg_flag(c, options, "details", &details);
	if (!r) {
		note_object(c, names);
		r = reg_allow(c, "resolve", REG_ANYWHERE, NULL);
	}
	c->value = json_array();
	if (!r)
		r = c->value ? resolve_names(c, names, details) : cc_raise(CC_ENOMEM);
	json_decref(names);
	return r;
}

/* ---- get_gids ---- */

static int strip(json_t *records)
{
	size_t i;
	json_t *o;

	json_array_foreach(records, i, o)
	{
		json_t *short_one =
			json_pack("{s:O, s:O, s:O}", "hrn", json_object_get(o, "hrn"), "type",
				  json_object_get(o, "type"), "gid", json_object_get(o, "gid"));

		if (!short_one || json_array_set_new(records, i, short_one) != 0)
			return cc_raise(CC_ENOMEM);
	}
	return 0;
}

int reg_get_gids(struct reg_call *c)
{
	json_t *names = NULL;
	int r = reg_arg_names(c, &names);

	if (!r) {
		note_object(c, names);
		r = reg_allow(c, "getgids", REG_ANYWHERE, NULL);
	}
	c->value = json_array();
	if (!r)
		r = c->value ? resolve_names(c, names, false) : cc_raise(CC_ENOMEM);
	json_decref(names);
	return r ? r : strip(c->value);
}

/* ---- list ---- */

static int run_list(struct st_tx *tx, void *arg)
{
	struct gathering *g = arg;
	int r;

	json_array_clear(g->list);
	g->bytes = 0;
	g->more = false;
	r = rg_list(tx, g->page, add, g, &g->more);
	if (r == 1) {
		g->more = true;
		return 0;
	}
	return r;
}

static int read_page(struct reg_call *c, struct rg_page *page)
{
	const json_t *options, *limit, *after;
	int r = reg_arg_options(c, &options);

	if (!r)
		r = reg_arg_flag(c, options, "recursive", &page->recursive);
	if (r)
		return r;
	limit = json_object_get(options, "limit");
	after = json_object_get(options, "after");
	if (limit && (!json_is_integer(limit) || json_integer_value(limit) < 1 ||
		      json_integer_value(limit) > RG_PAGE_MAX))
		return reg_refuse(c, REG_ARGUMENT, "Invalid limit value: expected 1 to %d",
				  RG_PAGE_MAX);
	if (after && (!json_is_string(after) || json_string_length(after) > TR_NAME_MAX + 12 ||
		      strcspn(json_string_value(after), " ") > TR_NAME_MAX))
		return reg_refuse(c, REG_ARGUMENT, "Invalid after value: expected what next was");
	page->limit = limit ? (unsigned)json_integer_value(limit) : RG_PAGE_MAX;
	page->after = after ? json_string_value(after) : "";
	return 0;
}

static int list_page(struct reg_call *c, const struct rg_page *page)
{
	struct gathering g = {.page = page, .list = json_array()};
	int r = g.list ? reg_read(c, page->authority, run_list, &g) : cc_raise(CC_ENOMEM);

	c->value = g.list;
	if (!r && g.more && json_array_size(g.list)) {
		c->next = json_string(g.last);
		r = c->next ? 0 : cc_raise(CC_ENOMEM);
	}
	return r;
}

int reg_list(struct reg_call *c)
{
	struct rg_page page = {.limit = 0};
	struct rg_record authority;
	struct rg_name name;
	int r = reg_arg_name(c, "authority", &name);

	if (!r)
		r = read_page(c, &page);
	if (!r)
		r = reg_allow(c, "list", REG_ANYWHERE, NULL);
	if (r)
		return r;
	r = name.type == RG_AUTHORITY ? reg_find(c, &name, RG_SHALLOW, &authority) : REG_NO_RECORD;
	if (name.type == RG_AUTHORITY)
		rg_record_deinit(&authority);
	if (r == REG_NO_RECORD)
		return reg_refuse(c, REG_NO_AUTHORITY, "Missing authority: %s", name.hrn);
	page.authority = name.name;
	return r ? r : list_page(c, &page);
}
