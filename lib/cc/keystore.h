/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The key store folder (spec cc-bus A8): NAME.crt PEM certificates, NAME.crl PEM CRLs,
 * private/NAME.key PEM keys; and an immutable, reference counted snapshot of what a program uses of
 * it: roots with their CRLs, own signing keys, recipients, decryption keys.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/conf/opt.h"

typedef struct x509_st X509;
typedef struct x509_store_st X509_STORE;
typedef struct evp_pkey_st EVP_PKEY;

enum cc_cipher { CC_CIPHER_AES256_GCM, CC_CIPHER_AES128_CBC, CC_CIPHER_AES256_CBC };

struct cc_keystore_conf {
	const char *dir; /* cms-keystore */
	/* Lists of names; NULL is empty, which is none */
	const struct cf_list *verify;  /* cms-verify-ca: CA certificates; none: no verification */
	const struct cf_list *crl;     /* cms-crl: CRLs; none: nothing is looked up as revoked */
	const struct cf_list *sign;    /* cms-sign: the first that is valid signs */
	const struct cf_list *encrypt; /* cms-encrypt: recipients */
	const struct cf_list *decrypt; /* cms-decrypt: each opens what is addressed to it */
	/* one more to sign with, behind those of sign, by its files: a user's GID and key; NULL: none */
	const char *own_cert, *own_key;
	/*
	 * SHA-256 of the one certificate whose signature counts, for who knows nothing else yet; NULL:
	 * none. Never with verify.
	 */
	const uint8_t *pin;
	enum cc_cipher cipher;
};

/** A certificate with its key. */
struct cc_key_pair {
	X509 *cert;
	EVP_PKEY *key;
	int64_t not_before, not_after; /* seconds since 1970, of the certificate */
	struct cc_buf chain; /* to sign with: DER of those behind it in its file, sent along */
};

struct cc_keystore; /* opaque */

/**
 * Loads everything now. A name holding "/" is refused; a key that does not belong to its
 * certificate, a key file that group or others may write, a weak key (RSA < 2048, curve other than
 * P-256/P-384) is an error that says which file and what to do. A key file that group or others may
 * read is used, with a warning in the log. Of a file with several certificates the first is used; of
 * one to sign with the others ride in each message behind it, in their order, CC_CERT_MAX octets in
 * all, so that who knows only the root can judge the chain.
 * Encrypting without signing, and decrypting without verifying, is a configuration error; so are
 * signing keys of which no certificate is valid now, and, where there are CRLs, one that no CA
 * signed, one that ended (within a day: a warning), and a CA that has none.
 * @return 0, -CC_EINVAL, -CC_ENOTFOUND, -CC_EFORMAT, -CC_EDENIED, -CC_ELIMIT, -CC_ESYS,
 * -CC_ECRYPTO, -CC_ENOMEM.
 */
int cc_keystore_load(const struct cc_keystore_conf *conf, struct cc_keystore **out,
		     struct cc_note *why);
/** Another reference; from any thread. */
struct cc_keystore *cc_keystore_ref(const struct cc_keystore *ks);
/** Gives a reference back; NULL is nothing. */
void cc_keystore_unref(const struct cc_keystore *ks);
void cc_keystore_unrefp(struct cc_keystore **ks);

/* What it holds; borrowed, NULL where not configured. */
X509_STORE *cc_keystore_roots(const struct cc_keystore *ks);
const struct cc_key_pair *cc_keystore_sign(const struct cc_keystore *ks, size_t i);
const struct cc_key_pair *cc_keystore_decrypt(const struct cc_keystore *ks, size_t i);
X509 *cc_keystore_recipient(const struct cc_keystore *ks, size_t i);
enum cc_cipher cc_keystore_cipher(const struct cc_keystore *ks);
bool cc_keystore_verifies(const struct cc_keystore *ks);
/** The 32 octets of conf.pin; NULL: there is none. */
const uint8_t *cc_keystore_pin(const struct cc_keystore *ks);

/* How many of each; 0: not configured. */
size_t cc_keystore_signs(const struct cc_keystore *ks);
size_t cc_keystore_decrypts(const struct cc_keystore *ks);
size_t cc_keystore_encrypts(const struct cc_keystore *ks);

/**
 * The signing key whose turn it is at a second: the first that is valid. @return its index;
 * cc_keystore_signs: none is.
 */
size_t cc_keystore_sign_at(const struct cc_keystore *ks, int64_t now);
/**
 * When the CRL of a CA ends, seconds since 1970. @return INT64_MAX: CRLs are not used; 0: it has
 * none.
 */
int64_t cc_keystore_crl_until(const struct cc_keystore *ks, const X509 *ca);
