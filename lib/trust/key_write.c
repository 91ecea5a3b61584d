/* SPDX-License-Identifier: ISC */
/* What a principal gives away of its key: the public half, and the request for a certificate. */
#include <openssl/pem.h>
#include <string.h>

#include "lib/trust/gid_int.h"
#include "lib/xml/ossl.h"

#define CN_MAX 64 /* characters, X.520 */

static int put_bio(BIO *bio, struct cc_buf *out)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	return cc_buf_put(out, text, (size_t)len);
}

int tr_key_write_public(const EVP_PKEY *key, struct cc_buf *out)
{
	cc_cleanup(xs_bio_freep) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || !PEM_write_bio_PUBKEY(bio, (EVP_PKEY *)key))
		return xs_raise_ossl();
	return put_bio(bio, out);
}

int tr_key_write_request(EVP_PKEY *key, const char *cn, struct cc_buf *out)
{
	cc_cleanup(xs_x509_req_freep) X509_REQ *req = X509_REQ_new();
	cc_cleanup(xs_bio_freep) BIO *bio = BIO_new(BIO_s_mem());
	size_t len = strlen(cn);

	if (!req || !bio || !X509_REQ_set_version(req, X509_REQ_VERSION_1) ||
	    X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(req), NID_commonName,
				       MBSTRING_UTF8, (const unsigned char *)cn,
				       (int)(len < CN_MAX ? len : CN_MAX), -1, 0) != 1 ||
	    !X509_REQ_set_pubkey(req, key) || !X509_REQ_sign(req, key, EVP_sha256()) ||
	    !PEM_write_bio_X509_REQ(bio, req))
		return xs_raise_ossl();
	return put_bio(bio, out);
}
