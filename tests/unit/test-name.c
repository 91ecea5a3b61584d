/* SPDX-License-Identifier: ISC */
/* Names: URNs, who may vouch for whom, the rules for names that we give. */
#include "tests/test.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/name.h"

#define U TR_URN_PREFIX

static struct tr_part part(const char *text)
{
	return (struct tr_part){text, strlen(text)};
}

static void assert_part(struct tr_part p, const char *text)
{
	assert_int_equal(p.len, strlen(text));
	assert_memory_equal(p.text, text, p.len);
}

/* In a block of its own size, so that a sanitizer sees every read past the end. */
static char *block_of(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

/* ---- URNs ---- */

static void takes_urns_apart(void **state)
{
	static const struct {
		const char *urn, *authority, *type, *name;
	} rows[] = {
		{U "plc+authority+sa", "plc", "authority", "sa"},
		{U "plc:site+user+alice", "plc:site", "user", "alice"},
		{U "a:b:c:d+slice+s", "a:b:c:d", "slice", "s"},
		{U "emulab.net+user+bob", "emulab.net", "user", "bob"},
		{U "plc:site+sliver+sl1:4-5", "plc:site", "sliver", "sl1:4-5"},
		{U "a+node+x+y+z", "a", "node", "x+y+z"},
		{U "a+node++", "a", "node", "+"},
		{U "a+node+x+", "a", "node", "x+"},
		{U "a+b+:", "a", "b", ":"},
		{U "a+User+%3A~\"'{}", "a", "User", "%3A~\"'{}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].urn);
		char *copy = block_of(rows[i].urn, len);
		struct cc_note why = {0};
		struct tr_urn urn;

		if (tr_urn_parse(copy, len, &urn, &why) != 0)
			fail_msg("%s", why.text);
		assert_part(urn.authority, rows[i].authority);
		assert_part(urn.type, rows[i].type);
		assert_part(urn.name, rows[i].name);
		assert_ptr_equal(urn.authority.text, copy + strlen(U));
		free(copy);
		assert_int_equal(tr_urn_parse_text(rows[i].urn, &urn, NULL), 0);
	}
}

#define NO_START "it does not start with urn:publicid:IDN+"
#define NO_PARTS "it has not the parts AUTHORITY+TYPE+NAME"
#define NO_LABEL "its authority, or a label of it, is empty"
#define NO_NAME "its type or its name is empty"
#define ODD_OCTET "it holds white space, a control character, what is not ASCII"

static void refuses_what_is_no_urn(void **state)
{
	static const struct {
		const char *text, *why;
		size_t len; /* 0: to the NUL */
	} rows[] = {
		{"", NO_START},
		{"urn:publicid:IDN", NO_START},
		{"urn:publicid:IDN-plc+user+a", NO_START},
		{"URN:publicid:IDN+plc+user+a", NO_START},
		{"urn:publicid:idn+plc+user+a", NO_START},
		{" " U "plc+user+a", NO_START},
		{"plc.site.alice", NO_START},
		{"urn:uuid:00000000-0000-4000-8000-000000000000", NO_START},
		{U, NO_PARTS},
		{U "plc", NO_PARTS},
		{U "plc+user", NO_PARTS},
		{U "+plc", NO_PARTS},
		{U "+user+plc", NO_LABEL},
		{U ":plc+user+a", NO_LABEL},
		{U "plc:+user+a", NO_LABEL},
		{U "plc::site+user+a", NO_LABEL},
		{U ":+user+a", NO_LABEL},
		{U "plc++a", NO_NAME},
		{U "plc+user+", NO_NAME},
		{U "++", NO_LABEL},
		{U "plc+user+a b", ODD_OCTET},
		{U "plc+user+a\n", ODD_OCTET},
		{U "plc+user\t+a", ODD_OCTET},
		{U "plc+user+a|b", ODD_OCTET},
		{U "plc+user+a?b", ODD_OCTET},
		{U "plc/x+user+a", ODD_OCTET},
		{U "plc+user+a#b", ODD_OCTET},
		{U "plc+user+a\\.b", ODD_OCTET},
		{U "plc\\+user+a", ODD_OCTET},
		{U "plc+user+\x7f", ODD_OCTET},
		{U "plc+user+\xc3\xa9", ODD_OCTET},
		{U "plc+user+\xff", ODD_OCTET},
		{U "plc+user+\x01", ODD_OCTET},
		{U "plc+user+a\0b", ODD_OCTET, sizeof(U "plc+user+a\0b") - 1},
		{U "plc+user+a\0", ODD_OCTET, sizeof(U "plc+user+a\0") - 1},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].text);
		char *copy = block_of(rows[i].text, len);
		struct tr_urn urn = {.name = {"untouched", 9}};
		struct cc_note why = {0};

		assert_int_equal(tr_urn_parse(copy, len, &urn, &why), -CC_EFORMAT);
		assert_int_equal(why.code, CC_EFORMAT);
		if (!strstr(why.text, rows[i].why))
			fail_msg("row %zu: %s", i, why.text);
		for (const char *c = why.text; *c; c++)
			assert_true(*c >= 0x20 && *c < 0x7f);
		assert_part(urn.name, "untouched");
		assert_int_equal(tr_urn_parse(copy, len, &urn, NULL), -CC_EFORMAT);
		free(copy);
	}
	assert_int_equal(tr_urn_parse(NULL, 0, &(struct tr_urn){0}, NULL), -CC_EFORMAT);
}

static void shows_at_most_a_hundred_octets(void **state)
{
	char text[150];
	struct tr_urn urn;
	struct cc_note why;

	for (size_t len = 90; len < sizeof(text); len++) {
		memset(text, 'x', len);
		tr_urn_parse(text, len, &urn, &why);
		assert_int_equal(strspn(why.text + 1, "x"), len < 100 ? len : 96);
		assert_true(!strstr(why.text, "x...\"") == (len < 100));
		assert_non_null(strstr(why.text, NO_START));
	}
}

static void holds_the_length_of_a_name(void **state)
{
	char text[TR_NAME_MAX + 2] = U "plc+user+";
	struct cc_note why = {0};
	struct tr_urn urn;

	memset(text + strlen(text), 'a', sizeof(text) - 1 - strlen(text));
	assert_int_equal(strlen(text), TR_NAME_MAX + 1);
	assert_int_equal(tr_urn_parse_text(text, &urn, &why), -CC_EFORMAT);
	assert_non_null(strstr(why.text, "longer than 255 octets"));
	text[TR_NAME_MAX] = 0;
	assert_int_equal(tr_urn_parse_text(text, &urn, &why), 0);
}

static void compares_urns(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{U "plc+user+alice", U "plc+user+alice", true},
		{U "plc:Site+user+Alice", U "PLC:site+user+aLICE", true},
		{U "plc+slice+S1", U "plc+slice+s1", true},
		{U "plc+authority+SA", U "Plc+authority+sa", true},
		{U "plc+node+N1", U "Plc+node+N1", true},
		{U "plc+node+N1", U "plc+node+n1", false},
		{U "plc+sliver+S1", U "plc+sliver+s1", false},
		{U "plc+tool+T1", U "plc+tool+t1", false},
		{U "plc+interface+I", U "plc+interface+i", false},
		{U "plc+User+a", U "plc+user+a", false},
		{U "plc+user+a", U "plc+slice+a", false},
		{U "plc+user+a", U "plc+user+ab", false},
		{U "plc+user+a", U "plc:a+user+a", false},
		{U "plc:a+user+b", U "plc+user+a:b", false},
		{U "plc+user+@", U "plc+user+`", false},
		{U "plc+user+[", U "plc+user+{", false},
		{"plc.alice", "plc.alice", false},
		{"", "", false},
		{U "plc+user+a", "", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		if (tr_urn_equal(rows[i].a, rows[i].b) != rows[i].equal)
			fail_msg("%s %s", rows[i].a, rows[i].b);
		assert_true(tr_urn_equal(rows[i].b, rows[i].a) == rows[i].equal);
	}
}

/* ---- authorities ---- */

static const struct {
	const char *over, *sub;
	bool is_over, equal;
} authorities[] = {
	{"plc", "plc", true, true},
	{"plc", "plc:site", true, false},
	{"plc:site", "plc:site:lab", true, false},
	{"plc", "plc:a:b:c:d", true, false},
	{"PLC:Site", "plc:sITE:lab", true, false},
	{"PLC:Site", "plc:sITE", true, true},
	{"a.b", "a.b:c", true, false},
	{"a.b", "a.bc", false, false},
	{"a", "a.b", false, false},
	{"plc:site", "plc:sitex", false, false},
	{"plc:site", "plc:sit", false, false},
	{"plc:site", "plc", false, false},
	{"planetlab:us:pl", "planetlab:us:plx", false, false},
	{"planetlab:us:pl", "planetlab:us:plx:pl", false, false},
	{"site", "plc:site", false, false},
	{"plc", "ple", false, false},
	{"", "", false, false},
	{"", "plc", false, false},
	{"", ":plc", false, false},
	{"plc", "", false, false},
	{":", ":", false, false},
	{"plc:", "plc:", false, false},
	{"plc:", "plc::site", false, false},
	{"plc", "plc:", false, false},
	{"plc", "plc::site", false, false},
	{":plc", ":plc:site", false, false},
};

static void knows_what_is_over_what(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(authorities); i++) {
		struct tr_part over = part(authorities[i].over), sub = part(authorities[i].sub);

		over.text = block_of(over.text, over.len);
		sub.text = block_of(sub.text, sub.len);
		if (tr_authority_over(over, sub) != authorities[i].is_over ||
		    tr_authority_equal(over, sub) != authorities[i].equal ||
		    tr_authority_equal(sub, over) != authorities[i].equal)
			fail_msg("%s %s", authorities[i].over, authorities[i].sub);
		free((void *)over.text);
		free((void *)sub.text);
	}
	assert_false(tr_authority_over((struct tr_part){0}, part("plc")));
	assert_false(tr_authority_over(part("plc"), (struct tr_part){0}));
	assert_false(tr_authority_equal((struct tr_part){0}, (struct tr_part){0}));
}

static void knows_who_may_vouch_for_whom(void **state)
{
	static const struct {
		const char *issuer, *subject;
		bool may;
	} rows[] = {
		{"plc+authority+sa", "plc+authority+sa", true}, /* a root */
		{"plc+authority+sa", "plc:site+authority+sa", true},
		{"plc:site+authority+sa", "plc:site+user+alice", true},
		{"plc+authority+sa", "plc:site+user+alice", true},
		{"PLC:site+authority+sa", "plc:SITE+slice+s", true},
		{"emulab.net+authority+root", "emulab.net+authority+cm", true},
		{"plc+authority+MA", "plc+node+n1", true},
		{"plc+authority+cm", "plc+node+n1",
		 false}, /* it runs something, and names nobody */
		{"plc:site+authority+am", "plc:site+authority+sa", false},
		{"plc:site+authority+am", "plc:site+user+alice", false},
		{"plc:site+authority+sa", "plc+user+site", false}, /* its own HRN */
		{"plc:site+authority+sa", "plc+slice+site", false},
		{"plc:site+authority+sa", "plc+authority+sa", false},
		{"plc:site+authority+sa", "plc+user+bob", false},
		{"plc:site+authority+sa", "plc:sitex+user+eve", false},
		{"plc:site+authority+sa", "other:site+user+eve", false},
		{"plc:site+authority+sa", "plc.site+user+eve", false},
		{"plc:site+user+alice", "plc:site+user+alice", false},
		{"plc:site+user+alice", "plc:site:alice+user+sub", false},
		{"plc:site+user+sa", "plc:site+user+sub", false},
		{"plc:site+slice+authority", "plc:site+user+sub", false},
		{"plc:site+Authority+sa", "plc:site+user+alice", false},
		{"plc:site+authorit+sa", "plc:site+user+alice", false},
		{"plc:site+authority.sa+sa", "plc:site+user+alice", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char a[128], b[128];
		struct tr_urn issuer, subject;

		snprintf(a, sizeof(a), U "%s", rows[i].issuer);
		snprintf(b, sizeof(b), U "%s", rows[i].subject);
		assert_int_equal(tr_urn_parse_text(a, &issuer, NULL), 0);
		assert_int_equal(tr_urn_parse_text(b, &subject, NULL), 0);
		if (tr_name_may_issue(&issuer, &subject) != rows[i].may)
			fail_msg("%s of %s", rows[i].subject, rows[i].issuer);
	}
	assert_false(tr_name_may_issue(&(struct tr_urn){0}, &(struct tr_urn){0}));
	assert_false(tr_type_is_authority((struct tr_part){0}));
}

/* ---- names that we give ---- */

#define L64 "a123456789b123456789c123456789d123456789e123456789f123456789g123"

static const struct {
	const char *type, *name;
	bool good;
} given[] = {
	{"slice", "s", true},
	{"slice", "1-A", true},
	{"slice", "0123456789012345678", true},
	{"slice", "01234567890123456789", false},
	{"slice", "-a", false},
	{"slice", "a_b", false},
	{"slice", "a.b", false},
	{"slice", "", false},
	{"user", "a", true},
	{"user", "Z_123456", true},
	{"user", "a12345678", false},
	{"user", "1a", false},
	{"user", "_a", false},
	{"user", "a-b", false},
	{"user", "a\n", false},
	{"user", "\xc3\xa9", false},
	{"user", "", false},
	{"sliver", ".", true},
	{"sliver", "-._aZ9", true},
	{"sliver", "a:4-5", false},
	{"sliver", "a+b", false},
	{"sliver", "", false},
	{"tool", "a", true},
	{"tool", "Portal@ex-am.org_1", true},
	{"tool", L64, true},
	{"tool", L64 "4", false},
	{"tool", "1a", false},
	{"tool", "@a", false},
	{"tool", "a b", false},
	{"node", "host.ex.org", true},
	{"node", "1", true},
	{"node", "n_1-2", true},
	{"node", L64, true},
	{"node", L64 "4", false},
	{"node", "..", false},
	{"node", "-n", false},
	{"node", "a/b", false},
	{"node", "a@b", false},
	{"node", "", false},
	{"authority", "site", true},
	{"authority", "ex.org", true},
	{"authority+am", "site", true},
	{"authority", "..", false},
	{"authority", ".a", false},
	{"authority", "_a", false},
	{"authority", "a\\.b", false},
	{"authority", "a:b", false},
	{"authority", L64 "4", false},
	{"authority+am", "", false},
};

static void gives_names_by_the_rules(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(given); i++) {
		struct cc_note why = {0};
		int r = tr_name_check(given[i].type, given[i].name, &why);

		if (r != (given[i].good ? 0 : -CC_EINVAL))
			fail_msg("%s %s", given[i].type, given[i].name);
		assert_true(!strstr(why.text, "cannot be the name of a") == given[i].good);
		assert_int_equal(tr_name_check(given[i].type, given[i].name, NULL), r);
	}
}

static void gives_no_names_of_other_types(void **state)
{
	static const char *const types[] = {"link",   "interface", "vlan",  "",	 "User",
					    "user+x", "usr",	   "users", "+", "authoritys"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(types); i++) {
		struct cc_note why = {0};

		assert_int_equal(tr_name_check(types[i], "a", &why), -CC_EINVAL);
		assert_non_null(strstr(why.text, "are not given here"));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(takes_urns_apart),
	cmocka_unit_test(refuses_what_is_no_urn),
	cmocka_unit_test(shows_at_most_a_hundred_octets),
	cmocka_unit_test(holds_the_length_of_a_name),
	cmocka_unit_test(compares_urns),
	cmocka_unit_test(knows_what_is_over_what),
	cmocka_unit_test(knows_who_may_vouch_for_whom),
	cmocka_unit_test(gives_names_by_the_rules),
	cmocka_unit_test(gives_no_names_of_other_types),
};

TEST_MAIN(tests)
