/* SPDX-License-Identifier: ISC */
/* XML-RPC, read: what clients write, what nobody should, and where each refusal says it is. */
#include "lib/xmlrpc/xmlrpc.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "tests/test.h"

#define APACHE "http://ws.apache.org/xmlrpc/namespaces/extensions"

/* A copy without a NUL behind it, so that reading too far is seen. */
static int read_call(const char *text, size_t len, struct xr_call *call, struct cc_note *why)
{
	char *copy = malloc(len + !len);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = xr_call_read(copy, len, call, why);
	free(copy);
	return r;
}

static int read_response(const char *text, size_t len, struct xr_response *out, struct cc_note *why)
{
	char *copy = malloc(len + !len);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = xr_response_read(copy, len, out, why);
	free(copy);
	return r;
}

/* Whether value is what this JSON text says. */
static void check_json(const char *name, const json_t *value, const char *text)
{
	cc_cleanup(cc_freep) char *got =
		json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

	assert_non_null(got);
	if (strcmp(got, text) != 0)
		fail_msg("%s: %s, not %s", name, got, text);
}

static void check_refusal(const char *name, int r, const struct cc_note *why, int code,
			  const char *says)
{
	if (r != -code)
		fail_msg("%s: %d, not %d: %s", name, r, -code, why->text);
	assert_int_equal(why->code, code);
	if (!strstr(why->text, says))
		fail_msg("%s: it says: %s", name, why->text);
	for (const char *p = why->text; *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
}

/* ---- values ---- */

#define VALUE(v)                                                                                   \
	"<methodCall><methodName>m</methodName><params><param>" v "</param></params></methodCall>"

static const struct {
	const char *why, *value, *json;
} good[] = {
	{"int", "<value><int>1</int></value>", "1"},
	{"i4", "<value><i4>-2147483648</i4></value>", "-2147483648"},
	{"the largest int", "<value><int>2147483647</int></value>", "2147483647"},
	{"a sign and zeros", "<value><int>+007</int></value>", "7"},
	{"white space around a number", "<value><int>\n 5\t</int></value>", "5"},
	{"the largest i8", "<value><i8>9223372036854775807</i8></value>", "9223372036854775807"},
	{"the least i8", "<value><i8>-9223372036854775808</i8></value>", "-9223372036854775808"},
	{"Apache's i8", "<value><x:i8 xmlns:x='" APACHE "'>4294967296</x:i8></value>",
	 "4294967296"},
	{"boolean", "<value><boolean>1</boolean></value>", "true"},
	{"boolean 0", "<value><boolean>0</boolean></value>", "false"},
	{"double", "<value><double>-1.5</double></value>", "-1.5"},
	{"double with exponent", "<value><double>1e+20</double></value>", "1e20"},
	{"double with a small exponent", "<value><double>2.5E-3</double></value>",
	 "0.0025000000000000001"},
	{"double without a fraction", "<value><double>3.</double></value>", "3.0"},
	{"double without a whole", "<value><double> .5 </double></value>", "0.5"},
	{"double like an integer", "<value><double>+7</double></value>", "7.0"},
	{"string", "<value><string>a</string></value>", "\"a\""},
	{"an empty string", "<value><string/></value>", "\"\""},
	{"white space of a string", "<value><string> a\n\tb </string></value>", "\" a\\n\\tb \""},
	{"escapes", "<value><string>&lt;a b=&quot;c&quot;/&gt; &amp; &apos;</string></value>",
	 "\"<a b=\\\"c\\\"/> & '\""},
	{"characters by number", "<value><string>&#13;&#xD;&#228;&#x1F600;</string></value>",
	 "\"\\r\\r\xc3\xa4\xf0\x9f\x98\x80\""},
	{"a line end of another system", "<value><string>a\r\nb</string></value>", "\"a\\nb\""},
	{"text of a comment's neighbours", "<value><int>1<!-- & <x> -->2</int></value>", "12"},
	{"CDATA", "<value><string>a<![CDATA[<b>&amp;]]>c</string></value>", "\"a<b>&amp;c\""},
	{"untagged", "<value> a </value>", "\" a \""},
	{"untagged and empty", "<value></value>", "\"\""},
	{"no content", "<value/>", "\"\""},
	{"untagged white space", "<value> \n</value>", "\" \\n\""},
	{"untagged with a comment", "<value>a<!-- b -->c</value>", "\"ac\""},
	{"white space around a type", "<value>\r\n <string>a</string>\n</value>", "\"a\""},
	{"a comment beside a type", "<value><!-- a --><string>a</string><!-- b --></value>",
	 "\"a\""},
	{"nil", "<value><nil/></value>", "null"},
	{"nil with an end", "<value><nil></nil></value>", "null"},
	{"Apache's nil", "<value><ex:nil xmlns:ex='" APACHE "'/></value>", "null"},
	{"base64", "<value><base64>YWI=</base64></value>", "{\"$base64\":\"YWI=\"}"},
	{"base64 in lines", "<value><base64>\nYW\r\nJj\n</base64></value>",
	 "{\"$base64\":\"YWJj\"}"},
	{"no base64 at all", "<value><base64/></value>", "{\"$base64\":\"\"}"},
	{"date", "<value><dateTime.iso8601>20261126T19:35:21</dateTime.iso8601></value>",
	 "{\"$dateTime\":\"20261126T19:35:21\"}"},
	{"date with all",
	 "<value><dateTime.iso8601>2024-02-29T23:59:60.25+01:00</dateTime.iso8601></value>",
	 "{\"$dateTime\":\"2024-02-29T23:59:60.25+01:00\"}"},
	{"date in UTC", "<value><dateTime.iso8601>20000229T00:00:00Z</dateTime.iso8601></value>",
	 "{\"$dateTime\":\"20000229T00:00:00Z\"}"},
	{"array",
	 "<value><array><data><value>a</value><value><i4>1</i4></value></data></array></value>",
	 "[\"a\",1]"},
	{"an empty array", "<value><array><data/></array></value>", "[]"},
	{"white space in an array",
	 "<value> <array> <data> <value>a</value> </data> </array> </value>", "[\"a\"]"},
	{"struct",
	 "<value><struct><member><name>b</name><value>1</value></member>"
	 "<member><name>a</name><value/></member></struct></value>",
	 "{\"a\":\"\",\"b\":\"1\"}"},
	{"an empty struct", "<value><struct/></value>", "{}"},
	{"white space in a struct",
	 "<value> <struct> <member> <name>a</name> <value>1</value> </member> </struct> </value>",
	 "{\"a\":\"1\"}"},
	{"a name with white space and escapes",
	 "<value><struct><member><name> &lt; </name><value/></member></struct></value>",
	 "{\" < \":\"\"}"},
	{"a member without a name",
	 "<value><struct><member><name/><value/></member></struct></value>", "{\"\":\"\"}"},
	{"a name that is a mark",
	 "<value><struct><member><name>$base64</name><value/></member></struct></value>",
	 "{\"$$base64\":\"\"}"},
	{"a name with two dollars",
	 "<value><struct><member><name>$$</name><value/></member></struct></value>",
	 "{\"$$$\":\"\"}"},
	{"struct in array in struct",
	 "<value><struct><member><name>a</name><value><array><data><value><struct><member>"
	 "<name>b</name><value><nil/></value></member></struct></value><value>c</value></data>"
	 "</array></value></member><member><name>d</name><value>e</value></member></struct></"
	 "value>",
	 "{\"a\":[{\"b\":null},\"c\"],\"d\":\"e\"}"},
};

static void test_values(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(good); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(0);
		struct xr_call call = {0};
		struct cc_note why = {0};

		assert_int_equal(cc_buf_printf(&b, VALUE("%s"), good[i].value), 0);
		if (read_call((char *)b.data, b.len, &call, &why) != 0)
			fail_msg("%s: %s", good[i].why, why.text);
		assert_int_equal(json_array_size(call.params), 1);
		check_json(good[i].why, json_array_get(call.params, 0), good[i].json);
		xr_call_deinit(&call);
	}
}

/* ---- documents ---- */

static const struct {
	const char *why, *text, *method, *json;
} calls[] = {
	{"as Python writes it",
	 "<?xml version='1.0'?>\n<methodCall>\n<methodName>GetVersion</methodName>\n<params>\n"
	 "<param>\n<value><int>1</int></value>\n</param>\n</params>\n</methodCall>\n",
	 "GetVersion", "[1]"},
	{"as Apache writes it",
	 "<?xml version=\"1.0\" encoding=\"UTF-8\"?><methodCall xmlns:ex=\"" APACHE
	 "\"><methodName>a.b</methodName><params><param><value>x</value></param>"
	 "<param><value><ex:nil/></value></param></params></methodCall>",
	 "a.b", "[\"x\",null]"},
	{"as Frontier writes it",
	 "<?xml version=\"1.0\"?>\n<methodCall>\n<methodName>x:/_9</methodName>\n<params>\n<param>"
	 "<value><string>a</string></value></param>\n</params>\n</methodCall>\n",
	 "x:/_9", "[\"a\"]"},
	{"as RPC::XML writes it",
	 "<?xml version=\"1.0\" encoding=\"us-ascii\"?><methodCall><methodName>m</methodName>"
	 "<params></params></methodCall>",
	 "m", "[]"},
	{"no params", "<methodCall><methodName>m</methodName></methodCall>", "m", "[]"},
	{"empty params", "<methodCall><methodName>m</methodName><params/></methodCall>", "m", "[]"},
	{"a mark of UTF-8, white space and comments around",
	 "\xef\xbb\xbf<!-- a -->\n<methodCall> <!-- b --> <methodName>m</methodName> "
	 "</methodCall>\n"
	 "<!-- c -->\n",
	 "m", "[]"},
};

static void test_calls(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(calls); i++) {
		struct xr_call call = {0};
		struct cc_note why = {0};

		if (read_call(calls[i].text, strlen(calls[i].text), &call, &why) != 0)
			fail_msg("%s: %s", calls[i].why, why.text);
		assert_string_equal(call.method, calls[i].method);
		check_json(calls[i].why, call.params, calls[i].json);
		xr_call_deinit(&call);
		assert_null(call.params);
	}
}

#define FAULT(members)                                                                             \
	"<methodResponse><fault><value><struct>" members                                           \
	"</struct></value></fault></methodResponse>"
#define MEMBER(name, value) "<member><name>" name "</name><value>" value "</value></member>"

static void test_responses(void **state)
{
	static const char value[] =
		"<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n"
		"<value><array><data>\n<value>a</value></data></array></value>\n"
		"</param>\n</params>\n</methodResponse>\n";
	static const char fault[] = FAULT(MEMBER("faultString", "no such <!-- x -->method") MEMBER(
		"faultCode", "<i4>-3</i4>") MEMBER("more", ""));
	struct xr_response out = {0};
	struct cc_note why = {0};

	if (read_response(value, sizeof(value) - 1, &out, &why) != 0)
		fail_msg("a value: %s", why.text);
	check_json("a value", out.value, "[\"a\"]");
	assert_null(out.text);
	xr_response_deinit(&out);
	if (read_response(fault, sizeof(fault) - 1, &out, &why) != 0)
		fail_msg("a fault: %s", why.text);
	assert_null(out.value);
	assert_int_equal(out.fault, -3);
	assert_string_equal(out.text, "no such method");
	xr_response_deinit(&out);
	assert_null(out.text);
}

/* ---- refusals ---- */

static const struct {
	const char *why, *text, *says;
} bad_calls[] = {
	/* no XML */
	{"nothing", "", "an empty document"},
	{"no XML", "GET / HTTP/1.1", "line 1, column 1: no XML in UTF-8"},
	{"UTF-16", "\xff\xfe<\0", "no XML in UTF-8"},
	{"Latin-1 declared", "<?xml version='1.0' encoding='iso-8859-1'?><methodCall/>",
	 "another encoding than UTF-8 and US-ASCII"},
	{"not ASCII in ASCII",
	 "<?xml version='1.0' encoding='US-ASCII'?>\n<methodCall>\n <!-- \xc3\xa4 --></methodCall>",
	 "line 3, column 7: an octet that is none of US-ASCII"},
	{"XML 1.1", "<?xml version='1.1'?><methodCall/>", "another version of XML"},
	{"octets that are not UTF-8", VALUE("<value>\xe4 </value>"), "line 1, column"},
	{"a surrogate", VALUE("<value>\xed\xa0\x80</value>"), "line 1, column"},
	{"a character that XML has not", VALUE("<value>\x01</value>"), "line 1, column"},
	{"its number", VALUE("\n<value>&#1;</value>"), "line 2, column 12"},
	{"a document type", "<!DOCTYPE methodCall><methodCall/>",
	 "line 1, column 1: a document type"},
	{"a document type later",
	 "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'>\n<a/>",
	 "line 2, column 1: a document type"},
	{"an entity", VALUE("<value>&a;</value>"), "an entity"},
	{"a processing instruction", "<methodCall>\n<?php 1?></methodCall>",
	 "line 2, column 10: a processing instruction"},
	{"a tag that is not closed", "<methodCall>\n<methodName>m</methodName>",
	 "line 2, column 27"},
	{"another end tag", "<methodCall>\n <methodName>m</methodname></methodCall>",
	 "line 2, column"},
	{"two roots", "<methodCall><methodName>m</methodName></methodCall>\n<methodCall/>",
	 "line 2, column 1"},
	{"text behind", "<methodCall><methodName>m</methodName></methodCall> x", "line 1, column"},
	{"an attribute without quotes", "<methodCall a=b/>", "line 1, column"},
	{"an attribute twice", "<methodCall a='1' a='2'/>", "line 1, column"},
	{"a namespace that is not declared", VALUE("<value><ex:nil/></value>"), "line 1, column"},
	{"two dashes in a comment", VALUE("<!-- a -- b --><value/>"), "line 1, column"},
	{"]]> in text", VALUE("<value>]]></value>"), "line 1, column"},

	/* not this XML */
	{"a response", "<methodResponse/>", "<methodResponse>: <methodCall> was expected"},
	{"another root", "\n\n<html>", "line 3, column 6: <html>: <methodCall> was expected"},
	{"the root in a namespace", "<methodCall xmlns='u:x'/>", "<methodCall> was expected"},
	{"no method", "<methodCall>\n</methodCall>", "line 2, column"},
	{"no method, what was expected", "<methodCall></methodCall>", "<methodName> was expected"},
	{"params first", "<methodCall><params/></methodCall>",
	 "<params>: <methodName> was expected"},
	{"two methods", "<methodCall><methodName>m</methodName><methodName/></methodCall>",
	 "<methodName>: <params> or </methodCall> was expected"},
	{"two params", "<methodCall><methodName>m</methodName><params/><params/></methodCall>",
	 "<params>: </methodCall> was expected"},
	{"text in a call", "<methodCall>x</methodCall>", "text: <methodName> was expected"},
	{"CDATA in a call", "<methodCall><![CDATA[x]]></methodCall>", "<methodName> was expected"},
	{"an empty method", "<methodCall><methodName/></methodCall>", "no name of a method"},
	{"a method with a space", "<methodCall><methodName> m</methodName></methodCall>",
	 "no name of a method"},
	{"a method with a letter of its own",
	 "<methodCall><methodName>\xc3\xa4</methodName></methodCall>", "no name of a method"},
	{"an element in a method", "<methodCall><methodName>m<b/></methodName></methodCall>",
	 "<b>: the name of a method and </methodName> was expected"},
	{"a param without a value", VALUE(""), "the end of an element: <value> was expected"},
	{"two values", VALUE("<value/>\n<value/>"),
	 "line 2, column 7: <value>: </param> was expected"},
	{"text in a param", VALUE("x<value/>"), "text: <value> was expected"},
	{"text behind a value", VALUE("<value/>x"), "text: </param> was expected"},
	{"two types", VALUE("<value><int>1</int><int>1</int></value>"),
	 "<int>: </value> was expected"},
	{"text before a type", VALUE("<value>x<int>1</int></value>"), "text before <int>"},
	{"text behind a type", VALUE("<value><int>1</int>x</value>"),
	 "text: </value> was expected"},
	{"an unknown type", VALUE("<value><float>1</float></value>"),
	 "<float>: a type, or text and </value> was expected"},
	{"a type of another case", VALUE("<value><Int>1</Int></value>"), "<Int>: a type"},
	{"Apache's other types", VALUE("<value><x:i1 xmlns:x='" APACHE "'>1</x:i1></value>"),
	 "<i1>: a type"},
	{"a type of another namespace", VALUE("<value><x:nil xmlns:x='u:x'/></value>"),
	 "<nil>: a type"},
	{"a string of Apache", VALUE("<value><x:string xmlns:x='" APACHE "'/></value>"),
	 "<string>: a type"},
	{"an attribute", VALUE("<value><int a='1'>1</int></value>"), "<int> with an attribute"},
	{"an element in a string", VALUE("<value><string><b/></string></value>"), "<b>: text"},
	{"a value in a value", VALUE("<value><value/></value>"), "<value>: a type"},
	{"an element whose name is no ASCII", VALUE("<value><\xc3\xa4/></value>"),
	 "<\?\?>: a type"},

	/* numbers and other texts */
	{"int beyond 32 bits", VALUE("<value><int>2147483648</int></value>"),
	 "an integer of 32 bits was expected"},
	{"i4 below 32 bits", VALUE("<value><i4>-2147483649</i4></value>"),
	 "an integer of 32 bits was expected"},
	{"int beyond 64 bits", VALUE("<value><int>99999999999999999999</int></value>"),
	 "an integer of 32 bits was expected"},
	{"i8 beyond 64 bits", VALUE("<value><i8>9223372036854775808</i8></value>"),
	 "an integer of 64 bits was expected"},
	{"an empty int", VALUE("<value>\n<int/></value>"), "line 2, column"},
	{"a sign alone", VALUE("<value><int>-</int></value>"), "no integer"},
	{"a number with a gap", VALUE("<value><int>1 2</int></value>"), "no integer"},
	{"hexadecimal", VALUE("<value><int>0x1</int></value>"), "no integer"},
	{"a fraction as int", VALUE("<value><int>1.0</int></value>"), "no integer"},
	{"boolean 2", VALUE("<value><boolean>2</boolean></value>"), "0 or 1 was expected"},
	{"boolean true", VALUE("<value><boolean>true</boolean></value>"), "0 or 1 was expected"},
	{"an empty boolean", VALUE("<value><boolean/></value>"), "0 or 1 was expected"},
	{"nan", VALUE("<value><double>nan</double></value>"), "no double"},
	{"inf", VALUE("<value><double>-inf</double></value>"), "no double"},
	{"infinite", VALUE("<value><double>1e999</double></value>"), "a number too large"},
	{"hexadecimal double", VALUE("<value><double>0x1p3</double></value>"), "no double"},
	{"a comma", VALUE("<value><double>1,5</double></value>"), "no double"},
	{"a point alone", VALUE("<value><double>.</double></value>"), "no double"},
	{"an exponent alone", VALUE("<value><double>1e</double></value>"), "no double"},
	{"an empty double", VALUE("<value><double> </double></value>"), "no double"},
	{"text in nil", VALUE("<value><nil>0</nil></value>"), "text in nil"},
	{"base64 without padding", VALUE("<value><base64>YWI</base64></value>"), "no base64"},
	{"base64 of a URL", VALUE("<value><base64>YW-_</base64></value>"), "no base64"},
	{"base64 with bits left over", VALUE("<value><base64>YWJ=</base64></value>"), "no base64"},
	{"a day that there is not",
	 VALUE("<value><dateTime.iso8601>20260229T00:00:00</dateTime.iso8601></value>"), "no date"},
	{"an hour that there is not",
	 VALUE("<value><dateTime.iso8601>20260228T24:00:00</dateTime.iso8601></value>"), "no date"},
	{"a date alone", VALUE("<value><dateTime.iso8601>20260228</dateTime.iso8601></value>"),
	 "no date"},
	{"one dash",
	 VALUE("<value><dateTime.iso8601>2026-0228T00:00:00</dateTime.iso8601></value>"),
	 "no date"},
	{"no fraction behind the point",
	 VALUE("<value><dateTime.iso8601>20260228T00:00:00.</dateTime.iso8601></value>"),
	 "no date"},
	{"half a zone",
	 VALUE("<value><dateTime.iso8601>20260228T00:00:00+1</dateTime.iso8601></value>"),
	 "no date"},
	{"an empty date", VALUE("<value><dateTime.iso8601/></value>"), "no date"},

	/* arrays and structs */
	{"an array without data", VALUE("<value><array/></value>"), "<data> was expected"},
	{"a value beside data", VALUE("<value><array><value/></array></value>"),
	 "<value>: <data> was expected"},
	{"two data", VALUE("<value><array><data/><data/></array></value>"),
	 "<data>: </array> was expected"},
	{"text in data", VALUE("<value><array><data>x</data></array></value>"),
	 "text: <value> or </data> was expected"},
	{"a type in data", VALUE("<value><array><data><int>1</int></data></array></value>"),
	 "<int>: <value> or </data> was expected"},
	{"a value in a struct", VALUE("<value><struct><value/></struct></value>"),
	 "<value>: <member> or </struct> was expected"},
	{"an empty member", VALUE("<value><struct><member/></struct></value>"),
	 "<name> was expected"},
	{"the value first",
	 VALUE("<value><struct><member><value/><name/></member></struct></value>"),
	 "<value>: <name> was expected"},
	{"a name alone", VALUE("<value><struct><member><name>a</name></member></struct></value>"),
	 "the end of an element: <value> was expected"},
	{"two names", VALUE("<value><struct><member><name/><name/></member></struct></value>"),
	 "<name>: <value> was expected"},
	{"two values of a member",
	 VALUE("<value><struct>" MEMBER("a", "</value><value>") "</struct></value>"),
	 "<value>: </member> was expected"},
	{"a member twice",
	 VALUE("<value><struct>" MEMBER("a", "") "\n" MEMBER("a\n", "")
		       MEMBER("a", "") "</struct></value>"),
	 "line 3, column"},
	{"a member twice, its name",
	 VALUE("<value><struct>" MEMBER("a\xc3\xa4", "")
		       MEMBER("a\xc3\xa4", "") "</struct></value>"),
	 "a second member \"a\?\?\""},
	{"a member twice, one escaped",
	 VALUE("<value><struct>" MEMBER("a", "") MEMBER("&#97;", "") "</struct></value>"),
	 "a second member \"a\""},
};

static void test_bad_calls(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad_calls); i++) {
		struct xr_call call = {.params = NULL, .method = "before"};
		struct cc_note why = {0};
		int r = read_call(bad_calls[i].text, strlen(bad_calls[i].text), &call, &why);

		check_refusal(bad_calls[i].why, r, &why, CC_EFORMAT, bad_calls[i].says);
		assert_null(call.params);
		assert_string_equal(call.method, "before");
		assert_int_equal(
			xr_call_read(bad_calls[i].text, strlen(bad_calls[i].text), &call, NULL),
			-CC_EFORMAT);
	}
}

static const struct {
	const char *why, *text, *says;
} bad_responses[] = {
	{"a call", "<methodCall/>", "<methodCall>: <methodResponse> was expected"},
	{"nothing in it", "<methodResponse/>", "<params> or <fault> was expected"},
	{"no param", "<methodResponse><params/></methodResponse>", "<param> was expected"},
	{"no value", "<methodResponse><params><param/></params></methodResponse>",
	 "<value> was expected"},
	{"two params",
	 "<methodResponse><params><param><value/></param><param><value/></param></params>"
	 "</methodResponse>",
	 "<param>: </params> was expected"},
	{"both",
	 "<methodResponse><params><param><value/></param></params><fault/></methodResponse>",
	 "<fault>: </methodResponse> was expected"},
	{"an empty fault", "<methodResponse><fault/></methodResponse>", "<value> was expected"},
	{"a fault of text", "<methodResponse><fault><value>x</value></fault></methodResponse>",
	 "an int faultCode and a string faultString"},
	{"a fault without code", FAULT(MEMBER("faultString", "a")), "an int faultCode"},
	{"a fault without text", FAULT(MEMBER("faultCode", "<int>1</int>")),
	 "a string faultString"},
	{"a code of text", FAULT(MEMBER("faultString", "a") MEMBER("faultCode", "1")),
	 "an int faultCode"},
	{"a code of 64 bits",
	 FAULT(MEMBER("faultString", "a") MEMBER("faultCode", "<i8>4294967296</i8>")),
	 "an int faultCode"},
	{"a text of octets",
	 FAULT(MEMBER("faultString", "<base64/>") MEMBER("faultCode", "<int>1</int>")),
	 "a string faultString"},
	{"two values", "<methodResponse><fault><value/><value/></fault></methodResponse>",
	 "<value>: </fault> was expected"},
};

static void test_bad_responses(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad_responses); i++) {
		struct xr_response out = {0};
		struct cc_note why = {0};
		int r = read_response(bad_responses[i].text, strlen(bad_responses[i].text), &out,
				      &why);

		check_refusal(bad_responses[i].why, r, &why, CC_EFORMAT, bad_responses[i].says);
		assert_true(!out.value && !out.text);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_values),	      cmocka_unit_test(test_calls),
	cmocka_unit_test(test_responses),     cmocka_unit_test(test_bad_calls),
	cmocka_unit_test(test_bad_responses),
};

TEST_MAIN(tests)
