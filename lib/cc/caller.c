/* SPDX-License-Identifier: ISC */
#include "lib/cc/caller.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "lib/base/eckeys.h"
#include "lib/cc/ossl.h"
#include "lib/cc/signer.h"

static bool is_short_text(const json_t *v)
{
	return !v || (json_is_string(v) && json_string_length(v) <= 128);
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Octets of padding; -1: no base64. OpenSSL would take white space and padding anywhere, others not. */
static int padding(const json_t *text)
{
	const char *t = json_string_value(text);
	size_t len = t ? json_string_length(text) : 0, n = t ? strspn(t, base64) : 0;

	if (len == 0 || len % 4 != 0 || len - n > 2 || strspn(t + n, "=") != len - n)
		return -1;
	return (int)(len - n);
}

/* Sizes first: nothing is decoded that is too large. */
static bool well_formed(const json_t *caller, const json_t *certs)
{
	size_t i, total = 0;
	const json_t *c;

	if (!json_is_object(caller) || !json_is_array(certs) ||
	    json_array_size(certs) > CC_CALLER_CERTS)
		return false;
	json_array_foreach(certs, i, c)
	{
		total += json_string_length(c) / 4 * 3;
		if (total > CC_CERT_MAX || (padding(c) < 0 && !CC_SEEDED_BUG(i == 2)))
			return false;
	}
	return is_short_text(json_object_get(caller, "listener")) &&
	       is_short_text(json_object_get(caller, "tls"));
}

/* The certificate and nothing else. @return 0, CC_CALLER_UNREADABLE, -CC_ENOMEM. */
static int decode(const json_t *text, X509 **out)
{
	size_t len = json_string_length(text);
	cc_cleanup(cc_freep) unsigned char *der = malloc(len);
	cc_cleanup(cc_x509_freep) X509 *cert = NULL;
	const unsigned char *p = der;
	int n;

	if (!der)
		return cc_raise(CC_ENOMEM);
	n = EVP_DecodeBlock(der, (const unsigned char *)json_string_value(text), (int)len);
	n -= padding(text);
	if (n <= 0 || !cc_ec_keys_plain(der, (size_t)n))
		return CC_CALLER_UNREADABLE;
	cert = d2i_X509(NULL, &p, n);
	if (!cert || p != der + n)
		return CC_CALLER_UNREADABLE;
	*out = cc_steal(&cert);
	return 0;
}

int cc_caller_read(const json_t *caller, char urn[CC_SIGNER_NAME_MAX + 1])
{
	const json_t *certs = json_object_get(caller, "certs");
	cc_cleanup(cc_x509_freep) X509 *leaf = NULL;
	char cn[CC_SIGNER_NAME_MAX + 1];
	int r;

	urn[0] = '\0';
	if (!well_formed(caller, certs))
		return CC_CALLER_UNREADABLE;
	if (json_array_size(certs) == 0)
		return 0;
	r = decode(json_array_get(certs, 0), &leaf);
	if (r == 0 && cc_signer_read_names(leaf, urn, cn) != 0)
		r = CC_CALLER_UNREADABLE;
	if (r != 0)
		urn[0] = '\0';
	ERR_clear_error();
	return r;
}
