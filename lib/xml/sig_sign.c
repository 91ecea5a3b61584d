/* SPDX-License-Identifier: ISC */
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/doc.h"
#include "lib/xml/int.h"
#include "lib/xml/ossl.h"
#include "lib/xml/sig_int.h"
#include "lib/xml/write.h"

#define SIGNATURE_MAX (256u << 10) /* octets of a Signature with all its certificates */
#define LINE 64			   /* characters of base64 in a line */

XS_OSSL_CLEANUP(ecdsa_sig_freep, ECDSA_SIG, ECDSA_SIG_free)

static bool is_ec(const struct xs_signing *s)
{
	return EVP_PKEY_get_id(s->key) == EVP_PKEY_EC;
}

static void put_text(xmlNode *to, const char *text)
{
	if (to)
		xmlAddChild(to, xmlNewDocText(to->doc, BAD_CAST text));
}

/* A line end, and what the next line begins with. */
static void put_indent(xmlNode *to, unsigned depth)
{
	static const char spaces[] = "\n          ";
	char line[sizeof(spaces)];

	snprintf(line, sizeof(line), "%.*s", (int)(1 + 2 * depth), spaces);
	put_text(to, line);
}

/*
 * A child on a line of its own. Here and below, what libxml2 gets no memory for is left out: NULL
 * is passed on, and whoever asked looks at xs_starved.
 */
static xmlNode *put_element(xmlNode *parent, unsigned depth, const char *name,
			    const char *attribute, const char *value)
{
	xmlNode *node;

	if (!parent)
		return NULL;
	put_indent(parent, depth);
	node = xmlNewDocNode(parent->doc, parent->ns, BAD_CAST name, NULL);
	if (node && attribute)
		xmlNewProp(node, BAD_CAST attribute, BAD_CAST value);
	return xmlAddChild(parent, node);
}

static xmlNode *put_algorithm(xmlNode *parent, unsigned depth, const char *name, const char *uri)
{
	return put_element(parent, depth, name, "Algorithm", uri);
}

static void put_reference(xmlNode *info, const char *uri, const char *digest)
{
	xmlNode *reference = put_element(info, 2, "Reference", "URI", uri);
	xmlNode *transforms = put_element(reference, 3, "Transforms", NULL, NULL);

	put_algorithm(transforms, 4, "Transform", XS_SIG_ENVELOPED);
	put_indent(transforms, 3);
	put_algorithm(reference, 3, "DigestMethod", XS_SIG_SHA256);
	put_text(put_element(reference, 3, "DigestValue", NULL, NULL), digest);
	put_indent(reference, 2);
}

static xmlNode *put_signed_info(xmlNode *signature, const struct xs_signing *s, const char *uri,
				const char *digest)
{
	xmlNode *info = put_element(signature, 1, "SignedInfo", NULL, NULL);

	put_algorithm(info, 2, "CanonicalizationMethod", XS_SIG_INCLUSIVE);
	put_algorithm(info, 2, "SignatureMethod",
		      is_ec(s) ? XS_SIG_ECDSA_SHA256 : XS_SIG_RSA_SHA256);
	put_reference(info, uri, digest);
	put_indent(info, 1);
	return info;
}

/* Octets as base64 in lines. */
static int put_octets(xmlNode *to, const void *data, size_t len, const char *end)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(SIGNATURE_MAX);

	xs_put_base64(&b, data, len, LINE);
	if (cc_buf_puts(&b, end) < 0)
		return cc_raise(-b.err);
	put_text(to, (const char *)b.data);
	return 0;
}

static int put_key_info(xmlNode *signature, const struct xs_signing *s)
{
	xmlNode *info = put_element(signature, 1, "KeyInfo", NULL, NULL);
	xmlNode *data = put_element(info, 2, "X509Data", NULL, NULL);
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_certs; i++)
		r = put_octets(put_element(data, 3, "X509Certificate", NULL, NULL),
			       s->certs[i].data, s->certs[i].len, "\n");
	put_indent(data, 2);
	put_indent(info, 1);
	put_indent(signature, 0);
	return r;
}

/* The empty Signature, already in its place: what it inherits is signed, too. */
static xmlNode *put_signature(xmlNode *parent, const char *id)
{
	xmlNs *xml = xmlSearchNs(parent->doc, parent, BAD_CAST "xml");
	xmlNode *node = xmlNewDocNode(parent->doc, NULL, BAD_CAST "Signature", NULL);

	if (!node)
		return NULL;
	xmlSetNs(node, xmlNewNs(node, BAD_CAST XS_DSIG, NULL));
	if (xml)
		xmlNewNsProp(node, xml, BAD_CAST "id", BAD_CAST id);
	return xmlAddChild(parent, node);
}

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

/* Everything but the value, whose element is left empty. */
static int put_content(xmlNode *signature, const struct xs_signing *s, const uint8_t *digest,
		       size_t len, xmlNode **info, xmlNode **value)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(SIGNATURE_MAX);
	cc_cleanup(cc_buf_deinit) struct cc_buf uri = CC_BUF_INIT(SIGNATURE_MAX);
	int r;

	xs_put_base64(&text, digest, len, 0);
	cc_buf_printf(&uri, "#%s", s->target);
	if (text.err || uri.err)
		return cc_raise(text.err ? -text.err : -uri.err);
	*info = put_signed_info(signature, s, (char *)uri.data, (char *)text.data);
	*value = put_element(signature, 1, "SignatureValue", NULL, NULL);
	r = put_key_info(signature, s);
	return r == 0 && xs_starved() ? cc_raise(CC_ENOMEM) : r;
}

/* The value is of SignedInfo as it stands in the document. */
static int put_value(xmlNode *element, xmlNode *info, const struct xs_signing *s, const EVP_MD *md)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf value = CC_BUF_INIT(SIGNATURE_MAX);
	uint8_t digest[XS_SIG_MD_MAX];
	int r = xs_sig_hash(info, XS_C14N_INCLUSIVE, md, digest);

	if (r == 0)
		r = sign_digest(s, md, digest, &value);
	if (r == 0)
		r = put_octets(element, value.data, value.len, "");
	return r == 0 && xs_starved() ? cc_raise(CC_ENOMEM) : r;
}

static int check_request(const struct xs_signing *s, const xmlNode *target, const xmlNode *parent,
			 struct cc_note *why)
{
	const char *id = xs_attribute(target, XS_XML_NS, "id");

	if (!s->key || !(is_ec(s) || EVP_PKEY_get_id(s->key) == EVP_PKEY_RSA))
		return cc_note_set(why, CC_EINVAL, "signatures are made with RSA or EC keys");
	if (s->n_certs == 0 || s->n_certs > XS_SIG_CERTS)
		return cc_note_set(why, CC_EINVAL, "the signer has %zu certificates", s->n_certs);
	if (!id || strcmp(id, s->target) != 0)
		return cc_note_set(why, CC_EINVAL, "what is signed has not the xml:id %s",
				   s->target);
	for (; parent; parent = parent->parent) {
		if (parent == target)
			return cc_note_set(why, CC_EINVAL,
					   "the signature would be inside what it signs");
	}
	return 0;
}

int xs_sig_sign(const struct xs_signing *s, xmlNode *target, xmlNode *parent, struct cc_note *why)
{
	const EVP_MD *md = xs_sig_md("SHA256");
	uint8_t digest[XS_SIG_MD_MAX];
	xmlNode *signature, *info = NULL, *value = NULL;
	int r = check_request(s, target, parent, why);

	if (r < 0)
		return r;
	if (!md)
		return xs_raise_ossl();
	r = xs_sig_hash(target, XS_C14N_INCLUSIVE, md, digest);
	if (r < 0)
		return cc_trace(r);
	xs_begin();
	signature = put_signature(parent, s->id);
	if (!signature)
		return cc_raise(CC_ENOMEM);
	r = put_content(signature, s, digest, (size_t)EVP_MD_get_size(md), &info, &value);
	if (r == 0)
		r = put_value(value, info, s, md);
	if (r < 0) {
		xmlUnlinkNode(signature);
		xmlFreeNode(signature);
	}
	return cc_trace(r);
}
