/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * CMS as the bus uses it (spec cc-bus A5, A6; RFC 5652): detached or attached SignedData with one
 * signer, enveloped data.
 *
 * Verifying has two ways. The fast path is a strict walk of definite-length DER with one SignerInfo
 * and no unsigned attributes; it knows the signer by the octets of the certificates field, for
 * which an earlier full check left key and verdict in the cache. All else goes to CMS_verify with
 * check of chain, purpose and CRLs; that is the oracle too: the fast path never accepts what it
 * refuses. Signers of class gid have a cache of their own: strangers push out strangers only.
 *
 * A context (struct cc_cms) belongs to one thread: it has its own copies of keys and its own signer
 * caches. The trust and the keys it is made from (struct cc_keystore snapshot) are immutable and
 * shared.
 */
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/cc/keystore.h"
#include "lib/cc/msg.h"

/** Why a signature or an envelope was refused. 0 is verified. Names: cc_cms_fault_name. */
enum cc_cms_fault {
	CC_CMS_OK = 0,
	CC_CMS_GARBAGE = 1, /* not the DER of a CMS structure, or octets behind it */
	CC_CMS_FORM, /* CMS, but not a form of the bus: key id, PSS, no certificate, wrong content type, too large */
	CC_CMS_SIGNERS, /* not exactly one signer */
	CC_CMS_DIGEST_ALG, /* a digest that is not allowed here (SHA-1 where the call does not allow it, MD5) */
	CC_CMS_DIGEST,	  /* the content does not have the signed digest */
	CC_CMS_SIGNATURE, /* the signature does not verify under the certificate's key; without attributes also: another content */
	CC_CMS_CHAIN,	  /* the chain does not end in a trusted root */
	CC_CMS_EXPIRED,	  /* a certificate is not valid now */
	CC_CMS_REVOKED,	  /* a certificate of the chain is in its CA's CRL */
	CC_CMS_CRL, /* a CRL of the chain is missing, outdated or unreadable: it may be revoked */
	CC_CMS_PURPOSE, /* the certificate is not for signing (extended key usage) */
	CC_CMS_KEY, /* a key of the chain is too weak, or the signer's of a kind that is not read; SHA-1 under a certificate */
	CC_CMS_NAME, /* the certificate names no signer, or two: no URN and no CN, two publicid URNs, a NUL inside */
	CC_CMS_RECIPIENT, /* not encrypted to our certificate */
	CC_CMS_DECRYPT,	  /* decryption or its integrity check failed */
	CC_CMS_CROWDED,	  /* not looked at: signers not known yet are over their share of time */
	CC_CMS_FAULT_COUNT
};
/** Short name for counters and logs: "chain". Never NULL. */
const char *cc_cms_fault_name(int fault);

/** How a signer's certificate came to be accepted (architecture section 3). */
enum cc_signer_class {
	CC_CLASS_BUS = 0, /* its chain ends in cms-verify-ca */
	CC_CLASS_GID, /* any other: the signature holds, whose it is must be judged by who asked for it */
};

/**
 * Who signed, from a certificate whose chain holds, or, class gid, that is somebody's own.
 * Immutable, reference counted (atomically: threads may share it).
 */
struct cc_signer {
	unsigned refs;
	enum cc_signer_class cls;
	bool has_urn;			   /* name is the publicid URN of the SAN */
	char name[CC_SIGNER_NAME_MAX + 1]; /* publicid URN of the SAN, else the CN */
	char cn[CC_SIGNER_NAME_MAX + 1];   /* "" when none */
	char serial[64];		   /* hex */
	/*
	 * Seconds since 1970 that this verdict is good for. Class bus: the intersection of the
	 * whole chain, cut where a CRL of it ends; class gid: of the signer's certificate alone.
	 */
	int64_t not_before, not_after;
	uint8_t cert_sha256[32];
	size_t cert_len;  /* of the first of certs: the signer's own */
	size_t certs_len; /* at most CC_CERT_MAX */
	uint8_t certs[];  /* DER of every certificate of the message, the signer's first */
};
/** Another reference; from any thread. */
const struct cc_signer *cc_signer_ref(const struct cc_signer *s);
/** Gives a reference back; NULL is nothing. */
void cc_signer_unref(const struct cc_signer *s);

struct cc_cms_conf {
	unsigned cache_max;		/* signers remembered, and as many of class gid; 0: 1024 */
	bool no_fast_path;		/* tests and bench: always CMS_verify */
	struct cc_strangers *strangers; /* borrowed; NULL: full checks without bound */
};

struct cc_cms; /* opaque, one thread */

/**
 * Makes a context over a keystore snapshot (a reference is taken). *out: caller frees. @return 0,
 * -CC_ENOMEM, -CC_ECRYPTO.
 */
int cc_cms_new(struct cc_cms **out, const struct cc_keystore *ks, const struct cc_cms_conf *conf);
/** Who asks for what is verified from now on, so that strangers share their time; borrowed. */
void cc_cms_set_peer(struct cc_cms *cms, struct cc_bytes peer);
void cc_cms_free(struct cc_cms *cms);
void cc_cms_freep(struct cc_cms **cms);

/** What a verification may accept beyond what it always does. */
enum cc_cms_flags {
	CC_CMS_ALLOW_SHA1 = 1u << 0, /* the original's digest */
	/*
	 * A certificate whose chain does not end in our roots (where CC_CMS_CHAIN would be the
	 * answer): the signature alone is checked, under the certificate's own key, which must be
	 * one that the bus reads, within the certificate's own dates. The signer is of class gid.
	 * One that our CAs issued is never that: expired, revoked or for another purpose it stays
	 * refused.
	 */
	CC_CMS_ALLOW_GID = 1u << 1,
};

/**
 * Verifies a SignedData over content (detached: the eContent must be absent or equal to content, as
 * the original accepts). flags: of cc_cms_flags. *signer: a new reference, on success only.
 * @return 0 (verified), a positive cc_cms_fault (refused), negative error (undecided: refuse);
 * -CC_EINVAL: no roots are configured, whatever the flags.
 */
int cc_cms_verify(struct cc_cms *cms, struct cc_bytes sig, struct cc_bytes content, unsigned flags,
		  const struct cc_signer **signer);
/**
 * Verifies an attached SignedData; *content points into sig (borrowed) or, where OpenSSL had to
 * unpack it, into memory that the context keeps until the next verification. @return as
 * cc_cms_verify.
 */
int cc_cms_verify_attached(struct cc_cms *cms, struct cc_bytes sig, unsigned flags,
			   struct cc_bytes *content, const struct cc_signer **signer);
/**
 * Signs content with the first signing key of the keystore whose certificate is valid now (when
 * none is any more, with the one used last): appends DER to out. attached: eContent is inside.
 * SHA-256 always. @return 0, -CC_EINVAL (no signing key), -CC_ELIMIT (of out), -CC_ENOMEM,
 * -CC_ECRYPTO.
 */
int cc_cms_sign(struct cc_cms *cms, struct cc_bytes content, bool attached, struct cc_buf *out);
/**
 * Envelopes data to the keystore's recipients (cms-encrypt) with its cipher. @return 0, -CC_EINVAL
 * (no recipients), else as cc_cms_sign.
 */
int cc_cms_encrypt(struct cc_cms *cms, struct cc_bytes data, struct cc_buf *out);
/**
 * Opens an envelope with that of the decryption keys that it is addressed to; out gets the content.
 * Reads AES-128/192/256 CBC and GCM, RSA and EC recipients. @return 0, a positive cc_cms_fault,
 * negative error (-CC_EINVAL: no decryption key).
 */
int cc_cms_decrypt(struct cc_cms *cms, struct cc_bytes env, struct cc_buf *out);

struct cc_cms_stats {
	uint64_t fast, full;	     /* decided by the fast path; by CMS_verify */
	uint64_t cached, cached_gid; /* signers in the cache; in that of class gid */
};
void cc_cms_get_stats(const struct cc_cms *cms, struct cc_cms_stats *out);
