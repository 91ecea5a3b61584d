/* SPDX-License-Identifier: ISC */
#pragma once
/* What every use of OpenSSL in this folder shares: cleanup of owning locals, the error queue, which keys are good enough. */
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "lib/base/err.h"
#include "lib/base/util.h"
#include "lib/cc/msg.h"

#define CC_OSSL_CLEANUP(name, type, free_fn)                                                       \
	static inline void name(type **pp)                                                         \
	{                                                                                          \
		free_fn(*pp);                                                                      \
		*pp = NULL;                                                                        \
	}
CC_OSSL_CLEANUP(cc_bio_freep, BIO, BIO_free_all)
CC_OSSL_CLEANUP(cc_x509_freep, X509, X509_free)
CC_OSSL_CLEANUP(cc_x509_crl_freep, X509_CRL, X509_CRL_free)
CC_OSSL_CLEANUP(cc_pkey_freep, EVP_PKEY, EVP_PKEY_free)
CC_OSSL_CLEANUP(cc_pkey_ctx_freep, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
CC_OSSL_CLEANUP(cc_contentinfo_freep, CMS_ContentInfo, CMS_ContentInfo_free)
CC_OSSL_CLEANUP(cc_store_freep, X509_STORE, X509_STORE_free)
CC_OSSL_CLEANUP(cc_store_ctx_freep, X509_STORE_CTX, X509_STORE_CTX_free)

int cc_ossl_error(const char *file, int line);
/** Drains OpenSSL's error queue into the debug log and starts an error chain. For our failures; a peer's: ERR_clear_error. */
#define cc_raise_ossl() cc_ossl_error(__FILE__, __LINE__)

/**
 * A kind of key that the bus reads: RSA of 2048 to 8192 bits with an exponent of at most 64, EC on
 * P-256 or P-384.
 */
bool cc_key_accepted(const EVP_PKEY *key);
/** "RSA-2048", "P-256", "secp256k1"; key NULL (OpenSSL could not read it): "unknown". */
void cc_key_describe(const EVP_PKEY *key, char *out, size_t size);
/** Seconds since 1970. @return 0, -CC_EFORMAT. */
int cc_asn1_seconds(const ASN1_TIME *t, int64_t *out);
/** Lower-case hex of octets; out holds 2 * len + 1. */
void cc_hex(const uint8_t *data, size_t len, char *out);
/** A read-only BIO over borrowed octets; NULL: no memory or too long. */
BIO *cc_bio_borrow(struct cc_bytes octets);
