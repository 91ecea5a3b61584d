/* SPDX-License-Identifier: ISC */
#include "cli/trust_vector.h"

#include <stdio.h>
#include <string.h>

#include "cli/trust_roots.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/xml/doc.h"

#define REMEMBERED 1024

void trust_vector_add(const struct trust_folder *f, const char *vector, bool accept, int r,
		      const struct cc_note *why)
{
	struct trust_run *run = f->run;
	const char *expected = accept ? "accept" : "refuse";
	const char *got = r == 0 ? "accept" : r > 0 ? "refuse" : "error";
	const char *rule = r > 0 ? cc_rule_name(r) : "-";
	const char *reason = r == 0 ? "" : why->text[0] ? why->text : cc_err_text(r);
	bool good = strcmp(expected, got) == 0;
	char name[256];
	json_t *row;

	snprintf(name, sizeof(name), "%.*s/%s", f->name_len, f->name, vector);
	run->count++;
	run->wrong += !good;
	if (!run->rows) {
		cli_table_add(&run->table, "%s", name);
		cli_table_add(&run->table, "%s", expected);
		cli_table_add(&run->table, "%s", got);
		cli_table_add(&run->table, "%s", good ? "good" : "WRONG");
		cli_table_add(&run->table, "%s", rule);
		cli_table_add(&run->table, "%s", reason);
		return;
	}
	row = json_pack("{s:s, s:s, s:s, s:b, s:s, s:o}", "vector", name, "expected", expected,
			"got", got, "good", good, "rule", rule, "reason", cli_json_text(reason));
	run->failed |= json_array_append_new(run->rows, row) < 0;
}

int trust_vector_read(const struct trust_folder *f, const char *name, char **text, size_t *len,
		      struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(f->dir, name);

	return path ? cc_file_read(path, XS_CRED_MAX, text, len, why) : cc_raise(CC_ENOMEM);
}

int trust_vector_gids(const struct trust_folder *f, const char *name, struct tr_gids *out,
		      struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(f->dir, name);

	return path ? trust_doc_gids(path, out, why) : cc_raise(CC_ENOMEM);
}

static int judge_once(const struct trust_folder *f, const struct trust_question *q,
		      struct cc_note *why)
{
	cc_cleanup(trust_verdict_deinit) struct trust_verdict verdict = {0};

	return trust_judge(f->verifier, q, &verdict, why);
}

static int judge_twice(const struct trust_folder *f, const struct trust_question *q,
		       struct cc_note *why)
{
	struct cc_note again = {0};
	int first = judge_once(f, q, why);
	int second = judge_once(f, q, &again);

	if (first == second)
		return first;
	return cc_note_set(why, CC_EINTERNAL, "first %s, the second time %s (%s)",
			   first ? cc_rule_name(first) : "accepted",
			   second ? cc_rule_name(second) : "accepted", again.text);
}

int trust_vector_run(const struct trust_folder *f, const char *vector, const char *file,
		     const char *caller, bool accept, struct trust_question q, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	struct cc_note reason = {0};
	int r = trust_vector_read(f, file, &text, &q.len, why);

	if (!r && caller)
		r = trust_vector_gids(f, caller, &gids, why);
	if (r)
		return r;
	q.text = text;
	q.now = f->now;
	q.caller = caller ? &gids : NULL;
	r = judge_twice(f, &q, &reason);
	trust_vector_add(f, vector, accept, r, &reason);
	return 0;
}

static int seal_roots(const struct trust_folder *f, const json_t *names, bool legacy,
		      struct tr_roots **out, struct cc_note *why)
{
	cc_cleanup(tr_roots_builder_freep) struct tr_roots_builder *b = NULL;
	const json_t *name;
	size_t i;
	int r = tr_roots_builder_new(&b);

	json_array_foreach(names, i, name)
	{
		cc_cleanup(cc_freep) char *path =
			json_is_string(name) ? cc_file_join(f->dir, json_string_value(name)) : NULL;

		if (!r)
			r = path ? trust_root_add(b, path, NULL, 0, why) : cc_raise(CC_ENOMEM);
	}
	return r ? r : tr_roots_seal(b, 1, legacy, out, why);
}

/* names: files of roots. */
int trust_vector_open(struct trust_folder *f, const json_t *names, bool legacy, struct cc_note *why)
{
	cc_cleanup(tr_roots_unrefp) struct tr_roots *roots = NULL;
	int r = seal_roots(f, names, legacy, &roots, why);

	if (!r)
		r = tr_verifier_new(&f->verifier, REMEMBERED);
	if (!r)
		tr_verifier_use(f->verifier, roots);
	return r;
}
