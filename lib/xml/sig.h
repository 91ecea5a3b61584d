/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * XML signatures in one strict profile (architecture section 5, rule 2; spec sfa 2.3, geni-am 7).
 *
 *   Signature [xml:id]
 *     SignedInfo [xml:id]
 *       CanonicalizationMethod   inclusive or exclusive C14N 1.0, without comments
 *       SignatureMethod          rsa-sha1, rsa-sha256/384/512, ecdsa-sha256/384/512
 *       Reference URI="#ID"      one
 *         Transforms             enveloped-signature and at most one of the C14N above, or none
 *         DigestMethod           sha1, sha256, sha384, sha512
 *         DigestValue
 *     SignatureValue
 *     KeyInfo                    X509Data with X509Certificate...; other forms of key are not used
 *
 * The signer is the first X509Certificate of the first X509Data, and nothing else: a KeyValue is
 * allowed (every GENI writer emits one) and never read. Who may sign is the caller's to decide: the
 * key to verify with comes from him.
 */
#include <libxml/tree.h>
#include <openssl/evp.h>

#include "lib/base/rule.h"
#include "lib/xml/c14n.h"

#define XS_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define XS_XML_NS "http://www.w3.org/XML/1998/namespace"
#define XS_SIG_CERTS 16

struct xs_octets {
	uint8_t *data; /* owned */
	size_t len;
};

struct xs_sig {
	xmlNode *node, *signed_info; /* borrowed from the tree */
	const char *id;		     /* xml:id of Signature; NULL: none. Borrowed */
	const char *target;	     /* what the Reference names, without "#". Borrowed */
	enum xs_c14n c14n;	     /* of SignedInfo */
	enum xs_c14n target_c14n;    /* of the target: the transform, else inclusive */
	const EVP_MD *digest, *method;
	bool ecdsa;
	bool sha1; /* the digest or the method is SHA-1 */
	struct xs_octets digest_value, value;
	struct xs_octets certs[XS_SIG_CERTS]; /* DER, the signer's own first */
	size_t n_certs;
};

/**
 * Reads a Signature element; deinit also after a failure. @return 0, CC_RULE_SIG_FORM,
 * CC_RULE_SIG_METHOD, CC_RULE_SIG_KEY (no X509Certificate), CC_RULE_XML_LIMIT, -CC_ENOMEM,
 * -CC_ECRYPTO.
 */
int xs_sig_read(xmlNode *signature, struct xs_sig *out, struct cc_note *why);
void xs_sig_deinit(struct xs_sig *s);
/**
 * Verifies that key signed exactly this element, which is the one the Reference names and does not
 * hold the signature itself. sha1: whether SHA-1 is taken. @return 0, CC_RULE_SIG_FORM (it names
 * another element), CC_RULE_SIG_SHA1, CC_RULE_SIG_METHOD (another kind of key), CC_RULE_SIG_DIGEST,
 * CC_RULE_SIG_VALUE, negative error.
 */
int xs_sig_verify(const struct xs_sig *s, xmlNode *target, EVP_PKEY *key, bool sha1,
		  struct cc_note *why);

struct xs_signing {
	EVP_PKEY *key;		       /* RSA: rsa-sha256; EC: ecdsa-sha256 */
	const struct xs_octets *certs; /* DER, the signer's own first */
	size_t n_certs;
	const char *id,
		*target; /* xml:id of the Signature and of what is signed: "Sig_ref0", "ref0" */
};
/**
 * Signs one element that we wrote as text (xs_put_canonical, which knows what inherited is) and whose
 * first attribute is its xml:id; appends the Signature to out, in the layout of the Python SFA:
 * inclusive C14N, enveloped-signature, SHA-256, X509Data, no KeyValue. It has to stand where the same
 * is inherited. The text may be in out. @return 0, -CC_EINVAL, -CC_EFORMAT, -CC_ENOMEM, -CC_ELIMIT,
 * -CC_ECRYPTO.
 */
int xs_sig_write(const struct xs_signing *s, const char *text, size_t len, const char *inherited,
		 struct cc_buf *out, struct cc_note *why);
/**
 * Signs an element of any document and appends the same Signature, as a child of parent. @return as
 * xs_sig_write. After a failure the document is as it was.
 */
int xs_sig_sign(const struct xs_signing *s, xmlNode *target, xmlNode *parent, struct cc_note *why);
