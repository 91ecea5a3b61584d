/* SPDX-License-Identifier: ISC */
/* Lines of an import. */
#include <stdio.h>

#include "lib/base/limits.h"
#include "lib/base/util.h"
#include "lib/registry/import.h"
#include "tests/test.h"
#include "tests/unit/fail-alloc.h"
#include "tests/unit/trustpki.h"

#define NOW TP_NOW
#define PERSON "'type':'person','site':'princeton','last_name':'Neil','first_name':'Jo'"

static char *line_of(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static int read_item(const char *text, struct rg_item *out, struct cc_note *why)
{
	struct rg_name top;

	assert_int_equal(rg_name_read("plc", "authority", &top, NULL), 0);
	return rg_item_read(text, strlen(text), &top, NOW, out, why);
}

/* ---- cleaning (spec sfa 7) ---- */

static void test_clean(void **state)
{
	static const struct {
		const char *text, *clean;
	} rows[] = {
		{"", ""},
		{"Jones", "Jones"},
		{"O'Neil", "O_Neil"},
		{"a b.c(d)e\"f", "a_b_c_d_e_f"},
		{"Jos\xc3\xa9", "Jos"},
		{"\xe6\x97\xa5", ""},
		{"a\tb\nc\x01", "abc"},
		{"planetlab-1.cs.princeton.edu", "planetlab-1_cs_princeton_edu"},
		{"0123456789012345678901234567890123456789012345678901234567890123x",
		 "0123456789012345678901234567890123456789012345678901234567890123"},
	};
	char out[65];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		rg_clean(rows[i].text, out);
		assert_string_equal(out, rows[i].clean);
	}
}

/* ---- kinds ---- */

struct row {
	const char *text, *name; /* NULL: refused, with */
	const char *why;
};

static const struct row rows[] = {
	{"{'type':'site','login_base':'princeton','name':'Princeton','site_id':7}", "plc.princeton",
	 NULL},
	{"{'type':'site','login_base':'Prince Ton'}", "plc.prince_ton", NULL},
	{"{" PERSON ",'email':'jo@x','roles':['pi','tech'],'person_id':3}", "plc.princeton.neil_jo",
	 NULL},
	{"{'type':'person','site':'a','last_name':'','first_name':'Jo'}", "plc.a._jo", NULL},
	{"{'type':'node','site':'princeton','hostname':'PL1.x.org','node_id':5}",
	 "plc.princeton.PL1_x_org", NULL},
	{"{'type':'slice','name':'princeton_code_en','persons':['a@x','plc.a.b']}",
	 "plc.princeton.code_en", NULL},
	{"{'type':'slice','name':'a_b','expires':1}", "plc.a.b", NULL},
	{"{'hrn':'plc.site.alice','type':'user','gid':''}", "plc.site.alice", NULL},
	{"{'hrn':'plc.site.sl','type':'slice','expires':'2030-01-01T00:00:00Z'}", "plc.site.sl",
	 NULL},

	{"", NULL, "no JSON object"},
	{"[]", NULL, "no JSON object"},
	{"{'a':1,'a':2}", NULL, "no JSON object"},
	{"{}", NULL, "its type is none of"},
	{"{'type':'Site','login_base':'a'}", NULL, "its type is none of"},
	{"{'type':'site'}", NULL, "no name"},
	{"{'type':'site','login_base':'\\u00e9'}", NULL, "no name"},
	{"{'type':'site','login_base':'a+b'}", NULL, ""},
	{"{'type':'site','login_base':'-a'}", NULL, "begins with"},
	{"{'type':'site','login_base':'a','site_id':2147483648}", NULL, "too large"},
	{"{'type':'site','login_base':'a','name':'a\\u0001'}", NULL, "control character"},
	{"{'type':'person','site':'a'}", NULL, "no name"},
	{"{'type':'person','last_name':'x','first_name':'y'}", NULL, "no site"},
	{"{" PERSON ",'keys':'x'}", NULL, "no list"},
	{"{" PERSON ",'keys':['']}", NULL, "32 ssh lines"},
	{"{" PERSON ",'keys':[1]}", NULL, "32 ssh lines"},
	{"{" PERSON ",'keys':['a\\nb']}", NULL, "32 ssh lines"},
	{"{" PERSON ",'email':'a\\nb'}", NULL, "email"},
	{"{'type':'node','site':'a'}", NULL, "no name"},
	{"{'type':'slice','name':'nounderscore'}", NULL, "SITE_NAME"},
	{"{'type':'slice','name':'_x'}", NULL, "SITE_NAME"},
	{"{'type':'slice','name':'a_'}", NULL, "no name"},
	{"{'type':'slice','name':'a.b_x','persons':3}", NULL, "list"},
	{"{'type':'slice','name':'a_x','persons':[3]}", NULL, "persons"},
	{"{'type':'slice','name':'a_x','attributes':[3]}", NULL, "{name, value}"},
	{"{'type':'slice','name':'a_x','expires':'x'}", NULL, "date"},
	{"{'hrn':'plc.site.a+b','type':'user'}", NULL, "a name has"},
	{"{'hrn':'plc.site.a','type':'user','x':1}", NULL, "no such field"},
	{"{'hrn':'plc.site.a','type':'user','gid':'x'}", NULL, "no GID of that name"},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char *text = line_of(rows[i].text);
		struct cc_note why = {0};
		struct rg_item item;
		int r = read_item(text, &item, &why);

		if (r != (rows[i].name ? 0 : RG_IMPORT_BAD))
			fail_msg("%s: %d %s", text, r, why.text);
		if (rows[i].name)
			assert_string_equal(item.record.name, rows[i].name);
		else if (!*why.text || !strstr(why.text, rows[i].why))
			fail_msg("%s: %s", text, why.text);
		rg_item_deinit(&item);
		free(text);
	}
}

/* Two that would be called the same are called the same: rg_insert sees it, nothing is merged. */
static void test_collisions(void **state)
{
	static const char *const pairs[][2] = {
		{"{'type':'person','site':'a','last_name':'O Neil','first_name':'J'}",
		 "{'type':'person','site':'a','last_name':'o.neil','first_name':'J'}"},
		{"{'type':'site','login_base':'a b'}", "{'type':'site','login_base':'A(b'}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(pairs); i++) {
		struct rg_item items[2];

		for (int k = 0; k < 2; k++) {
			char *text = line_of(pairs[i][k]);

			assert_int_equal(read_item(text, &items[k], NULL), 0);
			free(text);
		}
		assert_string_equal(items[0].record.name, items[1].record.name);
		assert_int_equal(items[0].record.type, items[1].record.type);
		rg_item_deinit(&items[0]);
		rg_item_deinit(&items[1]);
	}
}

static void test_person(void **state)
{
	char *text = line_of("{" PERSON ",'email':'jo@x','keys':['ssh-rsa bad','ssh-foo AAAA'],"
			     "'roles':['tech','user'],'person_id':3,'phone':'1'}");
	struct rg_item item;

	assert_int_equal(read_item(text, &item, NULL), 0);
	assert_true(item.tech && !item.pi && !item.record.has_key);
	assert_string_equal(item.record.email, "jo@x");
	assert_string_equal(item.site, "plc.princeton");
	assert_int_equal(item.record.pointer, 3);
	assert_int_equal(json_array_size(item.record.keys), 2);
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(item.record.info, "pl_info"), "phone")),
			    "1");
	/* its keys stand in their own list only */
	assert_null(json_object_get(json_object_get(item.record.info, "pl_info"), "keys"));
	rg_item_deinit(&item);
	free(text);
}

/* ---- records with GIDs ---- */

static char *record_line(const char *hrn, const struct tp *p)
{
	cc_cleanup(cc_freep) char *pem = tp_pem_chain(p);
	json_t *o = json_pack("{s:s, s:s, s:s}", "hrn", hrn, "type", "user", "gid", pem);
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	return text;
}

static void test_gid(void **state)
{
	const struct tp_world *w = tp_world();
	struct cc_note why = {0};
	struct rg_item item;
	char *text = record_line("plc.site.alice", w->alice);

	assert_int_equal(read_item(text, &item, &why), 0);
	assert_true(item.record.has_key);
	assert_memory_equal(item.record.key_hash, w->alice->gid->key_hash, RG_KEY_HASH);
	rg_item_deinit(&item);
	free(text);
	text = record_line("plc.site.bob", w->alice);
	assert_int_equal(read_item(text, &item, &why), RG_IMPORT_BAD);
	rg_item_deinit(&item);
	free(text);
}

/* ---- depth, size ---- */

static int deep(const char *head, unsigned depth, const char *tail)
{
	char text[512] = "";
	struct rg_item item;
	int r;

	strcat(text, head);
	for (unsigned i = 0; i < depth; i++)
		strcat(text, "[");
	for (unsigned i = 0; i < depth; i++)
		strcat(text, "]");
	strcat(text, tail);
	r = read_item(text, &item, NULL);
	rg_item_deinit(&item);
	return r;
}

static void test_depth(void **state)
{
	static const char site[] = "{\"type\":\"site\",\"login_base\":\"a\",\"x\":";
	static const char record[] = "{\"hrn\":\"plc.a.b\",\"type\":\"user\",\"pl_info\":{\"x\":";

	assert_int_equal(deep(site, 15, "}"), 0);
	assert_int_equal(deep(site, 16, "}"), RG_IMPORT_BAD);
	assert_int_equal(deep(record, CC_JSON_DEPTH - 2, "}}"), 0);
	assert_int_equal(deep(record, CC_JSON_DEPTH - 1, "}}"), RG_IMPORT_BAD);
	/* brackets in a text are none */
	assert_int_equal(deep("{\"type\":\"site\",\"login_base\":\"a\",\"x\":\"\\\"", 100, "\"}"),
			 0);
}

static void test_fields_together(void **state)
{
	for (int more = 0; more < 2; more++) {
		size_t len = RG_INFO_MAX + (more ? 0u : (size_t)-1000);
		char *text = malloc(len + 200);
		struct rg_item item;
		int n;

		assert_non_null(text);
		n = sprintf(text, "{\"type\":\"site\",\"login_base\":\"a\",\"x\":\"");
		memset(text + n, 'x', len);
		strcpy(text + n + len, "\"}");
		assert_int_equal(read_item(text, &item, NULL), more ? RG_IMPORT_BAD : 0);
		rg_item_deinit(&item);
		free(text);
	}
}

/* ---- no memory ---- */

static void *tight_malloc(size_t n)
{
	return __wrap_malloc(n);
}

/* How many allocations jansson needs for a line: when it finds no memory it may end the program. */
static long parsing(const char *text)
{
	const long many = 1000000;
	json_t *o;

	alloc_fail_after(many);
	o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	json_decref(o);
	return many - alloc_left;
}

static void test_memory(void **state)
{
	static const char *const lines[] = {
		"{'type':'site','login_base':'princeton','name':'Princeton','site_id':7}",
		"{" PERSON ",'email':'jo@x','keys':['ssh-rsa bad'],'roles':['pi']}",
		"{'type':'slice','name':'a_b','persons':['a@x'],'attributes':[]}",
		"{'type':'node','site':'a','hostname':'h'}",
		"{'hrn':'plc.site.alice','type':'user','name':'x','reg-keys':['k']}",
	};

	json_set_alloc_funcs(tight_malloc, free);
	for (size_t i = 0; i < CC_ARRAY_SIZE(lines); i++) {
		char *text = line_of(lines[i]);
		long failed = 0;

		for (long n = parsing(text);; n++) {
			struct rg_item item;
			int r;

			alloc_fail_after(n);
			r = read_item(text, &item, NULL);
			alloc_left = -1;
			rg_item_deinit(&item);
			if (!alloc_failed)
				break;
			if (r != -CC_ENOMEM)
				fail_msg("%s: allocation %ld: %d", text, n, r);
			failed++;
		}
		assert_true(failed >= 5);
		free(text);
	}
	json_set_alloc_funcs(malloc, free);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_clean),
	cmocka_unit_test(test_rows),
	cmocka_unit_test(test_collisions),
	cmocka_unit_test(test_person),
	cmocka_unit_test(test_gid),
	cmocka_unit_test(test_depth),
	cmocka_unit_test(test_fields_together),
	cmocka_unit_test(test_memory),
};

TEST_MAIN(tests)
