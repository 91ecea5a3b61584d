/* SPDX-License-Identifier: ISC */
#pragma once
/* The chain of audit rows (audit.h): its hash, its end, and one row more. */
#include "lib/store/audit.h"
#include "lib/store/tx.h"

struct st_chain {
	const char *instance; /* borrowed */
	int64_t number;	      /* of the last row; 0: none yet */
	uint8_t hash[ST_HASH];
};

/** Fills everything but instance from the store. In a transaction. @return as st_exec. */
int st_chain_find(struct st_tx *tx, struct st_chain *chain);
/**
 * Writes the row after chain's; *next: the chain with it, to be taken when that is committed.
 * @return 0, -CC_EEXIST (somebody wrote on this chain since), as st_exec.
 */
int st_chain_add(struct st_tx *tx, const struct st_chain *chain, const void *entries, size_t len,
		 struct st_chain *next);
/** Follows every chain (st_audit_verify). */
int st_chain_verify(struct st_tx *tx, struct st_audit_verdict *out);
/** The hash of a row. @return 0, -CC_ECRYPTO. */
int st_chain_hash(const struct st_audit_row *row, uint8_t out[ST_HASH]);
