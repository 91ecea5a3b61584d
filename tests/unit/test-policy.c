/* SPDX-License-Identifier: ISC */
/* Who may say what: the lines of [policy], [servers] and [assert-caller] that decide. */
#include "lib/cc/policy.h"

#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/util.h"
#include "tests/unit/policykit.h"

static const char policy_text[] = "[DEFAULT]\n"				 /* 1 */
				  "pub = any\n"				 /* 2 */
				  "who = cn:var\n"			 /* 3 */
				  "[policy]\n"				 /* 4 */
				  "reg = any\n"				 /* 5 */
				  "reg.remove = none\n"			 /* 6 */
				  "reg.resolve = gid\n"			 /* 7 */
				  "reg.resolve.deep.er = any, gid\n"	 /* 8 */
				  "task = cn:front-*, cn:tool\n"	 /* 9 */
				  "am = " IDN "ccfed.test+node+*,\n"	 /* 10 */
				  " " IDN "ccfed.test+authority+am, ,\n" /* 11 */
				  "Job = any\n"				 /* 12 */
				  "echo = %(who)s\n"			 /* 13 */
				  "log = %(own)s\n"			 /* 14 */
				  "own = cn:own\n"			 /* 15 */
				  "[servers]\n"				 /* 16 */
				  "* = cn:server\n"			 /* 17 */
				  "am = none\n";			 /* 18 */

static void test_lines(void **state)
{
	static const struct {
		const char *why, *type, *signer;
		bool allowed;
		int line; /* 0: none decides */
	} rows[] = {
		{"the type itself", "reg", "a", true, 5},
		{"below the prefix", "reg.register", "a", true, 5},
		{"two below", "reg.register.x", "a", true, 5},
		{"any has a URN, too", "reg.register", IDN "a+b+c", true, 5},
		{"any is class bus", "reg.register", "gid:a", false, 5},
		{"half a component is no prefix", "regs", "a", false, 0},
		{"half a component behind", "re", "a", false, 0},
		{"none: longest alone decides", "reg.remove", "a", false, 6},
		{"none, below", "reg.remove.x", "a", false, 6},
		{"none is not gid", "reg.remove", "gid:a", false, 6},
		{"half a component of the longer one", "reg.removed", "a", true, 5},
		{"gid alone: no bus", "reg.resolve", "a", false, 7},
		{"gid", "reg.resolve", "gid:" IDN "a+user+b", true, 7},
		{"gid without a URN", "reg.resolve", "gid:a", true, 7},
		{"a prefix between two lines", "reg.resolve.deep", "a", false, 7},
		{"four components", "reg.resolve.deep.er", "a", true, 8},
		{"five components", "reg.resolve.deep.er.x", "gid:a", true, 8},
		{"cn: exact", "task.start", "tool", true, 9},
		{"cn: exact is not a prefix of it", "task.start", "tool2", false, 9},
		{"cn: star", "task.start", "front-17", true, 9},
		{"cn: star for nothing", "task.start", "front-", true, 9},
		{"cn: too short", "task.start", "front", false, 9},
		{"cn: no gid of that name", "task.start", "gid:tool", false, 9},
		{"urn: star", "am.create", IDN "ccfed.test+node+n1", true, 10},
		{"urn: the second line of it", "am.create", IDN "ccfed.test+authority+am", true,
		 10},
		{"urn: another authority", "am.create", IDN "ccfed.test:x+node+n1", false, 10},
		{"urn: a fourth part", "am.create", IDN "ccfed.test+node+n1+x", false, 10},
		{"urn: class gid", "am.create", "gid:" IDN "ccfed.test+node+n1", false, 10},
		{"the key is in lower case", "job.list", "a", true, 12},
		{"a type is not", "Job.list", "a", false, 0},
		{"%: from [DEFAULT]", "echo.request", "var", true, 13},
		{"%: from the section", "log.info", "own", true, 14},
		{"[DEFAULT] is no line", "pub.x", "a", false, 0},
		{"nor is the variable of [DEFAULT]", "who", "var", false, 0},
		{"nor is that of the section", "own", "own", false, 0},
		{"no line", "admin.stats", "a", false, 0},
		{"nobody", "reg.register", NULL, false, 5},
		{"no type: empty", "", "a", false, 0},
		{"no type: a dot in front", ".reg", "a", false, 0},
		{"no type: a dot behind", "reg.", "a", false, 0},
		{"no type: two dots", "reg..x", "a", false, 0},
		{"no type: a star", "*", "a", false, 0},
	};
	struct cc_policy *p = must_parse(policy_text);

	assert_true(cc_policy_has_policy(p) && cc_policy_has_servers(p));
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct cc_policy_line *line = (const void *)p;

		if (cc_policy_allows(p, bytes(rows[i].type), signer(rows[i].signer), &line) !=
		    rows[i].allowed)
			fail_msg("%s", rows[i].why);
		if ((line ? line->line : 0) != rows[i].line)
			fail_msg("%s: line %d", rows[i].why, line ? line->line : 0);
		assert_true(cc_policy_allows(p, bytes(rows[i].type), signer(rows[i].signer),
					     NULL) == rows[i].allowed);
	}
	cc_policy_unref(p);
}

static void test_shown_line(void **state)
{
	struct cc_policy *p = must_parse(policy_text);
	const struct cc_policy_line *line = NULL;

	assert_true(cc_policy_allows(p, bytes("task.x"), signer("tool"), &line));
	assert_string_equal(line->section, "policy");
	assert_string_equal(line->key, "task");
	assert_string_equal(line->value, "cn:front-*, cn:tool");
	assert_string_equal(line->file, "f");
	assert_int_equal(line->line, 9);
	cc_policy_unref(p);
}

static void test_takes_gid(void **state)
{
	static const struct {
		const char *type;
		bool takes;
	} rows[] = {
		{"reg", false},	       {"reg.resolve", true},	      {"reg.resolve.x", true},
		{"reg.remove", false}, {"reg.resolve.deep.er", true}, {"task.x", false},
		{"pub.x", false},      {"reg.resolve.", false},	      {"", false},
	};
	struct cc_policy *p = must_parse(policy_text);

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_int_equal(cc_policy_takes_gid(p, bytes(rows[i].type)), rows[i].takes);
	cc_policy_unref(p);
}

static void test_servers(void **state)
{
	static const struct {
		const char *why, *type, *signer;
		bool may;
		int line;
	} rows[] = {
		{"star", "reg.resolve", "server", true, 17},
		{"star, another", "reg.resolve", "client", false, 17},
		{"a line above the star", "am.create", "server", false, 18},
		{"class gid", "reg.resolve", "gid:server", false, 17},
		{"nobody", "reg.resolve", NULL, false, 17},
		{"[policy] does not count", "task.x", "tool", false, 17},
		{"no type", "reg..x", "server", false, 0},
	};
	struct cc_policy *p = must_parse(policy_text);

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct cc_policy_line *line = (const void *)p;

		if (cc_policy_may_answer(p, bytes(rows[i].type), signer(rows[i].signer), &line) !=
		    rows[i].may)
			fail_msg("%s", rows[i].why);
		assert_int_equal(line ? line->line : 0, rows[i].line);
	}
	cc_policy_unref(p);
}

/* Without a section nobody may anything; the caller asks whether there is one. */
static void test_sections(void **state)
{
	static const struct {
		const char *text;
		bool policy, servers;
	} rows[] = {
		{"", false, false},
		{"[DEFAULT]\n* = any\n", false, false},
		{"[policy]\n", true, false},
		{"[servers]\n* = any\n", false, true},
		{"[assert-caller]\na = any, prefix *, namespace *\n[policy]\n[servers]\n", true,
		 true},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_policy *p = must_parse(rows[i].text);

		assert_int_equal(cc_policy_has_policy(p), rows[i].policy);
		assert_int_equal(cc_policy_has_servers(p), rows[i].servers);
		assert_false(cc_policy_allows(p, bytes("reg"), signer("a"), NULL));
		assert_int_equal(cc_policy_may_answer(p, bytes("reg"), signer("a"), NULL), i == 3);
		cc_policy_unref(p);
	}
}

/* A class that nobody has thought of is neither ours nor a stranger's. */
static void test_other_class(void **state)
{
	struct cc_policy *p = must_parse("[policy]\n* = any, gid, cn:a\n");
	struct cc_signer other = *signer("a");

	assert_true(cc_policy_allows(p, bytes("reg"), &other, NULL));
	other.cls = (enum cc_signer_class)(CC_CLASS_GID + 1);
	assert_false(cc_policy_allows(p, bytes("reg"), &other, NULL));
	cc_policy_unref(p);
}

static const char caller_text[] =
	"[assert-caller]\n"
	"front = cn:front-1, prefix reg am, namespace ccfed.test, deny reg.remove\n" /* 2 */
	"deep = cn:front-1, prefix reg.resolve, namespace other.test:site\n"	     /* 3 */
	"all = cn:front-2, prefix *, namespace *, deny admin, deny task.start.now\n" /* 4 */
	"one = " IDN "ccfed.test+authority+front, prefix am.create,\n"		     /* 5 */
	" namespace a.test b.test, namespace c.test\n"				     /* 6 */
	"bus = any, prefix pub.infofile, namespace a.test\n"			     /* 7 */
	"again = cn:front-1, prefix reg, namespace *, deny reg.update\n"	     /* 8 */
	"third = cn:front-3, prefix reg, namespace a.test\n";			     /* 9 */

#define USER(authority) IDN authority "+user+u"

static void test_callers(void **state)
{
	static const struct {
		const char *why, *type, *signer;
		bool stated;
		const char *urn;
		enum cc_caller_verdict verdict;
		int line;
	} rows[] = {
		{"no line, none stated", "reg.x", "a", false, NULL, CC_CALLER_OK, 0},
		{"no line, one stated", "reg.x", "a", true, USER("ccfed.test"), CC_CALLER_FORBIDDEN,
		 0},
		{"another prefix", "task.x", "front-1", true, USER("ccfed.test"),
		 CC_CALLER_FORBIDDEN, 0},
		{"another prefix, none stated", "task.x", "front-1", false, NULL, CC_CALLER_OK, 0},
		{"class gid", "reg.x", "gid:front-1", true, USER("ccfed.test"), CC_CALLER_FORBIDDEN,
		 0},
		{"nobody", "reg.x", NULL, true, USER("ccfed.test"), CC_CALLER_FORBIDDEN, 0},
		{"nobody, none stated", "reg.x", NULL, false, NULL, CC_CALLER_OK, 0},
		{"no type", "reg.", "front-1", true, USER("ccfed.test"), CC_CALLER_FORBIDDEN, 0},
		{"stated", "am.x", "front-1", true, USER("ccfed.test"), CC_CALLER_OK, 2},
		{"stated, below the authority", "am.x", "front-1", true, USER("ccfed.test:site"),
		 CC_CALLER_OK, 2},
		{"half an authority", "am.x", "front-1", true, USER("ccfed.test2"),
		 CC_CALLER_NAMESPACE, 2},
		{"the authority above", "am.x", "front-1", true, USER("ccfed"), CC_CALLER_NAMESPACE,
		 2},
		{"another case", "am.x", "front-1", true, USER("CCFED.test"), CC_CALLER_NAMESPACE,
		 2},
		{"missing", "am.x", "front-1", false, NULL, CC_CALLER_MISSING, 2},
		{"missing, where it is denied", "reg.remove", "front-1", false, NULL,
		 CC_CALLER_MISSING, 2},
		{"denied", "reg.remove", "front-1", true, USER("ccfed.test"), CC_CALLER_OPERATION,
		 2},
		{"denied, below", "reg.remove.x", "front-1", true, USER("ccfed.test"),
		 CC_CALLER_OPERATION, 2},
		{"not denied", "reg.removed", "front-1", true, USER("ccfed.test"), CC_CALLER_OK, 2},
		{"denied by another line than allows", "reg.update", "front-1", true,
		 USER("ccfed.test"), CC_CALLER_OPERATION, 8},
		{"allowed by the second of a prefix", "reg.x", "front-1", true, USER("x"),
		 CC_CALLER_OK, 8},
		{"the third of a prefix", "reg.x", "front-3", true, USER("a.test"), CC_CALLER_OK,
		 9},
		{"the longer prefix allows", "reg.resolve", "front-1", true,
		 USER("other.test:site"), CC_CALLER_OK, 3},
		{"the shorter prefix allows", "reg.resolve", "front-1", true, USER("ccfed.test"),
		 CC_CALLER_OK, 2},
		{"the shorter prefix denies", "reg.remove", "front-1", true, USER("x"),
		 CC_CALLER_OPERATION, 2},
		{"star: every type", "job.x", "front-2", true, USER("x"), CC_CALLER_OK, 4},
		{"star: denied", "admin.stats", "front-2", true, USER("x"), CC_CALLER_OPERATION, 4},
		{"star: denied below", "task.start.now", "front-2", true, USER("x"),
		 CC_CALLER_OPERATION, 4},
		{"star: above what is denied", "task.start", "front-2", true, USER("x"),
		 CC_CALLER_OK, 4},
		{"star: no URN of three parts", "job.x", "front-2", true, IDN "x",
		 CC_CALLER_NAMESPACE, 4},
		{"star: no authority", "job.x", "front-2", true, IDN "+user+u", CC_CALLER_NAMESPACE,
		 4},
		{"star: no publicid URN", "job.x", "front-2", true, "urn:uuid:1",
		 CC_CALLER_NAMESPACE, 4},
		{"star: no URN", "job.x", "front-2", true, NULL, CC_CALLER_NAMESPACE, 4},
		{"no URN: am.get_version", "am.get_version", "front-2", true, NULL, CC_CALLER_OK,
		 4},
		{"no URN: reg.get_version", "reg.get_version", "front-1", true, NULL, CC_CALLER_OK,
		 2},
		{"no URN: reg.get_self_credential", "reg.get_self_credential", "front-1", true,
		 NULL, CC_CALLER_OK, 2},
		{"no URN: below that", "am.get_version.x", "front-2", true, NULL,
		 CC_CALLER_NAMESPACE, 4},
		{"no URN: am.get_self_credential", "am.get_self_credential", "front-2", true, NULL,
		 CC_CALLER_NAMESPACE, 4},
		{"a URN of the wrong place: am.get_version", "am.get_version", "front-1", true,
		 USER("x"), CC_CALLER_NAMESPACE, 2},
		{"by URN", "am.create", IDN "ccfed.test+authority+front", true, USER("b.test"),
		 CC_CALLER_OK, 5},
		{"the third namespace", "am.create", IDN "ccfed.test+authority+front", true,
		 USER("c.test:x:y"), CC_CALLER_OK, 5},
		{"none of the three", "am.create", IDN "ccfed.test+authority+front", true,
		 USER("d.test"), CC_CALLER_NAMESPACE, 5},
		{"any", "pub.infofile", "x", true, USER("a.test"), CC_CALLER_OK, 7},
		{"any must", "pub.infofile", "x", false, NULL, CC_CALLER_MISSING, 7},
	};
	struct cc_policy *p = must_parse(caller_text);

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct cc_policy_line *line = (const void *)p;
		enum cc_caller_verdict v =
			cc_policy_caller(p, bytes(rows[i].type), signer(rows[i].signer),
					 rows[i].stated, rows[i].urn, &line);

		if (v != rows[i].verdict || (line ? line->line : 0) != rows[i].line)
			fail_msg("%s: %d, line %d", rows[i].why, (int)v, line ? line->line : 0);
		assert_int_equal(v, cc_policy_caller(p, bytes(rows[i].type), signer(rows[i].signer),
						     rows[i].stated, rows[i].urn, NULL));
	}
	cc_policy_unref(p);
}

/* Ten thousand lines, each of which decides for its own types. */
static void test_many_lines(void **state)
{
	struct cc_buf text = CC_BUF_INIT(0);
	struct cc_policy *p;
	char type[32], name[32];

	cc_buf_printf(&text, "[policy]\n");
	for (unsigned i = 0; i < 5000; i++)
		cc_buf_printf(&text, "p%u = cn:a%u\np%u.x.y = cn:b%u\n", i, i, i, i);
	p = must_parse((char *)text.data);
	cc_buf_deinit(&text);
	for (unsigned i = 0; i < 5000; i++) {
		const struct cc_policy_line *line;

		sprintf(type, "p%u.x", i);
		sprintf(name, "a%u", i);
		assert_true(cc_policy_allows(p, bytes(type), signer(name), &line));
		assert_int_equal(line->line, 2 * i + 2);
		sprintf(type, "p%u.x.y.z", i);
		assert_false(cc_policy_allows(p, bytes(type), signer(name), &line));
		sprintf(name, "b%u", i);
		assert_true(cc_policy_allows(p, bytes(type), signer(name), &line));
		assert_int_equal(line->line, 2 * i + 3);
	}
	cc_policy_unref(p);
}

static void add_line(void *arg, const struct cc_policy_line *line)
{
	unsigned *lines = arg;

	*lines |= 1u << line->line;
}

/* Lines of every section, and no others. */
static void test_each(void **state)
{
	static const unsigned expected[] = {5, 6, 7, 8, 9, 10, 12, 13, 14, 17, 18};
	struct cc_policy *p = must_parse(policy_text);
	unsigned lines = 0;

	cc_policy_each(p, add_line, &lines);
	for (size_t i = 0; i < CC_ARRAY_SIZE(expected); i++)
		lines ^= 1u << expected[i];
	assert_int_equal(lines, 0);
	cc_policy_unref(p);
}

static void test_refs(void **state)
{
	struct cc_policy *p = must_parse("[policy]\n* = any\n"), *other = cc_policy_ref(p);

	assert_ptr_equal(other, p);
	cc_policy_unrefp(&p);
	assert_null(p);
	assert_true(cc_policy_allows(other, bytes("a"), signer("a"), NULL));
	cc_policy_unref(other);
	cc_policy_unref(NULL);
	cc_policy_unrefp(&p);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_lines),	  cmocka_unit_test(test_shown_line),
	cmocka_unit_test(test_takes_gid), cmocka_unit_test(test_servers),
	cmocka_unit_test(test_sections),  cmocka_unit_test(test_other_class),
	cmocka_unit_test(test_callers),	  cmocka_unit_test(test_many_lines),
	cmocka_unit_test(test_each),	  cmocka_unit_test(test_refs),
};

TEST_MAIN(tests)
