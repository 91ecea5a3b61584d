/* SPDX-License-Identifier: ISC */
#include "lib/trust/gid.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/eckeys.h"
#include "lib/trust/gid_int.h"
#include "lib/xml/ossl.h"

bool tr_ossl_no_memory(void)
{
	unsigned long e;
	bool found = false;

	while ((e = ERR_get_error()) != 0)
		found = found || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
	return found;
}

struct tr_gid *tr_gid_ref(struct tr_gid *g)
{
	__atomic_add_fetch(&g->refs, 1, __ATOMIC_RELAXED);
	return g;
}

void tr_gid_unref(struct tr_gid *g)
{
	if (!g || __atomic_sub_fetch(&g->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	X509_free(g->cert);
	EVP_PKEY_free(g->key);
	free((void *)g->der);
	free((void *)g->params);
	free(g);
}

void tr_gid_unrefp(struct tr_gid **g)
{
	tr_gid_unref(*g);
	*g = NULL;
}

const char *tr_gid_label(const struct tr_gid *g)
{
	if (g->urn[0])
		return g->urn;
	if (g->hrn[0])
		return g->hrn;
	return g->cn[0] ? g->cn : "a certificate without a name";
}

bool tr_gid_same_key(const struct tr_gid *a, const struct tr_gid *b)
{
	bool same = memcmp(a->key_hash, b->key_hash, TR_HASH) == 0;

	if (!same) {
		/* one key may be written in two ways */
		same = EVP_PKEY_eq(a->key, b->key) == 1;
		ERR_clear_error();
	}
	return same;
}

static void write_hex(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = '\0';
}

static int read_octets(struct tr_gid *g, const uint8_t *der, size_t len, struct cc_note *why)
{
	const uint8_t *p = der;
	uint8_t *copy = malloc(len);

	if (!copy)
		return cc_raise(CC_ENOMEM);
	memcpy(copy, der, len);
	g->der = copy;
	g->der_len = len;
	g->cert = d2i_X509(NULL, &p, (long)len);
	if (!g->cert)
		return tr_ossl_no_memory()
			       ? cc_raise(CC_ENOMEM)
			       : cc_refuse(why, CC_RULE_CERT_FORM, "it is no X.509 certificate");
	if (!CC_RULE(CC_RULE_CERT_FORM, p == der + len))
		return cc_refuse(why, CC_RULE_CERT_FORM, "octets follow the certificate");
	return 0;
}

/*
 * OpenSSL decodes the key while it reads the certificate and says nothing when it cannot. Whether
 * memory was short then shows when it is done again.
 */
static int explain_key(const uint8_t *spki, size_t len, struct cc_note *why)
{
	EVP_PKEY *key = d2i_PUBKEY(NULL, &spki, (long)len);
	bool no_memory = key || tr_ossl_no_memory();

	EVP_PKEY_free(key);
	return no_memory ? cc_raise(CC_ENOMEM)
			 : cc_refuse(why, CC_RULE_CERT_FORM,
				     "the certificate holds a key that cannot be read");
}

static int read_key(struct tr_gid *g, struct cc_note *why)
{
	uint8_t *spki = NULL, bits[20];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(g->cert), &spki), r = 0;

	if (len <= 0 || xs_sha256(spki, (size_t)len, g->key_hash) != 0 ||
	    !X509_pubkey_digest(g->cert, EVP_sha1(), bits, NULL))
		r = xs_raise_ossl();
	g->key = r == 0 ? X509_get_pubkey(g->cert) : NULL;
	if (r == 0 && !g->key)
		r = explain_key(spki, (size_t)len, why);
	OPENSSL_free(spki);
	if (r != 0)
		return r;
	write_hex(bits, sizeof(bits), g->key_id);
	g->key_good = tr_key_good(g->key);
	g->rsa_bits = tr_rsa_sound(g->key) ? EVP_PKEY_get_bits(g->key) : 0;
	return 0;
}

static int read_seconds(const ASN1_TIME *t, int64_t *out, struct cc_note *why)
{
	struct tm tm;

	if (!t || !ASN1_TIME_to_tm(t, &tm)) {
		ERR_clear_error();
		return cc_refuse(why, CC_RULE_CERT_FORM,
				 "the certificate holds a date that cannot be read");
	}
	*out = timegm(&tm);
	return 0;
}

static enum tr_digest read_digest(X509 *cert)
{
	int digest = NID_undef;

	X509_get_signature_info(cert, &digest, NULL, NULL, NULL);
	switch (digest) {
	case NID_sha256:
	case NID_sha384:
	case NID_sha512:
		return TR_DIGEST_SHA2;
	case NID_sha1:
		return TR_DIGEST_SHA1;
	case NID_md5:
		return TR_DIGEST_MD5;
	default:
		return TR_DIGEST_OTHER;
	}
}

/* Critical ones that OpenSSL knows would have to be obeyed: constraints on names, on policies. */
static bool has_unknown_critical(const X509 *cert)
{
	for (int i = 0; i < X509_get_ext_count(cert); i++) {
		X509_EXTENSION *ext = X509_get_ext(cert, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));

		if (X509_EXTENSION_get_critical(ext) && nid != NID_basic_constraints &&
		    nid != NID_key_usage && nid != NID_ext_key_usage && nid != NID_subject_alt_name)
			return true;
	}
	return false;
}

static int read_extensions(struct tr_gid *g)
{
	long version = X509_get_version(g->cert);
	uint32_t flags;

	/* now, and not when two threads ask at once; it fails for invalid ones, too */
	X509_check_purpose(g->cert, -1, 0);
	flags = X509_get_extension_flags(g->cert);
	if (tr_ossl_no_memory())
		return cc_raise(CC_ENOMEM);
	g->version = version >= 0 && version <= 2 ? (int)version + 1 : 0;
	g->has_basic = flags & EXFLAG_BCONS;
	g->ca = X509_check_ca(g->cert) == 1;
	g->odd = flags & (EXFLAG_INVALID | EXFLAG_CRITICAL) || has_unknown_critical(g->cert);
	g->digest = read_digest(g->cert);
	return 0;
}

/* The last CN is the most specific one: names are written from the root down. */
static const ASN1_STRING *last_cn(const X509 *cert)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = -1, next;

	while ((next = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		at = next;
	return at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
}

/* Names are written to logs and terminals, which obey U+0080 to U+009F, too. */
static bool is_printable(const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] == 0x7f ||
		    (text[i] == 0xc2 && i + 1 < len && text[i + 1] < 0xa0))
			return false;
	return true;
}

static int read_cn(struct tr_gid *g, struct cc_note *why)
{
	const ASN1_STRING *value = last_cn(g->cert);
	uint8_t *utf8 = NULL;
	int len, r = 0;

	if (!value)
		return 0;
	len = ASN1_STRING_to_UTF8(&utf8, value);
	if (len < 0)
		r = tr_ossl_no_memory()
			    ? cc_raise(CC_ENOMEM)
			    : cc_refuse(why, CC_RULE_CERT_FORM, "its common name cannot be read");
	else if (!CC_RULE(CC_RULE_CERT_FORM, is_printable(utf8, (size_t)len)) || len > TR_NAME_MAX)
		r = cc_refuse(why, CC_RULE_CERT_FORM,
			      "its common name holds control characters or is longer than %d "
			      "octets",
			      TR_NAME_MAX);
	else
		memcpy(g->cn, utf8, (size_t)len);
	OPENSSL_free(utf8);
	return r;
}

static int read_all(struct tr_gid *g, const uint8_t *der, size_t len, struct cc_note *why)
{
	int r = read_octets(g, der, len, why);

	if (r == 0)
		r = read_key(g, why);
	if (r == 0)
		r = read_seconds(X509_get0_notBefore(g->cert), &g->not_before, why);
	if (r == 0)
		r = read_seconds(X509_get0_notAfter(g->cert), &g->not_after, why);
	if (r == 0)
		r = read_extensions(g);
	if (r == 0)
		r = read_cn(g, why);
	return r == 0 ? tr_gid_read_names(g) : r;
}

/*
 * Octets that it holds, measured: OpenSSL keeps the certificate several times over, some objects,
 * and up to 114 octets for each value.
 */
static size_t cost_of(const struct tr_gid *g, size_t values)
{
	return sizeof(*g) + 4096 + 6 * g->der_len + 120 * values;
}

static int read_new(const uint8_t *der, size_t len, const uint8_t hash[TR_HASH], size_t *cost,
		    struct tr_gid **out, struct cc_note *why)
{
	cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;
	size_t values = 0;
	int r;

	if (!CC_RULE(CC_RULE_CERT_FORM, tr_der_count(der, len, TR_CERT_VALUES, &values)))
		return cc_refuse(why, CC_RULE_CERT_FORM, "it is no X.509 certificate");
	if (!CC_RULE(CC_RULE_CERT_FORM, values <= TR_CERT_VALUES))
		return cc_refuse(why, CC_RULE_CERT_FORM,
				 "the certificate holds more than %d values", TR_CERT_VALUES);
	if (!cc_ec_keys_plain(der, len))
		return cc_refuse(
			why, CC_RULE_CERT_FORM,
			"the certificate holds an EC key that is not written plainly: on a "
			"named curve, its point not compressed");
	g = calloc(1, sizeof(*g));
	if (!g)
		return cc_raise(CC_ENOMEM);
	g->refs = 1;
	memcpy(g->hash, hash, TR_HASH);
	r = read_all(g, der, len, why);
	if (r != 0)
		return r;
	*cost = cost_of(g, values);
	*out = cc_steal(&g);
	return 0;
}

int tr_gid_read_der(struct tr_certs *certs, const uint8_t *der, size_t len, struct tr_gid **out,
		    struct cc_note *why)
{
	cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;
	uint8_t hash[TR_HASH];
	size_t cost = 0;
	int r;

	if (len == 0 || len > TR_CERT_MAX)
		return cc_refuse(why, CC_RULE_CERT_FORM,
				 "%zu octets are no certificate (at most %u)", len, TR_CERT_MAX);
	r = xs_sha256(der, len, hash);
	if (r < 0)
		return cc_trace(r);
	g = tr_certs_find(certs, hash);
	if (!g) {
		r = read_new(der, len, hash, &cost, &g, why);
		if (r == 0 && certs)
			r = tr_certs_add(certs, g, cost);
		if (r != 0)
			return r;
	}
	*out = cc_steal(&g);
	return 0;
}
