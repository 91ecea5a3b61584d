/* SPDX-License-Identifier: ISC */
/* What records are called. */
#include "lib/registry/name.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "tests/test.h"

#define IDN "urn:publicid:IDN+"

struct row {
	const char *text, *type;
	int result;
	enum rg_type is;
	const char *name, *authority, *urn;
};

static const struct row rows[] = {
	{"plc", "authority", 0, RG_AUTHORITY, "plc", "", IDN "plc+authority+sa"},
	{"PLC.Site", "authority", 0, RG_AUTHORITY, "plc.site", "plc", IDN "PLC:Site+authority+sa"},
	{"plc.site", "sa", 0, RG_AUTHORITY, "plc.site", "plc", IDN "plc:site+authority+sa"},
	{"plc.site", "MA", 0, RG_AUTHORITY, "plc.site", "plc", IDN "plc:site+authority+sa"},
	{"plc.site", "authority+ma", 0, RG_AUTHORITY, "plc.site", "plc",
	 IDN "plc:site+authority+sa"},
	{"plc.Site.Alice", "user", 0, RG_USER, "plc.site.alice", "plc.site",
	 IDN "plc:Site+user+Alice"},
	{"plc.site.SL1", "slice", 0, RG_SLICE, "plc.site.sl1", "plc.site",
	 IDN "plc:site+slice+SL1"},
	{"PLC.site.N1\\.X", "node", 0, RG_NODE, "plc.site.N1\\.X", "plc.site",
	 IDN "PLC:site+node+N1.X"},
	{"plc.site.Alice", NULL, 0, RG_ANY, "plc.site.alice", "plc.site", ""},
	{"plc.site.Alice", "", 0, RG_ANY, "plc.site.alice", "plc.site", ""},
	{IDN "plc:site+user+alice", NULL, 0, RG_USER, "plc.site.alice", "plc.site",
	 IDN "plc:site+user+alice"},
	{IDN "plc:site+user+alice", "user", 0, RG_USER, "plc.site.alice", "plc.site",
	 IDN "plc:site+user+alice"},
	{IDN "plc:a.b+node+N.x", NULL, 0, RG_NODE, "plc.a\\.b.N\\.x", "plc.a\\.b",
	 IDN "plc:a.b+node+N.x"},
	{IDN "plc:site+authority+ma", NULL, 0, RG_AUTHORITY, "plc.site", "plc",
	 IDN "plc:site+authority+sa"},

	{IDN "plc:site+user+alice", "slice", RG_NAME_TYPE, 0, NULL, NULL, NULL},
	{IDN "plc:site+sa+lab", NULL, RG_NAME_TYPE, 0, NULL, NULL, NULL},
	{IDN "plc:site+USER+alice", NULL, RG_NAME_TYPE, 0, NULL, NULL, NULL},
	{IDN "plc:site+authority+am", NULL, RG_NAME_TYPE, 0, NULL, NULL, NULL},
	{IDN "plc:site+sliver+x", NULL, RG_NAME_TYPE, 0, NULL, NULL, NULL},
	{"plc.site.x", "sliver", RG_NAME_TYPE, 0, NULL, NULL, NULL},
	{"plc.site.x", "user ", RG_NAME_TYPE, 0, NULL, NULL, NULL},
	{"", "user", RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"plc", "user", RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"plc..x", "user", RG_NAME_BAD, 0, NULL, NULL, NULL},
	{".plc.x", "user", RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"plc.x.", NULL, RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"plc.a\\x", "user", RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"plc.x\\", "user", RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"plc.a b", "user", RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"plc.\xc3\xa9", "user", RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"plc:x.y", "user", RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"URN:publicid:IDN+plc+user+x", NULL, RG_NAME_BAD, 0, NULL, NULL, NULL},
	{"urn:x", NULL, RG_NAME_BAD, 0, NULL, NULL, NULL},
};

static void test_read(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct cc_note why = {0};
		struct rg_name n;
		int r = rg_name_read(row->text, row->type, &n, &why);

		if (r != row->result)
			fail_msg("%s, %s: %d %s", row->text, row->type, r, why.text);
		if (r) {
			assert_string_not_equal(why.text, "");
			continue;
		}
		assert_int_equal(n.type, row->is);
		assert_string_equal(n.name, row->name);
		assert_string_equal(n.authority, row->authority);
		assert_string_equal(n.urn, row->urn);
	}
}

/* HRN, URN, HRN: the same. */
static void test_round(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct rg_name n, back;

		if (rg_name_read(rows[i].text, rows[i].type, &n, NULL) != 0 || n.type == RG_ANY)
			continue;
		assert_int_equal(rg_name_read(n.urn, NULL, &back, NULL), 0);
		assert_int_equal(back.type, n.type);
		assert_string_equal(back.hrn, n.hrn);
		assert_string_equal(back.name, n.name);
	}
}

static void test_length(void **state)
{
	char text[TR_NAME_MAX + 2];
	struct rg_name n;

	memset(text, 'a', sizeof(text));
	text[3] = '.';
	text[TR_NAME_MAX] = 0;
	assert_int_equal(rg_name_read(text, NULL, &n, NULL), 0);
	assert_int_equal(rg_name_read(text, "user", &n, NULL), RG_NAME_BAD); /* its URN is longer */
	text[TR_NAME_MAX] = 'a';
	text[TR_NAME_MAX + 1] = 0;
	assert_int_equal(rg_name_read(text, NULL, &n, NULL), RG_NAME_BAD);
}

static void test_check(void **state)
{
	static const struct {
		const char *label;
		bool good;
	} labels[] = {{"a", true},    {"A-b_c", true}, {"n1\\.x\\.org", true}, {"_", true},
		      {"1", true},    {"-a", false},   {"\\.a", false},	       {"a+b", false},
		      {"a@b", false}, {"a~", false},   {"a'b", false},	       {"a*", false},
		      {"a%_", false}, {"a\"b", false}, {"a;b", false},	       {"a=b", false}};
	char hrn[128], longest[66];
	struct rg_name n;

	for (size_t i = 0; i < CC_ARRAY_SIZE(labels); i++) {
		struct cc_note why = {0};

		snprintf(hrn, sizeof(hrn), "plc.%s.x", labels[i].label);
		if (rg_name_read(hrn, "slice", &n, NULL) != 0) {
			assert_false(labels[i].good);
			continue;
		}
		if (rg_name_check(&n, &why) != (labels[i].good ? 0 : RG_NAME_BAD))
			fail_msg("%s: %s", hrn, why.text);
		assert_int_equal(*why.text != 0, !labels[i].good);
	}
	for (int len = 64; len <= 65; len++) {
		snprintf(longest, sizeof(longest), "%0*d", len, 0);
		snprintf(hrn, sizeof(hrn), "plc.%s", longest);
		assert_int_equal(rg_name_read(hrn, "user", &n, NULL), 0);
		assert_int_equal(rg_name_check(&n, NULL), len == 64 ? 0 : RG_NAME_BAD);
	}
}

static void test_above(void **state)
{
	static const struct {
		const char *over, *hrn, *type;
		bool above;
	} pairs[] = {
		{"plc", "plc.site", "authority", true},
		{"plc", "plc.site.alice", "user", true},
		{"plc.site", "PLC.Site.alice", "user", true},
		{"plc.site", "plc.site.lab.n", "node", true},
		{"plc.site", "plc.site", "authority", false},
		{"plc.site", "plc.sitex.eve", "user", false},
		{"plc.site", "plc.sitex", "authority", false},
		{"plc.sitex", "plc.site.alice", "user", false},
		{"plc.site.alice", "plc.site.alice", "user", false},
		{"plc.site", "plc.site\\.x.eve", "user", false},
		{"plc.site", "plc.site\\.x", "user", false},
		{"plc.site\\.x", "plc.site.x.eve", "user", false},
		{"plc", "plc", "authority", false},
		{"", "plc", "authority", false},
		{"", "plc.site", "authority", false},
		{"pl", "plc.site", "authority", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(pairs); i++) {
		struct rg_name n;

		assert_int_equal(rg_name_read(pairs[i].hrn, pairs[i].type, &n, NULL), 0);
		if (rg_name_above(pairs[i].over, &n) != pairs[i].above)
			fail_msg("%s over %s", pairs[i].over, pairs[i].hrn);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_read),  cmocka_unit_test(test_round), cmocka_unit_test(test_length),
	cmocka_unit_test(test_check), cmocka_unit_test(test_above),
};

TEST_MAIN(tests)
