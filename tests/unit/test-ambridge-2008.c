/* SPDX-License-Identifier: ISC */
/* The names of 2008 at /registry: their calls, their records both ways, their faults. */
#include "tests/unit/servicekit.h"

#include "daemons/ambridge/service_2008.h"
#include "tests/unit/credkit.h"

static void calls_become_requests(void **state)
{
	static const struct {
		const char *method, *params, *type, *body;
	} rows[] = {
		{"create_gid", "['C', 'plc.a', null, 'K']", "reg.create_gid",
		 "{'hrn': 'plc.a', 'credentials': ['C'], 'key': 'K'}"},
		{"create_gid", "['C', 'plc.a', 'None', 'K']", "reg.create_gid",
		 "{'hrn': 'plc.a', 'credentials': ['C'], 'key': 'K', 'uuid': 'None'}"},
		{"create_gid", "['C', 'plc.a', '35613211658561211333524440201278703392', 'K']",
		 "reg.create_gid",
		 "{'hrn': 'plc.a', 'credentials': ['C'], 'key': 'K', 'uuid': "
		 "'1acadae6-3055-4a1a-9c9d-98dbbb1ac720'}"},
		{"get_self_credential", "['user', 'plc.a']", "reg.get_self_credential",
		 "{'type': 'user', 'hrn': 'plc.a'}"},
		{"get_credential", "['C', 'sa', 'plc']", "reg.get_credential",
		 "{'type': 'sa', 'hrn': 'plc', 'credentials': ['C']}"},
		{"get_credential", "[null, 'user', 'plc.a']", "reg.get_credential",
		 "{'type': 'user', 'hrn': 'plc.a'}"},
		{"get_gid", "['plc.a']", "reg.get_gids", "{'hrns': 'plc.a'}"},
		{"register", "['C', {'name': 'plc.a', 'type': 'user', 'gid': 'PEM'}]",
		 "reg.register",
		 "{'credentials': ['C'], 'record': {'hrn': 'plc.a', 'type': 'user', 'gid': "
		 "'PEM'}}"},
		{"remove", "['C', {'name': 'plc.a', 'type': 'slice', 'gid': 'PEM', 'pointer': 7}]",
		 "reg.remove", "{'credentials': ['C'], 'hrn': 'plc.a', 'type': 'slice'}"},
		{"update", "['C', {'name': 'plc.a', 'type': 'node', 'pointer': -1}]", "reg.update",
		 "{'credentials': ['C'], 'record': {'hrn': 'plc.a', 'type': 'node', 'pointer': "
		 "-1}}"},
		{"resolve", "['C', 'plc.a']", "reg.resolve",
		 "{'credentials': ['C'], 'hrns': 'plc.a', 'options': {'details': true}}"},
		{"get_ticket", "['C', 'plc.s', '<rspec/>']", "reg.get_ticket",
		 "{'credentials': ['C'], 'hrn': 'plc.s', 'rspec': '<rspec/>'}"},
		{"get_ticket", "['C', 'plc.s', {'cpu': 'x'}]", "reg.get_ticket",
		 "{'credentials': ['C'], 'hrn': 'plc.s'}"},
		{"get_ticket", "['C', 'plc.s', null]", "reg.get_ticket",
		 "{'credentials': ['C'], 'hrn': 'plc.s'}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_request(REG, rows[i].method, rows[i].params, rows[i].type, rows[i].body);
}

/* Records from clients: geni_info becomes fields (spec sfa 5). */
static void records_are_read(void **state)
{
	static const char *const rows[][2] = {
		{"{'name': 'p.u', 'type': 'user', 'geni_info': {'email': 'a@b'}, 'pl_info': {}}",
		 "{'hrn': 'p.u', 'type': 'user', 'email': 'a@b'}"},
		{"{'name': 'p.s', 'type': 'slice', 'geni_info': {'researcher': ['p.u'], 'x': 1}}",
		 "{'hrn': 'p.s', 'type': 'slice', 'reg-researchers': ['p.u'], 'geni_info': {'x': "
		 "1}}"},
		{"{'name': 'p', 'type': 'sa', 'geni_info': {'pi': ['p.u']}, 'pl_info': ''}",
		 "{'hrn': 'p', 'type': 'sa', 'reg-pis': ['p.u']}"},
		{"{'name': 'p', 'type': 'ma', 'geni_info': {'operator': ['p.u'], 'owner': []}}",
		 "{'hrn': 'p', 'type': 'ma', 'reg-operators': ['p.u'], 'geni_info': {'owner': "
		 "[]}}"},
		{"{'name': 'p.n', 'type': 'node', 'geni_info': {'dns': 'n.ex'}, 'pl_info': {'a': "
		 "1}}",
		 "{'hrn': 'p.n', 'type': 'node', 'hostname': 'n.ex', 'pl_info': {'a': 1}}"},
		/* what is not of that type stays, and nil says nothing */
		{"{'name': 'p.n', 'type': 'node', 'geni_info': {'email': 'a', 'dns': null}}",
		 "{'hrn': 'p.n', 'type': 'node', 'geni_info': {'email': 'a'}}"},
		{"{'name': 'p.u', 'type': 'user', 'geni_info': null, 'pl_info': null}",
		 "{'hrn': 'p.u', 'type': 'user'}"},
		{"{'name': 'p.u', 'type': 'gizmo', 'odd': 1}",
		 "{'hrn': 'p.u', 'type': 'gizmo', 'odd': 1}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char params[256], body[256];

		snprintf(params, sizeof(params), "['C', %s]", rows[i][0]);
		snprintf(body, sizeof(body), "{'credentials': ['C'], 'record': %s}", rows[i][1]);
		assert_request(REG, "register", params, "reg.register", body);
		assert_request(REG, "update", params, "reg.update", body);
	}
}

static void wrong_calls_are_refused(void **state)
{
	static const struct {
		const char *method, *params, *text;
	} rows[] = {
		{"create_gid", "['C', 'plc.a', null]", "Expected 4 arguments, got 3"},
		{"create_gid", "['C', 'plc.a', 5, 'K']",
		 "Invalid uuid value: expected string, got int"},
		{"get_self_credential", "['user']", "Expected 2 arguments, got 1"},
		{"get_self_credential", "[null, 'a']",
		 "Invalid type value: expected string, got nil"},
		{"get_credential", "['C', 'user']", "Expected 3 arguments, got 2"},
		{"get_gid", "[]", "Expected 1 argument, got 0"},
		{"get_gid", "[['a']]", "Invalid name value: expected string, got array"},
		{"register", "['C']", "Expected 2 arguments, got 1"},
		{"register", "['C', 'r']", "Invalid record value: expected struct, got string"},
		{"register", "['C', {'type': 'user'}]",
		 "Invalid record value: its name is no string"},
		{"register", "['C', {'name': 5, 'type': 'user'}]",
		 "Invalid record value: its name is no string"},
		{"update", "['C', {'name': 'a'}]", "Invalid record value: its type is no string"},
		{"update", "['C', {'name': 'a', 'type': 'user', 'geni_info': 'x'}]",
		 "Invalid record value: its geni_info is no struct"},
		{"remove", "['C', {}]", "Invalid record value: its name is no string"},
		{"remove", "['C', 'plc.a', 'user']", "Expected 2 arguments, got 3"},
		{"list", "[]", "Expected 1 argument, got 0"},
		{"list", "[[]]", "no credential provided"},
		{"list", "[{'geni_type': 'geni_abac', 'geni_value': ''}]",
		 "no credential provided"},
		{"resolve", "['C']", "Expected 2 arguments, got 1"},
		{"resolve", "['C', ['a']]", "Invalid name value: expected string, got array"},
		{"get_ticket", "['C', 'plc.s']", "Expected 3 arguments, got 2"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char text[256];

		snprintf(text, sizeof(text), "InvalidRPCParams: %s", rows[i].text);
		assert_refused(REG, rows[i].method, rows[i].params, &style_2019, 1, text);
		assert_refused(REG, rows[i].method, rows[i].params, &style_2011, 1, text);
	}
}

static void uuids_are_numbers(void **state)
{
	static const char *const rows[][2] = {
		{"0", "00000000-0000-0000-0000-000000000000"},
		{"1", "00000000-0000-0000-0000-000000000001"},
		{"340282366920938463463374607431768211455", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
		{"340282366920938463463374607431768211456", NULL},
		{"999999999999999999999999999999999999999", NULL},
		{"0000000000000000000000000000000000000001", NULL},
		{"", NULL},
		{"-1", NULL},
		{"1a", NULL},
		{"00000000-0000-0000-0000-000000000001", NULL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char out[37] = "";

		assert_int_equal(ab_2008_uuid(rows[i][0], out), rows[i][1] != NULL);
		if (rows[i][1])
			assert_string_equal(out, rows[i][1]);
	}
}

/* ---- list ---- */

static int make_list(const char *credential, struct ab_request *rq, struct ab_reply *reply)
{
	json_t *params = json_pack("[s]", credential);
	int r = ab_request_make(method_of(REG, "list"), params, &style_2019, rq, reply);

	json_decref(params);
	return r;
}

static void list_is_of_the_credential(void **state)
{
	const struct ck_level on_site = {.target = tp_world()->site};
	const struct ck_level no_urn = {.target = tp_world()->lab, .target_urn = ""};
	const struct ck_level on_user = {.target = tp_world()->alice};
	const struct {
		const struct ck_level *level;
		const char *hrn;
	} rows[] = {
		{&on_site, "plc.site"}, {&no_urn, "plc.site.lab"}, {&on_user, "plc.site.alice"}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *text = ck_make(rows[i].level, 1);
		struct ab_request rq;
		struct ab_reply reply;

		assert_int_equal(make_list(text, &rq, &reply), 0);
		assert_string_equal(rq.type, "reg.list");
		assert_string_equal(json_string_value(json_object_get(rq.body, "hrn")),
				    rows[i].hrn);
		assert_int_equal(json_object_size(rq.body), 2);
		ab_request_deinit(&rq);
	}
}

static void list_wants_a_credential(void **state)
{
	static const char *const rows[] = {"", "<x/>", "<signed-credential/>",
					   "<!DOCTYPE a><signed-credential/>", "-----BEGIN"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		static const char lead[] = "InvalidRPCParams: Unable to verify credential: ";
		struct ab_request rq;
		struct ab_reply reply;

		assert_int_equal(make_list(rows[i], &rq, &reply), 1);
		assert_int_equal(reply.fault, 1);
		if (strncmp(reply.text, lead, strlen(lead)) != 0 || !reply.text[strlen(lead)])
			fail_msg("%s: %s", rows[i], reply.text);
		ab_reply_deinit(&reply);
	}
}

/* ---- answers ---- */

static void values_are_told(void **state)
{
	static const struct {
		const char *name, *type, *json, *value;
	} rows[] = {
		{"create_gid", "reply.reg.create_gid", "{'value': 'PEM'}", "'PEM'"},
		{"register", "reply.reg.register", "{'value': 'PEM'}", "'PEM'"},
		{"remove", "reply.reg.remove", "{'value': 1}", "true"},
		{"update", "reply.reg.update", "{'value': 1}", "null"},
		{"get_ticket", "reply.reg.get_ticket", "{'value': '<t/>'}", "'<t/>'"},
		{"get_gid", "reply.reg.get_gids",
		 "{'value': [{'hrn': 'a', 'gid': 'P'}, {'hrn': 'a', 'gid': 'Q'}]}", "['P', 'Q']"},
		{"resolve", "reply.reg.resolve",
		 "{'value': [{'hrn': 'p.u', 'type': 'user', 'gid': 'P', 'pointer': 7, 'record_id': "
		 "3, 'peer_authority': null, 'date_created': '2026-11-21T19:19:40Z', 'email': "
		 "'a@b', 'geni_info': {'email': 'a@b', 'x': 1}, 'pl_info': {'key_ids': [1, "
		 "null]}}]}",
		 "[{'name': 'p.u', 'type': 'user', 'gid': 'P', 'pointer': 7, 'geni_info': "
		 "{'email': "
		 "'a@b', 'x': 1}, 'pl_info': {'key_ids': [1, null]}}]"},
		/* an authority is two */
		{"resolve", "reply.reg.resolve",
		 "{'value': [{'hrn': 'p', 'type': 'authority', 'gid': 'P', 'pointer': -1, "
		 "'geni_info': {'pi': ['p.u'], 'operator': ['p.o'], 'owner': ['p.w'], 'x': 1}, "
		 "'pl_info': {'site_id': 2}}]}",
		 "[{'name': 'p', 'type': 'sa', 'gid': 'P', 'pointer': -1, 'geni_info': {'pi': "
		 "['p.u'], 'x': 1}, 'pl_info': {'site_id': 2}}, {'name': 'p', 'type': 'ma', 'gid': "
		 "'P', 'pointer': -1, 'geni_info': {'operator': ['p.o'], 'owner': ['p.w'], 'x': "
		 "1}, "
		 "'pl_info': {'site_id': 2}}]"},
		/* lists have no details: of fields */
		{"list", "reply.reg.list",
		 "{'value': [{'hrn': 'p.s', 'type': 'slice', 'gid': 'P', 'reg-researchers': "
		 "['p.u']}, {'hrn': 'p.n', 'type': 'node', 'gid': 'Q', 'pointer': 3, 'hostname': "
		 "'n.ex'}, {'hrn': 'p.a', 'type': 'authority', 'gid': 'R', 'reg-pis': ['p.u'], "
		 "'reg-operators': []}]}",
		 "[{'name': 'p.s', 'type': 'slice', 'gid': 'P', 'pointer': -1, 'geni_info': "
		 "{'researcher': ['p.u']}, 'pl_info': {}}, {'name': 'p.n', 'type': 'node', 'gid': "
		 "'Q', 'pointer': 3, 'geni_info': {'dns': 'n.ex'}, 'pl_info': {}}, {'name': 'p.a', "
		 "'type': 'sa', 'gid': 'R', 'pointer': -1, 'geni_info': {'pi': ['p.u']}, "
		 "'pl_info': "
		 "{}}, {'name': 'p.a', 'type': 'ma', 'gid': 'R', 'pointer': -1, 'geni_info': "
		 "{'operator': []}, 'pl_info': {}}]"},
		{"list", "reply.reg.list", "{'value': []}", "[]"},
		{"resolve", "reply.reg.resolve",
		 "{'value': [{'hrn': 'p.u', 'type': 'user', 'gid': '', 'pl_info': {'$base64': 'x', "
		 "'n': 4294967296}}]}",
		 "[{'name': 'p.u', 'type': 'user', 'gid': '', 'pointer': -1, 'geni_info': {}, "
		 "'pl_info': {'$$base64': 'x', 'n': '4294967296'}}]"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_value(REG, rows[i].name, rows[i].type, rows[i].json, rows[i].value);
}

static void refusals_are_texts(void **state)
{
	static const struct {
		const char *fault, *code, *text;
	} rows[] = {
		{"ExistingRecord", "conflict", "ExistingRecord: m"},
		{"UnknownSfaType", "bad-request", "UnknownGeniType: m"},
		{"MalformedHrn", "bad-request", "MalformedHrnException: m"},
		{"InvalidArgument", "bad-request", "InvalidRPCParams: m"},
		{"Forbidden", "denied", "PermissionError: m"},
		{"CredentialRefused", "denied", "CertNotSignedByParent: m"},
		{"CredentialNotVerifiable", "bad-request", "CertMissingParent: m"},
		{"NotEmpty", "conflict", "TreeException: m"},
		{"InsufficientRights", "denied", "InsufficientRights: m"},
		{"ConnectionKeyGIDMismatch", "denied", "ConnectionKeyGIDMismatch: m"},
		{"RecordNotFound", "not-found", "RecordNotFound: m"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char json[128];
		struct ab_reply reply;

		snprintf(json, sizeof(json), "{'code': '%s', 'fault': '%s', 'msg': 'm'}",
			 rows[i].code, rows[i].fault);
		answer_make(method_of(REG, "resolve"), CC_OUT_ERROR, "error", rows[i].code, json,
			    &style_2011, &reply);
		assert_int_equal(reply.fault, 1);
		assert_string_equal(reply.text, rows[i].text);
		ab_reply_deinit(&reply);
	}
}

static void odd_answers_are_refused(void **state)
{
	static const struct {
		const char *name, *type, *json, *text;
	} rows[] = {
		{"resolve", "reply.reg.resolve", "{'value': {}}", NULL},
		{"resolve", "reply.reg.resolve", "{'value': [7]}", NULL},
		{"resolve", "reply.reg.resolve", "{'value': [{'hrn': 'a', 'type': 'user'}]}", NULL},
		{"resolve", "reply.reg.resolve", "{'value': [{'hrn': 'a', 'gid': 'P'}]}", NULL},
		{"get_gid", "reply.reg.get_gids", "{'value': [{'hrn': 'a'}]}", NULL},
		{"get_gid", "reply.reg.get_gids", "{'value': 7}", NULL},
		{"list", "reply.reg.list", "{'value': [], 'next': 'a user'}",
		 "TooMany: more records than one answer holds: use List"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct ab_reply reply;

		answer_make(method_of(REG, rows[i].name), CC_OUT_ANSWER, rows[i].type, "",
			    rows[i].json, &style_2019, &reply);
		assert_null(reply.value);
		assert_int_equal(reply.fault, 1);
		assert_string_equal(reply.text,
				    rows[i].text ? rows[i].text
						 : "Failed: the answer of the bus is not what it "
						   "should be");
		ab_reply_deinit(&reply);
	}
}

/* No name is in two years, and each row can be asked for. */
static void names_are_one_each(void **state)
{
	const struct ab_method *tables[] = {ab_registry.methods, ab_registry_2008};
	size_t count = 0;

	for (size_t t = 0; t < CC_ARRAY_SIZE(tables); t++)
		for (const struct ab_method *m = tables[t]; m->name; m++, count++)
			assert_ptr_equal(method_of(REG, m->name), m);
	assert_int_equal(count, 22);
	for (size_t i = 0; ab_registry.others[i]; i++)
		assert_null(ab_method_find(&ab_registry, ab_registry.others[i]));
	assert_true(ab_method_is_first_contact(method_of(REG, "get_self_credential")));
	assert_false(ab_method_is_first_contact(method_of(REG, "get_credential")));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(calls_become_requests),     cmocka_unit_test(records_are_read),
	cmocka_unit_test(wrong_calls_are_refused),   cmocka_unit_test(uuids_are_numbers),
	cmocka_unit_test(list_is_of_the_credential), cmocka_unit_test(list_wants_a_credential),
	cmocka_unit_test(values_are_told),	     cmocka_unit_test(refusals_are_texts),
	cmocka_unit_test(odd_answers_are_refused),   cmocka_unit_test(names_are_one_each),
};

TEST_MAIN(tests)
