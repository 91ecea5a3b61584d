/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The caller that a front door speaks for (architecture section 3): in the signed body
 *
 *   caller = {certs: [base64 of DER, leaf first], listener: STRING, tls: STRING}
 *
 * Only shape and name are read here; the handler judges the chain with its own roots.
 */
#include <jansson.h>

#include "lib/base/err.h"
#include "lib/base/limits.h"

#define CC_CALLER_CERTS 16
#define CC_CALLER_UNREADABLE 5 /* beside enum cc_caller_verdict: not of this form */

/**
 * Reads the publicid URN of the leaf; "" when there is no certificate or it has no URN. @return 0,
 * CC_CALLER_UNREADABLE, -CC_ENOMEM.
 */
int cc_caller_read(const json_t *caller, char urn[CC_SIGNER_NAME_MAX + 1]);
