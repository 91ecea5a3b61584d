/* SPDX-License-Identifier: ISC */
/* What the gate asks of a body: type, request and answer fields, time, blob (spec cc-bus A7, steps 5 to 7). */
#include <stdio.h>
#include <string.h>

#include "lib/cc/envelope.h"
#include "lib/cc/gate_int.h"

enum cc_verdict cc_gate_check_json(struct cc_msg *m, struct cc_bytes text,
				   struct cc_gate_result *out)
{
	struct cc_bytes type = cc_msg_type(m);
	json_t *req;
	int r = cc_json_parse(text.data, text.len, &out->json);

	if (r < 0)
		return cc_gate_refuse(out, CC_GATE_ERROR, r, cc_err_text(r));
	if (r > 0) {
		snprintf(out->why, sizeof(out->why), "JSON body: %s",
			 cc_gate_counter(CC_GATE_JSON, r) + 5);
		out->fault = r;
		return out->verdict = CC_GATE_JSON;
	}
	req = json_object_get(out->json, "req");
	if (!json_is_string(req))
		return cc_gate_refuse(out, CC_GATE_FIELD, 0, "no req in the body");
	if (json_string_length(req) != type.len ||
	    memcmp(json_string_value(req), type.data, type.len) != 0)
		return cc_gate_refuse(out, CC_GATE_HIJACKED, 0,
				      "req is not the type: hijacked message");
	return CC_GATE_PASS;
}

enum cc_verdict cc_gate_check_request(struct cc_msg *m, bool need_id, int64_t now_ms,
				      struct cc_gate_result *out)
{
	json_t *id = json_object_get(out->json, "id");
	json_t *op = json_object_get(out->json, "op");
	json_t *deadline = json_object_get(out->json, "deadline");

	if (id) {
		if (!json_is_string(id) || !cc_request_id_valid(json_string_value(id)))
			return cc_gate_refuse(out, CC_GATE_FIELD, 0, "id is not 32 hex digits");
		out->id = json_string_value(id);
	} else if (need_id) {
		return cc_gate_refuse(out, CC_GATE_NO_ID, 0, "signed message without id");
	}
	if (op) {
		if (!json_is_string(op) || !cc_request_id_valid(json_string_value(op)))
			return cc_gate_refuse(out, CC_GATE_FIELD, 0, "op is not 32 hex digits");
		out->op = json_string_value(op);
	}
	if (!deadline)
		return CC_GATE_PASS;
	out->deadline_ms = json_integer_value(deadline);
	if (!json_is_integer(deadline) || out->deadline_ms < 1 ||
	    out->deadline_ms > CC_DEADLINE_MAX_MS)
		return cc_gate_refuse(out, CC_GATE_FIELD, 0, "deadline is not 1..600000 ms");
	if (now_ms - m->received > out->deadline_ms)
		return cc_gate_refuse(out, CC_GATE_EXPIRED, 0,
				      "deadline passed before it was looked at");
	return CC_GATE_PASS;
}

enum cc_verdict cc_gate_check_answer(const char *re, bool need_re, struct cc_gate_result *out)
{
	json_t *is = json_object_get(out->json, "re");

	if (!is)
		return need_re ? cc_gate_refuse(out, CC_GATE_ANSWER, 0, "answer without re")
			       : CC_GATE_PASS;
	if (!json_is_string(is) || strcmp(json_string_value(is), re) != 0)
		return cc_gate_refuse(out, CC_GATE_ANSWER, 0, "answer to another request");
	return CC_GATE_PASS;
}

enum cc_verdict cc_gate_check_time(const struct cc_gate_conf *conf, double now_wall,
				   struct cc_gate_result *out)
{
	json_t *time = json_object_get(out->json, "time");
	double age_ms;

	out->sent = json_number_value(time);
	if (conf->window_back_ms == 0)
		return CC_GATE_PASS;
	if (!json_is_number(time))
		return cc_gate_refuse(out, CC_GATE_FIELD, 0, "no time in the body");
	age_ms = (now_wall - out->sent) * 1000;
	if (age_ms >= -(double)conf->window_ahead_ms && age_ms <= (double)conf->window_back_ms)
		return CC_GATE_PASS;
	return cc_gate_refuse(out, CC_GATE_STALE, 0, "outside the time window");
}

enum cc_verdict cc_gate_check_blob(struct cc_gate *g, struct cc_msg *m, bool sha1,
				   struct cc_gate_result *out)
{
	const json_t *hash = json_object_get(out->json, "blob_hash");
	const char *is = json_string_value(hash);
	struct cc_bytes blob = cc_msg_blob(m);
	char want[CC_BLOB_HASH_SIZE];
	bool is_sha1;

	if (hash && !is)
		return cc_gate_refuse(out, CC_GATE_FIELD, 0, "blob_hash is no string");
	if (!blob.data)
		return is && *is ? cc_gate_refuse(out, CC_GATE_BLOB_MISSING, 0,
						  "blob hash exists without blob")
				 : CC_GATE_PASS;
	if (!cc_keystore_verifies(g->ks) && cc_msg_sig(m).len == 0)
		return CC_GATE_PASS;
	if (!is || !*is)
		return cc_gate_refuse(out, CC_GATE_BLOB_UNHASHED, 0, "blob hash missing");
	is_sha1 = strncmp(is, "SHA-1:", 6) == 0;
	if ((is_sha1 && !sha1) || (!is_sha1 && strncmp(is, "SHA-256:", 8) != 0))
		return cc_gate_refuse(out, CC_GATE_BLOB_ALG, 0, "unsupported blob hash type");
	if (cc_blob_hash(blob, is_sha1, want) != 0)
		return cc_gate_refuse(out, CC_GATE_ERROR, -CC_ECRYPTO, cc_err_text(CC_ECRYPTO));
	if (strcmp(is, want) != 0)
		return cc_gate_refuse(out, CC_GATE_BLOB_HASH, 0, "blob hash does not match");
	return CC_GATE_PASS;
}
