/* SPDX-License-Identifier: ISC */
#pragma once
/* The algorithms of the signature profile, for those who read, verify and write it. */
#include "lib/xml/doc.h"
#include "lib/xml/sig.h"

#define XS_SIG_SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define XS_SIG_RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define XS_SIG_ECDSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
#define XS_SIG_INCLUSIVE "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define XS_SIG_EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define XS_SIG_ENVELOPED XS_DSIG "enveloped-signature"

struct xs_sig_alg {
	const char *uri, *md;
	bool ecdsa;
};

/** By the URI of a SignatureMethod or a DigestMethod; NULL: not of the profile. */
const struct xs_sig_alg *xs_sig_method(const char *uri);
const struct xs_sig_alg *xs_sig_digest(const char *uri);
/** OpenSSL's digest "SHA256", fetched once in the process; NULL: OpenSSL says why. */
const EVP_MD *xs_sig_md(const char *name);

#define XS_SIG_MD_MAX 64 /* octets of the longest digest */
/** Digest of an element's canonical form. @return 0, -CC_ENOMEM, -CC_EFORMAT, -CC_ECRYPTO. */
int xs_sig_hash(xmlNode *node, enum xs_c14n form, const EVP_MD *md, uint8_t out[XS_SIG_MD_MAX]);
/** Octets of each of r and s, of which XML signatures join two, by this EC key. */
size_t xs_sig_half(const EVP_PKEY *key);

#define XS_SIG_TEXT_MAX (256u << 10) /* octets of a Signature with all its certificates */
/** Whether it can be done at all. @return 0, -CC_EINVAL. */
int xs_sig_check_signing(const struct xs_signing *s, struct cc_note *why);
/** What is to be signed has another xml:id. @return -CC_EINVAL. */
int xs_sig_refuse_id(const struct xs_signing *s, struct cc_note *why);
/**
 * Appends a Signature over what has this digest by md. inherited: what SignedInfo inherits, as C14N
 * writes it, of Signature, too. @return 0, -CC_EFORMAT, -CC_ENOMEM, -CC_ELIMIT, -CC_ECRYPTO.
 */
int xs_sig_put(struct cc_buf *b, const struct xs_signing *s, const EVP_MD *md,
	       const uint8_t *digest, const char *inherited);

/*
 * Parts of the elements of a signature. What is wrong in one is CC_RULE_SIG_FORM, so that whoever
 * reads the refusal looks at the signature.
 */
int xs_sig_refuse_form(const xmlNode *node, struct cc_note *why, const char *what);
/** No attributes but the one of this name; name NULL: but xml:id. @return 0, CC_RULE_SIG_FORM. */
int xs_sig_attributes(const xmlNode *node, const char *name, struct cc_note *why);
/** A cursor over child elements. @return 0, CC_RULE_SIG_FORM. */
int xs_sig_open(struct xs_cursor *c, xmlNode *node, struct cc_note *why);
/** The next child, which must be this element. @return 0, CC_RULE_SIG_FORM. */
int xs_sig_want(struct xs_cursor *c, const char *name, xmlNode **out, struct cc_note *why);
/** No child is left. @return 0, CC_RULE_SIG_FORM. */
int xs_sig_end(const struct xs_cursor *c, struct cc_note *why);
/**
 * The octets of an element that holds base64 and nothing else; not empty. @return 0, -CC_EFORMAT,
 * -CC_ELIMIT, -CC_ENOMEM.
 */
int xs_sig_octets(const xmlNode *node, size_t max, struct xs_octets *out);
/**
 * The next child, of this name, with its octets. @return 0, CC_RULE_SIG_FORM, CC_RULE_XML_LIMIT,
 * -CC_ENOMEM.
 */
int xs_sig_value(struct xs_cursor *c, const char *name, size_t max, struct xs_octets *out,
		 struct cc_note *why);
/** Reads out->signed_info. @return as xs_sig_read. */
int xs_sig_read_info(struct xs_sig *s, struct cc_note *why);

/*
 * What a verifier without the rules sig-key and sig-form takes instead, in builds that can switch
 * them off (sig_naive.c). @return the key, owned, or NULL: the caller's.
 */
#ifdef CC_RULE_SWITCH
EVP_PKEY *xs_sig_naive_key(const struct xs_sig *s);
xmlNode *xs_sig_naive_target(const struct xs_sig *s, xmlNode *target);
#else
static inline EVP_PKEY *xs_sig_naive_key(const struct xs_sig *s)
{
	return NULL;
}
static inline xmlNode *xs_sig_naive_target(const struct xs_sig *s, xmlNode *target)
{
	return target;
}
#endif
