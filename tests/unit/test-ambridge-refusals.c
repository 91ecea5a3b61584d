/* SPDX-License-Identifier: ISC */
/* Calls that are refused, on each path and in the words of its time. */
#include "tests/unit/servicekit.h"

static const struct {
	const char *path, *method, *params;
	int fault, fault_2011;
	const char *text;
} wrong_calls[] = {
	{REG, "GetVersion", "[1]", 1, 102,
	 ": GetVersion: Invalid options value: expected struct, got int"},
	{REG, "GetVersion", "[{}, {}]", 1, 101, ": GetVersion: Expected 0-1 arguments, got 2"},
	{REG, "Resolve", "['a']", 1, 101, ": Resolve: Expected 2-3 arguments, got 1"},
	{REG, "Resolve", "['a', 'b', {}, 4]", 1, 101, ": Resolve: Expected 2-3 arguments, got 4"},
	{REG, "Resolve", "[5, 'C']", 1, 102,
	 ": Resolve: Invalid xrns value: expected string or array, got int"},
	{REG, "Resolve", "[['a', 1.5], 'C']", 1, 102,
	 ": Resolve: Invalid xrns value: expected array of strings, got double"},
	{REG, "Resolve", "[{'$dateTime': 'x'}, 'C']", 1, 102,
	 ": Resolve: Invalid xrns value: expected string or array, got dateTime.iso8601"},
	{REG, "Resolve", "[{'$base64': '/w=='}, 'C']", 1, 102,
	 ": Resolve: Invalid xrns value: base64 of something that is no text"},
	{REG, "Resolve", "[{'$base64': 'YQBi'}, 'C']", 1, 102,
	 ": Resolve: Invalid xrns value: base64 of something that is no text"},
	{REG, "Resolve", "[{'$base64': 'a'}, 'C']", 1, 102,
	 ": Resolve: Invalid xrns value: base64 of something that is no text"},
	{REG, "Resolve", "['a', null]", 1, 102,
	 ": Resolve: Invalid creds value: expected string or struct, got nil"},
	{REG, "Resolve", "['a', [5]]", 1, 102,
	 ": Resolve: Invalid creds value: expected string or struct, got int"},
	{REG, "Resolve", "['a', [['C']]]", 1, 102,
	 ": Resolve: Invalid creds value: expected string or struct, got array"},
	{REG, "Resolve", "['a', {'geni_value': 'C'}]", 1, 102,
	 ": Resolve: Invalid creds value: a credential's geni_type is no string"},
	{REG, "Resolve", "['a', {'geni_type': 'geni_sfa'}]", 1, 102,
	 ": Resolve: Invalid creds value: a credential's geni_value is no string"},
	{REG, "Resolve", "['a', {'geni_type': 'geni_sfa', 'geni_value': 5}]", 1, 102,
	 ": Resolve: Invalid creds value: a credential's geni_value is no string"},
	{REG, "Resolve", "['a', {'$dateTime': 'x'}]", 1, 102,
	 ": Resolve: Invalid creds value: expected string or struct, got dateTime.iso8601"},
	{REG, "Resolve", "['a', 'C', []]", 1, 102,
	 ": Resolve: Invalid options value: expected struct, got array"},
	{REG, "List", "[5, 'C']", 1, 102, ": List: Invalid xrn value: expected string, got int"},
	{REG, "List", "[['a'], 'C']", 1, 102,
	 ": List: Invalid xrn value: expected string, got array"},
	{REG, "List", "['a', 'C', true]", 1, 102,
	 ": List: Invalid options value: expected struct, got boolean"},
	{REG, "Register", "['C', {}]", 1, 102,
	 ": Register: Invalid record value: expected struct, got string"},
	{REG, "Register", "[{'$base64': 'YQ=='}, 'C']", 1, 102,
	 ": Register: Invalid record value: expected struct, got base64"},
	{REG, "Register", "[{}]", 1, 101, ": Register: Expected 2 arguments, got 1"},
	{REG, "Update", "[{}, 'C', 'user']", 1, 101, ": Update: Expected 2 arguments, got 3"},
	{REG, "Remove", "['a']", 1, 101, ": Remove: Expected 2-3 arguments, got 1"},
	{REG, "Remove", "['a', 'C', 7]", 1, 102,
	 ": Remove: Invalid type value: expected string, got int"},
	{REG, "GetCredential", "['C', 5, 'user']", 1, 102,
	 ": GetCredential: Invalid xrn value: expected string, got int"},
	{REG, "GetSelfCredential", "['PEM']", 1, 101,
	 ": GetSelfCredential: Expected 2-3 arguments, got 1"},
	{REG, "GetSelfCredential", "[5, 'a']", 1, 102,
	 ": GetSelfCredential: Invalid cert value: expected string, got int"},
	{REG, "GetGids", "[[], 'C', {}]", 1, 101, ": GetGids: Expected 2 arguments, got 3"},
	{REG, "CreateGid", "['C']", 1, 101, ": CreateGid: Expected 2-5 arguments, got 1"},
	{REG, "get_trusted_certs", "[5]", 1, 102,
	 ": get_trusted_certs: Invalid cred value: expected string or struct, got int"},
	{REG, "GetTicket", "['a', 'C']", 1, 101, ": GetTicket: Expected 3-4 arguments, got 2"},
	{REG, "GetTicket", "['a', 'C', {}]", 1, 102,
	 ": GetTicket: Invalid rspec value: expected string, got struct"},
	{REG, "GetTicket", "['a', 'C', '', 'u']", 1, 102,
	 ": GetTicket: Invalid users value: expected array, got string"},

	{"/ch", "CreateSlice", "[]", 1, 1, "Expected 1 argument, got 0"},
	{"/ch", "RenewSlice", "['a', 5]", 1, 1,
	 "Invalid expiration value: expected string, got int"},
	{"/ch", "ListAggregates", "[1]", 1, 1, "Expected 0 arguments, got 1"},
	{"/ch", "CreateUserCredential", "[{}]", 1, 1,
	 "Invalid user_gid value: expected string, got struct"},

	{"/am/3.0", "GetVersion", "[1]", 1, 1,
	 "GetVersion: Invalid options value: expected struct, got int"},
	{"/am/3.0", "GetVersion", "[{}, {}]", 1, 1, "GetVersion: Expected 0-1 arguments, got 2"},
	{"/am/3.0", "ListResources", "[[]]", 1, 1, "ListResources: Expected 2 arguments, got 1"},
	{"/am/3.0", "Allocate", "['u', {}, 'r', {}]", 1, 1,
	 "Allocate: Invalid credentials value: expected array, got struct"},
	{"/am/3.0", "Renew", "[['u'], [], 5, {}]", 1, 1,
	 "Renew: Invalid expiration_time value: expected string, got int"},
	{"/am/3.0", "Describe", "['u', [], {}]", 1, 1,
	 "Describe: Invalid urns value: expected array, got string"},
};

static void wrong_calls_are_refused(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(wrong_calls); i++) {
		assert_refused(wrong_calls[i].path, wrong_calls[i].method, wrong_calls[i].params,
			       &style_2019, wrong_calls[i].fault, wrong_calls[i].text);
		assert_refused(wrong_calls[i].path, wrong_calls[i].method, wrong_calls[i].params,
			       &style_2011, wrong_calls[i].fault_2011, wrong_calls[i].text);
	}
}

/* Wrong count or types of arguments are a matter of XML-RPC: a fault (spec geni-am 1). */
static void am_calls_that_are_none(void **state)
{
	static const struct {
		const char *name, *params, *text;
	} rows[] = {
		{"ListResources", "[]", "ListResources: Expected 2 arguments, got 0"},
		{"ListResources", "[[], {}, 1]", "ListResources: Expected 2 arguments, got 3"},
		{"ListResources", "['C', {}]",
		 "ListResources: Invalid credentials value: expected array, got string"},
		{"ListResources", "[[5], {}]",
		 "ListResources: Invalid credentials value: expected string or struct, got int"},
		{"ListResources", "[[{}], {}]",
		 "ListResources: Invalid credentials value: a credential's geni_type is no string"},
		{"ListResources", "[[{'geni_type': 'geni_sfa', 'geni_value': 7}], {}]",
		 "ListResources: Invalid credentials value: a credential's geni_value is no "
		 "string"},
		{"ListResources",
		 "[[{'geni_type': 'geni_sfa', 'geni_value': {'$base64': '/w=='}}], {}]",
		 "ListResources: Invalid credentials value: base64 of something that is no text"},
		{"ListResources", "[[], []]",
		 "ListResources: Invalid options value: expected struct, got array"},
		{"Status", "['u', [], {}]",
		 "Status: Invalid urns value: expected array, got string"},
		{"Status", "[[['u']], [], {}]",
		 "Status: Invalid urns value: expected array of strings, got array"},
		{"Status", "[[null], [], {}]",
		 "Status: Invalid urns value: expected array of strings, got nil"},
		{"Allocate", "[['s'], [], '<rspec/>', {}]",
		 "Allocate: Invalid slice_urn value: expected string, got array"},
		{"Allocate", "['s', [], {}, {}]",
		 "Allocate: Invalid rspec value: expected string, got struct"},
		{"Renew", "[['s'], [], 5, {}]",
		 "Renew: Invalid expiration_time value: expected string, got int"},
		{"PerformOperationalAction", "[['s'], [], true, {}]",
		 "PerformOperationalAction: Invalid action value: expected string, got boolean"},
		{"GetVersion", "[{}, {}]", "GetVersion: Expected 0-1 arguments, got 2"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_refused(AM, rows[i].name, rows[i].params, &style_2019, 1, rows[i].text);
}

/* What the aggregate does not do yet is said in its own way, not by a fault (spec geni-am 1, 2). */
static void am_calls_are_unsupported(void **state)
{
	static const char *const rows[][2] = {
		{"Update", "[['u'], [], '<rspec/>', {}]"},
		{"Cancel", "[['u'], [], {}]"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct ab_request rq;
		struct ab_reply reply;
		char wanted[256];

		assert_int_equal(call_make(AM, rows[i][0], rows[i][1], &style_2019, &rq, &reply),
				 1);
		assert_int_equal(reply.status, 200);
		snprintf(wanted, sizeof(wanted),
			 "{'code': {'geni_code': 13, 'am_type': 'ccfed', 'am_code': 13}, 'value': "
			 "'', 'output': '%s is not served here yet'}",
			 rows[i][0]);
		assert_json(reply.value, wanted, rows[i][0]);
		ab_reply_deinit(&reply);
	}
	assert_refused(AM, "Cancel", "[[]]", &style_2019, 1, "Cancel: Expected 3 arguments, got 1");
}

/* An argument is one level of the body. */
static void depth_is_bounded(void **state)
{
	for (unsigned depth = 29; depth < 34; depth++) {
		char params[256];
		struct ab_request rq;
		struct ab_reply reply;
		int r;

		snprintf(params, sizeof(params), "[{'a': %.*s0%.*s}, 'C']", (int)depth - 1,
			 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", (int)depth - 1,
			 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
		r = call_make(REG, "Register", params, &style_2019, &rq, &reply);
		assert_int_equal(r, depth > 31);
		if (r) {
			assert_string_equal(reply.text, ": Register: Invalid record value: nested "
							"deeper than 31");
			ab_reply_deinit(&reply);
		} else {
			ab_request_deinit(&rq);
		}
	}
}

static void many_credentials_are_refused(void **state)
{
	json_t *list = json_array(), *params = json_pack("[s, O]", "a", list);
	struct ab_request rq;
	struct ab_reply reply;

	for (int i = 0; i < 64; i++)
		json_array_append_new(list, json_string("C"));
	assert_int_equal(
		ab_request_make(method_of(REG, "Resolve"), params, &style_2019, &rq, &reply), 0);
	assert_int_equal(json_array_size(json_object_get(rq.body, "credentials")), 64);
	ab_request_deinit(&rq);
	json_array_append_new(list, json_string("C"));
	assert_int_equal(
		ab_request_make(method_of(REG, "Resolve"), params, &style_2019, &rq, &reply), 1);
	assert_string_equal(reply.text, ": Resolve: Invalid creds value: more than 64 credentials");
	ab_reply_deinit(&reply);
	json_decref(list);
	json_decref(params);
}

static void unknown_methods_are_told(void **state)
{
	static const struct {
		const char *path, *name;
		int fault, fault_2011;
		const char *text;
	} rows[] = {
		{REG, "Foo", 13, 100, "Invalid method Foo"},
		{REG, "getversion", 13, 100, "Invalid method getversion"},
		{REG, "", 13, 100, "Invalid method "},
		{REG, "ListResources", 13, 100,
		 ": ListResources: Invalid method ListResources for interface registry"},
		{REG, "start_slice", 13, 100,
		 ": start_slice: Invalid method start_slice for interface registry"},
		{REG, "get_key", 13, 100,
		 ": get_key: Invalid method get_key for interface registry"},
		{"/ch", "Resolve", 13, 13, "Invalid method Resolve"},
		{"/am/3.0", "CreateSliver", 1, 1, "Invalid method CreateSliver"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct ab_service *s = ab_service_find(rows[i].path);
		struct ab_reply reply;

		assert_null(ab_method_find(s, rows[i].name));
		ab_reply_unknown(s, rows[i].name, &style_2019, &reply);
		assert_int_equal(reply.status, 200);
		assert_null(reply.value);
		assert_int_equal(reply.fault, rows[i].fault);
		assert_string_equal(reply.text, rows[i].text);
		ab_reply_unknown(s, rows[i].name, &style_2011, &reply);
		assert_int_equal(reply.fault, rows[i].fault_2011);
	}
}

/* A name is a stranger's: what XML cannot have is not sent back, and it fits. */
static void unknown_methods_are_bounded(void **state)
{
	char name[2000];
	struct ab_reply reply;

	ab_reply_unknown(ab_service_find(REG), "a\x01\xef\xbf\xbf>", &style_2019, &reply);
	assert_string_equal(reply.text, "Invalid method a?"
					"?>");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	memcpy(name + 1007, "\xc3\xa4", 2); /* lies across the end */
	ab_reply_unknown(ab_service_find(REG), name, &style_2019, &reply);
	assert_int_equal(strlen(reply.text), 1022);
	assert_int_equal(reply.text[1021], 'x');
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(wrong_calls_are_refused),	cmocka_unit_test(am_calls_that_are_none),
	cmocka_unit_test(am_calls_are_unsupported),	cmocka_unit_test(depth_is_bounded),
	cmocka_unit_test(many_credentials_are_refused), cmocka_unit_test(unknown_methods_are_told),
	cmocka_unit_test(unknown_methods_are_bounded),
};

TEST_MAIN(tests)
