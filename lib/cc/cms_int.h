/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Inside lib/cc/cms: the context, and the two ways of verifying.
 *
 * cms.c        entry points, limits, which way
 * cms_frame.c  strict walk of a SignedData: its outer parts, and the one form that the fast path decides
 * cms_fast.c   the verdict on that form, for a signer that was met before
 * cms_full.c   CMS_verify, for everything else;  cms_chain.c  whose the certificate is
 * cms_sign.c   signing by template;  cms_envelope.c  encryption
 */
#include <openssl/cms.h>
#include <openssl/evp.h>

#include "lib/cc/cms.h"
#include "lib/cc/digest.h"
#include "lib/cc/signers.h"

#define CC_CMS_HASH_MAX EVP_MAX_MD_SIZE

/** Values that the DER of a CMS message is made of, as whole DER values. */
extern const struct cc_bytes cc_oid_data, cc_oid_signed_data, cc_oid_enveloped_data,
	cc_oid_auth_enveloped_data, cc_oid_content_type, cc_oid_message_digest, cc_oid_signing_time,
	cc_oid_smime_capabilities, cc_der_version_1, cc_der_null;

/** What stays the same in everything that a context signs with one key. */
struct cc_cms_signing {
	size_t pair;		   /* of the key store */
	EVP_PKEY *key;		   /* a copy: a shared key does not scale over threads */
	EVP_PKEY_CTX *ctx;	   /* ready for EVP_PKEY_sign over SHA-256 */
	uint8_t *octets;	   /* holds the three below */
	struct cc_bytes certs;	   /* the certificates field */
	struct cc_bytes head;	   /* SignerInfo from version to digestAlgorithm */
	struct cc_bytes algorithm; /* signatureAlgorithm */
};

struct cc_cms {
	struct cc_keystore *ks;
	struct cc_strangers *share; /* of time for those not known yet; NULL: no bound */
	struct cc_bytes peer;	    /* who asks */
	bool no_fast_path;
	struct cc_signers signers; /* class bus */
	struct cc_signers gids;	   /* class gid, known as such */
	struct cc_cms_stats stats;
	EVP_MD *md[CC_DIGEST_COUNT];
	EVP_MD_CTX *md_ctx;
	CMS_ContentInfo *unpacked; /* owns the content that cc_cms_verify_attached lent last */
	struct cc_cms_signing signing;
	EVP_PKEY **decrypt_keys; /* copies, in the key store's order */
};

/** Octets of several pieces as one digest. @return 0, -CC_ECRYPTO. */
int cc_cms_hash(struct cc_cms *cms, const struct cc_digest *digest, const struct cc_bytes *pieces,
		size_t count, uint8_t out[CC_CMS_HASH_MAX]);

/** One verification: what is asked, and what comes out of it. */
struct cc_cms_check {
	struct cc_bytes sig;
	struct cc_bytes
		content; /* detached: what must have been signed; attached: what was, on success */
	bool detached;
	unsigned flags;			/* cc_cms_flags */
	const struct cc_signer *signer; /* a new reference, on success */
};

/** The outer parts of a SignedData in strict DER, each a body unless said otherwise; an absent one has data NULL. */
struct cc_cms_frame {
	struct cc_bytes version;     /* INTEGER, whole */
	struct cc_bytes digest_algs; /* SET OF AlgorithmIdentifier */
	struct cc_bytes econtent;    /* [0] EXPLICIT: an OCTET STRING of some form */
	struct cc_bytes certs;	     /* certificates, whole */
	struct cc_bytes rest;	     /* CRLs, SignerInfos */
};
/** Walks the outer parts. @return whether they are strict DER and pkcs7-data; other messages are left to OpenSSL. */
bool cc_cms_frame_read(struct cc_bytes sig, struct cc_cms_frame *out);

/** The one form that the fast path decides. */
struct cc_cms_form {
	struct cc_bytes content; /* data NULL: detached */
	struct cc_bytes certs;
	struct cc_bytes sid; /* issuerAndSerialNumber, whole */
	const struct cc_digest *digest;
	struct cc_bytes attrs;		/* signedAttrs, whole; data NULL: none */
	struct cc_bytes message_digest; /* of the attributes */
	bool rsa;			/* PKCS#1 v1.5, else ECDSA */
	struct cc_bytes signature;
};
/** @return whether the message has that form. */
bool cc_cms_form_read(const struct cc_cms_frame *frame, struct cc_cms_form *out);

/** The fast path leaves the message to cc_cms_full. */
#define CC_CMS_UNDECIDED CC_CMS_FAULT_COUNT

/** Decides for a signer met before. @return 0, a cc_cms_fault, CC_CMS_UNDECIDED, negative error. */
int cc_cms_fast(struct cc_cms *cms, const struct cc_cms_frame *frame, struct cc_cms_check *check);
/** Decides by CMS_verify and remembers the signer; frame NULL: not strict DER. @return 0, a cc_cms_fault, negative error. */
int cc_cms_full(struct cc_cms *cms, const struct cc_cms_frame *frame, struct cc_cms_check *check);

/**
 * Whose the certificate of a message is: class bus when its chain, with the message's certificates,
 * ends in our roots and nothing in it is revoked; class gid where the flags allow it and there is
 * no such chain. *signer: a new reference. @return 0, a cc_cms_fault, negative error.
 */
int cc_cms_check_chain(struct cc_cms *cms, CMS_ContentInfo *ci, X509 *cert, unsigned flags,
		       const struct cc_signer **signer);

/** Prepares signing when the key store has a key for it. @return 0, -CC_ENOMEM, -CC_ECRYPTO. */
int cc_cms_signing_init(struct cc_cms_signing *s, const struct cc_keystore *ks);
void cc_cms_signing_deinit(struct cc_cms_signing *s);
