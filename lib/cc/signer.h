/* SPDX-License-Identifier: ISC */
#pragma once
/* How a certificate names its holder, and the making of struct cc_signer (lib/cc/cms.h) from a verified chain. */
#include <openssl/x509.h>
#include <stdbool.h>

#include "lib/cc/cms.h"

#define CC_PUBLICID "urn:publicid:IDN+"

/** 1..CC_SIGNER_NAME_MAX octets, none a control character: it goes to logs and into policy. */
bool cc_signer_name_valid(struct cc_bytes name);
/** A publicid URN of printable ASCII, no longer than a name may be. */
bool cc_signer_urn_valid(struct cc_bytes urn);

/**
 * Reads the publicid URN of the SAN and the most specific CN; "" where there is none.
 * @return 0 (at least one is there), CC_CMS_NAME.
 */
int cc_signer_read_names(const X509 *cert, char urn[CC_SIGNER_NAME_MAX + 1],
			 char cn[CC_SIGNER_NAME_MAX + 1]);

/**
 * Describes the signer of a message. chain: as it was verified, the signer's certificate first;
 * NULL: there is none, which makes it class gid. certs: all of the message, at most CC_CERT_MAX
 * octets. until: when the verdict on the chain ends, if not with a certificate. *out: a new
 * reference. @return 0, CC_CMS_NAME, CC_CMS_EXPIRED (dates that cannot be read), -CC_ENOMEM,
 * -CC_ECRYPTO.
 */
int cc_signer_new(X509 *cert, const STACK_OF(X509) * certs, const STACK_OF(X509) * chain,
		  int64_t until, const struct cc_signer **out);
/**
 * Whose a certificate is, as it is judged when it rides in a message: class bus when its chain, with
 * certs, ends in the roots of ks and nothing in it is revoked; class gid where flags (CC_CMS_ALLOW_GID)
 * allow it and there is no such chain. ks NULL: no roots; else it has some. certs: of the message,
 * the signer's own among them or not. *out: a new reference. @return 0, a cc_cms_fault, negative error.
 */
int cc_signer_from_cert(const struct cc_keystore *ks, X509 *cert, STACK_OF(X509) * certs,
			unsigned flags, const struct cc_signer **out);
/** Whether the verdict on its certificates holds at this second. */
bool cc_signer_valid_at(const struct cc_signer *s, int64_t now);
