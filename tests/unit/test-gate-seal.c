/* SPDX-License-Identifier: ISC */
/* What the gate seals: read back by another, its hash, realm and time, and what it does not seal. */
#include "lib/cc/gate.h"

#include "lib/base/clock.h"
#include "tests/unit/gatekit.h"
#include "tests/unit/pki.h"

static void test_round_trips(void **state)
{
	static const struct {
		enum reader writer, reader;
		const char *signer;
		const char *reason;
	} rows[] = {
		{PLAIN, PLAIN, NULL, "plain"},
		{VERIFY, VERIFY, "alice", "signed"},
		{SEAL, DECRYPT, "alice", "encrypted"},
	};
	static const char *const blobs[] = {NULL, "", "abc"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows) * CC_ARRAY_SIZE(blobs); i++) {
		const char *text = blobs[i % 3];
		struct cc_bytes blob = {(const uint8_t *)text, text ? strlen(text) : 0};
		cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
		json_t *body = json_pack("{s:s, s:i}", "id", HEX32, "deadline", 100);
		struct cc_gate_result r;

		print_message("# %s, blob %s\n", rows[i / 3].reason, text ? text : "absent");
		assert_int_equal(cc_msg_add(m, "identity", 8), 0);
		assert_int_equal(cc_gate_seal(gates[rows[i / 3].writer], m, "reg.x", body, blob),
				 0);
		assert_int_equal(m->delim, 1);
		assert_int_equal(m->count, text ? 6 : 5);
		m->received = NOW_MS;
		assert_int_equal(cc_gate_check(gates[rows[i / 3].reader], m, NULL, NOW, NOW_MS, &r),
				 0);
		assert_true(json_equal(r.json, body));
		assert_string_equal(r.id, HEX32);
		assert_int_equal(r.deadline_ms, 100);
		assert_true((r.signer != NULL) == (rows[i / 3].signer != NULL));
		if (r.signer)
			assert_string_equal(r.signer->name, rows[i / 3].signer);
		cc_gate_result_deinit(&r);
		json_decref(body);
	}
}

/* With cms-compat the blob's hash is the original's, for its types only. */
static void test_seal_hash_kind(void **state)
{
	static const struct {
		enum reader writer;
		const char *type, *hash;
	} rows[] = {
		{OLD_SEAL, "pub.infofile", ABC_SHA1},
		{OLD_SEAL, "reg.x", ABC_SHA256},
		{VERIFY, "pub.infofile", ABC_SHA256},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
		json_t *body = json_object();

		assert_int_equal(
			cc_gate_seal(gates[rows[i].writer], m, rows[i].type, body, pki_text("abc")),
			0);
		assert_string_equal(json_string_value(json_object_get(body, "blob_hash")),
				    rows[i].hash);
		json_decref(body);
	}
}

/* Requests name the realm and go by the receiver's clock; answers are bound by `re`. */
static void test_seal_address(void **state)
{
	static const struct {
		enum reader writer;
		const char *type, *body, *to;
	} rows[] = {
		{HERE, "reg.x", "{}", "here"},
		{HERE, "reg.x", "{\"to\": \"there\"}", "here"},
		{HERE, "reply.reg.x", "{\"re\": \"" HEX32 "\"}", NULL},
		{HERE, "error", "{\"code\": \"busy\"}", NULL},
		{VERIFY, "reg.x", "{}", NULL},
		{HERE_PLAIN, "reg.x", "{}", "here"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows) * 2; i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
		json_t *body = json_loads(rows[i / 2].body, 0, NULL);
		struct cc_gate *g = gates[rows[i / 2].writer];
		double offset = i % 2 ? -5000 : 0, time;

		cc_gate_set_offset(g, offset);
		assert_int_equal(cc_gate_seal(g, m, rows[i / 2].type, body, pki_text("")), 0);
		cc_gate_set_offset(g, 0);
		time = json_number_value(json_object_get(body, "time")) - offset - cc_clock_wall();
		assert_true(time > -60 && time < 1);
		if (rows[i / 2].to)
			assert_string_equal(json_string_value(json_object_get(body, "to")),
					    rows[i / 2].to);
		else
			assert_null(json_object_get(body, "to"));
		json_decref(body);
	}
}

static void test_seal_rejects(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	json_t *body = json_object();

	assert_int_equal(cc_gate_seal(gates[PLAIN], m, "no type", body, pki_text("")), -CC_EINVAL);
	assert_int_equal(cc_gate_seal(gates[PLAIN], m, "", body, pki_text("")), -CC_EINVAL);
	assert_int_equal(m->count, 0);
	while (m->count < CC_FRAMES_MAX - 3)
		assert_int_equal(cc_msg_add(m, "r", 1), 0);
	assert_int_equal(cc_gate_seal(gates[PLAIN], m, "reg.x", body, pki_text("")), -CC_ELIMIT);
	json_decref(body);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_round_trips),
	cmocka_unit_test(test_seal_hash_kind),
	cmocka_unit_test(test_seal_address),
	cmocka_unit_test(test_seal_rejects),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, open_gates, close_gates);
}
