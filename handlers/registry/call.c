/* SPDX-License-Identifier: ISC */
/* One request: who calls, what he may, the operation, the answer, the audit. */
#include "handlers/registry/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "handlers/registry/audit.h"
#include "handlers/registry/stores.h"
#include "handlers/registry/trust.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"

#define PREFIX "reg."

int reg_refuse(struct reg_call *c, enum reg_fault fault, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why.text, sizeof(c->why.text), fmt, ap);
	va_end(ap);
	return (int)fault;
}

int reg_refuse_rule(struct reg_call *c, enum reg_fault fault, int r, const struct cc_note *why)
{
	c->rule = r > 0 ? r : 0;
	return reg_refuse(c, fault, "%s",
			  why->text[0] ? why->text : (r > 0 ? cc_rule_advice(r) : cc_err_text(r)));
}

int reg_check_current(struct reg_call *c, const struct tr_gid *gid)
{
	struct rg_record r;
	struct rg_name name;
	int err;

	if (rg_name_read(gid->urn, NULL, &name, NULL) != 0 ||
	    !tr_hrn_over(c->reg->top.name, name.name))
		return 0; /* of another federation, or what has no record (services) */
	err = reg_find(c, &name, RG_SHALLOW, &r);
	if (!err && (!r.has_key || memcmp(r.key_hash, gid->key_hash, RG_KEY_HASH) != 0))
		err = reg_refuse(c, REG_KEY, "Connection Key GID mismatch: %s", name.hrn);
	else if (err == REG_NO_RECORD)
		err = reg_refuse(c, REG_FORBIDDEN, "%s has no record here any more", name.hrn);
	rg_record_deinit(&r);
	return err;
}

/* The audit keeps what writes, body and signature: a line of it has room for so much. */
static int check_size(struct reg_call *c)
{
	size_t len = cc_msg_body(c->in->msg).len + cc_msg_sig(c->in->msg).len;

	if (c->op->writes && len > REG_WRITE_MAX)
		return reg_refuse(c, REG_ARGUMENT,
				  "a request that changes something holds at most %u octets",
				  REG_WRITE_MAX);
	return 0;
}

static int run(struct reg_call *c)
{
	int r = check_size(c);

	if (!r)
		r = az_verifier_take(reg_judges(c->reg->trust), &c->verifier);

	if (!r)
		r = reg_caller_read(c, !c->op->open);
	if (!r && !c->op->open)
		r = reg_check_current(c, az_caller_real(&c->caller));
	return r ? r : c->op->run(c);
}

static int answer_value(struct reg_call *c)
{
	char type[CC_TYPE_MAX + 1];
	json_t *body = json_pack("{s:O}", "value", c->value ? c->value : json_null());
	int r;

	if (!body || (c->next && json_object_set(body, "next", c->next) != 0)) {
		json_decref(body);
		return cc_raise(CC_ENOMEM);
	}
	snprintf(type, sizeof(type), "reply." PREFIX "%s", c->op->name);
	r = cc_host_reply(c->host, c->in, type, body, (struct cc_bytes){NULL, 0});
	json_decref(body);
	return r;
}

static int answer_fault(struct reg_call *c, enum reg_fault fault)
{
	struct cc_bytes type = cc_msg_type(c->in->msg);
	json_t *body = json_pack("{s:s%, s:s, s:s, s:o}", "req_type", type.data, type.len, "code",
				 cc_code_word(reg_fault_code(fault)), "fault",
				 reg_fault_name(fault), "msg", cc_json_text(c->why.text));
	int r;

	if (body && c->rule)
		json_object_set_new(body, "rule", json_string(cc_rule_name(c->rule)));
	if (body && (fault == REG_DB_BUSY || fault == REG_DB_TIMEOUT))
		json_object_set_new(body, "retry_after", json_integer(1));
	r = body ? cc_host_reply(c->host, c->in, "error", body, (struct cc_bytes){NULL, 0})
		 : cc_raise(CC_ENOMEM);
	json_decref(body);
	return r;
}

/* What was written has its line in the same transaction. @return 0, a fault. */
static int note(struct reg_call *c, int outcome)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf line = CC_BUF_INIT(CC_MSG_MAX);
	struct st_store *store;
	int r;

	if (outcome == 0 && (c->op->writes || !c->reg->audit_reads))
		return 0;
	r = reg_audit_line(c, outcome, false, &line);
	if (!r)
		r = reg_store_of(c->reg->stores, "", &store, NULL);
	if (!r)
		r = st_note(store, (char *)line.data, line.len);
	return r ? reg_store_fault(c, r) : 0;
}

static void deinit(struct reg_call *c)
{
	json_decref(c->value);
	json_decref(c->next);
	tr_grant_unref(c->grant);
	az_caller_deinit(&c->caller);
	az_verifier_give(reg_judges(c->reg->trust), c->verifier);
}

/* What fails on our side is told as such, and is an error in our log, too. */
static int end(struct reg_call *c, int r)
{
	int err;

	if (r < 0) {
		cc_error("%s of %s: %s%s%s", c->op->name, reg_caller_label(c), cc_err_text(r),
			 c->why.text[0] ? ": " : "", c->why.text);
		reg_refuse(c, REG_DB, "the registry failed; its log says why");
		answer_fault(c, REG_DB);
		return r;
	}
	err = note(c, r);
	if (err)
		r = err; /* what cannot be audited is not told */
	cc_host_count(c->host, REG_COUNT_OPERATIONS, 1);
	if (r == 0) {
		cc_host_count(c->host, REG_COUNT_REPEATED, c->repeated);
		return answer_value(c);
	}
	cc_host_count(c->host, REG_COUNT_REFUSED, 1);
	cc_info("%s of %s refused: %s: %s", c->op->name, reg_caller_label(c),
		reg_fault_name((enum reg_fault)r), c->why.text);
	err = answer_fault(c, (enum reg_fault)r);
	return err ? err : CC_DENIED;
}

int reg_serve(struct registry *reg, struct cc_host *host, struct cc_in *in)
{
	static const struct reg_op unknown = {"unknown", true, false, false, NULL};
	struct cc_bytes type = cc_msg_type(in->msg);
	struct cc_bytes name = {type.data + strlen(PREFIX), type.len - strlen(PREFIX)};
	int64_t budget = in->gate->deadline_ms;
	struct reg_call c = {.reg = reg,
			     .host = host,
			     .in = in,
			     .args = in->gate->json,
			     .now = cc_clock_seconds()};
	int r;

	if (!cc_type_under(type, "reg") || type.len <= strlen(PREFIX))
		return CC_DROPPED;
	if (!budget || budget > reg->deadline)
		budget = reg->deadline;
	c.deadline = cc_clock_ms() + budget;
	c.op = reg_op_find(name);
	if (!c.op) {
		c.op = &unknown;
		r = reg_refuse(&c, REG_METHOD, "Invalid method %.*s", (int)name.len, name.data);
	} else {
		r = run(&c);
	}
	r = end(&c, r);
	deinit(&c);
	return r;
}
