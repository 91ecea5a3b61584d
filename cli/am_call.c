/* SPDX-License-Identifier: ISC */
/* One request to an aggregate: with the credential that it needs, over the bus or at its front door. */
#include <stdio.h>
#include <string.h>

#include "cli/am.h"
#include "cli/https.h"
#include "cli/text.h"
#include "lib/base/file.h"
#include "lib/base/util.h"

#define CREDENTIAL_MAX (1u << 20)

/* geni_code (spec geni-am 2). */
static const struct {
	int code;
	const char *name;
} codes[] = {
	{1, "BADARGS"},
	{2, "ERROR"},
	{3, "FORBIDDEN"},
	{4, "BADVERSION"},
	{5, "SERVERERROR"},
	{6, "TOOBIG"},
	{7, "REFUSED"},
	{8, "TIMEDOUT"},
	{9, "DBERROR"},
	{10, "RPCERROR"},
	{11, "UNAVAILABLE"},
	{12, "SEARCHFAILED"},
	{13, "UNSUPPORTED"},
	{14, "BUSY"},
	{15, "EXPIRED"},
	{16, "INPROGRESS"},
	{17, "ALREADYEXISTS"},
	{18, "MISSINGARGS"},
	{19, "OUTOFRANGE"},
	{20, "CREDENTIAL_INVALID"},
	{21, "CREDENTIAL_EXPIRED"},
	{22, "CREDENTIAL_MISMATCH"},
	{23, "CREDENTIAL_SIGNER_UNTRUSTED"},
	{24, "VLAN_UNAVAILABLE"},
	{25, "INSUFFICIENT_BANDWIDTH"},
	{26, "INSUFFICIENT_NODES"},
	{-32001, "SERVERBUSY"},
};

const char *am_code_name(json_int_t code)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(codes); i++)
		if (codes[i].code == code)
			return codes[i].name;
	return NULL;
}

json_t *am_options(const struct am_args *a, bool rspec_version)
{
	json_t *o = json_object();

	if (rspec_version)
		json_object_set_new(o, "geni_rspec_version",
				    json_pack("{s:s, s:s}", "type", "GENI", "version", "3"));
	if (a->best_effort)
		json_object_set_new(o, "geni_best_effort", json_true());
	if (a->alap)
		json_object_set_new(o, "geni_extend_alap", json_true());
	if (a->available)
		json_object_set_new(o, "geni_available", json_true());
	if (a->compressed)
		json_object_set_new(o, "geni_compressed", json_true());
	if (a->end_time)
		json_object_set_new(o, "geni_end_time", json_string(a->end_time));
	return o;
}

/* ---- answers ---- */

/* Of the return struct what the bus says: {value, output}, or {geni_code, msg, value}. */
static int unpack_struct(struct cli_reply *reply, struct cc_note *why)
{
	const json_t *said = json_object_get(reply->json, "value");
	const json_t *code = json_object_get(json_object_get(said, "code"), "geni_code");
	json_t *value = json_object_get(said, "value"), *output = json_object_get(said, "output");
	json_t *body;

	if (!json_is_integer(code))
		return cc_note_set(why, CC_EFORMAT,
				   "what the server sent is no answer of an aggregate");
	if (json_integer_value(code) == 0) {
		body = json_pack("{s:O?, s:O?}", "value", value, "output", output);
	} else {
		body = json_pack("{s:O, s:O?, s:O?}", "geni_code", code, "msg", output, "value",
				 value);
		reply->outcome = CC_OUT_ERROR;
	}
	if (!body)
		return cc_raise(CC_ENOMEM);
	json_decref(reply->json);
	reply->json = body;
	return 0;
}

/* The long text of an answer of the bus stands beside it. */
static int place_blob(struct cli_reply *reply, struct cc_note *why)
{
	const char *name = json_string_value(json_object_get(reply->json, "blob"));
	json_t *value = json_object_get(reply->json, "value");
	int r = -1;

	if (!name)
		return 0;
	if (reply->blob && strcmp(name, "value") == 0)
		r = json_object_set(reply->json, "value", reply->blob);
	else if (reply->blob && strcmp(name, "geni_rspec") == 0)
		r = json_object_set(value, "geni_rspec", reply->blob);
	return r ? cc_note_set(why, CC_EFORMAT, "what the server sent is no answer of an aggregate")
		 : 0;
}

static int call(struct am_args *a, const char *op, json_t *body, struct cli_reply *reply,
		struct cc_note *why)
{
	const struct cli_user *u = &a->user;
	const struct cli_https_conf conf = {.url = a->am,
					    .ca = u->server.ca,
					    .pin = u->server.pin,
					    .insecure = u->server.insecure,
					    .cert = u->own_cert,
					    .key = u->own_key};
	int r;

	if (!a->am) {
		r = cli_user_call(&a->user, op, body, reply, why);
		return r || reply->outcome != CC_OUT_ANSWER ? r : place_blob(reply, why);
	}
	r = cli_https_ask(&conf, &a->https, (int64_t)(u->deadline * 1000), op, body, reply, why);
	return r || reply->outcome != CC_OUT_ANSWER ? r : unpack_struct(reply, why);
}

/* ---- refusals ---- */

static void put_hint(const json_t *hint)
{
	cc_cleanup(cc_freep) char *text = NULL;

	if (!hint || json_is_null(hint) || (json_is_string(hint) && json_string_length(hint) == 0))
		return;
	fputs("what would help: ", stderr);
	if (json_is_string(hint)) {
		am_put_document(stderr, json_string_value(hint), json_string_length(hint));
		return;
	}
	text = json_dumps(hint, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_SORT_KEYS);
	fprintf(stderr, "%s\n", text ? text : "");
}

/* What the aggregate refused, by the name of its code. */
static int refused(const struct am_args *a, const struct cli_reply *reply)
{
	const json_t *code = json_object_get(reply->json, "geni_code");
	const char *msg = json_string_value(json_object_get(reply->json, "msg")), *name;

	if (reply->outcome == CC_OUT_TIMEOUT && a->am) {
		fprintf(stderr, CLI_WORDS ": no answer from %s within %g s; outcome unknown\n",
			CLI_WORDS_OF(a->user.cmd), a->am, a->user.deadline);
		return CLI_FAILED;
	}
	if (reply->outcome != CC_OUT_ERROR || !json_is_integer(code))
		return cli_user_refused(&a->user, reply);
	name = am_code_name(json_integer_value(code));
	fprintf(stderr, CLI_WORDS ": %s (%lld): ", CLI_WORDS_OF(a->user.cmd),
		name ? name : "a code of its own", (long long)json_integer_value(code));
	cli_put(stderr, msg && *msg ? msg : "the aggregate says no more");
	fputc('\n', stderr);
	put_hint(json_object_get(reply->json, "value"));
	cli_user_advise(reply);
	return CLI_FAILED;
}

/* A credential that was remembered, and is no longer what it was. */
static bool outlived(const struct cli_reply *reply)
{
	json_int_t code = json_integer_value(json_object_get(reply->json, "geni_code"));

	return reply->outcome == CC_OUT_ERROR && code >= 20 && code <= 23;
}

/* ---- asking ---- */

static int set_credential(json_t *body, const char *text)
{
	json_t *list = text ? json_pack("[{s:s, s:s, s:s}]", "geni_type", "geni_sfa",
					"geni_version", "3", "geni_value", text)
			    : json_array();

	json_object_del(body, "op"); /* another credential makes another operation */
	return json_object_set_new(body, "credentials", list) == 0 ? 0 : cc_raise(CC_ENOMEM);
}

/* *fresh: nothing newer can be had. @return -1 to go on, else the exit code. */
static int get_credential(struct am_args *a, enum am_need need, bool again, char **out, bool *fresh)
{
	const char *type = need == AM_NEED_SELF ? a->user.as : "slice";
	const char *hrn = need == AM_NEED_SELF ? a->user.hrn : a->hrn;
	struct cc_note why = {0};
	size_t len;
	int r;

	*fresh = true;
	if (need == AM_NEED_NONE)
		return -1;
	if (a->credential) {
		r = cc_file_read(a->credential, CREDENTIAL_MAX, out, &len, &why);
		return r ? cli_fail(a->user.cmd, &why, r) : -1;
	}
	return again ? cli_user_fetch(&a->user, type, hrn, out)
		     : cli_user_credential(&a->user, type, hrn, out, fresh);
}

static int ask_once(struct am_args *a, const char *op, enum am_need need, json_t *body, bool again,
		    struct cli_reply *reply, bool *fresh)
{
	cc_cleanup(cc_freep) char *credential = NULL;
	struct cc_note why = {0};
	int r = get_credential(a, need, again, &credential, fresh);

	if (r >= 0)
		return r;
	r = need == AM_NEED_NONE ? 0 : set_credential(body, credential);
	if (!r)
		r = call(a, op, body, reply, &why);
	return r ? cli_fail(a->user.cmd, &why, r) : -1;
}

static void put_output(const struct cli_reply *reply)
{
	const char *output = json_string_value(json_object_get(reply->json, "output"));

	if (!output || !*output)
		return;
	cli_put(stderr, output);
	fputc('\n', stderr);
}

static int ask(struct am_args *a, const char *op, enum am_need need, json_t *body, json_t **value)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	bool fresh = false;
	int r = ask_once(a, op, need, body, false, &reply, &fresh);

	if (r < 0 && outlived(&reply) && !fresh) {
		cli_reply_deinit(&reply);
		r = ask_once(a, op, need, body, true, &reply, &fresh);
	}
	if (r >= 0)
		return r;
	if (reply.outcome != CC_OUT_ANSWER || !cli_reply_value(&reply))
		return refused(a, &reply);
	put_output(&reply);
	*value = json_incref(cli_reply_value(&reply));
	return -1;
}

int am_ask(struct am_args *a, const char *op, enum am_need need, json_t *body, json_t **value)
{
	struct cc_note why = {0};
	int r = body ? ask(a, op, need, body, value) : cli_fail(a->user.cmd, &why, -CC_ENOMEM);

	json_decref(body);
	return r;
}
