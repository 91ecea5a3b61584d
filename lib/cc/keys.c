/* SPDX-License-Identifier: ISC */
#include "lib/cc/keys.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/cc/keyfile.h"
#include "lib/cc/keys_int.h"
#include "lib/cc/ossl.h"
#include "lib/cc/signer.h"

#define DAYS_MAX 36500
#define DAY 86400
/* A certificate is good a little before it was made: the clocks of a testbed differ. */
#define BACKDATE 300
#define SERIAL_OCTETS 16

int cc_keys_check_days(int days, struct cc_note *why)
{
	if (days >= 1 && days <= DAYS_MAX)
		return 0;
	return cc_note_set(why, CC_EINVAL, "validity of %d days: give 1 to %d", days, DAYS_MAX);
}

static int check_request(const struct cc_keys_request *rq, struct cc_note *why)
{
	const char *cn = rq->cn ? rq->cn : rq->name;

	if (cc_keyfile_check_name(rq->name, why) < 0)
		return -CC_EINVAL;
	if (rq->name[0] == '.')
		return cc_note_set(why, CC_EINVAL, "a key's name must not begin with a dot: %s",
				   rq->name);
	if (cc_keys_check_days(rq->days, why) < 0)
		return -CC_EINVAL;
	if (!cc_signer_name_valid((struct cc_bytes){(const uint8_t *)cn, strlen(cn)}) ||
	    strlen(cn) > ub_common_name)
		return cc_note_set(why, CC_EINVAL,
				   "common name: give 1 to %d octets without control characters",
				   ub_common_name);
	if (rq->urn &&
	    !cc_signer_urn_valid((struct cc_bytes){(const uint8_t *)rq->urn, strlen(rq->urn)}))
		return cc_note_set(why, CC_EINVAL,
				   "%s: a URN must begin with " CC_PUBLICID
				   ", have at most %d octets, no blanks",
				   rq->urn, CC_SIGNER_NAME_MAX);
	return 0;
}

static int make_folder(const char *path, mode_t mode, struct cc_note *why)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return cc_note_set(why, CC_ESYS, "cannot make folder %s: %s", path,
				   strerror(errno));
	return 0;
}

int cc_keys_make_folders(const char *dir, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *folder = cc_file_expand(dir), *private = NULL;
	int r;

	private = folder ? cc_file_join(folder, "private") : NULL;
	if (!private)
		return cc_raise(CC_ENOMEM);
	r = make_folder(folder, 0755, why);
	return r < 0 ? r : make_folder(private, 0700, why);
}

int cc_keys_check_absent(const char *dir, const char *name, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *cert = cc_keyfile_cert_path(dir, name);
	cc_cleanup(cc_freep) char *key = cc_keyfile_key_path(dir, name);

	if (!cert || !key)
		return cc_raise(CC_ENOMEM);
	for (size_t i = 0; i < 2; i++) {
		const char *path = i == 0 ? cert : key;

		if (access(path, F_OK) == 0)
			return cc_note_set(why, CC_EEXIST,
					   "%s exists: choose another name or force", path);
	}
	return 0;
}

EVP_PKEY *cc_keys_make_key(enum cc_key_kind kind)
{
	switch (kind) {
	case CC_KEY_P256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	case CC_KEY_RSA2048:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	case CC_KEY_RSA3072:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);
	}
	return NULL;
}

bool cc_keys_set_serial(X509 *cert)
{
	uint8_t octets[SERIAL_OCTETS];
	BIGNUM *bn;
	bool ok;

	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return false;
	octets[0] = (octets[0] & 0x7f) | 0x40; /* positive, and never short */
	bn = BN_bin2bn(octets, sizeof(octets), NULL);
	ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));
	BN_free(bn);
	return ok;
}

bool cc_keys_set_validity(X509 *cert, int days, const X509 *issuer)
{
	const ASN1_TIME *end = X509_get0_notAfter(issuer);
	time_t now = (time_t)cc_clock_wall();
	ASN1_TIME *own;

	if (!ASN1_TIME_set(X509_getm_notBefore(cert), now - BACKDATE) ||
	    !ASN1_TIME_set(X509_getm_notAfter(cert), now + (time_t)days * DAY))
		return false;
	own = X509_getm_notAfter(cert);
	return cert == issuer || ASN1_TIME_compare(own, end) <= 0 || X509_set1_notAfter(cert, end);
}

bool cc_keys_add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	bool ok = ext && X509_add_ext(cert, ext, -1);

	X509_EXTENSION_free(ext);
	return ok;
}

/* Not by configuration text: a comma in the URN would begin another name. */
static bool add_urn(X509 *cert, const char *urn)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *uri = ASN1_IA5STRING_new();
	bool ok = false;

	if (names && name && uri && ASN1_STRING_set(uri, urn, -1)) {
		GENERAL_NAME_set0_value(name, GEN_URI, cc_steal(&uri));
		if (sk_GENERAL_NAME_push(names, name)) {
			name = NULL;
			ok = X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;
		}
	}
	ASN1_IA5STRING_free(uri);
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	return ok;
}

static bool add_extensions(X509 *cert, X509 *issuer, EVP_PKEY *key, const char *urn)
{
	bool ca = cert == issuer;
	const char *usage = ca ? "critical,keyCertSign,cRLSign"
			    : EVP_PKEY_is_a(key, "RSA")
				    ? "critical,digitalSignature,keyEncipherment"
				    : "critical,digitalSignature,keyAgreement";
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	return cc_keys_add_extension(cert, &ctx, NID_basic_constraints,
				     ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
	       cc_keys_add_extension(cert, &ctx, NID_key_usage, usage) &&
	       cc_keys_add_extension(cert, &ctx, NID_subject_key_identifier, "hash") &&
	       cc_keys_add_extension(cert, &ctx, NID_authority_key_identifier, "keyid:always") &&
	       (!urn || add_urn(cert, urn));
}

/* issuer NULL: self-signed. */
static X509 *make_cert(const struct cc_keys_request *rq, EVP_PKEY *key, X509 *issuer,
		       EVP_PKEY *issuer_key)
{
	cc_cleanup(cc_x509_freep) X509 *cert = X509_new();
	const char *cn = rq->cn ? rq->cn : rq->name;

	if (!cert)
		return NULL;
	if (!issuer)
		issuer = cert;
	if (!X509_set_version(cert, X509_VERSION_3) || !cc_keys_set_serial(cert) ||
	    !X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, MBSTRING_UTF8,
					(const unsigned char *)cn, -1, -1, 0) ||
	    !X509_set_issuer_name(cert, X509_get_subject_name(issuer)) ||
	    !cc_keys_set_validity(cert, rq->days, issuer) || !X509_set_pubkey(cert, key) ||
	    !add_extensions(cert, issuer, key, rq->urn) ||
	    !X509_sign(cert, issuer_key, EVP_sha256()))
		return NULL;
	return cc_steal(&cert);
}

static int make_pair(const struct cc_keys_request *rq, X509 *issuer, EVP_PKEY *issuer_key,
		     struct cc_note *why)
{
	cc_cleanup(cc_pkey_freep) EVP_PKEY *key = NULL;
	cc_cleanup(cc_x509_freep) X509 *cert = NULL;
	int r;

	r = cc_keys_make_folders(rq->dir, why);
	if (r == 0 && !rq->force)
		r = cc_keys_check_absent(rq->dir, rq->name, why);
	if (r < 0)
		return r;
	key = cc_keys_make_key(rq->kind);
	cert = key ? make_cert(rq, key, issuer, issuer_key ? issuer_key : key) : NULL;
	if (!cert)
		return cc_raise_ossl();
	r = cc_keyfile_write_key(rq->dir, rq->name, key, why);
	return r < 0 ? r : cc_keyfile_write_cert(rq->dir, rq->name, cert, why);
}

int cc_keys_init_ca(const struct cc_keys_request *rq, struct cc_note *why)
{
	int r = check_request(rq, why);

	return r < 0 ? r : make_pair(rq, NULL, NULL, why);
}

int cc_keys_issue(const struct cc_keys_request *rq, const char *ca, struct cc_note *why)
{
	cc_cleanup(cc_x509_freep) X509 *issuer = NULL;
	cc_cleanup(cc_pkey_freep) EVP_PKEY *issuer_key = NULL;
	int r = check_request(rq, why);

	if (r == 0)
		r = cc_keyfile_read_ca(rq->dir, ca, &issuer, &issuer_key, why);
	return r < 0 ? r : make_pair(rq, issuer, issuer_key, why);
}

/* The key of a request that its holder signed. */
static int read_request(const char *text, EVP_PKEY **key, struct cc_note *why)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	X509_REQ *csr = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *own = csr ? X509_REQ_get0_pubkey(csr) : NULL;
	bool good = own && X509_REQ_verify(csr, own) == 1;

	if (good) {
		EVP_PKEY_up_ref(own);
		*key = own;
	}
	X509_REQ_free(csr);
	BIO_free(bio);
	ERR_clear_error();
	return good ? 0
		    : cc_note_set(why, CC_EFORMAT,
				  "this is no certificate request that its key signed");
}

static int write_pem(X509 *cert, char **pem)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	long len = bio && PEM_write_bio_X509(bio, cert) ? BIO_get_mem_data(bio, &data) : 0;

	*pem = len > 0 ? malloc((size_t)len + 1) : NULL;
	if (*pem) {
		memcpy(*pem, data, (size_t)len); /* which has no NUL behind it */
		(*pem)[len] = 0;
	}
	BIO_free(bio);
	return *pem ? 0 : cc_raise_ossl();
}

int cc_keys_sign_request(const struct cc_keys_request *rq, const char *ca, const char *csr,
			 char **pem, struct cc_note *why)
{
	cc_cleanup(cc_x509_freep) X509 *issuer = NULL, *cert = NULL;
	cc_cleanup(cc_pkey_freep) EVP_PKEY *issuer_key = NULL, *key = NULL;
	int r = check_request(rq, why);

	if (r == 0)
		r = read_request(csr, &key, why);
	if (r == 0 && !cc_key_accepted(key))
		r = cc_note_set(why, CC_EINVAL,
				"the key of the request is too weak, or of no kind "
				"that is used here");
	if (r == 0)
		r = cc_keyfile_read_ca(rq->dir, ca, &issuer, &issuer_key, why);
	if (r < 0)
		return r;
	cert = make_cert(rq, key, issuer, issuer_key);
	return cert ? write_pem(cert, pem) : cc_raise_ossl();
}

/* Everything that needs no verdict on the name: a tool shows broken certificates too. */
static int describe(X509 *cert, struct cc_keys_info *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	uint8_t hash[32];

	X509_NAME_oneline(X509_get_subject_name(cert), out->subject, sizeof(out->subject));
	X509_NAME_oneline(X509_get_issuer_name(cert), out->issuer, sizeof(out->issuer));
	cc_key_describe(X509_get0_pubkey(cert), out->key, sizeof(out->key));
	if ((size_t)serial->length * 2 < sizeof(out->serial))
		cc_hex(serial->data, (size_t)serial->length, out->serial);
	if (!X509_digest(cert, EVP_sha256(), hash, NULL))
		return cc_raise_ossl();
	cc_hex(hash, sizeof(hash), out->sha256);
	out->ca = X509_check_ca(cert) > 0;
	if (cc_asn1_seconds(X509_get0_notBefore(cert), &out->not_before) < 0 ||
	    cc_asn1_seconds(X509_get0_notAfter(cert), &out->not_after) < 0)
		return -CC_EFORMAT;
	return 0;
}

int cc_keys_show(const char *dir, const char *name, struct cc_keys_info *out, struct cc_note *why)
{
	cc_cleanup(cc_x509_freep) X509 *cert = NULL;
	cc_cleanup(cc_freep) char *key = NULL;
	int r = cc_keyfile_read_cert(dir, name, &cert, why);

	if (r < 0)
		return r;
	memset(out, 0, sizeof(*out));
	r = describe(cert, out);
	ERR_clear_error();
	if (r < 0)
		return cc_note_set(why, -r, "%s.crt in %s: a date that cannot be read", name, dir);
	if (cc_signer_read_names(cert, out->urn, out->name) != 0)
		out->urn[0] = out->name[0] = '\0'; /* it names nobody: the bus would refuse it */
	else if (out->urn[0])
		snprintf(out->name, sizeof(out->name), "%s", out->urn);
	key = cc_keyfile_key_path(dir, name);
	if (!key)
		return cc_raise(CC_ENOMEM);
	out->has_private = access(key, F_OK) == 0;
	return 0;
}
