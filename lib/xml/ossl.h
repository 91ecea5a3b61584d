/* SPDX-License-Identifier: ISC */
#pragma once
/* Cleanup of owning locals of OpenSSL, and its error queue, for lib/xml and lib/trust. */
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "lib/base/err.h"
#include "lib/base/util.h"

#define XS_OSSL_CLEANUP(name, type, free_fn)                                                       \
	static inline void name(type **pp)                                                         \
	{                                                                                          \
		free_fn(*pp);                                                                      \
		*pp = NULL;                                                                        \
	}
XS_OSSL_CLEANUP(xs_bio_freep, BIO, BIO_free_all)
XS_OSSL_CLEANUP(xs_x509_freep, X509, X509_free)
XS_OSSL_CLEANUP(xs_x509_req_freep, X509_REQ, X509_REQ_free)
XS_OSSL_CLEANUP(xs_pkey_freep, EVP_PKEY, EVP_PKEY_free)
XS_OSSL_CLEANUP(xs_pkey_ctx_freep, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
XS_OSSL_CLEANUP(xs_md_ctx_freep, EVP_MD_CTX, EVP_MD_CTX_free)

/** SHA-256 without a fetch per call, which costs as much as the digest of a certificate. @return 0, -CC_ECRYPTO. */
int xs_sha256(const void *data, size_t len, uint8_t out[32]);
int xs_ossl_error(const char *file, int line);
/**
 * Drains OpenSSL's error queue into the debug log and starts an error chain. For our failures; a
 * peer's: ERR_clear_error.
 */
#define xs_raise_ossl() xs_ossl_error(__FILE__, __LINE__)
