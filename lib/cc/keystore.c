/* SPDX-License-Identifier: ISC */
#include "lib/cc/keystore.h"

#include <openssl/err.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/cc/crls.h"
#include "lib/cc/der.h"
#include "lib/cc/keyfile.h"
#include "lib/cc/ossl.h"

/*
 * Digests and keys in a chain must be worth 112 bits: RSA-2048 or more, and no SHA-1 under a
 * certificate.
 */
#define CHAIN_SECURITY_LEVEL 2

struct certs {
	X509 **items;
	size_t count;
};

struct pairs {
	struct cc_key_pair *items;
	size_t count;
};

struct cc_keystore {
	unsigned refs;
	X509_STORE *roots;
	struct cc_crls crls;
	struct certs recipients;
	struct pairs sign, decrypt;
	enum cc_cipher cipher;
	bool pinned;
	uint8_t pin[32];
};

static void certs_deinit(struct certs *certs)
{
	for (size_t i = 0; i < certs->count; i++)
		X509_free(certs->items[i]);
	free(certs->items);
}

static void pairs_deinit(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		X509_free(pairs->items[i].cert);
		EVP_PKEY_free(pairs->items[i].key);
		cc_buf_deinit(&pairs->items[i].chain);
	}
	free(pairs->items);
}

static void keystore_free(struct cc_keystore *ks)
{
	X509_STORE_free(ks->roots);
	cc_crls_deinit(&ks->crls);
	certs_deinit(&ks->recipients);
	pairs_deinit(&ks->sign);
	pairs_deinit(&ks->decrypt);
	free(ks);
}

struct cc_keystore *cc_keystore_ref(const struct cc_keystore *ks)
{
	struct cc_keystore *mutable = (struct cc_keystore *)ks; /* only its count changes */

	__atomic_add_fetch(&mutable->refs, 1, __ATOMIC_RELAXED);
	return mutable;
}

void cc_keystore_unref(const struct cc_keystore *ks)
{
	struct cc_keystore *mutable = (struct cc_keystore *)ks;

	if (mutable && __atomic_sub_fetch(&mutable->refs, 1, __ATOMIC_ACQ_REL) == 0)
		keystore_free(mutable);
}

void cc_keystore_unrefp(struct cc_keystore **ks)
{
	cc_keystore_unref(*ks);
	*ks = NULL;
}

static bool any(const struct cf_list *names)
{
	return names && names->count > 0;
}

static int check_key(const X509 *cert, const char *path, struct cc_note *why)
{
	char key[64];

	if (cc_key_accepted(X509_get0_pubkey(cert)))
		return 0;
	cc_key_describe(X509_get0_pubkey(cert), key, sizeof(key));
	return cc_note_set(why, CC_EINVAL,
			   "%s has a key of kind %s: make one of P-256, P-384 or RSA with 2048 "
			   "bits or more",
			   path, key);
}

static int check_named(const X509 *cert, const char *dir, const char *name, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_cert_path(dir, name);

	return path ? check_key(cert, path, why) : cc_raise(CC_ENOMEM);
}

/* Certificates whose keys the bus reads. */
static int load_certs(struct certs *certs, const char *dir, const struct cf_list *names,
		      struct cc_note *why)
{
	int r = 0;

	if (!any(names))
		return 0;
	certs->items = calloc(names->count, sizeof(*certs->items));
	if (!certs->items)
		return cc_raise(CC_ENOMEM);
	for (size_t i = 0; r == 0 && i < names->count; i++) {
		r = cc_keyfile_read_cert(dir, names->items[i], &certs->items[i], why);
		if (r < 0)
			return r;
		certs->count++;
		/* threads share it: what OpenSSL reads out of it at first use is read now */
		X509_check_purpose(certs->items[i], -1, 0);
		r = check_named(certs->items[i], dir, names->items[i], why);
	}
	return r;
}

static int check_pair(struct cc_key_pair *pair, const char *path, struct cc_note *why)
{
	int r = check_key(pair->cert, path, why);

	if (r == 0 && (cc_asn1_seconds(X509_get0_notBefore(pair->cert), &pair->not_before) < 0 ||
		       cc_asn1_seconds(X509_get0_notAfter(pair->cert), &pair->not_after) < 0))
		r = cc_note_set(why, CC_EFORMAT, "%s: a date that cannot be read", path);
	if (r == 0 &&
	    cc_der_size((size_t)i2d_X509(pair->cert, NULL) + pair->chain.len) > CC_CERT_MAX)
		r = cc_note_set(why, CC_ELIMIT,
				"%s holds more certificates than a message may carry, %u octets",
				path, CC_CERT_MAX);
	return r;
}

static int load_pair(struct pairs *pairs, const char *cert, const char *key, bool chain,
		     struct cc_note *why)
{
	struct cc_key_pair *pair = &pairs->items[pairs->count];
	int r;

	pair->chain = (struct cc_buf)CC_BUF_INIT(CC_CERT_MAX);
	r = cc_keyfile_open_pair(cert, key, &pair->cert, &pair->key, chain ? &pair->chain : NULL,
				 why);
	if (r < 0) {
		cc_buf_deinit(&pair->chain);
		return r;
	}
	pairs->count++;
	return check_pair(pair, cert, why);
}

static int load_named(struct pairs *pairs, const char *dir, const char *name, bool chain,
		      struct cc_note *why)
{
	cc_cleanup(cc_freep) char *cert = NULL, *key = NULL;
	int r = cc_keyfile_check_name(name, why);

	if (r < 0)
		return r;
	cert = cc_keyfile_cert_path(dir, name);
	key = cc_keyfile_key_path(dir, name);
	return cert && key ? load_pair(pairs, cert, key, chain, why) : cc_raise(CC_ENOMEM);
}

static int load_pairs(struct pairs *pairs, const char *dir, const struct cf_list *names, bool chain,
		      struct cc_note *why)
{
	size_t count = any(names) ? names->count : 0;
	int r = 0;

	pairs->items = calloc(count + 1, sizeof(*pairs->items)); /* one for own_cert */
	if (!pairs->items)
		return cc_raise(CC_ENOMEM);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = load_named(pairs, dir, names->items[i], chain, why);
	return r;
}

static int fill_roots(struct cc_keystore *ks, const struct certs *cas)
{
	ks->roots = X509_STORE_new();
	if (!ks->roots)
		return cc_raise(CC_ENOMEM);
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(ks->roots), CHAIN_SECURITY_LEVEL);
	for (size_t i = 0; i < cas->count; i++)
		if (!X509_STORE_add_cert(ks->roots, cas->items[i]))
			return cc_raise_ossl();
	return 0;
}

static int load_roots(struct cc_keystore *ks, const struct cc_keystore_conf *conf,
		      struct cc_note *why)
{
	struct certs cas = {0};
	int r = load_certs(&cas, conf->dir, conf->verify, why);

	if (r == 0 && cas.count > 0)
		r = fill_roots(ks, &cas);
	if (r == 0 && cas.count > 0)
		r = cc_crls_load(&ks->crls, conf, cas.items, ks->roots, why);
	certs_deinit(&cas);
	return r;
}

static int check_conf(const struct cc_keystore_conf *conf, struct cc_note *why)
{
	if (any(conf->encrypt) && !any(conf->sign))
		return cc_note_set(why, CC_EINVAL,
				   "cms-encrypt without cms-sign: an encrypted message is signed "
				   "inside; set cms-sign");
	if (any(conf->decrypt) && !any(conf->verify))
		return cc_note_set(why, CC_EINVAL,
				   "cms-decrypt without cms-verify-ca: the signature inside could "
				   "not be checked; set cms-verify-ca");
	if (conf->pin && any(conf->verify))
		return cc_note_set(why, CC_EINVAL, "either a CA is trusted or one certificate");
	if (any(conf->crl) && !any(conf->verify))
		return cc_note_set(why, CC_EINVAL,
				   "cms-crl without cms-verify-ca: no certificate would be looked "
				   "up in it; set cms-verify-ca");
	return 0;
}

static int check_sign(const struct cc_keystore *ks, const struct cc_keystore_conf *conf,
		      struct cc_note *why)
{
	if (ks->sign.count == 0 ||
	    cc_keystore_sign_at(ks, (int64_t)cc_clock_wall()) < ks->sign.count)
		return 0;
	if (!any(conf->sign))
		return cc_note_set(why, CC_EINVAL,
				   "%s is not valid now: set the clock, or get a new one",
				   conf->own_cert);
	return cc_note_set(why, CC_EINVAL,
			   "%s.crt in %s is not valid now%s, so nobody would believe what is "
			   "signed: set the clock, or issue it again with ccfed keys issue --force",
			   conf->sign->items[0], conf->dir,
			   ks->sign.count > 1 ? ", and so are the others of cms-sign" : "");
}

static int load_all(struct cc_keystore *ks, const struct cc_keystore_conf *conf,
		    struct cc_note *why)
{
	int r = load_roots(ks, conf, why);

	if (r == 0)
		r = load_certs(&ks->recipients, conf->dir, conf->encrypt, why);
	if (r == 0)
		r = load_pairs(&ks->sign, conf->dir, conf->sign, true, why);
	if (r == 0 && conf->own_cert)
		r = load_pair(&ks->sign, conf->own_cert, conf->own_key, true, why);
	if (r == 0)
		r = check_sign(ks, conf, why);
	if (r == 0)
		r = load_pairs(&ks->decrypt, conf->dir, conf->decrypt, false, why);
	return r;
}

int cc_keystore_load(const struct cc_keystore_conf *conf, struct cc_keystore **out,
		     struct cc_note *why)
{
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	int r = check_conf(conf, why);

	if (r < 0)
		return r;
	ks = calloc(1, sizeof(*ks));
	if (!ks)
		return cc_raise(CC_ENOMEM);
	ks->refs = 1;
	ks->cipher = conf->cipher;
	ks->pinned = conf->pin != NULL;
	if (conf->pin)
		memcpy(ks->pin, conf->pin, sizeof(ks->pin));
	r = load_all(ks, conf, why);
	if (r < 0)
		return r;
	*out = cc_steal(&ks);
	return 0;
}

X509_STORE *cc_keystore_roots(const struct cc_keystore *ks)
{
	return ks->roots;
}

const struct cc_key_pair *cc_keystore_sign(const struct cc_keystore *ks, size_t i)
{
	return i < ks->sign.count ? &ks->sign.items[i] : NULL;
}

const struct cc_key_pair *cc_keystore_decrypt(const struct cc_keystore *ks, size_t i)
{
	return i < ks->decrypt.count ? &ks->decrypt.items[i] : NULL;
}

X509 *cc_keystore_recipient(const struct cc_keystore *ks, size_t i)
{
	return i < ks->recipients.count ? ks->recipients.items[i] : NULL;
}

enum cc_cipher cc_keystore_cipher(const struct cc_keystore *ks)
{
	return ks->cipher;
}

bool cc_keystore_verifies(const struct cc_keystore *ks)
{
	return ks->roots || ks->pinned;
}

const uint8_t *cc_keystore_pin(const struct cc_keystore *ks)
{
	return ks->pinned ? ks->pin : NULL;
}

size_t cc_keystore_signs(const struct cc_keystore *ks)
{
	return ks->sign.count;
}

size_t cc_keystore_decrypts(const struct cc_keystore *ks)
{
	return ks->decrypt.count;
}

size_t cc_keystore_encrypts(const struct cc_keystore *ks)
{
	return ks->recipients.count;
}

size_t cc_keystore_sign_at(const struct cc_keystore *ks, int64_t now)
{
	size_t i = 0;

	/* OpenSSL takes a certificate as expired at its last second */
	while (i < ks->sign.count &&
	       (now < ks->sign.items[i].not_before || now >= ks->sign.items[i].not_after))
		i++;
	return i;
}

int64_t cc_keystore_crl_until(const struct cc_keystore *ks, const X509 *ca)
{
	const struct cc_crl *crl;

	if (ks->crls.count == 0)
		return INT64_MAX;
	crl = cc_crls_find(&ks->crls, ca);
	return crl ? crl->until : 0;
}
