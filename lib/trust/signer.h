/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The only way to an authority's key: typed requests that this module judges itself (namespace,
 * type, life), so that whoever calls, and one day asks over a socket, is given no oracle.
 */
#include "lib/trust/cred.h"
#include "lib/trust/ticket.h"

#define TR_GID_DAYS_MAX 3650
#define TR_CRED_DAYS_MAX 366
#define TR_TICKET_REDEEM_MAX 86400 /* seconds */

struct tr_signer; /* opaque: the GID chain of an authority and its key */

/**
 * Opens a signer. gid: PEM chain, key: PKCS#8 PEM (cleared by the caller). @return 0, a rule
 * (CERT_FORM, CERT_NAME, CERT_KEY, CHAIN_CA, CHAIN_AUTHORITY), -CC_EINVAL (they do not belong
 * together), negative error.
 */
int tr_signer_new(const char *gid, size_t gid_len, const char *key, size_t key_len,
		  struct tr_signer **out, struct cc_note *why);
void tr_signer_free(struct tr_signer *s);
void tr_signer_freep(struct tr_signer **s);
const struct tr_gids *tr_signer_chain(const struct tr_signer *s);

/**
 * A GID below the authority. Its life begins at most a day ago, ends within TR_GID_DAYS_MAX and is
 * cut to that of the authority's chain. chain: leaf first, with the authority's behind it; caller
 * deinits. @return 0, a rule as tr_gid_make, CERT_EXPIRED, CERT_NOT_YET (of the authority),
 * CHAIN_DEPTH, -CC_EINVAL (name rules, type, life).
 */
int tr_signer_make_gid(struct tr_signer *s, const struct tr_gid_request *rq, int64_t now,
		       struct tr_gids *chain, struct cc_note *why);
/** The latest end that the requests below allow: of the certificates, or TR_CRED_DAYS_MAX. */
int64_t tr_signer_latest(const struct tr_signer *s, const struct tr_gids *owner,
			 const struct tr_gids *target, int64_t now);
/**
 * A credential on itself or on what is below it. Refuses rights that the target's type has not,
 * "*", an owner who is no principal (slice, node; but a node may own one on itself), an end beyond
 * tr_signer_latest, certificates that are not in force. @return 0, CC_RULE_CRED_ISSUER,
 * CC_RULE_RIGHTS_TYPE, CC_RULE_CRED_EXPIRED, CC_RULE_CERT_*, -CC_EINVAL, as tr_cred_make.
 */
int tr_signer_make_cred(struct tr_signer *s, const struct tr_cred_request *rq, int64_t now,
			struct cc_buf *out, struct cc_note *why);
/**
 * A ticket for a slice of anywhere, of a component below it that is a node or an authority, to be
 * redeemed within TR_TICKET_REDEEM_MAX. @return as above, CC_RULE_TICKET_ISSUER,
 * CC_RULE_TICKET_REDEEM.
 */
int tr_signer_make_ticket(struct tr_signer *s, const struct tr_ticket_request *rq, int64_t now,
			  struct cc_buf *out, struct cc_note *why);
