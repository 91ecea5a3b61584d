/* SPDX-License-Identifier: ISC */
/*
 * The JSON body: parse, depth, write and parse again; then the gate of a plain reader over it; and,
 * where it states a caller, that of a server which knows its signer as a front door.
 */
#include <stdint.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/util.h"
#include "lib/cc/caller.h"
#include "lib/cc/envelope.h"
#include "lib/cc/gate.h"
#include "tests/fuzz/must.h"

#define TYPE "echo.request"
#define KEYS TEST_DATA "/fuzz/keys"
#define NAMESPACE "urn:publicid:IDN+ccfed.test"

static struct cc_gate *plain_gate(void)
{
	static struct cc_gate *gate;
	struct cc_keystore_conf conf = {.dir = "."};
	struct cc_gate_conf gate_conf = {.window_back_ms = 300000, .window_ahead_ms = 2000};
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;

	if (!gate) {
		MUST(cc_keystore_load(&conf, &ks, NULL) == 0);
		MUST(cc_gate_new(&gate, ks, &gate_conf) == 0);
	}
	return gate;
}

/* The signer of a test data's key is a front door here. */
static struct cc_gate *front_gate(void)
{
	static const char rules[] = "[policy]\necho = any\n[assert-caller]\n"
				    "front = cn:fuzz ec*, prefix echo, namespace ccfed.test\n";
	static struct cc_gate *gate;
	char *ca[] = {"ca"}, *ec[] = {"ec"};
	const struct cf_list verify = {ca, 1}, sign = {ec, 1};
	struct cc_keystore_conf conf = {.dir = KEYS, .verify = &verify, .sign = &sign};
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	cc_cleanup(cc_policy_unrefp) struct cc_policy *policy = NULL;
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_gate_conf gate_conf = {0};

	if (gate)
		return gate;
	MUST(cf_ini_parse("rules", rules, strlen(rules), NULL, NULL, 0, &ini, NULL) == 0);
	MUST(cc_policy_new(&policy, ini, NULL) == 0);
	gate_conf.policy = policy;
	MUST(cc_keystore_load(&conf, &ks, NULL) == 0);
	MUST(cc_gate_new(&gate, ks, &gate_conf) == 0);
	return gate;
}

/* What was parsed is written within the limits, and is the same when parsed again. */
static void write_and_parse(const json_t *json)
{
	struct cc_buf text = CC_BUF_INIT(0), tiny = CC_BUF_INIT(8);
	json_t *again = NULL;

	MUST(cc_json_write(json, &text) == 0);
	for (size_t i = 0; i < text.len; i++)
		MUST(text.data[i] < 0x80);
	MUST(cc_json_depth(text.data, text.len, 100) <= CC_JSON_DEPTH);
	MUST(cc_json_parse(text.data, text.len, &again) == 0);
	MUST(json_equal(json, again));
	MUST(cc_json_write(json, &tiny) == (text.len > 8 ? -CC_ELIMIT : 0));
	json_decref(again);
	cc_buf_deinit(&text);
	cc_buf_deinit(&tiny);
}

static enum cc_verdict judge(struct cc_bytes body, struct cc_bytes blob, const char *re, int *fault)
{
	struct cc_gate_call call = {.re = re};
	struct cc_msg *m = cc_msg_new();
	struct cc_gate_result r;
	enum cc_verdict v;

	MUST(m && cc_msg_add(m, "", 0) == 0 && cc_msg_add(m, TYPE, strlen(TYPE)) == 0);
	MUST(cc_msg_add(m, body.data, body.len) == 0 && cc_msg_add(m, "s", 1) == 0);
	if (blob.data)
		MUST(cc_msg_add(m, blob.data, blob.len) == 0);
	v = cc_gate_check(plain_gate(), m, re ? &call : NULL, 1.7e9, 1000, &r);
	MUST(v == r.verdict && (v == CC_GATE_PASS) == (r.why[0] == 0));
	MUST(cc_gate_counter_at(cc_gate_counter_index(v, r.fault)));
	if (v == CC_GATE_PASS && r.id)
		MUST(cc_request_id_valid(r.id));
	*fault = r.fault;
	cc_msg_free(m);
	cc_gate_result_deinit(&r);
	return v;
}

/* The gate and the parser agree. */
static void pass_gate(struct cc_bytes body, int parsed)
{
	static const uint8_t octets[] = "abc";
	struct cc_bytes blobs[] = {{NULL, 0}, {octets, 3}};

	for (unsigned i = 0; i < 4; i++) {
		int fault;
		enum cc_verdict v =
			judge(body, blobs[i % 2], i / 2 ? "0123456789abcdef0123456789abcdef" : NULL,
			      &fault);

		if (body.len == 4 && memcmp(body.data, "ENC1", 4) == 0)
			MUST(v == CC_GATE_ENCRYPTED);
		else if (parsed)
			MUST(v == CC_GATE_JSON && fault == parsed);
		else
			MUST(v != CC_GATE_JSON && v != CC_GATE_ERROR);
	}
}

static bool is_base64(const char *text, size_t len)
{
	size_t padding = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			     (c >= '0' && c <= '9') || c == '+' || c == '/';

		padding += c == '=';
		if (!digit && c != '=')
			return false;
		if (digit && padding)
			return false;
	}
	return len > 0 && len % 4 == 0 && padding <= 2;
}

static bool is_short_text(const json_t *v)
{
	return !v || (json_is_string(v) && strlen(json_string_value(v)) <= 128);
}

/* The form of a caller, as its header has it. */
static bool has_form(const json_t *caller)
{
	const json_t *certs = json_object_get(caller, "certs"), *c;
	size_t i, total = 0;

	if (!json_is_array(certs) || json_array_size(certs) > CC_CALLER_CERTS)
		return false;
	json_array_foreach(certs, i, c)
	{
		const char *text = json_string_value(c);

		if (!text || !is_base64(text, strlen(text)))
			return false;
		total += strlen(text) / 4 * 3;
	}
	return total <= CC_CERT_MAX && is_short_text(json_object_get(caller, "listener")) &&
	       is_short_text(json_object_get(caller, "tls"));
}

/* Only a caller of that form and of the front door's authority passes, and he is the one named. */
static void check_caller(const struct cc_gate_result *r)
{
	const json_t *caller = json_object_get(r->json, "caller");
	size_t len = strlen(NAMESPACE);

	if (r->verdict == CC_GATE_CALLER) {
		MUST(r->fault == CC_CALLER_UNREADABLE || r->fault == CC_CALLER_NAMESPACE);
		MUST(!r->caller && (r->fault == CC_CALLER_UNREADABLE || has_form(caller)));
		return;
	}
	MUST(r->verdict == CC_GATE_PASS && r->caller == caller && has_form(caller));
	MUST(strncmp(r->caller_urn, NAMESPACE, len) == 0 &&
	     (r->caller_urn[len] == '+' || r->caller_urn[len] == ':'));
}

/* Signed, so that it comes to the question for whom it speaks. */
static void pass_front(struct cc_bytes body)
{
	struct cc_gate *gate = front_gate();
	struct cc_buf sig = CC_BUF_INIT(0);
	struct cc_msg *m = cc_msg_new();
	struct cc_gate_result r;

	MUST(cc_cms_sign(cc_gate_cms(gate), body, false, &sig) == 0);
	MUST(m && cc_msg_add(m, "", 0) == 0 && cc_msg_add(m, TYPE, strlen(TYPE)) == 0);
	MUST(cc_msg_add(m, body.data, body.len) == 0 && cc_msg_add(m, sig.data, sig.len) == 0);
	cc_gate_check(gate, m, NULL, 1.7e9, 1000, &r);
	MUST(r.verdict != CC_GATE_CMS && r.verdict != CC_GATE_POLICY && r.verdict != CC_GATE_ERROR);
	if (r.verdict == CC_GATE_PASS || r.verdict == CC_GATE_CALLER)
		check_caller(&r);
	cc_gate_result_deinit(&r);
	cc_msg_free(m);
	cc_buf_deinit(&sig);
}

/* Whatever was in it, the envelope's keys are ours. */
static void fill(json_t *json)
{
	char id[CC_ID_HEX + 1];

	MUST(cc_request_id(id) == 0 && cc_request_id_valid(id));
	for (unsigned i = 0; i < 4; i++) {
		struct cc_bytes blob = {i % 2 ? (const uint8_t *)id : NULL, i % 2 ? 32 : 0};

		MUST(cc_envelope_fill(json, TYPE, blob, i / 2) == 0);
		MUST(strcmp(json_string_value(json_object_get(json, "req")), TYPE) == 0);
	}
	write_and_parse(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = NULL;
	unsigned depth = cc_json_depth(data, size, CC_JSON_DEPTH);
	int r = cc_json_parse(data, size, &json);

	MUST(r >= 0 && depth <= CC_JSON_DEPTH + 1);
	MUST((depth > CC_JSON_DEPTH) == (r == CC_JSON_TOO_DEEP));
	pass_gate((struct cc_bytes){data, size}, r);
	if (json) {
		if (json_object_get(json, "caller"))
			pass_front((struct cc_bytes){data, size});
		write_and_parse(json);
		fill(json);
	}
	json_decref(json);
	return 0;
}
