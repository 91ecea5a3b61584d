/* SPDX-License-Identifier: ISC */
/*
 * ccfed cred vectors: judges recorded documents of the systems that are replaced, and compares with
 * what should become of each. A folder is one of two kinds:
 *
 *   index.json      of the Python SFA and of Geniwrapper: file, kind, "should" (policy: refuse)
 *   verdicts.json   of gcf, with creds/ and certs/: who asks for which privilege, gcf's verdict
 *
 * Each is judged twice by one verifier: the second time from memory, and it must say the same.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/trust_vector.h"
#include "lib/base/file.h"
#include "lib/base/util.h"

#define INDEX_MAX (4u << 20)

static int load_json(const char *dir, const char *name, json_t **out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(dir, name);
	cc_cleanup(cc_freep) char *text = NULL;
	json_error_t err;
	size_t len;
	int r = path ? cc_file_read(path, INDEX_MAX, &text, &len, why) : cc_raise(CC_ENOMEM);

	if (r)
		return r;
	*out = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	return *out ? 0 : cc_note_set(why, CC_EFORMAT, "%s: %s", path, err.text);
}

/* ---- index.json ---- */

static int run_indexed(const struct trust_folder *f, const json_t *vector, struct cc_note *why)
{
	const char *file = trust_vector_text(vector, "file"),
		   *kind = trust_vector_text(vector, "kind");
	const char *should = trust_vector_text(vector, "should");
	struct trust_question q = {0};

	if (strcasecmp(kind, "gid") == 0)
		q.kind = TRUST_GID;
	else if (strcasecmp(kind, "credential") == 0)
		q.kind = TRUST_CRED;
	else if (strcasecmp(kind, "ticket") == 0)
		q.kind = TRUST_TICKET;
	else
		return cc_note_set(why, CC_EFORMAT, "%s/%s has no known kind", f->dir, file);
	return trust_vector_run(f, file, file, NULL, strcmp(should, "accept") == 0, q, why);
}

static int run_index(struct trust_folder *f, const json_t *index, struct cc_note *why)
{
	const char *date = trust_vector_text(index, "generated");
	bool legacy = strcmp(trust_vector_text(index, "format"), "geniwrapper2008") == 0;
	const json_t *vector;
	size_t i;
	int r = 0;

	if (!cli_time_read(date, &f->now))
		return cc_note_set(why, CC_EFORMAT, "%s/index.json has no date", f->dir);
	f->now += TRUST_VECTOR_DAY;
	r = trust_vector_open(f, json_object_get(index, "trusted_roots"), legacy, why);
	json_array_foreach(json_object_get(index, "vectors"), i, vector)
	{
		if (!r)
			r = run_indexed(f, vector, why);
	}
	return r;
}

/* ---- the command ---- */

static void set_name(struct trust_folder *f)
{
	size_t end = strlen(f->dir), begin;

	while (end > 1 && f->dir[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && f->dir[begin - 1] != '/';)
		begin--;
	f->name = f->dir + begin;
	f->name_len = (int)(end - begin);
}

static int run_folder(struct trust_run *run, const char *dir, struct cc_note *why)
{
	struct trust_folder f = {.run = run, .dir = dir};
	unsigned before = run->count;
	json_t *index = NULL;
	int r = load_json(dir, "index.json", &index, why);

	set_name(&f);
	if (!r) {
		r = run_index(&f, index, why);
	} else if (r == -CC_ENOTFOUND) {
		r = load_json(dir, "verdicts.json", &index, why);
		if (!r)
			r = trust_vectors_gcf(&f, index, why);
	}
	tr_verifier_free(f.verifier);
	json_decref(index);
	if (!r && run->count == before)
		r = cc_note_set(why, CC_EFORMAT, "%s holds no vectors", dir);
	return r;
}

/* @return CLI_*. */
static int print_run(const struct cli_command *cmd, struct trust_run *run)
{
	struct cc_note why = {0};

	if (run->failed || (!run->rows && cli_table_print(&run->table) < 0))
		return cli_fail(cmd, &why, -CC_ENOMEM);
	if (run->rows)
		cli_print_json(run->rows);
	else
		printf("%u vectors, %u wrong\n", run->count, run->wrong);
	return run->wrong ? CLI_FAILED : CLI_OK;
}

const char trust_vectors_details[] =
	"  --json            rows as JSON\n"
	"DIR holds an index.json with its files, or a verdicts.json with creds/ and certs/. They\n"
	"are judged as of a day after they were recorded.\n"
	"Exit 0 only if every verdict is the expected one.\n";

static int parse(const struct cli_command *cmd, struct trust_run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'h') {
			cli_help(cmd);
			return CLI_OK;
		}
		if (o != 'j')
			return trust_bad_option(cmd, argv[optind - 1]);
		if (!run->rows)
			run->rows = json_array();
	}
	return argc == optind ? cli_usage(cmd, "a folder is wanted") : -1;
}

int trust_vectors(const struct cli_command *cmd, int argc, char **argv)
{
	struct trust_run run = {
		.table = {.heads = {"VECTOR", "EXPECTED", "GOT", "IS", "RULE", "REASON"}}};
	struct cc_note why = {0};
	int r = parse(cmd, &run, argc, argv), unusable = 0;

	for (int i = optind; r < 0 && !unusable && i < argc; i++)
		unusable = run_folder(&run, argv[i], &why);
	if (r < 0)
		r = print_run(cmd, &run);
	json_decref(run.rows);
	return unusable ? trust_unusable(cmd, &why, unusable) : r;
}
