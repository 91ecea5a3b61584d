/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * GIDs: certificates that name principals (spec sfa 1.1 to 1.3, 2.1, geni-am 6). A struct tr_gid is
 * one certificate, read once, immutable and reference counted, shared by threads. Reading judges
 * nothing: lib/trust/chain.h does.
 */
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/rule.h"
#include "lib/trust/name.h"
#include "lib/trust/recall.h"

/*
 * Octets of one certificate in DER. A GID has one or two KiB; a certificate credential or ticket of
 * 2008 or 2011 carries two GID chains as text, 20 KiB when both have TR_CHAIN_MAX, and the scripts
 * and keys of a slice.
 */
#define TR_CERT_MAX (64u << 10)
#define TR_CHAIN_MAX 8 /* certificates of one chain, root included */
#define TR_GID_TEXT_MAX (256u << 10)

enum tr_digest { TR_DIGEST_SHA2 = 1, TR_DIGEST_SHA1, TR_DIGEST_MD5, TR_DIGEST_OTHER };

struct tr_gid {
	unsigned refs; /* atomic */
	X509 *cert;
	EVP_PKEY *key;
	const uint8_t *der; /* owned */
	size_t der_len;
	uint8_t hash[TR_HASH];	   /* SHA-256 of the DER */
	uint8_t key_hash[TR_HASH]; /* SHA-256 of its SubjectPublicKeyInfo */
	char key_id[41];	   /* SHA-1 of the key's bits in hex: the keyid of speaks-for */
	char urn[TR_NAME_MAX + 1]; /* "" when it names none */
	struct tr_urn name;	   /* parts of urn; all empty without */
	char hrn[TR_NAME_MAX + 1]; /* from the URN, else of the 2008 form, else "" */
	char type[64];		   /* as tr_urn_to_hrn; "" for the 2008 form */
	char uuid[64], email[TR_NAME_MAX + 1], cn[TR_NAME_MAX + 1]; /* "" when absent */
	const char *params; /* XML-RPC text of a 2008 or 2011 SAN; NULL: none. Owned */
	size_t params_len;
	int64_t not_before, not_after; /* seconds since 1970 */
	enum tr_digest digest;	       /* of its signature */
	int version;		       /* 1, 2, 3; 0: unknown */
	bool names_twice;	       /* two publicid URNs, two XML-RPC texts, or both */
	bool has_basic, ca; /* basicConstraints are there; say CA, and keyUsage allows it */
	bool key_good;	    /* RSA of 2048 to 8192 bits, P-256, P-384 */
	int rsa_bits;	    /* 0: no RSA */
	bool odd;	    /* extensions that OpenSSL calls invalid, or unknown critical ones */
};

struct tr_gids {
	struct tr_gid *items[TR_CHAIN_MAX]; /* leaf first; each a reference */
	size_t count;
};

/** The holder's own certificate; NULL: there is none. Borrowed. */
static inline struct tr_gid *tr_gids_leaf(const struct tr_gids *g)
{
	return g->count > 0 ? g->items[0] : NULL;
}

/* Certificates met before, by hash; bounded, least used out. Of one thread. */
struct tr_certs;
int tr_certs_new(struct tr_certs **out, size_t max);
void tr_certs_free(struct tr_certs *c);
void tr_certs_freep(struct tr_certs **c);

/**
 * Reads one certificate, DER of at most 512 values; certs may be NULL. *out: a reference. @return 0,
 * CC_RULE_CERT_FORM, negative error.
 */
int tr_gid_read_der(struct tr_certs *certs, const uint8_t *der, size_t len, struct tr_gid **out,
		    struct cc_note *why);
struct tr_gid *tr_gid_ref(struct tr_gid *g);
void tr_gid_unref(struct tr_gid *g);
void tr_gid_unrefp(struct tr_gid **g);
/** Whose it is, for refusals: the URN, else HRN, else CN. Printable; borrowed from g. */
const char *tr_gid_label(const struct tr_gid *g);

/**
 * Reads a chain, leaf first: PEM blocks one after the other or divided by "-----parent-----", text
 * before the first BEGIN skipped; or bare base64 of one certificate. Deinit also after a failure.
 * @return 0 (at least one), CC_RULE_CERT_FORM, CC_RULE_CHAIN_DEPTH, negative error.
 */
int tr_gids_read(struct tr_certs *certs, const char *text, size_t len, struct tr_gids *out,
		 struct cc_note *why);
/** The same of DER certificates. */
int tr_gids_read_der(struct tr_certs *certs, const uint8_t *const *ders, const size_t *lens,
		     size_t count, struct tr_gids *out, struct cc_note *why);
void tr_gids_deinit(struct tr_gids *g);
/**
 * Puts the holder's certificate, which stands first, and its issuers in order, each issued by the
 * next by its names; what does not belong to the chain is dropped. Judges nothing.
 */
void tr_gids_order(struct tr_gids *g);
/** Plain PEM, leaf first. @return 0, -CC_ENOMEM, -CC_ELIMIT. */
int tr_gids_write(const struct tr_gids *g, struct cc_buf *out);
/** Equal public keys. */
bool tr_gid_same_key(const struct tr_gid *a, const struct tr_gid *b);

/* ---- making (gid_make.c) ---- */

#define TR_KEY_TEXT_MAX (64u << 10) /* octets of a key or certificate request as text */

enum tr_key_kind { TR_KEY_RSA2048 = 1, TR_KEY_P256 };

/** A new key. Caller frees (EVP_PKEY_free). @return 0, -CC_ECRYPTO. */
int tr_key_new(enum tr_key_kind kind, EVP_PKEY **out);
/** PKCS#8 PEM, unencrypted. @return 0, -CC_EFORMAT, -CC_ENOMEM. The text is a secret: clear it. */
int tr_key_read(const char *pem, size_t len, EVP_PKEY **out, struct cc_note *why);
int tr_key_write(const EVP_PKEY *key, struct cc_buf *out);
/** The public half in PEM, appended to out. @return 0, -CC_ENOMEM, -CC_ELIMIT, -CC_ECRYPTO. */
int tr_key_write_public(const EVP_PKEY *key, struct cc_buf *out);
/** A PKCS#10 request in PEM, signed by the key, for a subject of this CN. @return as above. */
int tr_key_write_request(EVP_PKEY *key, const char *cn, struct cc_buf *out);
/**
 * The public key of PEM (PUBLIC KEY, CERTIFICATE, CERTIFICATE REQUEST whose signature holds) or an
 * ssh line (ssh-rsa, ecdsa-sha2-nistp256/384; ed25519 cannot be in a GID: refused, saying so).
 * @return 0, -CC_EFORMAT, -CC_ENOMEM.
 */
int tr_key_read_public(const char *text, size_t len, EVP_PKEY **out, struct cc_note *why);

/** SHA-256 of a public key, as struct tr_gid has it of its own. @return 0, -CC_ECRYPTO. */
int tr_key_hash(const EVP_PKEY *key, uint8_t out[TR_HASH]);
/** The same of a key's text. @return 0, as tr_key_read_public. */
int tr_key_text_hash(const char *text, size_t len, uint8_t out[TR_HASH], struct cc_note *why);

struct tr_gid_request {
	const char *urn;   /* a publicid URN; its type decides: CA for "authority" only */
	const char *uuid;  /* RFC 4122; NULL: random */
	const char *email; /* NULL: none */
	EVP_PKEY *key;	   /* public key of the subject */
	int64_t not_before, not_after; /* cut to the issuer's */
};
/**
 * Makes a certificate: v3, SHA-256, random serial, CN = HRN, SKI, AKI, SAN as spec sfa 2.1. issuer
 * NULL: self-signed by key. The name is judged by tr_name_may_issue. Caller unrefs. @return 0,
 * CC_RULE_CHAIN_NAMESPACE, CC_RULE_CHAIN_CA, CC_RULE_CHAIN_AUTHORITY, CC_RULE_CERT_KEY,
 * CC_RULE_CERT_EXPIRED (the issuer is), -CC_EINVAL, -CC_ECRYPTO, -CC_ENOMEM.
 */
int tr_gid_make(const struct tr_gid_request *rq, const struct tr_gid *issuer, EVP_PKEY *issuer_key,
		struct tr_gid **out, struct cc_note *why);
