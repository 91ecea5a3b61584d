/* SPDX-License-Identifier: ISC */
/* Who calls: the signer of class gid, or whom a front door speaks for (architecture section 3). */
#include <string.h>

#include "lib/authz/authz.h"
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

static int read_chain(struct tr_verifier *v, const struct cc_gate_result *gate,
		      struct az_caller *out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf buf = CC_BUF_INIT(CC_MSG_MAX);
	struct ders d = {.count = 0};
	int r;

	out->asserted = gate->caller != NULL;
	if (gate->caller)
		r = decode_caller(json_object_get(gate->caller, "certs"), &buf, &d);
	else if (gate->signer && gate->signer->cls == CC_CLASS_GID)
		r = split_signer(gate->signer, &d);
	else
		return 0;
	if (!r && d.count)
		r = tr_gids_read_der(tr_verifier_certs(v), d.items, d.lens, d.count, &out->chain,
				     why);
	if (!r)
		tr_gids_order(&out->chain);
	return r;
}

int az_caller_read(struct tr_verifier *v, const struct cc_gate_result *gate, struct az_caller *out,
		   struct az_report *report)
{
	struct cc_note why = {0};
	int r;

	memset(out, 0, sizeof(*out));
	r = read_chain(v, gate, out, &why);
	if (r <= 0 && r != -CC_EFORMAT && r != -CC_ELIMIT)
		return r;
	tr_gids_deinit(&out->chain); /* a part of a chain is none */
	report->rule = 0;
	cc_note_set(&report->why, CC_EDENIED, "the caller's certificates cannot be read");
	return AZ_CALLER_UNREADABLE;
}

int az_caller_judge(struct tr_verifier *v, struct az_caller *c, int64_t now,
		    struct az_report *report)
{
	struct tr_chain chain;
	struct cc_note why = {0};
	int r;

	report->rule = 0;
	if (!tr_gids_leaf(&c->chain)) {
		cc_note_set(&report->why, CC_EDENIED,
			    "sign with your own GID, or come through a front door: %s",
			    c->asserted ? "the caller has no certificate"
					: "a bus certificate is no caller");
		return AZ_CALLER_NONE;
	}
	c->named = true;
	r = tr_chain_verify(v, &c->chain, now, &chain, &why);
	if (r <= 0)
		return r;
	report->rule = r;
	report->why = why;
	return AZ_CALLER_REFUSED;
}

const struct tr_gid *az_caller_acting(const struct az_caller *c)
{
	return c->user ? c->user : tr_gids_leaf(&c->chain);
}

const struct tr_gid *az_caller_real(const struct az_caller *c)
{
	return tr_gids_leaf(&c->chain);
}

const char *az_caller_label(const struct az_caller *c, const struct cc_gate_result *gate)
{
	const struct tr_gid *leaf = tr_gids_leaf(&c->chain);

	if (!leaf)
		return gate->signer ? gate->signer->name : "";
	return leaf->urn[0] && c->named ? leaf->urn : leaf->key_id;
}

void az_caller_deinit(struct az_caller *c)
{
	tr_gids_deinit(&c->chain);
	tr_gid_unrefp(&c->user);
}
