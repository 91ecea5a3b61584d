/* SPDX-License-Identifier: ISC */
/* Which names fit the patterns of a policy, also with many stars and among many names. */
#include "lib/cc/policy.h"

#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/util.h"
#include "tests/unit/policykit.h"

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *signer;
		bool fits;
	} rows[] = {
		{"cn:a", "a", true},
		{"cn:a", "b", false},
		{"cn:a", "A", false},
		{"cn:a", "aa", false},
		{"cn:a", "gid:a", false},
		{"cn:*", "a b+c", true},
		{"cn:*", IDN "a+b+c", false}, /* has a URN */
		{"cn:somebody", IDN "a+b+c", false},
		{"cn:a b", "a b", true},
		{"cn:*.ccfed.test", "n1.ccfed.test", true},
		{"cn:*.ccfed.test", ".ccfed.test", true},
		{"cn:*.ccfed.test", "n1.ccfed.test.x", false},
		{"cn:a*b*c", "abc", true},
		{"cn:a*b*c", "a-b-b-c", true},
		{"cn:a*b*c", "acb", false},
		{"cn:a**c", "a-b-c", true},
		{"cn:***", "x", true},
		{"cn:a*a", "a", false},
		{"cn:*ab", "aab", true},
		{"cn:*ab*", "xaabx", true},
		{"cn:front-*", "front-*", true},
		{"cn:front-1", "front-*", false},
		{"cn:Caf\xc3\xa9*", "Caf\xc3\xa9 1", true},
		{IDN "a+b+c", IDN "a+b+c", true},
		{IDN "a+b+c", IDN "a+b+d", false},
		{IDN "a+b+c", "gid:" IDN "a+b+c", false},
		{IDN "*+*+*", IDN "a:b+node+n", true},
		{IDN "*+*+*", IDN "a+b+c+d", false},
		{IDN "*+*+*", IDN "a+b", false},
		{IDN "*+*+*+*", IDN "a+b+c+d", true},
		{IDN "*+*+*", IDN "++", true},
		{IDN "a*+node+*", IDN "ab+node+n", true},
		{IDN "a*+node+*", IDN "ab+x+node+n", false},
		{IDN "a+node+*x", IDN "a+node+xx", true},
		{IDN "a+node+*x", IDN "a+node+b+x", false},
		{IDN "a+node+x*", IDN "a+node+x+b", false},
		{IDN "a+*+n", IDN "a+b+c+n", false},
		{IDN "a+b*d+n", IDN "a+bd+d+n", false},
		{IDN "a+b*d+n", IDN "a+bdd+n", true},
		{IDN "a+b+**", IDN "a+b+c", true},
		{"any", "a", false}, /* no pattern */
		{"cn:", "", false},
		{"a", "a", false},
		{IDN "a+b", IDN "a+b", false},
		{"cn:" IDN "a+b+c", IDN "a+b+c", false}, /* no CN, though it looks the same */
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		if (cc_policy_match(rows[i].pattern, signer(rows[i].signer)) != rows[i].fits)
			fail_msg("%s and %s", rows[i].pattern, rows[i].signer);
	}
	assert_false(cc_policy_match("cn:*", NULL));
}

/* What fits, by definition: every start of the pattern against every start of the name. */
static bool slow_fits(const char *pattern, const char *name, bool urn)
{
	size_t n = strlen(name);
	bool row[64] = {true}; /* row[i]: the pattern so far fits the first i octets */

	for (const char *p = pattern; *p; p++) {
		bool before = row[0];

		row[0] = row[0] && *p == '*';
		for (size_t i = 1; i <= n; i++) {
			bool above = row[i];

			if (*p == '*')
				row[i] = above || (row[i - 1] && !(urn && name[i - 1] == '+'));
			else
				row[i] = before && *p == name[i - 1];
			before = above;
		}
	}
	return row[n];
}

static void random_text(char *text, size_t len, const char *of)
{
	for (size_t i = 0; i < len; i++)
		text[i] = of[(size_t)rand() % strlen(of)];
	text[len] = 0;
}

static void test_patterns_random(void **state)
{
	unsigned fit = 0;

	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		bool urn = i % 2;
		char pattern[64], name[64];
		size_t start = (size_t)sprintf(pattern, "%s", urn ? IDN "a+*+" : "cn:");
		bool fits;

		random_text(pattern + start, 1 + (size_t)rand() % 8, urn ? "ab**" : "ab+**");
		sprintf(name, "%s", urn ? IDN "a+b+" : "");
		random_text(name + strlen(name), 1 + (size_t)rand() % 9, "aaab+");
		fits = cc_policy_match(pattern, signer(name));
		fit += fits;
		if (fits != slow_fits(pattern + (urn ? 0 : 3), name, urn))
			fail_msg("%s and %s", pattern, name);
	}
	assert_in_range(fit, 10000, 190000); /* both answers were tried */
}

/* Tries of each star in turn would outlast the universe. */
static void test_many_stars(void **state)
{
	char pattern[3 + CC_SIGNER_NAME_MAX + 1] = "cn:", name[CC_SIGNER_NAME_MAX + 1];

	for (size_t i = 0; i < 126; i++)
		memcpy(pattern + 3 + 2 * i, "*a", 3);
	strcat(pattern, "*b");
	memset(name, 'a', CC_SIGNER_NAME_MAX);
	name[CC_SIGNER_NAME_MAX] = 0;
	assert_false(cc_policy_match(pattern, signer(name)));
	name[CC_SIGNER_NAME_MAX - 1] = 'b';
	assert_true(cc_policy_match(pattern, signer(name)));
}

/* Names without a star are found by search, in whatever order they stand. */
static void test_many_names(void **state)
{
	struct cc_buf text = CC_BUF_INIT(0);
	struct cc_policy *p;
	char name[32];

	cc_buf_printf(&text, "[policy]\nreg = cn:star-*-end");
	for (unsigned i = 0; i < 500; i++)
		cc_buf_printf(&text, ",\n cn:%u,\n " IDN "a+node+%u,\n cn:%u-*", i * 7919 % 500,
			      i * 7919 % 500, i);
	p = must_parse((char *)text.data);
	cc_buf_deinit(&text);
	for (unsigned i = 0; i < 600; i++) {
		sprintf(name, "%u", i);
		assert_int_equal(cc_policy_allows(p, bytes("reg"), signer(name), NULL), i < 500);
		sprintf(name, "%u-x", i);
		assert_int_equal(cc_policy_allows(p, bytes("reg"), signer(name), NULL), i < 500);
		sprintf(name, IDN "a+node+%u", i);
		assert_int_equal(cc_policy_allows(p, bytes("reg"), signer(name), NULL), i < 500);
	}
	assert_true(cc_policy_allows(p, bytes("reg"), signer("star--end"), NULL));
	assert_false(cc_policy_allows(p, bytes("reg"), signer(IDN "a+node+1-x"), NULL));
	cc_policy_unref(p);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_patterns),
	cmocka_unit_test(test_patterns_random),
	cmocka_unit_test(test_many_stars),
	cmocka_unit_test(test_many_names),
};

TEST_MAIN(tests)
