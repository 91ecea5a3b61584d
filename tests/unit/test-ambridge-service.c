/* SPDX-License-Identifier: ISC */
/* The calls of each path: what request each becomes, argument by argument. */
#include "tests/unit/servicekit.h"

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

static const struct {
	const char *path, *method, *params, *type, *body;
} calls[] = {
	{REG, "GetVersion", "[]", "reg.get_version", "{}"},
	{REG, "GetVersion", "[{'x': 1}]", "reg.get_version", "{}"},
	{REG, "Resolve", "['plc.site.a', 'C']", "reg.resolve",
	 "{'hrns': 'plc.site.a', 'credentials': ['C']}"},
	{REG, "Resolve", "[['a', 'b'], ['C', 'D'], {}]", "reg.resolve",
	 "{'hrns': ['a', 'b'], 'credentials': ['C', 'D'], 'options': {}}"},
	{REG, "Resolve", "['a', 'C', {'details': true, 'x': {}}]", "reg.resolve",
	 "{'hrns': 'a', 'credentials': ['C'], 'options': {'details': true}}"},
	{REG, "Resolve", "['a', 'C', null]", "reg.resolve", "{'hrns': 'a', 'credentials': ['C']}"},
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
	{REG, "Remove", "['urn', 'C', null]", "reg.remove", "{'hrn': 'urn', 'credentials': ['C']}"},
	{REG, "Remove", "['urn', 'C']", "reg.remove", "{'hrn': 'urn', 'credentials': ['C']}"},
	{REG, "GetCredential", "['C', 'plc.s', 'slice']", "reg.get_credential",
	 "{'hrn': 'plc.s', 'credentials': ['C'], 'type': 'slice'}"},
	{REG, "GetCredential", "[['C'], 'plc.s']", "reg.get_credential",
	 "{'hrn': 'plc.s', 'credentials': ['C']}"},
	{REG, "GetSelfCredential", "['PEM', 'plc.a', 'user']", "reg.get_self_credential",
	 "{'hrn': 'plc.a', 'type': 'user'}"},
	{REG, "GetSelfCredential", "[null, 'plc.a']", "reg.get_self_credential",
	 "{'hrn': 'plc.a'}"},
	{REG, "GetGids", "[['a'], 'C']", "reg.get_gids", "{'hrns': ['a'], 'credentials': ['C']}"},
	{REG, "CreateGid", "['C', 'plc.a', 'PEM']", "reg.create_gid",
	 "{'hrn': 'plc.a', 'credentials': ['C'], 'key': 'PEM'}"},
	{REG, "CreateGid", "['C', 'plc.a', null]", "reg.create_gid",
	 "{'hrn': 'plc.a', 'credentials': ['C']}"},
	{REG, "get_trusted_certs", "[]", "reg.get_trusted_certs", "{}"},
	{REG, "get_trusted_certs", "[null]", "reg.get_trusted_certs", "{}"},
	{REG, "get_trusted_certs", "['C']", "reg.get_trusted_certs", "{'credentials': ['C']}"},
	{REG, "GetTicket", "['plc.s', 'C', 'R', [{'urn': 'u', 'keys': []}]]", "reg.get_ticket",
	 "{'hrn': 'plc.s', 'credentials': ['C'], 'rspec': 'R'}"},
	{REG, "GetTicket", "['plc.s', 'C', null]", "reg.get_ticket",
	 "{'hrn': 'plc.s', 'credentials': ['C']}"},

	{"/ch", "GetVersion", "[]", "reg.get_version", "{}"},
	{"/ch", "CreateSlice", "['urn:s']", "reg.create_slice", "{'urn': 'urn:s'}"},
	{"/ch", "RenewSlice", "['urn:s', '2026-12-01T00:00:00']", "reg.renew_slice",
	 "{'urn': 'urn:s', 'expires': '2026-12-01T00:00:00'}"},
	{"/ch", "RenewSlice", "['urn:s', {'$dateTime': '20261201T01:02:03'}]", "reg.renew_slice",
	 "{'urn': 'urn:s', 'expires': '2026-12-01T01:02:03Z'}"},
	{"/ch", "DeleteSlice", "['urn:s']", "reg.delete_slice", "{'urn': 'urn:s'}"},
	{"/ch", "ListAggregates", "[]", "reg.list_aggregates", "{}"},
	{"/ch", "ListMySlices", "['urn:u']", "reg.list_my_slices", "{'urn': 'urn:u'}"},
	{"/ch", "CreateUserCredential", "['PEM']", "reg.create_user_credential", "{}"},
	{"/ch", "CreateUserCredential", "[]", "reg.create_user_credential", "{}"},

	{"/am/3.0", "GetVersion", "[]", "am.get_version", "{}"},
	{"/am/3.0", "GetVersion", "[{'geni_x': true}]", "am.get_version", "{}"},
	{AM, "ListResources", "[[], {'geni_available': true, 'x': {}}]", "am.list_resources",
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

static void calls_become_requests(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(calls); i++)
		assert_request(calls[i].path, calls[i].method, calls[i].params, calls[i].type,
			       calls[i].body);
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
	cmocka_unit_test(am_credentials_are_kept),
	cmocka_unit_test(first_contact_is_told),
};

TEST_MAIN(tests)
