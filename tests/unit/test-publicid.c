/* SPDX-License-Identifier: ISC */
/* Publicid transcription. */
#include "tests/test.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/name.h"
#include "tests/unit/chance.h"

#define ROUNDS 20000

/* In a block of its own size, so that a sanitizer sees every read past the end. */
static char *block_of(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

static void transcribes_public_identifiers(void **state)
{
	static const struct {
		const char *plain, *code;
	} rows[] = {
		{"", ""},
		{"geni//gpo//gcf", "geni:gpo:gcf"},
		{"IDN plc//site//user//alice", "IDN+plc:site:user:alice"},
		{"a::b", "a;b"},
		{"a:b", "a%3Ab"},
		{"a/b", "a%2Fb"},
		{"a;b", "a%3Bb"},
		{"a+b", "a%2Bb"},
		{"a#b?c'd", "a%23b%3Fc%27d"},
		{"100%", "100%25"},
		{"%25", "%2525"},
		{"%2B", "%252B"},
		{":::", ";%3A"},
		{"::::", ";;"},
		{"///", ":%2F"},
		{"/:/:", "%2F%3A%2F%3A"},
		{"::// ://:", ";:+%3A:%3A"},
		{": :", "%3A+%3A"},
		{"ISO/IEC 10179:1996//DTD DSSSL Architecture//EN",
		 "ISO%2FIEC+10179%3A1996:DTD+DSSSL+Architecture:EN"},
		{"-//OASIS//DTD DocBook XML V4.1.2//EN", "-:OASIS:DTD+DocBook+XML+V4.1.2:EN"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char out[128];
		char *code = block_of(rows[i].code, strlen(rows[i].code));

		assert_int_equal(tr_publicid_encode(rows[i].plain, out, sizeof(out)), 0);
		assert_string_equal(out, rows[i].code);
		assert_int_equal(tr_publicid_decode(code, strlen(rows[i].code), out, sizeof(out)),
				 0);
		assert_string_equal(out, rows[i].plain);
		free(code);
	}
}

static void makes_one_space_of_white_space(void **state)
{
	static const struct {
		const char *plain, *code;
	} rows[] = {
		{" \t a \n\r\v\f b\n", "a+b"},
		{"\n", ""},
		{"a / / b", "a+%2F+%2F+b"},
		{" ::", ";"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char out[128];

		assert_int_equal(tr_publicid_encode(rows[i].plain, out, sizeof(out)), 0);
		assert_string_equal(out, rows[i].code);
	}
}

static void refuses_what_cannot_be_transcribed(void **state)
{
	static const char *const plain[] = {"a|b", "a\\b", "caf\xc3\xa9", "a\x01", "\x7f"};
	static const char *const code[] = {"a b",  "a/b", "a#b",  "a?b",      "a|b",
					   "a\\b", "%",	  "a%",	  "%2",	      "%20",
					   "%zz",  "%00", "%%25", "\xc3\xa9", "a\n"};
	char out[16] = "untouched";

	for (size_t i = 0; i < CC_ARRAY_SIZE(plain); i++)
		if (tr_publicid_encode(plain[i], out, sizeof(out)) != -CC_EFORMAT)
			fail_msg("encoded: %s", plain[i]);
	for (size_t i = 0; i < CC_ARRAY_SIZE(code); i++) {
		char *copy = block_of(code[i], strlen(code[i]));

		if (tr_publicid_decode(copy, strlen(code[i]), out, sizeof(out)) != -CC_EFORMAT)
			fail_msg("decoded: %s", code[i]);
		free(copy);
	}
	assert_int_equal(tr_publicid_decode("a\0b", 3, out, sizeof(out)), -CC_EFORMAT);
	assert_string_equal(out, "untouched");
	assert_int_equal(tr_publicid_decode("%2b%2f", 6, out, sizeof(out)), 0);
	assert_string_equal(out, "+/");
}

static void holds_the_room_for_a_transcript(void **state)
{
	char out[TR_NAME_MAX + 64] = "untouched", text[TR_NAME_MAX + 2];

	assert_int_equal(tr_publicid_encode("a+", out, 4), -CC_ELIMIT);
	assert_int_equal(tr_publicid_decode("a:", 2, out, 3), -CC_ELIMIT);
	assert_int_equal(tr_publicid_encode("", out, 0), -CC_ELIMIT);
	memset(text, 'a', sizeof(text) - 1);
	text[TR_NAME_MAX + 1] = 0;
	assert_int_equal(tr_publicid_encode(text, out, sizeof(out)), -CC_ELIMIT);
	assert_int_equal(tr_publicid_decode(text, strlen(text), out, sizeof(out)), -CC_ELIMIT);
	assert_string_equal(out, "untouched");
	text[TR_NAME_MAX] = 0;
	assert_int_equal(tr_publicid_encode(text, out, sizeof(out)), 0);
	assert_string_equal(out, text);
	text[0] = '+';
	assert_int_equal(tr_publicid_encode(text, out, sizeof(out)), -CC_ELIMIT);
	assert_int_equal(tr_publicid_encode("a+", out, 5), 0);
	assert_string_equal(out, "a%2B");
}

static void replace_all(char *text, size_t size, const char *from, const char *to)
{
	char out[512];
	size_t n = 0;

	for (const char *c = text; *c;) {
		bool here = strncmp(c, from, strlen(from)) == 0;

		n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s", here ? 16 : 1,
				      here ? to : c);
		c += here ? strlen(from) : 1;
	}
	out[n] = 0;
	snprintf(text, size, "%s", out);
}

/* The replacements one after the other, in the order of the RFC and back. */
static void is_the_same_in_one_pass(void **state)
{
	static const char *const steps[][2] = {
		{"%", "%25"}, {";", "%3B"}, {"+", "%2B"}, {" ", "+"},  {"#", "%23"}, {"?", "%3F"},
		{"'", "%27"}, {"::", ";"},  {":", "%3A"}, {"//", ":"}, {"/", "%2F"},
	};

	for (unsigned i = 0; i < ROUNDS; i++) {
		char text[16], expected[512], out[TR_NAME_MAX + 1];

		put_chance(text, "::://+;%25B#?'", "|\\");
		snprintf(expected, sizeof(expected), "%s", text);
		for (size_t s = 0; s < CC_ARRAY_SIZE(steps); s++)
			replace_all(expected, sizeof(expected), steps[s][0], steps[s][1]);
		assert_int_equal(tr_publicid_encode(text, out, sizeof(out)), 0);
		assert_string_equal(out, expected);
		for (size_t s = CC_ARRAY_SIZE(steps); s-- > 0;)
			replace_all(expected, sizeof(expected), steps[s][1], steps[s][0]);
		assert_string_equal(expected, text);
		assert_int_equal(tr_publicid_decode(out, strlen(out), out, sizeof(out)), 0);
		assert_string_equal(out, text);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(transcribes_public_identifiers),
	cmocka_unit_test(makes_one_space_of_white_space),
	cmocka_unit_test(refuses_what_cannot_be_transcribed),
	cmocka_unit_test(holds_the_room_for_a_transcript),
	cmocka_unit_test(is_the_same_in_one_pass),
};

TEST_MAIN(tests)
