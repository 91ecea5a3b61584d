/* SPDX-License-Identifier: ISC */
/* The making half of the gate: envelope, signature, encryption. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/cc/envelope.h"
#include "lib/cc/gate_int.h"

#define KEEP_MAX (256u << 10) /* one large message must not be paid for for ever */

void cc_gate_trim(struct cc_buf *b)
{
	if (b->cap > KEEP_MAX)
		cc_buf_deinit(b);
}

/* Appends body and signature frames for the text in g->text. */
static int add_sealed(struct cc_gate *g, struct cc_msg *m)
{
	struct cc_bytes text = {g->text.data, g->text.len};
	bool encrypts = cc_keystore_encrypts(g->ks);
	int r = 0;

	cc_buf_reset(&g->sig);
	if (cc_keystore_signs(g->ks))
		r = cc_cms_sign(g->cms, text, encrypts, &g->sig);
	if (!r && encrypts) {
		struct cc_bytes inner;

		cc_buf_reset(&g->plain);
		r = cc_buf_put(&g->plain, g->sig.data, g->sig.len);
		inner = (struct cc_bytes){g->plain.data, g->plain.len};
		cc_buf_reset(&g->sig);
		if (!r)
			r = cc_cms_encrypt(g->cms, inner, &g->sig);
		text = (struct cc_bytes){(const uint8_t *)CC_GATE_ENCRYPTED_BODY, 4};
	}
	if (!r)
		r = cc_msg_add(m, text.data, text.len);
	return r ? r : cc_msg_add(m, g->sig.data, g->sig.len);
}

void cc_gate_set_offset(struct cc_gate *g, double seconds)
{
	g->offset = seconds;
}

/* Whom it is for, and by the receiver's clock. An answer is bound by `re`. */
static int address(const struct cc_gate *g, const char *type, json_t *body)
{
	bool answer = json_object_get(body, "re") || strcmp(type, "error") == 0;
	int r = 0;

	if (g->offset != 0)
		r = json_object_set_new(body, "time", json_real(cc_clock_wall() + g->offset));
	if (!r && *g->realm && !answer)
		r = json_object_set_new(body, "to", json_string_nocheck(g->realm));
	return r ? cc_raise(CC_ENOMEM) : 0;
}

int cc_gate_seal(struct cc_gate *g, struct cc_msg *m, const char *type, json_t *body,
		 struct cc_bytes blob)
{
	struct cc_bytes t = {(const uint8_t *)type, strlen(type)};
	int r;

	if (!cc_type_valid(type, t.len))
		return cc_raise(CC_EINVAL);
	r = cc_envelope_fill(body, type, blob, g->conf.compat && cc_compat_type(t));
	if (!r)
		r = address(g, type, body);
	cc_buf_reset(&g->text);
	if (!r)
		r = cc_json_write(body, &g->text);
	m->delim = m->count;
	if (!r)
		r = cc_msg_add(m, "", 0);
	if (!r)
		r = cc_msg_add(m, type, t.len);
	if (!r)
		r = add_sealed(g, m);
	if (!r && blob.data)
		r = cc_msg_add(m, blob.data, blob.len);
	cc_gate_trim(&g->text);
	cc_gate_trim(&g->sig);
	cc_gate_trim(&g->plain);
	return cc_trace(r);
}
