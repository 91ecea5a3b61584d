/* SPDX-License-Identifier: ISC */
/*
 * Makes the documents of tests/it/trust_rules.py: trust-maker FOLDER. Writes each attack, the files
 * that its options name, and index.json: rows of {rule, name, kind, file, options, then}.
 */
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "tests/unit/trust-attacks.h"

static const struct attack *const tables[] = {attacks_gid, attacks_document, attacks_cred,
					      attacks_use};

static void write_file(const char *name, const char *text)
{
	struct cc_note why = {0};

	if (cc_file_write(name, text, strlen(text), 0600, false, &why) == 0)
		return;
	fprintf(stderr, "%s\n", why.text);
	exit(2);
}

void attack_file(const char *name, char *text)
{
	write_file(name, text);
	free(text);
}

void attack_put(struct cc_buf *b, char *text)
{
	cc_buf_puts(b, text);
	free(text);
}

/* The certificates that --root, --caller, --tool and --component name. */
static void write_principals(void)
{
	const struct tp_world *w = tp_world();
	const struct {
		const char *name;
		const struct tp *who;
	} rows[] = {
		{"plc.pem", w->plc},	 {"other.pem", w->other}, {"alice.pem", w->alice},
		{"bob.pem", w->bob},	 {"tool.pem", w->tool},	  {"node.pem", w->node},
		{"slice.pem", w->slice},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		attack_file(rows[i].name, tp_pem_chain(rows[i].who));
}

static void add_attack(json_t *index, const struct attack *a)
{
	const char *rule = a->rule ? cc_rule_name(a->rule) : "none";
	char file[128], options[512];
	json_t *row;

	snprintf(file, sizeof(file), "%s-%s.%s", rule, a->name, a->kind);
	snprintf(options, sizeof(options), "--root plc.pem --root other.pem --at %lld %s",
		 (long long)TP_NOW, a->options ? a->options : "");
	attack_file(file, a->make());
	row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "rule", rule, "name", a->name, "kind",
			a->kind, "file", file, "options", options, "then",
			a->then ? a->then : "accepted");
	json_array_append_new(index, row);
}

/* Rules without an attack are for trust_rules.py to complain about: it gets all their names. */
static json_t *all_rules(void)
{
	json_t *names = json_array();

	for (int rule = 1; rule < CC_RULE_COUNT; rule++)
		json_array_append_new(names, json_string(cc_rule_name(rule)));
	return names;
}

int main(int argc, char **argv)
{
	json_t *rows = json_array(), *index;
	char *text;

	if (argc != 2 || chdir(argv[1]) != 0) {
		fputs("usage: trust-maker FOLDER\n", stderr);
		return 2;
	}
	write_principals();
	for (size_t t = 0; t < CC_ARRAY_SIZE(tables); t++)
		for (const struct attack *a = tables[t]; a->name; a++)
			add_attack(rows, a);
	index = json_pack("{s:o, s:o}", "rules", all_rules(), "rows", rows);
	text = json_dumps(index, JSON_INDENT(1));
	json_decref(index);
	if (!text)
		return 2;
	attack_file("index.json", text);
	return 0;
}
