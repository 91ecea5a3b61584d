/* SPDX-License-Identifier: ISC */
/* ccfed am: the commands. */
#include "cli/am.h"

#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "lib/base/file.h"
#include "lib/base/util.h"

static int fail(const struct am_args *a, const struct cc_note *why, int r)
{
	return cli_fail(a->user.cmd, why, r);
}

/* SLICE, what (NULL: nothing) as *extra, and slivers where they may be named. */
static int parse(struct am_args *a, const struct option *options, int argc, char **argv,
		 const char *what, const char **extra, bool slivers)
{
	int r = am_parse(a, options, argc, argv), wanted = what ? 2 : 1;

	if (r >= 0)
		return r;
	if (argc - optind < wanted || (argc - optind > wanted && !slivers))
		return cli_usage(a->user.cmd, "SLICE%s%s%s wanted", what ? " " : "",
				 what ? what : "", what ? " are" : " is");
	r = am_slice(a->user.cmd, argv[optind], a->hrn, a->urn);
	if (what)
		*extra = argv[optind + 1];
	a->slivers = argv + optind + wanted;
	a->n_slivers = argc - optind - wanted;
	for (int i = 0; r < 0 && i < a->n_slivers; i++)
		if (strncmp(a->slivers[i], "urn:", 4) != 0)
			r = cli_usage(a->user.cmd, "\"%s\" is no URN of a sliver", a->slivers[i]);
	return r;
}

/* ---- what comes out ---- */

static const char *manifest_of(const json_t *value)
{
	return json_string_value(json_object_get(value, "geni_rspec"));
}

static void show_logins(const struct am_args *a, const char *manifest)
{
	struct cc_note why = {0};

	if (manifest && am_put_logins(stdout, manifest, strlen(manifest), &why) < 0) {
		fprintf(stderr,
			CLI_WORDS ": the manifest cannot be read: ", CLI_WORDS_OF(a->user.cmd));
		cli_put(stderr, why.text);
		fputc('\n', stderr);
	}
}

/* Slivers, with what a manifest says; the whole as JSON. */
static int show(const struct am_args *a, const json_t *value)
{
	const char *manifest = manifest_of(value);
	const json_t *slivers = am_slivers_of(value);
	int r = manifest ? am_save(a, manifest) : -1;

	if (r >= 0)
		return r;
	if (a->user.json)
		return am_show_json(value);
	if (!json_is_array(slivers))
		return am_show_json(value);
	r = am_show_slivers(slivers);
	show_logins(a, manifest);
	return r;
}

static int describe(struct am_args *a, json_t **value)
{
	int r = am_ask(a, "am.describe", AM_NEED_SLICE,
		       json_pack("{s:o, s:o}", "urns", am_urns(a), "options", am_options(a, true)),
		       value);

	return r < 0 ? am_take_plain(a, value) : r;
}

/* Waits, then shows what it has come to, with logins. */
static int wait_and_show(struct am_args *a)
{
	json_t *slivers = NULL, *value = NULL;
	int r = am_wait(a, &slivers);
	enum am_state state = r < 0 ? am_state_of(slivers) : AM_FAILED;

	if (r < 0)
		r = describe(a, &value);
	if (r < 0)
		r = show(a, value);
	if (r == CLI_OK && state != AM_FINAL) {
		fprintf(stderr, CLI_WORDS ": %s\n", CLI_WORDS_OF(a->user.cmd),
			state == AM_FAILED ? "a sliver has failed"
					   : "not all slivers are ready in that time; look again "
					     "by ccfed am status");
		r = CLI_FAILED;
	}
	json_decref(value);
	json_decref(slivers);
	return r;
}

/* One request about slivers, and what it answers; or what is so after a while. */
static int act(struct am_args *a, const char *op, json_t *body)
{
	json_t *value = NULL;
	int r = body ? am_begin(a) : CLI_FAILED;

	if (r < 0)
		r = am_ask(a, op, AM_NEED_SLICE, json_incref(body), &value);
	if (r < 0)
		r = a->wait > 0 ? wait_and_show(a) : show(a, value);
	json_decref(value);
	json_decref(body);
	return r;
}

static int cli_describe(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {AM_COMPRESSED, AM_OUTFILE,	 AM_CREDENTIAL,
						AM_URL,	       CLI_USER_OPTIONS, {0}};
	struct am_args a = {.user.cmd = cmd};
	json_t *value = NULL;
	int r = parse(&a, options, argc, argv, NULL, NULL, true);

	if (r < 0)
		r = am_begin(&a);
	if (r < 0)
		r = describe(&a, &value);
	if (r < 0)
		r = show(&a, value);
	json_decref(value);
	am_deinit(&a);
	return r;
}

/* ---- the life of a sliver ---- */

static int read_rspec(const struct am_args *a, json_t **out)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note why = {0};
	size_t len;
	int r;

	if (!a->rspec)
		return cli_usage(a->user.cmd, "--rspec FILE is wanted");
	r = cc_file_read(a->rspec, AM_RSPEC_MAX, &text, &len, &why);
	if (r)
		return fail(a, &why, r);
	*out = json_stringn(text, len);
	if (*out)
		return -1;
	cc_note_set(&why, CC_EFORMAT, "%s is not in UTF-8", a->rspec);
	return fail(a, &why, -CC_EFORMAT);
}

static int cli_allocate(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {{"rspec", required_argument, NULL, AM_OPT_RSPEC},
						AM_END_TIME,
						AM_OUTFILE,
						AM_CREDENTIAL,
						AM_URL,
						CLI_USER_OPTIONS,
						{0}};
	struct am_args a = {.user.cmd = cmd};
	json_t *rspec = NULL;
	int r = parse(&a, options, argc, argv, NULL, NULL, false);

	if (r < 0)
		r = read_rspec(&a, &rspec);
	if (r < 0)
		r = act(&a, "am.allocate",
			json_pack("{s:s, s:o, s:o}", "urn", a.urn, "rspec", rspec, "options",
				  am_options(&a, false)));
	am_deinit(&a);
	return r;
}

static int cli_provision(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {AM_KEYS, AM_END_TIME,	   AM_BEST_EFFORT,
						AM_WAIT, AM_OUTFILE,	   AM_CREDENTIAL,
						AM_URL,	 CLI_USER_OPTIONS, {0}};
	struct am_args a = {.user.cmd = cmd};
	struct cc_note why = {0};
	json_t *users = NULL, *said;
	int r = parse(&a, options, argc, argv, NULL, NULL, true), e;

	if (r < 0)
		r = am_begin(&a);
	if (r < 0 && (e = am_users(&a, &users, &why)))
		r = fail(&a, &why, e);
	if (r < 0) {
		said = am_options(&a, true);
		json_object_set_new(said, "geni_users", users);
		r = act(&a, "am.provision",
			json_pack("{s:o, s:o}", "urns", am_urns(&a), "options", said));
	}
	am_deinit(&a);
	return r;
}

static int cli_status(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		AM_WAIT, AM_CREDENTIAL, AM_URL, CLI_USER_OPTIONS, {0}};
	struct am_args a = {.user.cmd = cmd};
	int r = parse(&a, options, argc, argv, NULL, NULL, true);

	if (r < 0)
		r = act(&a, "am.status",
			json_pack("{s:o, s:o}", "urns", am_urns(&a), "options",
				  am_options(&a, false)));
	am_deinit(&a);
	return r;
}

static int cli_renew(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {{"alap", no_argument, NULL, AM_OPT_ALAP},
						AM_BEST_EFFORT,
						AM_CREDENTIAL,
						AM_URL,
						CLI_USER_OPTIONS,
						{0}};
	struct am_args a = {.user.cmd = cmd};
	int r = parse(&a, options, argc, argv, "TIME", &a.time, true);

	if (r < 0)
		r = act(&a, "am.renew",
			json_pack("{s:o, s:s, s:o}", "urns", am_urns(&a), "expires", a.time,
				  "options", am_options(&a, false)));
	am_deinit(&a);
	return r;
}

static int cli_poa(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {AM_KEYS, AM_BEST_EFFORT,   AM_WAIT, AM_CREDENTIAL,
						AM_URL,	 CLI_USER_OPTIONS, {0}};
	struct am_args a = {.user.cmd = cmd};
	struct cc_note why = {0};
	json_t *users = NULL, *said;
	int r = parse(&a, options, argc, argv, "ACTION", &a.action, true), e;

	if (r < 0)
		r = am_begin(&a);
	if (r < 0 && (a.n_keys || strcmp(a.action, "geni_update_users") == 0) &&
	    (e = am_users(&a, &users, &why)))
		r = fail(&a, &why, e);
	if (r < 0) {
		said = am_options(&a, false);
		if (users)
			json_object_set_new(said, "geni_users", users);
		r = act(&a, "am.perform_operational_action",
			json_pack("{s:o, s:s, s:o}", "urns", am_urns(&a), "action", a.action,
				  "options", said));
	}
	am_deinit(&a);
	return r;
}

static int cli_delete(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		AM_BEST_EFFORT, AM_CREDENTIAL, AM_URL, CLI_USER_OPTIONS, {0}};
	struct am_args a = {.user.cmd = cmd};
	int r = parse(&a, options, argc, argv, NULL, NULL, true);

	if (r < 0)
		r = act(&a, "am.delete",
			json_pack("{s:o, s:o}", "urns", am_urns(&a), "options",
				  am_options(&a, false)));
	am_deinit(&a);
	return r;
}

static int cli_shutdown(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {AM_CREDENTIAL, AM_URL, CLI_USER_OPTIONS, {0}};
	struct am_args a = {.user.cmd = cmd};
	int r = parse(&a, options, argc, argv, NULL, NULL, false);

	if (r < 0)
		r = act(&a, "am.shutdown",
			json_pack("{s:s, s:o}", "urn", a.urn, "options", am_options(&a, false)));
	am_deinit(&a);
	return r;
}

/* ---- the table ---- */

#define AM_HELP                                                                                    \
	"  --am URL          front door of the aggregate, https://HOST:PORT/am/3.0 (CCFED_AM;\n"   \
	"                    default: beside that of the registry; over --cc the bus)\n"
#define CREDENTIAL_HELP                                                                            \
	"  --credential FILE the credential to show (default: yours, fetched from the registry)\n"
#define COMPRESSED_HELP "  --compressed      has it sent compressed\n"
#define OUTFILE_HELP "  --outfile FILE    writes the RSpec there\n"
#define BEST_HELP "  --best-effort     what can be done is done (default: all of it, or nothing)\n"
#define END_HELP "  --end-time TIME   until when it is wanted, as 2026-12-24T12:00:00Z\n"
#define WAIT_HELP                                                                                  \
	"  --wait[=SECONDS]  until all slivers are ready, or one has failed (default 600)\n"
#define KEYS_HELP                                                                                  \
	"  --user-keys FILE  public ssh keys that may log in, any number of times (default:\n"     \
	"                    ~/.ssh/id_*.pub)\n"
#define TAIL AM_HELP CLI_USER_HELP "Here the deadline is 30 s where none is given.\n"
#define SLIVERS "SLICE is an HRN or a URN; without URNs of slivers it is all of the slice.\n"

const struct cli_command cli_am[] = {
	{"am", "getversion", "[OPTIONS]", "says what the aggregate is and reads", TAIL,
	 cli_am_getversion},
	{"am", "listresources", "[OPTIONS]", "prints the advertisement",
	 "  --available       only what is free now\n" COMPRESSED_HELP OUTFILE_HELP CREDENTIAL_HELP
		 TAIL,
	 cli_am_listresources},
	{"am", "allocate", "--rspec FILE [OPTIONS] SLICE", "takes resources for a while",
	 "  --rspec FILE      the request\n" END_HELP OUTFILE_HELP CREDENTIAL_HELP TAIL,
	 cli_allocate},
	{"am", "provision", "[OPTIONS] SLICE [SLIVER...]", "makes slivers of what was allocated",
	 KEYS_HELP END_HELP BEST_HELP WAIT_HELP OUTFILE_HELP CREDENTIAL_HELP TAIL SLIVERS,
	 cli_provision},
	{"am", "status", "[OPTIONS] SLICE [SLIVER...]", "prints what slivers are doing",
	 WAIT_HELP CREDENTIAL_HELP TAIL SLIVERS, cli_status},
	{"am", "renew", "[OPTIONS] SLICE TIME [SLIVER...]", "keeps slivers until another time",
	 "  --alap            as long as possible, where TIME is too late\n" BEST_HELP
		 CREDENTIAL_HELP TAIL SLIVERS,
	 cli_renew},
	{"am", "poa", "[OPTIONS] SLICE ACTION [SLIVER...]",
	 "does geni_start, geni_stop, geni_restart or another action",
	 KEYS_HELP BEST_HELP WAIT_HELP CREDENTIAL_HELP TAIL SLIVERS, cli_poa},
	{"am", "describe", "[OPTIONS] SLICE [SLIVER...]", "prints slivers and how to log in",
	 COMPRESSED_HELP OUTFILE_HELP CREDENTIAL_HELP TAIL SLIVERS, cli_describe},
	{"am", "delete", "[OPTIONS] SLICE [SLIVER...]", "gives slivers back",
	 BEST_HELP CREDENTIAL_HELP TAIL SLIVERS, cli_delete},
	{"am", "shutdown", "[OPTIONS] SLICE", "stops a slice until an operator releases it",
	 CREDENTIAL_HELP TAIL, cli_shutdown},
	{"am", "release", "[OPTIONS] SLICE", "lets a slice go on that was shut down: operators",
	 cli_am_release_details, cli_am_release},
	{0},
};
