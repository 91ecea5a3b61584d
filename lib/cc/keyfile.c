/* SPDX-License-Identifier: ISC */
#include "lib/cc/keyfile.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/cc/ossl.h"

#define KEY_FILE_MAX (64u << 10)

int cc_keyfile_check_name(const char *name, struct cc_note *why)
{
	if (*name && !strchr(name, '/'))
		return 0;
	return cc_note_set(why, CC_EINVAL,
			   "\"%s\" is no name of a key: give the file's name in the key store "
			   "without folder and without ending",
			   name);
}

static char *file_path(const char *dir, const char *folder, const char *name, const char *suffix)
{
	cc_cleanup(cc_freep) char *expanded = cc_file_expand(dir), *file = NULL;

	if (!expanded || asprintf(&file, "%s%s%s", folder, name, suffix) < 0) {
		file = NULL; /* undefined after a failed asprintf */
		return NULL;
	}
	return cc_file_join(expanded, file);
}

char *cc_keyfile_cert_path(const char *dir, const char *name)
{
	return file_path(dir, "", name, ".crt");
}

char *cc_keyfile_crl_path(const char *dir, const char *name)
{
	return file_path(dir, "", name, ".crl");
}

char *cc_keyfile_key_path(const char *dir, const char *name)
{
	return file_path(dir, "private/", name, ".key");
}

/* No passphrase: a daemon has nobody to ask, and OpenSSL's own default would ask the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	return -1;
}

static int put_cert(struct cc_buf *chain, X509 *cert)
{
	int len = i2d_X509(cert, NULL);
	uint8_t *p;

	if (len < 0)
		return cc_raise_ossl();
	p = cc_buf_reserve(chain, (size_t)len);
	if (!p)
		return chain->err;
	i2d_X509(cert, &p);
	*p = 0; /* a cc_buf always has room for it */
	chain->len += (size_t)len;
	return 0;
}

/* The certificates from here to the end of the file. */
static int read_chain(BIO *bio, const char *path, struct cc_buf *chain, struct cc_note *why)
{
	unsigned long end;
	X509 *cert;

	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL))) {
		int r = put_cert(chain, cert);

		X509_free(cert);
		if (r == -CC_ELIMIT)
			return cc_note_set(why, CC_ELIMIT,
					   "%s holds more certificates than a message may carry, "
					   "%u octets",
					   path, CC_CERT_MAX);
		if (r < 0)
			return r;
	}
	end = ERR_peek_last_error();
	ERR_clear_error();
	if (ERR_GET_LIB(end) == ERR_LIB_PEM && ERR_GET_REASON(end) == PEM_R_NO_START_LINE)
		return 0;
	return cc_note_set(why, CC_EFORMAT, "%s: what stands behind its first certificate is none",
			   path);
}

static int read_cert(const char *path, X509 **out, struct cc_buf *chain, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	cc_cleanup(cc_bio_freep) BIO *bio = NULL;
	cc_cleanup(cc_x509_freep) X509 *cert = NULL;
	size_t len;
	int r = cc_file_read(path, KEY_FILE_MAX, &text, &len, why);

	if (r < 0)
		return r;
	bio = cc_bio_borrow((struct cc_bytes){(uint8_t *)text, len});
	if (!bio)
		return cc_raise_ossl();
	cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	ERR_clear_error();
	if (!cert)
		return cc_note_set(why, CC_EFORMAT, "%s is no PEM certificate", path);
	r = chain ? read_chain(bio, path, chain, why) : 0;
	if (r == 0)
		*out = cc_steal(&cert);
	return r;
}

int cc_keyfile_read_cert(const char *dir, const char *name, X509 **out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = NULL;
	int r = cc_keyfile_check_name(name, why);

	if (r < 0)
		return r;
	path = cc_keyfile_cert_path(dir, name);
	return path ? read_cert(path, out, NULL, why) : cc_raise(CC_ENOMEM);
}

char *cc_keyfile_curve_path(const char *dir, const char *name)
{
	return file_path(dir, "", name, ".curve");
}

char *cc_keyfile_curve_secret_path(const char *dir, const char *name)
{
	return file_path(dir, "private/", name, ".curve");
}

/* A key that others read is bad practice; one that they write is theirs, not ours. */
int cc_keyfile_check_mode(const char *path, struct cc_note *why)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return cc_note_set(why, errno == ENOENT ? CC_ENOTFOUND : CC_ESYS, "%s: %s", path,
				   strerror(errno));
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return cc_note_set(
			why, CC_EDENIED,
			"%s may be written by others than its owner: chmod 600 it, after "
			"making sure that it is still your key",
			path);
	if (st.st_mode & (S_IRGRP | S_IROTH))
		cc_warn("%s may be read by others than its owner: chmod 600 it", path);
	return 0;
}

static int parse_key(const char *path, struct cc_bytes text, EVP_PKEY **out, struct cc_note *why)
{
	cc_cleanup(cc_bio_freep) BIO *bio = cc_bio_borrow(text);

	if (!bio)
		return cc_raise_ossl();
	*out = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	ERR_clear_error();
	return *out ? 0
		    : cc_note_set(why, CC_EFORMAT, "%s is no PEM private key without passphrase",
				  path);
}

static int read_key(const char *path, EVP_PKEY **out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	size_t len;
	int r = cc_keyfile_check_mode(path, why);

	if (r == 0)
		r = cc_file_read(path, KEY_FILE_MAX, &text, &len, why);
	if (r < 0)
		return r;
	r = parse_key(path, (struct cc_bytes){(uint8_t *)text, len}, out, why);
	OPENSSL_cleanse(text, len);
	return r;
}

int cc_keyfile_read_key(const char *dir, const char *name, EVP_PKEY **out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = NULL;
	int r = cc_keyfile_check_name(name, why);

	if (r < 0)
		return r;
	path = cc_keyfile_key_path(dir, name);
	return path ? read_key(path, out, why) : cc_raise(CC_ENOMEM);
}

int cc_keyfile_open_pair(const char *cert_path, const char *key_path, X509 **cert, EVP_PKEY **key,
			 struct cc_buf *chain, struct cc_note *why)
{
	cc_cleanup(cc_pkey_freep) EVP_PKEY *own = NULL;
	cc_cleanup(cc_x509_freep) X509 *leaf = NULL;
	int r = read_cert(cert_path, &leaf, chain, why);

	if (r == 0)
		r = read_key(key_path, &own, why);
	if (r < 0)
		return r;
	if (!X509_check_private_key(leaf, own)) {
		ERR_clear_error();
		return cc_note_set(why, CC_EINVAL,
				   "%s does not belong to %s: they were made at different times; "
				   "issue the certificate again",
				   key_path, cert_path);
	}
	*cert = cc_steal(&leaf);
	*key = cc_steal(&own);
	return 0;
}

int cc_keyfile_read_pair(const char *dir, const char *name, X509 **cert, EVP_PKEY **key,
			 struct cc_note *why)
{
	cc_cleanup(cc_freep) char *cert_path = NULL, *key_path = NULL;
	int r = cc_keyfile_check_name(name, why);

	if (r < 0)
		return r;
	cert_path = cc_keyfile_cert_path(dir, name);
	key_path = cc_keyfile_key_path(dir, name);
	if (!cert_path || !key_path)
		return cc_raise(CC_ENOMEM);
	return cc_keyfile_open_pair(cert_path, key_path, cert, key, NULL, why);
}

int cc_keyfile_read_ca(const char *dir, const char *name, X509 **cert, EVP_PKEY **key,
		       struct cc_note *why)
{
	cc_cleanup(cc_pkey_freep) EVP_PKEY *own = NULL;
	cc_cleanup(cc_x509_freep) X509 *ca = NULL;
	int r = cc_keyfile_read_pair(dir, name, &ca, &own, why);

	if (r < 0)
		return r;
	if (X509_check_ca(ca) != 1)
		return cc_note_set(why, CC_EINVAL, "%s is not the certificate of a CA", name);
	if (X509_cmp_current_time(X509_get0_notAfter(ca)) <= 0)
		return cc_note_set(why, CC_EINVAL, "CA %s has expired: make a new one", name);
	*cert = cc_steal(&ca);
	*key = cc_steal(&own);
	return 0;
}

/*
 * Reads CRLs to the end of the text: what is not one, and not behind the last, makes the whole file
 * bad.
 */
static bool parse_crls(BIO *bio, STACK_OF(X509_CRL) * list)
{
	unsigned long end;
	X509_CRL *crl;

	while ((crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
		if (!sk_X509_CRL_push(list, crl)) {
			X509_CRL_free(crl);
			return false;
		}
	}
	end = ERR_peek_last_error();
	ERR_clear_error();
	return ERR_GET_LIB(end) == ERR_LIB_PEM && ERR_GET_REASON(end) == PEM_R_NO_START_LINE &&
	       sk_X509_CRL_num(list) > 0;
}

int cc_keyfile_read_crls(const char *dir, const char *name, STACK_OF(X509_CRL) * *out,
			 struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = NULL, *text = NULL;
	cc_cleanup(cc_bio_freep) BIO *bio = NULL;
	STACK_OF(X509_CRL) * list;
	size_t len;
	int r = cc_keyfile_check_name(name, why);

	if (r < 0)
		return r;
	path = cc_keyfile_crl_path(dir, name);
	if (!path)
		return cc_raise(CC_ENOMEM);
	r = cc_file_read(path, CC_CRL_MAX, &text, &len, why);
	if (r < 0)
		return r;
	bio = cc_bio_borrow((struct cc_bytes){(uint8_t *)text, len});
	list = sk_X509_CRL_new_null();
	if (bio && list && parse_crls(bio, list)) {
		*out = list;
		return 0;
	}
	sk_X509_CRL_pop_free(list, X509_CRL_free);
	if (!bio || !list)
		return cc_raise_ossl();
	return cc_note_set(why, CC_EFORMAT, "%s is no file of PEM CRLs", path);
}

static int write_bio(const char *path, BIO *bio, mode_t mode, struct cc_note *why)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	if (!path)
		return cc_raise(CC_ENOMEM);
	return cc_file_write(path, text, (size_t)len, mode, true, why);
}

int cc_keyfile_write_cert(const char *dir, const char *name, X509 *cert, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_cert_path(dir, name);
	cc_cleanup(cc_bio_freep) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || !PEM_write_bio_X509(bio, cert))
		return cc_raise_ossl();
	return write_bio(path, bio, 0644, why);
}

int cc_keyfile_write_crl(const char *dir, const char *name, X509_CRL *crl, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_crl_path(dir, name);
	cc_cleanup(cc_bio_freep) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || !PEM_write_bio_X509_CRL(bio, crl))
		return cc_raise_ossl();
	return write_bio(path, bio, 0644, why);
}

int cc_keyfile_write_key(const char *dir, const char *name, EVP_PKEY *key, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_key_path(dir, name);
	cc_cleanup(cc_bio_freep) BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	int r;

	if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		return cc_raise_ossl();
	r = write_bio(path, bio, 0600, why);
	len = BIO_get_mem_data(bio, &text);
	OPENSSL_cleanse(text, (size_t)len);
	return r;
}
