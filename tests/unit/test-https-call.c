/* SPDX-License-Identifier: ISC */
/* Requests of ccfed as calls of a front door, and back; and what goes wrong on the way, in words. */
#include "tests/test.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>

#include "cli/https.h"
#include "cli/user.h"
#include "lib/base/util.h"
#include "lib/xmlrpc/xmlrpc.h"

static json_t *json_of(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);

	if (!value)
		fail_msg("%s: %s", text, error.text);
	return value;
}

static void assert_json(const json_t *got, const char *wanted, const char *where)
{
	json_t *w = json_of(wanted);
	cc_cleanup(cc_freep) char *text = json_dumps(got, JSON_SORT_KEYS | JSON_ENCODE_ANY);

	if (!json_equal(got, w))
		fail_msg("%s: %s, not %s", where, text, wanted);
	json_decref(w);
}

/* ---- calls ---- */

static void each_request_has_a_call(void **state)
{
	static const struct {
		const char *type, *body, *method, *params;
	} rows[] = {
		{"reg.resolve",
		 "{\"hrns\": [\"a\"], \"options\": {\"details\": true}, \"credentials\": [\"C\"]}",
		 "Resolve", "[[\"a\"], [\"C\"], {\"details\": true}]"},
		{"reg.resolve",
		 "{\"hrns\": [\"a\"], \"type\": \"user\", \"options\": {\"details\": true}, "
		 "\"credentials\": [\"C\"]}",
		 "Resolve", "[[\"a\"], [\"C\"], {\"details\": true, \"type\": \"user\"}]"},
		{"reg.resolve", "{\"hrns\": [\"a\"], \"credentials\": [\"C\"]}", "Resolve",
		 "[[\"a\"], [\"C\"]]"},
		{"reg.list",
		 "{\"hrn\": \"a\", \"options\": {\"recursive\": false, \"limit\": 9, \"after\": "
		 "\"x\"}, \"credentials\": [\"C\"]}",
		 "List",
		 "[\"a\", [\"C\"], {\"recursive\": false, \"limit\": 9, \"after\": \"x\"}]"},
		{"reg.register",
		 "{\"record\": {\"hrn\": \"a\", \"$x\": 5000000000, \"t\": \"\\u0001\", \"n\": "
		 "null}, \"credentials\": [\"C\"]}",
		 "Register",
		 "[{\"hrn\": \"a\", \"$$x\": 5000000000, \"t\": {\"$base64\": \"AQ==\"}, \"n\": "
		 "null}, [\"C\"]]"},
		{"reg.update", "{\"record\": {\"hrn\": \"a\"}, \"credentials\": [\"C\"]}", "Update",
		 "[{\"hrn\": \"a\"}, [\"C\"]]"},
		{"reg.remove", "{\"hrn\": \"a\", \"type\": \"user\", \"credentials\": [\"C\"]}",
		 "Remove", "[\"a\", [\"C\"], \"user\"]"},
		{"reg.get_credential",
		 "{\"hrn\": \"a\", \"type\": \"slice\", \"credentials\": [\"C\"]}", "GetCredential",
		 "[[\"C\"], \"a\", \"slice\"]"},
		{"reg.get_self_credential", "{\"hrn\": \"a\", \"type\": \"user\"}",
		 "GetSelfCredential", "[null, \"a\", \"user\"]"},
		{"reg.create_gid",
		 "{\"hrn\": \"a\", \"type\": \"user\", \"key\": \"K\", \"uuid\": \"U\", "
		 "\"credentials\": [\"C\"]}",
		 "CreateGid", "[[\"C\"], \"a\", \"K\", \"user\", \"U\"]"},
		{"reg.create_gid",
		 "{\"hrn\": \"a\", \"type\": \"user\", \"key\": \"K\", \"credentials\": [\"C\"]}",
		 "CreateGid", "[[\"C\"], \"a\", \"K\", \"user\"]"},
		{"reg.create_gid", "{\"hrn\": \"a\", \"uuid\": \"U\", \"credentials\": [\"C\"]}",
		 "CreateGid", "[[\"C\"], \"a\", null, null, \"U\"]"},
		{"reg.get_ticket", "{\"hrn\": \"a\", \"rspec\": \"R\", \"credentials\": [\"C\"]}",
		 "GetTicket", "[\"a\", [\"C\"], \"R\", []]"},
		{"reg.get_version", "{}", "GetVersion", "[]"},
		{"reg.get_gids", "{\"hrns\": [\"a\"], \"credentials\": [\"C\"]}", "GetGids",
		 "[[\"a\"], [\"C\"]]"},
		{"reg.get_trusted_certs", "{}", "get_trusted_certs", "[]"},
		{"am.get_version", "{}", "GetVersion", "[]"},
		{"am.list_resources", "{\"credentials\": [\"C\"], \"options\": {\"a\": true}}",
		 "ListResources", "[[\"C\"], {\"a\": true}]"},
		{"am.allocate",
		 "{\"urn\": \"s\", \"rspec\": \"R\", \"credentials\": [\"C\"], \"options\": {}}",
		 "Allocate", "[\"s\", [\"C\"], \"R\", {}]"},
		{"am.renew",
		 "{\"urns\": [\"s\"], \"expires\": \"T\", \"credentials\": [\"C\"], \"options\": "
		 "{}}",
		 "Renew", "[[\"s\"], [\"C\"], \"T\", {}]"},
		{"am.perform_operational_action",
		 "{\"urns\": [\"s\"], \"action\": \"A\", \"credentials\": [\"C\"], \"options\": "
		 "{}}",
		 "PerformOperationalAction", "[[\"s\"], [\"C\"], \"A\", {}]"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(0);
		struct cc_note why = {0};
		struct xr_call call;
		json_t *body = json_of(rows[i].body);

		assert_true(cli_https_call_is(rows[i].type));
		assert_int_equal(cli_https_call_write(rows[i].type, body, &text, &why), 0);
		assert_int_equal(xr_call_read((const char *)text.data, text.len, &call, &why), 0);
		assert_string_equal(call.method, rows[i].method);
		assert_json(call.params, rows[i].params, rows[i].type);
		xr_call_deinit(&call);
		json_decref(body);
	}
}

static void others_have_none(void **state)
{
	static const char *const types[] = {"reg.node_token", "reg.join",      "reg",
					    "am.release",     "am.terms_show", ""};

	for (size_t i = 0; i < CC_ARRAY_SIZE(types); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(0);
		struct cc_note why = {0};
		json_t *body = json_object();

		assert_false(cli_https_call_is(types[i]));
		assert_int_equal(cli_https_call_write(types[i], body, &text, &why), -CC_EINVAL);
		assert_non_null(strstr(why.text, "over the bus alone"));
		json_decref(body);
	}
}

/* ---- answers ---- */

/* What a front door answers, and what is made of it. */
static int answer(const char *value, int fault, const char *text, const char *const heads[4],
		  struct cli_reply *out, struct cc_note *why)
{
	cc_cleanup(cli_https_answer_deinit) struct cli_https_answer a = {.status = 200};
	json_t *v = value ? json_of(value) : NULL;
	char *const to[] = {a.fault, a.code, a.rule, a.next};

	assert_int_equal(v ? xr_put_response(&a.body, v) : xr_put_fault(&a.body, fault, text), 0);
	for (size_t i = 0; i < 4; i++)
		snprintf(to[i], CLI_HTTPS_HEADER_MAX, "%s", heads[i]);
	json_decref(v);
	return cli_https_call_read(&a, out, why);
}

static void values_are_those_of_the_bus(void **state)
{
	static const struct {
		const char *wire, *next, *json;
	} rows[] = {
		{"1", "", "{\"value\": 1}"},
		{"null", "", "{\"value\": null}"},
		{"[]", "plc.x", "{\"value\": [], \"next\": \"plc.x\"}"},
		{"[{\"$$a\": 5000000000, \"b\": {\"$base64\": \"AQ==\"}}]", "",
		 "{\"value\": [{\"$a\": 5000000000, \"b\": \"\\u0001\"}]}"},
		{"[{\"date_created\": {\"$dateTime\": \"20261126T19:35:21\"}, \"t\": "
		 "\"20261126T19:35:21\"}]",
		 "",
		 "{\"value\": [{\"date_created\": \"2026-11-26T19:35:21Z\", \"t\": "
		 "\"20261126T19:35:21\"}]}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const char *const heads[] = {"", "", "", rows[i].next};
		struct cli_reply reply = {0};
		struct cc_note why = {0};

		assert_int_equal(answer(rows[i].wire, 0, NULL, heads, &reply, &why), 0);
		assert_int_equal(reply.outcome, CC_OUT_ANSWER);
		assert_json(reply.json, rows[i].json, rows[i].wire);
		cli_reply_deinit(&reply);
	}
}

static void faults_are_refusals(void **state)
{
	static const struct {
		const char *heads[4], *text, *code, *json;
	} rows[] = {
		{{"RecordNotFound", "not-found", "", ""},
		 "no such",
		 "not-found",
		 "{\"fault\": \"RecordNotFound\", \"msg\": \"no such\"}"},
		{{"CredentialRefused", "denied", "sig-value", ""},
		 "it is not good",
		 "denied",
		 "{\"fault\": \"CredentialRefused\", \"rule\": \"sig-value\", \"msg\": \"it is not "
		 "good\"}"},
		/* the bus had no text: the word stands for it */
		{{"", "denied", "", ""}, "denied", "denied", "{}"},
		{{"InvalidArgument", "", "", ""},
		 "Expected 3",
		 "InvalidArgument",
		 "{\"fault\": \"InvalidArgument\", \"msg\": \"Expected 3\"}"},
		/* a front door that is not ours */
		{{"", "", "", ""}, ": Resolve: no", "fault 12", "{\"msg\": \": Resolve: no\"}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cli_reply reply = {0};
		struct cc_note why = {0};

		assert_int_equal(answer(NULL, 12, rows[i].text, rows[i].heads, &reply, &why), 0);
		assert_int_equal(reply.outcome, CC_OUT_ERROR);
		assert_string_equal(reply.code, rows[i].code);
		assert_json(reply.json, rows[i].json, rows[i].text);
		cli_reply_deinit(&reply);
	}
}

static void answers_that_are_none(void **state)
{
	static const char *const none[] = {"", "", "", ""};
	struct cli_https_answer empty = {.status = 200};
	struct cli_reply reply = {0};
	struct cc_note why = {0};

	assert_int_equal(cli_https_call_read(&empty, &reply, &why), -CC_EFORMAT);
	assert_non_null(strstr(why.text, "no answer in XML-RPC"));
	assert_null(reply.json);
	/* octets that are no text */
	assert_int_equal(answer("{\"$base64\": \"/w==\"}", 0, NULL, none, &reply, &why),
			 -CC_EFORMAT);
	assert_int_equal(answer("{\"$base64\": \"AA==\"}", 0, NULL, none, &reply, &why),
			 -CC_EFORMAT);
	assert_null(reply.json);
}

/* A header that is no text says nothing; what stands in the body counts, a good answer above all. */
static void odd_headers_say_nothing(void **state)
{
	static const char *const odd[] = {"\xff", "x", "", "\xff"};
	struct cli_reply reply = {0};
	struct cc_note why = {0};

	assert_int_equal(answer(NULL, 1, "y", odd, &reply, &why), 0);
	assert_int_equal(reply.outcome, CC_OUT_ERROR);
	assert_json(reply.json, "{\"msg\": \"y\"}", "no fault of such a header");
	cli_reply_deinit(&reply);
	assert_int_equal(answer("1", 0, NULL, odd, &reply, &why), 0);
	assert_json(reply.json, "{\"value\": 1}", "no next of such a header");
	cli_reply_deinit(&reply);
}

/* ---- there and back ---- */

static void json_comes_through_the_same(void **state)
{
	static const char *const rows[] = {
		"null",
		"true",
		"0.1",
		"2.0",
		"-9223372036854775808",
		"9223372036854775807",
		"\"\"",
		"\"a\\r\\n\\tb\"",
		"\"\\u0001\\ufffe\\uffff ]]> <&\"",
		"{\"$base64\": \"eA==\"}",
		"{\"$dateTime\": \"20261126T19:35:21\"}",
		"{\"$\": [{\"$$\": null}], \"a\": {}}",
		"[[], [[{}]]]",
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(0);
		json_t *value = json_of(rows[i]), *wrapped, *back;
		struct xr_response got;
		struct cc_note why = {0};

		assert_int_equal(xr_wrap(value, XR_EXACT, XR_DEPTH, &wrapped), 0);
		assert_int_equal(xr_put_response(&text, wrapped), 0);
		assert_int_equal(xr_response_read((char *)text.data, text.len, &got, &why), 0);
		assert_int_equal(xr_unwrap(got.value, XR_DEPTH, &back), 0);
		assert_json(back, rows[i], rows[i]);
		json_decref(value);
		json_decref(wrapped);
		json_decref(back);
		xr_response_deinit(&got);
	}
}

/* Two members that would become one are none that can be told apart again. */
static void names_stay_apart(void **state)
{
	json_t *value = json_of("{\"a\\u0001\": 1, \"a\\u0002\": 2}"), *out = NULL;

	assert_int_equal(xr_wrap(value, XR_EXACT, XR_DEPTH, &out), -CC_EFORMAT);
	assert_int_equal(xr_wrap(value, XR_FOREIGN, XR_DEPTH, &out), 0);
	assert_int_equal(json_object_size(out), 1);
	json_decref(out);
	json_decref(value);
}

static json_t *nested(unsigned depth)
{
	json_t *value = json_array();

	while (--depth)
		value = json_pack("[o]", value);
	return value;
}

static void depth_has_an_end(void **state)
{
	static const struct {
		unsigned depth;
		int r;
	} rows[] = {{XR_DEPTH, 0}, {XR_DEPTH + 1, -CC_ELIMIT}, {1000, -CC_ELIMIT}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		json_t *value = nested(rows[i].depth), *out[2] = {NULL, NULL};

		assert_int_equal(xr_wrap(value, XR_EXACT, XR_DEPTH, &out[0]), rows[i].r);
		assert_int_equal(xr_unwrap(value, XR_DEPTH, &out[1]), rows[i].r);
		json_decref(out[0]);
		json_decref(out[1]);
		json_decref(value);
	}
}

/* ---- words ---- */

static void pins(void **state)
{
	assert_true(cli_https_is_pin("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	assert_false(cli_https_is_pin("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
	assert_false(cli_https_is_pin("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;="));
	assert_false(cli_https_is_pin("sha256//"));
	assert_false(cli_https_is_pin("/etc/ssl/certs/a-file-with-a-name-as-long-as-a-pin.pem"));
	assert_false(cli_https_is_pin(""));
}

static void failures_say_what_to_do(void **state)
{
	static const struct {
		CURLcode code;
		long os_errno;
		const char *detail;
		int r;
		const char *text;
	} rows[] = {
		{CURLE_COULDNT_CONNECT, ECONNREFUSED, "", CC_ESYS, "Connection refused"},
		{CURLE_COULDNT_RESOLVE_HOST, 0, "", CC_ESYS, "its name is not known"},
		{CURLE_OPERATION_TIMEDOUT, 0, "", CC_ETIMEOUT, "in time"},
		{CURLE_PEER_FAILED_VERIFICATION, 0,
		 "SSL certificate problem: unable to get local issuer certificate", CC_EDENIED,
		 "--server-ca FILE or --pin"},
		{CURLE_PEER_FAILED_VERIFICATION, 0,
		 "SSL certificate problem: certificate has expired", CC_EDENIED, "has expired"},
		{CURLE_PEER_FAILED_VERIFICATION, 0,
		 "SSL certificate problem: certificate is not yet valid", CC_EDENIED, "your clock"},
		{CURLE_PEER_FAILED_VERIFICATION, 0,
		 "SSL: no alternative certificate subject name matches target host name 'x'",
		 CC_EDENIED, "of another host"},
		{CURLE_SSL_PINNEDPUBKEYNOTMATCH, 0, "", CC_EDENIED, "not the one of the pin"},
		{CURLE_RECV_ERROR, 0,
		 "OpenSSL SSL_read: error:0A000418:SSL routines::tlsv1 alert unknown ca, errno 0",
		 CC_EDENIED, "first contact"},
		{CURLE_SSL_CONNECT_ERROR, 0,
		 "error:0A000415:SSL routines::sslv3 alert certificate expired", CC_EDENIED,
		 "delete user.gid"},
		{CURLE_RECV_ERROR, 0,
		 "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required",
		 CC_EDENIED, "it saw none"},
		{CURLE_RECV_ERROR, 0, "Connection \x1b[2J reset", CC_ESYS,
		 "outcome unknown: Connection ?[2J reset"},
		{CURLE_WRITE_ERROR, 0, "", CC_ELIMIT, "longer than 32 MiB"},
		{CURLE_SSL_CACERT_BADFILE, 0, "", CC_EINVAL, "no certificate of a CA"},
	};
	const struct cli_https_conf c = {.url = "https://h/registry", .cert = "user.gid"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_note why = {0};
		int r = cli_https_error(&c, (int)rows[i].code, rows[i].os_errno, rows[i].detail,
					&why);

		if (r != -rows[i].r || !strstr(why.text, rows[i].text))
			fail_msg("%zu: %d, %s", i, r, why.text);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_request_has_a_call),
	cmocka_unit_test(others_have_none),
	cmocka_unit_test(values_are_those_of_the_bus),
	cmocka_unit_test(faults_are_refusals),
	cmocka_unit_test(answers_that_are_none),
	cmocka_unit_test(odd_headers_say_nothing),
	cmocka_unit_test(json_comes_through_the_same),
	cmocka_unit_test(names_stay_apart),
	cmocka_unit_test(depth_has_an_end),
	cmocka_unit_test(pins),
	cmocka_unit_test(failures_say_what_to_do),
};

TEST_MAIN(tests)
