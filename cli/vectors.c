/* SPDX-License-Identifier: ISC */
/*
 * ccfed bus vectors: runs recorded messages through the gate, each in every reader set-up of its
 * index.json, and compares verdict, signer and (where the index gives one) reason. The bodies are
 * dated, so there is no time window; cms-compat is on.
 */
#include <stdio.h>
#include <string.h>

#include "cli/vectors.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/cc/envelope.h"

#define VECTOR_FILE_MAX (1u << 20)

struct run {
	const char *dir;
	json_t *rows; /* of --json */
	bool json;
	unsigned good, bad;
};

/*
 * "verify(rogueca,ca)", "decrypt(server)+verify(ca)", "plain": options of a keystore by their names
 * in the index.
 */
static char *argument_of(const char *reader, const char *word)
{
	const char *at = strstr(reader, word), *open, *close;

	if (!at)
		return strdup("");
	open = strchr(at, '(');
	close = open ? strchr(open, ')') : NULL;
	return close ? strndup(open + 1, (size_t)(close - open - 1)) : NULL;
}

static int open_reader(struct run *run, const char *reader, bool compat, struct cc_gate **gate,
		       struct cc_note *why)
{
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	cc_cleanup(cf_list_deinit) struct cf_list cas = {0}, keys = {0};
	cc_cleanup(cc_freep) char *verify = argument_of(reader, "verify");
	cc_cleanup(cc_freep) char *decrypt = argument_of(reader, "decrypt");
	cc_cleanup(cc_freep) char *dir = cc_file_join(run->dir, "keys");
	struct cc_keystore_conf conf = {.dir = dir, .verify = &cas, .decrypt = &keys};
	struct cc_gate_conf gc = {.compat = compat, .signer_cache = 16};
	int r;

	if (!verify || !decrypt || !dir)
		return cc_note_set(why, CC_EFORMAT, "reader \"%s\" is not understood", reader);
	r = cf_list_parse(verify, &cas);
	if (!r)
		r = cf_list_parse(decrypt, &keys);
	if (!r)
		r = cc_keystore_load(&conf, &ks, why);
	return r ? r : cc_gate_new(gate, ks, &gc);
}

static int load_message(struct run *run, const json_t *vector, struct cc_msg *m,
			struct cc_note *why)
{
	const json_t *frame;
	size_t i;

	json_array_foreach(json_object_get(vector, "frames"), i, frame)
	{
		const char *name = json_string_value(json_object_get(frame, "file"));
		cc_cleanup(cc_freep) char *path = name ? cc_file_join(run->dir, name) : NULL;
		char *data;
		size_t len;
		int r;

		if (!path)
			return cc_note_set(why, CC_EFORMAT, "a frame without file");
		r = cc_file_read(path, VECTOR_FILE_MAX, &data, &len, why);
		if (r)
			return r;
		r = cc_msg_add_take(m, data, len);
		if (r)
			return r;
	}
	return 0;
}

/* Whether the signer is the one expected; the originals name the CN. */
static bool signer_fits(const json_t *expected, const struct cc_gate_result *got)
{
	const char *want = json_string_value(json_object_get(expected, "signer"));

	if (!want)
		return true;
	return got->signer &&
	       (strcmp(got->signer->cn, want) == 0 || strcmp(got->signer->name, want) == 0);
}

static void print_row(struct run *run, const char *vector, const char *reader, bool want, bool got,
		      bool good, const char *reason, const char *why)
{
	run->good += good;
	run->bad += !good;
	if (run->json)
		json_array_append_new(run->rows,
				      json_pack("{s:s, s:s, s:b, s:b, s:b, s:s, s:s}", "vector",
						vector, "reader", reader, "expected", want, "got",
						got, "good", good, "reason", reason, "why", why));
	else
		printf("%-22s %-26s %-8s %-8s %-5s %s (%s)\n", vector, reader,
		       want ? "accept" : "refuse", got ? "accept" : "refuse", good ? "good" : "BAD",
		       reason, why);
}

/*
 * One vector in one set-up, twice with one gate: the second time the signer is known, so the fast
 * path decides, and it must say the same.
 */
static int check_one(struct run *run, const json_t *vector, const char *name, const char *reader,
		     const json_t *expected, struct cc_note *why)
{
	cc_cleanup(cc_gate_freep) struct cc_gate *gate = NULL;
	bool want = json_is_true(json_object_get(expected, "accept"));
	const char *want_reason = json_string_value(json_object_get(expected, "reason"));
	bool compat = !json_is_false(json_object_get(vector, "compat"));
	int r = open_reader(run, reader, compat, &gate, why);

	if (strcmp(name, "type-nl") == 0)
		want = false; /* the original's regular expression lets a newline pass */
	for (unsigned turn = 0; turn < 2 && !r; turn++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
		struct cc_gate_result got = {0};
		const char *reason;
		bool pass, good;

		if (!m)
			return cc_raise(CC_ENOMEM);
		r = load_message(run, vector, m, why);
		if (r)
			return r;
		pass = cc_gate_check(gate, m, NULL, cc_clock_wall(), cc_clock_ms(), &got) ==
		       CC_GATE_PASS;
		reason = pass && got.signer ? got.signer->name
					    : cc_gate_counter(got.verdict, got.fault);
		good = pass == want && (!pass || signer_fits(expected, &got)) &&
		       (!want_reason || strcmp(want_reason, reason) == 0);
		if (turn == 1 || !good)
			print_row(run, name, reader, want, pass, good, reason, got.why);
		cc_gate_result_deinit(&got);
		if (!good)
			break;
	}
	return r;
}

static int check_vector(struct run *run, const json_t *vector, struct cc_note *why)
{
	const char *name = json_string_value(json_object_get(vector, "name"));
	json_t *readers = json_object_get(vector, "expected");
	const char *reader;
	json_t *expected;

	if (!readers)
		readers = json_object_get(vector, "original_parser");
	if (!name)
		return cc_note_set(why, CC_EFORMAT, "a vector without name");
	if (!readers) {
		print_row(run, name, "-", false, false, true, "no message",
			  "the original cannot make one");
		return 0;
	}
	json_object_foreach(readers, reader, expected)
	{
		int r = check_one(run, vector, name, reader, expected, why);

		if (r)
			return r;
	}
	return 0;
}

static int run_all(struct run *run, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(run->dir, "index.json");
	cc_cleanup(cc_freep) char *text = NULL;
	json_error_t err;
	json_t *index, *vector;
	size_t i, len;
	int r = path ? cc_file_read(path, 4 * VECTOR_FILE_MAX, &text, &len, why) : -CC_ENOMEM;

	if (r)
		return r;
	index = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	if (!index)
		return cc_note_set(why, CC_EFORMAT, "%s: %s", path, err.text);
	json_array_foreach(json_object_get(index, "vectors"), i, vector)
	{
		r = check_vector(run, vector, why);
		if (r)
			break;
	}
	json_decref(index);
	if (!r && !run->good && !run->bad)
		r = cc_note_set(why, CC_EFORMAT, "%s holds no vectors", path);
	return r;
}

const char cli_vectors_details[] = "  --json            rows as JSON\n"
				   "Exit 0 only if every verdict is the expected one.\n";

int cli_vectors(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct run run = {0};
	struct cc_note why = {0};
	int o, r;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == 'h') {
			cli_help(cmd);
			return CLI_OK;
		}
		if (o != 'j')
			return CLI_USAGE;
		run.json = true;
	}
	if (argc - optind != 1)
		return cli_usage(cmd, "one folder is wanted");
	run.dir = argv[optind];
	run.rows = json_array();
	cc_log_set_level(
		CC_LOG_ERROR); /* recorded keys are no secrets: their file modes do not matter */
	r = run_all(&run, &why);
	if (run.json) {
		json_dumpf(run.rows, stdout, JSON_INDENT(1));
		putchar('\n');
	} else if (!r) {
		printf("%u verdicts as expected, %u not\n", run.good, run.bad);
	}
	json_decref(run.rows);
	if (r)
		return cli_fail(cmd, &why, r);
	return run.bad ? CLI_FAILED : CLI_OK;
}
