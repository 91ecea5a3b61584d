/* SPDX-License-Identifier: ISC */
#pragma once
/* Lines of the audit (lib/store/audit.h): who asked what, on whose word, and what became of it. */
#include "lib/authz/authz.h"
#include "lib/base/buf.h"
#include "lib/cc/msg.h"

/* One request. Borrowed; NULL and "" are left out. */
struct az_audit {
	const char *what, *object, *outcome, *why;
	const struct az_caller *caller;
	const char *who; /* as the handler calls him */
	const struct cc_gate_result *gate;
	const struct cc_msg *msg;
	const struct tr_grant *grant; /* the credential that allowed it */
	int64_t now;		      /* seconds since 1970 */
	bool whole; /* with body and signature, for what wrote; else with the hash of the body alone */
};
/** Appends one line of JSON, without a line feed. @return 0, -CC_ENOMEM, -CC_ELIMIT. */
int az_audit_line(const struct az_audit *a, struct cc_buf *out);

#define AZ_OP_SIGNER_MAX (CC_SIGNER_NAME_MAX + 48)
/** Whose op a request's is, for the store: a front door's callers are told apart. */
void az_op_signer(const struct az_caller *c, const struct cc_gate_result *gate,
		  char out[AZ_OP_SIGNER_MAX]);
