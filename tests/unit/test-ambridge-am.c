/* SPDX-License-Identifier: ISC */
/* Answers of the aggregate in the return struct of the AM API. */
#include "tests/unit/servicekit.h"

#include "lib/xmlrpc/xmlrpc.h"

#define CODE(n) "'code': {'geni_code': " #n ", 'am_type': 'ccfed', 'am_code': " #n "}"

/* What an answer with this blob becomes; the caller deinits. */
static void make(const char *name, enum cc_outcome outcome, const char *code, const char *json,
		 const char *blob, struct ab_reply *out)
{
	const struct ab_method *m = method_of(AM, name);
	static const struct {
		const char *name, *type;
	} types[] = {{"ListResources", "reply.am.list_resources"},
		     {"Describe", "reply.am.describe"},
		     {"Allocate", "reply.am.allocate"},
		     {"Status", "reply.am.status"},
		     {"Renew", "reply.am.renew"},
		     {"Shutdown", "reply.am.shutdown"},
		     {"GetVersion", "reply.am.get_version"}};
	struct cc_answer a = {.outcome = outcome, .json = json_of(json)};
	const char *type = "error";

	for (size_t i = 0; outcome == CC_OUT_ANSWER && i < CC_ARRAY_SIZE(types); i++)
		if (strcmp(types[i].name, name) == 0)
			type = types[i].type;
	a.type = (struct cc_bytes){(const uint8_t *)type, strlen(type)};
	if (blob)
		a.blob = (struct cc_bytes){(const uint8_t *)blob, strlen(blob)};
	snprintf(a.code, sizeof(a.code), "%s", code);
	assert_int_equal(ab_reply_make(m, &a, &style_2019, out), 0);
	json_decref(a.json);
}

/* As the client reads it, so that a blob stands where it belongs. */
static void check_written(const struct ab_reply *reply, const char *wanted, const char *where)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XR_RESPONSE_MAX);
	struct xr_response got = {0};

	assert_int_equal(reply->status, 200);
	assert_non_null(reply->value);
	assert_int_equal(xr_put_response_blob(&text, reply->value, (const char *)reply->blob.data,
					      reply->blob.len),
			 0);
	assert_int_equal(xr_response_read((char *)text.data, text.len, &got, NULL), 0);
	assert_json(got.value, wanted, where);
	xr_response_deinit(&got);
}

static void check(const char *name, enum cc_outcome outcome, const char *code, const char *json,
		  const char *blob, const char *wanted)
{
	struct ab_reply reply;

	make(name, outcome, code, json, blob, &reply);
	check_written(&reply, wanted, name);
	ab_reply_deinit(&reply);
}

static void successes(void **state)
{
	static const struct {
		const char *name, *json, *blob, *wanted;
	} rows[] = {
		{"Status", "{'value': {'geni_urn': 'u', 'geni_slivers': []}}", NULL,
		 "{" CODE(0) ", 'value': {'geni_urn': 'u', 'geni_slivers': []}, 'output': ''}"},
		{"Renew", "{'value': [{'geni_error': ''}], 'output': 'cut to the lease'}", NULL,
		 "{" CODE(0) ", 'value': [{'geni_error': ''}], 'output': 'cut to the lease'}"},
		{"Shutdown", "{'value': true, 'output': 5}", NULL,
		 "{" CODE(0) ", 'value': true, 'output': ''}"},
		{"ListResources", "{'value': null, 'blob': 'value'}", "<rspec>a&b</rspec>\xc3\xa4",
		 "{" CODE(0) ", 'value': '<rspec>a&b</rspec>\\u00e4', 'output': ''}"},
		{"ListResources", "{'value': '<rspec/>'}", NULL,
		 "{" CODE(0) ", 'value': '<rspec/>', 'output': ''}"},
		{"Describe", "{'value': {'geni_urn': 'u'}, 'blob': 'geni_rspec'}", "<rspec/>",
		 "{" CODE(0) ", 'value': {'geni_urn': 'u', 'geni_rspec': '<rspec/>'}, 'output': "
			     "''}"},
		{"Allocate", "{'value': {'geni_slivers': []}, 'blob': 'geni_rspec', 'output': 'o'}",
		 "",
		 "{" CODE(0) ", 'value': {'geni_slivers': [], 'geni_rspec': ''}, 'output': 'o'}"},
		/* a member of that name is text of somebody's, not our mark */
		{"Describe", "{'value': {'x': {'$blob': null}}, 'blob': 'geni_rspec'}", "R",
		 "{" CODE(
			 0) ", 'value': {'x': {'$$blob': null}, 'geni_rspec': 'R'}, 'output': ''}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		check(rows[i].name, CC_OUT_ANSWER, "", rows[i].json, rows[i].blob, rows[i].wanted);
}

/* An answer that is none is our failure, told as such. */
static void odd_answers(void **state)
{
	static const struct {
		const char *json, *blob;
	} rows[] = {
		{"{}", NULL},
		{"{'value': null, 'blob': 'value'}", NULL},
		{"{'value': 'x', 'blob': 'value'}", "B"},
		{"{'value': null, 'blob': 'geni_rspec'}", "B"},
		{"{'value': {}, 'blob': 'geni_urn'}", "B"},
		{"{'value': {}, 'blob': 1}", "B"},
		{"{'value': {}}", "B"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		check("Describe", CC_OUT_ANSWER, "", rows[i].json, rows[i].blob,
		      "{" CODE(5) ", 'value': '', 'output': 'the answer of the bus is not what it "
				  "should be'}");
}

/* The code of the aggregate goes before the table's, its text is the output, its hint the value. */
static void failures(void **state)
{
	static const struct {
		const char *code, *json, *wanted;
	} rows[] = {
		{"conflict", "{'geni_code': 26, 'msg': 'not enough', 'value': '<rspec/>'}",
		 "{" CODE(26) ", 'value': '<rspec/>', 'output': 'not enough'}"},
		{"conflict", "{'geni_code': 14, 'msg': 'held until then', 'value': {'until': 'T'}}",
		 "{" CODE(14) ", 'value': {'until': 'T'}, 'output': 'held until then'}"},
		{"denied", "{'geni_code': 21, 'msg': 'expired', 'rule': 'cred-expired'}",
		 "{" CODE(21) ", 'value': '', 'output': 'expired'}"},
		{"conflict",
		 "{'geni_code': 7, 'msg': '[T&C-APPROVAL-MISSING] visit', 'value': null}",
		 "{" CODE(7) ", 'value': '', 'output': '[T&C-APPROVAL-MISSING] visit'}"},
		{"conflict", "{'geni_code': -32001, 'msg': 'm'}",
		 "{" CODE(-32001) ", 'value': '', 'output': 'm'}"},
		/* without one, or with none that is one, the table decides */
		{"not-found", "{'msg': 'no sliver'}",
		 "{" CODE(12) ", 'value': '', 'output': 'no sliver'}"},
		{"denied", "{'geni_code': 0, 'msg': 'no'}",
		 "{" CODE(3) ", 'value': '', 'output': 'no'}"},
		{"denied", "{'geni_code': 4294967296, 'msg': 'no'}",
		 "{" CODE(3) ", 'value': '', 'output': 'no'}"},
		{"denied", "{'geni_code': '7', 'msg': 'no'}",
		 "{" CODE(3) ", 'value': '', 'output': 'no'}"},
		{"denied", "{'msg': 'no line'}",
		 "{" CODE(3) ", 'value': '', 'output': 'FORBIDDEN: no line'}"},
		{"bad-request", "{'geni_code': 1, 'msg': 'a\\u0001b'}",
		 "{" CODE(1) ", 'value': '', 'output': 'a?b'}"},
		{"bad-request", "{'geni_code': 1}", "{" CODE(1) ", 'value': '', 'output': ''}"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		check("Status", CC_OUT_ERROR, rows[i].code, rows[i].json, NULL, rows[i].wanted);
}

/* Long texts are told whole: a list of what would be possible, say. */
static void long_output(void **state)
{
	cc_cleanup(cc_freep) char *text = malloc(5001), *json = NULL, *wanted = NULL;

	memset(text, 'x', 5000);
	text[5000] = 0;
	assert_true(asprintf(&json, "{'geni_code': 13, 'msg': '%s'}", text) > 0);
	assert_true(asprintf(&wanted, "{" CODE(13) ", 'value': '', 'output': '%s'}", text) > 0);
	check("Allocate", CC_OUT_ERROR, "unsupported", json, NULL, wanted);
}

/* What may be asked again is HTTP's affair, and nothing else is. */
static void again(void **state)
{
	struct ab_reply reply;

	make("Allocate", CC_OUT_ERROR, "busy", "{'msg': 'full', 'retry_after': 3}", NULL, &reply);
	assert_int_equal(reply.status, 503);
	assert_int_equal(reply.retry_after, 3);
	ab_reply_deinit(&reply);
	make("Status", CC_OUT_ERROR, "timeout", "{'msg': 'slow'}", NULL, &reply);
	assert_int_equal(reply.status, 503);
	ab_reply_deinit(&reply);
	check("Allocate", CC_OUT_ERROR, "timeout", "{'msg': 'slow', 'geni_code': 8}", NULL,
	      "{" CODE(8) ", 'value': '', 'output': 'not done in time: whether it was done is not "
			  "known, look before you ask again'}");
}

/* A blob that is no UTF-8 would make the whole answer none. */
static void bad_blobs(void **state)
{
	static const char *const rows[] = {
		"\xff",		"\xc3",		"a\xc3(",	    "\xc0\x80",
		"\xed\xa0\x80", "\xe0\x80\x80", "\xf4\x90\x80\x80", "\xf0\x8f\xbf\xbf",
		"\x80",		"\x01"};
	static const char *const good[] = {"",
					   "\xc2\x80",
					   "\xe0\xa0\x80",
					   "\xef\xbf\xbd",
					   "\xf0\x90\x80\x80",
					   "\xf4\x8f\xbf\xbf"};
	json_t *mark = xr_blob_mark();

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows) + CC_ARRAY_SIZE(good); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XR_RESPONSE_MAX);
		bool bad = i < CC_ARRAY_SIZE(rows);
		const char *blob = bad ? rows[i] : good[i - CC_ARRAY_SIZE(rows)];

		if (xr_put_response_blob(&text, mark, blob, strlen(blob)) !=
		    (bad ? -CC_EFORMAT : 0))
			fail_msg("row %zu", i);
	}
	json_decref(mark);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(successes), cmocka_unit_test(odd_answers),
		cmocka_unit_test(failures),  cmocka_unit_test(long_output),
		cmocka_unit_test(again),     cmocka_unit_test(bad_blobs),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
