/* SPDX-License-Identifier: ISC */
/* Parts of ccfed, the command, that are not its command line: output, and what a watcher lost. */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>

#include "cli/gaps.h"
#include "cli/text.h"
#include "lib/base/util.h"

/* ---- text ---- */

static void test_put(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"", ""},
		{"plain text, 100 %", "plain text, 100 %"},
		{"\033[31mred\007", "\\x1b[31mred\\x07"},
		{"two\nlines\r\tand a tab", "two\\x0alines\\x0d\\x09and a tab"},
		{"\177", "\\x7f"},
		{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
		 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\xc2\x9b\x33m", "\\xc2\\x9b3m"}, /* CSI in one character */
		{"\xc2\xa0", "\xc2\xa0"},
		{"\xe2\x80\xae\x61\xe2\x81\xa6",
		 "\\xe2\\x80\\xaea\\xe2\\x81\\xa6"}, /* from right to left */
		{"\xff\xc3", "\\xff\\xc3"},	     /* no UTF-8, cut off */
		{"\xc0\x80\xe2\x82", "\\xc0\\x80\\xe2\\x82"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char *shown = NULL;
		size_t len;
		FILE *to = open_memstream(&shown, &len);

		assert_non_null(to);
		cli_put(to, rows[i].text);
		fclose(to);
		assert_string_equal(shown, rows[i].shown);
		free(shown);
	}
}

static void test_values(void **state)
{
	json_t *o = json_pack("{s:s, s:i, s:f, s:b, s:b, s:n}", "text", "t", "int", -3, "real", 2.5,
			      "yes", 1, "no", 0, "null");
	static const struct {
		const char *key, *text;
	} rows[] = {{"text", "t"}, {"int", "-3"}, {"real", "2.500"}, {"yes", "yes"},
		    {"no", "no"},  {"null", "-"}, {"absent", "-"}};
	char buf[32];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_string_equal(cli_text_of(o, rows[i].key, buf), rows[i].text);
	assert_string_equal(cli_text_of(NULL, "text", buf), "-");
	json_decref(o);
}

static void test_sizes_and_times(void **state)
{
	static const struct {
		double value;
		const char *size, *time;
	} rows[] = {
		{0, "0 octets", "0.0 s"},
		{59.94, "60 octets", "59.9 s"},
		{1023, "1023 octets", "17 min 3 s"},
		{1536, "1.5 KiB", "25 min 36 s"},
		{7261, "7.1 KiB", "2 h 1 min"},
		{90000, "87.9 KiB", "1 d 1 h"},
		{5e6, "4.8 MiB", "57 d 20 h"},
		{-1, "-1 octets", "0.0 s"},
		{1e300, NULL, "11574074 d 1 h"},
		{NAN, NULL, "0.0 s"},
	};
	char buf[32];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		if (rows[i].size)
			assert_string_equal(cli_size_text(rows[i].value, buf), rows[i].size);
		assert_string_equal(cli_seconds_text(rows[i].value, buf), rows[i].time);
	}
}

/* ---- gaps ---- */

/* Numbers up to 9 as they come; '|' is a look. What is lost at the end, after two more looks. */
static void test_gaps(void **state)
{
	static const struct {
		const char *what, *numbers;
		unsigned lost;
	} rows[] = {
		{"in order", "123456789", 0},
		{"out of order", "213|465|", 0},
		{"the first are missing", "345", 2},
		{"one is missing", "1245", 1},
		{"several are missing", "1479", 5},
		{"filled at the next look", "13|2|4", 0},
		{"given up, then it came", "13||24", 0},
		{"the last can be missing without a word", "12", 0},
		{"looks without anything", "||", 0},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cli_gaps g = {0};

		print_message("# %s\n", rows[i].what);
		for (const char *c = rows[i].numbers; *c; c++) {
			if (*c == '|')
				cli_gaps_look(&g);
			else
				assert_true(cli_gaps_take(&g, (uint64_t)(*c - '0')));
		}
		cli_gaps_look(&g);
		assert_int_equal(cli_gaps_look(&g), rows[i].lost);
		assert_int_equal(cli_gaps_look(&g), rows[i].lost);
	}
}

/* A gap is not told before it had a second to be filled. */
static void test_gap_waits(void **state)
{
	struct cli_gaps g = {0};

	cli_gaps_take(&g, 1);
	cli_gaps_take(&g, 3);
	assert_int_equal(cli_gaps_look(&g), 0);
	assert_int_equal(cli_gaps_look(&g), 1);
	cli_gaps_take(&g, 2);
	assert_int_equal(cli_gaps_look(&g), 0);
}

/* The server started again, and counts from 1. */
static void test_gaps_anew(void **state)
{
	struct cli_gaps g = {0};

	for (uint64_t n = 1; n <= 5; n++)
		assert_true(cli_gaps_take(&g, n));
	cli_gaps_take(&g, 8);
	assert_false(cli_gaps_take(&g, 2));
	cli_gaps_take(&g, 1);
	cli_gaps_take(&g, 3);
	cli_gaps_look(&g);
	assert_int_equal(cli_gaps_look(&g), 0);
	/* out of the window is as good as seen */
	for (uint64_t n = 4; n <= CLI_GAPS_WINDOW + 1; n++)
		assert_true(cli_gaps_take(&g, n));
	assert_false(cli_gaps_take(&g, 1));
}

/* However far a number jumps, the work is bounded, and each missing one is counted once. */
static void test_gaps_far(void **state)
{
	static const uint64_t jumps[] = {CLI_GAPS_WINDOW - 1, CLI_GAPS_WINDOW, CLI_GAPS_WINDOW + 1,
					 10 * CLI_GAPS_WINDOW, INT64_MAX - 3};

	for (size_t i = 0; i < CC_ARRAY_SIZE(jumps); i++) {
		struct cli_gaps g = {0};

		assert_true(cli_gaps_take(&g, 1));
		assert_true(cli_gaps_take(&g, 3));
		assert_true(cli_gaps_take(&g, 3 + jumps[i]));
		cli_gaps_look(&g);
		assert_int_equal(cli_gaps_look(&g), jumps[i]); /* 2, and all between */
	}
}

/* Who comes after another by the same way is not told of what that one got. */
static void test_gaps_late_start(void **state)
{
	struct cli_gaps g = {0};

	assert_true(cli_gaps_take(&g, 100000));
	assert_true(cli_gaps_take(&g, 100002));
	cli_gaps_look(&g);
	assert_int_equal(cli_gaps_look(&g), 1);
}

static void test_gaps_long_run(void **state)
{
	struct cli_gaps g = {0};
	unsigned lost = 0;

	for (uint64_t n = 1; n <= 5 * CLI_GAPS_WINDOW; n++) {
		if (n % 97 == 0)
			lost++;
		else
			assert_true(cli_gaps_take(&g, n));
		if (n % 1000 == 0)
			cli_gaps_look(&g);
	}
	cli_gaps_look(&g);
	assert_int_equal(cli_gaps_look(&g), lost);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_put),
	cmocka_unit_test(test_values),
	cmocka_unit_test(test_sizes_and_times),
	cmocka_unit_test(test_gaps),
	cmocka_unit_test(test_gap_waits),
	cmocka_unit_test(test_gaps_anew),
	cmocka_unit_test(test_gaps_far),
	cmocka_unit_test(test_gaps_late_start),
	cmocka_unit_test(test_gaps_long_run),
};

TEST_MAIN(tests)
