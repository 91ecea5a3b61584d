/* SPDX-License-Identifier: ISC */
/* ccfed policy: the table of its commands, and show; test is in policy_test.c. */
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>

#include "cli/text.h"

int cli_policy_undecided(const struct cli_command *cmd, const struct cc_note *why, int r)
{
	cli_fail(cmd, why, r);
	return CLI_USAGE;
}

char *cli_policy_value(const struct cc_policy_line *line)
{
	char *value = strdup(line->value);

	for (char *c = value; c && *c; c++)
		if (*c == '\n')
			*c = ' ';
	return value;
}

json_t *cli_policy_line(const struct cc_policy_line *line)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i}", "section", line->section, "key", line->key,
			 "value", line->value, "file", line->file, "line", line->line);
}

static const char show_details[] =
	"  --json            as JSON\n"
	"The lines of [policy] and [servers] stand with the longest prefix first: of those that\n"
	"match a type, the first decides, alone.\n";

/* ---- show ---- */

struct lines {
	const struct cc_policy_line **items;
	size_t count, room;
	bool failed;
};

static void collect(void *arg, const struct cc_policy_line *line)
{
	struct lines *l = arg;

	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		const struct cc_policy_line **items = reallocarray(l->items, room, sizeof(*items));

		l->failed |= !items;
		if (!items)
			return;
		l->items = items;
		l->room = room;
	}
	l->items[l->count++] = line;
}

static const char *const sections[] = {"policy", "servers", "assert-caller", NULL};

static int section_order(const struct cc_policy_line *line)
{
	int i = 0;

	while (sections[i] && strcmp(sections[i], line->section) != 0)
		i++;
	return i;
}

/* Components of a prefix; the labels of [assert-caller] are none. */
static int depth(const struct cc_policy_line *line)
{
	int n = strcmp(line->key, "*") != 0;

	if (strcmp(line->section, "assert-caller") == 0)
		return 0;
	for (const char *c = line->key; *c; c++)
		n += *c == '.';
	return n;
}

static int compare(const void *a, const void *b)
{
	const struct cc_policy_line *x = *(const struct cc_policy_line *const *)a;
	const struct cc_policy_line *y = *(const struct cc_policy_line *const *)b;
	int order = section_order(x) - section_order(y);

	if (!order)
		order = depth(y) - depth(x);
	return order ? order : strcmp(x->key, y->key);
}

static int print_lines(const struct lines *l)
{
	struct cli_table t = {.heads = {"SECTION", "KEY", "VALUE", "LINE"}};

	for (size_t i = 0; i < l->count; i++) {
		cc_cleanup(cc_freep) char *value = cli_policy_value(l->items[i]);

		t.failed |= !value;
		cli_table_add(&t, "[%s]", l->items[i]->section);
		cli_table_add(&t, "%s", l->items[i]->key);
		cli_table_add(&t, "%s", value ? value : "");
		cli_table_add(&t, "%s:%d", l->items[i]->file, l->items[i]->line);
	}
	return cli_table_print(&t);
}

static int print_lines_json(const struct lines *l)
{
	json_t *out = json_object();

	for (size_t i = 0; sections[i]; i++)
		json_object_set_new(out, sections[i], json_array());
	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(json_object_get(out, l->items[i]->section),
				      cli_policy_line(l->items[i]));
	cli_print_json(out);
	json_decref(out);
	return 0;
}

static int run_show(const struct cli_command *cmd, const char *path, bool json)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	cc_cleanup(cc_policy_unrefp) struct cc_policy *policy = NULL;
	struct lines lines = {0};
	struct cc_note why = {0};
	int r = cf_ini_read(path, "ccserver", NULL, 0, &ini, &why);

	if (!r)
		r = cc_policy_new(&policy, ini, &why);
	if (!r) {
		cc_policy_each(policy, collect, &lines);
		r = lines.failed ? -CC_ENOMEM : 0;
	}
	if (!r && lines.count)
		qsort(lines.items, lines.count, sizeof(*lines.items), compare);
	if (!r)
		r = json ? print_lines_json(&lines) : print_lines(&lines);
	free(lines.items);
	return r ? cli_policy_undecided(cmd, &why, r) : CLI_OK;
}

enum { OPT_JSON = 1, OPT_HELP };

static int cli_show(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, OPT_JSON}, {"help", no_argument, NULL, OPT_HELP}, {0}};
	bool json = false;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == OPT_HELP) {
			cli_help(cmd);
			return CLI_OK;
		}
		if (o != OPT_JSON)
			return CLI_USAGE;
		json = true;
	}
	if (argc - optind != 1)
		return cli_usage(cmd, "one configuration file is wanted");
	return run_show(cmd, argv[optind], json);
}

const struct cli_command cli_policy[] = {
	{"policy", "show", "[--json] FILE", "prints who may send and answer what", show_details,
	 cli_show},
	{"policy", "test", "--signer CERT --type T [OPTIONS] FILE",
	 "says whether a signer may send a type, and which line says so", cli_policy_test_details,
	 cli_policy_test},
	{0},
};
