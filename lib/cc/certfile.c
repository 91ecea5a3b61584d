/* SPDX-License-Identifier: ISC */
#include "lib/cc/certfile.h"

#include <jansson.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/cc/caller.h"
#include "lib/cc/ossl.h"
#include "lib/cc/signer.h"

#define CERT_FILE_MAX (64u << 10)

static void certs_freep(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
	*certs = NULL;
}

static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	return -1; /* OpenSSL would ask the terminal */
}

static int parse(BIO *bio, STACK_OF(X509) * certs, const char *path, struct cc_note *why)
{
	unsigned long end;
	X509 *cert;

	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL))) {
		if (sk_X509_num(certs) == CC_CERTFILE_CERTS) {
			X509_free(cert);
			return cc_note_set(why, CC_ELIMIT, "%s holds more than %d certificates",
					   path, CC_CERTFILE_CERTS);
		}
		if (!sk_X509_push(certs, cert)) {
			X509_free(cert);
			return cc_raise_ossl();
		}
	}
	end = ERR_peek_last_error();
	ERR_clear_error();
	if (sk_X509_num(certs) > 0 && ERR_GET_LIB(end) == ERR_LIB_PEM &&
	    ERR_GET_REASON(end) == PEM_R_NO_START_LINE)
		return 0;
	return cc_note_set(why, CC_EFORMAT, "%s is no file of PEM certificates", path);
}

static int read_certs(const char *path, STACK_OF(X509) * *out, struct cc_note *why)
{
	cc_cleanup(certs_freep) STACK_OF(X509) *certs = sk_X509_new_null();
	cc_cleanup(cc_freep) char *expanded = cc_file_expand(path), *text = NULL;
	cc_cleanup(cc_bio_freep) BIO *bio = NULL;
	size_t len;
	int r;

	if (!certs || !expanded)
		return cc_raise(CC_ENOMEM);
	r = cc_file_read(expanded, CERT_FILE_MAX, &text, &len, why);
	if (r < 0)
		return r;
	bio = cc_bio_borrow((struct cc_bytes){(uint8_t *)text, len});
	if (!bio)
		return cc_raise_ossl();
	r = parse(bio, certs, path, why);
	if (r == 0)
		*out = cc_steal(&certs);
	return r;
}

int cc_certfile_signer(const struct cc_keystore *ks, const char *path, const struct cc_signer **out,
		       struct cc_note *why)
{
	cc_cleanup(certs_freep) STACK_OF(X509) *certs = NULL;
	int r = read_certs(path, &certs, why);

	if (r < 0)
		return r;
	r = cc_signer_from_cert(ks, sk_X509_value(certs, 0), certs, CC_CMS_ALLOW_GID, out);
	ERR_clear_error();
	return r < 0 ? cc_note_set(why, -r, "%s: %s", path, cc_err_text(r)) : r;
}

/* DER in base64, as it stands in a body. NULL: no memory. */
static json_t *encode(X509 *cert)
{
	unsigned char *der = NULL, *text;
	int len = i2d_X509(cert, &der);
	json_t *out = NULL;

	if (len <= 0)
		return NULL;
	text = malloc((size_t)len / 3 * 4 + 5);
	if (text)
		out = json_stringn((char *)text, (size_t)EVP_EncodeBlock(text, der, len));
	free(text);
	OPENSSL_free(der);
	return out;
}

int cc_certfile_caller(const char *path, char urn[CC_SIGNER_NAME_MAX + 1], struct cc_note *why)
{
	cc_cleanup(certs_freep) STACK_OF(X509) *certs = NULL;
	json_t *list = json_array(), *caller = json_pack("{s:o}", "certs", list);
	int r = caller ? read_certs(path, &certs, why) : cc_raise(CC_ENOMEM);

	for (int i = 0; r == 0 && i < sk_X509_num(certs); i++)
		if (json_array_append_new(list, encode(sk_X509_value(certs, i))) != 0)
			r = cc_raise(CC_ENOMEM);
	if (r == 0)
		r = cc_caller_read(caller, urn);
	json_decref(caller);
	ERR_clear_error();
	return r;
}
