/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The one numbered list of errors, and the idiom around it.
 *
 * A function returns 0, a positive outcome that its header documents, or a negative number: the
 * negative of one of these codes. `return cc_raise(CC_ENOMEM)` where an unexpected failure starts,
 * `return cc_trace(r)` where it passes through: both leave a file:line chain in the debug log. A
 * peer's bad input is returned plain (`return -CC_EFORMAT`), so that a stranger cannot fill the
 * log.
 */
#include <stddef.h>

enum cc_err {
	CC_ENOMEM = 1, /* no memory */
	CC_EINVAL,     /* the caller's argument is wrong: our bug or the operator's */
	CC_EFORMAT,    /* bytes from outside that are not what they should be */
	CC_ELIMIT,     /* a hard limit (lib/base/limits.h) or a configured bound */
	CC_EDENIED,    /* not allowed, or not decided */
	CC_ENOTFOUND,  /* no such thing */
	CC_EEXIST,     /* exists already */
	CC_EBUSY,      /* a bounded queue is full */
	CC_ETIMEOUT,   /* a deadline passed */
	CC_ESYS,       /* the system refused: errno was logged or is in the note */
	CC_ECRYPTO,    /* OpenSSL refused: its error queue was drained into the log */
	CC_EINTERNAL,  /* cannot happen */
	CC_ERR_COUNT
};

/** Text of an error, either sign. Never NULL. */
const char *cc_err_text(int err);

/** What a remote user or an operator must understand of a failure; never key material. */
struct cc_note {
	int code; /* enum cc_err, positive; 0: nothing noted */
	char text[256];
};

/** Fills why (may be NULL; long text is cut) and returns -code. */
int cc_note_set(struct cc_note *why, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int cc_err_raise(int code, const char *file, int line);
int cc_err_trace(int r, const char *file, int line);

/** Starts an error chain: logs at debug, returns -code. */
#define cc_raise(code) cc_err_raise((code), __FILE__, __LINE__)
/** Passes r on; when it is negative, adds this place to the chain. */
#define cc_trace(r) cc_err_trace((r), __FILE__, __LINE__)
