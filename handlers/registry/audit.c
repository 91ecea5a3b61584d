/* SPDX-License-Identifier: ISC */
#include "handlers/registry/audit.h"

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

static int put_who(json_t *o, struct reg_call *c)
{
	const struct tr_gid *leaf = az_caller_real(&c->caller);
	const struct cc_signer *signer = c->in->gate->signer;

	return put(o, "who", reg_caller_label(c)) || put(o, "key", leaf ? leaf->key_id : NULL) ||
	       put(o, "via", c->caller.asserted && signer ? signer->name : NULL) ||
	       put(o, "word", c->grant ? c->grant->issuer->urn : NULL) ||
	       put(o, "target", c->grant ? c->grant->target_urn : NULL);
}

static int put_request(json_t *o, struct reg_call *c, bool whole)
{
	struct cc_bytes body = cc_msg_body(c->in->msg);
	char hash[CC_BLOB_HASH_SIZE];

	if (cc_blob_hash(body, false, hash) != 0 || put(o, "request", hash) != 0)
		return -1;
	if (!whole || c->op->secret)
		return 0;
	return put_octets(o, "body", body) || put_octets(o, "cms", cc_msg_sig(c->in->msg));
}

static const char *outcome_word(int outcome)
{
	if (outcome == 0)
		return "ok";
	return outcome > 0 ? reg_fault_name((enum reg_fault)outcome) : cc_err_text(outcome);
}

int reg_audit_line(struct reg_call *c, int outcome, bool whole, struct cc_buf *out)
{
	const struct rg_name *object = &c->object;
	json_t *o = json_object();
	char time[32];
	char *text = NULL;
	int bad = !o || put(o, "at", cc_clock_text(c->now, time)) || put(o, "what", c->op->name) ||
		  put_who(o, c) || put(o, "object", object->urn[0] ? object->urn : object->hrn) ||
		  put(o, "outcome", outcome_word(outcome)) ||
		  put(o, "why", outcome ? c->why.text : NULL) || put_request(o, c, whole);

	if (!bad)
		text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	bad = text ? cc_buf_puts(out, text) : -CC_ENOMEM;
	free(text);
	return bad;
}
