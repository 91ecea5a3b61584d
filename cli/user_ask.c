/* SPDX-License-Identifier: ISC */
/* Requests of a user to the registry, and what became of them in words. */
#include <stdio.h>
#include <string.h>

#include "cli/https.h"
#include "cli/text.h"
#include "cli/user.h"
#include "lib/base/clock.h"
#include "lib/base/rule.h"
#include "lib/base/util.h"

#define PAUSE_MS 200 /* before a server that is busy is asked again */

void cli_reply_deinit(struct cli_reply *r)
{
	json_decref(r->json);
	json_decref(r->blob);
	memset(r, 0, sizeof(*r));
}

json_t *cli_reply_value(const struct cli_reply *r)
{
	json_t *value = json_object_get(r->json, "value");

	return r->outcome == CC_OUT_ANSWER && !json_is_null(value) ? value : NULL;
}

static const char *fault_of(const struct cli_reply *r)
{
	const char *fault = json_string_value(json_object_get(r->json, "fault"));

	return r->outcome == CC_OUT_ERROR && fault ? fault : "";
}

bool cli_reply_is(const struct cli_reply *r, const char *fault)
{
	return strcmp(fault_of(r), fault) == 0;
}

/* ---- asking ---- */

const char *cli_user_where(const struct cli_user *u)
{
	return u->server.url ? u->server.url : u->bus.url;
}

void cli_user_disconnect(struct cli_user *u)
{
	cc_client_freep(&u->client);
	cli_https_freep(&u->https);
}

int cli_user_connect(struct cli_user *u, bool with_gid, struct cc_note *why)
{
	if ((u->client || u->https) && u->with_gid == with_gid)
		return 0;
	if (!cli_user_where(u))
		return cc_note_set(why, CC_EINVAL,
				   "no server: give --cc URL or --server URL, or set cc or server "
				   "in %s/config",
				   u->home);
	if (!u->server.url && !u->bus.ca && !u->bus.keystore)
		return cc_note_set(why, CC_EINVAL,
				   "no CA, so anybody could answer: ask the operator for its "
				   "certificate, and give --ca FILE.crt, or set ca in %s/config",
				   u->home);
	cli_user_disconnect(u);
	free(u->own_cert);
	u->own_cert = cli_user_path(u, with_gid ? "user.gid" : "user.crt");
	if (!u->own_cert)
		return cc_raise(CC_ENOMEM);
	u->bus.own_cert = u->own_cert;
	u->bus.own_key = u->own_key;
	u->with_gid = with_gid;
	return u->server.url ? 0 : cli_bus_open(&u->bus, 0, &u->client, why);
}

struct waiting {
	struct cli_reply *out;
	bool done;
};

static void take_answer(void *arg, const struct cc_answer *a)
{
	struct waiting *w = arg;

	w->done = true;
	w->out->outcome = a->outcome;
	w->out->json = json_incref((json_t *)a->json);
	if (a->blob.data)
		w->out->blob = json_stringn((const char *)a->blob.data, a->blob.len);
	snprintf(w->out->code, sizeof(w->out->code), "%s", a->code);
	if (!a->signer)
		return;
	memcpy(w->out->signer, a->signer->cert_sha256, sizeof(w->out->signer));
	snprintf(w->out->signer_who, sizeof(w->out->signer_who), "%s%s",
		 a->signer->has_urn ? "" : "cn:", a->signer->name);
}

static int call_once(struct cli_user *u, const char *type, json_t *body, int64_t left_ms,
		     struct cli_reply *out)
{
	struct waiting w = {.out = out};
	int r = cc_client_request(u->client, type, body, (struct cc_bytes){NULL, 0}, left_ms,
				  take_answer, &w);

	while (!r && !w.done)
		r = cc_client_run(u->client, left_ms);
	if (!w.done)
		cc_client_freep(&u->client); /* which ends the request: it must not outlive w */
	return r;
}

/* The operation may not have begun, or its result is told again: its op is the same. */
static bool may_help(const struct cli_reply *r)
{
	return (r->outcome == CC_OUT_HOP && strcmp(r->code, "noroute") != 0) ||
	       (r->outcome == CC_OUT_ERROR && strcmp(r->code, "busy") == 0);
}

int cli_user_call(struct cli_user *u, const char *type, json_t *body, struct cli_reply *out,
		  struct cc_note *why)
{
	int64_t end = cc_clock_ms() + (int64_t)(u->deadline * 1000), left;
	int r = body ? cli_user_connect(u, u->with_gid, why) : cc_raise(CC_ENOMEM);

	if (!r && u->server.url)
		return cli_user_call_https(u, type, body, out, why);
	for (;;) {
		left = end - cc_clock_ms();
		if (!r)
			r = call_once(u, type, body, left > 0 ? left : 1, out);
		if (r || !may_help(out) || end - cc_clock_ms() < 2 * PAUSE_MS)
			return r;
		cli_reply_deinit(out);
		r = cc_client_run(u->client, PAUSE_MS);
	}
}

/* ---- refusals ---- */

void cli_user_advise(const struct cli_reply *reply)
{
	const char *name = json_string_value(json_object_get(reply->json, "rule"));

	for (int rule = 1; name && rule < CC_RULE_COUNT; rule++)
		if (strcmp(cc_rule_name(rule), name) == 0)
			fprintf(stderr, "by rule %s; to do: %s\n", name, cc_rule_advice(rule));
}

static const char *text_of(const struct cli_reply *reply)
{
	const char *msg = json_string_value(json_object_get(reply->json, "msg"));

	for (int c = 0; !msg && c < CC_CODE_COUNT; c++)
		if (strcmp(cc_code_word((enum cc_code)c), reply->code) == 0)
			msg = cc_code_text((enum cc_code)c);
	return msg ? msg : "a code of a later version";
}

int cli_user_refused(const struct cli_user *u, const struct cli_reply *reply)
{
	if (u->quiet && cli_reply_is(reply, u->quiet))
		return CLI_FAILED;
	fprintf(stderr, CLI_WORDS ": ", CLI_WORDS_OF(u->cmd));
	if (reply->outcome == CC_OUT_TIMEOUT) {
		fprintf(stderr, "no answer from %s within %g s; outcome unknown\n",
			cli_user_where(u), u->deadline);
		return CLI_FAILED;
	}
	if (reply->outcome == CC_OUT_ANSWER) {
		fputs("the answer holds nothing that can be used\n", stderr);
		return CLI_FAILED;
	}
	cli_put(stderr, *fault_of(reply) ? fault_of(reply) : reply->code);
	fputs(": ", stderr);
	cli_put(stderr,
		reply->outcome == CC_OUT_HOP ? "not passed on; outcome unknown" : text_of(reply));
	fputc('\n', stderr);
	cli_user_advise(reply);
	return CLI_FAILED;
}
