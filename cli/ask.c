/* SPDX-License-Identifier: ISC */
#include "cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "lib/base/util.h"

int cli_ask_option(struct cli_ask *a, int opt, const char *arg)
{
	if (cli_bus_option(&a->bus, opt, arg))
		return -1;
	switch (opt) {
	case CLI_OPT_DEADLINE:
		return cli_number(arg, 0.001, 600, &a->deadline)
			       ? -1
			       : cli_usage(a->cmd, "--deadline wants 0.001 to 600 seconds");
	case CLI_OPT_JSON:
		a->json = true;
		return -1;
	case CLI_OPT_HELP:
		cli_help(a->cmd);
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

static const char *code_text(const char *word)
{
	for (int c = 0; c < CC_CODE_COUNT; c++)
		if (strcmp(cc_code_word((enum cc_code)c), word) == 0)
			return cc_code_text((enum cc_code)c);
	return "a code of a later version";
}

/* What to do about it, beyond the server's own words. */
static void hint(const char *code, const char *type)
{
	struct cc_bytes t = {(const uint8_t *)type, strlen(type)};

	if (strcmp(code, "noroute") == 0)
		fprintf(stderr, "; the server needs %s in [routes], and that section",
			cc_type_under(t, "job") ? "job = h:jobmgr" : "admin = h:admin");
	if (strcmp(code, "denied") == 0)
		fprintf(stderr,
			"; [policy] of the server says who may (ccfed policy test tells why)");
}

static void say_timeout(const struct cli_ask *a)
{
	fprintf(stderr, "no answer from %s within %g s; outcome unknown", a->bus.url, a->deadline);
	if (!a->bus.keystore || (!a->bus.sign && !getenv("CCFED_CLIENT_CERT")))
		fputs("; without --keystore and --sign nothing is signed, and only the server's "
		      "own user is answered, on its ipc socket",
		      stderr);
}

int cli_ask_outcome(const struct cli_ask *a, const char *type, const struct cc_answer *answer)
{
	const char *msg = json_string_value(json_object_get(answer->json, "msg"));

	if (answer->outcome == CC_OUT_ANSWER)
		return CLI_OK;
	fprintf(stderr, CLI_WORDS ": ", CLI_WORDS_OF(a->cmd));
	if (answer->outcome == CC_OUT_TIMEOUT) {
		say_timeout(a);
	} else {
		fputs(answer->outcome == CC_OUT_HOP ? "not passed on (" : "refused (", stderr);
		cli_put(stderr, answer->code);
		fputs("): ", stderr);
		cli_put(stderr,
			msg && answer->outcome == CC_OUT_ERROR ? msg : code_text(answer->code));
		hint(answer->code, type);
	}
	fputc('\n', stderr);
	return CLI_FAILED;
}

json_t *cli_ask_payload(const json_t *body)
{
	static const char *const envelope[] = {"req", "time", "hostname", "blob_hash", "id", "re"};
	json_t *out = json_copy((json_t *)body);

	for (size_t i = 0; out && i < CC_ARRAY_SIZE(envelope); i++)
		json_object_del(out, envelope[i]);
	return out;
}

static int call(struct cli_ask *a, const char *type, json_t *body, struct cc_answer *answer,
		struct cc_note *why)
{
	cc_cleanup(cc_client_freep) struct cc_client *client = NULL;
	int r = body ? cli_bus_open(&a->bus, 0, &client, why) : cc_raise(CC_ENOMEM);

	return r ? r
		 : cc_client_call(client, type, body, (int64_t)(a->deadline * 1000), answer, NULL);
}

int cli_ask(struct cli_ask *a, const char *type, json_t *body, json_t **out)
{
	struct cc_answer answer = {0};
	struct cc_note why = {0};
	int r = call(a, type, body, &answer, &why), code;

	json_decref(body);
	if (r)
		return cli_fail(a->cmd, &why, r);
	code = cli_ask_outcome(a, type, &answer);
	if (code == CLI_OK) {
		*out = cli_ask_payload(answer.json);
		if (!*out)
			code = cli_fail(a->cmd, &why, -CC_ENOMEM);
	}
	json_decref(answer.json);
	return code;
}
