/* SPDX-License-Identifier: ISC */
/* ccfed bus stats: a server's figures, from its infofile or from the server itself. */
#include "cli/stats.h"

#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/text.h"
#include "lib/base/file.h"

#define INFOFILE_MAX (16u << 20)

const char cli_stats_details[] = CLI_ASK_HELP
	"Asks the server (admin.stats), or with INFOFILE reads the file that it writes. --json\n"
	"prints an object per section: server, total, with a file latest and averages, too.\n";

/* ---- from a file ---- */

static json_t *number_or_text(const char *v)
{
	double n;

	if (!cli_number(v, -1e300, 1e300, &n))
		return json_string(v);
	return strchr(v, '.') || strchr(v, 'e') ? json_real(n) : json_integer((json_int_t)n);
}

/* The infofile: "key: value" lines, sections in brackets. */
static json_t *read_infofile(char *text)
{
	json_t *all = json_object(), *part = json_object();
	char *save = NULL;

	json_object_set_new(all, "server", part);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *colon = strstr(line, ": ");

		if (*line == '[') {
			part = json_object();
			line[strcspn(line, "]")] = '\0';
			json_object_set_new(all, line + 1, part);
		} else if (colon) {
			*colon = '\0';
			json_object_set_new(part, line, number_or_text(colon + 2));
		}
	}
	return all;
}

static int show_file(const struct cli_ask *a, const char *path)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note why = {0};
	json_t *all;
	size_t len;
	int r = cc_file_read(path, INFOFILE_MAX, &text, &len, &why);

	if (r)
		return cli_fail(a->cmd, &why, r);
	if (!a->json) {
		fputs(text, stdout);
		return CLI_OK;
	}
	all = read_infofile(text);
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
	return CLI_OK;
}

/* ---- from the server ---- */

/* A figure as the infofile has it: a whole number where it is one. */
static json_t *figure(const json_t *value)
{
	double v = json_number_value(value);

	return v > -1e15 && v < 1e15 && v == (double)(json_int_t)v ? json_integer((json_int_t)v)
								   : json_real(v);
}

/* The answer in the sections of an infofile. It is taken. NULL: no memory. */
static json_t *sections(json_t *answer)
{
	json_t *total = json_object(), *all;
	const json_t *value;
	const char *name;
	int r = total ? 0 : -1;

	json_object_foreach(json_object_get(answer, "stats"), name, value)
	{
		if (!r)
			r = json_object_set_new(total, name, figure(value));
	}
	json_object_del(answer, "stats");
	all = json_pack("{s:o, s:o}", "server", answer, "total", total);
	if (r) {
		json_decref(all);
		return NULL;
	}
	return all;
}

static void print_section(const json_t *section)
{
	const json_t *value;
	const char *name;

	json_object_foreach((json_t *)section, name, value)
	{
		char buf[32];

		cli_put(stdout, name);
		if (json_is_real(value)) {
			printf(": %.6f\n", json_real_value(value));
			continue;
		}
		fputs(": ", stdout);
		cli_put(stdout, cli_text_of(section, name, buf));
		putchar('\n');
	}
}

static int ask(struct cli_ask *a)
{
	json_t *answer = NULL, *all;
	int code = cli_ask(a, "admin.stats", json_object(), &answer);

	if (code != CLI_OK)
		return code;
	all = sections(answer);
	if (!all)
		return cli_fail(a->cmd, &(struct cc_note){0}, -CC_ENOMEM);
	if (a->json) {
		cli_print_json(all);
	} else {
		print_section(json_object_get(all, "server"));
		puts("\n[total]");
		print_section(json_object_get(all, "total"));
	}
	json_decref(all);
	return CLI_OK;
}

int cli_stats(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {CLI_ASK_OPTIONS, {0}};
	struct cli_ask a = {.cmd = cmd, .deadline = 5};
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = cli_ask_option(&a, o, optarg);
	if (r >= 0)
		return r;
	if (argc - optind > 1)
		return cli_usage(cmd, "one infofile at most");
	if (argc == optind)
		return ask(&a);
	return a.bus.url ? cli_usage(cmd, "either --cc or an infofile")
			 : show_file(&a, argv[optind]);
}
