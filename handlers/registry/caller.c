/* SPDX-License-Identifier: ISC */
/* Who calls: the signer of class gid, or whom a front door speaks for (architecture section 3). */
#include <string.h>

#include "handlers/registry/registry.h"
#include "handlers/registry/trust.h"
#include "lib/base/util.h"
#include "lib/cc/der.h"
#include "lib/xml/write.h"

struct ders {
	const uint8_t *items[TR_CHAIN_MAX];
	size_t lens[TR_CHAIN_MAX], count;
};

static int add_der(struct ders *d, const uint8_t *der, size_t len)
{
	if (d->count == TR_CHAIN_MAX)
		return -CC_ELIMIT;
	d->items[d->count] = der;
	d->lens[d->count++] = len;
	return 0;
}

/* The certificates of a message stand one behind the other. */
static int split_signer(const struct cc_signer *s, struct ders *d)
{
	struct cc_bytes rest = {s->certs, s->certs_len};
	struct cc_der cert;
	int r = 0;

	while (rest.len && !r) {
		if (!cc_der_next(&rest, &cert))
			return -CC_EFORMAT;
		r = add_der(d, cert.whole.data, cert.whole.len);
	}
	return r;
}

/* buf holds all of them, since what points into it must not move. */
static int decode_caller(const json_t *certs, struct cc_buf *buf, struct ders *d)
{
	size_t ends[TR_CHAIN_MAX], i, n = json_array_size(certs);
	const json_t *cert;
	int r = n <= TR_CHAIN_MAX ? 0 : -CC_ELIMIT;

	json_array_foreach(certs, i, cert)
	{
		if (r)
			break;
		r = xs_read_base64(json_string_value(cert), json_string_length(cert), buf);
		ends[i] = buf->len;
	}
	for (i = 0; i < n && !r; i++) {
		size_t from = i ? ends[i - 1] : 0;

		r = add_der(d, buf->data + from, ends[i] - from);
	}
	return r;
}

static int read_chain(struct reg_call *c)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf buf = CC_BUF_INIT(CC_MSG_MAX);
	const struct cc_gate_result *gate = c->in->gate;
	struct tr_certs *certs = tr_verifier_certs(c->verifier);
	struct ders d = {.count = 0};
	int r;

	c->asserted = gate->caller != NULL;
	if (gate->caller)
		r = decode_caller(json_object_get(gate->caller, "certs"), &buf, &d);
	else if (gate->signer && gate->signer->cls == CC_CLASS_GID)
		r = split_signer(gate->signer, &d);
	else
		return 0;
	if (!r && d.count)
		r = tr_gids_read_der(certs, d.items, d.lens, d.count, &c->caller, &c->why);
	if (!r)
		tr_gids_order(&c->caller);
	return r;
}

int reg_caller_read(struct reg_call *c, bool judge)
{
	struct tr_chain chain;
	struct cc_note why = {0};
	int r = read_chain(c);

	if (r > 0 || r == -CC_EFORMAT || r == -CC_ELIMIT)
		return reg_refuse(c, REG_FORBIDDEN, "the caller's certificates cannot be read");
	if (r || !judge)
		return r;
	if (!tr_gids_leaf(&c->caller))
		return reg_refuse(c, REG_FORBIDDEN,
				  "sign with your own GID, or come through a front door: %s",
				  c->asserted ? "the caller has no certificate"
					      : "a bus certificate is no caller");
	r = tr_chain_verify(c->verifier, &c->caller, c->now, &chain, &why);
	if (r > 0)
		return reg_refuse_rule(c, REG_FORBIDDEN, r, &why);
	return r;
}

const char *reg_caller_label(const struct reg_call *c)
{
	const struct tr_gid *leaf = tr_gids_leaf(&c->caller);

	if (!leaf)
		return c->in->gate->signer ? c->in->gate->signer->name : "";
	return leaf->urn[0] && !c->op->open ? leaf->urn : leaf->key_id;
}

int reg_caller_user(struct reg_call *c, struct rg_record *out)
{
	struct rg_name name;
	int r;

	memset(out, 0, sizeof(*out));
	if (rg_name_read(tr_gids_leaf(&c->caller)->urn, NULL, &name, NULL) != 0 ||
	    name.type != RG_USER)
		return reg_refuse(c, REG_PERMISSION, "Permission error: %s is no user",
				  reg_caller_label(c));
	r = reg_find(c, &name, RG_SHALLOW, out);
	if (r == REG_NO_RECORD)
		return reg_refuse(c, REG_PERMISSION, "Permission error: %s has no record here",
				  name.hrn);
	if (r)
		return r;
	/* a GID of this name that was given out before its key was changed is nobody's any more */
	if (!out->has_key ||
	    memcmp(out->key_hash, tr_gids_leaf(&c->caller)->key_hash, RG_KEY_HASH) != 0)
		return reg_refuse(c, REG_KEY, "Connection Key GID mismatch: %s", name.hrn);
	return 0;
}
