/* SPDX-License-Identifier: ISC */
#include "lib/store/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include "lib/base/err.h"

static void give_up(struct st_sha *s)
{
	EVP_MD_CTX_free(s->ctx);
	s->ctx = NULL;
}

void st_sha_begin(struct st_sha *s)
{
	s->ctx = EVP_MD_CTX_new();
	if (s->ctx && EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL) != 1)
		give_up(s);
}

void st_sha_put(struct st_sha *s, const void *data, size_t len)
{
	if (s->ctx && len > 0 && EVP_DigestUpdate(s->ctx, data, len) != 1)
		give_up(s);
}

int st_sha_end(struct st_sha *s, uint8_t out[ST_SHA])
{
	int good = s->ctx && EVP_DigestFinal_ex(s->ctx, out, NULL) == 1;

	give_up(s);
	if (good)
		return 0;
	ERR_clear_error();
	return cc_raise(CC_ECRYPTO);
}

int st_sha(const void *data, size_t len, uint8_t out[ST_SHA])
{
	struct st_sha s;

	st_sha_begin(&s);
	st_sha_put(&s, data, len);
	return st_sha_end(&s, out);
}

void st_hex(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = 0;
}

int st_random_hex(size_t len, char *out)
{
	uint8_t octets[32];

	if (len > sizeof(octets) || getrandom(octets, len, 0) != (ssize_t)len)
		return cc_raise(CC_ESYS);
	st_hex(octets, len, out);
	return 0;
}
