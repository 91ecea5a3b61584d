/* SPDX-License-Identifier: ISC */
/* ccfed store: what an administrator does to a store. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/text.h"
#include "lib/base/util.h"
#include "lib/store/store.h"

#define STORE_HELP                                                                                 \
	"  --store URL       sqlite:/PATH or postgresql://USER@HOST/NAME (CCFED_STORE)\n"          \
	"  --json            as JSON\n"

enum { OPT_STORE = 1, OPT_JSON, OPT_HELP };

static const struct option options[] = {
	{"store", required_argument, NULL, OPT_STORE},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

struct work {
	const struct cli_command *cmd;
	struct st_conf conf;
	const char *file;
	bool json, terminal;
	json_t *out;	/* object or array of what was done */
	bool no_memory; /* something is missing in it */
	unsigned count;
	struct cc_note why;
};

/* ---- command line ---- */

static int parse(struct work *w, int argc, char **argv, unsigned files)
{
	int o;

	w->conf.url = getenv("CCFED_STORE");
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case OPT_STORE:
			w->conf.url = optarg;
			break;
		case OPT_JSON:
			w->json = true;
			break;
		case OPT_HELP:
			cli_help(w->cmd);
			return CLI_OK;
		default:
			return CLI_USAGE;
		}
	}
	if (!w->conf.url || !*w->conf.url)
		return cli_usage(w->cmd, "--store or CCFED_STORE has to name the store");
	if (argc - optind != (int)files)
		return cli_usage(w->cmd, files ? "one file is wanted" : "no argument is wanted");
	w->file = files ? argv[optind] : NULL;
	w->terminal = isatty(STDERR_FILENO) == 1;
	return -1;
}

/* An error, or the end: prints out as JSON if that was asked for. */
static int end(struct work *w, int r, int good)
{
	if (!r && w->no_memory)
		r = -CC_ENOMEM;
	if (!r && w->json)
		cli_print_json(w->out);
	json_decref(w->out);
	if (r == -CC_EINVAL && w->why.code)
		return cli_usage(w->cmd, "%s", w->why.text);
	return r ? cli_fail(w->cmd, &w->why, r) : good;
}

/* On a terminal, one line that changes. */
static void progress(const struct work *w, const char *what, int64_t rows)
{
	if (w->terminal)
		fprintf(stderr, "\r%s: %lld\033[K", what, (long long)rows);
}

static void end_progress(const struct work *w)
{
	if (w->terminal)
		fputs("\r\033[K", stderr);
}

/* ---- commands ---- */

static void on_migration(void *arg, int number, const char *name)
{
	struct work *w = arg;

	w->count++;
	if (w->json)
		w->no_memory |= json_array_append_new(w->out, json_pack("{s:i, s:s}", "number",
									number, "name", name)) != 0;
	else
		printf("migration %d, %s, is applied\n", number, name);
	fflush(stdout);
}

static int run_migrate(const struct cli_command *cmd, int argc, char **argv)
{
	struct work w = {.cmd = cmd, .conf = {.migrate = true, .create = true}};
	int r = parse(&w, argc, argv, 0);

	if (r >= 0)
		return r;
	w.out = json_array();
	r = st_migrate(&w.conf, on_migration, &w, &w.why);
	if (!r && !w.json && !w.count)
		puts("nothing is to be done: the schema is this program's");
	return end(&w, r, CLI_OK);
}

static void on_problem(void *arg, const char *text)
{
	struct work *w = arg;

	if (w->json) {
		w->no_memory |= json_array_append_new(w->out, json_string(text)) != 0;
		return;
	}
	cli_put(stdout, text);
	putchar('\n');
}

static int run_check(const struct cli_command *cmd, int argc, char **argv)
{
	struct work w = {.cmd = cmd};
	int r = parse(&w, argc, argv, 0);

	if (r >= 0)
		return r;
	w.out = json_array();
	r = st_check(&w.conf, on_problem, &w, &w.count, &w.why);
	if (!r && !w.json && w.count)
		printf("%u problems\n", w.count);
	else if (!r && !w.json)
		puts("no problem was found");
	return end(&w, r, w.count ? CLI_FAILED : CLI_OK);
}

/* Of a table: the last word is how many rows it has. */
static void on_rows(void *arg, const char *table, int64_t rows)
{
	struct work *w = arg;

	progress(w, table, rows);
	w->no_memory |= json_object_set_new(w->out, table, json_integer((json_int_t)rows)) != 0;
}

static int copy(const struct cli_command *cmd, int argc, char **argv, const char *done,
		int (*run)(const struct st_conf *, const char *,
			   void (*)(void *, const char *, int64_t), void *, struct cc_note *))
{
	struct work w = {.cmd = cmd};
	json_int_t sum = 0;
	const char *table;
	json_t *rows;
	int r = parse(&w, argc, argv, 1);

	if (r >= 0)
		return r;
	w.out = json_object();
	r = run(&w.conf, w.file, on_rows, &w, &w.why);
	end_progress(&w);
	json_object_foreach(w.out, table, rows) sum += json_integer_value(rows);
	if (!r && !w.json)
		printf("%lld rows are %s %s\n", (long long)sum, done, w.file);
	return end(&w, r, CLI_OK);
}

static int run_backup(const struct cli_command *cmd, int argc, char **argv)
{
	return copy(cmd, argc, argv, "in", st_backup);
}

static int run_restore(const struct cli_command *cmd, int argc, char **argv)
{
	return copy(cmd, argc, argv, "restored from", st_restore);
}

const struct cli_command cli_store[] = {
	{"store", "migrate", "--store URL [--json]",
	 "makes a store, or brings an older one up to date",
	 STORE_HELP
	 "A database of PostgreSQL has to be there, in UTF8; a file of SQLite is made.\n",
	 run_migrate},
	{"store", "check", "--store URL [--json]", "looks for faults, and changes nothing",
	 STORE_HELP
	 "Migrations, the database's own check, every row, what refers to nothing, and every\n"
	 "chain of the audit. Exit code 1: problems were found.\n",
	 run_check},
	{"store", "backup", "--store URL [--json] FILE",
	 "copies all of it into a file, while it is in use",
	 STORE_HELP "FILE is replaced, whole or not at all, and only its owner can read it.\n",
	 run_backup},
	{"store", "restore", "--store URL [--json] FILE", "fills an empty store from such a file",
	 STORE_HELP "From either database into either. The store gets an id of its own.\n",
	 run_restore},
	{0},
};
