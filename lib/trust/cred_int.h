/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What credentials, tickets, sliver credentials and speaks-for statements share: judging a document
 * that was read, and drafting one that is to be signed. For this folder.
 */
#include "lib/trust/cred.h"
#include "lib/trust/verifier.h"
#include "lib/xml/doc.h"

/* ---- reading (cred_read.c, cred_level.c) ---- */

/** SHA-256 of a text of at most XS_CRED_MAX octets. @return 0, CC_RULE_XML_FORM, -CC_ECRYPTO. */
int tr_cred_hash(const char *text, size_t len, uint8_t hash[TR_HASH], struct cc_note *why);
/** tr_cred_read of a text whose hash is known. */
int tr_cred_read_hashed(struct tr_certs *certs, const char *text, size_t len,
			const uint8_t hash[TR_HASH], struct tr_cred **out, struct cc_note *why);

/**
 * Reads one <credential>, but not what is nested in its <parent>: that is left in *parent. Deinit
 * also after a failure. @return as tr_cred_read.
 */
int tr_level_read(struct tr_certs *certs, xmlNode *node, struct tr_level *l, xmlNode **parent,
		  struct cc_note *why);
void tr_level_deinit(struct tr_level *l);
/** A name that a <privilege> may have. */
bool tr_privilege_is_name(const char *name);
/** A cursor over an element without attributes. @return 0, CC_RULE_XML_ELEMENT. */
int tr_cursor_open(struct xs_cursor *c, xmlNode *node, struct cc_note *why);
/**
 * The text of an element without attributes and child elements, its outer white space cut; caller
 * frees. @return 0, CC_RULE_XML_ELEMENT, CC_RULE_XML_LIMIT, -CC_ENOMEM.
 */
int tr_text_read(xmlNode *node, size_t max, char **out, struct cc_note *why);

/* ---- judging (judge.c, judge_delegation.c, cred_verify.c) ---- */

/* A judgement under way, and how long what was judged so far holds. */
struct tr_judging {
	struct tr_verifier *v;
	int64_t now, from, until;
	struct cc_note *why;
};
void tr_judging_init(struct tr_judging *j, struct tr_verifier *v, int64_t now, struct cc_note *why);
/** What is judged does not hold before from and after until. */
void tr_judging_narrow(struct tr_judging *j, int64_t from, int64_t until);
/** It is of this type and signed. @return 0, CC_RULE_CRED_TYPE, CC_RULE_SIG_MISSING. */
int tr_judge_shape(struct tr_judging *j, const struct tr_level *l, enum tr_cred_type type);
/** rule: the one that refuses. @return 0, rule. */
int tr_judge_expiry(struct tr_judging *j, const struct tr_level *l, enum cc_rule rule);
/**
 * A GID is there, and the URN that the document writes beside it is the GID's own. whose: "owner",
 * for the refusal. @return 0, CC_RULE_CERT_FORM, rule.
 */
int tr_judge_name(struct tr_judging *j, const struct tr_gids *gids, const char *urn,
		  const char *whose, enum cc_rule rule);
/** Judges a chain. @return as tr_chain_verify. */
int tr_judge_chain(struct tr_judging *j, const struct tr_gids *gids, const char *whose,
		   struct tr_chain *out);
/**
 * The level's signer signed exactly this element. root: his; NULL: none. SHA-1 is taken under
 * foreign roots only. @return 0, SIG_*, negative error.
 */
int tr_judge_signature(struct tr_judging *j, const struct tr_level *l, const struct tr_root *root);
/** child may be what the owner of parent makes of it. @return 0, CC_RULE_DELEGATE_*, -CC_ENOMEM. */
int tr_judge_delegation(const struct tr_level *child, const struct tr_level *parent,
			struct cc_note *why);
/**
 * Judges a document that was read and whose levels must be of this type by rules 3 and 5; nothing
 * is remembered. The content of a ticket is its caller's. *out: a reference. @return as
 * tr_cred_verify.
 */
int tr_cred_judge(struct tr_verifier *v, const struct tr_cred *c, enum tr_cred_type type,
		  int64_t now, struct tr_grant **out, struct cc_note *why);

/* ---- grants (grant.c) ---- */

/**
 * The privileges of a level, those called "*" spelt out for its type of target. Caller frees.
 * @return 0, -CC_ENOMEM.
 */
int tr_privileges_expand(const struct tr_level *l, struct tr_privilege **out, unsigned *n);
/**
 * The grant of a judged document: what its outermost level says, in force as long as j found. root:
 * of the innermost signer; NULL: none. Caller unrefs. @return 0, -CC_ENOMEM.
 */
int tr_grant_new(const struct tr_judging *j, const struct tr_cred *c, const struct tr_root *root,
		 struct tr_grant **out);
/** The grant remembered of a document when it is in force at now, a reference; else NULL. */
struct tr_grant *tr_grant_recall(struct tr_verifier *v, const uint8_t hash[TR_HASH], int64_t now);
/** Remembers one that is not; what cannot be remembered is judged again next time. */
void tr_grant_remember(struct tr_verifier *v, struct tr_grant *g);

/* ---- drafting (cred_draft.c); failures stay in b->err, too ---- */

/* The head of a <credential>. */
struct tr_draft {
	const char *id, *type, *serial;	      /* serial NULL: a random number */
	const struct tr_gids *owner, *target; /* NULL: an empty element */
	const char *target_urn;		      /* used when target is NULL; NULL: empty */
	int64_t expires;
};
/** Such as a reader takes. @return 0, -CC_EINVAL. */
int tr_privileges_check(const struct tr_privilege *privileges, unsigned n, struct cc_note *why);
/** <credential> up to and with <expires>; the content is the caller's, and the end tag. Appends. */
int tr_draft_head(struct cc_buf *b, const struct tr_draft *d);
int tr_draft_privileges(struct cc_buf *b, const struct tr_privilege *privileges, unsigned n);
/** A document up to and with the <expires> of its <credential>, as the Python SFA writes it. */
int tr_draft_begin(struct cc_buf *b, const struct tr_draft *d);
/**
 * Ends and signs a document that tr_draft_begin began, with the id TR_DRAFT_ID, and that we wrote to
 * its last octet (xs_put_canonical): so it is not read again. Appends it to out. @return 0,
 * -CC_EINVAL (the key is not the signer's), -CC_ENOMEM, -CC_ECRYPTO, -CC_ELIMIT (no reader would take
 * it), what is in draft->err.
 */
#define TR_DRAFT_ID "ref0"
int tr_draft_end(struct cc_buf *draft, const struct tr_gids *signer, EVP_PKEY *key,
		 struct cc_buf *out, struct cc_note *why);
/**
 * Signs the outermost credential of draft, a whole document, in which there may be what others wrote
 * and signed; appends the document to out. @return 0, a rule of XML_*, -CC_EINVAL (the key is not the
 * signer's), -CC_ENOMEM, -CC_ECRYPTO, -CC_ELIMIT.
 */
int tr_draft_sign(const struct cc_buf *draft, const struct tr_gids *signer, EVP_PKEY *key,
		  struct cc_buf *out, struct cc_note *why);
