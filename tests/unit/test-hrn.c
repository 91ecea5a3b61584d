/* SPDX-License-Identifier: ISC */
/* HRNs: to and from URNs, what is over what. */
#include "tests/test.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/util.h"
#include "lib/trust/name.h"
#include "tests/unit/chance.h"

#define U TR_URN_PREFIX
#define ROUNDS 20000
#define VECTORS TEST_DATA "/../../../shared/vectors/sfa/sfa2019/index.json"

static int urn_to_hrn(const char *text, char *hrn, char *type, struct cc_note *why)
{
	struct tr_urn urn;

	assert_int_equal(tr_urn_parse_text(text, &urn, NULL), 0);
	return tr_urn_to_hrn(&urn, hrn, type, why);
}

static void writes_urns_as_hrns_and_back(void **state)
{
	static const struct {
		const char *urn, *hrn, *type;
	} rows[] = {
		{U "plc+authority+sa", "plc", "authority"},
		{U "plc:site+authority+sa", "plc.site", "authority"},
		{U "plc+authority+am", "plc", "authority+am"},
		{U "plc:site+authority+am", "plc.site", "authority+am"},
		{U "plc+authority+SA", "plc", "authority+SA"},
		{U "plc+authority+a+b", "plc", "authority+a+b"},
		{U "plc+authority+a.b", "plc", "authority+a.b"},
		{U "plc:site+user+alice", "plc.site.alice", "user"},
		{U "plc:site+slice+sl1", "plc.site.sl1", "slice"},
		{U "plc:site+node+host.ex.org", "plc.site.host\\.ex\\.org", "node"},
		{U "emulab.net+user+bob", "emulab\\.net.bob", "user"},
		{U "emulab.net+authority+cm", "emulab\\.net", "authority+cm"},
		{U "a.b:c.d+user+e.f", "a\\.b.c\\.d.e\\.f", "user"},
		{U "plc+sliver+sl1-7", "plc.sl1-7", "sliver"},
		{U "plc+sliver+sl1:4-5", "plc.sl1:4-5", "sliver"},
		{U "plc+user+.x", "plc.\\.x", "user"},
		{U "plc+user+a..b", "plc.a\\.\\.b", "user"},
		{U "plc+user+.", "plc.\\.", "user"},
		{U ".+user+a", "\\..a", "user"},
		{U "plc.+user+a", "plc\\..a", "user"},
		{U "plc+user+a+b", "plc.a+b", "user"},
		{U "plc+user+:", "plc.:", "user"},
		{U "PLC:Site+user+Alice", "PLC.Site.Alice", "user"},
		{U "plc+authorities+x", "plc.x", "authorities"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char urn[TR_NAME_MAX + 1], hrn[TR_NAME_MAX + 1], type[64];
		struct cc_note why = {0};

		if (urn_to_hrn(rows[i].urn, hrn, type, &why) != 0)
			fail_msg("%s", why.text);
		assert_string_equal(hrn, rows[i].hrn);
		assert_string_equal(type, rows[i].type);
		if (tr_hrn_to_urn(rows[i].hrn, rows[i].type, urn, &why) != 0)
			fail_msg("%s", why.text);
		assert_string_equal(urn, rows[i].urn);
	}
}

#define ODD_OCTET "it holds white space, a control character, what is not ASCII"
#define NO_NAME "its type or its name is empty"
#define NO_ESCAPE "it has a backslash that is not before a dot"
#define NO_HRN_LABEL "it has an empty label"
#define ONE_LABEL "has one label: there is no authority that it is below"
#define ODD_AUTHORITY "has an authority with : or + in it"

static const struct {
	const char *hrn, *why;
} no_hrns[] = {
	{"", NO_HRN_LABEL},	     {".", NO_HRN_LABEL},	  {".plc", NO_HRN_LABEL},
	{"plc.", NO_HRN_LABEL},	     {"plc..site", NO_HRN_LABEL}, {"plc.site.", NO_HRN_LABEL},
	{"plc\\..", NO_HRN_LABEL},   {"plc\\", NO_ESCAPE},	  {"plc.a\\", NO_ESCAPE},
	{"\\", NO_ESCAPE},	     {"plc\\site.a", NO_ESCAPE},  {"plc\\\\.a", NO_ESCAPE},
	{"plc.a b", ODD_OCTET},	     {"plc.a\n", ODD_OCTET},	  {"plc.a/b", ODD_OCTET},
	{"plc.\xc3\xa9", ODD_OCTET}, {"plc.a\x7f", ODD_OCTET},
};

/* In a block of its own size, so that a sanitizer sees every read past the end. */
static char *block_of(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	return copy;
}

static void refuses_what_is_no_hrn(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(no_hrns); i++) {
		char *hrn = block_of(no_hrns[i].hrn);
		char out[TR_NAME_MAX + 1] = "untouched";
		struct cc_note why = {0};

		assert_int_equal(tr_hrn_to_urn(hrn, "user", out, &why), -CC_EFORMAT);
		if (!strstr(why.text, no_hrns[i].why))
			fail_msg("row %zu: %s", i, why.text);
		assert_int_equal(tr_hrn_to_urn(hrn, "authority", out, NULL), -CC_EFORMAT);
		assert_int_equal(tr_hrn_parent(hrn, out), -CC_EFORMAT);
		assert_string_equal(out, "untouched");
		assert_false(tr_hrn_over(hrn, hrn));
		assert_false(tr_hrn_over("plc", hrn));
		free(hrn);
	}
}

static void refuses_what_no_urn_can_say(void **state)
{
	static const struct {
		const char *hrn, *type, *why;
	} rows[] = {
		{"plc", "user", ONE_LABEL},
		{"plc", "", ONE_LABEL},
		{"plc\\.site", "node", ONE_LABEL},
		{"plc.a", "", NO_NAME},
		{"plc", "authority+", NO_NAME},
		{"plc:site.a", "user", ODD_AUTHORITY},
		{"plc+user.a", "user", ODD_AUTHORITY},
		{"plc:site", "authority", ODD_AUTHORITY},
		{"plc+x", "authority", ODD_AUTHORITY},
		{U "plc+user+a", "authority", ODD_AUTHORITY},
		{"plc.a", "user+x", "is no type: it has a +"},
		{"plc.a", "+", "is no type: it has a +"},
		{"plc.a", "user|x", ODD_OCTET},
		{"plc", "authority+a b", ODD_OCTET},
		{"plc", "authority+a\\.b", ODD_OCTET},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char urn[TR_NAME_MAX + 1] = "untouched";
		struct cc_note why = {0};

		assert_int_equal(tr_hrn_to_urn(rows[i].hrn, rows[i].type, urn, &why), -CC_EFORMAT);
		if (!strstr(why.text, rows[i].why))
			fail_msg("row %zu: %s", i, why.text);
		assert_string_equal(urn, "untouched");
	}
}

/* Names that are too long only in the other notation, and types that have no room. */
static void holds_the_lengths_of_both_notations(void **state)
{
	char text[TR_NAME_MAX + 2], out[TR_NAME_MAX + 1] = "untouched", type[64] = "untouched";
	struct cc_note why = {0};

	/* each dot is two octets of an HRN: "a." and 127 of them, or 126 and an x */
	snprintf(text, sizeof(text), U "a+user+%0127d", 0);
	memset(strrchr(text, '+') + 1, '.', 127);
	assert_int_equal(urn_to_hrn(text, out, type, &why), -CC_ELIMIT);
	assert_non_null(strstr(why.text, "the HRN of \"......"));
	assert_string_equal(out, "untouched");
	assert_string_equal(type, "untouched");
	text[strlen(text) - 1] = 'x';
	assert_int_equal(urn_to_hrn(text, out, type, &why), 0);
	assert_int_equal(strlen(out), TR_NAME_MAX);

	/* an HRN of 233 octets is a URN of 255 */
	snprintf(text, sizeof(text), "plc.%0230d", 0);
	assert_int_equal(tr_hrn_to_urn(text, "user", out, &why), -CC_ELIMIT);
	assert_non_null(strstr(why.text, "the URN of \"plc.000"));
	text[233] = 0;
	assert_int_equal(tr_hrn_to_urn(text, "user", out, &why), 0);
	assert_int_equal(strlen(out), TR_NAME_MAX);

	snprintf(text, sizeof(text), "plc.%0252d", 0);
	assert_int_equal(tr_hrn_to_urn(text, "user", out, &why), -CC_EFORMAT);
	assert_non_null(strstr(why.text, "longer than 255 octets"));
	assert_int_equal(tr_hrn_parent(text, out), -CC_EFORMAT);
	assert_false(tr_hrn_over("plc", text));
	text[TR_NAME_MAX] = 0;
	assert_true(tr_hrn_over("plc", text));
	assert_int_equal(tr_hrn_parent(text, out), 0);

	snprintf(text, sizeof(text), U "plc+%064d+x", 0);
	assert_int_equal(urn_to_hrn(text, out, type, &why), -CC_ELIMIT);
	assert_non_null(strstr(why.text, "the type \"000"));
	snprintf(text, sizeof(text), U "plc+%063d+x", 0);
	assert_int_equal(urn_to_hrn(text, out, type, &why), 0);
	snprintf(text, sizeof(text), U "plc+authority+%054d", 0);
	assert_int_equal(urn_to_hrn(text, out, type, &why), -CC_ELIMIT);
	snprintf(text, sizeof(text), U "plc+authority+%053d", 0);
	assert_int_equal(urn_to_hrn(text, out, type, &why), 0);
}

static void knows_which_hrn_is_over_which(void **state)
{
	static const struct {
		const char *over, *sub;
		bool is_over;
	} rows[] = {
		{"plc", "plc", true},
		{"plc", "plc.site", true},
		{"plc.site", "plc.site.alice", true},
		{"PLC.site", "plc.SITE.alice", true},
		{"a\\.b", "a\\.b.c.d", true},
		{"a\\.b.c", "a\\.b.c.d", true},
		{"a\\.b.c.d", "a\\.b.c.d", true},
		{"a", "a\\.b.c.d", false},
		{"a.b", "a\\.b.c.d", false},
		{"a\\.b", "a.b.c", false},
		{"plc.a", "plc.ab.x", false},
		{"plc.site", "plc.sitex.eve", false},
		{"planetlab.us.pl", "planetlab.us.plx.eve", false},
		{"plc.site", "plc", false},
		{"plc.site", "plc.sit", false},
		{"site", "plc.site", false},
		{"", "plc", false},
		{"", "", false},
		{"plc.", "plc.site", false},
		{"plc", "plc..site", false},
		{"plc\\", "plc\\.site", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		if (tr_hrn_over(rows[i].over, rows[i].sub) != rows[i].is_over)
			fail_msg("%s %s", rows[i].over, rows[i].sub);
}

static void finds_the_parent(void **state)
{
	static const struct {
		const char *hrn, *parent;
	} rows[] = {
		{"plc", ""},	      {"plc.site", "plc"},    {"plc.site.alice", "plc.site"},
		{"a\\.b.c", "a\\.b"}, {"a\\.b", ""},	      {"plc.host\\.ex\\.org", "plc"},
		{"plc.\\.", "plc"},   {"plc\\..a", "plc\\."},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char parent[TR_NAME_MAX + 1];

		assert_int_equal(tr_hrn_parent(rows[i].hrn, parent), 0);
		assert_string_equal(parent, rows[i].parent);
	}
}

/* What the Python SFA wrote into its GIDs. */
static void agrees_with_the_vectors(void **state)
{
	json_t *index, *vectors, *v;
	size_t i;

	if (access(VECTORS, R_OK) != 0)
		skip();
	index = json_load_file(VECTORS, 0, NULL);
	vectors = json_object_get(index, "vectors");
	assert_true(json_array_size(vectors) > 10);
	json_array_foreach(vectors, i, v)
	{
		const char *text = json_string_value(json_object_get(v, "urn"));
		char hrn[TR_NAME_MAX + 1], type[64], urn[TR_NAME_MAX + 1];

		if (!text)
			continue;
		assert_int_equal(urn_to_hrn(text, hrn, type, NULL), 0);
		assert_string_equal(hrn, json_string_value(json_object_get(v, "hrn")));
		assert_int_equal(tr_hrn_to_urn(hrn, type, urn, NULL), 0);
		assert_string_equal(urn, text);
	}
	json_decref(index);
}

static void chance_urn(char *out)
{
	size_t n = (size_t)sprintf(out, "%s", U);

	for (unsigned i = chance(4) + 1; i > 0; i--) {
		n += put_chance(out + n, ".-", "|?/#\\:+");
		if (i > 1)
			out[n++] = ':';
	}
	out[n++] = '+';
	if (chance(3) == 0)
		n += (size_t)sprintf(out + n, "authority");
	else
		n += put_chance(out + n, "", "|?/#\\+");
	out[n++] = '+';
	if (chance(3) == 0)
		sprintf(out + n, "sa");
	else
		put_chance(out + n, ".:+", "|?/#\\");
}

static void keeps_every_urn(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		char text[TR_NAME_MAX + 1], hrn[TR_NAME_MAX + 1], type[64], back[TR_NAME_MAX + 1];
		struct cc_note why = {0};

		chance_urn(text);
		if (urn_to_hrn(text, hrn, type, &why) != 0 ||
		    tr_hrn_to_urn(hrn, type, back, &why) != 0)
			fail_msg("%s: %s", text, why.text);
		assert_string_equal(back, text);
		assert_true(tr_urn_equal(back, text));
	}
}

static void chance_hrn(char *out, bool is_authority)
{
	unsigned labels = chance(4) + 1 + !is_authority;
	size_t n = 0;

	for (unsigned i = 0; i < labels; i++) {
		char label[16];

		put_chance(label, ".-", i + 1 < labels || is_authority ? "|?/#\\:+" : "|?/#\\");
		n += (size_t)sprintf(out + n, "%s", i > 0 ? "." : "");
		for (const char *c = label; *c; c++)
			n += (size_t)sprintf(out + n, "%s%c", *c == '.' ? "\\" : "", *c);
	}
}

static void keeps_every_hrn(void **state)
{
	static const char *const types[] = {"authority", "authority+am", "user", "Node"};

	for (unsigned i = 0; i < ROUNDS; i++) {
		char text[TR_NAME_MAX + 1], urn[TR_NAME_MAX + 1], back[TR_NAME_MAX + 1], type[64];
		char parent[TR_NAME_MAX + 1];
		const char *t = types[i % 4];
		struct cc_note why = {0};

		chance_hrn(text, i % 4 < 2);
		if (tr_hrn_to_urn(text, t, urn, &why) != 0 ||
		    urn_to_hrn(urn, back, type, &why) != 0)
			fail_msg("%s: %s", text, why.text);
		assert_string_equal(back, text);
		assert_string_equal(type, t);
		assert_int_equal(tr_hrn_parent(text, parent), 0);
		assert_true(*parent == 0 || tr_hrn_over(parent, text));
		assert_false(*parent && tr_hrn_over(text, parent));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(writes_urns_as_hrns_and_back),
	cmocka_unit_test(refuses_what_is_no_hrn),
	cmocka_unit_test(refuses_what_no_urn_can_say),
	cmocka_unit_test(holds_the_lengths_of_both_notations),
	cmocka_unit_test(knows_which_hrn_is_over_which),
	cmocka_unit_test(finds_the_parent),
	cmocka_unit_test(agrees_with_the_vectors),
	cmocka_unit_test(keeps_every_urn),
	cmocka_unit_test(keeps_every_hrn),
};

TEST_MAIN(tests)
