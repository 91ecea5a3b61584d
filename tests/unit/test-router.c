/* SPDX-License-Identifier: ISC */
#include "ccserver/router.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "tests/test.h"

/* Handlers are single letters; their index is the letter. */
static int letter_index(void *arg, const char *section, struct cc_note *why)
{
	if (strlen(section) != 1)
		return cc_note_set(why, CC_ENOTFOUND, "no section [%s]", section);
	return section[0];
}

/* Capital letters answer. */
static bool letter_answers(void *arg, unsigned index)
{
	return index >= 'A' && index <= 'Z';
}

static int parse(const char *text, struct srv_router **out, struct cc_note *why)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	int r = cf_ini_parse("r.ini", text, strlen(text), NULL, NULL, 0, &ini, why);

	assert_int_equal(r, 0);
	return srv_router_new(out, cf_ini_section(ini, "routes"), letter_index, letter_answers,
			      NULL, why);
}

static struct srv_router *router(const char *text)
{
	struct srv_router *r = NULL;
	struct cc_note why = {0};

	if (parse(text, &r, &why) != 0)
		fail_msg("%s", why.text);
	return r;
}

/* The handlers of a type, as a word. */
static const char *route(struct srv_router *r, const char *type)
{
	static char word[SRV_TARGETS_MAX + 1];
	uint16_t targets[SRV_TARGETS_MAX];
	struct cc_bytes t = {(const uint8_t *)type, strlen(type)};
	unsigned n = srv_router_find(r, t, targets);

	for (unsigned i = 0; i < n; i++)
		word[i] = (char)targets[i];
	word[n] = 0;
	return word;
}

static void test_find(void **state)
{
	static const char table[] = "[routes]\n"
				    "pub.infofile = w, b\n" /* longer before shorter: no matter */
				    "* = a\n"
				    "pub = b\n"
				    "pub.infofile.sub = c\n"
				    "echo.request = e, e\n";
	static const struct {
		const char *type, *handlers, *reason;
	} rows[] = {
		{"pub.infofile.sub.x", "abwbc", "every prefix, shortest first, b twice"},
		{"pub.infofile.sub", "abwbc", "the whole type"},
		{"pub.infofile.subs", "abwb", "whole components only"},
		{"pub.infofile", "abwb", "two components"},
		{"pub", "ab", "one component"},
		{"publish", "a", "not a prefix of letters"},
		{"Pub", "a", "patterns are of small letters"},
		{"x", "a", "nothing but *"},
		{"x.pub", "a", "not in the middle"},
		{"echo", "a", "less than the pattern"},
		{"echo.request", "aee", "a handler named twice is called twice"},
		{"echo.request.a.b.c.d", "aee", "a long type"},
	};
	struct srv_router *r = router(table);

	for (size_t i = 0; i < 2 * CC_ARRAY_SIZE(rows); i++) { /* again: it remembers types */
		size_t k = i % CC_ARRAY_SIZE(rows);

		print_message("# %s\n", rows[k].reason);
		assert_string_equal(route(r, rows[k].type), rows[k].handlers);
		assert_string_equal(route(r, rows[k].type), rows[k].handlers);
	}
	srv_router_free(r);
}

static void test_no_match(void **state)
{
	struct srv_router *r = router("[routes]\npub = b\n");
	struct srv_router *none = router("[other]\n");

	assert_string_equal(route(r, "x"), "");
	assert_string_equal(route(r, "pub.x"), "b");
	assert_string_equal(route(none, "pub"), "");
	srv_router_free(r);
	srv_router_free(none);
	srv_router_free(NULL);
}

static void test_keys(void **state)
{
	struct srv_router *lower = router("[routes]\nPub.InfoFile = b\n");
	struct srv_router *repeated = router("[routes]\npub = a\npub = b\n");
	struct srv_router *empty = router("[routes]\npub =\n");

	assert_string_equal(route(lower, "pub.infofile"), "b");
	assert_string_equal(route(lower, "Pub.InfoFile"), ""); /* only * reaches it */
	assert_string_equal(route(repeated, "pub"), "b");
	assert_string_equal(route(empty, "pub"), "");
	srv_router_free(lower);
	srv_router_free(repeated);
	srv_router_free(empty);
}

/* What [DEFAULT] holds is a route where it names handlers, else a variable. */
static void test_defaults(void **state)
{
	struct srv_router *r = router("[DEFAULT]\n"
				      "pub = a\n"
				      "both = a\n"
				      "dir = nowhere\n"
				      "a variable = a\n"
				      "a.b.c.d = a\n"
				      "[routes]\n"
				      "both = b\n");

	assert_string_equal(route(r, "pub"), "a");
	assert_string_equal(route(r, "both"), "b");
	assert_string_equal(route(r, "dir"), "");
	assert_string_equal(route(r, "a.b.c.d"), "");
	srv_router_free(r);
}

/* What prefixes add up to is checked at the start: one that answers, at most SRV_TARGETS_MAX calls. */
static void test_sums(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"[routes]\necho = E, F\n",
		 "r.ini:2: requests of \"echo\" would be answered 2 times"},
		{"[routes]\necho = E, E\n",
		 "r.ini:2: requests of \"echo\" would be answered 2 times"},
		{"[routes]\n* = E\necho = F\n", "r.ini:3: requests of \"echo\" would be"},
		{"[routes]\necho = E\necho.request = F\n", "r.ini:3: requests of \"echo.request\""},
		{"[routes]\n* = a,a,a,a,a,a,a,a\npub = b,b,b,b,b,b,b,b,b\n",
		 "r.ini:3: messages of \"pub\" would go to 17 handlers; at most 16"},
	};
	struct srv_router *r = router("[routes]\n* = a\necho = E\npub = F\nechoes = F\n");

	assert_string_equal(route(r, "echo.request"), "aE");
	srv_router_free(r);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_note why = {0};

		assert_true(parse(rows[i].text, &r, &why) < 0);
		if (strncmp(why.text, rows[i].why, strlen(rows[i].why)) != 0)
			fail_msg("%s", why.text);
	}
}

/* Types that a small memory of them could take for each other. */
static void test_many_types(void **state)
{
	struct srv_router *r = router("[routes]\nab = x\nba = y\naxb = z\n");

	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(route(r, "ab"), "x");
		assert_string_equal(route(r, "ba"), "y");
		assert_string_equal(route(r, "axb"), "z");
		assert_string_equal(route(r, "ayb"), "");
	}
	for (unsigned i = 0; i < 1000; i++) {
		char type[32];

		snprintf(type, sizeof(type), "%s.t%u", i % 2 ? "ab" : "ba", i);
		assert_string_equal(route(r, type), i % 2 ? "x" : "y");
	}
	srv_router_free(r);
}

static void test_rejects(void **state)
{
	static const struct {
		const char *line;
		int code;
		const char *text;
	} rows[] = {
		{"pub. = a", CC_EINVAL, "r.ini:3: \"pub.\" is no message type prefix"},
		{".pub = a", CC_EINVAL, "r.ini:3: \".pub\" is no message type prefix"},
		{"pub.* = a", CC_EINVAL, "r.ini:3: \"pub.*\" is no message type prefix"},
		{"pub* = a", CC_EINVAL, "r.ini:3: \"pub*\" is no message type prefix"},
		{"a b = a", CC_EINVAL, "r.ini:3: \"a b\" is no message type prefix"},
		{"a.b.c.d = a", CC_EINVAL, "r.ini:3: \"a.b.c.d\" has more than 3 components"},
		{"pub = h:none", CC_ENOTFOUND, "r.ini:3: no section [h:none]"},
		{"pub = a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", CC_ELIMIT,
		 "r.ini:3: messages of \"pub\" would go to 17 handlers; at most 16"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct srv_router *r = NULL;
		struct cc_note why = {0};
		char text[200];

		print_message("# %s\n", rows[i].line);
		snprintf(text, sizeof(text), "[routes]\nok = a\n%s\n", rows[i].line);
		assert_int_equal(parse(text, &r, &why), -rows[i].code);
		assert_null(r);
		assert_int_equal(why.code, rows[i].code);
		assert_memory_equal(why.text, rows[i].text, strlen(rows[i].text));
	}
}

static void test_most_targets(void **state)
{
	struct srv_router *r = router("[routes]\npub = a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p\n");

	assert_string_equal(route(r, "pub.x"), "abcdefghijklmnop");
	srv_router_free(r);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_find),	cmocka_unit_test(test_no_match),
	cmocka_unit_test(test_keys),	cmocka_unit_test(test_defaults),
	cmocka_unit_test(test_sums),	cmocka_unit_test(test_many_types),
	cmocka_unit_test(test_rejects), cmocka_unit_test(test_most_targets),
};

TEST_MAIN(tests)
