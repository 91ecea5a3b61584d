/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "lib/trust/gid_int.h"
#include "lib/xml/ossl.h"

#define SERIAL_OCTETS 16
#define CN_MAX 64 /* RFC 5280, ub-common-name */
#define EMAIL_MAX 254
#define YEAR_9999 253402300799 /* its last second */

XS_OSSL_CLEANUP(bn_freep, BIGNUM, BN_free)

/* ---- judging the request ---- */

static bool is_email(const char *text)
{
	const char *at = strchr(text, '@');

	if (!at || at == text || !at[1] || strchr(at + 1, '@') || strlen(text) > EMAIL_MAX)
		return false;
	for (; *text; text++)
		if (*text <= 0x20 || *text >= 0x7f || strchr("<>,;()\"\\", *text))
			return false;
	return true;
}

static int check_names(struct tr_draft *d, struct cc_note *why)
{
	const struct tr_gid_request *rq = d->rq;
	int r = tr_urn_parse_text(rq->urn, &d->name, why);

	if (r == 0)
		r = tr_urn_to_hrn(&d->name, d->hrn, d->type, why);
	if (r < 0)
		return -CC_EINVAL; /* why says it */
	if (rq->email && !is_email(rq->email))
		return cc_note_set(why, CC_EINVAL, "it is no e-mail address that a GID can hold");
	if (rq->uuid && !tr_uuid_valid(rq->uuid))
		return cc_note_set(why, CC_EINVAL, "a UUID is 8-4-4-4-12 hex digits");
	d->ca = tr_name_issues(&d->name);
	return 0;
}

/* What a verifier would refuse is not made. */
static int check_issuer(const struct tr_draft *d, struct cc_note *why)
{
	const struct tr_gid *issuer = d->issuer;

	if (!CC_RULE(CC_RULE_CHAIN_CA, issuer->ca))
		return cc_refuse(why, CC_RULE_CHAIN_CA, "%s is no CA", tr_gid_label(issuer));
	if (!CC_RULE(CC_RULE_CHAIN_AUTHORITY, tr_name_issues(&issuer->name)))
		return cc_refuse(why, CC_RULE_CHAIN_AUTHORITY, "%s is no authority",
				 tr_gid_label(issuer));
	if (!CC_RULE(CC_RULE_CHAIN_NAMESPACE, tr_name_may_issue(&issuer->name, &d->name)))
		return cc_refuse(why, CC_RULE_CHAIN_NAMESPACE, "%s is not the authority of %s",
				 tr_gid_label(issuer), d->rq->urn);
	return 0;
}

static int check_keys(struct tr_draft *d, EVP_PKEY *issuer_key, struct cc_note *why)
{
	EVP_PKEY *own = d->issuer ? d->issuer->key : d->rq->key;

	if (!CC_RULE(CC_RULE_CERT_KEY, tr_key_good(d->rq->key)))
		return cc_refuse(why, CC_RULE_CERT_KEY,
				 "the key of %s is neither RSA of 2048 to 8192 bits nor P-256 nor "
				 "P-384",
				 d->rq->urn);
	if (d->issuer && !issuer_key)
		return cc_note_set(why, CC_EINVAL, "the key of the issuer is missing");
	d->signing_key = issuer_key ? issuer_key : d->rq->key;
	if (EVP_PKEY_eq(own, d->signing_key) == 1)
		return 0;
	ERR_clear_error();
	return cc_note_set(why, CC_EINVAL, "the key is not that of %s",
			   d->issuer ? tr_gid_label(d->issuer) : d->rq->urn);
}

/* Never beyond the issuer: what it signs is worth nothing outside its own time. */
static int cut_time(struct tr_draft *d, struct cc_note *why)
{
	d->from = d->rq->not_before;
	d->until = d->rq->not_after;
	if (d->from < 0 || d->from >= d->until || d->until > YEAR_9999)
		return cc_note_set(why, CC_EINVAL, "no GID can be in force in such a time");
	if (!d->issuer)
		return 0;
	if (d->from < d->issuer->not_before)
		d->from = d->issuer->not_before;
	if (d->until > d->issuer->not_after)
		d->until = d->issuer->not_after;
	if (CC_RULE(CC_RULE_CERT_EXPIRED, d->from < d->until))
		return 0;
	return cc_refuse(why, CC_RULE_CERT_EXPIRED, "%s is not in force in that time",
			 tr_gid_label(d->issuer));
}

/* ---- making ---- */

static bool set_serial(X509 *cert)
{
	cc_cleanup(bn_freep) BIGNUM *bn = NULL;
	uint8_t octets[SERIAL_OCTETS];

	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return false;
	octets[0] = (octets[0] & 0x7f) | 0x40; /* positive, and never short */
	bn = BN_bin2bn(octets, sizeof(octets), NULL);
	return bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));
}

static bool set_subject(const struct tr_draft *d)
{
	size_t len = strlen(d->hrn);

	return X509_NAME_add_entry_by_NID(X509_get_subject_name(d->cert), NID_commonName,
					  MBSTRING_UTF8, (const unsigned char *)d->hrn,
					  (int)(len < CN_MAX ? len : CN_MAX), -1, 0) == 1;
}

/* A random one: version 4 of RFC 4122. */
static bool set_uuid(struct tr_draft *d)
{
	uint8_t o[16];

	if (d->rq->uuid) {
		snprintf(d->uuid, sizeof(d->uuid), "%s", d->rq->uuid);
		return true;
	}
	if (RAND_bytes(o, sizeof(o)) != 1)
		return false;
	o[6] = (o[6] & 0x0f) | 0x40;
	o[8] = (o[8] & 0x3f) | 0x80;
	snprintf(d->uuid, sizeof(d->uuid),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", o[0], o[1],
		 o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], o[12], o[13], o[14],
		 o[15]);
	return true;
}

static bool fill(struct tr_draft *d)
{
	const X509 *issuer = d->issuer ? d->issuer->cert : d->cert;

	return X509_set_version(d->cert, X509_VERSION_3) && set_serial(d->cert) && set_uuid(d) &&
	       set_subject(d) && X509_set_issuer_name(d->cert, X509_get_subject_name(issuer)) &&
	       ASN1_TIME_set(X509_getm_notBefore(d->cert), (time_t)d->from) &&
	       ASN1_TIME_set(X509_getm_notAfter(d->cert), (time_t)d->until) &&
	       X509_set_pubkey(d->cert, d->rq->key) && tr_draft_extend(d) &&
	       X509_sign(d->cert, d->signing_key, EVP_sha256());
}

/* Reads what was made as anybody would read it. */
static int finish(const struct tr_draft *d, struct tr_gid **out, struct cc_note *why)
{
	uint8_t *der = NULL;
	int len = i2d_X509(d->cert, &der), r;

	if (len <= 0)
		return xs_raise_ossl();
	r = tr_gid_read_der(NULL, der, (size_t)len, out, why);
	OPENSSL_free(der);
	return r;
}

int tr_gid_make(const struct tr_gid_request *rq, const struct tr_gid *issuer, EVP_PKEY *issuer_key,
		struct tr_gid **out, struct cc_note *why)
{
	struct tr_draft d = {.rq = rq, .issuer = issuer};
	cc_cleanup(xs_x509_freep) X509 *cert = NULL;
	int r = check_names(&d, why);

	if (r == 0 && issuer)
		r = check_issuer(&d, why);
	if (r == 0)
		r = check_keys(&d, issuer_key, why);
	if (r == 0)
		r = cut_time(&d, why);
	if (r != 0)
		return r;
	cert = d.cert = X509_new();
	if (!cert || !fill(&d))
		return xs_raise_ossl();
	return finish(&d, out, why);
}
