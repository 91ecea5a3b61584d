/* SPDX-License-Identifier: ISC */
/* Privileges: both tables, written out again from spec sfa 3. */
#include "tests/test.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/rights.h"

/* NULL: the table has no such row; "*" everything. */
static const struct {
	const char *name, *of_2008, *of_sfa;
} table[] = {
	{"authority", "*", "*"},
	{"sa", "*",
	 "getticket redeemslice redeemticket createslice createsliver deleteslice deletesliver "
	 "updateslice getsliceresources loanresources stopslice startslice renewsliver resetslice "
	 "listslices listnodes getpolicy sliverstatus"},
	{"ma", "*", "setbootstate getbootstate reboot getgids gettrustedcerts"},
	{"refresh", "remove update", "remove update"},
	{"resolve", "resolve list getcredential", "resolve list getcredential"},
	{"embed", "getticket createslice deleteslice updateslice",
	 "getticket redeemslice redeemticket createslice createsliver renewsliver deleteslice "
	 "deletesliver updateslice sliverstatus getsliceresources shutdown"},
	{"bind", "getticket loanresources", "getticket loanresources redeemticket"},
	{"control", "updateslice stopslice startslice deleteslice resetslice",
	 "updateslice createslice createsliver renewsliver sliverstatus stopslice startslice "
	 "deleteslice deletesliver resetslice getsliceresources getgids"},
	{"info", "listslices listcomponentresources getsliceresources",
	 "listslices listnodes getpolicy"},
	{"operator", NULL, "gettrustedcerts getgids"},
	{"*", NULL, "createsliver deletesliver sliverstatus renewsliver shutdown"},
	{"pi", NULL, NULL},
	{"instantiate", NULL, NULL},
	{"register", NULL, NULL},
	{"", NULL, NULL},
	{"inf", NULL, NULL},
	{"infos", NULL, NULL},
	{" info", NULL, NULL},
};

/* Each of the tables' operations, once. */
static const char *const ops[] = {
	"register",	"remove",	 "update",	 "resolve",
	"list",		"getcredential", "getticket",	 "redeemslice",
	"redeemticket", "createslice",	 "createsliver", "deleteslice",
	"deletesliver", "updateslice",	 "stopslice",	 "startslice",
	"renewsliver",	"resetslice",	 "listslices",	 "listcomponentresources",
	"listnodes",	"getpolicy",	 "sliverstatus", "getsliceresources",
	"shutdown",	"loanresources", "getgids",	 "gettrustedcerts",
	"setbootstate", "getbootstate",	 "reboot",
};

/* Whether a list of words holds this one. */
static bool holds(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at && (at = strstr(at, word)); at++)
		if ((at == list || at[-1] == ' ') && (at[len] == 0 || at[len] == ' '))
			return true;
	return false;
}

static void gives_every_operation_a_bit(void **state)
{
	tr_ops seen = 0;

	for (size_t i = 0; i < CC_ARRAY_SIZE(ops); i++) {
		tr_ops bit = tr_op(ops[i]);

		if (bit == 0 || (bit & (bit - 1)) != 0 || (seen & bit) != 0)
			fail_msg("%s", ops[i]);
		seen |= bit;
	}
	assert_int_equal(seen >> 63, 0);
	assert_true(tr_op("CreateSliver") == tr_op("createsliver"));
	assert_true(tr_op("LISTNODES") == tr_op("listnodes"));
}

static void knows_no_other_operation(void **state)
{
	static const char *const none[] = {"",	    "*",     "authority", "create", "createslivers",
					   "list ", " list", "geni_stop", "lIst\n"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(none); i++)
		if (tr_op(none[i]) != 0)
			fail_msg("\"%s\"", none[i]);
}

static void assert_row(enum tr_table t, const char *name, const char *list)
{
	tr_ops expected = 0, got = tr_privilege_ops(t, name);

	for (size_t i = 0; i < CC_ARRAY_SIZE(ops); i++) {
		bool covered = holds(list, ops[i]);

		expected |= covered ? tr_op(ops[i]) : 0;
		if (holds(list, "*") ? (got & tr_op(ops[i])) == 0
				     : covered != ((got & tr_op(ops[i])) != 0))
			fail_msg("table %d: %s, %s", t, name, ops[i]);
	}
	assert_true(got == (holds(list, "*") ? TR_OPS_ALL : expected));
}

static void has_both_tables(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(table); i++) {
		assert_row(TR_TABLE_2008, table[i].name, table[i].of_2008);
		assert_row(TR_TABLE_SFA, table[i].name, table[i].of_sfa);
		assert_true(tr_privilege_ops(0, table[i].name) == 0);
	}
	assert_true(tr_privilege_ops(TR_TABLE_SFA, "Info") ==
		    tr_privilege_ops(TR_TABLE_SFA, "info"));
	assert_true(tr_privilege_ops(TR_TABLE_2008, "AUTHORITY") == TR_OPS_ALL);
}

/* A standard slice credential does what both tables of operations of an AM ask (geni-am 7). */
static void covers_the_calls_of_an_am(void **state)
{
	static const char *const calls[] = {"listnodes",    "getsliceresources", "createsliver",
					    "sliverstatus", "renewsliver",	 "deleteslice",
					    "deletesliver", "shutdown",		 "getcredential"};
	tr_ops all = 0;

	for (const char *const *r = tr_rights_of_type("slice"); *r; r++)
		all |= tr_privilege_ops(TR_TABLE_SFA, *r);
	for (size_t i = 0; i < CC_ARRAY_SIZE(calls); i++)
		assert_true(((all & tr_op(calls[i])) != 0) == (i < 8));
}

static void writes_sets_of_operations(void **state)
{
	static const struct {
		const char *a, *b, *text;
		size_t size;
	} rows[] = {
		{"update", "", "update", 64},
		{"update", "remove", "remove,update", 64},
		{"update", "remove", "remove,update", 14},
		{"update", "remove", "remove,updat", 13},
		{"update", "remove", "remove", 7},
		{"update", "remove", "", 1},
		{"", "", "", 64},
	};
	char out[64] = "untouched";

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char *room = malloc(rows[i].size);

		assert_non_null(room);
		tr_ops_text(tr_op(rows[i].a) | tr_op(rows[i].b), room, rows[i].size);
		assert_string_equal(room, rows[i].text);
		free(room);
	}
	tr_ops_text(TR_OPS_ALL, out, 0);
	assert_string_equal(out, "untouched");
	tr_ops_text(TR_OPS_ALL, out, sizeof(out));
	assert_string_equal(out, "*");
	tr_ops_text(tr_op("reboot") | (tr_ops)1 << 63, out, sizeof(out));
	assert_string_equal(out, "reboot");
}

/* "name" may not be delegated, "name+" may. */
static unsigned read_privileges(const char *text, struct tr_privilege *out)
{
	unsigned n = 0;

	for (; *text; text += strspn(text, " ")) {
		size_t len = strcspn(text, " +");

		snprintf(out[n].name, sizeof(out[n].name), "%.*s", (int)len, text);
		out[n].can_delegate = text[len] == '+';
		text += len + out[n++].can_delegate;
	}
	return n;
}

static void covers_what_is_delegated(void **state)
{
	static const struct {
		enum tr_table table;
		const char *parent, *name;
		bool covered, delegatable;
	} rows[] = {
		{TR_TABLE_SFA, "info+", "info", true, true},
		{TR_TABLE_SFA, "info", "info", true, false},
		{TR_TABLE_SFA, "Info+", "iNFO", true, true},
		{TR_TABLE_SFA, "info", "embed", false, false},
		{TR_TABLE_SFA, "", "info", false, false},
		{TR_TABLE_SFA, "embed+ control+", "info", false, false},
		{TR_TABLE_SFA, "sa+", "info", true, true},
		{TR_TABLE_SFA, "sa+", "bind", true, true},
		{TR_TABLE_SFA, "sa+", "embed", false, false},	/* shutdown */
		{TR_TABLE_SFA, "sa+", "control", false, false}, /* getgids */
		{TR_TABLE_SFA, "info+", "sa", false, false},
		{TR_TABLE_SFA, "ma", "operator", true, false},
		{TR_TABLE_SFA, "ma operator+", "operator", true, true},
		{TR_TABLE_SFA, "info sa+", "info", true, true},
		{TR_TABLE_SFA, "info+ sa", "info", true, true},
		{TR_TABLE_SFA, "info sa", "info", true, false},
		{TR_TABLE_SFA, "authority+", "sa", true, true},
		{TR_TABLE_SFA, "authority+", "*", true, true},
		{TR_TABLE_SFA, "sa+ ma+", "authority", false, false},
		{TR_TABLE_SFA, "refresh+ resolve+", "authority", false, false},
		{TR_TABLE_SFA, "*+", "*", true, true},
		{TR_TABLE_SFA, "*+", "embed", false, false},
		{TR_TABLE_SFA, "embed+", "*", true, true},	      /* so "*" is expanded first */
		{TR_TABLE_SFA, "sa+ bind+ info+", "*", false, false}, /* shutdown */
		{TR_TABLE_SFA, "authority+", "pi", false, false}, /* unknown: by its name only */
		{TR_TABLE_SFA, "pi+", "pi", true, true},
		{TR_TABLE_SFA, "pi", "PI", true, false},
		{TR_TABLE_SFA, "pi+", "info", false, false},
		{TR_TABLE_SFA, "", "", false, false},
		{TR_TABLE_2008, "authority+", "authority", true, true},
		{TR_TABLE_2008, "sa+", "authority", true, true},
		{TR_TABLE_2008, "ma+", "embed", true, true},
		{TR_TABLE_2008, "embed+", "info", false, false},
		{TR_TABLE_2008, "control+", "embed", false, false},
		{TR_TABLE_2008, "authority+", "operator", false, false},
		{TR_TABLE_2008, "operator", "operator", true, false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct tr_privilege parent[4];
		unsigned n = read_privileges(rows[i].parent, parent);
		bool delegatable = !rows[i].delegatable;
		bool covered =
			tr_privilege_covered(rows[i].table, rows[i].name, parent, n, &delegatable);

		if (covered != rows[i].covered || delegatable != rows[i].delegatable)
			fail_msg("%d: %s by %s", rows[i].table, rows[i].name, rows[i].parent);
	}
}

static void knows_the_rights_of_types(void **state)
{
	static const struct {
		const char *type, *rights;
	} rows[] = {
		{"slice", "refresh embed bind control info "},
		{"user", "refresh resolve info "},
		{"authority", "authority sa ma "},
		{"authority+ma", "authority ma "},
		{"authority+cm", "authority ma "},
		{"authority+sm", "authority ma "},
		{"node", "operator "},
		{"authority+am", ""},
		{"sliver", ""},
		{"tool", ""},
		{"Slice", ""},
		{"slices", ""},
		{"", ""},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char all[128] = "";

		for (const char *const *r = tr_rights_of_type(rows[i].type); *r; r++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s ", *r);
		assert_string_equal(all, rows[i].rights);
	}
}

/* What a target of a type can give at most: the privileges whose operations it covers. */
static void grants_no_more_than_the_type(void **state)
{
	static const struct {
		enum tr_table table;
		const char *type, *ops;
	} rows[] = {
		{TR_TABLE_SFA, "slice",
		 "remove update getticket redeemslice redeemticket createslice createsliver "
		 "renewsliver deleteslice deletesliver updateslice sliverstatus getsliceresources "
		 "shutdown loanresources stopslice startslice resetslice getgids listslices "
		 "listnodes getpolicy"},
		{TR_TABLE_SFA, "user",
		 "remove update resolve list getcredential listslices listnodes getpolicy"},
		{TR_TABLE_SFA, "node", "gettrustedcerts getgids"},
		{TR_TABLE_SFA, "authority", "*"},
		{TR_TABLE_SFA, "authority+am", "*"},
		{TR_TABLE_SFA, "tool", ""},
		{TR_TABLE_SFA, "", ""},
		{TR_TABLE_SFA, "Authority", ""},
		{TR_TABLE_SFA, "authoritys", ""},
		{TR_TABLE_SFA, "user+authority", ""},
		{TR_TABLE_2008, "slice",
		 "remove update getticket redeemslice redeemticket createslice createsliver "
		 "renewsliver deleteslice deletesliver updateslice sliverstatus getsliceresources "
		 "loanresources stopslice startslice resetslice listslices listnodes getpolicy "
		 "listcomponentresources"},
		{TR_TABLE_2008, "user",
		 "remove update resolve list getcredential listslices listcomponentresources "
		 "getsliceresources"},
		{TR_TABLE_2008, "node", ""},
		{TR_TABLE_2008, "authority", "*"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		tr_ops most = tr_rights_most(rows[i].table, rows[i].type), expected = 0;

		for (size_t o = 0; o < CC_ARRAY_SIZE(ops); o++)
			expected |= holds(rows[i].ops, ops[o]) ? tr_op(ops[o]) : 0;
		if (most != (holds(rows[i].ops, "*") ? TR_OPS_ALL : expected))
			fail_msg("table %d: %s", rows[i].table, rows[i].type);
	}
	assert_true(tr_rights_most(TR_TABLE_SFA, "sliver") ==
		    tr_rights_most(TR_TABLE_SFA, "slice"));
	assert_true(tr_rights_most(TR_TABLE_2008, "sliver") ==
		    tr_rights_most(TR_TABLE_2008, "slice"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(gives_every_operation_a_bit),
	cmocka_unit_test(knows_no_other_operation),
	cmocka_unit_test(has_both_tables),
	cmocka_unit_test(covers_the_calls_of_an_am),
	cmocka_unit_test(writes_sets_of_operations),
	cmocka_unit_test(covers_what_is_delegated),
	cmocka_unit_test(knows_the_rights_of_types),
	cmocka_unit_test(grants_no_more_than_the_type),
};

TEST_MAIN(tests)
