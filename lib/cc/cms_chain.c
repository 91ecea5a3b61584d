/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>

#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/ossl.h"
#include "lib/cc/signer.h"

/*
 * What X509_verify_cert found, as a fault. What it could not decide is an error of ours: where
 * strangers are welcome, "no chain" is no refusal.
 */
static int chain_fault(int error)
{
	switch (error) {
	case X509_V_ERR_OUT_OF_MEM:
		return cc_raise(CC_ENOMEM);
	case X509_V_ERR_UNSPECIFIED:
	case X509_V_ERR_INVALID_CALL:
	case X509_V_ERR_STORE_LOOKUP:
		return cc_raise_ossl();
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
	case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
		return CC_CMS_EXPIRED;
	case X509_V_ERR_CERT_REVOKED:
		return CC_CMS_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
	case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
		return CC_CMS_CRL;
	case X509_V_ERR_INVALID_PURPOSE:
		return CC_CMS_PURPOSE;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return CC_CMS_KEY;
	default:
		return CC_CMS_CHAIN;
	}
}

/*
 * When the first of the CRLs ends that said that nothing in the chain is revoked; 0: there was not
 * one for each.
 */
static int64_t crl_until(const struct cc_keystore *ks, const STACK_OF(X509) * chain)
{
	int64_t until = INT64_MAX;
	int last = sk_X509_num(chain) - 1;

	for (int i = 0; i <= last; i++) {
		X509 *issuer = sk_X509_value(chain, i < last ? i + 1 : last);
		int64_t end = cc_keystore_crl_until(ks, issuer);

		if (end < until)
			until = end;
	}
	return until;
}

/*
 * The chain check of CMS_verify, taken out of it: only so do we learn the reason of a refusal, and
 * the verified chain, whose validity bounds how long the signer may be remembered.
 */
static int verify_chain(const struct cc_keystore *ks, X509 *cert, STACK_OF(X509) * certs,
			const struct cc_signer **signer)
{
	cc_cleanup(cc_store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	const STACK_OF(X509) * chain;
	int64_t until;

	if (!ctx || !X509_STORE_CTX_init(ctx, cc_keystore_roots(ks), cert, certs) ||
	    !X509_STORE_CTX_set_default(ctx, "smime_sign"))
		return cc_raise_ossl();
	X509_STORE_CTX_set_time(ctx, 0, (time_t)cc_clock_wall());
	if (X509_verify_cert(ctx) <= 0)
		return chain_fault(X509_STORE_CTX_get_error(ctx));
	chain = X509_STORE_CTX_get0_chain(ctx);
	until = crl_until(ks, chain);
	return until > 0 ? cc_signer_new(cert, certs, chain, until, signer) : CC_CMS_CRL;
}

/*
 * By the rules of OpenSSL's chain check, which this certificate did not come to: only dates as RFC
 * 5280 has them count.
 */
static bool valid_now(const X509 *cert)
{
	time_t now = (time_t)cc_clock_wall();

	return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

/* Somebody's own certificate: its key was looked at before, and who it is, another must judge. */
static int take_stranger(X509 *cert, const STACK_OF(X509) * certs, const struct cc_signer **signer)
{
	ERR_clear_error(); /* of the chain check */
	return valid_now(cert) ? cc_signer_new(cert, certs, NULL, INT64_MAX, signer)
			       : CC_CMS_EXPIRED;
}

/* The one certificate that is trusted for itself: its holder needs nobody's word. */
static int take_pinned(X509 *cert, const STACK_OF(X509) * certs, const uint8_t *pin,
		       const struct cc_signer **signer)
{
	STACK_OF(X509) * chain;
	uint8_t hash[32];
	int r;

	if (!X509_digest(cert, EVP_sha256(), hash, NULL))
		return cc_raise_ossl();
	if (CRYPTO_memcmp(hash, pin, sizeof(hash)) != 0)
		return CC_CMS_CHAIN;
	if (!valid_now(cert))
		return CC_CMS_EXPIRED;
	chain = sk_X509_new_null();
	if (!chain || !sk_X509_push(chain, cert)) {
		sk_X509_free(chain);
		return cc_raise_ossl();
	}
	r = cc_signer_new(cert, certs, chain, INT64_MAX, signer);
	sk_X509_free(chain);
	return r;
}

/*
 * In BER the size of the certificates shows only now; in DER cms.c refused before they were
 * decoded.
 */
static bool too_many(const STACK_OF(X509) * certs)
{
	size_t len = 0;

	for (int i = 0; i < sk_X509_num(certs); i++)
		len += (size_t)i2d_X509(sk_X509_value(certs, i), NULL);
	return len > CC_CERT_MAX;
}

int cc_signer_from_cert(const struct cc_keystore *ks, X509 *cert, STACK_OF(X509) * certs,
			unsigned flags, const struct cc_signer **out)
{
	int r = CC_CMS_CHAIN;

	if (!cc_key_accepted(X509_get0_pubkey(cert)))
		return CC_CMS_KEY;
	if (too_many(certs))
		return CC_CMS_FORM;
	if (ks && cc_keystore_pin(ks))
		return take_pinned(cert, certs, cc_keystore_pin(ks), out);
	if (ks)
		r = verify_chain(ks, cert, certs, out);
	if (r == CC_CMS_CHAIN && flags & CC_CMS_ALLOW_GID)
		r = take_stranger(cert, certs, out);
	return r;
}

int cc_cms_check_chain(struct cc_cms *cms, CMS_ContentInfo *ci, X509 *cert, unsigned flags,
		       const struct cc_signer **signer)
{
	STACK_OF(X509) *certs = CMS_get1_certs(ci);
	int r;

	if (!certs)
		return cc_raise_ossl(); /* there is one at least */
	r = cc_signer_from_cert(cms->ks, cert, certs, flags, signer);
	sk_X509_pop_free(certs, X509_free);
	return r;
}
