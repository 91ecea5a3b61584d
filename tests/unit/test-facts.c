/* SPDX-License-Identifier: ISC */
/* What the commands of trust tell: facts, times, and values for people. */
#include "tests/test.h"

#include <stdio.h>

#include "cli/facts.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"

static void test_texts(void **state)
{
	static const struct {
		const char *text, *kept; /* kept NULL: left out */
	} rows[] = {
		{"plain", "plain"},
		{"", NULL},
		{NULL, NULL},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"\x1b[31m", "\x1b[31m"}, /* made harmless by who prints it */
		{"Latin \xfc", "Latin \\xfc"},
		{"cut off \xe2\x82", "cut off \\xe2\\x82"},
		{"\xff\x1b", "\\xff\\x1b"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cli_facts_deinit) struct cli_facts f;
		const char *kept;

		assert_int_equal(cli_facts_init(&f), 0);
		cli_fact_text(&f, "key", rows[i].text);
		kept = json_string_value(json_object_get(f.o, "key"));
		assert_false(f.failed);
		if (rows[i].kept)
			assert_string_equal(kept, rows[i].kept);
		else
			assert_null(kept);
	}
}

static void test_words(void **state)
{
	static const struct {
		const char *words, *json;
	} rows[] = {
		{"", "[]"},
		{"one", "[\"one\"]"},
		{"one,two,three", "[\"one\",\"two\",\"three\"]"},
		{"one,", "[\"one\"]"},
		{"*", "[\"*\"]"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cli_facts_deinit) struct cli_facts f;
		cc_cleanup(cc_freep) char *json = NULL;

		assert_int_equal(cli_facts_init(&f), 0);
		cli_fact_words(&f, "key", rows[i].words);
		json = json_dumps(json_object_get(f.o, "key"), JSON_COMPACT);
		assert_string_equal(json, rows[i].json);
	}
}

/* A fact that is missing spoils the whole. */
static void test_failure(void **state)
{
	cc_cleanup(cli_facts_deinit) struct cli_facts f;

	assert_int_equal(cli_facts_init(&f), 0);
	cli_fact_text(&f, "there", "is");
	cli_fact(&f, "missing", NULL);
	cli_fact_text(&f, "later", "too");
	assert_true(f.failed);
	assert_null(cli_facts_take(&f));
	assert_null(f.o);
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: it is none */
		const char *shown;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
		{"0", 0, "1970-01-01T00:00:00Z"},
		{"2026-11-22T12:00:00Z", 1795348800, "2026-11-22T12:00:00Z"},
		{"2026-11-22T13:00:00+01:00", 1795348800, "2026-11-22T12:00:00Z"},
		{"1795348800", 1795348800, "2026-11-22T12:00:00Z"},
		{"253402300799", 253402300799, "9999-12-31T23:59:59Z"},
		{"253402300800", -1, NULL},
		{"99999999999999999999999", -1, NULL},
		{"", -1, NULL},
		{"-1", -1, NULL},
		{" 1", -1, NULL},
		{"1.5", -1, NULL},
		{"0x10", -1, NULL},
		{"tomorrow", -1, NULL},
		{"2026-02-30T00:00:00Z", -1, NULL},
	};
	char buf[32];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		int64_t seconds = -1;
		bool is = cli_time_read(rows[i].text, &seconds);

		if (is != (rows[i].seconds >= 0))
			fail_msg("\"%s\" is %s time", rows[i].text, is ? "a" : "no");
		if (!is)
			continue;
		assert_int_equal(seconds, rows[i].seconds);
		assert_string_equal(cc_clock_text(seconds, buf), rows[i].shown);
	}
	/* what a certificate may say and RFC 3339 cannot */
	assert_string_equal(cc_clock_text(-1, buf), "1969-12-31T23:59:59Z");
	assert_string_equal(cc_clock_text(INT64_C(253402300800), buf), "253402300800");
	assert_string_equal(cc_clock_text(INT64_MIN, buf), "-9223372036854775808");
}

static void test_values(void **state)
{
	static const struct {
		const char *json, *shown;
	} rows[] = {
		{"\"text\"", "text"},
		{"\"\\u001b[1m\\u009b\\n\"", "\\x1b[1m\\xc2\\x9b\\x0a"},
		{"true", "yes"},
		{"false", "no"},
		{"12", "12"},
		{"null", "null"},
		{"[]", "none"},
		{"[\"a\", \"b\", 3]", "a, b, 3"},
		{"[[\"a\"], []]", "a, none"},
		{"{\"a\": \"\\u009b\"}", "{\"a\":\"\\xc2\\x9b\"}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		json_t *value = json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
		cc_cleanup(cc_freep) char *shown = NULL;
		size_t len;
		FILE *to = open_memstream(&shown, &len);

		assert_non_null(value);
		assert_non_null(to);
		cli_put_value(to, value);
		fclose(to);
		assert_string_equal(shown, rows[i].shown);
		json_decref(value);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_texts), cmocka_unit_test(test_words),  cmocka_unit_test(test_failure),
	cmocka_unit_test(test_times), cmocka_unit_test(test_values),
};

TEST_MAIN(tests)
