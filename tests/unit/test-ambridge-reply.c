/* SPDX-License-Identifier: ISC */
/* The answers of each path: values, and what every class of the registry and code of the bus becomes. */
#include "tests/unit/servicekit.h"

#include "lib/cc/codes.h"

#define CH "/ch"

static struct ab_reply refused(const char *path, const char *name, const struct ab_style *style,
			       const char *code, const char *json)
{
	struct ab_reply reply;

	answer_make(method_of(path, name), CC_OUT_ERROR, "error", code, json, style, &reply);
	return reply;
}

/* ---- numbers ---- */

/* Of the spec's list (sfa 4.5), and what stands in service_outcome.c where it has none. */
static const struct {
	const char *fault, *rule, *code;
	int sfa, sfa_2011, geni;
	const char *lead;
} classes[] = {
	{"InvalidArgument", NULL, "bad-request", 1, 102, 1, ""},
	{"MalformedHrn", NULL, "bad-request", 2, 102, 1, ""},
	{"UnknownSfaType", NULL, "bad-request", 2, 102, 1, ""},
	{"InvalidAPIMethod", NULL, "unsupported", 13, 100, 13, ""},
	{"Forbidden", NULL, "denied", 3, 108, 3, "FORBIDDEN: "},
	{"CredentialNotVerifiable", NULL, "bad-request", 1, 115, 20, ""},
	{"CredentialRefused", "sig-value", "denied", 3, 108, 20, "FORBIDDEN: "},
	{"ConnectionKeyGIDMismatch", NULL, "denied", 2, 102, 22, ""},
	{"ConnectionKeyGIDMismatch", "caller-key", "denied", 3, 108, 22, "FORBIDDEN: "},
	{"InsufficientRights", "rights-operation", "denied", 3, 108, 3, "FORBIDDEN: "},
	{"PermissionError", NULL, "denied", 3, 108, 3, ""},
	{"MissingAuthority", NULL, "not-found", 2, 102, 12, ""},
	{"RecordNotFound", NULL, "not-found", 2, 102, 12, ""},
	{"ExistingRecord", NULL, "conflict", 7, 111, 17, ""},
	{"NotEmpty", NULL, "conflict", 7, 111, 7, ""},
	{"RecordChanged", NULL, "conflict", 14, 106, 14, ""},
	{"Expired", NULL, "denied", 15, 108, 15, ""},
	{"DBError", NULL, "internal", 9, 106, 9, ""},
	/* codes alone */
	{NULL, NULL, "noroute", 11, 111, 11, ""},
	{NULL, NULL, "unreachable", 11, 111, 11, ""},
	{NULL, NULL, "replay", 5, 111, 5, ""},
	{NULL, NULL, "denied", 3, 108, 3, "FORBIDDEN: "},
	{NULL, NULL, "realm", 5, 111, 5, ""},
	{NULL, NULL, "caller", 3, 108, 3, "FORBIDDEN: "},
	{NULL, NULL, "bad-request", 1, 102, 1, ""},
	{NULL, NULL, "not-found", 12, 102, 12, ""},
	{NULL, NULL, "conflict", 7, 111, 7, ""},
	{NULL, NULL, "unsupported", 13, 100, 13, ""},
	{NULL, NULL, "config", 5, 111, 5, ""},
	{NULL, NULL, "internal", 5, 111, 5, ""},
	/* what nobody knows */
	{"NewClass", NULL, "denied", 3, 108, 3, "FORBIDDEN: "},
	{NULL, NULL, "odd", 5, 111, 5, ""},
	{NULL, NULL, "", 5, 111, 5, ""},
};

static char *error_of(size_t i)
{
	json_t *o = json_pack("{s:s, s:s?, s:s?, s:s}", "code", classes[i].code, "fault",
			      classes[i].fault, "rule", classes[i].rule, "msg", "it is so");
	char *text;

	if (!classes[i].rule)
		json_object_del(o, "rule");
	if (!classes[i].fault)
		json_object_del(o, "fault");
	text = text_of(o);
	json_decref(o);
	return text;
}

static void check_fault(const char *path, const struct ab_style *style, size_t i, int fault,
			const char *lead)
{
	cc_cleanup(cc_freep) char *json = error_of(i);
	const char *name = strcmp(path, REG) == 0 ? "Register" : "CreateSlice";
	struct ab_reply reply = refused(path, name, style, classes[i].code, json);
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "%s%sit is so", lead, classes[i].lead);
	if (reply.status != 200 || reply.value || reply.fault != fault ||
	    strcmp(reply.text, wanted) != 0)
		fail_msg("%s %s: %u, fault %d %s, not %d %s", path, json, reply.status, reply.fault,
			 reply.text, fault, wanted);
	ab_reply_deinit(&reply);
}

static void outcomes_have_numbers(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(classes); i++) {
		check_fault(REG, &style_2019, i, classes[i].sfa, ": Register: ");
		check_fault(REG, &style_2011, i, classes[i].sfa_2011, ": Register: ");
		check_fault(CH, &style_2019, i, classes[i].sfa, "");
		check_fault(CH, &style_2011, i, classes[i].sfa, "");
	}
}

static void am_errors_are_structs(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(classes); i++) {
		cc_cleanup(cc_freep) char *json = error_of(i);
		struct ab_reply reply;
		char wanted[256];

		reply = refused(AM, "GetVersion", &style_2011, classes[i].code, json);
		assert_int_equal(reply.status, 200);
		snprintf(wanted, sizeof(wanted),
			 "{'code': {'geni_code': %d, 'am_type': 'ccfed', 'am_code': %d}, 'value': "
			 "'', 'output': '%sit is so', 'geni_api': 3}",
			 classes[i].geni, classes[i].geni, classes[i].lead);
		assert_json(reply.value, wanted, json);
		ab_reply_deinit(&reply);
	}
}

static bool has_row(const char *fault, const char *code)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(classes); i++)
		if (fault ? classes[i].fault && strcmp(classes[i].fault, fault) == 0
			  : !classes[i].fault && strcmp(classes[i].code, code) == 0)
			return true;
	return false;
}

/* A class is one that has its own number: another than what its code would give, or so told above. */
static bool is_mapped(const char *fault)
{
	char json[128];
	struct ab_reply with, without;
	bool same;

	snprintf(json, sizeof(json), "{'fault': '%s', 'code': 'odd', 'msg': 'm'}", fault);
	with = refused(REG, "Register", &style_2019, "odd", json);
	without = refused(REG, "Register", &style_2019, "odd", "{'code': 'odd', 'msg': 'm'}");
	same = with.fault == without.fault;
	ab_reply_deinit(&with);
	ab_reply_deinit(&without);
	return !same;
}

/* The registry's page is held against its code by tests/check-registry.sh. */
static void classes_of_the_registry_are_mapped(void **state)
{
	FILE *page = fopen(TEST_DATA "/../../docs/handlers/registry.md", "r");
	char line[512], name[64];
	bool in = false;
	int count = 0;

	assert_non_null(page);
	while (fgets(line, sizeof(line), page)) {
		if (strncmp(line, "## ", 3) == 0)
			in = strcmp(line, "## Refusals\n") == 0;
		if (!in || sscanf(line, "| `%63[A-Za-z]` |", name) != 1)
			continue;
		count++;
		if (!has_row(name, NULL) || !is_mapped(name))
			fail_msg("%s has no number", name);
	}
	fclose(page);
	assert_true(count >= 17);
}

static void codes_of_the_bus_are_mapped(void **state)
{
	for (int code = 0; code < CC_CODE_COUNT; code++) {
		const char *word = cc_code_word((enum cc_code)code);

		/* those that may be asked again are in another table */
		if (strcmp(word, "busy") == 0 || strcmp(word, "stale") == 0 ||
		    strcmp(word, "timeout") == 0)
			continue;
		if (!has_row(NULL, word))
			fail_msg("%s has no row", word);
	}
}

/* ---- asking again ---- */

static void what_may_be_repeated_is_503(void **state)
{
	static const struct {
		const char *path, *name;
		enum cc_outcome outcome;
		const char *code, *json;
		unsigned status, retry_after;
		const char *text; /* of the fault; of AM: output */
	} rows[] = {
		/* signed: it was not done */
		{REG, "Register", CC_OUT_ERROR, "busy", "{'code': 'busy', 'msg': 'm'}", 503, 2,
		 NULL},
		{REG, "Register", CC_OUT_ERROR, "busy",
		 "{'code': 'busy', 'fault': 'DBError', 'msg': 'm', 'retry_after': 1}", 503, 1,
		 NULL},
		{REG, "Resolve", CC_OUT_ERROR, "busy", "{'code': 'busy', 'retry_after': 1000000}",
		 503, 60, NULL},
		{REG, "Resolve", CC_OUT_ERROR, "busy", "{'code': 'busy', 'retry_after': -5}", 503,
		 2, NULL},
		{REG, "Register", CC_OUT_ERROR, "stale", "{'code': 'stale', 'msg': 'm'}", 503, 2,
		 NULL},
		{AM, "GetVersion", CC_OUT_ERROR, "busy", "{'code': 'busy', 'msg': 'm'}", 503, 2,
		 NULL},
		/* the store was too slow: it may have been done */
		{REG, "Resolve", CC_OUT_ERROR, "timeout", "{'code': 'timeout', 'retry_after': 3}",
		 503, 3, NULL},
		{REG, "Register", CC_OUT_ERROR, "timeout",
		 "{'code': 'timeout', 'fault': 'DBError', 'msg': 'm'}", 200, 0,
		 ": Register: not done in time: whether it was done is not known, look before you "
		 "ask again"},
		/* a hop's word */
		{REG, "Resolve", CC_OUT_HOP, "unreachable", NULL, 503, 2, NULL},
		{REG, "List", CC_OUT_HOP, "busy", "{'code': 'busy', 'hop': true}", 503, 2, NULL},
		{REG, "Resolve", CC_OUT_HOP, "noroute", NULL, 200, 0,
		 ": Resolve: the server cannot be reached"},
		{REG, "Register", CC_OUT_HOP, "unreachable", NULL, 200, 0,
		 ": Register: the server cannot be reached: whether it was done is not known, look "
		 "before you ask again"},
		{REG, "Update", CC_OUT_HOP, "busy", NULL, 200, 0,
		 ": Update: the server cannot be reached: whether it was done is not known, look "
		 "before you ask again"},
		{AM, "GetVersion", CC_OUT_HOP, "unreachable", NULL, 503, 2, NULL},
		/* silence */
		{REG, "GetCredential", CC_OUT_TIMEOUT, "", NULL, 503, 2, NULL},
		{CH, "CreateSlice", CC_OUT_TIMEOUT, "", NULL, 200, 0,
		 "no answer in time: whether it was done is not known, look before you ask again"},
		{AM, "GetVersion", CC_OUT_TIMEOUT, "", NULL, 503, 2, NULL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct ab_reply reply;

		answer_make(method_of(rows[i].path, rows[i].name), rows[i].outcome, "",
			    rows[i].code, rows[i].json, &style_2019, &reply);
		if (reply.status != rows[i].status || reply.retry_after != rows[i].retry_after ||
		    reply.value || (rows[i].text && strcmp(reply.text, rows[i].text) != 0))
			fail_msg("row %zu: %u, retry after %u, %s", i, reply.status,
				 reply.retry_after, reply.text);
		ab_reply_deinit(&reply);
	}
}

static void unknown_outcomes_have_numbers(void **state)
{
	static const struct {
		enum cc_outcome outcome;
		const char *code;
		int sfa, sfa_2011;
	} rows[] = {
		{CC_OUT_TIMEOUT, "", 8, 111},	  {CC_OUT_ERROR, "timeout", 8, 111},
		{CC_OUT_HOP, "busy", 14, 111},	  {CC_OUT_HOP, "unreachable", 11, 111},
		{CC_OUT_HOP, "noroute", 11, 111},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		for (int old = 0; old < 2; old++) {
			struct ab_reply reply;

			answer_make(method_of(REG, "Remove"), rows[i].outcome, "", rows[i].code,
				    NULL, old ? &style_2011 : &style_2019, &reply);
			assert_int_equal(reply.fault, old ? rows[i].sfa_2011 : rows[i].sfa);
			/* omni asks again when it reads these words */
			assert_null(strstr(reply.text, "try again later"));
			ab_reply_deinit(&reply);
		}
}

/* ---- texts ---- */

static void texts_are_clean(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{"{'code': 'denied', 'fault': 'Forbidden', 'msg': 'FORBIDDEN: no credential "
		 "provided'}",
		 ": Resolve: FORBIDDEN: no credential provided"},
		{"{'code': 'denied', 'fault': 'Forbidden', 'msg': 'a\\u0001\\nb\\uffff'}",
		 ": Resolve: FORBIDDEN: a?\nb?"},
		{"{'code': 'denied', 'fault': 'PermissionError', 'msg': ''}",
		 ": Resolve: PermissionError"},
		{"{'code': 'denied', 'fault': 'PermissionError', 'msg': 7}",
		 ": Resolve: PermissionError"},
		{"{'code': 'denied', 'fault': 'PermissionError'}", ": Resolve: PermissionError"},
		{"{'code': 'denied', 'fault': 7, 'msg': 'm'}", ": Resolve: FORBIDDEN: m"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct ab_reply reply =
			refused(REG, "Resolve", &style_2019, "denied", rows[i].json);

		assert_string_equal(reply.text, rows[i].text);
		ab_reply_deinit(&reply);
	}
}

static void long_texts_are_cut(void **state)
{
	char json[3000], *p = json;
	struct ab_reply reply;

	p += sprintf(p, "{'code': 'denied', 'fault': 'PermissionError', 'msg': 'x");
	for (int i = 0; i < 1000; i++)
		p += sprintf(p, "\xc3\xa4");
	strcpy(p, "'}");
	reply = refused(REG, "Resolve", &style_2019, "denied", json);
	assert_int_equal(strlen(reply.text), 1022); /* 1023 would be half a character */
	assert_memory_equal(reply.text + 1020, "\xc3\xa4", 2);
	ab_reply_deinit(&reply);
}

/* ---- values ---- */

static void values_are_told(void **state)
{
	static const struct {
		const char *path, *name, *type, *json, *value;
	} rows[] = {
		{REG, "GetVersion", "reply.reg.get_version",
		 "{'value': {'interface': 'registry', 'sfa': 3, 'peers': {}}}",
		 "{'interface': 'registry', 'sfa': 3, 'peers': {}}"},
		{REG, "Register", "reply.reg.register", "{'value': 'PEM', 're': 'x'}", "'PEM'"},
		{REG, "Update", "reply.reg.update", "{'value': 1}", "1"},
		{REG, "Remove", "reply.reg.remove", "{'value': 1}", "1"},
		{REG, "GetCredential", "reply.reg.get_credential", "{'value': '<x/>'}", "'<x/>'"},
		{REG, "get_trusted_certs", "reply.reg.get_trusted_certs", "{'value': ['P', 'Q']}",
		 "['P', 'Q']"},
		{REG, "GetGids", "reply.reg.get_gids",
		 "{'value': [{'hrn': 'a', 'type': 'user', 'gid': 'P'}]}",
		 "[{'hrn': 'a', 'type': 'user', 'gid': 'P'}]"},
		/* dates of records are dates, what has none stays; nil is as it was recorded */
		{REG, "Resolve", "reply.reg.resolve",
		 "{'value': [{'hrn': 'a', 'date_created': '2026-11-21T19:19:40Z', 'last_updated': "
		 "'2026-11-21T19:25:26Z', 'expires': '2027-01-01T00:00:00Z', 'peer_authority': "
		 "null}]}",
		 "[{'hrn': 'a', 'date_created': {'$dateTime': '20261121T19:19:40'}, "
		 "'last_updated': "
		 "{'$dateTime': '20261121T19:25:26'}, 'expires': '2027-01-01T00:00:00Z', "
		 "'peer_authority': null}]"},
		{REG, "Resolve", "reply.reg.resolve",
		 "{'value': [{'date_created': '2026-11-21', 'last_updated': "
		 "'2026-13-21T19:25:26Z'}]}",
		 "[{'date_created': '2026-11-21', 'last_updated': '2026-13-21T19:25:26Z'}]"},
		{REG, "List", "reply.reg.list", "{'value': []}", "[]"},
		/* what XML-RPC cannot say */
		{REG, "List", "reply.reg.list",
		 "{'value': [{'n': 2147483647, 'm': -2147483648, 'o': 2147483648, 'p': "
		 "-9223372036854775808, 'q': 1.5, 'r': true}]}",
		 "[{'n': 2147483647, 'm': -2147483648, 'o': '2147483648', 'p': "
		 "'-9223372036854775808', 'q': 1.5, 'r': true}]"},
		{REG, "List", "reply.reg.list",
		 "{'value': [{'pl_info': {'$base64': 'x', '$$a': {'$dateTime': 5}, 'b\\u0002': "
		 "'c\\u0003\\r\\n\\t\\ufffe\\ufffd'}}]}",
		 "[{'pl_info': {'$$base64': 'x', '$$$a': {'$$dateTime': 5}, 'b?': "
		 "'c?\\r\\n\\t?\\ufffd'}}]"},
		{CH, "RenewSlice", "reply.reg.renew_slice", "{'value': true}", "true"},
		{CH, "ListAggregates", "reply.reg.list_aggregates", "{'value': [['u', 'h']]}",
		 "[['u', 'h']]"},
		{CH, "CreateSlice", "reply.reg.create_slice", "{'value': '<x/>'}", "'<x/>'"},
		{AM, "GetVersion", "reply.am.get_version",
		 "{'value': {'geni_api': 3, 'geni_single_allocation': 0, 'geni_api_versions': "
		 "{'3': "
		 "'https://x/am/3.0'}}}",
		 "{'geni_api': 3, 'code': {'geni_code': 0, 'am_type': 'ccfed', 'am_code': 0}, "
		 "'output': '', 'value': {'geni_api': 3, 'geni_single_allocation': 0, "
		 "'geni_api_versions': {'3': 'https://x/am/3.0'}}}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_value(rows[i].path, rows[i].name, rows[i].type, rows[i].json, rows[i].value);
}

/* What answers otherwise than the registry does is not passed on. */
static void odd_answers_are_refused(void **state)
{
	static const struct {
		const char *path, *name, *type, *json;
	} rows[] = {
		{REG, "Resolve", "reply.reg.resolve", "{}"},
		{REG, "Resolve", "reply.reg.resolve", NULL},
		{REG, "Resolve", "reply.reg.list", "{'value': []}"},
		{REG, "Resolve", "reply.reg.resolve2", "{'value': []}"},
		{REG, "Resolve", "", "{'value': []}"},
		{REG, "Resolve", "reply.reg.resolve", "{'value': {}}"},
		{REG, "Resolve", "reply.reg.resolve", "{'value': ['a']}"},
		{REG, "Resolve", "reply.reg.resolve", "{'value': null}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct ab_reply reply;

		answer_make(method_of(rows[i].path, rows[i].name), CC_OUT_ANSWER, rows[i].type, "",
			    rows[i].json, &style_2019, &reply);
		if (reply.value || reply.status != 200 || reply.fault != 5)
			fail_msg("row %zu: %u, fault %d", i, reply.status, reply.fault);
		assert_string_equal(reply.text,
				    ": Resolve: the answer of the bus is not what it should be");
		ab_reply_deinit(&reply);
	}
}

static void deep_answers_are_refused(void **state)
{
	for (int depth = 30; depth < 34; depth++) {
		char json[256];
		struct ab_reply reply;

		snprintf(json, sizeof(json), "{'value': %.*s%.*s}", depth,
			 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", depth,
			 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
		answer_make(method_of(REG, "Register"), CC_OUT_ANSWER, "reply.reg.register", "",
			    json, &style_2019, &reply);
		assert_int_equal(reply.fault, depth > 31 ? 5 : 0);
		ab_reply_deinit(&reply);
	}
}

/* A part of a list is told only to who asked for one. */
static void parts_of_lists(void **state)
{
	static const char part[] = "{'value': [{'hrn': 'a'}], 'next': 'a user'}";
	struct ab_request rq;
	struct ab_reply reply;

	answer_make(method_of(REG, "List"), CC_OUT_ANSWER, "reply.reg.list", "", part, &style_2019,
		    &reply);
	assert_null(reply.value);
	assert_int_equal(reply.fault, 6);
	assert_string_equal(reply.text,
			    ": List: more records than one answer holds: ask for parts, "
			    "with options {limit, after}");
	ab_reply_deinit(&reply);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(call_make(REG, "List",
					   i ? "['plc', 'C', {'limit': 1}]"
					     : "['plc', 'C', {'after': 'b user'}]",
					   &style_2019, &rq, &reply),
				 0);
		assert_string_equal(ab_method_name(rq.method), "List");
		answer_make(rq.method, CC_OUT_ANSWER, "reply.reg.list", "", part, &style_2019,
			    &reply);
		assert_json(reply.value, "[{'hrn': 'a'}]", "part");
		ab_reply_deinit(&reply);
		ab_request_deinit(&rq);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(outcomes_have_numbers),
	cmocka_unit_test(am_errors_are_structs),
	cmocka_unit_test(classes_of_the_registry_are_mapped),
	cmocka_unit_test(codes_of_the_bus_are_mapped),
	cmocka_unit_test(what_may_be_repeated_is_503),
	cmocka_unit_test(unknown_outcomes_have_numbers),
	cmocka_unit_test(texts_are_clean),
	cmocka_unit_test(long_texts_are_cut),
	cmocka_unit_test(values_are_told),
	cmocka_unit_test(odd_answers_are_refused),
	cmocka_unit_test(deep_answers_are_refused),
	cmocka_unit_test(parts_of_lists),
};

TEST_MAIN(tests)
