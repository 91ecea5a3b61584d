/* SPDX-License-Identifier: ISC */
#include "lib/base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/log.h"

static const char *const texts[CC_ERR_COUNT] = {
	[0] = "no error",
	[CC_ENOMEM] = "no memory",
	[CC_EINVAL] = "invalid argument",
	[CC_EFORMAT] = "malformed input",
	[CC_ELIMIT] = "limit exceeded",
	[CC_EDENIED] = "denied",
	[CC_ENOTFOUND] = "not found",
	[CC_EEXIST] = "exists already",
	[CC_EBUSY] = "queue full",
	[CC_ETIMEOUT] = "deadline passed",
	[CC_ESYS] = "system error",
	[CC_ECRYPTO] = "cryptography error",
	[CC_EINTERNAL] = "internal error",
};

const char *cc_err_text(int err)
{
	/* unsigned, because INT_MIN has no positive twin */
	unsigned code = err < 0 ? 0u - (unsigned)err : (unsigned)err;

	return code < CC_ERR_COUNT ? texts[code] : "unknown error";
}

int cc_note_set(struct cc_note *why, int code, const char *fmt, ...)
{
	va_list ap;

	if (why) {
		why->code = code;
		va_start(ap, fmt);
		vsnprintf(why->text, sizeof(why->text), fmt, ap);
		va_end(ap);
	}
	return -code;
}

int cc_err_raise(int code, const char *file, int line)
{
	cc_debug("%s:%d: raised: %s", file, line, cc_err_text(code));
	return -code;
}

int cc_err_trace(int r, const char *file, int line)
{
	if (r < 0)
		cc_debug("%s:%d: passed: %s", file, line, cc_err_text(r));
	return r;
}
