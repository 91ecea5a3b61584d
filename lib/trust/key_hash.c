/* SPDX-License-Identifier: ISC */
#include "lib/trust/gid_int.h"
#include "lib/xml/ossl.h"

int tr_key_hash(const EVP_PKEY *key, uint8_t out[TR_HASH])
{
	unsigned char *spki = NULL;
	int len = i2d_PUBKEY(key, &spki);
	int r = len > 0 ? xs_sha256(spki, (size_t)len, out) : xs_raise_ossl();

	OPENSSL_free(spki);
	return r;
}

int tr_key_text_hash(const char *text, size_t len, uint8_t out[TR_HASH], struct cc_note *why)
{
	EVP_PKEY *key = NULL;
	int r = len <= TR_KEY_TEXT_MAX ? tr_key_ssh_rsa_hash((struct tr_span){text, len}, out)
				       : TR_KEY_OTHER;

	if (r != TR_KEY_OTHER)
		return r;
	r = tr_key_read_public(text, len, &key, why);
	if (!r)
		r = tr_key_hash(key, out);
	EVP_PKEY_free(key);
	return r;
}
