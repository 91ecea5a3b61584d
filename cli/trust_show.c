/* SPDX-License-Identifier: ISC */
/*
 * ccfed gid|cred|ticket show: what a document says, in the layouts of the Geniwrapper design
 * document: labels end in one column, the names of a GID two columns further in. What documents
 * have beyond those of 2008 stands behind, in the same columns.
 */
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "cli/trust_describe.h"
#include "cli/trust_layout.h"
#include "lib/base/util.h"

/* ---- GIDs ---- */

/* The first GID_SHORT stand for a GID inside a credential, the others in `gid show`, too. */
#define GID_SHORT 3
static const struct {
	const char *label, *key;
} gid_lines[] = {
	{"hrn", "hrn"},		{"uuid", "uuid_number"},
	{"urn", "urn"},		{"email", "email"},
	{"key", "key"},		{"digest", "digest"},
	{"version", "version"}, {"CA", "ca"},
	{"from", "not_before"}, {"until", "not_after"},
	{"keyid", "key_id"},	{"sha256", "sha256"},
};

static void put_gid_lines(const json_t *gid, size_t count)
{
	for (size_t i = 0; i < count; i++)
		trust_put_line(TRUST_GID_LABEL, gid_lines[i].label,
			       json_object_get(gid, gid_lines[i].key));
}

static void put_gid(const char *label, const json_t *gid)
{
	trust_put_label(TRUST_LABEL, label);
	putchar('\n');
	put_gid_lines(gid, GID_SHORT);
}

static void put_signer(const json_t *signer)
{
	const json_t *issuers = json_object_get(signer, "issuers");

	if (!signer)
		return;
	put_gid("gidSigner", signer);
	if (json_array_size(issuers) > 0)
		trust_put_line(TRUST_GID_LABEL, "issuers", issuers);
}

/* ---- tickets ---- */

/* A dictionary, or a list of objects whose first member is the key. */
static void put_entries(const char *label, json_t *entries)
{
	const char *key;
	json_t *value, *one;
	size_t i;

	if (!json_is_object(entries) && !json_is_array(entries)) {
		trust_put_line(TRUST_LABEL, label, entries);
		return;
	}
	trust_put_label(TRUST_LABEL, label);
	putchar('\n');
	json_object_foreach(entries, key, value) trust_put_entry(key, value);
	json_array_foreach(entries, i, one)
	{
		const json_t *name = json_object_get(one, "name"),
			     *urn = json_object_get(one, "urn");

		trust_put_entry(json_string_value(name ? name : urn),
				json_object_get(one, name ? "value" : "keys"));
	}
}

/* The lines of a text, each behind blanks: none can be taken for one of ours. */
static void put_lines(const char *label, const json_t *value)
{
	cc_cleanup(cc_freep) char *text = strdup(json_string_value(value));
	char *rest = text;

	trust_put_label(TRUST_LABEL, label);
	putchar('\n');
	while (rest && *rest) {
		const char *line = strsep(&rest, "\n");

		printf("%*s", TRUST_ENTRY, "");
		cli_put(stdout, line);
		putchar('\n');
	}
}

static void put_rspec(json_t *rspec)
{
	if (json_is_string(rspec))
		put_lines("rspec", rspec);
	else
		put_entries("rspec", rspec);
}

/* ---- levels ---- */

static const struct {
	const char *label, *key;
} level_lines[] = {
	{"user key", "user_keyid"}, {"tool key", "tool_keyid"},	  {"tool", "tool"},
	{"component", "component"}, {"epoch", "epoch"},		  {"redeem", "redeem_before"},
	{"owner_urn", "owner_urn"}, {"target_urn", "target_urn"}, {"serial", "serial"},
	{"uuid", "document_uuid"},  {"expires", "expires"},	  {"from", "not_before"},
	{"until", "not_after"},	    {"signature", "signature"},
};

static void put_level(json_t *level)
{
	static const char *const gids[][2] = {{"gidCaller", "owner"}, {"gidObject", "target"}};

	trust_put_privileges(level);
	for (size_t i = 0; i < CC_ARRAY_SIZE(gids); i++)
		if (!json_object_get(level, "tool_keyid"))
			put_gid(gids[i][0], json_object_get(level, gids[i][1]));
	trust_put_delegate(level);
	for (size_t i = 0; i < CC_ARRAY_SIZE(level_lines); i++)
		trust_put_line(TRUST_LABEL, level_lines[i].label,
			       json_object_get(level, level_lines[i].key));
	put_entries("attributes", json_object_get(level, "attributes"));
	put_entries("users", json_object_get(level, "users"));
	put_rspec(json_object_get(level, "rspec"));
	put_signer(json_object_get(level, "signer"));
}

/* "CREDENTIAL plc.site.s1", and for what it was delegated from "PARENT CREDENTIAL ...". */
static void put_heading(size_t i, const json_t *level)
{
	const json_t *subject = json_object_get(level, "subject");

	printf("%s%s", i ? "PARENT " : "", json_string_value(json_object_get(level, "word")));
	if (subject) {
		putchar(' ');
		cli_put_value(stdout, subject);
	}
	putchar('\n');
}

void trust_put_levels(const json_t *document)
{
	json_t *levels = json_object_get(document, "levels"), *level;
	size_t i;

	json_array_foreach(levels, i, level)
	{
		put_heading(i, level);
		if (strcmp(json_string_value(json_object_get(level, "word")), "GID") == 0)
			put_gid_lines(level, CC_ARRAY_SIZE(gid_lines));
		else
			put_level(level);
	}
}

static void put_document(const struct cli_command *cmd, const struct cli_facts *f)
{
	trust_put_levels(f->o);
	printf("not verified: this is what the document says; ccfed %s verify judges it\n",
	       cmd->group);
}

/* ---- the command ---- */

const char trust_show_details[] =
	"  --json            as JSON\n"
	"FILE may be -, standard input. Nothing of it is believed or checked.\n"
	"Exit 0: shown, 1: it is no such document, 2: it cannot be read.\n";

/* It is no such document: by which rule of reading, and what was found. */
static int unshown(const struct cli_command *cmd, const char *path, int r,
		   const struct cc_note *why)
{
	struct cc_note text = {0};

	cc_note_set(&text, CC_EFORMAT, "%s: %s%s%s", path, r > 0 ? cc_rule_name(r) : "",
		    r > 0 ? ": " : "", why->text[0] ? why->text : cc_err_text(r));
	trust_unusable(cmd, &text, r);
	return CLI_FAILED;
}

static int show(const struct cli_command *cmd, const char *path, bool json)
{
	cc_cleanup(cli_facts_deinit) struct cli_facts f = {0};
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note why = {0};
	size_t len;
	int r = trust_doc_read(path, &text, &len, &why);

	if (r)
		return trust_unusable(cmd, &why, r);
	r = trust_describe(trust_kind_of(cmd), text, len, &f, &why);
	if (r)
		return unshown(cmd, path, r, &why);
	if (json)
		cli_print_json(f.o);
	else
		put_document(cmd, &f);
	return CLI_OK;
}

int trust_show(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	bool json = false;
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'h') {
			cli_help(cmd);
			return CLI_OK;
		}
		if (o != 'j')
			return trust_bad_option(cmd, argv[optind - 1]);
		json = true;
	}
	if (argc - optind != 1)
		return cli_usage(cmd, "one file is wanted");
	return show(cmd, argv[optind], json);
}
