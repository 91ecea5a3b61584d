/* SPDX-License-Identifier: ISC */
#pragma once
/* The inside of a signer, for this folder: signer.c makes GIDs, signer_grant.c the rest. */
#include "lib/trust/signer.h"

struct tr_signer {
	struct tr_gids chain; /* the authority's, leaf first */
	EVP_PKEY *key;	      /* OpenSSL clears it when it is freed */
};

/** Whose certificate ends first: of the chain, or best (may be NULL). */
const struct tr_gid *tr_signer_first(const struct tr_gids *chain, const struct tr_gid *best);
/** That every certificate is in force. @return 0, CC_RULE_CERT_EXPIRED, CC_RULE_CERT_NOT_YET. */
int tr_signer_check_chain(const struct tr_gids *chain, int64_t now, struct cc_note *why);
