/* SPDX-License-Identifier: ISC */
#pragma once
/* The digests of CMS signatures here, with the octets that name them in DER. */
#include <openssl/evp.h>

#include "lib/cc/msg.h"

enum { CC_DIGEST_SHA1, CC_DIGEST_SHA256, CC_DIGEST_SHA384, CC_DIGEST_SHA512, CC_DIGEST_COUNT };

struct cc_digest {
	int id;	 /* index in the table */
	int nid; /* of OpenSSL */
	const char *name;
	size_t size;
	struct cc_bytes oid;	   /* as whole DER values */
	struct cc_bytes rsa_oid;   /* shaNNNWithRSAEncryption */
	struct cc_bytes ecdsa_oid; /* ecdsa-with-SHAnnn */
};

extern const struct cc_digest cc_digests[CC_DIGEST_COUNT];
/** rsaEncryption, which names no digest. */
extern const struct cc_bytes cc_oid_rsa;

/** The digest whose OID is next in DER; NULL: none of ours. */
const struct cc_digest *cc_digest_by_oid(struct cc_bytes oid);
const struct cc_digest *cc_digest_by_nid(int nid);
