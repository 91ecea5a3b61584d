/* SPDX-License-Identifier: ISC */
/* ccfed audit: what it prints of a store, and of one that was tampered with. */
#include "tests/unit/capture.h"
#include "tests/unit/storekit.h"

#include <getopt.h>
#include <string.h>

#include "cli/cli.h"

#define ENTRY                                                                                      \
	"{\"who\": \"plc.s.a\", \"via\": \"front\", \"what\": \"reg.update\", \"object\": "        \
	"\"plc.s.x\", \"outcome\": \"ok\", \"sha256\": \"00\"}"

static void write_audit(struct kit *k, const char *name, const char *line)
{
	struct kit_row row = {.name = name};
	struct cc_buf audit = CC_BUF_INIT(4096);
	struct st_write w = {
		.run = kit_insert, .arg = &row, .audit = &audit, .deadline = kit_in(20)};

	assert_int_equal(cc_buf_puts(&audit, line), 0);
	assert_int_equal(st_write(k->s, &w, &k->why), 0);
	cc_buf_deinit(&audit);
}

/* Runs `ccfed audit NAME --store URL MORE`. */
static int run(struct kit *k, size_t command, const char *more, const char *value, char **text)
{
	char *argv[] = {(char *)cli_audit[command].name,
			(char *)"--store",
			k->url,
			(char *)more,
			(char *)value,
			NULL};
	int r;

	optind = 0;
	capture_begin();
	r = cli_audit[command].run(&cli_audit[command], value ? 5 : more ? 4 : 3, argv);
	*text = capture_end();
	return r;
}

static void rows_are_shown(void **state)
{
	cc_cleanup(cc_freep) char *table = NULL, *json = NULL, *none = NULL;
	struct kit *k = kit_of(state);
	json_t *line;

	kit_open(k);
	write_audit(k, "one", ENTRY);
	write_audit(k, "two", "no JSON \033[31m");
	st_closep(&k->s);
	assert_int_equal(run(k, 0, NULL, NULL, &table), CLI_OK);
	assert_memory_equal(table, "TIME ", 5);
	assert_non_null(strstr(table,
			       "plc.s.a                       front                 reg.update"
			       "            plc.s.x                       ok\n"));
	assert_non_null(strstr(table, "#1 "));
	assert_non_null(strstr(table, "no JSON \\x1b[31m"));
	assert_int_equal(run(k, 0, "--json", NULL, &json), CLI_OK);
	*strchr(json, '\n') = '\0';
	line = json_loads(json, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(line, "number")), 1);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(line, "entry"), "outcome")),
		"ok");
	json_decref(line);
	assert_int_equal(run(k, 0, "--since", "2100-01-01T00:00:00Z", &none), CLI_OK);
	assert_null(strchr(strchr(none, '\n') + 1, '\n'));
}

static void chains_are_followed(void **state)
{
	cc_cleanup(cc_freep) char *good = NULL, *bad = NULL, *json = NULL;
	struct kit *k = kit_of(state);

	kit_open(k);
	write_audit(k, "one", ENTRY);
	write_audit(k, "two", ENTRY);
	st_closep(&k->s);
	assert_int_equal(run(k, 1, NULL, NULL, &good), CLI_OK);
	assert_string_equal(good, "good: every chain holds (2 rows, 2 entries, 1 instances)\n");
	kit_sql(k, "UPDATE audit SET at = at + 1 WHERE number = 1");
	assert_int_equal(run(k, 1, NULL, NULL, &bad), CLI_FAILED);
	assert_memory_equal(bad, "bad: ", 5);
	assert_int_equal(run(k, 1, "--json", NULL, &json), CLI_FAILED);
	assert_non_null(strstr(json, "\"good\": false"));
}

static const struct CMUnitTest tests[] = {
	STORE_TEST(rows_are_shown),
	STORE_TEST(chains_are_followed),
};

TEST_MAIN(tests)
