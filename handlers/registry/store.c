/* SPDX-License-Identifier: ISC */
/* The registry's reads and writes, with op and audit. */
#include <string.h>

#include "handlers/registry/audit.h"
#include "handlers/registry/stores.h"
#include "lib/authz/audit.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/cc/envelope.h"
#include "lib/store/digest.h"

#define RESULT_MAX (1u << 20) /* octets of what a repeated op is told */

int reg_store_fault(struct reg_call *c, int r)
{
	switch (r) {
	case -CC_EBUSY:
		return reg_refuse(c, REG_DB_BUSY,
				  "the store has more to do than it can take, or is out of reach");
	case -CC_ETIMEOUT:
		return reg_refuse(c, REG_DB_TIMEOUT,
				  "the store did not do it in time: ask again with the same op");
	default:
		cc_error("store: %s", c->why.text[0] ? c->why.text : cc_err_text(r));
		return reg_refuse(c, REG_DB, "the store failed; the registry's log says why");
	}
}

static int find_store(struct reg_call *c, const char *authority, struct st_store **out)
{
	int r = reg_store_of(c->reg->stores, authority, out, &c->why);

	return r ? reg_store_fault(c, r) : 0;
}

const char *reg_home(const struct rg_name *name)
{
	return name->type == RG_AUTHORITY ? name->name : name->authority;
}

int reg_one_store(struct reg_call *c, const char *a, const char *b, bool *one)
{
	struct st_store *of_a, *of_b;
	int r = find_store(c, a, &of_a);

	if (!r)
		r = find_store(c, b, &of_b);
	if (!r)
		*one = of_a == of_b;
	return r;
}

/* Faults are positive, as are documented outcomes of a run. */
static int result_of(struct reg_call *c, int r)
{
	return r < 0 ? reg_store_fault(c, r) : r;
}

int reg_read(struct reg_call *c, const char *authority, st_run_fn *run, void *arg)
{
	struct st_store *store;
	int r = find_store(c, authority, &store);

	return r ? r : result_of(c, st_read(store, c->deadline, run, arg, &c->why));
}

struct writing {
	struct reg_call *call;
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
	bad = reg_audit_line(w->call, r, true, &w->audit);
	return r ? r : bad; /* what cannot be audited is not done */
}

static int read_result(struct reg_call *c, const struct cc_buf *result)
{
	json_decref(c->value);
	c->value = json_loadb((const char *)result->data, result->len, JSON_DECODE_ANY, NULL);
	c->repeated = true;
	return c->value ? 0 : cc_raise(CC_EINTERNAL);
}

/*
 * What is asked, without what changes when it is asked again: credentials, which end, and a request
 * for a certificate, whose signature is new each time; its key is that of the signer.
 */
static int op_request(struct reg_call *c, uint8_t out[ST_SHA])
{
	static const char *const keys[] = {"hrn",     "xrn",   "urn",	  "type",  "record",
					   "expires", "uuid",  "key",	  "rspec", "component",
					   "token",   "epoch", "hostname"};
	json_t *asked = json_pack("[s, {}]", c->op->name);
	json_t *arguments = json_array_get(asked, 1);
	char *text = NULL;
	int r = 0;

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys) && asked && !r; i++) {
		json_t *value = json_object_get(c->args, keys[i]);

		if (value)
			r = json_object_set(arguments, keys[i], value);
	}
	if (!r && asked)
		text = json_dumps(asked, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(asked);
	r = text ? st_sha(text, strlen(text), out) : cc_raise(CC_ENOMEM);
	free(text);
	return r;
}

static int refuse_other(struct reg_call *c)
{
	return reg_refuse(c, REG_CHANGED,
			  "this op was used for another request: ask with one of its own");
}

int reg_write(struct reg_call *c, const char *authority, st_run_fn *run, void *arg)
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
	struct st_store *store;
	int r = find_store(c, authority, &store);

	az_op_signer(&c->caller, c->in->gate, signer);
	if (!r && write.op)
		r = op_request(c, request);
	if (!r)
		r = st_write(store, &write, &c->why);
	if (r == ST_REPEATED)
		r = read_result(c, &w.result);
	if (r == ST_OTHER)
		r = refuse_other(c);
	cc_buf_deinit(&w.result);
	cc_buf_deinit(&w.audit);
	return result_of(c, r);
}

int reg_keep(struct reg_call *c, const char *authority, st_run_fn *run, void *arg)
{
	const struct st_write write = {.deadline = c->deadline, .run = run, .arg = arg};
	struct st_store *store;
	int r = find_store(c, authority, &store);

	return r ? r : result_of(c, st_write(store, &write, &c->why));
}

int reg_seek_op(struct reg_call *c, const char *authority)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf result = CC_BUF_INIT(RESULT_MAX);
	char signer[AZ_OP_SIGNER_MAX];
	uint8_t request[ST_SHA];
	struct st_store *store;
	int r;

	if (!c->in->gate->op)
		return 0;
	r = find_store(c, authority, &store);
	if (r)
		return r;
	az_op_signer(&c->caller, c->in->gate, signer);
	r = op_request(c, request);
	if (!r)
		r = st_op_find(store, signer, c->in->gate->op, request, c->deadline, &result,
			       &c->why);
	if (r == -CC_ENOTFOUND)
		return 0;
	if (r == ST_OTHER)
		return refuse_other(c);
	return result_of(c, r ? r : read_result(c, &result));
}

struct finding {
	const struct rg_name *name;
	enum rg_depth depth;
	struct rg_record *out;
};

static int run_find(struct st_tx *tx, void *arg)
{
	struct finding *f = arg;
	int r;

	rg_record_deinit(f->out);
	r = rg_find(tx, f->name->name, f->name->type, f->depth, f->out);
	return r == -CC_ENOTFOUND ? REG_NO_RECORD : r;
}

int reg_find(struct reg_call *c, const struct rg_name *name, enum rg_depth depth,
	     struct rg_record *out)
{
	struct finding f = {name, depth, out};

	memset(out, 0, sizeof(*out));
	return reg_read(c, reg_home(name), run_find, &f);
}
