/* SPDX-License-Identifier: ISC */
#include "lib/cc/ossl.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/log.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192 /* a larger one only makes others work */

int cc_ossl_error(const char *file, int line)
{
	const char *where, *data;
	unsigned long code;
	int at, flags;

	while ((code = ERR_get_error_all(&where, &at, NULL, &data, &flags)) != 0)
		cc_debug("%s:%d: %s %s", where, at, ERR_reason_error_string(code),
			 flags & ERR_TXT_STRING ? data : "");
	return cc_err_raise(CC_ECRYPTO, file, line);
}

#define CURVE_NAME_MAX 64

/* "P-256" for the curves of NIST, else OpenSSL's name; "" when there is none. */
static void curve_name(const EVP_PKEY *key, char out[CURVE_NAME_MAX])
{
	const char *nist;

	if (!EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, out, CURVE_NAME_MAX,
					    NULL))
		out[0] = '\0';
	nist = EC_curve_nid2nist(OBJ_txt2nid(out));
	if (nist)
		snprintf(out, CURVE_NAME_MAX, "%s", nist);
}

/*
 * An odd exponent of at most 64 bits: with 1 everybody's signature is good, and a long one makes
 * whoever verifies work.
 */
static bool rsa_accepted(const EVP_PKEY *key)
{
	BIGNUM *e = NULL;
	bool good = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) &&
		    !BN_is_one(e) && BN_num_bits(e) <= 64;

	BN_free(e);
	return good && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN &&
	       EVP_PKEY_get_bits(key) <= RSA_BITS_MAX;
}

bool cc_key_accepted(const EVP_PKEY *key)
{
	char curve[CURVE_NAME_MAX];

	if (!key)
		return false;
	if (EVP_PKEY_is_a(key, "RSA"))
		return rsa_accepted(key);
	if (!EVP_PKEY_is_a(key, "EC"))
		return false;
	curve_name(key, curve);
	return strcmp(curve, "P-256") == 0 || strcmp(curve, "P-384") == 0;
}

void cc_key_describe(const EVP_PKEY *key, char *out, size_t size)
{
	const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
	char curve[CURVE_NAME_MAX];

	if (!type) {
		snprintf(out, size, "unknown");
	} else if (EVP_PKEY_is_a(key, "EC")) {
		curve_name(key, curve);
		snprintf(out, size, "%s", curve);
	} else {
		snprintf(out, size, "%s-%d", type, EVP_PKEY_get_bits(key));
	}
}

int cc_asn1_seconds(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (!t || !ASN1_TIME_to_tm(t, &tm))
		return -CC_EFORMAT;
	*out = timegm(&tm);
	return 0;
}

void cc_hex(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = '\0';
}

BIO *cc_bio_borrow(struct cc_bytes octets)
{
	if (octets.len > INT_MAX)
		return NULL;
	/* NULL with length 0 is refused by OpenSSL, and an absent frame is just that */
	return BIO_new_mem_buf(octets.data ? octets.data : (const uint8_t *)"", (int)octets.len);
}
