/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Certificates of every kind, good and bad, for tests of signatures; and a key store folder that lives as long as the test.
 * Everything here fails by abort: a test without its keys says nothing.
 */
#include <openssl/cms.h>
#include <openssl/x509.h>

#include "lib/cc/cms.h"

struct pki {
	EVP_PKEY *key;
	X509 *cert;
};

struct pki_spec {
	const char *cn;	   /* NULL: no CN */
	const char *kind;  /* "P-256", "P-384", "secp256k1", "RSA-2048" ...; NULL: P-256 */
	const char *san;   /* as in openssl.cnf, "URI:urn:..."; NULL: none */
	const char *eku;   /* as in openssl.cnf, "clientAuth"; NULL: none */
	const char *usage; /* key usage; NULL: none */
	const char *md;	   /* digest under the certificate; NULL: SHA256 */
	int from, until;   /* days from now; both 0: -1 and 10 */
	bool ca;
};

/** Makes a key and its certificate; issuer NULL: self-signed. Freed with pki_free. */
struct pki *pki_make(const struct pki_spec *spec, const struct pki *issuer);
void pki_free(struct pki *p);
void pki_freep(struct pki **p);

/** A folder with private/ under /tmp. pki_folder_remove removes it and frees the name. */
char *pki_folder(void);
void pki_folder_remove(char *dir);
/** Writes NAME.crt and private/NAME.key. */
void pki_save(const struct pki *p, const char *dir, const char *name);

struct pki_crl_spec {
	const struct pki *revoked[4];
	const struct pki *signer; /* NULL: the CA */
	long from, until;	  /* seconds from now; both 0: -3600 and 10 days */
	bool endless;		  /* no nextUpdate */
	bool delta;
};

/** Makes a CRL in the name of a CA and writes it to NAME.crl, or behind what is there. */
void pki_save_crl(const struct pki *ca, const struct pki_crl_spec *spec, const char *dir,
		  const char *name, bool append);

/** What a key store holds, as lists with commas; NULL: nothing. */
struct pki_store {
	const char *verify, *crl, *sign, *encrypt, *decrypt;
	enum cc_cipher cipher;
	struct cc_cms_conf cms;
};
/** Loads the folder's key store. @return as cc_keystore_load. */
int pki_keystore(const char *dir, const struct pki_store *store, struct cc_keystore **ks,
		 struct cc_note *why);
/** A context over the folder; freed with cc_cms_free. */
struct cc_cms *pki_context(const char *dir, const struct pki_store *store);

/** CMS_sign with flags (CMS_PARTIAL: more may be added; else final) over content, which is inside unless CMS_DETACHED. */
CMS_ContentInfo *pki_sign(const struct pki *signer, const char *content, const char *md,
			  unsigned flags);
/** The octets of a CMS message; takes ci. Freed with cc_buf_deinit. */
struct cc_buf pki_der(CMS_ContentInfo *ci);
/**
 * Whether plain CMS_verify, with chain and purpose check under this root, accepts the message for
 * this content; roots NULL: whose the signature is does not matter.
 */
bool pki_oracle(X509_STORE *roots, struct cc_bytes sig, struct cc_bytes content, bool detached);
X509_STORE *pki_roots(const struct pki *root);

static inline struct cc_bytes pki_text(const char *s)
{
	return (struct cc_bytes){(const uint8_t *)s, __builtin_strlen(s)};
}

static inline struct cc_bytes pki_bytes(const struct cc_buf *b)
{
	return (struct cc_bytes){b->data, b->len};
}
