/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/der.h"
#include "lib/cc/ossl.h"

/*
 * A signed message is a template in which only the time, the two digests and the signature change. What CMS_sign would
 * write, without decoding and encoding it each time: same attributes but S/MIME capabilities, same algorithms.
 */
#define DIGEST (&cc_digests[CC_DIGEST_SHA256])
#define HASH_SIZE 32
#define ATTRIBUTES_MAX 128
#define TIME_MAX 16
#define ALGORITHM_MAX 32
#define SIGNATURE_MAX 2048 /* RSA with 16384 bits */

/* SEQUENCE { sha256 }, without parameters as OpenSSL writes it and RFC 5754 wants it. */
static const struct cc_bytes digest_algorithm = CC_DER_LITERAL(
	CC_DER_SEQUENCE, 11, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01);

static uint8_t *put(uint8_t *p, struct cc_bytes octets)
{
	memcpy(p, octets.data, octets.len);
	return p + octets.len;
}

static uint8_t *put_value(uint8_t *p, uint8_t tag, struct cc_bytes body)
{
	return put(cc_der_put_header(p, tag, body.len), body);
}

/* One attribute: SEQUENCE { oid, SET { value } }, the value of this tag. */
static uint8_t *put_attribute(uint8_t *p, struct cc_bytes oid, uint8_t tag, struct cc_bytes body)
{
	size_t value = cc_der_size(body.len);

	p = cc_der_put_header(p, CC_DER_SEQUENCE, oid.len + cc_der_size(value));
	p = put(p, oid);
	return put_value(cc_der_put_header(p, CC_DER_SET, value), tag, body);
}

/* RFC 5652 11.3: UTCTime, of two digits for the year, up to 2049; then GeneralizedTime. @return its tag. */
static uint8_t format_time(time_t now, char text[TIME_MAX], struct cc_bytes *out)
{
	size_t century;
	struct tm tm;

	gmtime_r(&now, &tm);
	century = tm.tm_year < 150 ? 2 : 0;
	out->len = strftime(text, TIME_MAX, "%Y%m%d%H%M%SZ", &tm) - century;
	out->data = (const uint8_t *)text + century;
	return century ? CC_DER_UTC_TIME : CC_DER_TIME;
}

/* The body of signedAttrs, in the order of a DER SET OF: that of their lengths. */
static struct cc_bytes write_attributes(uint8_t out[ATTRIBUTES_MAX], int64_t now,
					const uint8_t hash[HASH_SIZE])
{
	struct cc_bytes time, type = {cc_oid_data.data + 2, cc_oid_data.len - 2};
	char text[TIME_MAX];
	uint8_t tag = format_time((time_t)now, text, &time), *p = out;

	p = put_attribute(p, cc_oid_content_type, CC_DER_OID, type);
	p = put_attribute(p, cc_oid_signing_time, tag, time);
	p = put_attribute(p, cc_oid_message_digest, CC_DER_OCTETS,
			  (struct cc_bytes){hash, HASH_SIZE});
	return (struct cc_bytes){out, (size_t)(p - out)};
}

static int make_signature(struct cc_cms *cms, struct cc_bytes attributes, uint8_t *out, size_t *len)
{
	uint8_t header[CC_DER_HEADER_MAX], hash[CC_CMS_HASH_MAX];
	uint8_t *end = cc_der_put_header(header, CC_DER_SET, attributes.len);
	struct cc_bytes pieces[] = {{header, (size_t)(end - header)}, attributes};
	int r = cc_cms_hash(cms, DIGEST, pieces, 2, hash);

	if (r < 0)
		return r;
	if (EVP_PKEY_sign(cms->signing.ctx, out, len, hash, HASH_SIZE) != 1)
		return cc_raise_ossl();
	return 0;
}

/* Body of encapContentInfo. */
static size_t encap_size(struct cc_bytes content, bool attached)
{
	return cc_oid_data.len + (attached ? cc_der_size(cc_der_size(content.len)) : 0);
}

static uint8_t *put_encap(uint8_t *p, struct cc_bytes content, bool attached)
{
	p = cc_der_put_header(p, CC_DER_SEQUENCE, encap_size(content, attached));
	p = put(p, cc_oid_data);
	if (!attached)
		return p;
	p = cc_der_put_header(p, CC_DER_CONTEXT_0, cc_der_size(content.len));
	return put_value(p, CC_DER_OCTETS, content);
}

/* Puts the parts together; the lengths are added up from the inside out. */
static int assemble(const struct cc_cms_signing *s, struct cc_bytes content, bool attached,
		    struct cc_bytes attributes, struct cc_bytes signature, struct cc_buf *out)
{
	size_t encap = encap_size(content, attached);
	size_t info = s->head.len + cc_der_size(attributes.len) + s->algorithm.len +
		      cc_der_size(signature.len);
	size_t data = cc_der_version_1.len + cc_der_size(digest_algorithm.len) +
		      cc_der_size(encap) + s->certs.len + cc_der_size(cc_der_size(info));
	size_t whole = cc_oid_signed_data.len + cc_der_size(cc_der_size(data));
	uint8_t *p = cc_buf_reserve(out, cc_der_size(whole));

	if (!p)
		return out->err;
	p = put(cc_der_put_header(p, CC_DER_SEQUENCE, whole), cc_oid_signed_data);
	p = cc_der_put_header(p, CC_DER_CONTEXT_0, cc_der_size(data));
	p = put(cc_der_put_header(p, CC_DER_SEQUENCE, data), cc_der_version_1);
	p = put_value(p, CC_DER_SET, digest_algorithm);
	p = put(put_encap(p, content, attached), s->certs);
	p = cc_der_put_header(p, CC_DER_SET, cc_der_size(info));
	p = put(cc_der_put_header(p, CC_DER_SEQUENCE, info), s->head);
	p = put(put_value(p, CC_DER_CONTEXT_0, attributes), s->algorithm);
	p = put_value(p, CC_DER_OCTETS, signature);
	*p = 0; /* a cc_buf always has room for it */
	out->len += cc_der_size(whole);
	return 0;
}

static int prepare_ctx(struct cc_cms_signing *s, EVP_PKEY *key)
{
	s->key = EVP_PKEY_dup(key);
	s->ctx = s->key ? EVP_PKEY_CTX_new_from_pkey(NULL, s->key, NULL) : NULL;
	if (!s->ctx || EVP_PKEY_sign_init(s->ctx) <= 0 ||
	    (EVP_PKEY_is_a(key, "RSA") &&
	     EVP_PKEY_CTX_set_rsa_padding(s->ctx, RSA_PKCS1_PADDING) <= 0) ||
	    EVP_PKEY_CTX_set_signature_md(s->ctx, EVP_sha256()) <= 0)
		return cc_raise_ossl();
	if (EVP_PKEY_get_size(key) > SIGNATURE_MAX)
		return cc_raise(CC_ECRYPTO);
	return 0;
}

/* rsaEncryption with NULL, or ecdsa-with-SHA256 with nothing: as CMS_sign. */
static uint8_t *put_algorithm(uint8_t *p, bool rsa)
{
	struct cc_bytes oid = rsa ? cc_oid_rsa : DIGEST->ecdsa_oid;

	p = cc_der_put_header(p, CC_DER_SEQUENCE, oid.len + (rsa ? cc_der_null.len : 0));
	p = put(p, oid);
	return rsa ? put(p, cc_der_null) : p;
}

/*
 * Writes the parts that every message has: the certificates, the SignerInfo's front, the algorithm.
 * The certificates stand in the order of their chain, not in that of a DER SET OF: RFC 5652 10.2.3
 * leaves it open, every reader takes it, and who judges the chain finds it in order.
 */
static int prepare_parts(struct cc_cms_signing *s, X509 *cert, struct cc_bytes chain, bool rsa)
{
	int der = i2d_X509(cert, NULL);
	size_t certs = (size_t)der + chain.len;
	size_t sid = cc_sid_write(cert, NULL);
	uint8_t *p;

	if (der < 0 || sid == 0)
		return cc_raise_ossl();
	s->octets = malloc(cc_der_size(certs) + cc_der_version_1.len + sid + digest_algorithm.len +
			   ALGORITHM_MAX);
	if (!s->octets)
		return cc_raise(CC_ENOMEM);
	p = cc_der_put_header(s->octets, CC_DER_CONTEXT_0, certs);
	i2d_X509(cert, &p);
	if (chain.len > 0)
		p = put(p, chain);
	s->certs = (struct cc_bytes){s->octets, (size_t)(p - s->octets)};
	s->head.data = p;
	p = put(p, cc_der_version_1);
	p += cc_sid_write(cert, p);
	p = put(p, digest_algorithm);
	s->head.len = (size_t)(p - s->head.data);
	s->algorithm.data = p;
	s->algorithm.len = (size_t)(put_algorithm(p, rsa) - p);
	return 0;
}

static int prepare(struct cc_cms_signing *s, const struct cc_keystore *ks, size_t pair)
{
	const struct cc_key_pair *p = cc_keystore_sign(ks, pair);
	int r = prepare_ctx(s, p->key);

	s->pair = pair;
	return r < 0 ? r
		     : prepare_parts(s, p->cert, (struct cc_bytes){p->chain.data, p->chain.len},
				     EVP_PKEY_is_a(p->key, "RSA"));
}

int cc_cms_signing_init(struct cc_cms_signing *s, const struct cc_keystore *ks)
{
	size_t pair = cc_keystore_sign_at(ks, (int64_t)cc_clock_wall());

	if (!cc_keystore_signs(ks))
		return 0;
	return prepare(s, ks, pair < cc_keystore_signs(ks) ? pair : 0);
}

void cc_cms_signing_deinit(struct cc_cms_signing *s)
{
	EVP_PKEY_CTX_free(s->ctx);
	EVP_PKEY_free(s->key);
	free(s->octets);
}

/*
 * Rotation while we run: the next key of cms-sign takes over when the certificate of the one before
 * ends. When no other is valid either, whoever reads the message decides.
 */
static int choose_key(struct cc_cms *cms, int64_t now)
{
	size_t pair = cc_keystore_sign_at(cms->ks, now);
	struct cc_cms_signing next = {0};
	int r;

	if (pair == cms->signing.pair || pair == cc_keystore_signs(cms->ks))
		return 0;
	r = prepare(&next, cms->ks, pair);
	if (r < 0) {
		cc_cms_signing_deinit(&next);
		return r;
	}
	cc_cms_signing_deinit(&cms->signing);
	cms->signing = next;
	return 0;
}

int cc_cms_sign(struct cc_cms *cms, struct cc_bytes content, bool attached, struct cc_buf *out)
{
	uint8_t hash[CC_CMS_HASH_MAX], attributes[ATTRIBUTES_MAX], signature[SIGNATURE_MAX];
	int64_t now = (int64_t)cc_clock_wall();
	size_t len = sizeof(signature);
	struct cc_bytes attrs;
	int r;

	if (!cms->signing.ctx)
		return cc_raise(CC_EINVAL);
	r = choose_key(cms, now);
	if (r == 0)
		r = cc_cms_hash(cms, DIGEST, &content, 1, hash);
	if (r < 0)
		return r;
	attrs = write_attributes(attributes, now, hash);
	r = make_signature(cms, attrs, signature, &len);
	if (r < 0)
		return r;
	return cc_trace(assemble(&cms->signing, content, attached, attrs,
				 (struct cc_bytes){signature, len}, out));
}
