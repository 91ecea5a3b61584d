/* SPDX-License-Identifier: ISC */
#pragma once
/* Operations that were done, and what a repetition is told. */
#include "lib/store/tx.h"

/**
 * request: as of struct st_write. @return 0 (result, which may be NULL, filled), ST_OTHER,
 * -CC_ENOTFOUND, as st_exec.
 */
int st_op_get(struct st_tx *tx, const char *signer, const char *op, const uint8_t *request,
	      struct cc_buf *result);
enum { ST_OP_RACED = ST_OTHER + 1 };
/** @return 0, ST_OP_RACED (somebody else did it just now), as st_exec. */
int st_op_put(struct st_tx *tx, const char *signer, const char *op, const uint8_t *request,
	      const struct cc_buf *result);
/** Deletes some of those that are older than ST_OP_SECONDS. @return as st_exec. */
int st_op_purge(struct st_tx *tx);
