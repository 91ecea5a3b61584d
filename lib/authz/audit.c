/* SPDX-License-Identifier: ISC */
#include "lib/authz/audit.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"
#include "lib/xml/write.h"

static int put(json_t *o, const char *key, const char *text)
{
	return text && *text ? json_object_set_new(o, key, cc_json_text(text)) : 0;
}

static int put_octets(json_t *o, const char *key, struct cc_bytes bytes)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(CC_MSG_MAX * 2);

	if (!bytes.data)
		return 0;
	if (xs_put_base64(&text, bytes.data, bytes.len, 0) != 0)
		return -1;
	return put(o, key, (const char *)text.data);
}

static int put_who(json_t *o, const struct az_audit *a)
{
	const struct tr_gid *real = az_caller_real(a->caller);
	const struct cc_signer *signer = a->gate->signer;

	return put(o, "who", a->who) || put(o, "key", real ? real->key_id : NULL) ||
	       put(o, "via", a->caller->asserted && signer ? signer->name : NULL) ||
	       put(o, "for", a->caller->user ? a->caller->user->urn : NULL) ||
	       put(o, "word", a->grant ? a->grant->issuer->urn : NULL) ||
	       put(o, "target", a->grant ? a->grant->target_urn : NULL);
}

static int put_request(json_t *o, const struct az_audit *a)
{
	struct cc_bytes body = cc_msg_body(a->msg);
	char hash[CC_BLOB_HASH_SIZE];

	if (cc_blob_hash(body, false, hash) != 0 || put(o, "request", hash) != 0)
		return -1;
	if (!a->whole)
		return 0;
	return put_octets(o, "body", body) || put_octets(o, "cms", cc_msg_sig(a->msg));
}

int az_audit_line(const struct az_audit *a, struct cc_buf *out)
{
	json_t *o = json_object();
	char time[32];
	char *text = NULL;
	int bad = !o || put(o, "at", cc_clock_text(a->now, time)) || put(o, "what", a->what) ||
		  put_who(o, a) || put(o, "object", a->object) || put(o, "outcome", a->outcome) ||
		  put(o, "why", a->why) || put_request(o, a);

	if (!bad)
		text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	bad = text ? cc_buf_puts(out, text) : -CC_ENOMEM;
	free(text);
	return bad;
}

void az_op_signer(const struct az_caller *c, const struct cc_gate_result *gate,
		  char out[AZ_OP_SIGNER_MAX])
{
	const struct tr_gid *real = az_caller_real(c);

	snprintf(out, AZ_OP_SIGNER_MAX, "%s %s",
		 (c->asserted || !real) && gate->signer ? gate->signer->name : "",
		 real ? real->key_id : "");
}
