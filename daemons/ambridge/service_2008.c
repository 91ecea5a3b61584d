/* SPDX-License-Identifier: ISC */
/*
 * /registry with the names of 2008 (spec sfa 4.1): the credential first, then type before name. Every
 * refusal is fault 1, which is all that its clients know: they look at the text.
 */
#include "daemons/ambridge/service_2008.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred.h"

/* ---- arguments ---- */

bool ab_2008_uuid(const char *number, char out[37])
{
	unsigned __int128 n = 0;
	size_t len = strlen(number);
	char hex[33];

	if (!len || len > 39 || strspn(number, "0123456789") != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)(number[i] - '0');

		if (n > (~(unsigned __int128)0 - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)(n >> 64),
		 (unsigned long long)n);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return true;
}

/* uuid4().int in 2008; what is none the registry refuses. */
static int make_uuid(json_t *body, struct cc_note *why)
{
	const char *said = json_string_value(json_object_get(body, "uuid"));
	char uuid[37];

	if (!said || !ab_2008_uuid(said, uuid))
		return 0;
	return json_object_set_new(body, "uuid", json_string(uuid)) ? cc_raise(CC_ENOMEM) : 0;
}

static int make_record(json_t *body, struct cc_note *why)
{
	return ab_2008_record_read(json_object_get(body, "record"), why);
}

/* remove takes the record, of which the registry wants the name. */
static int make_name(json_t *body, struct cc_note *why)
{
	json_t *record = json_object_get(body, "record");
	int r = ab_2008_record_read(record, why);

	if (r)
		return r;
	if (json_object_set(body, "hrn", json_object_get(record, "hrn")) != 0 ||
	    json_object_set(body, "type", json_object_get(record, "type")) != 0)
		return cc_raise(CC_ENOMEM);
	json_object_del(body, "record");
	return 0;
}

static int make_details(json_t *body, struct cc_note *why)
{
	json_t *options = json_pack("{s:b}", "details", 1);

	return json_object_set_new(body, "options", options) ? cc_raise(CC_ENOMEM) : 0;
}

/* What was a struct, and never read, is left out (spec sfa 4.1). */
static int make_rspec(json_t *body, struct cc_note *why)
{
	if (!json_is_string(json_object_get(body, "rspec")))
		json_object_del(body, "rspec");
	return 0;
}

/*
 * The credential's target, unjudged: the registry judges the credential, and lets who may list at all
 * list anything.
 */
static int target_of(const json_t *text, char hrn[TR_NAME_MAX + 1], struct cc_note *why)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *cred = NULL;
	struct cc_note reason = {0};
	const struct tr_level *level;
	struct tr_urn urn;
	char type[64];
	int r = tr_cred_read(NULL, json_string_value(text), json_string_length(text), &cred,
			     &reason);

	if (r == -CC_ENOMEM)
		return r;
	level = r ? NULL : &cred->levels[0];
	if (level && *level->target_urn)
		r = tr_urn_parse_text(level->target_urn, &urn, &reason);
	else if (level && level->target.count)
		r = tr_urn_parse_text(level->target.items[0]->urn, &urn, &reason);
	else if (level)
		r = 1;
	if (!r)
		r = tr_urn_to_hrn(&urn, hrn, type, &reason);
	if (!r)
		return 0;
	cc_note_set(why, CC_EINVAL, "Unable to verify credential: %.180s",
		    reason.text[0] ? reason.text : "it names no target");
	return 1;
}

/* What is listed is what the credential is on. */
static int make_target(json_t *body, struct cc_note *why)
{
	const json_t *first = json_array_get(json_object_get(body, "credentials"), 0);
	char hrn[TR_NAME_MAX + 1];
	int r;

	if (!first) {
		cc_note_set(why, CC_EINVAL, "no credential provided");
		return 1;
	}
	r = target_of(first, hrn, why);
	if (!r && json_object_set_new(body, "hrn", json_string(hrn)) != 0)
		r = cc_raise(CC_ENOMEM);
	return r;
}

/* ---- values ---- */

static int records(const json_t *answer, json_t **out, struct cc_note *why)
{
	return ab_2008_records_write(json_object_get(answer, "value"), out);
}

static int all_records(const json_t *answer, json_t **out, struct cc_note *why)
{
	if (json_object_get(answer, "next")) {
		cc_note_set(why, CC_ELIMIT, "more records than one answer holds: use List");
		return 1;
	}
	return records(answer, out, why);
}

static int gids(const json_t *answer, json_t **out, struct cc_note *why)
{
	const json_t *list = json_object_get(answer, "value"), *one;
	json_t *texts = json_array();
	size_t i;
	int r = !texts ? cc_raise(CC_ENOMEM) : json_is_array(list) ? 0 : -CC_EFORMAT;

	json_array_foreach(list, i, one)
	{
		const json_t *gid = json_object_get(one, "gid");

		if (!r && !json_is_string(gid))
			r = -CC_EFORMAT;
		if (!r && json_array_append(texts, (json_t *)gid) != 0)
			r = cc_raise(CC_ENOMEM);
	}
	if (!r)
		r = xr_wrap(texts, XR_FOREIGN, AB_DEPTH_MAX, out);
	json_decref(texts);
	return r;
}

static int yes(const json_t *answer, json_t **out, struct cc_note *why)
{
	*out = json_true();
	return 0;
}

/* None, as its server sent it and xmlrpclib reads it, whatever allow_none says there. */
static int nothing(const json_t *answer, json_t **out, struct cc_note *why)
{
	*out = json_null();
	return 0;
}

/* ---- the table ---- */

#define CRED                                                                                       \
	{                                                                                          \
		"cred", "credentials", AB_CREDS                                                    \
	}
#define NAME                                                                                       \
	{                                                                                          \
		"name", "hrn", AB_TEXT                                                             \
	}
#define TYPE                                                                                       \
	{                                                                                          \
		"type", "type", AB_TEXT                                                            \
	}
#define RECORD                                                                                     \
	{                                                                                          \
		"record", "record", AB_STRUCT                                                      \
	}

const struct ab_method ab_registry_2008[] = {
	{"create_gid", "reg.create_gid", AB_SFA2008,
	 .args = {CRED,
		  NAME,
		  {"uuid", "uuid", AB_TEXT, .nil = true},
		  {"pubkey_str", "key", AB_TEXT}},
	 .make = make_uuid},
	{"get_self_credential", "reg.get_self_credential", AB_SFA2008, .first_contact = true,
	 .safe = true, .args = {TYPE, NAME}},
	{"get_credential", "reg.get_credential", AB_SFA2008, .safe = true,
	 .args = {{"cred", "credentials", AB_CREDS, .nil = true}, TYPE, NAME}},
	{"get_gid", "reg.get_gids", AB_SFA2008, .safe = true, .args = {{"name", "hrns", AB_TEXT}},
	 .value = gids},
	{"register", "reg.register", AB_SFA2008, .args = {CRED, RECORD}, .make = make_record},
	{"remove", "reg.remove", AB_SFA2008, .args = {CRED, RECORD}, .make = make_name,
	 .value = yes},
	{"update", "reg.update", AB_SFA2008, .args = {CRED, RECORD}, .make = make_record,
	 .value = nothing},
	{"list", "reg.list", AB_SFA2008, .safe = true, .args = {CRED}, .make = make_target,
	 .value = all_records},
	{"resolve", "reg.resolve", AB_SFA2008, .safe = true,
	 .args = {CRED, {"name", "hrns", AB_TEXT}}, .make = make_details, .value = records},
	{"get_ticket", "reg.get_ticket", AB_SFA2008,
	 .args = {CRED, NAME, {"rspec", "rspec", AB_ANY}}, .make = make_rspec},
	{0},
};
