/* SPDX-License-Identifier: ISC */
#include <limits.h>
#include <openssl/err.h>

#include "lib/base/eckeys.h"
#include "lib/base/limits.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/der.h"
#include "lib/cc/ossl.h"

/* Shortest tag of GCM that RFC 5084 allows: a sender chooses it, and one of a few bits could be guessed. */
#define GCM_TAG_MIN 12

#define AES_OID(n) CC_DER_LITERAL(0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, n)
/* AES with 128, 192 and 256 bits */
static const struct cc_bytes cbc_oids[] = {AES_OID(0x02), AES_OID(0x16), AES_OID(0x2a)};
static const struct cc_bytes gcm_oids[] = {AES_OID(0x06), AES_OID(0x1a), AES_OID(0x2e)};

static const EVP_CIPHER *cipher_of(enum cc_cipher cipher)
{
	switch (cipher) {
	case CC_CIPHER_AES128_CBC:
		return EVP_aes_128_cbc();
	case CC_CIPHER_AES256_CBC:
		return EVP_aes_256_cbc();
	case CC_CIPHER_AES256_GCM:
		break;
	}
	return EVP_aes_256_gcm();
}

static int put_message(CMS_ContentInfo *ci, struct cc_buf *out)
{
	int len = i2d_CMS_ContentInfo(ci, NULL);
	unsigned char *p;

	if (len < 0)
		return cc_raise_ossl();
	p = cc_buf_reserve(out, (size_t)len);
	if (!p)
		return cc_trace(out->err);
	i2d_CMS_ContentInfo(ci, &p);
	*p = 0; /* a cc_buf always has room for it */
	out->len += (size_t)len;
	return 0;
}

static int encrypt(const struct cc_keystore *ks, STACK_OF(X509) * to, struct cc_bytes data,
		   struct cc_buf *out)
{
	cc_cleanup(cc_contentinfo_freep) CMS_ContentInfo *ci = NULL;
	cc_cleanup(cc_bio_freep) BIO *in = cc_bio_borrow(data);

	for (size_t i = 0; i < cc_keystore_encrypts(ks); i++)
		if (!sk_X509_push(to, cc_keystore_recipient(ks, i)))
			return cc_raise(CC_ENOMEM);
	if (in)
		ci = CMS_encrypt(to, in, cipher_of(cc_keystore_cipher(ks)), CMS_BINARY);
	return ci ? put_message(ci, out) : cc_raise_ossl();
}

int cc_cms_encrypt(struct cc_cms *cms, struct cc_bytes data, struct cc_buf *out)
{
	STACK_OF(X509) * to;
	int r;

	if (!cc_keystore_encrypts(cms->ks))
		return cc_raise(CC_EINVAL);
	to = sk_X509_new_null();
	if (!to)
		return cc_raise(CC_ENOMEM);
	r = encrypt(cms->ks, to, data, out);
	sk_X509_free(to); /* the certificates are the key store's */
	return r;
}

static bool one_of(struct cc_bytes oid, const struct cc_bytes *oids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (cc_der_skip(&oid, oids[i]))
			return true;
	return false;
}

/* Of AuthEnvelopedData, what stands behind encryptedContentInfo: no authenticated attributes on the bus. */
static bool tag_long_enough(struct cc_bytes rest)
{
	struct cc_bytes mac;

	return cc_der_take(&rest, CC_DER_OCTETS, &mac) && mac.len >= GCM_TAG_MIN;
}

/*
 * Walks to the content encryption algorithm, which OpenSSL 3.0 has no call for: AES, in GCM exactly where the structure
 * authenticates.
 */
static bool cipher_allowed(struct cc_bytes env)
{
	struct cc_bytes info, wrapped, data, version, set, skipped, encrypted, algorithm;
	bool auth;

	if (!cc_der_take(&env, CC_DER_SEQUENCE, &info))
		return false;
	auth = cc_der_skip(&info, cc_oid_auth_enveloped_data);
	if ((!auth && !cc_der_skip(&info, cc_oid_enveloped_data)) ||
	    !cc_der_take(&info, CC_DER_CONTEXT_0, &wrapped) ||
	    !cc_der_take(&wrapped, CC_DER_SEQUENCE, &data) ||
	    !cc_der_take(&data, CC_DER_INTEGER, &version))
		return false;
	cc_der_take(&data, CC_DER_CONTEXT_0, &skipped); /* originatorInfo */
	if (!cc_der_take(&data, CC_DER_SET, &set) ||
	    !cc_der_take(&data, CC_DER_SEQUENCE, &encrypted) ||
	    !cc_der_skip(&encrypted, cc_oid_data) ||
	    !cc_der_take(&encrypted, CC_DER_SEQUENCE, &algorithm))
		return false;
	return auth ? one_of(algorithm, gcm_oids, CC_ARRAY_SIZE(gcm_oids)) && tag_long_enough(data)
		    : one_of(algorithm, cbc_oids, CC_ARRAY_SIZE(cbc_oids));
}

static bool is_enveloped(const CMS_ContentInfo *ci)
{
	int nid = OBJ_obj2nid(CMS_get0_type(ci));

	return nid == NID_pkcs7_enveloped || nid == NID_id_smime_ct_authEnvelopedData;
}

/* What OpenSSL read, in DER: for BER the octets that it writes for what it read. */
static int check_cipher(CMS_ContentInfo *ci, struct cc_bytes env)
{
	struct cc_buf der = CC_BUF_INIT(0);
	int r;

	if (cipher_allowed(env))
		return 0;
	r = put_message(ci, &der);
	if (r == 0 && !cipher_allowed((struct cc_bytes){der.data, der.len}))
		r = CC_CMS_FORM;
	cc_buf_deinit(&der);
	return r;
}

static bool addressed_to(CMS_RecipientInfo *ri, X509 *cert)
{
	STACK_OF(CMS_RecipientEncryptedKey) * keys;

	switch (CMS_RecipientInfo_type(ri)) {
	case CMS_RECIPINFO_TRANS:
		return CMS_RecipientInfo_ktri_cert_cmp(ri, cert) == 0;
	case CMS_RECIPINFO_AGREE:
		keys = CMS_RecipientInfo_kari_get0_reks(ri);
		for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); i++)
			if (CMS_RecipientEncryptedKey_cert_cmp(
				    sk_CMS_RecipientEncryptedKey_value(keys, i), cert) == 0)
				return true;
		return false;
	default:
		return false;
	}
}

static bool has_recipient(CMS_ContentInfo *ci, X509 *cert)
{
	STACK_OF(CMS_RecipientInfo) *infos = CMS_get0_RecipientInfos(ci);

	for (int i = 0; i < sk_CMS_RecipientInfo_num(infos); i++)
		if (addressed_to(sk_CMS_RecipientInfo_value(infos, i), cert))
			return true;
	return false;
}

/* The first of our keys that the envelope is addressed to. */
static int find_key(const struct cc_keystore *ks, CMS_ContentInfo *ci, size_t *pair)
{
	for (size_t i = 0; i < cc_keystore_decrypts(ks); i++) {
		if (has_recipient(ci, cc_keystore_decrypt(ks, i)->cert)) {
			*pair = i;
			return 0;
		}
	}
	return CC_CMS_RECIPIENT;
}

static int open_envelope(struct cc_cms *cms, CMS_ContentInfo *ci, size_t pair, struct cc_buf *out)
{
	cc_cleanup(cc_bio_freep) BIO *plain = BIO_new(BIO_s_mem());
	char *data;
	long len;

	if (!plain)
		return cc_raise_ossl();
	if (CMS_decrypt(ci, cms->decrypt_keys[pair], cc_keystore_decrypt(cms->ks, pair)->cert, NULL,
			plain, CMS_BINARY) != 1)
		return CC_CMS_DECRYPT;
	len = BIO_get_mem_data(plain, &data);
	return cc_trace(cc_buf_put(out, data, (size_t)len));
}

static int decrypt(struct cc_cms *cms, struct cc_bytes env, struct cc_buf *out)
{
	cc_cleanup(cc_contentinfo_freep) CMS_ContentInfo *ci = NULL;
	const unsigned char *p = env.data;
	size_t pair;
	int r;

	/* the envelope may hold certificates, whose keys would be decoded */
	if (!cc_ec_keys_plain(env.data, env.len))
		return CC_CMS_KEY;
	ci = env.len > 0 ? d2i_CMS_ContentInfo(NULL, &p, (long)env.len) : NULL;
	if (!ci || p != env.data + env.len)
		return CC_CMS_GARBAGE;
	if (!is_enveloped(ci))
		return CC_CMS_FORM;
	r = check_cipher(ci, env);
	if (r == 0)
		r = find_key(cms->ks, ci, &pair);
	return r == 0 ? open_envelope(cms, ci, pair, out) : r;
}

int cc_cms_decrypt(struct cc_cms *cms, struct cc_bytes env, struct cc_buf *out)
{
	int r;

	if (!cms->decrypt_keys)
		return cc_raise(CC_EINVAL);
	if (env.len > CC_MSG_MAX)
		return CC_CMS_FORM;
	r = decrypt(cms, env, out);
	ERR_clear_error();
	return r;
}
