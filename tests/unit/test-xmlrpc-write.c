/* SPDX-License-Identifier: ISC */
/* XML-RPC, written: the exact text, what cannot be written, and what is read again. */
#include <float.h>
#include <locale.h>
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/xmlrpc/xmlrpc.h"
#include "tests/test.h"

static json_t *json_of(const char *text)
{
	json_error_t e;
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);

	if (!value)
		fail_msg("%s: %s", text, e.text);
	return value;
}

static const struct {
	const char *json, *xml;
} rows[] = {
	{"1", "<int>1</int>"},
	{"-2147483648", "<int>-2147483648</int>"},
	{"2147483648", "<i8>2147483648</i8>"},
	{"-9223372036854775808", "<i8>-9223372036854775808</i8>"},
	{"true", "<boolean>1</boolean>"},
	{"false", "<boolean>0</boolean>"},
	{"null", "<nil/>"},
	{"1.5", "<double>1.5</double>"},
	{"0.1", "<double>0.10000000000000001</double>"},
	{"-1e300", "<double>-1.0000000000000001e+300</double>"},
	{"\"\"", "<string></string>"},
	{"\"a<b>&\\\"' \\t\\n\\r\"", "<string>a&lt;b&gt;&amp;\"' \t\n&#xD;</string>"},
	{"\"\\u00e4\\ud83d\\ude00\"", "<string>\xc3\xa4\xf0\x9f\x98\x80</string>"},
	{"[]", "<array><data>\n</data></array>"},
	{"[1,[2]]", "<array><data>\n<value><int>1</int></value>\n<value><array><data>\n"
		    "<value><int>2</int></value>\n</data></array></value>\n</data></array>"},
	{"{}", "<struct>\n</struct>"},
	{"{\"a&\":{\"\":[]}}",
	 "<struct>\n<member>\n<name>a&amp;</name><value><struct>\n<member>\n<name></name><value>"
	 "<array><data>\n</data></array></value>\n</member>\n</struct></value>\n</member>\n</"
	 "struct>"},
	{"{\"$base64\":\"YWI=\"}", "<base64>YWI=</base64>"},
	{"{\"$base64\":\"\"}", "<base64></base64>"},
	{"{\"$dateTime\":\"20261126T19:35:21\"}",
	 "<dateTime.iso8601>20261126T19:35:21</dateTime.iso8601>"},
	{"{\"$$base64\":1}", "<struct>\n<member>\n<name>$base64</name><value><int>1</int></"
			     "value>\n</member>\n</struct>"},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0), want = CC_BUF_INIT(0);
		cc_cleanup(json_decrefp) json_t *value = json_of(rows[i].json);

		cc_buf_puts(&out, "before ");
		if (xr_put_value(&out, value) != 0)
			fail_msg("%s: %s", rows[i].json, cc_err_text(out.err));
		cc_buf_printf(&want, "before <value>%s</value>", rows[i].xml);
		assert_string_equal(out.data, want.data);
	}
}

static void test_documents(void **state)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
	cc_cleanup(json_decrefp) json_t *params = json_of("[1,\"a\"]");

	assert_int_equal(xr_put_call(&out, "m.n", params), 0);
	assert_string_equal(out.data, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<methodCall>\n"
				      "<methodName>m.n</methodName>\n<params>\n<param>\n"
				      "<value><int>1</int></value>\n</param>\n<param>\n"
				      "<value><string>a</string></value>\n</param>\n</params>\n"
				      "</methodCall>\n");
	cc_buf_reset(&out);
	assert_int_equal(xr_put_response(&out, json_array_get(params, 0)), 0);
	assert_string_equal(out.data, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
				      "<methodResponse>\n<params>\n<param>\n"
				      "<value><int>1</int></value>\n</param>\n</params>\n"
				      "</methodResponse>\n");
	cc_buf_reset(&out);
	assert_int_equal(xr_put_fault(&out, -1, "a < b"), 0);
	assert_string_equal(
		out.data, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<methodResponse>\n<fault>\n"
			  "<value><struct>\n<member>\n<name>faultCode</name>\n"
			  "<value><int>-1</int></value>\n</member>\n<member>\n"
			  "<name>faultString</name>\n<value><string>a &lt; b</string></value>\n"
			  "</member>\n</struct></value>\n</fault>\n</methodResponse>\n");
}

static const struct {
	const char *why, *json;
} bad[] = {
	{"a NUL", "\"a\\u0000\""},
	{"a control character", "[\"\\u001f\"]"},
	{"a character that is none", "\"\\uffff\""},
	{"such a name", "{\"\\u0001\":1}"},
	{"an unknown mark", "{\"$x\":1}"},
	{"a dollar", "{\"$\":1}"},
	{"a mark and more", "{\"$base64\":\"YWI=\",\"a\":1}"},
	{"two marks", "{\"$base64\":\"\",\"$dateTime\":\"20261126T19:35:21\"}"},
	{"a mark that is no string", "{\"$base64\":1}"},
	{"no base64", "{\"$base64\":\"YWI\"}"},
	{"no date", "{\"$dateTime\":\"20261126\"}"},
	{"a mark in a list", "[{\"a\":{\"$dateTime\":null}}]"},
};

static void test_bad(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
		cc_cleanup(json_decrefp) json_t *value = json_of(bad[i].json);
		int r = xr_put_response(&out, value);

		if (r != -CC_EFORMAT || out.err != -CC_EFORMAT)
			fail_msg("%s: %d, %d", bad[i].why, r, out.err);
	}
}

static void refused_call(const char *method, const char *json)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
	cc_cleanup(json_decrefp) json_t *params = json_of(json);

	assert_int_equal(xr_put_call(&out, method, params), -CC_EINVAL);
	assert_int_equal(out.err, -CC_EINVAL);
}

static void test_arguments(void **state)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
	char name[XR_METHOD_MAX + 2] = {0};

	refused_call("m n", "[]");
	refused_call("", "[]");
	refused_call("<m>", "[]");
	refused_call("m", "{}");
	memset(name, 'm', XR_METHOD_MAX + 1);
	refused_call(name, "[]");
	assert_int_equal(xr_put_response(&out, NULL), -CC_EINVAL);
	cc_buf_reset(&out);
	assert_int_equal(xr_put_fault(&out, 1, "\xe4"), -CC_EFORMAT);
}

/* As many arrays, or structs, within each other. */
static int of_depth(unsigned depth, bool array)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
	json_t *value = json_true();
	int r;

	for (unsigned i = 0; i < depth; i++)
		value = array ? json_pack("[o]", value) : json_pack("{s:o}", "a", value);
	assert_non_null(value);
	r = xr_put_value(&out, value);
	json_decref(value);
	assert_int_equal(out.err, r);
	return r;
}

static void test_limits(void **state)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(100);
	cc_cleanup(json_decrefp) json_t *value = json_of("[\"12345678901234567890\"]");

	for (unsigned array = 0; array < 2; array++) {
		assert_int_equal(of_depth(XR_DEPTH, array), 0);
		assert_int_equal(of_depth(XR_DEPTH + 1, array), -CC_ELIMIT);
		assert_int_equal(of_depth(1000, array), -CC_ELIMIT);
	}
	assert_int_equal(xr_put_value(&out, value), 0);
	assert_int_equal(xr_put_value(&out, value), -CC_ELIMIT);
	/* and so on */
	assert_int_equal(xr_put_value(&out, json_null()), -CC_ELIMIT);
}

/* What is written is read again as it was. */
static json_t *again(const json_t *value)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
	struct xr_response got = {0};
	struct cc_note why = {0};

	assert_int_equal(xr_put_response(&out, value), 0);
	if (xr_response_read((char *)out.data, out.len, &got, &why) != 0)
		fail_msg("%s: %s", (char *)out.data, why.text);
	return got.value;
}

static void test_again(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(json_decrefp) json_t *value = json_of(rows[i].json);
		cc_cleanup(json_decrefp) json_t *got = again(value);

		if (!json_equal(value, got))
			fail_msg("%s", rows[i].json);
	}
}

static void test_doubles(void **state)
{
	static const double doubles[] = {
		0.0,	       -0.0,	   0.1,		 1.0 / 3, DBL_MAX,
		-DBL_MAX,      DBL_MIN,	   DBL_TRUE_MIN, 1e22,	  4503599627370497.5,
		123456789.125, DBL_EPSILON};

	for (size_t i = 0; i < CC_ARRAY_SIZE(doubles); i++) {
		cc_cleanup(json_decrefp) json_t *value = json_real(doubles[i]);
		cc_cleanup(json_decrefp) json_t *got = again(value);
		double d = json_real_value(got);

		assert_true(json_is_real(got));
		assert_memory_equal(&d, &doubles[i], sizeof(d));
	}
}

/* Where numbers are written with a comma, XML-RPC still has a point. */
static void test_locale(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "de_DE"};
	const char *set = NULL;

	for (size_t i = 0; !set && i < CC_ARRAY_SIZE(names); i++)
		set = setlocale(LC_NUMERIC, names[i]);
	if (!set)
		skip();
	assert_string_equal(localeconv()->decimal_point, ",");
	test_doubles(state);
	test_again(state);
	setlocale(LC_NUMERIC, "C");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_rows),	cmocka_unit_test(test_documents),
	cmocka_unit_test(test_bad),	cmocka_unit_test(test_arguments),
	cmocka_unit_test(test_limits),	cmocka_unit_test(test_again),
	cmocka_unit_test(test_doubles), cmocka_unit_test(test_locale),
};

TEST_MAIN(tests)
