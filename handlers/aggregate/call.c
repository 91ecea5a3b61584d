/* SPDX-License-Identifier: ISC */
/* One request: who calls, what he may, the operation, the answer, the audit. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "handlers/aggregate/ad.h"
#include "handlers/aggregate/aggregate.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/cc/codes.h"
#include "lib/cc/envelope.h"

#define PREFIX "am."

int agg_refuse(struct agg_call *c, enum agg_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why.text, sizeof(c->why.text), fmt, ap);
	va_end(ap);
	return (int)code;
}

/*
 * The word of the bus beside a geni_code. `busy` is for a full queue alone, which a front door makes
 * a 503: a component that is held is a conflict.
 */
static enum cc_code word_of(int code)
{
	switch (code) {
	case AGG_BADARGS:
	case AGG_BADVERSION:
		return CC_CODE_BAD_REQUEST;
	case AGG_FORBIDDEN:
	case 20:
	case 21:
	case 22:
	case 23:
		return CC_CODE_DENIED;
	case AGG_SEARCHFAILED:
		return CC_CODE_NOT_FOUND;
	case AGG_UNSUPPORTED:
		return CC_CODE_UNSUPPORTED;
	case AGG_TIMEDOUT:
		return CC_CODE_TIMEOUT;
	case AGG_SERVERERROR:
	case AGG_DBERROR:
	case AGG_ERROR:
		return CC_CODE_INTERNAL;
	default:
		return CC_CODE_CONFLICT;
	}
}

/* The audit keeps what writes, body and signature: a line of it has room for so much. */
static int check_size(struct agg_call *c)
{
	size_t len = cc_msg_body(c->in->msg).len + cc_msg_sig(c->in->msg).len;

	if (c->op->writes && len > AGG_WRITE_MAX)
		return agg_refuse(c, AGG_TOOBIG,
				  "a request that changes something holds at most %u octets",
				  AGG_WRITE_MAX);
	return 0;
}

/* Operators come over the bus, by a line of the policy: nobody speaks for them. */
static int check_operator(struct agg_call *c)
{
	const struct cc_signer *signer = c->in->gate->signer;

	if (c->in->gate->caller || (signer && signer->cls != CC_CLASS_BUS))
		return agg_refuse(c, AGG_FORBIDDEN,
				  "an operator signs with a certificate of the bus himself");
	return 0;
}

/*
 * What is told again is told to who may still ask: the slivers may be gone, so a call that names slivers wants
 * a credential on any slice.
 */
static int tell_again(struct agg_call *c)
{
	json_t *slivers = NULL;
	int r = 0;

	if (!c->op->operator_) {
		r = json_object_get(c->args, "urns") ? agg_arg_urns(c, &slivers) : agg_arg_slice(c);
		if (!r)
			r = agg_allow(c);
	}
	json_decref(slivers);
	return r || !c->op->again ? r : c->op->again(c);
}

static int run(struct agg_call *c)
{
	int r;

	if (!c->agg->db)
		return agg_refuse(c, AGG_UNSUPPORTED,
				  "this aggregate has no store: it says who it is, and no more");
	r = check_size(c);
	if (r)
		return r;
	if (c->op->operator_) {
		r = check_operator(c);
	} else {
		r = az_verifier_take(c->agg->trust, &c->verifier);
		if (!r)
			r = agg_caller_read(c);
	}
	if (!r && c->op->writes)
		r = agg_seek_op(c);
	if (!r && c->repeated)
		return tell_again(c);
	return r ? r : c->op->run(c);
}

/* ---- the answer ---- */

static struct cc_bytes blob_of(const struct agg_call *c)
{
	if (!c->blob_key)
		return (struct cc_bytes){NULL, 0};
	return c->shared ? (struct cc_bytes){(const uint8_t *)c->shared, c->shared_len}
			 : (struct cc_bytes){c->blob.data, c->blob.len};
}

static int answer_value(struct agg_call *c)
{
	char type[CC_TYPE_MAX + 1];
	json_t *body =
		json_pack("{s:O, s:s}", "value", c->value ? c->value : json_null(), "output", "");
	int r;

	if (body && c->blob_key &&
	    json_object_set_new(body, "blob", json_string(c->blob_key)) != 0) {
		json_decref(body);
		body = NULL;
	}
	if (!body)
		return cc_raise(CC_ENOMEM);
	snprintf(type, sizeof(type), "reply." PREFIX "%s", c->op->name);
	r = cc_host_reply(c->host, c->in, type, body, blob_of(c));
	json_decref(body);
	return r;
}

static int answer_code(struct agg_call *c, int code)
{
	struct cc_bytes type = cc_msg_type(c->in->msg);
	json_t *body = json_pack("{s:s%, s:s, s:i, s:o}", "req_type", type.data, type.len, "code",
				 cc_code_word(word_of(code)), "geni_code", code, "msg",
				 cc_json_text(c->why.text));
	int r;

	if (body && c->hint)
		json_object_set(body, "value", c->hint);
	if (body && c->rule)
		json_object_set_new(body, "rule", json_string(cc_rule_name(c->rule)));
	r = body ? cc_host_reply(c->host, c->in, "error", body, (struct cc_bytes){NULL, 0})
		 : cc_raise(CC_ENOMEM);
	json_decref(body);
	return r;
}

/* What was written has its line in the same transaction. @return 0, a code. */
static int note(struct agg_call *c, int outcome)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf line = CC_BUF_INIT(CC_MSG_MAX);
	int r;

	if (!c->agg->db || (outcome == 0 && (c->op->writes || !c->agg->audit_reads)))
		return 0;
	r = agg_audit_line(c, outcome, false, &line);
	if (!r)
		r = st_note(c->agg->db, (char *)line.data, line.len);
	return r ? agg_store_code(c, r) : 0;
}

static void deinit(struct agg_call *c)
{
	json_decref(c->value);
	json_decref(c->hint);
	cc_buf_deinit(&c->blob);
	agg_text_unref(c->text);
	tr_grant_unref(c->grant);
	az_caller_deinit(&c->caller);
	if (c->verifier)
		az_verifier_give(c->agg->trust, c->verifier);
}

/* What fails on our side is told as such, and is an error in our log, too. */
static int end(struct agg_call *c, int r)
{
	int err;

	if (r < 0) {
		cc_error("%s of %s: %s%s%s", c->op->name, agg_caller_label(c), cc_err_text(r),
			 c->why.text[0] ? ": " : "", c->why.text);
		agg_refuse(c, AGG_SERVERERROR, "the aggregate failed; its log says why");
		answer_code(c, AGG_SERVERERROR);
		return r;
	}
	err = note(c, r);
	if (err)
		r = err; /* what cannot be audited is not told */
	cc_host_count(c->host, AGG_COUNT_OPERATIONS, c->op->run != NULL);
	if (r == 0) {
		cc_host_count(c->host, AGG_COUNT_REPEATED, c->repeated);
		return answer_value(c);
	}
	cc_host_count(c->host, AGG_COUNT_REFUSED, 1);
	cc_info("%s of %s on %s refused: %d: %s", c->op->name, agg_caller_label(c),
		c->slice_urn[0] ? c->slice_urn : "nothing", r, c->why.text);
	err = answer_code(c, r);
	return err ? err : CC_DENIED;
}

int agg_serve(struct aggregate *agg, struct cc_host *host, struct cc_in *in)
{
	static const struct agg_op unknown = {"unknown", NULL, false, false, NULL};
	struct cc_bytes type = cc_msg_type(in->msg);
	size_t skip = type.len < strlen(PREFIX) ? type.len : strlen(PREFIX);
	struct cc_bytes name = {type.data + skip, type.len - skip};
	int64_t budget = in->gate->deadline_ms;
	struct agg_call c = {.agg = agg,
			     .host = host,
			     .in = in,
			     .args = in->gate->json,
			     .now = cc_clock_seconds(),
			     .blob = CC_BUF_INIT(CC_MSG_MAX)};
	int r;

	if (!cc_type_under(type, "am"))
		return CC_DROPPED;
	if (!budget || budget > agg->deadline)
		budget = agg->deadline;
	c.deadline = cc_clock_ms() + budget;
	c.op = agg_op_find(name);
	if (!c.op) {
		c.op = &unknown;
		r = agg_refuse(&c, AGG_UNSUPPORTED, "%.*s is not served here", (int)type.len,
			       type.data);
	} else {
		r = run(&c);
	}
	r = end(&c, r);
	if (r == CC_DENIED && c.op == &unknown)
		r = CC_DROPPED;
	deinit(&c);
	return r;
}
