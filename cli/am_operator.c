/* SPDX-License-Identifier: ISC */
/*
 * What operators of an aggregate do over the bus: lets a slice go on, and says for users that they accepted
 * the terms. Each type wants a line of its own in [policy].
 */
#include <stdio.h>
#include <string.h>

#include "cli/am.h"
#include "cli/ask.h"
#include "cli/text.h"
#include "lib/base/util.h"

#define POLICY_HELP(type) "[policy] of the server needs a line for it: " type " = WHO.\n"

enum { OPT_DAYS = 1 };

const char cli_am_release_details[] = CLI_ASK_HELP POLICY_HELP("am.release");

static const struct option ask_options[] = {CLI_ASK_OPTIONS, {0}};
static const struct option accept_options[] = {
	{"days", required_argument, NULL, OPT_DAYS}, CLI_ASK_OPTIONS, {0}};

/* @return -1 to go on, else the exit code. */
static int parse(struct cli_ask *ask, const struct option *options, int argc, char **argv,
		 double *days)
{
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != OPT_DAYS)
			r = cli_ask_option(ask, o, optarg);
		else if (!cli_number(optarg, 1, 3650, days))
			r = cli_usage(ask->cmd, "--days wants 1 to 3650");
	}
	return r;
}

int cli_am_release(const struct cli_command *cmd, int argc, char **argv)
{
	struct cli_ask ask = {.cmd = cmd, .deadline = 10};
	char hrn[TR_NAME_MAX + 1], urn[TR_NAME_MAX + 1];
	json_t *answer = NULL;
	int r = parse(&ask, ask_options, argc, argv, NULL);

	if (r < 0 && argc - optind != 1)
		r = cli_usage(cmd, "SLICE is wanted");
	if (r < 0)
		r = am_slice(cmd, argv[optind], hrn, urn);
	if (r < 0) {
		r = cli_ask(&ask, "am.release", json_pack("{s:s}", "urn", urn), &answer);
		if (r == CLI_OK && ask.json)
			cli_print_json(answer);
		else if (r == CLI_OK)
			printf("%s goes on\n", urn);
	}
	json_decref(answer);
	return r;
}

/* ---- terms ---- */

/* A user, HRN or URN, as a URN. @return -1 to go on, else the exit code. */
static int user_urn(const struct cli_command *cmd, const char *text, char urn[TR_NAME_MAX + 1])
{
	struct cc_note why = {0};
	struct tr_urn parsed;

	if (strncmp(text, "urn:", 4) != 0)
		return tr_hrn_to_urn(text, "user", urn, &why) == 0 ? -1
								   : cli_usage(cmd, "%s", why.text);
	if (tr_urn_parse_text(text, &parsed, &why) != 0)
		return cli_usage(cmd, "%s", why.text);
	snprintf(urn, TR_NAME_MAX + 1, "%s", text);
	return -1;
}

static void put_terms(struct cli_table *t, const json_t *o)
{
	const json_t *access = json_object_get(o, "testbed_access");
	char buf[32];

	cli_table_add(t, "%s", cli_text_of(o, "user_urn", buf));
	cli_table_add(t, "%s", json_is_boolean(access) ? json_is_true(access) ? "yes" : "no" : "-");
	cli_table_add(t, "%s", cli_text_of(o, "accepted", buf));
	cli_table_add(t, "%s", cli_text_of(o, "until", buf));
	cli_table_add(t, "%s", cli_text_of(o, "version", buf));
}

static int show_terms(const json_t *value)
{
	struct cli_table t = {.heads = {"USER", "ACCESS", "ACCEPTED", "UNTIL", "VERSION"}};
	const json_t *o;
	size_t i;

	if (json_is_object(value))
		put_terms(&t, value);
	json_array_foreach(value, i, o) put_terms(&t, o);
	return cli_table_print(&t) ? CLI_FAILED : CLI_OK;
}

static int ask_terms(struct cli_ask *ask, const char *type, json_t *body)
{
	json_t *answer = NULL, *value;
	int r = cli_ask(ask, type, body, &answer);

	value = json_object_get(answer, "value");
	if (r == CLI_OK && ask->json)
		r = am_show_json(value ? value : json_null());
	else if (r == CLI_OK)
		r = show_terms(value);
	json_decref(answer);
	return r;
}

static int cli_accept(const struct cli_command *cmd, int argc, char **argv)
{
	struct cli_ask ask = {.cmd = cmd, .deadline = 10};
	char urn[TR_NAME_MAX + 1];
	double days = 0;
	json_t *body;
	int r = parse(&ask, accept_options, argc, argv, &days);

	if (r < 0 && argc - optind != 1)
		r = cli_usage(cmd, "USER is wanted");
	if (r < 0)
		r = user_urn(cmd, argv[optind], urn);
	if (r >= 0)
		return r;
	body = json_pack("{s:s}", "user", urn);
	if (days > 0)
		json_object_set_new(body, "days", json_integer((json_int_t)days));
	return ask_terms(&ask, "am.terms_accept", body);
}

static int ask_user(const struct cli_command *cmd, int argc, char **argv, const char *type)
{
	struct cli_ask ask = {.cmd = cmd, .deadline = 10};
	char urn[TR_NAME_MAX + 1];
	int r = parse(&ask, ask_options, argc, argv, NULL);

	if (r < 0 && argc - optind != 1)
		r = cli_usage(cmd, "USER is wanted");
	if (r < 0)
		r = user_urn(cmd, argv[optind], urn);
	return r < 0 ? ask_terms(&ask, type, json_pack("{s:s}", "user", urn)) : r;
}

static int cli_show(const struct cli_command *cmd, int argc, char **argv)
{
	return ask_user(cmd, argc, argv, "am.terms_show");
}

static int cli_revoke(const struct cli_command *cmd, int argc, char **argv)
{
	return ask_user(cmd, argc, argv, "am.terms_revoke");
}

const struct cli_command cli_terms[] = {
	{"terms", "accept", "[OPTIONS] USER", "notes that a user accepted the aggregate's terms",
	 "  --days N          for so long (default: as the aggregate is configured)\n" CLI_ASK_HELP
		 POLICY_HELP("am.terms_accept"),
	 cli_accept},
	{"terms", "show", "[OPTIONS] USER", "prints what a user has accepted, and until when",
	 CLI_ASK_HELP POLICY_HELP("am.terms_show"), cli_show},
	{"terms", "revoke", "[OPTIONS] USER", "forgets that a user accepted them",
	 CLI_ASK_HELP POLICY_HELP("am.terms_revoke"), cli_revoke},
	{0},
};
