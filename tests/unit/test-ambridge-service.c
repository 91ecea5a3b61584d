/* SPDX-License-Identifier: ISC */
/* The calls of each path: what request each becomes, argument by argument, and what is refused. */
#include "tests/unit/servicekit.h"

#define REG "/registry"
#define AM "/am/3.0"

static void paths_are_found(void **state)
{
	static const struct {
		const char *path, *name;
	} rows[] = {
		{"/registry", "registry"},
		{"/registry/", "registry"},
		{"/ch", "ch"},
		{"/ch/", "ch"},
		{"/am/3.0", "am3"},
		{"/am/3.0/", "am3"},
		{"/registry//", NULL},
		{"/", NULL},
		{"", NULL},
		{"/registryx", NULL},
		{"/regist", NULL},
		{"registry", NULL},
		{"/am/2.0", NULL},
		{"/am/3", NULL},
		{"/RPC2", NULL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct ab_service *s = ab_service_find(rows[i].path);

		if (rows[i].name && !s)
			fail_msg("%s is no path", rows[i].path);
		if (rows[i].name)
			assert_string_equal(ab_service_name(s), rows[i].name);
		else
			assert_null(s);
	}
}

static void calls_become_requests(void **state)
{
	static const struct {
		const char *path, *method, *params, *type, *body;
	} rows[] = {
		{REG, "GetVersion", "[]", "reg.get_version", "{}"},
		{REG, "GetVersion", "[{'x': 1}]", "reg.get_version", "{}"},
		{REG, "Resolve", "['plc.site.a', 'C']", "reg.resolve",
		 "{'hrns': 'plc.site.a', 'credentials': ['C']}"},
		{REG, "Resolve", "[['a', 'b'], ['C', 'D'], {}]", "reg.resolve",
		 "{'hrns': ['a', 'b'], 'credentials': ['C', 'D'], 'options': {}}"},
		{REG, "Resolve", "['a', 'C', {'details': true, 'x': {}}]", "reg.resolve",
		 "{'hrns': 'a', 'credentials': ['C'], 'options': {'details': true}}"},
		{REG, "Resolve", "['a', 'C', null]", "reg.resolve",
		 "{'hrns': 'a', 'credentials': ['C']}"},
		{REG, "Resolve", "[[], []]", "reg.resolve", "{'hrns': [], 'credentials': []}"},
		{REG, "List", "['plc', 'C', {'recursive': true, 'limit': 5, 'after': 'x', 'y': 1}]",
		 "reg.list",
		 "{'hrn': 'plc', 'credentials': ['C'], 'options': {'recursive': true, 'limit': 5, "
		 "'after': 'x'}}"},
		{REG, "Register", "[{'hrn': 'plc.a', 'type': 'user', 'reg-keys': ['k']}, 'C']",
		 "reg.register",
		 "{'record': {'hrn': 'plc.a', 'type': 'user', 'reg-keys': ['k']}, 'credentials': "
		 "['C']}"},
		{REG, "Update", "[{'hrn': 'plc.a', 'peer_authority': null}, ['C']]", "reg.update",
		 "{'record': {'hrn': 'plc.a', 'peer_authority': null}, 'credentials': ['C']}"},
		{REG, "Remove", "['plc.a', 'C', 'user']", "reg.remove",
		 "{'hrn': 'plc.a', 'credentials': ['C'], 'type': 'user'}"},
		{REG, "Remove", "['urn', 'C', null]", "reg.remove",
		 "{'hrn': 'urn', 'credentials': ['C']}"},
		{REG, "Remove", "['urn', 'C']", "reg.remove",
		 "{'hrn': 'urn', 'credentials': ['C']}"},
		{REG, "GetCredential", "['C', 'plc.s', 'slice']", "reg.get_credential",
		 "{'hrn': 'plc.s', 'credentials': ['C'], 'type': 'slice'}"},
		{REG, "GetCredential", "[['C'], 'plc.s']", "reg.get_credential",
		 "{'hrn': 'plc.s', 'credentials': ['C']}"},
		{REG, "GetSelfCredential", "['PEM', 'plc.a', 'user']", "reg.get_self_credential",
		 "{'hrn': 'plc.a', 'type': 'user'}"},
		{REG, "GetSelfCredential", "[null, 'plc.a']", "reg.get_self_credential",
		 "{'hrn': 'plc.a'}"},
		{REG, "GetGids", "[['a'], 'C']", "reg.get_gids",
		 "{'hrns': ['a'], 'credentials': ['C']}"},
		{REG, "CreateGid", "['C', 'plc.a', 'PEM']", "reg.create_gid",
		 "{'hrn': 'plc.a', 'credentials': ['C'], 'key': 'PEM'}"},
		{REG, "CreateGid", "['C', 'plc.a', null]", "reg.create_gid",
		 "{'hrn': 'plc.a', 'credentials': ['C']}"},
		{REG, "get_trusted_certs", "[]", "reg.get_trusted_certs", "{}"},
		{REG, "get_trusted_certs", "[null]", "reg.get_trusted_certs", "{}"},
		{REG, "get_trusted_certs", "['C']", "reg.get_trusted_certs",
		 "{'credentials': ['C']}"},
		{REG, "GetTicket", "['plc.s', 'C', 'R', [{'urn': 'u', 'keys': []}]]",
		 "reg.get_ticket", "{'hrn': 'plc.s', 'credentials': ['C'], 'rspec': 'R'}"},
		{REG, "GetTicket", "['plc.s', 'C', null]", "reg.get_ticket",
		 "{'hrn': 'plc.s', 'credentials': ['C']}"},

		{"/ch", "GetVersion", "[]", "reg.get_version", "{}"},
		{"/ch", "CreateSlice", "['urn:s']", "reg.create_slice", "{'urn': 'urn:s'}"},
		{"/ch", "RenewSlice", "['urn:s', '2026-12-01T00:00:00']", "reg.renew_slice",
		 "{'urn': 'urn:s', 'expires': '2026-12-01T00:00:00'}"},
		{"/ch", "RenewSlice", "['urn:s', {'$dateTime': '20261201T01:02:03'}]",
		 "reg.renew_slice", "{'urn': 'urn:s', 'expires': '2026-12-01T01:02:03Z'}"},
		{"/ch", "DeleteSlice", "['urn:s']", "reg.delete_slice", "{'urn': 'urn:s'}"},
		{"/ch", "ListAggregates", "[]", "reg.list_aggregates", "{}"},
		{"/ch", "ListMySlices", "['urn:u']", "reg.list_my_slices", "{'urn': 'urn:u'}"},
		{"/ch", "CreateUserCredential", "['PEM']", "reg.create_user_credential", "{}"},
		{"/ch", "CreateUserCredential", "[]", "reg.create_user_credential", "{}"},

		{"/am/3.0", "GetVersion", "[]", "am.get_version", "{}"},
		{"/am/3.0", "GetVersion", "[{'geni_x': true}]", "am.get_version", "{}"},
		{AM, "ListResources", "[[], {'geni_available': true, 'x': {}}]",
		 "am.list_resources",
		 "{'credentials': [], 'options': {'geni_available': true, 'x': {}}}"},
		{AM, "Describe", "[['u', 'v'], ['C'], {}]", "am.describe",
		 "{'urns': ['u', 'v'], 'credentials': ['C'], 'options': {}}"},
		{AM, "Describe", "[[], [], {}]", "am.describe",
		 "{'urns': [], 'credentials': [], 'options': {}}"},
		{AM, "Allocate", "['s', ['C'], '<rspec/>', {'geni_end_time': 't'}]", "am.allocate",
		 "{'urn': 's', 'credentials': ['C'], 'rspec': '<rspec/>', 'options': "
		 "{'geni_end_time': 't'}}"},
		{AM, "Allocate", "['s', [], {'$base64': 'PGEvPg=='}, {}]", "am.allocate",
		 "{'urn': 's', 'credentials': [], 'rspec': '<a/>', 'options': {}}"},
		{AM, "Provision",
		 "[['s'], [], {'geni_users': [{'urn': 'u', 'keys': ['k', {'$base64': 'YQ=='}]}]}]",
		 "am.provision",
		 "{'urns': ['s'], 'credentials': [], 'options': {'geni_users': [{'urn': 'u', "
		 "'keys': ['k', 'a']}]}}"},
		{AM, "Renew", "[['s'], [], '2026-12-01T00:00:00', {}]", "am.renew",
		 "{'urns': ['s'], 'credentials': [], 'expires': '2026-12-01T00:00:00', 'options': "
		 "{}}"},
		{AM, "Renew", "[['s'], [], {'$dateTime': '20261201T01:02:03'}, {}]", "am.renew",
		 "{'urns': ['s'], 'credentials': [], 'expires': '2026-12-01T01:02:03Z', 'options': "
		 "{}}"},
		{AM, "Status", "[['s'], [], {}]", "am.status",
		 "{'urns': ['s'], 'credentials': [], 'options': {}}"},
		{AM, "PerformOperationalAction", "[['s'], [], 'geni_start', {}]",
		 "am.perform_operational_action",
		 "{'urns': ['s'], 'credentials': [], 'action': 'geni_start', 'options': {}}"},
		{AM, "Delete", "[['s'], [], {'geni_best_effort': false}]", "am.delete",
		 "{'urns': ['s'], 'credentials': [], 'options': {'geni_best_effort': false}}"},
		{AM, "Shutdown", "['s', [], {}]", "am.shutdown",
		 "{'urn': 's', 'credentials': [], 'options': {}}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_request(rows[i].path, rows[i].method, rows[i].params, rows[i].type,
			       rows[i].body);
}

static void credentials_come_in_every_form(void **state)
{
	/* of Resolve's second argument */
	static const char *const rows[][2] = {
		{"'C'", "['C']"},
		{"['C']", "['C']"},
		{"[]", "[]"},
		{"{'geni_type': 'geni_sfa', 'geni_version': '3', 'geni_value': 'C'}", "['C']"},
		{"[{'geni_type': 'geni_sfa', 'geni_version': 2, 'geni_value': 'C'}, 'D']",
		 "['C', 'D']"},
		{"[{'geni_type': 'GENI_SFA', 'geni_value': {'$base64': 'PGEvPg=='}}]", "['<a/>']"},
		{"[{'geni_type': 'geni_sfa', 'geni_value': {'$base64': ' PGEv\\nPg== '}}]",
		 "['<a/>']"},
		{"[{'geni_type': 'geni_abac', 'geni_version': '1', 'geni_value': 'A'}, 'C']",
		 "['C']"},
		{"[{'geni_type': 'geni_other'}]", "[]"},
		{"{'$base64': 'PGEvPg=='}", "['<a/>']"},
		{"[{'$base64': 'PGEvPg=='}]", "['<a/>']"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char params[256], body[256];

		snprintf(params, sizeof(params), "['a', %s]", rows[i][0]);
		snprintf(body, sizeof(body), "{'hrns': 'a', 'credentials': %s}", rows[i][1]);
		assert_request(REG, "Resolve", params, "reg.resolve", body);
	}
}

static void marks_become_text(void **state)
{
	assert_request(REG, "Register",
		       "[{'hrn': {'$base64': 'YQ=='}, 'reg-keys': [{'$base64': 'w6Q='}], "
		       "'expires': {'$dateTime': '20261126T19:35:21'}, 'date_created': "
		       "{'$dateTime': '2026-11-26T19:35:21'}, 'pl_info': {'$$base64': 'x', "
		       "'$$$a': [{'$$b': 1}]}}, {'$base64': ''}]",
		       "reg.register",
		       "{'record': {'hrn': 'a', 'reg-keys': ['\\u00e4'], 'expires': "
		       "'2026-11-26T19:35:21Z', 'date_created': '2026-11-26T19:35:21', 'pl_info': "
		       "{'$base64': 'x', '$$a': [{'$b': 1}]}}, 'credentials': ['']}");
}

static void wrong_calls_are_refused(void **state)
{
	static const struct {
		const char *path, *method, *params;
		int fault, fault_2011;
		const char *text;
	} rows[] = {
		{REG, "GetVersion", "[1]", 1, 102,
		 ": GetVersion: Invalid options value: expected struct, got int"},
		{REG, "GetVersion", "[{}, {}]", 1, 101,
		 ": GetVersion: Expected 0-1 arguments, got 2"},
		{REG, "Resolve", "['a']", 1, 101, ": Resolve: Expected 2-3 arguments, got 1"},
		{REG, "Resolve", "['a', 'b', {}, 4]", 1, 101,
		 ": Resolve: Expected 2-3 arguments, got 4"},
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
		{REG, "List", "[5, 'C']", 1, 102,
		 ": List: Invalid xrn value: expected string, got int"},
		{REG, "List", "[['a'], 'C']", 1, 102,
		 ": List: Invalid xrn value: expected string, got array"},
		{REG, "List", "['a', 'C', true]", 1, 102,
		 ": List: Invalid options value: expected struct, got boolean"},
		{REG, "Register", "['C', {}]", 1, 102,
		 ": Register: Invalid record value: expected struct, got string"},
		{REG, "Register", "[{'$base64': 'YQ=='}, 'C']", 1, 102,
		 ": Register: Invalid record value: expected struct, got base64"},
		{REG, "Register", "[{}]", 1, 101, ": Register: Expected 2 arguments, got 1"},
		{REG, "Update", "[{}, 'C', 'user']", 1, 101,
		 ": Update: Expected 2 arguments, got 3"},
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
		{REG, "GetTicket", "['a', 'C']", 1, 101,
		 ": GetTicket: Expected 3-4 arguments, got 2"},
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
		{"/am/3.0", "GetVersion", "[{}, {}]", 1, 1,
		 "GetVersion: Expected 0-1 arguments, got 2"},
		{"/am/3.0", "ListResources", "[[]]", 1, 1,
		 "ListResources: Expected 2 arguments, got 1"},
		{"/am/3.0", "Allocate", "['u', {}, 'r', {}]", 1, 1,
		 "Allocate: Invalid credentials value: expected array, got struct"},
		{"/am/3.0", "Renew", "[['u'], [], 5, {}]", 1, 1,
		 "Renew: Invalid expiration_time value: expected string, got int"},
		{"/am/3.0", "Describe", "['u', [], {}]", 1, 1,
		 "Describe: Invalid urns value: expected array, got string"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		assert_refused(rows[i].path, rows[i].method, rows[i].params, &style_2019,
			       rows[i].fault, rows[i].text);
		assert_refused(rows[i].path, rows[i].method, rows[i].params, &style_2011,
			       rows[i].fault_2011, rows[i].text);
	}
}

/* Types that somebody may read go on as they came, also base64; of others nothing does. */
static void am_credentials_are_kept(void **state)
{
	static const char *const rows[][2] = {
		{"['C', {'$base64': 'PGEvPg=='}]", "['C', '<a/>']"},
		{"[{'geni_type': 'geni_sfa', 'geni_version': '3', 'geni_value': 'C', 'x': 1}]",
		 "[{'geni_type': 'geni_sfa', 'geni_version': '3', 'geni_value': 'C'}]"},
		{"[{'geni_type': 'GENI_ABAC', 'geni_version': 1, 'geni_value': {'$base64': "
		 "'PGEvPg=='}}]",
		 "[{'geni_type': 'GENI_ABAC', 'geni_version': 1, 'geni_value': '<a/>'}]"},
		{"[{'geni_type': 'geni_sfa', 'geni_version': [], 'geni_value': 'C'}]",
		 "[{'geni_type': 'geni_sfa', 'geni_value': 'C'}]"},
		{"[{'geni_type': 'x509', 'geni_value': {'$base64': '/w=='}}, 'C']", "['C']"},
		{"[]", "[]"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char params[512], body[512];

		snprintf(params, sizeof(params), "[['u'], %s, {}]", rows[i][0]);
		snprintf(body, sizeof(body), "{'urns': ['u'], 'credentials': %s, 'options': {}}",
			 rows[i][1]);
		assert_request(AM, "Status", params, "am.status", body);
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

static void first_contact_is_told(void **state)
{
	static const struct {
		const char *path, *name;
		bool first;
	} rows[] = {
		{REG, "GetVersion", true},	 {REG, "GetSelfCredential", true},
		{REG, "Resolve", false},	 {REG, "get_trusted_certs", false},
		{REG, "Register", false},	 {"/ch", "GetVersion", true},
		{"/ch", "CreateSlice", false},	 {"/ch", "ListAggregates", false},
		{"/am/3.0", "GetVersion", true}, {"/am/3.0", "ListResources", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct ab_method *m = method_of(rows[i].path, rows[i].name);

		assert_string_equal(ab_method_name(m), rows[i].name);
		if (ab_method_is_first_contact(m) != rows[i].first)
			fail_msg("%s %s", rows[i].path, rows[i].name);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(paths_are_found),
	cmocka_unit_test(calls_become_requests),
	cmocka_unit_test(credentials_come_in_every_form),
	cmocka_unit_test(marks_become_text),
	cmocka_unit_test(wrong_calls_are_refused),
	cmocka_unit_test(am_credentials_are_kept),
	cmocka_unit_test(am_calls_that_are_none),
	cmocka_unit_test(am_calls_are_unsupported),
	cmocka_unit_test(depth_is_bounded),
	cmocka_unit_test(many_credentials_are_refused),
	cmocka_unit_test(unknown_methods_are_told),
	cmocka_unit_test(unknown_methods_are_bounded),
	cmocka_unit_test(first_contact_is_told),
};

TEST_MAIN(tests)
