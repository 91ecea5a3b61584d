/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "lib/cc/cms_int.h"
#include "lib/cc/der.h"

/* 1.2.840.113549.1.n... (PKCS) */
#define PKCS_OID(len, ...)                                                                         \
	CC_DER_LITERAL(0x06, 6 + (len), 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, __VA_ARGS__)

const struct cc_bytes cc_oid_data = PKCS_OID(3, 0x01, 0x07, 0x01);
const struct cc_bytes cc_oid_signed_data = PKCS_OID(3, 0x01, 0x07, 0x02);
const struct cc_bytes cc_oid_enveloped_data = PKCS_OID(3, 0x01, 0x07, 0x03);
const struct cc_bytes cc_oid_auth_enveloped_data = PKCS_OID(5, 0x01, 0x09, 0x10, 0x01, 0x17);
const struct cc_bytes cc_oid_content_type = PKCS_OID(3, 0x01, 0x09, 0x03);
const struct cc_bytes cc_oid_message_digest = PKCS_OID(3, 0x01, 0x09, 0x04);
const struct cc_bytes cc_oid_signing_time = PKCS_OID(3, 0x01, 0x09, 0x05);
const struct cc_bytes cc_oid_smime_capabilities = PKCS_OID(3, 0x01, 0x09, 0x0f);
const struct cc_bytes cc_der_version_1 = CC_DER_LITERAL(CC_DER_INTEGER, 1, 1);
const struct cc_bytes cc_der_null = CC_DER_LITERAL(CC_DER_NULL, 0);

static bool take_econtent(struct cc_bytes encap, struct cc_bytes *econtent)
{
	*econtent = (struct cc_bytes){0};
	if (!cc_der_skip(&encap, cc_oid_data))
		return false;
	if (encap.len > 0 && !cc_der_take(&encap, CC_DER_CONTEXT_0, econtent))
		return false;
	return encap.len == 0;
}

bool cc_cms_frame_read(struct cc_bytes sig, struct cc_cms_frame *out)
{
	struct cc_bytes info, wrapped, sd, encap;
	struct cc_der version, certs = {0};

	if (!cc_der_take(&sig, CC_DER_SEQUENCE, &info) || sig.len > 0 ||
	    !cc_der_skip(&info, cc_oid_signed_data) ||
	    !cc_der_take(&info, CC_DER_CONTEXT_0, &wrapped) || info.len > 0 ||
	    !cc_der_take(&wrapped, CC_DER_SEQUENCE, &sd) || wrapped.len > 0)
		return false;
	if (!cc_der_next(&sd, &version) || !cc_der_take(&sd, CC_DER_SET, &out->digest_algs) ||
	    !cc_der_take(&sd, CC_DER_SEQUENCE, &encap) || !take_econtent(encap, &out->econtent))
		return false;
	if (cc_der_peek(sd, CC_DER_CONTEXT_0) && !cc_der_next(&sd, &certs))
		return false;
	out->version = version.whole;
	out->certs = certs.whole;
	out->rest = sd;
	return true;
}

/* An algorithm without parameters: NULL or nothing at all stand for that. */
static bool plain_algorithm(struct cc_bytes algorithm, struct cc_bytes *oid)
{
	struct cc_der d;

	if (!cc_der_next(&algorithm, &d))
		return false;
	*oid = d.whole;
	cc_der_skip(&algorithm, cc_der_null);
	return algorithm.len == 0;
}

/* One digest in the set. *whole: its AlgorithmIdentifier, which the SignerInfo must repeat octet by octet. */
static bool read_digest(struct cc_bytes set, struct cc_cms_form *form, struct cc_bytes *whole)
{
	struct cc_bytes oid;
	struct cc_der d;

	if (!cc_der_next(&set, &d) || set.len > 0 || d.tag != CC_DER_SEQUENCE ||
	    !plain_algorithm(d.body, &oid))
		return false;
	*whole = d.whole;
	form->digest = cc_digest_by_oid(oid);
	return form->digest != NULL;
}

static bool read_content(struct cc_bytes econtent, struct cc_bytes *content)
{
	*content = (struct cc_bytes){0};
	if (!econtent.data)
		return true;
	return cc_der_take(&econtent, CC_DER_OCTETS, content) && econtent.len == 0;
}

/* RFC 5754 and RFC 3370: RSA has NULL as parameters, ECDSA has none. */
static bool read_signature_algorithm(struct cc_bytes algorithm, struct cc_cms_form *form)
{
	const struct cc_digest *digest = form->digest;

	form->rsa = cc_der_skip(&algorithm, cc_oid_rsa) || cc_der_skip(&algorithm, digest->rsa_oid);
	if (!cc_der_skip(&algorithm, form->rsa ? cc_der_null : digest->ecdsa_oid))
		return false;
	return algorithm.len == 0;
}

static bool read_content_type(struct cc_bytes value, struct cc_cms_form *form)
{
	return cc_bytes_equal(value, cc_oid_data);
}

static bool read_message_digest(struct cc_bytes value, struct cc_cms_form *form)
{
	return cc_der_take(&value, CC_DER_OCTETS, &form->message_digest) && value.len == 0 &&
	       form->message_digest.len == form->digest->size;
}

/* Its value decides nothing here (messages are dated in their body), so only its form must be right. */
static bool read_signing_time(struct cc_bytes value, struct cc_cms_form *form)
{
	struct cc_der d;

	if (!cc_der_next(&value, &d) || value.len > 0)
		return false;
	if (!(d.tag == CC_DER_UTC_TIME && d.body.len == strlen("YYMMDDHHMMSSZ")) &&
	    !(d.tag == CC_DER_TIME && d.body.len == strlen("YYYYMMDDHHMMSSZ")))
		return false;
	for (size_t i = 0; i < d.body.len - 1; i++)
		if (d.body.data[i] < '0' || d.body.data[i] > '9')
			return false;
	return d.body.data[d.body.len - 1] == 'Z';
}

static bool read_smime_capabilities(struct cc_bytes value, struct cc_cms_form *form)
{
	struct cc_bytes body;

	return cc_der_take(&value, CC_DER_SEQUENCE, &body) && value.len == 0;
}

/* Every attribute that may stand in the fast form; the first two must. */
static const struct attribute {
	const struct cc_bytes *oid;
	bool (*read)(struct cc_bytes value, struct cc_cms_form *form);
} attributes[] = {
	{&cc_oid_content_type, read_content_type},
	{&cc_oid_message_digest, read_message_digest},
	{&cc_oid_signing_time, read_signing_time},
	{&cc_oid_smime_capabilities, read_smime_capabilities},
};
#define REQUIRED_ATTRIBUTES 3u /* bits 0 and 1 */

/* One attribute with one value. seen: bit per row of the table. */
static bool read_attribute(struct cc_bytes attribute, struct cc_cms_form *form, unsigned *seen)
{
	struct cc_bytes values;
	struct cc_der value;

	for (size_t i = 0; i < CC_ARRAY_SIZE(attributes); i++) {
		if (!cc_der_skip(&attribute, *attributes[i].oid))
			continue;
		if (*seen & 1u << i || !cc_der_take(&attribute, CC_DER_SET, &values) ||
		    attribute.len > 0 || !cc_der_next(&values, &value) || values.len > 0)
			return false;
		*seen |= 1u << i;
		return attributes[i].read(value.whole, form);
	}
	return false;
}

/*
 * In the order of a DER SET OF: RFC 5652 5.4 has that order signed, OpenSSL 3.0 checks the order received. Only where both are
 * one can the fast path not differ from any reader.
 */
static bool read_attributes(struct cc_bytes in, struct cc_cms_form *form)
{
	struct cc_bytes before = {0};
	unsigned seen = 0;
	struct cc_der d;

	while (in.len > 0) {
		if (!cc_der_next(&in, &d) || d.tag != CC_DER_SEQUENCE ||
		    (before.data && cc_der_compare(before, d.whole) >= 0) ||
		    !read_attribute(d.body, form, &seen))
			return false;
		before = d.whole;
	}
	return (seen & REQUIRED_ATTRIBUTES) == REQUIRED_ATTRIBUTES;
}

static bool read_signer_info(struct cc_bytes in, struct cc_bytes digest, struct cc_cms_form *form)
{
	struct cc_bytes algorithm;
	struct cc_der sid, attrs;

	if (!cc_der_skip(&in, cc_der_version_1) || !cc_der_next(&in, &sid) ||
	    sid.tag != CC_DER_SEQUENCE || !cc_der_skip(&in, digest))
		return false;
	form->sid = sid.whole;
	form->attrs = (struct cc_bytes){0};
	if (cc_der_peek(in, CC_DER_CONTEXT_0)) {
		if (!cc_der_next(&in, &attrs) || !read_attributes(attrs.body, form))
			return false;
		form->attrs = attrs.whole;
	}
	return cc_der_take(&in, CC_DER_SEQUENCE, &algorithm) &&
	       read_signature_algorithm(algorithm, form) &&
	       cc_der_take(&in, CC_DER_OCTETS, &form->signature) && in.len == 0;
}

bool cc_cms_form_read(const struct cc_cms_frame *frame, struct cc_cms_form *out)
{
	struct cc_bytes rest = frame->rest, set, info, digest;

	if (!cc_bytes_equal(frame->version, cc_der_version_1) || !frame->certs.data ||
	    !read_digest(frame->digest_algs, out, &digest) ||
	    !read_content(frame->econtent, &out->content))
		return false;
	out->certs = frame->certs;
	return cc_der_take(&rest, CC_DER_SET, &set) && rest.len == 0 &&
	       cc_der_take(&set, CC_DER_SEQUENCE, &info) && set.len == 0 &&
	       read_signer_info(info, digest, out);
}
