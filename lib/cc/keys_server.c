/* SPDX-License-Identifier: ISC */
/* The certificate of a server of TLS, with the chain that it sends. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/url.h"
#include "lib/cc/keyfile.h"
#include "lib/cc/keys_int.h"
#include "lib/cc/ossl.h"

static int check_request(const struct cc_keys_server_request *rq, const char *name,
			 struct cc_note *why)
{
	if (cc_host_is_address(rq->host))
		return cc_note_set(why, CC_EINVAL,
				   "%.100s is an address: a host is a DNS name, addresses stand "
				   "beside it",
				   rq->host);
	if (!cc_host_is_name(rq->host) || strlen(rq->host) > ub_common_name)
		return cc_note_set(why, CC_EINVAL, "\"%.100s\" is no DNS name of at most %d octets",
				   rq->host, ub_common_name);
	if (cc_host_is_local(rq->host) && !rq->allow_local_host)
		return cc_note_set(why, CC_EINVAL,
				   "%s is every host for itself: clients elsewhere want this one's "
				   "DNS name",
				   rq->host);
	if (rq->n_ips > CC_KEYS_IPS_MAX)
		return cc_note_set(why, CC_EINVAL, "at most %d addresses", CC_KEYS_IPS_MAX);
	for (size_t i = 0; i < rq->n_ips; i++)
		if (!cc_host_is_address(rq->ips[i]))
			return cc_note_set(why, CC_EINVAL, "\"%.100s\" is no address", rq->ips[i]);
	if (cc_keyfile_check_name(name, why) < 0)
		return -CC_EINVAL;
	if (name[0] == '.')
		return cc_note_set(why, CC_EINVAL, "a key's name must not begin with a dot: %s",
				   name);
	return cc_keys_check_days(rq->days, why);
}

/* value is taken. */
static bool push_name(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
	GENERAL_NAME *name = value ? GENERAL_NAME_new() : NULL;

	if (!name) {
		ASN1_STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name))
		return true;
	GENERAL_NAME_free(name);
	return false;
}

static bool push_host(GENERAL_NAMES *names, const char *host)
{
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (text && !ASN1_STRING_set(text, host, -1)) {
		ASN1_IA5STRING_free(text);
		text = NULL;
	}
	return push_name(names, GEN_DNS, text);
}

static bool add_names(X509 *cert, const struct cc_keys_server_request *rq)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	bool ok = names && push_host(names, rq->host);

	for (size_t i = 0; i < rq->n_ips && ok; i++)
		ok = push_name(names, GEN_IPADD, a2i_IPADDRESS(rq->ips[i]));
	ok = ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;
	GENERAL_NAMES_free(names);
	return ok;
}

static bool add_extensions(X509 *cert, X509 *issuer, const struct cc_keys_server_request *rq)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	return cc_keys_add_extension(cert, &ctx, NID_basic_constraints, "critical,CA:FALSE") &&
	       cc_keys_add_extension(cert, &ctx, NID_key_usage, "critical,digitalSignature") &&
	       cc_keys_add_extension(cert, &ctx, NID_ext_key_usage, "serverAuth") &&
	       cc_keys_add_extension(cert, &ctx, NID_subject_key_identifier, "hash") &&
	       cc_keys_add_extension(cert, &ctx, NID_authority_key_identifier, "keyid:always") &&
	       add_names(cert, rq);
}

/* issuer NULL: self-signed. */
static X509 *make_cert(const struct cc_keys_server_request *rq, EVP_PKEY *key, X509 *issuer,
		       EVP_PKEY *issuer_key)
{
	cc_cleanup(cc_x509_freep) X509 *cert = X509_new();

	if (!cert)
		return NULL;
	if (!issuer)
		issuer = cert;
	if (!X509_set_version(cert, X509_VERSION_3) || !cc_keys_set_serial(cert) ||
	    !X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, MBSTRING_UTF8,
					(const unsigned char *)rq->host, -1, -1, 0) ||
	    !X509_set_issuer_name(cert, X509_get_subject_name(issuer)) ||
	    !cc_keys_set_validity(cert, rq->days, issuer) || !X509_set_pubkey(cert, key) ||
	    !add_extensions(cert, issuer, rq) || !X509_sign(cert, issuer_key, EVP_sha256()))
		return NULL;
	return cc_steal(&cert);
}

/* ---- files ---- */

/* ders: certificates one behind the other. */
static bool put_chain(BIO *bio, X509 *cert, X509 *ca, const struct cc_buf *ders)
{
	const unsigned char *p = ders->data, *from;
	size_t left = ders->len;
	bool ok = PEM_write_bio_X509(bio, cert) && (!ca || PEM_write_bio_X509(bio, ca));

	while (ok && left) {
		X509 *one;

		from = p;
		one = d2i_X509(NULL, &p, (long)left);
		ok = one && PEM_write_bio_X509(bio, one);
		X509_free(one);
		left -= (size_t)(p - from);
	}
	return ok;
}

static int write_chain(const char *path, X509 *cert, X509 *ca, const struct cc_buf *ders,
		       struct cc_note *why)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	long len;
	int r;

	if (!bio || !put_chain(bio, cert, ca, ders)) {
		BIO_free(bio);
		return cc_raise_ossl();
	}
	len = BIO_get_mem_data(bio, &data);
	r = cc_file_write(path, data, (size_t)len, 0644, true, why);
	BIO_free(bio);
	return r;
}

struct issuer {
	X509 *cert; /* NULL: none */
	EVP_PKEY *key;
	struct cc_buf chain; /* behind it in its file */
};

static void issuer_deinit(struct issuer *i)
{
	X509_free(i->cert);
	EVP_PKEY_free(i->key);
	cc_buf_deinit(&i->chain);
}

/* The pair is read twice: as a CA that can issue now, and with what stands behind it. */
static int read_issuer(const char *dir, const char *ca, struct issuer *out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *cert_path = cc_keyfile_cert_path(dir, ca);
	cc_cleanup(cc_freep) char *key_path = cc_keyfile_key_path(dir, ca);
	cc_cleanup(cc_x509_freep) X509 *cert = NULL;
	cc_cleanup(cc_pkey_freep) EVP_PKEY *key = NULL;
	int r = cc_keyfile_read_ca(dir, ca, &out->cert, &out->key, why);

	if (!r && (!cert_path || !key_path))
		r = cc_raise(CC_ENOMEM);
	return r ? r : cc_keyfile_open_pair(cert_path, key_path, &cert, &key, &out->chain, why);
}

static int make_pair(const struct cc_keys_server_request *rq, const char *name,
		     const struct issuer *issuer, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_cert_path(rq->dir, name);
	cc_cleanup(cc_pkey_freep) EVP_PKEY *key = cc_keys_make_key(CC_KEY_P256);
	cc_cleanup(cc_x509_freep) X509 *cert = NULL;
	int r;

	if (!path)
		return cc_raise(CC_ENOMEM);
	if (key)
		cert = make_cert(rq, key, issuer->cert, issuer->key ? issuer->key : key);
	if (!cert)
		return cc_raise_ossl();
	r = cc_keyfile_write_key(rq->dir, name, key, why);
	return r ? r : write_chain(path, cert, issuer->cert, &issuer->chain, why);
}

int cc_keys_server_cert(const struct cc_keys_server_request *rq, struct cc_note *why)
{
	const char *name = rq->name ? rq->name : rq->host;
	cc_cleanup(issuer_deinit) struct issuer issuer = {.chain = {.max = CC_CERT_MAX}};
	int r = check_request(rq, name, why);

	if (!r && rq->ca)
		r = read_issuer(rq->dir, rq->ca, &issuer, why);
	if (!r)
		r = cc_keys_make_folders(rq->dir, why);
	if (!r && !rq->force)
		r = cc_keys_check_absent(rq->dir, name, why);
	return r ? r : make_pair(rq, name, &issuer, why);
}
