/* SPDX-License-Identifier: ISC */
#include "lib/cc/signer.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/cc/ossl.h"

const struct cc_signer *cc_signer_ref(const struct cc_signer *s)
{
	__atomic_add_fetch(&((struct cc_signer *)s)->refs, 1, __ATOMIC_RELAXED);
	return s;
}

void cc_signer_unref(const struct cc_signer *s)
{
	struct cc_signer *mutable = (struct cc_signer *)s; /* only its count changes */

	if (mutable && __atomic_sub_fetch(&mutable->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(mutable);
}

bool cc_signer_valid_at(const struct cc_signer *s, int64_t now)
{
	/* OpenSSL takes a certificate as expired at its last second, unlike RFC 5280: be no milder than it */
	return s->not_before <= now && now < s->not_after;
}

bool cc_signer_name_valid(struct cc_bytes name)
{
	if (name.len == 0 || name.len > CC_SIGNER_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] < 0x20 || name.data[i] == 0x7f)
			return false;
		/* U+0080 to U+009F: terminals obey these, too */
		if (i > 0 && name.data[i - 1] == 0xc2 && name.data[i] < 0xa0)
			return false;
	}
	return true;
}

bool cc_signer_urn_valid(struct cc_bytes urn)
{
	size_t prefix = strlen(CC_PUBLICID);

	if (urn.len <= prefix || urn.len > CC_SIGNER_NAME_MAX ||
	    memcmp(urn.data, CC_PUBLICID, prefix) != 0)
		return false;
	for (size_t i = prefix; i < urn.len; i++)
		if (urn.data[i] <= 0x20 || urn.data[i] >= 0x7f)
			return false;
	return true;
}

static void copy_name(char out[CC_SIGNER_NAME_MAX + 1], struct cc_bytes name)
{
	memcpy(out, name.data, name.len);
	out[name.len] = '\0';
}

static int add_urn(struct cc_bytes uri, char urn[CC_SIGNER_NAME_MAX + 1])
{
	if (uri.len < strlen(CC_PUBLICID) ||
	    memcmp(uri.data, CC_PUBLICID, strlen(CC_PUBLICID)) != 0)
		return 0;
	if (!cc_signer_urn_valid(uri))
		return CC_CMS_NAME;
	if (urn[0] && (strlen(urn) != uri.len || memcmp(urn, uri.data, uri.len) != 0))
		return CC_CMS_NAME;
	copy_name(urn, uri);
	return 0;
}

static int read_urn(const X509 *cert, char urn[CC_SIGNER_NAME_MAX + 1])
{
	int critical, r = 0;
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);

	urn[0] = '\0';
	if (!names)
		return critical == -1 ? 0
				      : CC_CMS_NAME; /* -1: no SAN; else unreadable or several */
	for (int i = 0; r == 0 && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_URI)
			r = add_urn(
				(struct cc_bytes){name->d.ia5->data, (size_t)name->d.ia5->length},
				urn);
	}
	GENERAL_NAMES_free(names);
	return r;
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

static int read_cn(const X509 *cert, char cn[CC_SIGNER_NAME_MAX + 1])
{
	const ASN1_STRING *value = last_cn(cert);
	unsigned char *utf8 = NULL;
	struct cc_bytes name;
	int len, r = CC_CMS_NAME;

	cn[0] = '\0';
	if (!value)
		return 0;
	len = ASN1_STRING_to_UTF8(&utf8, value);
	name = (struct cc_bytes){utf8, len > 0 ? (size_t)len : 0};
	if (cc_signer_name_valid(name)) {
		copy_name(cn, name);
		r = 0;
	}
	OPENSSL_free(utf8);
	return r;
}

int cc_signer_read_names(const X509 *cert, char urn[CC_SIGNER_NAME_MAX + 1],
			 char cn[CC_SIGNER_NAME_MAX + 1])
{
	int r = read_urn(cert, urn);

	if (r == 0)
		r = read_cn(cert, cn);
	if (r == 0 && !urn[0] && !cn[0])
		r = CC_CMS_NAME;
	ERR_clear_error();
	return r;
}

static int narrow_validity(struct cc_signer *s, const X509 *cert)
{
	int64_t begin, end;

	if (cc_asn1_seconds(X509_get0_notBefore(cert), &begin) < 0 ||
	    cc_asn1_seconds(X509_get0_notAfter(cert), &end) < 0)
		return CC_CMS_EXPIRED;
	if (begin > s->not_before)
		s->not_before = begin;
	if (end < s->not_after)
		s->not_after = end;
	return 0;
}

static int set_validity(struct cc_signer *s, const X509 *cert, const STACK_OF(X509) * chain,
			int64_t until)
{
	int r;

	s->not_before = INT64_MIN;
	s->not_after = until;
	r = narrow_validity(s, cert);
	for (int i = 0; r == 0 && i < sk_X509_num(chain); i++)
		r = narrow_validity(s, sk_X509_value(chain, i));
	return r;
}

/* Two serials must not look the same, so a longer one than RFC 5280 allows is not cut but refused. */
static int set_serial(struct cc_signer *s, const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	size_t len = (size_t)serial->length;

	if (len * 2 >= sizeof(s->serial))
		return CC_CMS_NAME;
	cc_hex(serial->data, len, s->serial);
	return 0;
}

static int set_names(struct cc_signer *s, const X509 *cert)
{
	char urn[CC_SIGNER_NAME_MAX + 1];
	int r = cc_signer_read_names(cert, urn, s->cn);

	if (r != 0)
		return r;
	s->has_urn = urn[0] != '\0';
	snprintf(s->name, sizeof(s->name), "%s", urn[0] ? urn : s->cn);
	return set_serial(s, cert);
}

/*
 * DER of the signer's certificate, then of the message's others. out NULL: nothing is written.
 * @return the octets; -1.
 */
static long write_certs(X509 *cert, const STACK_OF(X509) * certs, unsigned char *out)
{
	unsigned char **p = out ? &out : NULL;
	long len = i2d_X509(cert, p);

	for (int i = 0; len >= 0 && i < sk_X509_num(certs); i++) {
		X509 *other = sk_X509_value(certs, i);
		int n = X509_cmp(other, cert) == 0 ? 0 : i2d_X509(other, p);

		len = n < 0 ? -1 : len + n;
	}
	return len;
}

int cc_signer_new(X509 *cert, const STACK_OF(X509) * certs, const STACK_OF(X509) * chain,
		  int64_t until, const struct cc_signer **out)
{
	long len = write_certs(cert, certs, NULL);
	struct cc_signer *s;
	int r;

	if (len < 0)
		return cc_raise_ossl();
	s = calloc(1, sizeof(*s) + (size_t)len);
	if (!s)
		return cc_raise(CC_ENOMEM);
	s->refs = 1;
	s->cls = chain ? CC_CLASS_BUS : CC_CLASS_GID;
	s->certs_len = (size_t)len;
	s->cert_len = (size_t)i2d_X509(cert, NULL);
	write_certs(cert, certs, s->certs);
	r = X509_digest(cert, EVP_sha256(), s->cert_sha256, NULL) ? 0 : cc_raise_ossl();
	if (r == 0)
		r = set_names(s, cert);
	if (r == 0)
		r = set_validity(s, cert, chain, until);
	if (r != 0) {
		free(s);
		return r;
	}
	*out = s;
	return 0;
}
