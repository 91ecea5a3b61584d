/* SPDX-License-Identifier: ISC */
/* Making signatures: the Signature is written as text, and its SignedInfo made canonical as text. */
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/doc.h"
#include "lib/xml/ossl.h"
#include "lib/xml/sig_int.h"
#include "lib/xml/write.h"

#define LINE 64 /* characters of base64 in a line */

XS_OSSL_CLEANUP(ecdsa_sig_freep, ECDSA_SIG, ECDSA_SIG_free)

static bool is_ec(const struct xs_signing *s)
{
	return EVP_PKEY_get_id(s->key) == EVP_PKEY_EC;
}

/* ---- the text, in the layout of the Python SFA ---- */

static void put_signed_info(struct cc_buf *b, const struct xs_signing *s, const uint8_t *digest,
			    size_t len)
{
	cc_buf_puts(b, "<SignedInfo>\n"
		       "    <CanonicalizationMethod Algorithm=\"" XS_SIG_INCLUSIVE "\"/>\n"
		       "    <SignatureMethod Algorithm=\"");
	cc_buf_puts(b, is_ec(s) ? XS_SIG_ECDSA_SHA256 : XS_SIG_RSA_SHA256);
	cc_buf_puts(b, "\"/>\n"
		       "    <Reference URI=\"#");
	xs_put_attribute(b, s->target, strlen(s->target));
	cc_buf_puts(b, "\">\n"
		       "      <Transforms>\n"
		       "        <Transform Algorithm=\"" XS_SIG_ENVELOPED "\"/>\n"
		       "      </Transforms>\n"
		       "      <DigestMethod Algorithm=\"" XS_SIG_SHA256 "\"/>\n"
		       "      <DigestValue>");
	xs_put_base64(b, digest, len, 0);
	cc_buf_puts(b, "</DigestValue>\n"
		       "    </Reference>\n"
		       "  </SignedInfo>");
}

static void put_key_info(struct cc_buf *b, const struct xs_signing *s)
{
	cc_buf_puts(b, "\n  <KeyInfo>\n    <X509Data>\n");
	for (size_t i = 0; i < s->n_certs; i++) {
		cc_buf_puts(b, "      <X509Certificate>");
		xs_put_base64(b, s->certs[i].data, s->certs[i].len, LINE);
		cc_buf_puts(b, "\n</X509Certificate>\n");
	}
	cc_buf_puts(b, "    </X509Data>\n  </KeyInfo>\n");
}

/* ---- the value ---- */

/* r and s of fixed length, joined, for what OpenSSL gives as DER. */
static int join(struct cc_buf *value, const EVP_PKEY *key)
{
	const uint8_t *p = value->data;
	cc_cleanup(ecdsa_sig_freep) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)value->len);
	size_t half = xs_sig_half(key);
	uint8_t *to;

	if (!sig)
		return xs_raise_ossl();
	cc_buf_reset(value);
	to = cc_buf_reserve(value, 2 * half);
	if (!to)
		return cc_raise(CC_ENOMEM);
	if (BN_bn2binpad(ECDSA_SIG_get0_r(sig), to, (int)half) < 0 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), to + half, (int)half) < 0)
		return xs_raise_ossl();
	value->len = 2 * half;
	return 0;
}

static int sign_digest(const struct xs_signing *s, const EVP_MD *md, const uint8_t *digest,
		       struct cc_buf *value)
{
	cc_cleanup(xs_pkey_ctx_freep) EVP_PKEY_CTX *ctx =
		EVP_PKEY_CTX_new_from_pkey(NULL, s->key, NULL);
	size_t len = (size_t)EVP_PKEY_get_size(s->key);
	uint8_t *to = cc_buf_reserve(value, len);

	if (!to)
		return cc_raise(CC_ENOMEM);
	if (!ctx || EVP_PKEY_sign_init(ctx) != 1 ||
	    (!is_ec(s) && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) != 1 ||
	    EVP_PKEY_sign(ctx, to, &len, digest, (size_t)EVP_MD_get_size(md)) != 1)
		return xs_raise_ossl();
	value->len = len;
	return is_ec(s) ? join(value, s->key) : 0;
}

/* The value is of SignedInfo as it stands in the document. */
static int put_value(struct cc_buf *b, const struct xs_signing *s, const EVP_MD *md, size_t info,
		     const char *inherited)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf canonical = CC_BUF_INIT(XS_SIG_TEXT_MAX);
	cc_cleanup(cc_buf_deinit) struct cc_buf value = CC_BUF_INIT(XS_SIG_TEXT_MAX);
	uint8_t digest[XS_SIG_MD_MAX];
	int r = xs_put_canonical(&canonical, (char *)b->data + info, b->len - info, inherited);

	if (r < 0)
		return cc_trace(r);
	if (EVP_Digest(canonical.data, canonical.len, digest, NULL, md, NULL) != 1)
		return xs_raise_ossl();
	r = sign_digest(s, md, digest, &value);
	if (r < 0)
		return cc_trace(r);
	cc_buf_puts(b, "\n  <SignatureValue>");
	xs_put_base64(b, value.data, value.len, LINE);
	return cc_buf_puts(b, "</SignatureValue>");
}

int xs_sig_put(struct cc_buf *b, const struct xs_signing *s, const EVP_MD *md,
	       const uint8_t *digest, const char *inherited)
{
	size_t info;
	int r;

	cc_buf_puts(b, "<Signature xmlns=\"" XS_DSIG "\" xml:id=\"");
	xs_put_attribute(b, s->id, strlen(s->id));
	cc_buf_puts(b, "\">\n  ");
	info = b->len;
	put_signed_info(b, s, digest, (size_t)EVP_MD_get_size(md));
	r = b->err ? b->err : put_value(b, s, md, info, inherited);
	if (r < 0)
		return cc_trace(r);
	put_key_info(b, s);
	return cc_buf_puts(b, "</Signature>");
}

/* ---- what is asked for ---- */

int xs_sig_refuse_id(const struct xs_signing *s, struct cc_note *why)
{
	return cc_note_set(why, CC_EINVAL, "what is signed has not the xml:id %s", s->target);
}

int xs_sig_check_signing(const struct xs_signing *s, struct cc_note *why)
{
	if (!s->key || !(is_ec(s) || EVP_PKEY_get_id(s->key) == EVP_PKEY_RSA))
		return cc_note_set(why, CC_EINVAL, "signatures are made with RSA or EC keys");
	if (s->n_certs == 0 || s->n_certs > XS_SIG_CERTS)
		return cc_note_set(why, CC_EINVAL, "the signer has %zu certificates", s->n_certs);
	return 0;
}

/* Whether the first attribute of the element is this xml:id. */
static bool text_has_id(const char *text, size_t len, const char *id)
{
	static const char name[] = " xml:id=\"";
	size_t id_len = strlen(id), need = strlen(name) + id_len + 1;
	const char *at = memchr(text, ' ', len);

	return at && len - (size_t)(at - text) >= need && memcmp(at, name, strlen(name)) == 0 &&
	       memcmp(at + strlen(name), id, id_len) == 0 && at[need - 1] == '"';
}

/* ---- of text that we wrote ---- */

/* What SignedInfo inherits: the namespace and the xml:id of Signature, too. */
static int put_inherited(struct cc_buf *b, const struct xs_signing *s, const char *inherited)
{
	cc_buf_printf(b, " xmlns=\"" XS_DSIG "\"%s xml:id=\"", inherited);
	xs_put_attribute(b, s->id, strlen(s->id));
	return cc_buf_puts(b, "\"");
}

int xs_sig_write(const struct xs_signing *s, const char *text, size_t len, const char *inherited,
		 struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf canonical = CC_BUF_INIT(XS_CRED_MAX);
	cc_cleanup(cc_buf_deinit) struct cc_buf scope = CC_BUF_INIT(XS_SIG_TEXT_MAX);
	const EVP_MD *md = xs_sig_md("SHA256");
	uint8_t digest[XS_SIG_MD_MAX];
	int r = xs_sig_check_signing(s, why);

	if (r == 0 && !text_has_id(text, len, s->target))
		r = xs_sig_refuse_id(s, why);
	if (r < 0)
		return r;
	if (!md)
		return xs_raise_ossl();
	r = xs_put_canonical(&canonical, text, len, inherited);
	if (r < 0)
		return cc_trace(r);
	if (EVP_Digest(canonical.data, canonical.len, digest, NULL, md, NULL) != 1)
		return xs_raise_ossl();
	r = put_inherited(&scope, s, inherited);
	return cc_trace(r < 0 ? r : xs_sig_put(out, s, md, digest, (char *)scope.data));
}
