/* SPDX-License-Identifier: ISC */
#include "lib/xml/ossl.h"

#include <openssl/err.h>

#include "lib/base/log.h"
#include "lib/xml/sig_int.h"

int xs_ossl_error(const char *file, int line)
{
	const char *where, *data;
	unsigned long code;
	int at, flags;

	while ((code = ERR_get_error_all(&where, &at, NULL, &data, &flags)) != 0)
		cc_debug("%s:%d: %s %s", where, at, ERR_reason_error_string(code),
			 flags & ERR_TXT_STRING ? data : "");
	return cc_err_raise(CC_ECRYPTO, file, line);
}

int xs_sha256(const void *data, size_t len, uint8_t out[32])
{
	const EVP_MD *md = xs_sig_md("SHA256");

	return md && EVP_Digest(data, len, out, NULL, md, NULL) == 1 ? 0 : xs_raise_ossl();
}
