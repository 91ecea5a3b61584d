/* SPDX-License-Identifier: ISC */
/* What a policy refuses to be read from, with the words that say why: texts, too much, no memory. */
#include "lib/cc/policy.h"

#include <stdio.h>

#include "lib/base/limits.h"
#include "lib/base/util.h"
#include "tests/unit/fail-alloc.h"
#include "tests/unit/policykit.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define URN_FORM "write " IDN "AUTHORITY+TYPE+NAME, * for any"
#define PREFIX_FORM                                                                                \
	" is no prefix of types: write whole components, as in reg or reg.resolve, or * for "      \
	"every "                                                                                   \
	"type"
#define AUTHORITY_FORM                                                                             \
	" is no authority: write it as in a URN between IDN+ and the next +, as in "               \
	"ccfed.test:site, or * for every one"
#define POLICY_WHO "rite any, none, gid, cn:NAME or " IDN "..."
#define SERVERS_WHO "rite any, none, cn:NAME or " IDN "..."
#define CALLER_WHO "rite any, cn:NAME, " IDN "..., prefix PREFIX, namespace AUTHORITY or deny TYPE"

static const struct {
	const char *text, *why;
} bad_texts[] = {
	{"[policy]\n\nreg =\n", "f:3: who? Write none where nobody is meant"},
	{"[policy]\nreg = ,,\n", "f:2: who? Write none where nobody is meant"},
	{"[policy]\nreg = none, cn:a\n",
	 "f:2: none stands alone in its line: remove it, or all that is beside it"},
	{"[policy]\nreg = any, none\n",
	 "f:2: none stands alone in its line: remove it, or all that is beside it"},
	{"[policy]\nreg = ani\n", "f:2: unknown \"ani\"; did you mean \"any\"? W" POLICY_WHO},
	{"[policy]\nreg = Any\n", "f:2: unknown \"Any\"; did you mean \"any\"? W" POLICY_WHO},
	{"[policy]\nreg = nobody\n", "f:2: unknown \"nobody\": w" POLICY_WHO},
	{"[policy]\nreg = gidd\n", "f:2: unknown \"gidd\"; did you mean \"gid\"? W" POLICY_WHO},
	{"[policy]\nreg = any, cnn:front-1\n",
	 "f:2: unknown \"cnn:front-1\"; did you mean \"cn:\"? W" POLICY_WHO},
	{"[policy]\nreg = cn\n", "f:2: unknown \"cn\"; did you mean \"cn:\"? W" POLICY_WHO},
	{"[policy]\nreg = URN:publicid:IDN+a+b+c\n",
	 "f:2: unknown \"URN:publicid:IDN+a+b+c\"; did you mean \"urn:\"? W" POLICY_WHO},
	{"[policy]\nreg = " A64 "\n",
	 "f:2: unknown \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": w" POLICY_WHO},
	{"[policy]\nreg = prefix am\n", "f:2: unknown \"prefix am\": w" POLICY_WHO},
	{"[servers]\nreg = ani\n", "f:2: unknown \"ani\"; did you mean \"any\"? W" SERVERS_WHO},
	{"[servers]\nreg = any, gid\n",
	 "f:2: gid stands for strangers and goes only into [policy]: write cn:NAME or " IDN
	 "... here"},
	{"[servers]\nreg =\n", "f:2: who? Write none where nobody is meant"},
	{"[servers]\nreg.* = any\n", "f:2: \"reg.*\"" PREFIX_FORM},
	{"[policy]\nreg. = any\n", "f:2: \"reg.\"" PREFIX_FORM},
	{"[policy]\nreg.resolve! = any\n", "f:2: \"reg.resolve!\"" PREFIX_FORM},
	{"[policy]\n" A64 A64 "a = any\n", "f:2: \"" A64 "\"" PREFIX_FORM},
	{"[policy]\nreg = cn:\n",
	 "f:2: nothing behind cn: - write a common name, as in cn:front-1"},
	{"[policy]\nreg = cn: a\n", "f:2: white space behind cn: - write the name at once, cn:a"},
	{"[policy]\nreg = cn:a\n cn:b\n",
	 "f:2: \"a\ncn:b\" holds a control character: write a comma between two who are "
	 "meant"},
	{"[policy]\nreg = cn:a\x7f\n",
	 "f:2: \"a\x7f\" holds a control character: write a comma between two who are "
	 "meant"},
	{"[policy]\nreg = cn:a\tb\n",
	 "f:2: \"a\tb\" holds a control character: write a comma between two who are "
	 "meant"},
	{"[policy]\nreg = cn:a\xc2\x85\n",
	 "f:2: \"a\xc2\x85\" holds a control character: write a comma between two who are "
	 "meant"},
	{"[policy]\nreg = cn:" A64 A64 A64 A64 "\n",
	 "f:2: \"" A64 "...\" is longer than any name: write at most 255 octets"},
	{"[policy]\nreg = urn:\n", "f:2: \"urn:\" is no publicid URN: " URN_FORM " of the three"},
	{"[policy]\nreg = urn:publicid:idn+a+b+c\n",
	 "f:2: \"urn:publicid:idn+a+b+c\" is no publicid URN: " URN_FORM " of the three"},
	{"[policy]\nreg = " IDN "x\n",
	 "f:2: \"" IDN "x\" does not name its three parts: " URN_FORM},
	{"[policy]\nreg = " IDN "\n", "f:2: \"" IDN "\" does not name its three parts: " URN_FORM},
	{"[policy]\nreg = " IDN "a+b\n",
	 "f:2: \"" IDN "a+b\" does not name its three parts: " URN_FORM},
	{"[policy]\nreg = " IDN "a+b+\n",
	 "f:2: \"" IDN "a+b+\" does not name its three parts: " URN_FORM},
	{"[policy]\nreg = " IDN "+a+b\n",
	 "f:2: \"" IDN "+a+b\" does not name its three parts: " URN_FORM},
	{"[policy]\nreg = " IDN "a++b\n",
	 "f:2: \"" IDN "a++b\" does not name its three parts: " URN_FORM},
	{"[policy]\nreg = " IDN "a+b+c++d\n",
	 "f:2: \"" IDN "a+b+c++d\" does not name its three parts: " URN_FORM},
	{"[policy]\nreg = " IDN "*\n",
	 "f:2: \"" IDN "*\" does not name its three parts: " URN_FORM},
	{"[policy]\nreg = " IDN "a+b+c cn:d\n",
	 "f:2: \"" IDN "a+b+c cn:d\" holds white space or what is not ASCII, as no URN "
	 "does: write a comma between two who are meant"},
	{"[policy]\nreg = " IDN "a+b+\xc3\xa9\n",
	 "f:2: \"" IDN "a+b+\xc3\xa9\" holds white space or what is not ASCII, as no URN "
	 "does: write a comma between two who are meant"},
	{"[policy]\nreg = " IDN "a+b+" A64 A64 A64 A64 "\n",
	 "f:2: \"" IDN
	 "a+b+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is longer than any name: "
	 "write at most 255 octets"},
	{"[assert-caller]\na = prefix reg, namespace *\n",
	 "f:2: who? Write whose callers are believed, as in cn:front-1"},
	{"[assert-caller]\na =\n", "f:2: who? Write whose callers are believed, as in cn:front-1"},
	{"[assert-caller]\na = cn:a, namespace *\n",
	 "f:2: no prefix: write on which types a caller is stated, as in prefix reg"},
	{"[assert-caller]\na = cn:a, prefix reg\n",
	 "f:2: no namespace: write whose users may be callers, as in namespace ccfed.test, "
	 "or namespace * for everybody"},
	{"[assert-caller]\na = none, prefix reg, namespace *\n",
	 "f:2: none in [assert-caller]: remove the line"},
	{"[assert-caller]\na = gid, prefix reg, namespace *\n",
	 "f:2: gid stands for strangers and goes only into [policy]: write cn:NAME or " IDN
	 "... here"},
	{"[assert-caller]\na = prefix\n", "f:2: nothing behind \"prefix\": write prefix reg"},
	{"[assert-caller]\na = cn:a, namespace\n",
	 "f:2: nothing behind \"namespace\": write namespace ccfed.test"},
	{"[assert-caller]\na = cn:a, deny\n",
	 "f:2: nothing behind \"deny\": write deny reg.remove"},
	{"[assert-caller]\na = cn:a, prefix reg.*\n", "f:2: \"reg.*\"" PREFIX_FORM},
	{"[assert-caller]\na = cn:a, prefix reg, namespace *, deny *\n",
	 "f:2: deny *: that is no type: write one, as in deny reg.remove"},
	{"[assert-caller]\na = cn:a, prefix reg am.x, namespace *, deny reg am am.y\n",
	 "f:2: deny am.y has no effect, no prefix of the line leads there: remove it or "
	 "add the prefix"},
	{"[assert-caller]\na = cn:a, namespace a+b\n", "f:2: \"a+b\"" AUTHORITY_FORM},
	{"[assert-caller]\na = cn:a, namespace ccfed.*\n", "f:2: \"ccfed.*\"" AUTHORITY_FORM},
	{"[assert-caller]\na = cn:a, namespace a:\n", "f:2: \"a:\"" AUTHORITY_FORM},
	{"[assert-caller]\na = cn:a, namespace :a\n", "f:2: \":a\"" AUTHORITY_FORM},
	{"[assert-caller]\na = cn:a, namespace a::b\n", "f:2: \"a::b\"" AUTHORITY_FORM},
	{"[assert-caller]\na = cn:a, namespace a\xc3\xa9\n", "f:2: \"a\xc3\xa9\"" AUTHORITY_FORM},
	{"[assert-caller]\na = cn:a, prefx reg\n",
	 "f:2: unknown \"prefx reg\"; did you mean \"prefix\"? W" CALLER_WHO},
	{"[assert-caller]\na = cn:a, prefixes reg\n",
	 "f:2: unknown \"prefixes reg\"; did you mean \"prefix\"? W" CALLER_WHO},
	{"[assert-caller]\na = cn:a, prefix reg, resolve\n",
	 "f:2: unknown \"resolve\": w" CALLER_WHO},
	{"[policy]\nreg = any\n[servers]\nreg = any\nam = x y\n",
	 "f:5: unknown \"x y\": w" SERVERS_WHO},
};

static void test_errors(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad_texts); i++) {
		struct cc_note why = {0};
		struct cc_policy *p = parse(bad_texts[i].text, &why);

		if (p)
			fail_msg("accepted: %s", bad_texts[i].text);
		assert_string_equal(why.text, bad_texts[i].why);
		assert_int_equal(why.code, CC_EINVAL);
	}
}

/* The configuration has its own bound, below ours: a section that says it has more. */
static struct cf_section wide;

const struct cf_section *__real_cf_ini_section(const struct cf_ini *ini, const char *name);
const struct cf_section *__wrap_cf_ini_section(const struct cf_ini *ini, const char *name);

const struct cf_section *__wrap_cf_ini_section(const struct cf_ini *ini, const char *name)
{
	if (wide.count > 0)
		return strcmp(name, wide.name) == 0 ? &wide : NULL;
	return __real_cf_ini_section(ini, name);
}

static void fill_wide(struct cf_entry *entries, size_t n, char (*keys)[24])
{
	for (size_t i = 0; i < n; i++) {
		snprintf(keys[i], sizeof(keys[i]), "t%zu", i);
		entries[i] = (struct cf_entry){keys[i], "cn:a", "f", (int)i + 1};
	}
	wide = (struct cf_section){.name = "policy", .entries = entries, .count = n, .file = "f"};
}

static void test_limit(void **state)
{
	const size_t room = CC_POLICY_LINES + 1;
	cc_cleanup(cc_freep) struct cf_entry *entries = calloc(room, sizeof(*entries));
	cc_cleanup(cc_freep) char(*keys)[24] = calloc(room, sizeof(*keys));
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_policy *p = NULL;
	struct cc_note why = {0};

	assert_int_equal(cf_ini_parse("f", "", 0, NULL, NULL, 0, &ini, &why), 0);
	fill_wide(entries, CC_POLICY_LINES, keys);
	assert_int_equal(cc_policy_new(&p, ini, &why), 0);
	assert_true(cc_policy_allows(p, bytes("t19999.x"), signer("a"), NULL));
	assert_false(cc_policy_allows(p, bytes("t20000"), signer("a"), NULL));
	cc_policy_unrefp(&p);
	assert_null(p);
	fill_wide(entries, CC_POLICY_LINES + 1, keys);
	assert_int_equal(cc_policy_new(&p, ini, &why), -CC_ELIMIT);
	assert_string_equal(why.text,
			    "f:20001: more than 20000 lines of policy: write prefixes and "
			    "patterns that mean more");
	wide.count = 0;
}

/* Whichever allocation fails, nothing is lost and nothing is half read. */
static void test_no_memory(void **state)
{
	static const char text[] = "[policy]\na=any\nb=cn:x, cn:y*, " IDN "a+b+c\nc=gid\nd=none\n"
				   "e=any\nf=any\ng=any\nh=any\ni=any\nj=any\nk=any\nl=any\n"
				   "m=any\nn=any\no=any\np=any\nq=any\n[servers]\n*=any\n"
				   "[assert-caller]\nf=cn:a,prefix a b c,namespace a b c,deny a\n"
				   "g=cn:b,prefix a,namespace *\n";
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_note why = {0};
	long n;

	assert_int_equal(cf_ini_parse("f", text, strlen(text), NULL, NULL, 0, &ini, &why), 0);
	for (n = 0;; n++) {
		cc_cleanup(cc_policy_unrefp) struct cc_policy *p = NULL;
		int r;

		alloc_fail_after(n);
		r = cc_policy_new(&p, ini, &why);
		alloc_left = -1;
		if (r == 0) {
			assert_true(cc_policy_allows(p, bytes("q.x"), signer("a"), NULL));
			assert_true(cc_policy_allows(p, bytes("b.x"), signer("x"), NULL));
		}
		if (!alloc_failed)
			break;
		if (r == 0) /* a map that could not grow is slower, no more */
			continue;
		assert_int_equal(r, -CC_ENOMEM);
		assert_non_null(strstr(why.text, "no memory"));
		assert_null(p);
	}
	assert_true(n > 100);
	for (n = 0; n < 2; n++) {
		alloc_fail_after(n);
		assert_false(cc_policy_match("cn:a", signer("a")));
		assert_true(alloc_failed);
	}
	assert_true(cc_policy_match("cn:a", signer("a")));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_errors),
	cmocka_unit_test(test_limit),
	cmocka_unit_test(test_no_memory),
};

TEST_MAIN(tests)
