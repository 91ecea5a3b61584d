/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The numbered rules by which signed XML, certificates, credentials and tickets are refused
 * (architecture section 5, docs/trust.md). A verifier returns 0, the positive number of the rule
 * that refuses, or a negative error; so 0 is the only yes.
 *
 * To add a rule: a row here and in rule.c, a place that asks CC_RULE, and in one of
 * tests/unit/attacks-*.c a document that only this rule refuses.
 */
#include <stdbool.h>

#include "lib/base/err.h"

enum cc_rule {
	/* the document (lib/xml) */
	CC_RULE_XML_FORM = 1, /* well-formed UTF-8 XML, within the size */
	CC_RULE_XML_PLAIN,    /* no DTD, entity, comment, CDATA or processing instruction */
	CC_RULE_XML_LIMIT,    /* depth, elements, attributes, namespaces */
	CC_RULE_XML_ID,	      /* no id twice */
	CC_RULE_XML_ELEMENT,  /* only elements that belong where they stand, in order */
	/* the signature (lib/xml) */
	CC_RULE_SIG_MISSING, /* every level is signed, once */
	CC_RULE_SIG_FORM,    /* one Reference to this very element; the fixed order of children */
	CC_RULE_SIG_METHOD,  /* C14N, transforms and algorithms that we know */
	CC_RULE_SIG_SHA1,    /* SHA-1 only under foreign roots that allow it */
	CC_RULE_SIG_KEY,     /* the key is that of the first X509Certificate */
	CC_RULE_SIG_DIGEST,  /* the element has the digest that was signed */
	CC_RULE_SIG_VALUE,   /* the signature is this key's */
	/* certificates and their chain (rule 1) */
	CC_RULE_CERT_FORM,	 /* X.509 that can be read, PEM or base64 */
	CC_RULE_CERT_VERSION,	 /* version 3, known critical extensions */
	CC_RULE_CERT_KEY,	 /* RSA of 2048 bits or more, P-256, P-384 */
	CC_RULE_CERT_DIGEST,	 /* signed with SHA-2 */
	CC_RULE_CERT_NAME,	 /* exactly one name: a publicid URN */
	CC_RULE_CERT_EXPIRED,	 /* notAfter */
	CC_RULE_CERT_NOT_YET,	 /* notBefore */
	CC_RULE_CERT_REVOKED,	 /* not in its issuer's CRL */
	CC_RULE_CRL_STALE,	 /* that CRL is in force */
	CC_RULE_CHAIN_SIGNATURE, /* every certificate is signed by the next */
	CC_RULE_CHAIN_ISSUER,	 /* and names it as its issuer */
	CC_RULE_CHAIN_CA,	 /* every issuer is a CA */
	CC_RULE_CHAIN_AUTHORITY, /* and of type authority */
	CC_RULE_CHAIN_NAMESPACE, /* whose name is an authority over the subject's */
	CC_RULE_CHAIN_DEPTH,	 /* at most 8 */
	CC_RULE_CHAIN_ROOT,	 /* it ends in a trusted root */
	CC_RULE_ROOT_NAMESPACE,	 /* whose namespace covers every name */
	/* credentials and tickets (rules 3, 5) */
	CC_RULE_CRED_TYPE,	  /* a credential of the type that is wanted */
	CC_RULE_CRED_EXPIRED,	  /* unexpired at every level */
	CC_RULE_CRED_OWNER,	  /* owner_urn, where present, is the owner GID's */
	CC_RULE_CRED_TARGET,	  /* target_urn, where present, is the target GID's */
	CC_RULE_CRED_ISSUER,	  /* the signer is an authority over the target */
	CC_RULE_CRED_DEPTH,	  /* at most 8 delegations */
	CC_RULE_DELEGATE_ALLOWED, /* each right may be delegated */
	CC_RULE_DELEGATE_RIGHTS,  /* rights are a subset of the parent's */
	CC_RULE_DELEGATE_TARGET,  /* on the same target */
	CC_RULE_DELEGATE_EXPIRY,  /* not beyond the parent's end */
	CC_RULE_DELEGATE_SIGNER,  /* signed by the parent's owner */
	CC_RULE_RIGHTS_TYPE,	  /* no right that the target's type has not */
	CC_RULE_RIGHTS_OPERATION, /* the rights cover the operation */
	/* who uses it (rule 4) */
	CC_RULE_CALLER_KEY,	/* the caller holds the owner's key */
	CC_RULE_CALLER_TARGET,	/* the operation is on the credential's target */
	CC_RULE_SPEAKS_FORM,	/* a speaks-for statement of the known form, one tail */
	CC_RULE_SPEAKS_USER,	/* signed by the user it speaks for, who is the one named */
	CC_RULE_SPEAKS_TOOL,	/* naming the tool that uses it */
	CC_RULE_SPEAKS_EXPIRED, /* unexpired */
	/* tickets and slivers (section 6, rule 7) */
	CC_RULE_TICKET_ISSUER,	  /* promised by an authority over the component */
	CC_RULE_TICKET_COMPONENT, /* for this component */
	CC_RULE_TICKET_EPOCH,	  /* of this epoch */
	CC_RULE_TICKET_REDEEM,	  /* redeemed in time */
	CC_RULE_SLIVER_SIGNER,	  /* a sliver credential is signed by the sliver's component */
	CC_RULE_SLIVER_TARGET,	  /* and is for that sliver */
	CC_RULE_COUNT
};

/** "chain-namespace"; "rule-N" for a number that is none. */
const char *cc_rule_name(int rule);
/** What who should do about it: one sentence for the owner of the certificate or document. */
const char *cc_rule_advice(int rule);
/** Fills why (may be NULL) and returns rule: how a verifier refuses. */
int cc_refuse(struct cc_note *why, enum cc_rule rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * CC_RULE(rule, holds): holds, or true when a test has switched the rule off. Only builds with
 * -Drule_switch=true can (CCFED_RULE_OFF=NAME); elsewhere it is the bare condition.
 */
#ifdef CC_RULE_SWITCH
bool cc_rule_is_off(enum cc_rule rule);
#define CC_RULE(rule, holds) (cc_rule_is_off(rule) || (holds))
#else
#define CC_RULE(rule, holds) (holds)
#endif
