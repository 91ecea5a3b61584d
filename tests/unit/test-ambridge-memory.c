/* SPDX-License-Identifier: ISC */
/*
 * A front door without memory: each allocation, of JSON too, fails once, and what comes of it is the answer, a
 * refusal, or -CC_ENOMEM; never a request or a reply that is half there. Leaks are the sanitizer's.
 */
#include "tests/unit/fail-alloc.h"
#include "tests/unit/servicekit.h"

#define ROUNDS 400 /* more allocations than any call makes */

static void requests_without_memory(void **state)
{
	static const struct {
		const char *path, *method, *params;
	} rows[] = {
		{"/registry", "Resolve",
		 "[['a', {'$base64': 'YQ=='}], [{'geni_type': 'geni_sfa', 'geni_value': 'C'}, "
		 "{'$base64': 'YQ=='}], {'details': true}]"},
		{"/registry", "List", "['plc', 'C', {'limit': 4, 'after': 'x'}]"},
		{"/registry", "Register",
		 "[{'hrn': 'a', 'expires': {'$dateTime': '20261126T19:35:21'}, 'l': [[1], {'$$a': "
		 "{}}]}, 'C']"},
		{"/registry", "register",
		 "['C', {'name': 'p', 'type': 'sa', 'geni_info': {'pi': ['u'], 'x': 1}}]"},
		{"/registry", "remove", "['C', {'name': 'p', 'type': 'sa'}]"},
		{"/registry", "resolve", "['C', 'p']"},
		{"/registry", "create_gid", "['C', 'p', '17', 'K']"},
		{"/ch", "RenewSlice", "['u', {'$dateTime': '20261126T19:35:21'}]"},
		{"/am/3.0", "Allocate",
		 "['u', ['C', {'geni_type': 'geni_sfa', 'geni_version': '3', 'geni_value': "
		 "{'$base64': 'YQ=='}}], 'r', {'geni_users': [{'urn': 'u'}]}]"},
		{"/am/3.0", "Update", "[['u'], [], 'r', {}]"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct ab_method *m = method_of(rows[i].path, rows[i].method);
		json_t *params = json_of(rows[i].params);
		long n = 0;
		bool failed = true;

		for (; failed && n < ROUNDS; n++) {
			struct ab_request rq = {0};
			struct ab_reply reply = {0};
			int r;

			alloc_fail_after(n);
			r = ab_request_make(m, params, &style_2019, &rq, &reply);
			failed = alloc_failed;
			alloc_fail_after(-1);
			if (r == 0)
				assert_non_null(rq.body);
			else if (r == 1)
				assert_true(reply.value || reply.fault);
			else
				assert_int_equal(r, -CC_ENOMEM);
			if (!failed)
				assert_int_equal(r, strcmp(rows[i].method, "Update") == 0);
			ab_request_deinit(&rq);
			ab_reply_deinit(&reply);
		}
		assert_false(failed);
		json_decref(params);
	}
}

static void replies_without_memory(void **state)
{
	static const struct {
		const char *path, *method, *type, *json;
	} rows[] = {
		{"/registry", "Resolve", "reply.reg.resolve",
		 "{'value': [{'hrn': 'a', 'date_created': '2026-11-21T19:19:40Z', 'pl_info': "
		 "{'$a': 4294967296, 'b\\u0001': ['c\\u0002']}}]}"},
		{"/registry", "resolve", "reply.reg.resolve",
		 "{'value': [{'hrn': 'a', 'type': 'authority', 'gid': 'P', 'reg-pis': ['u'], "
		 "'geni_info': {'x': 1}}]}"},
		{"/registry", "get_gid", "reply.reg.get_gids", "{'value': [{'gid': 'P'}]}"},
		{"/am/3.0", "GetVersion", "reply.am.get_version", "{'value': {'geni_api': 3}}"},
		{"/am/3.0", "GetVersion", "error", "{'code': 'denied', 'msg': 'm'}"},
		{"/am/3.0", "Status", "reply.am.status", "{'value': [{'a': 'b'}], 'output': 'o'}"},
		{"/am/3.0", "Status", "error",
		 "{'geni_code': 7, 'msg': 'a\\u0001', 'value': {'until': ['T']}}"},
		{"/registry", "Resolve", "error", "{'code': 'denied', 'msg': 'm'}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct ab_method *m = method_of(rows[i].path, rows[i].method);
		struct cc_answer a = {.json = json_of(rows[i].json)};
		long n = 0;
		bool failed = true;

		a.outcome = strcmp(rows[i].type, "error") == 0 ? CC_OUT_ERROR : CC_OUT_ANSWER;
		a.type = (struct cc_bytes){(const uint8_t *)rows[i].type, strlen(rows[i].type)};
		strcpy(a.code, a.outcome == CC_OUT_ERROR ? "denied" : "");
		for (; failed && n < ROUNDS; n++) {
			struct ab_reply reply = {0};
			int r;

			alloc_fail_after(n);
			r = ab_reply_make(m, &a, &style_2019, &reply);
			failed = alloc_failed;
			alloc_fail_after(-1);
			if (r)
				assert_int_equal(r, -CC_ENOMEM);
			else
				assert_true(reply.status == 200 && (reply.value || reply.fault));
			if (!failed)
				assert_int_equal(r, 0);
			ab_reply_deinit(&reply);
		}
		assert_false(failed);
		json_decref(a.json);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(requests_without_memory),
	cmocka_unit_test(replies_without_memory),
};

int main(void)
{
	json_set_alloc_funcs(malloc, free);
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
