/* SPDX-License-Identifier: ISC */
/*
 * The extensions of the GIDs that we make. Built as objects, not from text for OpenSSL's
 * configuration: there a comma in a URN begins another name.
 */
#include <openssl/x509v3.h>
#include <stdio.h>

#include "lib/trust/gid_int.h"
#include "lib/xml/ossl.h"

#define KEY_ID 20
#define UUID_PREFIX "urn:uuid:"

XS_OSSL_CLEANUP(names_freep, GENERAL_NAMES, GENERAL_NAMES_free)
XS_OSSL_CLEANUP(name_freep, GENERAL_NAME, GENERAL_NAME_free)
XS_OSSL_CLEANUP(basic_freep, BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
XS_OSSL_CLEANUP(akid_freep, AUTHORITY_KEYID, AUTHORITY_KEYID_free)
XS_OSSL_CLEANUP(octets_freep, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
XS_OSSL_CLEANUP(bits_freep, ASN1_BIT_STRING, ASN1_BIT_STRING_free)

/* SHA-1 of the key's bits: method 1 of RFC 5280 4.2.1.2, and the keyid of speaks-for. */
static ASN1_OCTET_STRING *make_key_id(const X509 *cert)
{
	cc_cleanup(octets_freep) ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	uint8_t hash[KEY_ID];

	if (!id || !X509_pubkey_digest(cert, EVP_sha1(), hash, NULL) ||
	    !ASN1_OCTET_STRING_set(id, hash, sizeof(hash)))
		return NULL;
	return cc_steal(&id);
}

static bool add_key_ids(const struct tr_draft *d)
{
	const ASN1_OCTET_STRING *theirs = NULL;
	cc_cleanup(octets_freep) ASN1_OCTET_STRING *own = make_key_id(d->cert);
	cc_cleanup(akid_freep) AUTHORITY_KEYID *akid = AUTHORITY_KEYID_new();

	if (!own || !akid)
		return false;
	if (!d->issuer)
		theirs = own;
	else
		theirs = X509_get0_subject_key_id(d->issuer->cert);
	akid->keyid = theirs ? ASN1_OCTET_STRING_dup(theirs) : make_key_id(d->issuer->cert);
	return akid->keyid &&
	       X509_add1_ext_i2d(d->cert, NID_subject_key_identifier, own, 0, 0) == 1 &&
	       X509_add1_ext_i2d(d->cert, NID_authority_key_identifier, akid, 0, 0) == 1;
}

static bool add_basic(const struct tr_draft *d)
{
	cc_cleanup(basic_freep) BASIC_CONSTRAINTS *basic = BASIC_CONSTRAINTS_new();

	if (!basic)
		return false;
	basic->ca = d->ca ? 0xff : 0;
	return X509_add1_ext_i2d(d->cert, NID_basic_constraints, basic, 1, 0) == 1;
}

static bool add_usage(const struct tr_draft *d)
{
	enum {
		DIGITAL_SIGNATURE = 0,
		KEY_ENCIPHERMENT = 2,
		KEY_AGREEMENT = 4,
		CERT_SIGN = 5,
		CRL_SIGN = 6
	};
	cc_cleanup(bits_freep) ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	/* RFC 8813: an EC key enciphers nothing */
	int use = EVP_PKEY_is_a(d->rq->key, "RSA") ? KEY_ENCIPHERMENT : KEY_AGREEMENT;
	bool ok = bits && ASN1_BIT_STRING_set_bit(bits, DIGITAL_SIGNATURE, 1);

	if (ok && d->ca)
		ok = ASN1_BIT_STRING_set_bit(bits, CERT_SIGN, 1) &&
		     ASN1_BIT_STRING_set_bit(bits, CRL_SIGN, 1);
	else if (ok)
		ok = ASN1_BIT_STRING_set_bit(bits, use, 1);
	return ok && X509_add1_ext_i2d(d->cert, NID_key_usage, bits, 1, 0) == 1;
}

static bool add_name(GENERAL_NAMES *names, int type, const char *text)
{
	cc_cleanup(name_freep) GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	if (!name || !value || !ASN1_STRING_set(value, text, -1)) {
		ASN1_IA5STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name) <= 0)
		return false;
	cc_steal(&name);
	return true;
}

static bool add_names(const struct tr_draft *d)
{
	cc_cleanup(names_freep) GENERAL_NAMES *names = GENERAL_NAMES_new();
	char uuid[sizeof(UUID_PREFIX) + TR_UUID_TEXT];

	snprintf(uuid, sizeof(uuid), UUID_PREFIX "%s", d->uuid);
	return names && add_name(names, GEN_URI, d->rq->urn) && add_name(names, GEN_URI, uuid) &&
	       (!d->rq->email || add_name(names, GEN_EMAIL, d->rq->email)) &&
	       X509_add1_ext_i2d(d->cert, NID_subject_alt_name, names, 0, 0) == 1;
}

bool tr_draft_extend(const struct tr_draft *d)
{
	return add_basic(d) && add_names(d) && add_usage(d) && add_key_ids(d);
}
