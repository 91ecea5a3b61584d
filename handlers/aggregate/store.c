/* SPDX-License-Identifier: ISC */
/* The aggregate's reads and writes, with op and audit. */
#include <stdio.h>
#include <string.h>

#include "handlers/aggregate/aggregate.h"
#include "lib/authz/audit.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"
#include "lib/store/digest.h"

#define RESULT_MAX (8u << 20) /* octets of what a repeated op is told */

int agg_store_code(struct agg_call *c, int r)
{
	switch (r) {
	case -CC_EBUSY:
		return agg_refuse(c, AGG_BUSY,
				  "the store has more to do than it can take; try again later");
	case -CC_ETIMEOUT:
		return agg_refuse(c, AGG_TIMEDOUT,
				  "the store did not do it in time: its outcome is not known");
	default:
		cc_error("store: %s", c->why.text[0] ? c->why.text : cc_err_text(r));
		return agg_refuse(c, AGG_DBERROR, "the store failed; the aggregate's log says why");
	}
}

int agg_read(struct agg_call *c, st_run_fn *run, void *arg)
{
	int r = st_read(c->agg->db, c->deadline, run, arg, &c->why);

	return r < 0 ? agg_store_code(c, r) : r;
}

/* ---- audit ---- */

/* The store bounds a line: of a larger request the audit has the hash. */
#define WHOLE_MAX (2u << 20)

int agg_audit_line(struct agg_call *c, int outcome, bool whole, struct cc_buf *out)
{
	char what[64], word[32];
	const struct az_audit a = {.what = what,
				   .object = c->slice_urn,
				   .outcome = word,
				   .why = outcome ? c->why.text : NULL,
				   .caller = &c->caller,
				   .who = agg_caller_label(c),
				   .gate = c->in->gate,
				   .msg = c->in->msg,
				   .grant = c->grant,
				   .now = c->now,
				   .whole = whole && cc_msg_body(c->in->msg).len <= WHOLE_MAX};

	snprintf(what, sizeof(what), "am.%s", c->op->name);
	snprintf(word, sizeof(word),
		 outcome > 0 ? "refused %d"
		 : outcome   ? "failed"
			     : "ok",
		 outcome);
	return az_audit_line(&a, out);
}

/* ---- writes ---- */

struct writing {
	struct agg_call *call;
	st_run_fn *run;
	void *arg;
	struct cc_buf result, audit;
};

static int write_result(struct writing *w)
{
	char *text = json_dumps(w->call->value, JSON_COMPACT | JSON_ENCODE_ANY);
	int r = text ? cc_buf_puts(&w->result, text) : cc_raise(CC_ENOMEM);

	free(text);
	return r;
}

/* In the store's thread, perhaps several times. */
static int run_write(struct st_tx *tx, void *arg)
{
	struct writing *w = arg;
	int r, bad;

	cc_buf_reset(&w->result);
	cc_buf_reset(&w->audit);
	r = w->run(tx, w->arg);
	if (!r)
		r = write_result(w);
	bad = agg_audit_line(w->call, r, true, &w->audit);
	return r ? r : bad; /* what cannot be audited is not done */
}

static int read_result(struct agg_call *c, const struct cc_buf *result)
{
	json_decref(c->value);
	c->value = json_loadb((const char *)result->data, result->len, JSON_DECODE_ANY, NULL);
	c->repeated = true;
	return c->value ? 0 : cc_raise(CC_EINTERNAL);
}

/* What is asked, without the credentials, which end. */
static int op_request(const struct agg_call *c, uint8_t out[ST_SHA])
{
	static const char *const keys[] = {"urn",     "urns",	 "rspec", "action",
					   "expires", "options", "user",  "days"};
	json_t *asked = json_pack("[s, {}]", c->op->name);
	char *text = NULL;
	int r = 0;

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys) && asked && !r; i++) {
		json_t *value = json_object_get(c->args, keys[i]);

		if (value)
			r = json_object_set(json_array_get(asked, 1), keys[i], value);
	}
	if (!r && asked)
		text = json_dumps(asked, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(asked);
	r = text ? st_sha(text, strlen(text), out) : cc_raise(CC_ENOMEM);
	free(text);
	return r;
}

static int refuse_other(struct agg_call *c)
{
	return agg_refuse(c, AGG_BADARGS, "this op was used for another request");
}

int agg_write(struct agg_call *c, st_run_fn *run, void *arg)
{
	struct writing w = {c, run, arg, CC_BUF_INIT(RESULT_MAX), CC_BUF_INIT(CC_MSG_MAX * 3)};
	char signer[AZ_OP_SIGNER_MAX];
	uint8_t request[ST_SHA];
	struct st_write write = {.signer = signer,
				 .op = c->in->gate->op,
				 .request = request,
				 .deadline = c->deadline,
				 .run = run_write,
				 .arg = &w,
				 .result = &w.result,
				 .audit = &w.audit};
	int r = 0;

	az_op_signer(&c->caller, c->in->gate, signer);
	if (write.op)
		r = op_request(c, request);
	if (!r)
		r = st_write(c->agg->db, &write, &c->why);
	if (r == ST_REPEATED)
		r = read_result(c, &w.result);
	if (r == ST_OTHER)
		r = refuse_other(c);
	cc_buf_deinit(&w.result);
	cc_buf_deinit(&w.audit);
	return r < 0 ? agg_store_code(c, r) : r;
}

int agg_seek_op(struct agg_call *c)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf result = CC_BUF_INIT(RESULT_MAX);
	char signer[AZ_OP_SIGNER_MAX];
	uint8_t request[ST_SHA];
	int r;

	if (!c->in->gate->op)
		return 0;
	az_op_signer(&c->caller, c->in->gate, signer);
	r = op_request(c, request);
	if (!r)
		r = st_op_find(c->agg->db, signer, c->in->gate->op, request, c->deadline, &result,
			       &c->why);
	if (r == -CC_ENOTFOUND)
		return 0;
	if (r == ST_OTHER)
		return refuse_other(c);
	if (!r)
		r = read_result(c, &result);
	return r < 0 ? agg_store_code(c, r) : r;
}
