/* SPDX-License-Identifier: ISC */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "lib/base/eckeys.h"
#include "lib/trust/gid_int.h"
#include "lib/xml/ossl.h"
#include "lib/xml/write.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192   /* a larger one only makes others work */
#define RSA_EXPONENT_MAX 64 /* bits */
#define HEAD_MAX 48	    /* octets of the BEGIN line of a PEM block */
#define BEGIN "-----BEGIN "

/*
 * Odd numbers, and an exponent of at most 64 bits: with 1 everybody's signature is good, and a long
 * one makes whoever verifies work.
 */
bool tr_rsa_sound(const EVP_PKEY *key)
{
	BIGNUM *n = NULL, *e = NULL;
	bool sound = EVP_PKEY_is_a(key, "RSA") &&
		     EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
		     EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(n) &&
		     BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= RSA_EXPONENT_MAX;

	BN_free(n);
	BN_free(e);
	return sound;
}

bool tr_key_good(const EVP_PKEY *key)
{
	char curve[64];
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "RSA"))
		return tr_rsa_sound(key) && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
	if (!EVP_PKEY_is_a(key, "EC") || !EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL))
		return false;
	return strcmp(curve, SN_X9_62_prime256v1) == 0 || strcmp(curve, SN_secp384r1) == 0;
}

int tr_key_new(enum tr_key_kind kind, EVP_PKEY **out)
{
	EVP_PKEY *key;

	if (kind == TR_KEY_RSA2048)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (!key)
		return xs_raise_ossl();
	*out = key;
	return 0;
}

/* No passphrase: a daemon has nobody to ask, and OpenSSL's own default would ask the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	return -1;
}

int tr_key_read(const char *pem, size_t len, EVP_PKEY **out, struct cc_note *why)
{
	cc_cleanup(xs_bio_freep) BIO *bio = NULL;
	EVP_PKEY *key;

	if (len > TR_KEY_TEXT_MAX)
		return cc_note_set(why, CC_EFORMAT, "%zu octets are no private key", len);
	if (memmem(pem, len, BEGIN "OPENSSH", strlen(BEGIN "OPENSSH")))
		return cc_note_set(
			why, CC_EFORMAT,
			"it is a key in OpenSSH's own form: ssh-keygen -p -m PEM -f FILE "
			"writes it as PEM");
	bio = BIO_new_mem_buf(pem, (int)len);
	if (!bio)
		return xs_raise_ossl();
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (!key)
		return tr_ossl_no_memory() ? cc_raise(CC_ENOMEM)
					   : cc_note_set(why, CC_EFORMAT,
							 "it is no PEM private key without "
							 "passphrase");
	*out = key;
	return 0;
}

int tr_key_write(const EVP_PKEY *key, struct cc_buf *out)
{
	cc_cleanup(xs_bio_freep) BIO *bio = BIO_new(BIO_s_mem()); /* clears what it frees */
	char *text;
	long len;

	if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		return xs_raise_ossl();
	len = BIO_get_mem_data(bio, &text);
	/* one allocation, so that growing leaves no copy behind */
	return cc_buf_put(out, text, (size_t)len);
}

static int read_spki(const uint8_t *der, size_t len, EVP_PKEY **out, struct cc_note *why)
{
	const uint8_t *p = der;
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)len);

	if (!key && tr_ossl_no_memory())
		return cc_raise(CC_ENOMEM);
	if (!key || p != der + len)
		return cc_note_set(why, CC_EFORMAT, "the public key cannot be read");
	*out = cc_steal(&key);
	return 0;
}

static int read_certificate(const uint8_t *der, size_t len, EVP_PKEY **out, struct cc_note *why)
{
	cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;
	int r = tr_gid_read_der(NULL, der, len, &g, why);

	if (r > 0)
		return -CC_EFORMAT; /* why says it */
	if (r == 0 && !EVP_PKEY_up_ref(g->key))
		return xs_raise_ossl();
	if (r == 0)
		*out = g->key;
	return r;
}

/* The signature shows that who asks has the private key; kinds that no GID takes are not tried. */
static int read_request(const uint8_t *der, size_t len, EVP_PKEY **out, struct cc_note *why)
{
	const uint8_t *p = der;
	cc_cleanup(xs_x509_req_freep) X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)len);
	EVP_PKEY *key = req ? X509_REQ_get0_pubkey(req) : NULL;
	int verdict;

	if (!key && tr_ossl_no_memory())
		return cc_raise(CC_ENOMEM);
	if (!key || p != der + len)
		return cc_note_set(why, CC_EFORMAT, "the certificate request cannot be read");
	if (!tr_key_good(key))
		return cc_note_set(why, CC_EFORMAT,
				   "the certificate request is for a key that is neither RSA of "
				   "%d to %d bits nor P-256 nor P-384",
				   RSA_BITS_MIN, RSA_BITS_MAX);
	verdict = X509_REQ_verify(req, key);
	if (verdict != 1)
		return tr_ossl_no_memory() ? cc_raise(CC_ENOMEM)
					   : cc_note_set(why, CC_EFORMAT,
							 "the certificate request is not signed "
							 "with the key that it is for");
	if (!EVP_PKEY_up_ref(key))
		return xs_raise_ossl();
	*out = key;
	return 0;
}

static const struct {
	const char *label;
	int (*read)(const uint8_t *der, size_t len, EVP_PKEY **out, struct cc_note *why);
} forms[] = {
	{"PUBLIC KEY", read_spki},
	{"CERTIFICATE", read_certificate},
	{"CERTIFICATE REQUEST", read_request},
	{"NEW CERTIFICATE REQUEST", read_request},
};

static int read_form(size_t form, struct tr_span text, EVP_PKEY **out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf der = CC_BUF_INIT(TR_CERT_MAX);
	const char *label = forms[form].label;
	struct tr_span body;
	int r;

	if (!tr_pem_take(&text, label, &body))
		return cc_note_set(why, CC_EFORMAT, "the %s has no END line", label);
	r = xs_read_base64(body.at, body.len, &der);
	if (r == -CC_EFORMAT || r == -CC_ELIMIT)
		return cc_note_set(why, CC_EFORMAT, "the %s is no base64 of at most %u octets",
				   label, TR_CERT_MAX);
	if (r < 0)
		return cc_trace(r);
	if (!cc_ec_keys_plain(der.data, der.len))
		return cc_note_set(why, CC_EFORMAT,
				   "the %s holds an EC key that is not written plainly: on a named "
				   "curve, its point not compressed",
				   label);
	return forms[form].read(der.data, der.len, out, why);
}

/* The first block decides, whatever follows it. */
static int read_pem(struct tr_span text, EVP_PKEY **out, struct cc_note *why)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(forms); i++)
		if (tr_pem_at(&text, forms[i].label))
			return read_form(i, text, out, why);
	if (memmem(text.at, text.len < HEAD_MAX ? text.len : HEAD_MAX, "PRIVATE KEY", 11))
		return cc_note_set(why, CC_EFORMAT,
				   "this is a private key: keep it, and send the public one");
	return cc_note_set(why, CC_EFORMAT,
			   "this PEM block is neither PUBLIC KEY nor CERTIFICATE nor CERTIFICATE "
			   "REQUEST");
}

int tr_key_read_public(const char *text, size_t len, EVP_PKEY **out, struct cc_note *why)
{
	struct tr_span span = {text, len};
	const char *begin;

	if (len > TR_KEY_TEXT_MAX)
		return cc_note_set(why, CC_EFORMAT, "%zu octets are no public key (at most %u)",
				   len, TR_KEY_TEXT_MAX);
	begin = len > 0 ? memmem(text, len, BEGIN, strlen(BEGIN)) : NULL;
	if (!begin)
		return tr_key_read_ssh(span, out, why);
	tr_span_skip(&span, (size_t)(begin - text));
	return read_pem(span, out, why);
}
