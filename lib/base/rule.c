/* SPDX-License-Identifier: ISC */
#include "lib/base/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"

struct rule {
	const char *name, *advice;
};

#define ASK_AGAIN "ask its issuer for a new one"
#define NOT_OURS                                                                                   \
	"it was changed or made by somebody else: do not use it, get it anew from its issuer"

static const struct rule rules[CC_RULE_COUNT] = {
	[CC_RULE_XML_FORM] = {"xml-form", "send the whole document, unchanged, in UTF-8"},
	[CC_RULE_XML_PLAIN] =
		{"xml-plain",
		 "the sender's program must write plain XML: elements, attributes, text"},
	[CC_RULE_XML_LIMIT] =
		{"xml-limit", "the document is larger than any credential needs to be: " ASK_AGAIN},
	[CC_RULE_XML_ID] = {"xml-id", NOT_OURS},
	[CC_RULE_XML_ELEMENT] =
		{"xml-element",
		 "the issuer's program must write the elements of credential.xsd, in their order"},
	[CC_RULE_SIG_MISSING] = {"sig-missing", ASK_AGAIN ", with its signature"},
	[CC_RULE_SIG_FORM] = {"sig-form", NOT_OURS},
	[CC_RULE_SIG_METHOD] = {"sig-method",
				"the issuer must sign with RSA or ECDSA and SHA-2, over C14N 1.0"},
	[CC_RULE_SIG_SHA1] = {"sig-sha1", "the issuer must sign with SHA-256"},
	[CC_RULE_SIG_KEY] = {"sig-key", "the issuer must put his certificate into X509Data, first"},
	[CC_RULE_SIG_DIGEST] = {"sig-digest", NOT_OURS},
	[CC_RULE_SIG_VALUE] = {"sig-value", NOT_OURS},
	[CC_RULE_CERT_FORM] = {"cert-form", "send certificates as PEM, the holder's own first"},
	[CC_RULE_CERT_VERSION] = {"cert-version",
				  "its owner needs an X.509 v3 certificate from his authority"},
	[CC_RULE_CERT_KEY] = {"cert-key", "its owner needs a new key (RSA of 2048 bits or more, "
					  "P-256 or P-384) and a certificate for it"},
	[CC_RULE_CERT_DIGEST] = {"cert-digest", "its issuer must sign it anew with SHA-256"},
	[CC_RULE_CERT_NAME] = {"cert-name", "its owner needs a certificate with one "
					    "urn:publicid:IDN+... in its subjectAltName"},
	[CC_RULE_CERT_EXPIRED] = {"cert-expired", "its owner must renew it with his authority"},
	[CC_RULE_CERT_NOT_YET] =
		{"cert-not-yet",
		 "see that the clocks of its issuer and of this machine are right, or wait"},
	[CC_RULE_CERT_REVOKED] = {"cert-revoked",
				  "its owner must ask his authority why, and for a new one"},
	[CC_RULE_CRL_STALE] =
		{"crl-stale",
		 "the issuer must publish a new CRL, and the operator here must fetch it"},
	[CC_RULE_CHAIN_SIGNATURE] = {"chain-signature",
				     "send the certificate of its real issuer behind it"},
	[CC_RULE_CHAIN_ISSUER] = {"chain-issuer",
				  "send the certificate of its real issuer behind it"},
	[CC_RULE_CHAIN_CA] =
		{"chain-ca",
		 "only authorities issue certificates: its owner needs one from his authority"},
	[CC_RULE_CHAIN_AUTHORITY] =
		{"chain-authority",
		 "only authorities issue certificates: its owner needs one from his authority"},
	[CC_RULE_CHAIN_NAMESPACE] =
		{"chain-namespace",
		 "its owner needs a certificate from the authority that his name belongs to"},
	[CC_RULE_CHAIN_DEPTH] =
		{"chain-depth",
		 "send the certificates from the holder's own to the root, at most 8"},
	[CC_RULE_CHAIN_ROOT] = {"chain-root",
				"send all certificates up to the root; if they are there, ask the "
				"operator here whether he trusts that root"},
	[CC_RULE_ROOT_NAMESPACE] = {"root-namespace", "the operator here must allow that root this "
						      "namespace, or the owner is not who he says"},
	[CC_RULE_CRED_TYPE] = {"cred-type",
			       "send a credential of the type that the operation wants"},
	[CC_RULE_CRED_EXPIRED] =
		{"cred-expired",
		 "its owner must get a new one; a parent that expired, its delegator"},
	[CC_RULE_CRED_OWNER] = {"cred-owner", NOT_OURS},
	[CC_RULE_CRED_TARGET] = {"cred-target", NOT_OURS},
	[CC_RULE_CRED_ISSUER] = {"cred-issuer",
				 "its owner must get one from the authority of the target"},
	[CC_RULE_CRED_DEPTH] = {"cred-depth", "get a credential that was delegated fewer times"},
	[CC_RULE_DELEGATE_ALLOWED] = {"delegate-allowed",
				      "the first owner must ask for rights that may be delegated"},
	[CC_RULE_DELEGATE_RIGHTS] = {"delegate-rights",
				     "the delegator must delegate only rights that he has"},
	[CC_RULE_DELEGATE_TARGET] = {"delegate-target",
				     "the delegator must delegate the credential on this target"},
	[CC_RULE_DELEGATE_EXPIRY] =
		{"delegate-expiry",
		 "the delegator must delegate for no longer than he has the right"},
	[CC_RULE_DELEGATE_SIGNER] =
		{"delegate-signer",
		 "the owner of the parent must sign the delegation with his key"},
	[CC_RULE_RIGHTS_TYPE] = {"rights-type",
				 "get a credential on the object that the operation is about"},
	[CC_RULE_RIGHTS_OPERATION] =
		{"rights-operation", "its owner must ask for a credential with the right for this"},
	[CC_RULE_CALLER_KEY] =
		{"caller-key",
		 "use the key and certificate of the credential's owner, or have it delegated"},
	[CC_RULE_CALLER_TARGET] = {"caller-target",
				   "get a credential on the object that the operation is about"},
	[CC_RULE_SPEAKS_FORM] =
		{"speaks-form",
		 "the user's program must write a geni_abac 1.1 statement with one tail"},
	[CC_RULE_SPEAKS_USER] =
		{"speaks-user",
		 "the user who is named in geni_speaking_for must sign the statement himself"},
	[CC_RULE_SPEAKS_TOOL] = {"speaks-tool",
				 "the user must make a statement for this tool's certificate"},
	[CC_RULE_SPEAKS_EXPIRED] = {"speaks-expired", "the user must make a new statement"},
	[CC_RULE_TICKET_ISSUER] = {"ticket-issuer",
				   "ask the authority of the component for a ticket"},
	[CC_RULE_TICKET_COMPONENT] = {"ticket-component",
				      "redeem it at the component that it names"},
	[CC_RULE_TICKET_EPOCH] = {"ticket-epoch",
				  "the component lost its state since: ask for a new ticket"},
	[CC_RULE_TICKET_REDEEM] = {"ticket-redeem", "ask for a new ticket"},
	[CC_RULE_SLIVER_SIGNER] = {"sliver-signer",
				   "use the credential that the sliver's own component gave"},
	[CC_RULE_SLIVER_TARGET] = {"sliver-target", "use the credential of this sliver"},
};

const char *cc_rule_name(int rule)
{
	static _Thread_local char unknown[24];

	if (rule > 0 && rule < CC_RULE_COUNT && rules[rule].name)
		return rules[rule].name;
	snprintf(unknown, sizeof(unknown), "rule-%d", rule);
	return unknown;
}

const char *cc_rule_advice(int rule)
{
	if (rule > 0 && rule < CC_RULE_COUNT && rules[rule].advice)
		return rules[rule].advice;
	return "ask the operator";
}

int cc_refuse(struct cc_note *why, enum cc_rule rule, const char *fmt, ...)
{
	va_list args;

	if (!why)
		return rule;
	why->code = CC_EDENIED;
	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	/* what a document says must not become a line of its own in an answer or a log */
	for (char *p = why->text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return rule;
}

#ifdef CC_RULE_SWITCH
bool cc_rule_is_off(enum cc_rule rule)
{
	const char *off = getenv("CCFED_RULE_OFF");

	return off && strcmp(off, rules[rule].name) == 0;
}
#endif
