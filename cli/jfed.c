/* SPDX-License-Identifier: ISC */
/* ccfed jfed-json: what jFed is told of a testbed (docs/jfed.md). */
#include "cli/jfed.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/text.h"
#include "lib/base/util.h"

enum {
	OPT_ID = 1,
	OPT_NAME,
	OPT_CERTIFICATE,
	OPT_FLAG,
	OPT_TERMS,
	OPT_LINKS,
	OPT_QUESTIONNAIRE,
	OPT_SET,
	OPT_HELP
};

static const struct option options[] = {
	{"id", required_argument, NULL, OPT_ID},
	{"name", required_argument, NULL, OPT_NAME},
	{"certificate", required_argument, NULL, OPT_CERTIFICATE},
	{"flag", required_argument, NULL, OPT_FLAG},
	{"terms", required_argument, NULL, OPT_TERMS},
	{"links", no_argument, NULL, OPT_LINKS},
	{"questionnaire", no_argument, NULL, OPT_QUESTIONNAIRE},
	{"set", required_argument, NULL, OPT_SET},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

static const char details[] =
	"  FILE...           configurations of the server with handler = aggregate, and of the\n"
	"                    front door ([d:ambridge])\n"
	"  --id ID           letters only (default: those of the URN's authority)\n"
	"  --name TEXT       long name (default: the URN's authority)\n"
	"  --certificate FILE the front door's certificates, where its configuration is not\n"
	"                    named\n"
	"  --flag FLAG       as featureExecuteAndInstallService; may be given again\n"
	"  --terms URL       terms and conditions\n"
	"  --links           links between nodes can be asked for\n"
	"  --questionnaire   what jFed's developers ask of a testbed, instead\n"
	"  --set KEY=VALUE   an answer of it; may be given again\n"
	"Prints JSON; the first goes to ~/.jFed/extra_testbeds/ID.json.\n";

struct jfed {
	const struct cli_command *cmd;
	struct jfed_testbed t;
	const char *certificate;
	json_t *answers; /* NULL: none */
	bool questionnaire;
};

/* What reads as JSON is that (true, 51.04), the rest is text. */
static int take_answer(struct jfed *j, const char *arg)
{
	const char *equals = strchr(arg, '=');
	cc_cleanup(cc_freep) char *key = equals ? strndup(arg, (size_t)(equals - arg)) : NULL;
	json_t *value;

	if (!key || !jfed_has_question(key))
		return cli_usage(j->cmd, "--set wants KEY=VALUE with a key of the questionnaire "
					 "that is null there");
	value = json_loads(equals + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	if (!value)
		value = json_string(equals + 1);
	if (!j->answers)
		j->answers = json_object();
	if (json_object_set_new(j->answers, key, value) != 0)
		return cli_usage(j->cmd, "--set: text in UTF-8 is wanted");
	return -1;
}

static int take_flag(struct jfed *j)
{
	if (j->t.n_flags == JFED_FLAGS_MAX)
		return cli_usage(j->cmd, "--flag at most %d times", JFED_FLAGS_MAX);
	j->t.flags[j->t.n_flags++] = optarg;
	return -1;
}

/* @return -1: go on, else the exit code. */
static int take_option(struct jfed *j, int o)
{
	switch (o) {
	case OPT_ID:
		j->t.id_option = optarg;
		return -1;
	case OPT_NAME:
		j->t.name = optarg;
		return -1;
	case OPT_CERTIFICATE:
		j->certificate = optarg;
		return -1;
	case OPT_FLAG:
		return take_flag(j);
	case OPT_TERMS:
		j->t.terms = optarg;
		return -1;
	case OPT_LINKS:
		j->t.links = true;
		return -1;
	case OPT_QUESTIONNAIRE:
		j->questionnaire = true;
		return -1;
	case OPT_SET:
		return take_answer(j, optarg);
	case OPT_HELP:
		cli_help(j->cmd);
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

static int read_all(struct jfed *j, char **files, int count, struct cc_note *why)
{
	int r = j->certificate ? jfed_read_certificates(&j->t, j->certificate, why) : 0;

	for (int i = 0; i < count && !r; i++)
		r = jfed_read(&j->t, files[i], why);
	return r ? r : jfed_settle(&j->t, why);
}

static void tell_gaps(const json_t *o)
{
	const char *key;
	json_t *value;
	bool any = false;

	json_object_foreach((json_t *)o, key, value)
	{
		if (!json_is_null(value) || !jfed_has_question(key))
			continue;
		fprintf(stderr, "%s%s", any ? ", " : "to do, with --set: ", key);
		any = true;
	}
	if (any)
		fputc('\n', stderr);
}

static int print(struct jfed *j)
{
	json_t *o = j->questionnaire ? jfed_questionnaire(&j->t, j->answers) : jfed_json(&j->t);

	/* what the command line says may be no UTF-8 */
	if (!o) {
		fprintf(stderr, "ccfed %s: text in UTF-8 is wanted\n", j->cmd->name);
		return CLI_FAILED;
	}
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
	putchar('\n');
	if (j->questionnaire)
		tell_gaps(o);
	json_decref(o);
	return CLI_OK;
}

static int run(struct jfed *j, int argc, char **argv)
{
	struct cc_note why = {0};
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take_option(j, o);
	if (r >= 0)
		return r;
	if (argc == optind)
		return cli_usage(j->cmd, "a configuration file is wanted");
	r = read_all(j, argv + optind, argc - optind, &why);
	return r ? cli_fail(j->cmd, &why, r) : print(j);
}

static int jfed_run(const struct cli_command *cmd, int argc, char **argv)
{
	struct jfed j = {.cmd = cmd};
	int r = run(&j, argc, argv);

	json_decref(j.answers);
	jfed_deinit(&j.t);
	return r;
}

const struct cli_command cli_jfed[] = {
	{"", "jfed-json", "[OPTIONS] FILE...", "prints what jFed is told of this testbed", details,
	 jfed_run},
	{0},
};
