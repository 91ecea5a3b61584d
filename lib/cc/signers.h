/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The signers that one thread has met: found by the octets of a message's certificates field. An
 * entry says that these octets went through a full check (chain, purpose, CRLs) on a real message,
 * and holds what the next message needs. Bounded in signers and in octets of certificates: the
 * least recently used goes first. Signers of class gid, who may be anybody, have one of their own.
 */
#include <openssl/evp.h>

#include "lib/base/list.h"
#include "lib/base/map.h"
#include "lib/cc/cms.h"
#include "lib/cc/digest.h"

struct cc_known_signer {
	struct cc_map_node node; /* key: certs */
	struct cc_list recent;
	const struct cc_signer *signer;
	EVP_PKEY *key;
	bool rsa;
	EVP_PKEY_CTX
	*verify[CC_DIGEST_COUNT]; /* ready for EVP_PKEY_verify; made when first needed */
	struct cc_bytes sid;	  /* issuerAndSerialNumber, behind certs in the same memory */
	struct cc_bytes certs;
	uint8_t octets[];
};

struct cc_signers {
	struct cc_map map;
	struct cc_list recent; /* least recently used first */
	size_t max;
	size_t octets, octets_max; /* of the fields that are keys */
};

/** At most max signers, and as many octets of certificates as so many usual chains have. */
void cc_signers_init(struct cc_signers *s, size_t max);
void cc_signers_deinit(struct cc_signers *s);
/** Finds by the certificates field and marks as used. Borrowed until the next add or forget; NULL: not known. */
struct cc_known_signer *cc_signers_find(struct cc_signers *s, struct cc_bytes certs);
/**
 * Remembers the signer of a message that passed the full check; replaces what the same field said before. A field over
 * CC_CERT_MAX is not remembered, which is no error. signer and cert are borrowed. @return 0, -CC_ENOMEM, -CC_ECRYPTO.
 */
int cc_signers_add(struct cc_signers *s, struct cc_bytes certs, const struct cc_signer *signer,
		   X509 *cert);
/** Forgets an entry (its verdict no longer holds). */
void cc_signers_forget(struct cc_signers *s, struct cc_known_signer *known);
/**
 * Writes the issuerAndSerialNumber that names a certificate in a SignerInfo; out NULL: nothing is written.
 * @return its size; 0: OpenSSL refused.
 */
size_t cc_sid_write(X509 *cert, uint8_t *out);
/** The context that verifies this signer's signatures over digests of this kind; NULL: OpenSSL refused. Borrowed. */
EVP_PKEY_CTX *cc_known_signer_ctx(struct cc_known_signer *known, const struct cc_digest *digest);
