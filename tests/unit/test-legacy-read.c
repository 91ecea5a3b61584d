/* SPDX-License-Identifier: ISC */
/*
 * How legacy forms are read: XML-RPC data, which form a text has, and the fields of credentials and
 * tickets in certificates.
 */
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/legacy_int.h"
#include "tests/unit/legacykit.h"
#include "tests/unit/trustpki.h"

/* ---- XML-RPC ---- */

#define ONE(v) PARAMS(MEMBER("a", v))
#define A4(v) "<array><data><value>" v "</value></data></array>"
#define ARRAYS_3(v) A4(A4(A4(v)))
#define ARRAYS_15(v) ARRAYS_3(ARRAYS_3(ARRAYS_3(ARRAYS_3(ARRAYS_3(v)))))

static const struct {
	const char *text, *json;
} params_good[] = {
	{PARAMS(""), "{}"},
	{ONE("<string>x</string>"), "{\"a\":\"x\"}"},
	{ONE("<string></string>"), "{\"a\":\"\"}"},
	{ONE("<string/>"), "{\"a\":\"\"}"},
	{ONE(" x "), "{\"a\":\" x \"}"},
	{ONE(""), "{\"a\":\"\"}"},
	{ONE("<string>&lt;a&amp;b&gt;&#xe9;</string>"), "{\"a\":\"<a&b>\xc3\xa9\"}"},
	{ONE("<int>24</int>"), "{\"a\":24}"},
	{ONE("<i4>-2147483648</i4>"), "{\"a\":-2147483648}"},
	{ONE("<int>+2147483647</int>"), "{\"a\":2147483647}"},
	{ONE("<double>1227000000.5</double>"), "{\"a\":1227000000.5}"},
	{ONE("<double>1e+16</double>"), "{\"a\":1e16}"},
	{ONE("<double>-0.25E-1</double>"), "{\"a\":-0.025}"},
	{ONE("<boolean>1</boolean>"), "{\"a\":true}"},
	{ONE("<boolean>0</boolean>"), "{\"a\":false}"},
	{ONE("<nil/>"), "{\"a\":null}"},
	{ONE("\n<nil/>\n"), "{\"a\":null}"},
	{ONE("<array><data></data></array>"), "{\"a\":[]}"},
	{ONE("<array><data>\n<value>x</value>\n<value><int>1</int></value></data></array>"),
	 "{\"a\":[\"x\",1]}"},
	{ONE("<struct>" MEMBER("b", "<nil/>") "</struct>"), "{\"a\":{\"b\":null}}"},
	{PARAMS(MEMBER("a", "1") MEMBER("A", "2")), "{\"A\":\"2\",\"a\":\"1\"}"},
	{ONE(ARRAYS_15("x")), "{\"a\":[[[[[[[[[[[[[[[\"x\"]]]]]]]]]]]]]]]}"},
};

static const struct {
	const char *text;
	int rule;
	const char *why;
} params_bad[] = {
	{"", CC_RULE_XML_FORM, ""},
	{"<params>", CC_RULE_XML_FORM, ""},
	{"<!DOCTYPE params>" PARAMS(""), CC_RULE_XML_PLAIN, ""},
	{PARAMS("<!-- -->"), CC_RULE_XML_PLAIN, ""},
	{"<params/>", CC_RULE_XML_ELEMENT, "param"},
	{"<methodCall/>", CC_RULE_XML_ELEMENT, "no params, but methodCall"},
	{"<params xmlns='x'/>", CC_RULE_XML_LIMIT, ""},
	{"<params><param><value>x</value></param></params>", CC_RULE_XML_ELEMENT, ""},
	{"<params><param><value><int>1</int></value></param></params>", CC_RULE_XML_ELEMENT, ""},
	{"<params><param><value><struct/></value></param><param/></params>", CC_RULE_XML_ELEMENT,
	 ""},
	{PARAMS("x"), CC_RULE_XML_ELEMENT, ""},
	{PARAMS("<value>x</value>"), CC_RULE_XML_ELEMENT, ""},
	{PARAMS("<member><name>a</name></member>"), CC_RULE_XML_ELEMENT, "value"},
	{PARAMS("<member><value>a</value></member>"), CC_RULE_XML_ELEMENT, "name"},
	{PARAMS("<member><name>a</name><value/><value/></member>"), CC_RULE_XML_ELEMENT, ""},
	{PARAMS("<member><name><b/></name><value/></member>"), CC_RULE_XML_ELEMENT, ""},
	{PARAMS(MEMBER("", "1")), CC_RULE_XML_ELEMENT, "a member without a name"},
	{PARAMS(MEMBER("a b", "1")), CC_RULE_XML_ELEMENT, "a member without a name"},
	{PARAMS(MEMBER("&#x9b;", "1")), CC_RULE_XML_ELEMENT, "a member without a name"},
	{PARAMS(MEMBER("a", "1") MEMBER("a", "1")), CC_RULE_XML_ELEMENT,
	 "two members are called a"},
	{ONE("<base64>AA==</base64>"), CC_RULE_XML_ELEMENT, "unknown type base64"},
	{ONE("<dateTime.iso8601>x</dateTime.iso8601>"), CC_RULE_XML_ELEMENT, "unknown type"},
	{ONE("<Int>1</Int>"), CC_RULE_XML_ELEMENT, "unknown type Int"},
	{ONE("x<int>1</int>"), CC_RULE_XML_ELEMENT, ""},
	{ONE("<int>1</int><int>1</int>"), CC_RULE_XML_ELEMENT, ""},
	{ONE("<int></int>"), CC_RULE_XML_ELEMENT, "no integer"},
	{ONE("<int> 1</int>"), CC_RULE_XML_ELEMENT, "no integer"},
	{ONE("<int>1.0</int>"), CC_RULE_XML_ELEMENT, "no integer"},
	{ONE("<int>0x1</int>"), CC_RULE_XML_ELEMENT, "no integer"},
	{ONE("<int>2147483648</int>"), CC_RULE_XML_ELEMENT, "no integer"},
	{ONE("<i4>-2147483649</i4>"), CC_RULE_XML_ELEMENT, "no integer"},
	{ONE("<int>99999999999999999999</int>"), CC_RULE_XML_ELEMENT, "no integer"},
	{ONE("<double>nan</double>"), CC_RULE_XML_ELEMENT, "no finite number"},
	{ONE("<double>inf</double>"), CC_RULE_XML_ELEMENT, "no finite number"},
	{ONE("<double>1e999</double>"), CC_RULE_XML_ELEMENT, "no finite number"},
	{ONE("<double>0x1p3</double>"), CC_RULE_XML_ELEMENT, "no finite number"},
	{ONE("<double>1e</double>"), CC_RULE_XML_ELEMENT, "no finite number"},
	{ONE("<double>.5</double>"), CC_RULE_XML_ELEMENT, "no finite number"},
	{ONE("<boolean>true</boolean>"), CC_RULE_XML_ELEMENT, "neither 0 nor 1"},
	{ONE("<boolean>10</boolean>"), CC_RULE_XML_ELEMENT, "neither 0 nor 1"},
	{ONE("<nil>x</nil>"), CC_RULE_XML_ELEMENT, "something in nil"},
	{ONE("<nil><a/></nil>"), CC_RULE_XML_ELEMENT, ""},
	{ONE("<array/>"), CC_RULE_XML_ELEMENT, "data"},
	{ONE("<array><data/><data/></array>"), CC_RULE_XML_ELEMENT, ""},
	{ONE("<array><data><int>1</int></data></array>"), CC_RULE_XML_ELEMENT, ""},
	{ONE("<struct><value/></struct>"), CC_RULE_XML_ELEMENT, ""},
	{ONE(A4(ARRAYS_15("<nil/>"))), CC_RULE_XML_LIMIT, "deeper than 16"},
};

static void test_params_good(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(params_good); i++) {
		cc_cleanup(json_decrefp) json_t *want = json_loads(params_good[i].json, 0, NULL);
		cc_cleanup(json_decrefp) json_t *got = NULL;
		struct cc_note why = {0};

		print_message("# good %zu\n", i);
		assert_int_equal(tr_params_read(params_good[i].text, strlen(params_good[i].text),
						&got, &why),
				 0);
		assert_non_null(want);
		assert_true(json_equal(want, got));
	}
}

static void test_params_bad(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(params_bad); i++) {
		const char *text = params_bad[i].text;
		struct cc_note why = {0};
		json_t *got = NULL;

		print_message("# bad %zu\n", i);
		assert_int_equal(tr_params_read(text, strlen(text), &got, &why),
				 params_bad[i].rule);
		assert_non_null(strstr(why.text, params_bad[i].why));
		assert_null(got);
	}
}

/* A member's name, and the whole. */
static void test_params_size(void **state)
{
	char *text = NULL;
	json_t *got = NULL;

	for (int len = 255; len <= 256; len++) {
		assert_true(asprintf(&text, PARAMS("<member><name>%0*d</name><value/></member>"),
				     len, 0) > 0);
		assert_int_equal(tr_params_read(text, strlen(text), &got, NULL),
				 len == 255 ? 0 : CC_RULE_XML_LIMIT);
		free(text);
	}
	json_decref(got);
	assert_true(asprintf(&text, ONE("%*d"), 256 << 10, 0) > 0);
	assert_int_equal(tr_params_read(text, strlen(text), &got, NULL), CC_RULE_XML_FORM);
	free(text);
}

/* ---- which form a text has ---- */

static const struct {
	const char *text;
	bool legacy;
} forms[] = {
	{"-----BEGIN CERTIFICATE-----\nAA==", true},
	{" \n-----BEGIN CERTIFICATE-----", true},
	{"text before\n-----BEGIN CERTIFICATE-----", true},
	{"MIICAA==", true},
	{"\n  MIICAA==", true},
	{"<?xml version=\"1.0\"?><a>-----BEGIN CERTIFICATE-----</a>", false},
	{" <signed-credential>-----BEGIN CERTIFICATE-----</signed-credential>", false},
	{"\xef\xbb\xbf<a>-----BEGIN CERTIFICATE-----</a>", false},
	{"MII<a/>", false},
	{"-----BEGIN RSA PRIVATE KEY-----", false},
	{"MII", false},
	{"", false},
	{"    ", false},
	{"nothing", false},
};

static void test_forms(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(forms); i++) {
		print_message("# form %zu\n", i);
		assert_int_equal(tr_legacy_is(forms[i].text, strlen(forms[i].text)),
				 forms[i].legacy);
	}
}

/* ---- reading ---- */

static struct tp *with_data(const char *data)
{
	char *params = NULL;
	struct tp_spec spec = {.cn = "someone", .ca = TP_CA_ABSENT};
	struct tp *made;

	if (data)
		assert_true(asprintf(&params, "http://" PARAMS("%s"), data) > 0);
	spec.params = params;
	made = tp_raw(&spec, NULL);
	free(params);
	return made;
}

#define CRED(more) MEMBER("privileges", "<nil/>") more

static void test_read(void **state)
{
	static const struct {
		const char *data; /* NULL: none */
		int rule;
		const char *why;
	} rows[] = {
		{CRED(""), 0, ""},
		{MEMBER("uuid", "1") MEMBER("hrn", "a.b"), 0, ""},
		{CRED(MEMBER("delegate", "<boolean>1</boolean>")), 0, ""},
		{NULL, CC_RULE_CRED_TYPE, "someone is a certificate without data"},
		{"", CC_RULE_CRED_TYPE, "neither GID, credential nor ticket"},
		{MEMBER("hrn", "a.b"), CC_RULE_CRED_TYPE, "neither"},
		{MEMBER("uuid", "1") MEMBER("privileges", "a"), CC_RULE_CRED_TYPE,
		 "\"privileges\" does not belong there"},
		{MEMBER("uuid", "<int>1</int>"), CC_RULE_XML_ELEMENT, "its uuid"},
		{CRED(MEMBER("delegate", "<int>1</int>")), CC_RULE_XML_ELEMENT, "its delegate"},
		{CRED(MEMBER("delegate", "<nil/>")), CC_RULE_XML_ELEMENT, "its delegate"},
		{CRED(MEMBER("lifeTime", "<boolean>1</boolean>")), CC_RULE_XML_ELEMENT,
		 "its lifeTime"},
		{MEMBER("privileges", "<int>1</int>"), CC_RULE_XML_ELEMENT, "its privileges"},
		{MEMBER("privileges", ""), CC_RULE_XML_ELEMENT, "its privileges"},
		{MEMBER("privileges", "a,,b"), CC_RULE_XML_ELEMENT, "its privileges"},
		{MEMBER("privileges", "a,"), CC_RULE_XML_ELEMENT, "its privileges"},
		{MEMBER("privileges", "a, b"), CC_RULE_XML_ELEMENT, "its privileges"},
		{MEMBER("privileges", "&#x9b;"), CC_RULE_XML_ELEMENT, "its privileges"},
		{CRED(MEMBER("gidCaller", "<int>1</int>")), CC_RULE_XML_ELEMENT, "its gidCaller"},
		{CRED(MEMBER("gidCaller", "nothing")), CC_RULE_CERT_FORM, "its gidCaller: "},
		{CRED(MEMBER("gidObject", "")), CC_RULE_CERT_FORM, "its gidObject: "},
		{CRED("<x/>"), CC_RULE_XML_ELEMENT, ""},
		{MEMBER("attributes", "x"), CC_RULE_XML_ELEMENT, "its attributes"},
		{MEMBER("attributes", "<nil/>") MEMBER("rspec", "<int>1</int>"),
		 CC_RULE_XML_ELEMENT, "its rspec"},
		{MEMBER("attributes", "<nil/>") MEMBER("rspec", "<nil/>"), 0, ""},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct tp *made = with_data(rows[i].data);
		char *text = tp_pem(made);
		struct tr_legacy *l = NULL;
		struct cc_note why = {0};

		print_message("# data %zu\n", i);
		assert_int_equal(tr_legacy_read(NULL, text, strlen(text), &l, &why), rows[i].rule);
		assert_non_null(strstr(why.text, rows[i].why));
		assert_int_equal(l != NULL, rows[i].rule == 0);
		tr_legacy_free(l);
		free(text);
		tp_free(made);
	}
	assert_int_equal(tr_legacy_read(NULL, "MIIC", 4, &(struct tr_legacy *){NULL}, NULL),
			 CC_RULE_CERT_FORM);
}

static void test_read_fields(void **state)
{
	struct tp *made =
		with_data(MEMBER("privileges", "embed,x") MEMBER("delegate", "<boolean>1</boolean>")
				  MEMBER("lifeTime", "2027-01-15T09:00:00+01:00"));
	char *text = tp_pem(made);
	struct tr_legacy *l = NULL;

	assert_int_equal(tr_legacy_read(NULL, text, strlen(text), &l, NULL), 0);
	assert_int_equal(l->kind, TR_LEGACY_CRED);
	assert_int_equal(l->chain.count, 1);
	assert_int_equal(l->caller.count, 0);
	assert_int_equal(l->object.count, 0);
	assert_true(l->delegate);
	assert_int_equal(l->life_time, TP_NOW);
	assert_int_equal(l->n_privileges, 2);
	assert_string_equal(l->privileges[0].name, "embed");
	assert_string_equal(l->privileges[1].name, "x");
	assert_true(l->privileges[0].can_delegate && l->privileges[1].can_delegate);
	assert_string_equal(json_string_value(json_object_get(l->data, "privileges")), "embed,x");
	tr_legacy_free(l);
	free(text);
	tp_free(made);
}

/* How many rights, how long one, how large the whole. */
static void test_read_limits(void **state)
{
	char names[2 * TR_PRIVILEGES_MAX + 2], *data = NULL;

	for (size_t n = TR_PRIVILEGES_MAX; n <= TR_PRIVILEGES_MAX + 1; n++) {
		struct tr_legacy *l = NULL;
		struct tp *made;
		char *text;

		for (size_t i = 0; i < n; i++)
			memcpy(names + 2 * i, "a,", 2);
		names[2 * n - 1] = '\0';
		assert_true(asprintf(&data, MEMBER("privileges", "%s"), names) > 0);
		made = with_data(data);
		text = tp_pem(made);
		assert_int_equal(tr_legacy_read(NULL, text, strlen(text), &l, NULL),
				 n == TR_PRIVILEGES_MAX ? 0 : CC_RULE_XML_LIMIT);
		tr_legacy_free(l);
		free(text);
		tp_free(made);
		free(data);
	}
	for (int n = TR_PRIVILEGE_NAME_MAX; n <= TR_PRIVILEGE_NAME_MAX + 1; n++) {
		struct tr_legacy *l = NULL;
		struct tp *made;
		char *text;

		assert_true(asprintf(&data, MEMBER("privileges", "%0*d"), n, 0) > 0);
		made = with_data(data);
		text = tp_pem(made);
		assert_int_equal(tr_legacy_read(NULL, text, strlen(text), &l, NULL),
				 n == TR_PRIVILEGE_NAME_MAX ? 0 : CC_RULE_XML_ELEMENT);
		tr_legacy_free(l);
		free(text);
		tp_free(made);
		free(data);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_params_good), cmocka_unit_test(test_params_bad),
	cmocka_unit_test(test_params_size), cmocka_unit_test(test_forms),
	cmocka_unit_test(test_read),	    cmocka_unit_test(test_read_fields),
	cmocka_unit_test(test_read_limits),
};

TEST_MAIN(tests)
