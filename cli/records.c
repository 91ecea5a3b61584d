/* SPDX-License-Identifier: ISC */
/*
 * ccfed registry: all records of a store at once. It works on the store itself, beside a registry or
 * without one, so whoever may write the store may do this.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/text.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/registry/import.h"

enum { OPT_STORE = 1, OPT_HRN, OPT_OUT, OPT_YES, OPT_HELP };

struct records {
	const struct cli_command *cmd;
	const char *store, *hrn, *out;
	bool yes, shown; /* shown: a progress bar stands on standard error */
};

static const struct option options[] = {
	{"store", required_argument, NULL, OPT_STORE}, {"hrn", required_argument, NULL, OPT_HRN},
	{"out", required_argument, NULL, OPT_OUT},     {"yes", no_argument, NULL, OPT_YES},
	{"help", no_argument, NULL, OPT_HELP},	       {0},
};

#define STORE_HELP "  --store URL       sqlite:PATH or postgresql://... (CCFED_STORE)\n"
#define HRN_HELP "  --hrn HRN         the top authority, as in the registry's section\n"

/* @return -1 to go on, else the exit code. */
static int parse(struct records *r, int argc, char **argv)
{
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case OPT_STORE:
			r->store = optarg;
			break;
		case OPT_HRN:
			r->hrn = optarg;
			break;
		case OPT_OUT:
			r->out = optarg;
			break;
		case OPT_YES:
			r->yes = true;
			break;
		case OPT_HELP:
			cli_help(r->cmd);
			return CLI_OK;
		default:
			return CLI_USAGE;
		}
	}
	if (!r->store)
		r->store = getenv("CCFED_STORE");
	return r->store ? -1 : cli_usage(r->cmd, "--store URL is wanted");
}

static int open_store(const struct records *r, struct st_store **out, struct cc_note *why)
{
	const struct st_conf conf = {.url = r->store, .readers = 1};

	return st_open(out, &conf, why);
}

static int read_top(const struct records *r, struct rg_name *top)
{
	struct cc_note why = {0};

	if (!r->hrn)
		return cli_usage(r->cmd, "--hrn HRN is wanted");
	if (rg_name_read(r->hrn, "authority", top, &why) != 0)
		return cli_usage(r->cmd, "--hrn: %s", why.text);
	return -1;
}

/* ---- import ---- */

#define BAR 40

static void show_progress(void *arg, int64_t octets, int64_t of, int64_t lines)
{
	struct records *r = arg;
	int done = of > 0 ? (int)(octets * BAR / of) : BAR;

	if (!isatty(STDERR_FILENO))
		return;
	r->shown = true;
	fprintf(stderr, "\r[%-*.*s] %3d %%  %lld lines", BAR, done,
		"########################################", of > 0 ? (int)(octets * 100 / of) : 100,
		(long long)lines);
}

static void end_progress(struct records *r)
{
	if (r->shown)
		fputc('\n', stderr);
	r->shown = false;
}

static void show_problem(void *arg, int64_t line, int outcome, const char *why)
{
	static const char *const words[] = {[RG_IMPORT_BAD] = "not taken",
					    [RG_IMPORT_NAME] = "collision",
					    [RG_IMPORT_KEY] = "without its key",
					    [RG_IMPORT_SITE] = "not taken",
					    [RG_IMPORT_PERSON] = "in part"};

	end_progress(arg);
	fprintf(stderr, "line %lld: %s: ", (long long)line, words[outcome]);
	cli_put(stderr, why);
	fputc('\n', stderr);
}

static int run_import(struct records *r, struct rg_import *im)
{
	cc_cleanup(st_closep) struct st_store *store = NULL;
	struct cc_note why = {0};
	int err = open_store(r, &store, &why);

	im->store = store;
	if (!err)
		err = rg_import_run(im, &why);
	end_progress(r);
	if (err)
		return cli_fail(r->cmd, &why, err);
	printf("%lld lines, %lld records, %lld problems\n", (long long)im->lines,
	       (long long)im->written, (long long)im->problems);
	return im->problems ? CLI_FAILED : CLI_OK;
}

static int records_import(const struct cli_command *cmd, int argc, char **argv)
{
	struct records r = {.cmd = cmd};
	struct rg_import im = {.now = cc_clock_seconds(),
			       .problem = show_problem,
			       .progress = show_progress,
			       .arg = &r};
	int rc = parse(&r, argc, argv);

	if (rc < 0)
		rc = read_top(&r, &im.top);
	if (rc >= 0)
		return rc;
	if (argc - optind != 1)
		return cli_usage(cmd, "one FILE is wanted");
	im.path = argv[optind];
	return run_import(&r, &im);
}

/* ---- export ---- */

static int put_line(void *arg, const char *line, size_t len)
{
	FILE *to = arg;

	return fwrite(line, 1, len, to) == len && putc('\n', to) != EOF ? 0 : -CC_ESYS;
}

static int records_export(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(st_closep) struct st_store *store = NULL;
	struct records r = {.cmd = cmd};
	struct cc_note why = {0};
	FILE *to = stdout;
	int err, rc = parse(&r, argc, argv);

	if (rc >= 0)
		return rc;
	if (argc != optind)
		return cli_usage(cmd, "no argument is wanted");
	if (r.out)
		to = fopen(r.out, "we");
	if (!to)
		return cli_usage(cmd, "%s cannot be written", r.out);
	err = open_store(&r, &store, &why);
	if (!err)
		err = rg_export(store, put_line, to, &why);
	if (fflush(to) != 0 && !err)
		err = cc_note_set(&why, CC_ESYS, "the output cannot be written");
	if (r.out)
		fclose(to);
	return err ? cli_fail(cmd, &why, err) : CLI_OK;
}

/* ---- nuke ---- */

static bool confirmed(const struct records *r)
{
	char line[300] = "";

	if (r->yes)
		return true;
	fprintf(stderr,
		"This removes every record of %s but that of %s. Keys and GIDs of authorities stay "
		"in "
		"their folder.\nType the HRN to go on: ",
		r->store, r->hrn);
	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\n")] = 0;
	return strcmp(line, r->hrn) == 0;
}

static int records_nuke(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(st_closep) struct st_store *store = NULL;
	struct records r = {.cmd = cmd};
	struct cc_note why = {0};
	struct rg_name top;
	int64_t removed;
	int err, rc = parse(&r, argc, argv);

	if (rc < 0)
		rc = read_top(&r, &top);
	if (rc >= 0)
		return rc;
	if (argc != optind)
		return cli_usage(cmd, "no argument is wanted");
	if (!confirmed(&r)) {
		fprintf(stderr, "ccfed registry nuke: nothing was removed\n");
		return CLI_FAILED;
	}
	err = open_store(&r, &store, &why);
	if (!err)
		err = rg_nuke(store, &top, &removed, &why);
	if (err)
		return cli_fail(cmd, &why, err);
	printf("%lld records removed\n", (long long)removed);
	return CLI_OK;
}

const struct cli_command cli_records[] = {
	{"registry", "import", "[OPTIONS] FILE", "takes records from JSON lines",
	 STORE_HELP HRN_HELP
	 "Lines are sites, persons, nodes and slices as PLCAPI calls them, or what export wrote\n"
	 "(docs/registry.md). A run that was broken off goes on where it was. Exit code 1: some\n"
	 "lines were not taken, each is told.\n",
	 records_import},
	{"registry", "export", "[OPTIONS]", "writes all records as JSON lines",
	 STORE_HELP "  --out FILE        writes it there (default: standard output)\n",
	 records_export},
	{"registry", "nuke", "[OPTIONS]", "removes all records, and asks before",
	 STORE_HELP HRN_HELP "  --yes             do not ask\n", records_nuke},
	{0},
};
