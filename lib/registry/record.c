/* SPDX-License-Identifier: ISC */
#include "lib/registry/record.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"

static const char *const roles[RG_ROLES] = {"researcher", "pi", "operator"};

const char *rg_role_word(enum rg_role role)
{
	return roles[role];
}

void rg_record_deinit(struct rg_record *r)
{
	free(r->email);
	free(r->gid);
	free(r->public_key);
	json_decref(r->info);
	json_decref(r->keys);
	json_decref(r->attributes);
	json_decref(r->pi_authorities);
	json_decref(r->slices);
	for (int i = 0; i < RG_ROLES; i++)
		json_decref(r->related[i]);
	memset(r, 0, sizeof(*r));
}

static int put_text(json_t *o, const char *key, const char *text)
{
	return json_object_set_new(o, key, json_string(text ? text : ""));
}

static int put_time(json_t *o, const char *key, int64_t seconds)
{
	char text[32];

	return put_text(o, key, cc_clock_text(seconds, text));
}

/* A list that was not read is not told. */
static int put_list(json_t *o, const char *key, json_t *list)
{
	return list ? json_object_set(o, key, list) : 0;
}

static int put_common(json_t *o, const struct rg_record *r)
{
	int bad = put_text(o, "hrn", r->hrn) || put_text(o, "type", rg_type_word(r->type)) ||
		  put_text(o, "classtype", rg_type_word(r->type)) ||
		  put_text(o, "authority", r->authority) ||
		  json_object_set_new(o, "peer_authority", json_null()) ||
		  put_text(o, "gid", r->gid) || put_text(o, "reg-urn", r->urn) ||
		  put_text(o, "uuid", r->uuid) ||
		  json_object_set_new(o, "record_id", json_integer(r->id)) ||
		  json_object_set_new(o, "pointer", json_integer(r->pointer)) ||
		  put_time(o, "date_created", r->created) ||
		  put_time(o, "last_updated", r->updated);

	if (!bad && r->expires)
		bad = put_time(o, "expires", r->expires);
	return bad;
}

static int put_fields(json_t *o, const struct rg_record *r)
{
	const char *key;
	json_t *value;

	json_object_foreach(r->info, key, value)
	{
		if (strcmp(key, "pl_info") != 0 && strcmp(key, "geni_info") != 0 &&
		    json_object_set(o, key, value) != 0)
			return -1;
	}
	return 0;
}

static int put_type(json_t *o, const struct rg_record *r)
{
	switch (r->type) {
	case RG_USER:
		return put_text(o, "email", r->email) || put_list(o, "reg-keys", r->keys) ||
		       put_list(o, "reg-pi-authorities", r->pi_authorities) ||
		       put_list(o, "reg-slices", r->slices);
	case RG_SLICE:
		return put_list(o, "reg-researchers", r->related[RG_RESEARCHER]) ||
		       put_list(o, "attributes", r->attributes);
	case RG_AUTHORITY:
		return put_text(o, "email", r->email) ||
		       put_list(o, "reg-pis", r->related[RG_PI]) ||
		       put_list(o, "reg-operators", r->related[RG_OPERATOR]) ||
		       (json_object_get(o, "name") ? 0
						   : json_object_set_new(o, "name", json_null()));
	case RG_NODE:
		return put_text(o, "email", r->email) ||
		       put_list(o, "reg-operators", r->related[RG_OPERATOR]);
	default:
		return 0;
	}
}

/* The view of 2008 (spec sfa 5): what geni_info was filled with on reading. */
static int put_geni(json_t *geni, const struct rg_record *r)
{
	const json_t *host = json_object_get(r->info, "hostname");

	switch (r->type) {
	case RG_USER:
		return put_text(geni, "email", r->email);
	case RG_SLICE:
		return put_list(geni, "researcher", r->related[RG_RESEARCHER]);
	case RG_AUTHORITY:
		return put_list(geni, "pi", r->related[RG_PI]) ||
		       put_list(geni, "operator", r->related[RG_OPERATOR]);
	case RG_NODE:
		return host ? json_object_set(geni, "dns", (json_t *)host) : 0;
	default:
		return 0;
	}
}

static int put_details(json_t *o, const struct rg_record *r)
{
	json_t *stored = json_object_get(r->info, "geni_info");
	json_t *pl = json_object_get(r->info, "pl_info");
	json_t *geni = json_object();

	if (!geni || (stored && json_object_update(geni, stored) != 0) || put_geni(geni, r) != 0) {
		json_decref(geni);
		return -1;
	}
	return json_object_set_new(o, "geni_info", geni) ||
	       (pl ? json_object_set(o, "pl_info", pl)
		   : json_object_set_new(o, "pl_info", json_object()));
}

json_t *rg_record_json(const struct rg_record *r, bool details)
{
	json_t *o = json_object();

	if (o && put_common(o, r) == 0 && put_fields(o, r) == 0 && put_type(o, r) == 0 &&
	    (!details || put_details(o, r) == 0))
		return o;
	json_decref(o);
	return NULL;
}

int rg_record_merge(struct rg_record *r, const struct rg_change *c, struct cc_note *why)
{
	size_t len;

	if (!c->info)
		return 0;
	if (!r->info)
		r->info = json_object();
	if (!r->info || json_object_update(r->info, c->info) != 0)
		return cc_raise(CC_ENOMEM);
	len = json_dumpb(r->info, NULL, 0, JSON_COMPACT);
	if (!len)
		return cc_raise(CC_ENOMEM);
	if (len > RG_INFO_MAX) {
		cc_note_set(why, CC_ELIMIT, "the record's fields are more than %u octets together",
			    RG_INFO_MAX);
		return RG_FIELD_BAD;
	}
	return 0;
}
