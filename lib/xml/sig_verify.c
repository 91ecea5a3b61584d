/* SPDX-License-Identifier: ISC */
/*
 * Verifying a signature that was read. The dearest check, the digest of an element of any size, is
 * the last: a signature that is not by the signer's key does not come so far.
 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/int.h"
#include "lib/xml/ossl.h"
#include "lib/xml/sig_int.h"

XS_OSSL_CLEANUP(ecdsa_sig_freep, ECDSA_SIG, ECDSA_SIG_free)

static bool inside(const xmlNode *node, const xmlNode *of)
{
	while (node && node != of)
		node = node->parent;
	return node;
}

/* The element that the caller goes on with is the one that was signed: no look-up by id is made. */
static int check_target(const struct xs_sig *s, const xmlNode *target, struct cc_note *why)
{
	const char *id = xs_attribute(target, XS_XML_NS, "id");

	if (!CC_RULE(CC_RULE_SIG_FORM, id && strcmp(id, s->target) == 0))
		return cc_refuse(why, CC_RULE_SIG_FORM,
				 "the signature is over the element %.60s, not over <%.60s> %.60s",
				 s->target, (const char *)target->name, id ? id : "without xml:id");
	if (!CC_RULE(CC_RULE_SIG_FORM, !inside(s->node, target)))
		return cc_refuse(why, CC_RULE_SIG_FORM, "the signature is inside what it signs");
	return 0;
}

static int check_key(const struct xs_sig *s, const EVP_PKEY *key, struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_SIG_METHOD,
		     EVP_PKEY_get_id(key) == (s->ecdsa ? EVP_PKEY_EC : EVP_PKEY_RSA)))
		return cc_refuse(why, CC_RULE_SIG_METHOD,
				 "the signature needs a key of kind %s, the signer has %s",
				 s->ecdsa ? "EC" : "RSA", EVP_PKEY_get0_type_name(key));
	return 0;
}

/* r and s, joined, of a fixed length. @return octets of DER, owned by *der; -1: OpenSSL says why. */
static int der_of(const struct xs_octets *raw, size_t half, uint8_t **der)
{
	cc_cleanup(ecdsa_sig_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r, *s;
	int len;

	if (!sig)
		return -1;
	r = BN_bin2bn(raw->data, (int)half, NULL);
	s = BN_bin2bn(raw->data + half, (int)half, NULL);
	if (!r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return -1;
	}
	len = i2d_ECDSA_SIG(sig, der);
	return len > 0 ? len : -1;
}

struct signature {
	const uint8_t *data;
	size_t len;
	uint8_t *der; /* owned; of ECDSA */
};

static void signature_deinit(struct signature *v)
{
	OPENSSL_free(v->der);
}

/* As OpenSSL wants the value. @return 0, 1 (its length is not this key's), negative error. */
static int signature_init(struct signature *v, const struct xs_sig *s, const EVP_PKEY *key)
{
	size_t half = xs_sig_half(key);
	int len;

	*v = (struct signature){s->value.data, s->value.len, NULL};
	if (!s->ecdsa)
		return 0;
	if (s->value.len != 2 * half)
		return 1;
	len = der_of(&s->value, half, &v->der);
	if (len < 0)
		return xs_raise_ossl();
	v->data = v->der;
	v->len = (size_t)len;
	return 0;
}

/* @return 1 valid, 0 not, negative error. */
static int verify_value(const struct xs_sig *s, EVP_PKEY *key, const uint8_t *digest)
{
	cc_cleanup(xs_pkey_ctx_freep) EVP_PKEY_CTX *ctx =
		EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	cc_cleanup(signature_deinit) struct signature v = {0};
	int r;

	if (!ctx)
		return xs_raise_ossl();
	r = signature_init(&v, s, key);
	if (r != 0)
		return r < 0 ? r : 0;
	if (EVP_PKEY_verify_init(ctx) != 1 ||
	    (!s->ecdsa && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, s->method) != 1)
		return xs_raise_ossl();
	r = EVP_PKEY_verify(ctx, v.data, v.len, digest, (size_t)EVP_MD_get_size(s->method));
	ERR_clear_error();
	/* a negative answer is OpenSSL's word for a value that it cannot even compare */
	return r == 1;
}

static int hash(xmlNode *node, enum xs_c14n form, const EVP_MD *md, uint8_t *out,
		struct cc_note *why)
{
	int r = xs_sig_hash(node, form, md, out);

	if (r == -CC_EFORMAT)
		return cc_refuse(why, CC_RULE_SIG_FORM, "<%.60s> has no canonical form",
				 (const char *)node->name);
	return r;
}

/* First the value: until it holds, the digest that it signs says nothing. */
static int check_value(const struct xs_sig *s, EVP_PKEY *key, struct cc_note *why)
{
	uint8_t digest[XS_SIG_MD_MAX];
	int r = hash(s->signed_info, s->c14n, s->method, digest, why);

	if (r != 0)
		return r;
	r = verify_value(s, key, digest);
	if (r < 0)
		return cc_trace(r);
	if (!CC_RULE(CC_RULE_SIG_VALUE, r == 1))
		return cc_refuse(why, CC_RULE_SIG_VALUE,
				 "the signature over %.60s is not by the signer's key", s->target);
	return 0;
}

static int check_digest(const struct xs_sig *s, xmlNode *target, struct cc_note *why)
{
	size_t len = (size_t)EVP_MD_get_size(s->digest);
	uint8_t digest[XS_SIG_MD_MAX];
	int r = hash(target, s->target_c14n, s->digest, digest, why);
	bool same;

	if (r != 0)
		return r;
	same = s->digest_value.len == len && memcmp(s->digest_value.data, digest, len) == 0;
	if (!CC_RULE(CC_RULE_SIG_DIGEST, same))
		return cc_refuse(why, CC_RULE_SIG_DIGEST,
				 "<%.60s> %.60s is not what was signed: it was changed afterwards",
				 (const char *)target->name, s->target);
	return 0;
}

int xs_sig_verify(const struct xs_sig *s, xmlNode *target, EVP_PKEY *key, bool sha1,
		  struct cc_note *why)
{
	cc_cleanup(xs_pkey_freep) EVP_PKEY *naive = xs_sig_naive_key(s);
	int r = check_target(s, target, why);

	key = naive ? naive : key;
	if (r == 0 && !CC_RULE(CC_RULE_SIG_SHA1, sha1 || !s->sha1))
		r = cc_refuse(why, CC_RULE_SIG_SHA1, "the signature over %.60s uses SHA-1",
			      s->target);
	if (r == 0)
		r = check_key(s, key, why);
	if (r == 0)
		r = check_value(s, key, why);
	if (r == 0)
		r = check_digest(s, xs_sig_naive_target(s, target), why);
	return r;
}
