/* SPDX-License-Identifier: ISC */
/*
 * ccfed audit: who asked for what, on whose word, and what became of it, read from the store itself
 * and not through a server (lib/store/audit.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/facts.h"
#include "cli/text.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/store/audit.h"

#define PATIENCE_MS 60000 /* for a connection */

enum { OPT_STORE = 1, OPT_SINCE, OPT_JSON, OPT_HELP };

struct audit {
	const char *store;
	int64_t since; /* ms */
	bool json;
};

static const struct option show_options[] = {
	{"store", required_argument, NULL, OPT_STORE},
	{"since", required_argument, NULL, OPT_SINCE},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};
static const struct option verify_options[] = {
	{"store", required_argument, NULL, OPT_STORE},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

#define STORE_HELP "  --store URL       sqlite:PATH or postgresql://... (CCFED_STORE)\n"

/* @return -1 to go on, else the exit code. */
static int take_option(const struct cli_command *cmd, struct audit *a, int o)
{
	int64_t seconds;

	switch (o) {
	case OPT_STORE:
		a->store = optarg;
		return -1;
	case OPT_SINCE:
		if (!cli_time_read(optarg, &seconds))
			return cli_usage(cmd, "--since wants a time as 2026-11-22T12:00:00Z, or "
					      "seconds since 1970");
		a->since = seconds * 1000;
		return -1;
	case OPT_JSON:
		a->json = true;
		return -1;
	case OPT_HELP:
		cli_help(cmd);
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

static int parse(const struct cli_command *cmd, struct audit *a, const struct option *options,
		 int argc, char **argv)
{
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take_option(cmd, a, o);
	if (r >= 0)
		return r;
	if (!a->store)
		a->store = getenv("CCFED_STORE");
	if (!a->store || argc != optind)
		return cli_usage(cmd, "--store URL is wanted, and no argument");
	return -1;
}

/* Nothing is made or changed: an old schema is only told. */
static int open_store(const struct audit *a, struct st_store **out, struct cc_note *why)
{
	struct st_conf conf = {.url = a->store, .readers = 1};

	return st_open(out, &conf, why);
}

/* ---- show ---- */

static const struct {
	const char *key, *head;
	int width; /* at least; a longer text moves what is behind it */
} columns[] = {
	{"who", "WHO", 28},	  {"via", "VIA", 20},	     {"what", "WHAT", 20},
	{"object", "OBJECT", 28}, {"outcome", "OUTCOME", 0},
};

static void time_text(int64_t at_ms, char out[40])
{
	char seconds[32];

	cc_clock_text(at_ms / 1000, seconds);
	/* the milliseconds stand before the Z */
	snprintf(out, 40, "%.*s.%03dZ", (int)strcspn(seconds, "Z"), seconds, (int)(at_ms % 1000));
}

/* A cell: what others wrote, made harmless. */
static void put_cell(const char *text, int width)
{
	cc_cleanup(cc_freep) char *safe = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&safe, &len);

	if (!to)
		return;
	cli_put(to, text);
	if (fclose(to) == 0)
		printf("%-*s%s", width, safe, width ? "  " : "");
}

static void put_entry(const struct st_audit_row *row, const json_t *entry)
{
	char time[40], number[300], buf[32];

	time_text(row->at, time);
	snprintf(number, sizeof(number), "%.255s#%" PRId64, row->instance, row->number);
	put_cell(time, 24);
	put_cell(number, 20);
	for (size_t i = 0; i < CC_ARRAY_SIZE(columns); i++)
		put_cell(cli_text_of(entry, columns[i].key, buf), columns[i].width);
	putchar('\n');
}

static int put_json(const struct st_audit_row *row, const json_t *entry)
{
	char time[40];
	json_t *line;

	time_text(row->at, time);
	line = json_pack("{s:s, s:s, s:I, s:O}", "time", time, "instance", row->instance, "number",
			 (json_int_t)row->number, "entry", entry);
	if (!line)
		return cc_raise(CC_ENOMEM);
	json_dumpf(line, stdout, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(line);
	return 0;
}

/* A line that is no JSON is shown all the same: it is what stands in the audit. */
static json_t *read_entry(const char *line, size_t len)
{
	json_t *entry = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(entry))
		return entry;
	json_decref(entry);
	entry = json_pack("{s:s%}", "what", line, len);
	return entry ? entry : json_pack("{s:s}", "what", "(unreadable)");
}

static int show_row(void *arg, const struct st_audit_row *row)
{
	const struct audit *a = arg;
	const char *at = row->entries, *end = at + row->len;
	int r = 0;

	while (!r && at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
		json_t *entry = len ? read_entry(at, len) : NULL;

		if (entry && a->json)
			r = put_json(row, entry);
		else if (entry)
			put_entry(row, entry);
		else if (len)
			r = cc_raise(CC_ENOMEM);
		json_decref(entry);
		at += len + 1;
	}
	return r;
}

static void put_heads(void)
{
	put_cell("TIME", 24);
	put_cell("INSTANCE#NUMBER", 20);
	for (size_t i = 0; i < CC_ARRAY_SIZE(columns); i++)
		put_cell(columns[i].head, columns[i].width);
	putchar('\n');
}

static int cli_audit_show(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(st_closep) struct st_store *store = NULL;
	struct audit a = {0};
	struct cc_note why = {0};
	int r = parse(cmd, &a, show_options, argc, argv);

	if (r >= 0)
		return r;
	r = open_store(&a, &store, &why);
	if (!r && !a.json)
		put_heads();
	if (!r)
		r = st_audit_each(store, a.since, cc_clock_ms() + PATIENCE_MS, show_row, &a, &why);
	return r ? cli_fail(cmd, &why, r) : CLI_OK;
}

/* ---- verify ---- */

static int put_verdict(const struct audit *a, const struct st_audit_verdict *v)
{
	if (a->json) {
		json_t *j = json_pack("{s:b, s:I, s:I, s:I, s:s*}", "good", !v->bad[0], "rows",
				      (json_int_t)v->rows, "entries", (json_int_t)v->entries,
				      "instances", (json_int_t)v->instances, "bad",
				      v->bad[0] ? v->bad : NULL);

		cli_print_json(j);
		json_decref(j);
	} else {
		fputs(v->bad[0] ? "bad: " : "good: every chain holds", stdout);
		cli_put(stdout, v->bad);
		printf(" (%" PRIu64 " rows, %" PRIu64 " entries, %" PRIu64 " instances)\n", v->rows,
		       v->entries, v->instances);
	}
	return v->bad[0] ? CLI_FAILED : CLI_OK;
}

static int cli_audit_verify(const struct cli_command *cmd, int argc, char **argv)
{
	cc_cleanup(st_closep) struct st_store *store = NULL;
	struct st_audit_verdict verdict = {0};
	struct audit a = {0};
	struct cc_note why = {0};
	int r = parse(cmd, &a, verify_options, argc, argv);

	if (r >= 0)
		return r;
	r = open_store(&a, &store, &why);
	if (!r)
		r = st_audit_verify(store, cc_clock_ms() + PATIENCE_MS, &verdict, &why);
	return r ? cli_fail(cmd, &why, r) : put_verdict(&a, &verdict);
}

const struct cli_command cli_audit[] = {
	{"audit", "show", "--store URL [OPTIONS]", "prints who asked for what",
	 STORE_HELP "  --since TIME      from then on, as 2026-11-22T12:00:00Z, or seconds\n"
		    "  --json            an object a line\n"
		    "Columns: time, instance#number of the row, who, via whom, what, on what, and "
		    "what became of\nit. Reads the store itself; nothing is changed.\n",
	 cli_audit_show},
	{"audit", "verify", "--store URL [--json]", "looks whether the audit was tampered with",
	 STORE_HELP "  --json            as JSON\n"
		    "Exit 0: every chain holds, 1: one is broken, or the store cannot be read.\n",
	 cli_audit_verify},
	{0},
};
