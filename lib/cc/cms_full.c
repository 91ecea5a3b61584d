/* SPDX-License-Identifier: ISC */
#include <limits.h>
#include <openssl/cmserr.h>
#include <openssl/err.h>

#include "lib/base/clock.h"
#include "lib/base/eckeys.h"
#include "lib/base/limits.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/der.h"
#include "lib/cc/ossl.h"
#include "lib/cc/signer.h"

/*
 * BER is read, too (the original's readers do). Reading decodes the keys of all certificates.
 * @return 0 or a fault; *out: caller frees.
 */
static int unpack(struct cc_bytes sig, CMS_ContentInfo **out)
{
	cc_cleanup(cc_contentinfo_freep) CMS_ContentInfo *ci = NULL;
	const unsigned char *p = sig.data;

	if (sig.len == 0 || sig.len > INT_MAX)
		return CC_CMS_GARBAGE;
	if (!cc_ec_keys_plain(sig.data, sig.len))
		return CC_CMS_KEY;
	ci = d2i_CMS_ContentInfo(NULL, &p, (long)sig.len);
	if (!ci || p != sig.data + sig.len)
		return CC_CMS_GARBAGE;
	*out = cc_steal(&ci);
	return 0;
}

/* The signature algorithm is not PSS, and names no other digest than digestAlgorithm does. */
static int check_algorithms(CMS_SignerInfo *si, unsigned flags)
{
	const ASN1_OBJECT *oid;
	X509_ALGOR *digest_alg, *signature_alg;
	int nid, md_nid, pk_nid;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest_alg, &signature_alg);
	X509_ALGOR_get0(&oid, NULL, NULL, digest_alg);
	nid = OBJ_obj2nid(oid);
	if (!cc_digest_by_nid(nid) || (nid == NID_sha1 && !(flags & CC_CMS_ALLOW_SHA1)))
		return CC_CMS_DIGEST_ALG;
	X509_ALGOR_get0(&oid, NULL, NULL, signature_alg);
	if (OBJ_obj2nid(oid) == NID_rsassaPss)
		return CC_CMS_FORM;
	if (OBJ_find_sigid_algs(OBJ_obj2nid(oid), &md_nid, &pk_nid) && md_nid != nid)
		return CC_CMS_FORM;
	return 0;
}

/* The eContentType itself is not signed, this is; OpenSSL does not compare them (RFC 5652 11.1). */
static int check_signed_type(CMS_SignerInfo *si)
{
	const ASN1_OBJECT *type;

	if (CMS_signed_get_attr_count(si) < 0)
		return 0;
	type = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_pkcs9_contentType), -3,
					   V_ASN1_OBJECT);
	return type && OBJ_obj2nid(type) == NID_pkcs7_data ? 0 : CC_CMS_FORM;
}

static int check_form(CMS_ContentInfo *ci, unsigned flags, CMS_SignerInfo **out)
{
	STACK_OF(CMS_SignerInfo) * signers;
	ASN1_OCTET_STRING *key_id = NULL;
	CMS_SignerInfo *si;

	if (OBJ_obj2nid(CMS_get0_type(ci)) != NID_pkcs7_signed ||
	    OBJ_obj2nid(CMS_get0_eContentType(ci)) != NID_pkcs7_data)
		return CC_CMS_FORM;
	signers = CMS_get0_SignerInfos(ci);
	if (sk_CMS_SignerInfo_num(signers) != 1)
		return CC_CMS_SIGNERS;
	si = sk_CMS_SignerInfo_value(signers, 0);
	if (!CMS_SignerInfo_get0_signer_id(si, &key_id, NULL, NULL) || key_id ||
	    check_signed_type(si) != 0)
		return CC_CMS_FORM;
	*out = si;
	return check_algorithms(si, flags);
}

/* Attached: lends what was signed. Detached: a content inside must be the same, as the original's writers may send it. */
static int check_content(CMS_ContentInfo *ci, struct cc_cms_check *check)
{
	ASN1_OCTET_STRING **slot = CMS_get0_content(ci);
	struct cc_bytes inside;

	if (!slot || !*slot)
		return check->detached ? 0 : CC_CMS_FORM;
	inside = (struct cc_bytes){(*slot)->data, (size_t)(*slot)->length};
	if (check->detached)
		return cc_bytes_equal(inside, check->content) ? 0 : CC_CMS_DIGEST;
	check->content = inside;
	return 0;
}

/* Only a certificate that rides in the message counts; it gives the key that the bus reads. */
static int find_certificate(CMS_ContentInfo *ci, CMS_SignerInfo *si, X509 **out)
{
	if (CMS_set1_signers_certs(ci, NULL, 0) != 1)
		return CC_CMS_FORM;
	CMS_SignerInfo_get0_algs(si, NULL, out, NULL, NULL);
	return cc_key_accepted(X509_get0_pubkey(*out)) ? 0 : CC_CMS_KEY;
}

/* Why CMS_verify refused; empties the queue. attributes: the signature covers them, and they hold the digest. */
static int signature_fault(bool attributes)
{
	int fault = CC_CMS_SIGNATURE;
	unsigned long code;

	while ((code = ERR_get_error()) != 0) {
		int reason = ERR_GET_REASON(code);

		if (reason == ERR_R_MALLOC_FAILURE)
			fault = -CC_ENOMEM;
		if (ERR_GET_LIB(code) != ERR_LIB_CMS || fault != CC_CMS_SIGNATURE)
			continue;
		if (reason == CMS_R_ATTRIBUTE_ERROR || reason == CMS_R_NO_MATCHING_DIGEST ||
		    reason == CMS_R_ERROR_READING_MESSAGEDIGEST_ATTRIBUTE)
			fault = CC_CMS_FORM;
		else if (reason == CMS_R_CONTENT_VERIFY_ERROR && attributes)
			fault = CC_CMS_DIGEST;
	}
	return fault;
}

/*
 * Behind a filter: of a plain memory BIO CMS_verify makes a second one, and loses it when it cannot
 * begin to hash (OpenSSL 3.0). Anybody could have us leak.
 */
static BIO *content_bio(struct cc_bytes content)
{
	cc_cleanup(cc_bio_freep) BIO *filter = BIO_new(BIO_f_null());
	BIO *octets = cc_bio_borrow(content);

	if (!filter || !octets) {
		BIO_free(octets);
		return NULL;
	}
	return BIO_push(cc_steal(&filter), octets);
}

static int check_signature(CMS_ContentInfo *ci, CMS_SignerInfo *si, struct cc_bytes content)
{
	cc_cleanup(cc_bio_freep) BIO *bio = content_bio(content);

	if (!bio)
		return cc_raise_ossl();
	if (CMS_verify(ci, NULL, NULL, bio, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1)
		return 0;
	return signature_fault(CMS_signed_get_attr_count(si) >= 0);
}

static int decide(struct cc_cms *cms, CMS_ContentInfo *ci, struct cc_cms_check *check, X509 **cert)
{
	CMS_SignerInfo *si;
	int r;

	r = check_form(ci, check->flags, &si);
	if (r == 0)
		r = check_content(ci, check);
	if (r == 0)
		r = find_certificate(ci, si, cert);
	if (r == 0)
		r = cc_cms_check_chain(cms, ci, *cert, check->flags, &check->signer);
	return r == 0 ? check_signature(ci, si, check->content) : r;
}

/* Classes apart: however many strangers come, they cannot push out who is ours. */
static int remember(struct cc_cms *cms, struct cc_bytes certs, const struct cc_signer *signer,
		    X509 *cert)
{
	struct cc_signers *signers = signer->cls == CC_CLASS_BUS ? &cms->signers : &cms->gids;

	return cc_signers_add(signers, certs, signer, cert);
}

int cc_cms_full(struct cc_cms *cms, const struct cc_cms_frame *frame, struct cc_cms_check *check)
{
	cc_cleanup(cc_contentinfo_freep) CMS_ContentInfo *ci = NULL;
	X509 *cert;
	int r = unpack(check->sig, &ci);

	check->signer = NULL;
	if (r == 0)
		r = decide(cms, ci, check, &cert);
	/* only what is certain to be the same octets next time can be a key: strict DER */
	if (r == 0 && frame && frame->certs.data)
		r = remember(cms, frame->certs, check->signer, cert);
	ERR_clear_error();
	if (r != 0) {
		cc_signer_unref(check->signer);
		return r;
	}
	if (!check->detached)
		cms->unpacked = cc_steal(&ci);
	return 0;
}
