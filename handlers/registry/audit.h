/* SPDX-License-Identifier: ISC */
#pragma once
/* Lines of the audit (lib/store/audit.h): who asked what, on whose word, and what became of it. */
#include "handlers/registry/registry.h"

/**
 * Appends one line of JSON. outcome: 0, a fault, negative error. whole: with body and signature, for
 * what wrote. @return 0, -CC_ENOMEM, -CC_ELIMIT.
 */
int reg_audit_line(struct reg_call *c, int outcome, bool whole, struct cc_buf *out);
