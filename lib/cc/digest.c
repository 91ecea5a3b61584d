/* SPDX-License-Identifier: ISC */
#include "lib/cc/digest.h"

#include <openssl/obj_mac.h>

#include "lib/cc/der.h"

/* 2.16.840.1.101.3.4.2.n, 1.2.840.113549.1.1.n, 1.2.840.10045.4.3.n */
#define SHA2_OID(n) CC_DER_LITERAL(0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, n)
#define RSA_OID(n) CC_DER_LITERAL(0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n)
#define ECDSA_OID(n) CC_DER_LITERAL(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, n)

const struct cc_bytes cc_oid_rsa = RSA_OID(0x01);

const struct cc_digest cc_digests[CC_DIGEST_COUNT] = {
	[CC_DIGEST_SHA1] = {.id = CC_DIGEST_SHA1,
			    .nid = NID_sha1,
			    .name = "SHA1",
			    .size = 20,
			    .oid = CC_DER_LITERAL(0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a),
			    .rsa_oid = RSA_OID(0x05),
			    .ecdsa_oid = CC_DER_LITERAL(0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
							0x04, 0x01)},
	[CC_DIGEST_SHA256] = {.id = CC_DIGEST_SHA256,
			      .nid = NID_sha256,
			      .name = "SHA2-256",
			      .size = 32,
			      .oid = SHA2_OID(0x01),
			      .rsa_oid = RSA_OID(0x0b),
			      .ecdsa_oid = ECDSA_OID(0x02)},
	[CC_DIGEST_SHA384] = {.id = CC_DIGEST_SHA384,
			      .nid = NID_sha384,
			      .name = "SHA2-384",
			      .size = 48,
			      .oid = SHA2_OID(0x02),
			      .rsa_oid = RSA_OID(0x0c),
			      .ecdsa_oid = ECDSA_OID(0x03)},
	[CC_DIGEST_SHA512] = {.id = CC_DIGEST_SHA512,
			      .nid = NID_sha512,
			      .name = "SHA2-512",
			      .size = 64,
			      .oid = SHA2_OID(0x03),
			      .rsa_oid = RSA_OID(0x0d),
			      .ecdsa_oid = ECDSA_OID(0x04)},
};

const struct cc_digest *cc_digest_by_oid(struct cc_bytes oid)
{
	for (size_t i = 0; i < CC_DIGEST_COUNT; i++)
		if (cc_bytes_equal(oid, cc_digests[i].oid))
			return &cc_digests[i];
	return NULL;
}

const struct cc_digest *cc_digest_by_nid(int nid)
{
	for (size_t i = 0; i < CC_DIGEST_COUNT; i++)
		if (nid == cc_digests[i].nid)
			return &cc_digests[i];
	return NULL;
}
