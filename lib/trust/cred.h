/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Credentials geni_sfa 2 and 3 (spec sfa 2.3 to 2.5, geni-am 7; architecture rules 2 to 5, 7): reading,
 * judging, issuing, delegating. What is judged is one signed document; what comes out is a grant:
 * who owns which rights on what. Whether somebody may do something with a grant is asked each time
 * (tr_grant_*), never remembered.
 */
#include "lib/trust/chain.h"
#include "lib/trust/rights.h"
#include "lib/xml/sig.h"

#define TR_CRED_DEPTH 8 /* delegations */

enum tr_cred_type { TR_CRED_PRIVILEGE = 1, TR_CRED_TICKET, TR_CRED_ABAC };

/* One <credential> element. Strings are owned by the struct tr_cred. */
struct tr_level {
	xmlNode *node;
	xmlNode *content; /* privileges, ticket or abac */
	const char *id;
	enum tr_cred_type type;
	char *serial, *owner_urn, *target_urn, *uuid; /* "" when absent or empty */
	struct tr_gids owner, target, signer;	      /* count 0: empty element (abac, slivers) */
	int64_t expires;
	struct tr_privilege *privileges;
	unsigned n_privileges;
	struct xs_sig sig;
	bool has_sig;
};

struct tr_cred {
	xmlDoc *doc;
	/* the outermost first, its <parent> next; one more than is taken, for a test of the rule */
	struct tr_level levels[TR_CRED_DEPTH + 2];
	size_t count;
	uint8_t hash[TR_HASH]; /* SHA-256 of the text */
};

/**
 * Reads any document of the form signed-credential: shape only, nothing is believed. certs may be
 * NULL. Caller frees. @return 0, a rule of XML_*, SIG_FORM, SIG_METHOD, SIG_KEY, CERT_FORM,
 * CRED_TYPE, CRED_DEPTH, negative error.
 */
int tr_cred_read(struct tr_certs *certs, const char *text, size_t len, struct tr_cred **out,
		 struct cc_note *why);
void tr_cred_free(struct tr_cred *c);
void tr_cred_freep(struct tr_cred **c);

/* What a judged credential says. Immutable, reference counted (atomic). */
struct tr_grant {
	unsigned refs;
	enum tr_cred_type type;
	enum tr_table table;
	struct tr_gid *owner;  /* who may use it */
	struct tr_gid *target; /* on whom; NULL: a sliver, by target_urn */
	struct tr_gid *issuer; /* who signed the innermost level */
	char target_urn[TR_NAME_MAX + 1];
	char target_type[64];
	struct tr_privilege *privileges; /* as written, "*" expanded */
	unsigned n_privileges;
	tr_ops ops;	     /* what they cover, cut to what the target's type allows */
	int64_t expires;     /* as written */
	int64_t from, until; /* in force: certificates, CRLs and expiry of all levels */
	unsigned delegations, n_lenders;
	/* who handed it on, the last one first; of a document of 2008: not kept */
	struct tr_gid *lenders[TR_CRED_DEPTH + 1];
	const struct tr_root *root; /* of the innermost signer; NULL: sliver */
	struct tr_roots *roots;	    /* keeps it alive */
	uint8_t hash[TR_HASH];
};
struct tr_grant *tr_grant_ref(const struct tr_grant *g);
void tr_grant_unref(const struct tr_grant *g);
void tr_grant_unrefp(struct tr_grant **g);

/**
 * Judges a privilege credential at now, from memory when these octets were judged before under
 * these roots. Also one of 2008 when the roots allow legacy. *out: a reference. @return 0, a rule,
 * negative error.
 */
int tr_cred_verify(struct tr_verifier *v, const char *text, size_t len, int64_t now,
		   struct tr_grant **out, struct cc_note *why);
/**
 * Judges a sliver credential (rule 7): one level, signed by component's own key, on a sliver whose
 * URN is sliver_urn. The owner's chain is judged by the roots; component is the GID that the
 * receiver holds of it, not one from the document. @return 0, a rule, negative error.
 */
int tr_cred_verify_sliver(struct tr_verifier *v, const char *text, size_t len, int64_t now,
			  const struct tr_gid *component, const char *sliver_urn,
			  struct tr_grant **out, struct cc_note *why);

/** The caller holds the owner's key. @return 0, CC_RULE_CALLER_KEY. */
int tr_grant_held_by(const struct tr_grant *g, const struct tr_gid *caller, struct cc_note *why);
/** It is on this principal. @return 0, CC_RULE_CALLER_TARGET. */
int tr_grant_on(const struct tr_grant *g, const char *urn, struct cc_note *why);
/**
 * Its rights cover one of the operations (names divided by ","; each is enough). @return 0,
 * CC_RULE_RIGHTS_TYPE (written, but not for this type of target), CC_RULE_RIGHTS_OPERATION.
 */
int tr_grant_covers(const struct tr_grant *g, const char *ops, struct cc_note *why);

/* ---- issuing (cred_make.c) ---- */

struct tr_cred_request {
	const struct tr_gids *owner, *target; /* target NULL: a sliver, by target_urn */
	const char *target_urn;
	const struct tr_privilege *privileges;
	unsigned n_privileges;
	int64_t expires; /* seconds since 1970 */
};
/**
 * Issues a credential; signer: chain of the key, leaf first. It judges nothing but shape: callers
 * use lib/trust/signer.h. Appends the document to out. @return 0, -CC_EINVAL, -CC_ENOMEM,
 * -CC_ECRYPTO, -CC_ELIMIT.
 */
int tr_cred_make(const struct tr_cred_request *rq, const struct tr_gids *signer, EVP_PKEY *key,
		 struct cc_buf *out, struct cc_note *why);
/**
 * Delegates a credential to another owner. key: of the parent's owner, whose GID in the parent is
 * the signer. rq->target and target_urn are the parent's; privileges NULL: the parent's delegatable
 * ones; expires 0: the parent's. Refuses what a verifier would. @return 0, CC_RULE_DELEGATE_*,
 * CC_RULE_CRED_DEPTH, a rule of tr_cred_read, negative error.
 */
int tr_cred_delegate(const char *parent, size_t len, const struct tr_cred_request *rq,
		     EVP_PKEY *key, struct cc_buf *out, struct cc_note *why);
