/* SPDX-License-Identifier: ISC */
/*
 * Requests of the bus as calls of 2019 (spec sfa.md 4.3) and of the AM API 3 (spec geni-am.md 3), and their
 * answers as those of the bus.
 */
#include <stdio.h>
#include <string.h>

#include "cli/https.h"
#include "cli/user.h"
#include "lib/base/util.h"
#include "lib/xmlrpc/xmlrpc.h"

#define ARGS_MAX 6

/*
 * A row: the keys of the body in the order of the arguments. "-" is an argument that we have nothing for,
 * "-users" an empty list, "?key" one that may be left out.
 */
static const struct row {
	const char *type, *method;
	const char *args[ARGS_MAX + 1];
	const char *option; /* of the body, that goes into `options`; NULL: none */
} rows[] = {
	{"reg.get_version", "GetVersion", {NULL}, NULL},
	{"reg.resolve", "Resolve", {"hrns", "credentials", "?options"}, "type"},
	{"reg.list", "List", {"hrn", "credentials", "?options"}, NULL},
	{"reg.register", "Register", {"record", "credentials"}, NULL},
	{"reg.update", "Update", {"record", "credentials"}, NULL},
	{"reg.remove", "Remove", {"hrn", "credentials", "?type"}, NULL},
	{"reg.get_credential", "GetCredential", {"credentials", "hrn", "?type"}, NULL},
	{"reg.get_self_credential", "GetSelfCredential", {"-", "hrn", "?type"}, NULL},
	{"reg.get_gids", "GetGids", {"hrns", "credentials"}, NULL},
	/* the last two are ours */
	{"reg.create_gid", "CreateGid", {"credentials", "hrn", "?key", "?type", "?uuid"}, NULL},
	{"reg.get_trusted_certs", "get_trusted_certs", {"?credentials"}, NULL},
	{"reg.get_ticket", "GetTicket", {"hrn", "credentials", "rspec", "-users"}, NULL},
	/* the AM API 3 */
	{"am.get_version", "GetVersion", {"?options"}, NULL},
	{"am.list_resources", "ListResources", {"credentials", "options"}, NULL},
	{"am.describe", "Describe", {"urns", "credentials", "options"}, NULL},
	{"am.allocate", "Allocate", {"urn", "credentials", "rspec", "options"}, NULL},
	{"am.provision", "Provision", {"urns", "credentials", "options"}, NULL},
	{"am.renew", "Renew", {"urns", "credentials", "expires", "options"}, NULL},
	{"am.status", "Status", {"urns", "credentials", "options"}, NULL},
	{"am.perform_operational_action",
	 "PerformOperationalAction",
	 {"urns", "credentials", "action", "options"},
	 NULL},
	{"am.delete", "Delete", {"urns", "credentials", "options"}, NULL},
	{"am.shutdown", "Shutdown", {"urn", "credentials", "options"}, NULL},
};

static const struct row *find(const char *type)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].type, type) == 0)
			return &rows[i];
	return NULL;
}

bool cli_https_call_is(const char *type)
{
	return find(type) != NULL;
}

/* ---- calls ---- */

/* Borrowed from body, or new: *out is a reference either way; NULL: there is none. */
static json_t *options_of(const struct row *row, const json_t *body)
{
	const json_t *options = json_object_get(body, "options");
	json_t *more = row->option ? json_object_get(body, row->option) : NULL;
	json_t *copy = options || more ? json_object() : NULL;

	if (copy && options)
		json_object_update(copy, (json_t *)options);
	if (copy && more)
		json_object_set(copy, row->option, more);
	return copy;
}

static json_t *argument(const struct row *row, const char *name, const json_t *body)
{
	name += *name == '?';
	if (strcmp(name, "options") == 0)
		return options_of(row, body);
	if (strcmp(name, "-users") == 0)
		return json_array();
	return json_incref(json_object_get(body, name));
}

/* Whether there is nothing for any of the arguments from here on, and they may be left out. */
static bool is_end(const struct row *row, size_t from, const json_t *body)
{
	for (size_t i = from; row->args[i]; i++) {
		json_t *value = row->args[i][0] == '?' ? argument(row, row->args[i], body) : NULL;

		if (row->args[i][0] != '?' || value) {
			json_decref(value);
			return false;
		}
	}
	return true;
}

static int make_params(const struct row *row, const json_t *body, json_t **out)
{
	json_t *params = json_array();
	int r = params ? 0 : cc_raise(CC_ENOMEM);

	for (size_t i = 0; !r && row->args[i] && !is_end(row, i, body); i++) {
		json_t *value = argument(row, row->args[i], body), *wrapped = NULL;

		r = xr_wrap(value ? value : json_null(), XR_EXACT, XR_DEPTH, &wrapped);
		json_decref(value);
		if (!r && json_array_append_new(params, wrapped) != 0)
			r = cc_raise(CC_ENOMEM);
	}
	if (r)
		json_decref(params);
	else
		*out = params;
	return r;
}

int cli_https_call_write(const char *type, const json_t *body, struct cc_buf *out,
			 struct cc_note *why)
{
	const struct row *row = find(type);
	json_t *params = NULL;
	int r;

	if (!row)
		return cc_note_set(why, CC_EINVAL,
				   "%.60s goes over the bus alone: give --cc URL, not --server",
				   type);
	r = make_params(row, body, &params);
	if (!r)
		r = xr_put_call(out, row->method, params);
	json_decref(params);
	if (r == -CC_EFORMAT || r == -CC_ELIMIT)
		return cc_note_set(why, -r, "the request cannot be said in XML-RPC: %s",
				   cc_err_text(r));
	return r;
}

/* ---- answers ---- */

static int set_text(json_t *o, const char *key, const char *text)
{
	json_t *value = *text ? json_string(text) : NULL;

	/* a header in no UTF-8 says nothing */
	return value && json_object_set_new(o, key, value) != 0 ? cc_raise(CC_ENOMEM) : 0;
}

/* A front door that is not ours says no class: then the number is all there is. */
static int take_fault(const struct cli_https_answer *a, const struct xr_response *got,
		      struct cli_reply *out)
{
	json_t *o = json_object();
	int r = o ? 0 : cc_raise(CC_ENOMEM);

	out->outcome = CC_OUT_ERROR;
	if (*a->code || *a->fault)
		snprintf(out->code, sizeof(out->code), "%.31s", *a->code ? a->code : a->fault);
	else
		snprintf(out->code, sizeof(out->code), "fault %d", got->fault);
	if (!r)
		r = set_text(o, "fault", a->fault);
	if (!r)
		r = set_text(o, "rule", a->rule);
	/* it says the word again, where the bus had no text */
	if (!r && strcmp(got->text, a->fault) != 0 && strcmp(got->text, a->code) != 0)
		r = set_text(o, "msg", got->text);
	out->json = o;
	return r;
}

static int take_value(const struct cli_https_answer *a, const struct xr_response *got,
		      struct cli_reply *out)
{
	json_t *value = NULL;
	int r = xr_unwrap(got->value, XR_DEPTH, &value);

	if (r)
		return r;
	out->outcome = CC_OUT_ANSWER;
	out->json = json_pack("{s:o}", "value", value);
	if (!out->json)
		return cc_raise(CC_ENOMEM);
	return set_text(out->json, "next", a->next);
}

int cli_https_call_read(const struct cli_https_answer *a, struct cli_reply *out,
			struct cc_note *why)
{
	struct xr_response got = {0};
	struct cc_note reason = {0};
	int r = xr_response_read(a->body.data ? (const char *)a->body.data : "", a->body.len, &got,
				 &reason);

	if (!r)
		r = got.value ? take_value(a, &got, out) : take_fault(a, &got, out);
	xr_response_deinit(&got);
	if (r < 0)
		cli_reply_deinit(out);
	if (r == -CC_EFORMAT || r == -CC_ELIMIT)
		return cc_note_set(why, -r, "what the server sent is no answer in XML-RPC: %s",
				   reason.text[0] ? reason.text : cc_err_text(r));
	return r;
}
