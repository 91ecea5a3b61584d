/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Why an operation was refused: the fault classes of the SFA (spec sfa 4.5), and the bus code that an
 * `error` carries beside them. An operation returns 0, one of these, or a negative error of ours.
 */
#include <stdbool.h>

#include "lib/cc/codes.h"

#define REG_FAULTS(X)                                                                              \
	X(ARGUMENT, "InvalidArgument", BAD_REQUEST)                                                \
	X(HRN, "MalformedHrn", BAD_REQUEST)                                                        \
	X(TYPE, "UnknownSfaType", BAD_REQUEST)                                                     \
	X(METHOD, "InvalidAPIMethod", UNSUPPORTED)                                                 \
	X(FORBIDDEN, "Forbidden", DENIED)                                                          \
	X(UNREADABLE, "CredentialNotVerifiable", BAD_REQUEST)                                      \
	X(REFUSED, "CredentialRefused", DENIED)                                                    \
	X(KEY, "ConnectionKeyGIDMismatch", DENIED)                                                 \
	X(RIGHTS, "InsufficientRights", DENIED)                                                    \
	X(PERMISSION, "PermissionError", DENIED)                                                   \
	X(NO_AUTHORITY, "MissingAuthority", NOT_FOUND)                                             \
	X(NO_RECORD, "RecordNotFound", NOT_FOUND)                                                  \
	X(EXISTS, "ExistingRecord", CONFLICT)                                                      \
	X(NOT_EMPTY, "NotEmpty", CONFLICT)                                                         \
	X(CHANGED, "RecordChanged", CONFLICT)                                                      \
	X(EXPIRED, "Expired", DENIED)                                                              \
	X(DB_BUSY, "DBError", BUSY)                                                                \
	X(DB_TIMEOUT, "DBError", TIMEOUT)                                                          \
	X(DB, "DBError", INTERNAL)

enum reg_fault {
	REG_OK = 0,
#define X(id, name, code) REG_##id,
	REG_FAULTS(X)
#undef X
		REG_FAULT_COUNT
};

/** Whether it says nothing of the request: the store failed, and asking again may help. */
static inline bool reg_fault_is_store(int fault)
{
	return fault == REG_DB_BUSY || fault == REG_DB_TIMEOUT || fault == REG_DB;
}
/** "ExistingRecord". Never NULL. */
const char *reg_fault_name(enum reg_fault fault);
enum cc_code reg_fault_code(enum reg_fault fault);
