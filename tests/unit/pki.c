/* SPDX-License-Identifier: ISC */
#include "tests/unit/pki.h"

#include <ftw.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/cc/keyfile.h"
#include "lib/cc/ossl.h"

#define DAY 86400

#define MUST(ok)                                                                                   \
	do {                                                                                       \
		if (!(ok)) {                                                                       \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #ok);                   \
			ERR_print_errors_fp(stderr);                                               \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* As keys of strangers may be written: the curve spelt out, or half of the point left out. */
static EVP_PKEY *make_odd_key(const char *encoding, const char *form)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	MUST(key &&
	     EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding) == 1 &&
	     EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
					    form) == 1);
	return key;
}

static EVP_PKEY *make_key(const char *kind)
{
	EVP_PKEY *key;

	if (strcmp(kind, "explicit") == 0)
		return make_odd_key("explicit", "uncompressed");
	if (strcmp(kind, "compressed") == 0)
		return make_odd_key("named_curve", "compressed");
	if (strncmp(kind, "RSA-", 4) == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 4));
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	MUST(key);
	return key;
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	MUST(ext && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
}

static void fill(X509 *cert, const struct pki_spec *spec, EVP_PKEY *key, X509 *issuer)
{
	static long serial = 1000;
	bool dated = spec->from != 0 || spec->until != 0;

	MUST(X509_set_version(cert, X509_VERSION_3));
	MUST(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++));
	MUST(X509_gmtime_adj(X509_getm_notBefore(cert), DAY * (dated ? spec->from : -1)));
	MUST(X509_gmtime_adj(X509_getm_notAfter(cert), DAY * (dated ? spec->until : 10)));
	if (spec->cn)
		MUST(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
						(const unsigned char *)spec->cn, -1, -1, 0));
	else
		MUST(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "O", MBSTRING_UTF8,
						(const unsigned char *)"nobody", -1, -1, 0));
	MUST(X509_set_issuer_name(cert, X509_get_subject_name(issuer)));
	MUST(X509_set_pubkey(cert, key));
	add_extension(cert, issuer, NID_subject_key_identifier, "hash");
	add_extension(cert, issuer, NID_basic_constraints,
		      spec->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	add_extension(cert, issuer, NID_key_usage, spec->usage);
	add_extension(cert, issuer, NID_ext_key_usage, spec->eku);
	add_extension(cert, issuer, NID_subject_alt_name, spec->san);
}

struct pki *pki_make(const struct pki_spec *spec, const struct pki *issuer)
{
	struct pki *p = calloc(1, sizeof(*p));

	MUST(p);
	p->key = make_key(spec->kind ? spec->kind : "P-256");
	p->cert = X509_new();
	MUST(p->cert);
	if (!issuer)
		issuer = p;
	fill(p->cert, spec, p->key, issuer->cert);
	MUST(X509_sign(p->cert, issuer->key, EVP_get_digestbyname(spec->md ? spec->md : "SHA256")));
	return p;
}

void pki_free(struct pki *p)
{
	if (!p)
		return;
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
	free(p);
}

void pki_freep(struct pki **p)
{
	pki_free(*p);
	*p = NULL;
}

char *pki_folder(void)
{
	char *dir = strdup("/tmp/ccfed-test-XXXXXX"), *private = NULL;

	MUST(dir && mkdtemp(dir));
	MUST(asprintf(&private, "%s/private", dir) > 0 && mkdir(private, 0700) == 0);
	free(private);
	return dir;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

void pki_folder_remove(char *dir)
{
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

void pki_save(const struct pki *p, const char *dir, const char *name)
{
	struct cc_note why = {0};

	MUST(cc_keyfile_write_cert(dir, name, p->cert, &why) == 0);
	MUST(cc_keyfile_write_key(dir, name, p->key, &why) == 0);
}

static void add_revoked(X509_CRL *crl, const struct pki *p)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, time(NULL));

	MUST(entry && when && X509_REVOKED_set_revocationDate(entry, when));
	MUST(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(p->cert)));
	MUST(X509_CRL_add0_revoked(crl, entry));
	ASN1_TIME_free(when);
}

static void add_delta(X509_CRL *crl)
{
	ASN1_INTEGER *base = ASN1_INTEGER_new();

	MUST(base && X509_CRL_add1_ext_i2d(crl, NID_delta_crl, base, 1, 0) == 1);
	ASN1_INTEGER_free(base);
}

static X509_CRL *make_crl(const struct pki *ca, const struct pki_crl_spec *spec)
{
	bool dated = spec->from != 0 || spec->until != 0;
	ASN1_TIME *from = X509_gmtime_adj(NULL, dated ? spec->from : -3600);
	ASN1_TIME *until = X509_gmtime_adj(NULL, dated ? spec->until : 10 * DAY);
	X509_CRL *crl = X509_CRL_new();

	MUST(crl && X509_CRL_set_version(crl, X509_CRL_VERSION_2));
	MUST(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert)));
	MUST(X509_CRL_set1_lastUpdate(crl, from));
	MUST(spec->endless || X509_CRL_set1_nextUpdate(crl, until));
	for (size_t i = 0; i < CC_ARRAY_SIZE(spec->revoked) && spec->revoked[i]; i++)
		add_revoked(crl, spec->revoked[i]);
	if (spec->delta)
		add_delta(crl);
	MUST(X509_CRL_sign(crl, spec->signer ? spec->signer->key : ca->key, EVP_sha256()));
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return crl;
}

void pki_save_crl(const struct pki *ca, const struct pki_crl_spec *spec, const char *dir,
		  const char *name, bool append)
{
	X509_CRL *crl = make_crl(ca, spec);
	char *path = cc_keyfile_crl_path(dir, name);
	FILE *f = path ? fopen(path, append ? "a" : "w") : NULL;

	MUST(f && PEM_write_X509_CRL(f, crl) == 1 && fclose(f) == 0);
	X509_CRL_free(crl);
	free(path);
}

static void parse(const char *names, struct cf_list *list)
{
	MUST(cf_list_parse(names ? names : "", list) == 0);
}

int pki_keystore(const char *dir, const struct pki_store *store, struct cc_keystore **ks,
		 struct cc_note *why)
{
	cc_cleanup(cf_list_deinit) struct cf_list verify = {0}, crl = {0}, sign = {0};
	cc_cleanup(cf_list_deinit) struct cf_list encrypt = {0}, decrypt = {0};
	struct cc_keystore_conf conf = {.dir = dir,
					.verify = &verify,
					.crl = &crl,
					.sign = &sign,
					.encrypt = &encrypt,
					.decrypt = &decrypt,
					.cipher = store->cipher};

	parse(store->verify, &verify);
	parse(store->crl, &crl);
	parse(store->sign, &sign);
	parse(store->encrypt, &encrypt);
	parse(store->decrypt, &decrypt);
	return cc_keystore_load(&conf, ks, why);
}

struct cc_cms *pki_context(const char *dir, const struct pki_store *store)
{
	struct cc_keystore *ks = NULL;
	struct cc_cms *cms = NULL;
	struct cc_note why = {0};

	if (pki_keystore(dir, store, &ks, &why) < 0)
		fprintf(stderr, "%s\n", why.text);
	MUST(ks && cc_cms_new(&cms, ks, &store->cms) == 0);
	cc_keystore_unref(ks);
	return cms;
}

CMS_ContentInfo *pki_sign(const struct pki *signer, const char *content, const char *md,
			  unsigned flags)
{
	BIO *bio = cc_bio_borrow(pki_text(content));
	CMS_ContentInfo *ci = CMS_sign(NULL, NULL, NULL, bio, CMS_PARTIAL | flags);

	MUST(ci && CMS_add1_signer(ci, signer->cert, signer->key,
				   EVP_get_digestbyname(md ? md : "SHA256"), flags));
	if (!(flags & CMS_PARTIAL))
		MUST(CMS_final(ci, bio, NULL, flags));
	BIO_free(bio);
	return ci;
}

struct cc_buf pki_der(CMS_ContentInfo *ci)
{
	struct cc_buf out = CC_BUF_INIT(0);
	int len = i2d_CMS_ContentInfo(ci, NULL);
	unsigned char *p;

	MUST(len > 0);
	p = cc_buf_reserve(&out, (size_t)len);
	MUST(p);
	out.len = (size_t)i2d_CMS_ContentInfo(ci, &p);
	CMS_ContentInfo_free(ci);
	return out;
}

X509_STORE *pki_roots(const struct pki *root)
{
	X509_STORE *store = X509_STORE_new();

	MUST(store && X509_STORE_add_cert(store, root->cert));
	return store;
}

bool pki_oracle(X509_STORE *roots, struct cc_bytes sig, struct cc_bytes content, bool detached)
{
	const unsigned char *p = sig.data;
	CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p, (long)sig.len);
	BIO *in = detached ? cc_bio_borrow(content) : NULL, *out = BIO_new(BIO_s_mem());
	unsigned flags = CMS_BINARY | (roots ? 0 : CMS_NO_SIGNER_CERT_VERIFY);
	bool ok = false;
	char *data;
	long len;

	if (ci && p == sig.data + sig.len && CMS_verify(ci, NULL, roots, in, out, flags) == 1) {
		len = BIO_get_mem_data(out, &data);
		ok = (size_t)len == content.len && memcmp(data, content.data, content.len) == 0;
	}
	BIO_free(in);
	BIO_free(out);
	CMS_ContentInfo_free(ci);
	ERR_clear_error();
	return ok;
}
