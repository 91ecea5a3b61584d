/* SPDX-License-Identifier: ISC */
/* XML-RPC: depth, octets, values, hostile documents and no memory. */
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/xmlrpc/xmlrpc.h"
#include "tests/unit/fail-alloc.h"

#define HEAD "<methodCall><methodName>m</methodName><params>"
#define TAIL "</params></methodCall>"
#define SECOND INT64_C(1000000000)

static struct cc_buf repeated(const char *head, const char *piece, size_t n, const char *middle,
			      const char *end, const char *tail)
{
	struct cc_buf b = CC_BUF_INIT(2 * XR_RESPONSE_MAX);

	cc_buf_puts(&b, head);
	for (size_t i = 0; i < n; i++)
		cc_buf_puts(&b, piece);
	cc_buf_puts(&b, middle);
	for (size_t i = 0; i < n; i++)
		cc_buf_puts(&b, end);
	cc_buf_puts(&b, tail);
	assert_int_equal(b.err, 0);
	return b;
}

/* Reads and frees the text. says NULL: it must be good. */
static void judge(const char *name, struct cc_buf *b, int code, const char *says)
{
	struct xr_call call = {0};
	struct cc_note why = {0};
	int64_t start = cc_clock_cpu_ns();
	int r = xr_call_read((char *)b->data, b->len, &call, &why);

	if (r != -code)
		fail_msg("%s: %d: %s", name, r, why.text);
	if (says && !strstr(why.text, says))
		fail_msg("%s: it says: %s", name, why.text);
	/* what is hostile costs no more than a long call; generous, for sanitizers */
	assert_true(cc_clock_cpu_ns() - start < 10 * SECOND);
	xr_call_deinit(&call);
	cc_buf_deinit(b);
}

#define ARRAY "<value><array><data>"
#define ARRAY_END "</data></array></value>"
#define STRUCT "<value><struct><member><name>a</name>"
#define STRUCT_END "</member></struct></value>"

static void test_depth(void **state)
{
	struct cc_buf b;

	b = repeated(HEAD "<param>", ARRAY, XR_DEPTH, "<value><int>1</int></value>", ARRAY_END,
		     "</param>" TAIL);
	judge("32 arrays", &b, 0, NULL);
	b = repeated(HEAD "<param>", STRUCT, XR_DEPTH, "<value><string/></value>", STRUCT_END,
		     "</param>" TAIL);
	judge("32 structs", &b, 0, NULL);
	b = repeated(HEAD "<param>", ARRAY, XR_DEPTH, "<value><struct/></value>", ARRAY_END,
		     "</param>" TAIL);
	judge("33: the last is a struct", &b, CC_ELIMIT,
	      "more than 32 arrays and structs inside each other");
	b = repeated(HEAD "<param>", ARRAY, XR_DEPTH + 1, "", ARRAY_END, "</param>" TAIL);
	judge("33 arrays", &b, CC_ELIMIT, "elements inside each other");
	b = repeated(HEAD "<param>", STRUCT, XR_DEPTH + 1, "<value/>", STRUCT_END, "</param>" TAIL);
	judge("33 structs", &b, CC_ELIMIT, "elements inside each other");
	b = repeated(HEAD "<param>", ARRAY, 100000, "", ARRAY_END, "</param>" TAIL);
	judge("100 000 arrays", &b, CC_ELIMIT, "line 1, column");
	b = repeated(HEAD "<param>", "<value>", 100000, "", "</value>", "</param>" TAIL);
	judge("100 000 values", &b, CC_ELIMIT, "line 1, column");
}

static void test_values(void **state)
{
	struct cc_buf b;

	b = repeated(HEAD "<param>" ARRAY, "<value/>", XR_VALUES_MAX - 1, ARRAY_END "</param>", "",
		     TAIL);
	judge("200 000 values", &b, 0, NULL);
	b = repeated(HEAD "<param>" ARRAY, "<value/>", XR_VALUES_MAX, ARRAY_END "</param>", "",
		     TAIL);
	judge("200 001 values", &b, CC_ELIMIT, "more than 200000 values and members");
	b = repeated(HEAD, "<param><value/></param>", XR_VALUES_MAX, "", "", TAIL);
	judge("200 000 params", &b, 0, NULL);
	b = repeated(HEAD, "<a/>", 1000000, "", "", TAIL);
	judge("1 000 000 elements", &b, CC_ELIMIT, "more than 800016 elements");
}

static void test_octets(void **state)
{
	static const char head[] = HEAD "<param><value>", tail[] = "</value></param>" TAIL;
	size_t room = XR_OCTETS_MAX - strlen(head) - strlen(tail);
	struct cc_buf b;

	b = repeated(head, "x", room, tail, "", "");
	judge("8 MiB", &b, 0, NULL);
	b = repeated(head, "x", room + 1, tail, "", "");
	judge("8 MiB and an octet", &b, CC_ELIMIT, "8388609 octets, more than 8388608");
}

/* A response has records of 8 MiB and their markup: long, and of many pieces. */
static void test_response_octets(void **state)
{
	static const struct {
		size_t pieces; /* of 210 octets */
		int r;
	} rows[] = {{100000, 0}, {170000, -CC_ELIMIT}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		static const char piece[] = "<value>"
					    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					    "aaaaaaaaaaaaaaaaaaaaaaaa"
					    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					    "aaaaaaaaaaaaaaaaaaaaaaaa"
					    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</value>";
		struct cc_buf b =
			repeated("<methodResponse><params><param><value><array><data>", piece,
				 rows[i].pieces, "</data></array></value></param></params>", "",
				 "</methodResponse>");
		struct xr_response got = {0};
		struct cc_note why = {0};

		assert_int_equal(sizeof(piece) - 1, 210);
		assert_int_equal(xr_response_read((char *)b.data, b.len, &got, &why), rows[i].r);
		if (!rows[i].r)
			assert_int_equal(json_array_size(got.value), rows[i].pieces);
		else
			assert_non_null(strstr(why.text, "more than 33554432"));
		xr_response_deinit(&got);
		cc_buf_deinit(&b);
	}
}

/* One that is good and whose method has so many letters. */
static int of_method(size_t len)
{
	struct cc_buf b = repeated("<methodCall><methodName>", "m", len,
				   "</methodName></methodCall>", "", "");
	struct xr_call call = {0};
	struct cc_note why = {0};
	int r = xr_call_read((char *)b.data, b.len, &call, &why);

	if (r == 0)
		assert_int_equal(strlen(call.method), len);
	xr_call_deinit(&call);
	cc_buf_deinit(&b);
	return r;
}

static void test_method(void **state)
{
	assert_int_equal(of_method(XR_METHOD_MAX), 0);
	assert_int_equal(of_method(XR_METHOD_MAX + 1), -CC_EFORMAT);
}

/* What costs some parsers minutes or gigabytes. */
static void test_hostile(void **state)
{
	static const struct {
		const char *why, *head, *piece;
		size_t n;
		const char *tail;
		int code;
		const char *says;
	} rows[] = {
		{"billion laughs", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>",
		 "<!ENTITY d '&b;&b;&b;'>", 1000, "]><methodCall>&d;</methodCall>", CC_EFORMAT,
		 "a document type"},
		{"an external entity", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>", "",
		 0, HEAD "<param><value>&b;</value></param>" TAIL, CC_EFORMAT, "a document type"},
		{"attributes", "<methodCall", " a='b'", 1000000, "/>", CC_ELIMIT, "attributes"},
		{"a long name", "<", "a", 4000000, "/>", CC_ELIMIT, "octets in a name"},
		{"a long attribute", "<methodCall a='", "b", 4000000, "'/>", CC_ELIMIT,
		 "octets in the value of an attribute"},
		{"an attribute", "<methodCall a='", "b", 60000, "'/>", CC_EFORMAT,
		 "with an attribute"},
		{"namespaces", "<methodCall", " xmlns:a='b'", 1000, "/>", CC_ELIMIT, "namespaces"},
		/* not more: ASan's own memmem looks at all that is behind, each time */
		{"comments", HEAD, "<!---->", 100000, TAIL, 0, NULL},
		{"an open comment", HEAD "<!--", "- ", 1000000, TAIL, CC_EFORMAT, "a comment"},
		{"open CDATA", HEAD "<![CDATA[", "]]", 1000000, TAIL, CC_EFORMAT, "CDATA"},
		{"open tags", "", "<", 1000000, "", CC_EFORMAT, "line 1, column 2"},
		{"references", HEAD "<param><value>", "&amp;", 1000000, "</value></param>" TAIL, 0,
		 NULL},
		{"bad references", HEAD "<param><value>", "&x", 1000000, "</value></param>" TAIL,
		 CC_EFORMAT, "line 1, column"},
		{"lines", HEAD, "\n", 4000000, "x" TAIL, CC_EFORMAT, "line 4000001, column"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_buf b =
			repeated(rows[i].head, rows[i].piece, rows[i].n, "", "", rows[i].tail);

		judge(rows[i].why, &b, rows[i].code, rows[i].says);
	}
}

/* ---- memory ---- */

static const char everything[] =
	"<methodCall><methodName>m</methodName><params><param><value><array><data>"
	"<value><int>1</int></value><value><i8>1</i8></value><value><double>1.5</double></value>"
	"<value><boolean>1</boolean></value><value><nil/></value><value>text &lt; &#228;</value>"
	"<value><base64>YWI=</base64></value>"
	"<value><dateTime.iso8601>20261126T19:35:21</dateTime.iso8601></value>"
	"<value><struct><member><name>$a</name><value><array><data/></array></value></member>"
	"</struct></value></data></array></value></param></params></methodCall>";
static const char fault[] =
	"<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>1</int>"
	"</value></member><member><name>faultString</name><value>a</value></member></struct></"
	"value>"
	"</fault></methodResponse>";

static int read_everything(struct cc_buf *out)
{
	struct xr_call call = {0};
	struct cc_note why = {0};
	int r = xr_call_read(everything, sizeof(everything) - 1, &call, &why);

	if (r == 0 && out)
		r = xr_put_call(out, call.method, call.params);
	xr_call_deinit(&call);
	return r;
}

static int read_fault(struct cc_buf *out)
{
	struct xr_response response = {0};
	struct cc_note why = {0};
	int r = xr_response_read(fault, sizeof(fault) - 1, &response, &why);

	if (r == 0)
		r = xr_put_fault(out, response.fault, response.text);
	xr_response_deinit(&response);
	return r;
}

static int read_bad(struct cc_buf *out)
{
	struct xr_call call = {0};
	struct cc_note why = {0};
	static const char bad[] =
		HEAD "<param><value><struct><member><name>a</name><value/></member>"
		     "<member><name>a</name>";
	int r = xr_call_read(bad, sizeof(bad) - 1, &call, &why);

	/* refused is what it should be */
	return r == -CC_EFORMAT ? 0 : r;
}

/* Fails the n-th allocation for each n: always an ordinary error, and nothing is lost. */
static long starve(int (*run)(struct cc_buf *out))
{
	struct cc_buf out = CC_BUF_INIT(0);
	long n;
	int r;

	json_set_alloc_funcs(malloc, free);
	assert_int_equal(run(&out), 0);
	for (n = 0;; n++) {
		cc_buf_deinit(&out);
		alloc_fail_after(n);
		r = run(&out);
		alloc_left = -1;
		if (!alloc_failed)
			break;
		if (r != -CC_ENOMEM)
			fail_msg("allocation %ld: %d", n, r);
	}
	assert_int_equal(r, 0);
	cc_buf_deinit(&out);
	return n;
}

static void test_memory(void **state)
{
	assert_true(starve(read_everything) > 50);
	assert_true(starve(read_fault) > 20);
	assert_true(starve(read_bad) > 10);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_depth),  cmocka_unit_test(test_values),
	cmocka_unit_test(test_octets), cmocka_unit_test(test_response_octets),
	cmocka_unit_test(test_method), cmocka_unit_test(test_hostile),
	cmocka_unit_test(test_memory),
};

TEST_MAIN(tests)
