/* SPDX-License-Identifier: ISC */
/* Forms of a signature: what is refused, and what goes the long way. */
#include <openssl/rsa.h>

#include "lib/base/limits.h"
#include "lib/cc/der.h"
#include "tests/unit/cmskit.h"

static struct cc_buf sign_twice(void)
{
	CMS_ContentInfo *ci = pki_sign(alice, BODY, NULL, CMS_BINARY | CMS_DETACHED | CMS_PARTIAL);
	BIO *bio = cc_bio_borrow(pki_text(BODY));

	assert_non_null(CMS_add1_signer(ci, bob->cert, bob->key, EVP_sha256(), CMS_BINARY));
	assert_int_equal(CMS_final(ci, bio, NULL, CMS_BINARY | CMS_DETACHED), 1);
	BIO_free(bio);
	return pki_der(ci);
}

static struct cc_buf sign_pss(void)
{
	unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL;
	BIO *bio = cc_bio_borrow(pki_text(BODY));
	CMS_ContentInfo *ci = CMS_sign(NULL, NULL, NULL, bio, flags);
	CMS_SignerInfo *si =
		CMS_add1_signer(ci, bob->cert, bob->key, EVP_sha256(), flags | CMS_KEY_PARAM);

	assert_true(EVP_PKEY_CTX_set_rsa_padding(CMS_SignerInfo_get0_pkey_ctx(si),
						 RSA_PKCS1_PSS_PADDING) > 0);
	assert_int_equal(CMS_final(ci, bio, NULL, CMS_BINARY | CMS_DETACHED), 1);
	BIO_free(bio);
	return pki_der(ci);
}

static struct cc_buf sign_other_type(void)
{
	CMS_ContentInfo *ci = pki_sign(alice, BODY, NULL, CMS_BINARY | CMS_DETACHED | CMS_PARTIAL);
	BIO *bio = cc_bio_borrow(pki_text(BODY));

	assert_int_equal(CMS_set1_eContentType(ci, OBJ_nid2obj(NID_pkcs7_digest)), 1);
	assert_int_equal(CMS_final(ci, bio, NULL, CMS_BINARY | CMS_DETACHED), 1);
	BIO_free(bio);
	return pki_der(ci);
}

/* Signed as another type of content, and relabelled afterwards where the signature does not cover it. */
static struct cc_buf relabel(struct cc_buf sig)
{
	const size_t outer = 20, prefix = cc_oid_data.len - 1; /* behind the type of the message */
	uint8_t *type = memmem(sig.data + outer, sig.len - outer, cc_oid_data.data, prefix);

	assert_non_null(type);
	assert_int_equal(type[prefix], 5); /* digestedData */
	type[prefix] = 1;
	return sig;
}

static void other_forms_are_refused(void **state)
{
	BIO *bio = cc_bio_borrow(pki_text(BODY));

	refused(sign_twice(), CC_CMS_SIGNERS);
	refused(pki_der(CMS_sign(NULL, NULL, NULL, bio, CMS_BINARY | CMS_DETACHED | CMS_PARTIAL)),
		CC_CMS_SIGNERS);
	refused(sign(alice, CMS_USE_KEYID), CC_CMS_FORM);
	refused(sign_pss(), CC_CMS_FORM);
	refused(sign(alice, CMS_NOCERTS), CC_CMS_FORM);
	refused(sign_other_type(), CC_CMS_FORM);
	refused(relabel(sign_other_type()), CC_CMS_FORM);
	refused(pki_der(CMS_data_create(bio, CMS_BINARY)), CC_CMS_FORM);
	BIO_free(bio);
}

static void weak_digests_only_where_allowed(void **state)
{
	const struct pki *signers[] = {alice, bob};

	for (size_t i = 0; i < CC_ARRAY_SIZE(signers); i++) {
		for (int known = 0; known < 2; known++) {
			unsigned flags = CMS_BINARY | CMS_DETACHED;

			judged(pki_der(pki_sign(signers[i], BODY, "SHA1", flags)), BODY, 0,
			       CC_CMS_DIGEST_ALG);
			judged(pki_der(pki_sign(signers[i], BODY, "SHA1", flags)), BODY,
			       CC_CMS_ALLOW_SHA1, CC_CMS_OK);
		}
	}
	judged(pki_der(pki_sign(bob, BODY, "MD5", CMS_BINARY | CMS_DETACHED)), BODY,
	       CC_CMS_ALLOW_SHA1, CC_CMS_DIGEST_ALG);
}

/* OpenSSL gives up before it has hashed anything. A leak shows under the address sanitizer. */
static void unknown_digests_beside_it_are_refused(void **state)
{
	CMS_ContentInfo *ci = pki_sign(alice, BODY, "SHA512", CMS_BINARY | CMS_DETACHED);
	struct cc_buf sig = pki_der(ci);
	struct cc_cms_frame frame;
	uint8_t *oid;

	assert_true(cc_cms_frame_read(pki_bytes(&sig), &frame));
	oid = memmem(frame.digest_algs.data, frame.digest_algs.len,
		     cc_digests[CC_DIGEST_SHA512].oid.data, cc_digests[CC_DIGEST_SHA512].oid.len);
	assert_non_null(oid);
	oid[cc_digests[CC_DIGEST_SHA512].oid.len - 1] = 99;
	refused(sig, CC_CMS_SIGNATURE);
	accepted(sign(alice, 0));
}

static void nothing_but_the_message(void **state)
{
	struct cc_buf sig = sign(alice, 0), none = {0};

	refused(none, CC_CMS_GARBAGE);
	assert_int_equal(cc_buf_put(&sig, "", 1), 0);
	refused(sig, CC_CMS_GARBAGE);
	sig = sign(alice, 0);
	sig.len--;
	refused(sig, CC_CMS_GARBAGE);
}

/* BER as `openssl cms -stream` writes it. */
static struct cc_buf sign_stream(unsigned flags)
{
	BIO *in = cc_bio_borrow(pki_text(BODY)), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *ci =
		pki_sign(alice, BODY, NULL, CMS_BINARY | CMS_STREAM | CMS_PARTIAL | flags);
	struct cc_buf sig = {0};
	char *data;
	long len;

	assert_int_equal(i2d_CMS_bio_stream(out, ci, in, CMS_BINARY | CMS_STREAM | flags), 1);
	len = BIO_get_mem_data(out, &data);
	assert_int_equal(cc_buf_put(&sig, data, (size_t)len), 0);
	BIO_free(in);
	BIO_free(out);
	CMS_ContentInfo_free(ci);
	return sig;
}

static void ber_is_read_the_long_way(void **state)
{
	const struct cc_signer *signer;
	struct cc_bytes content;
	struct cc_buf sig = sign_stream(0);

	assert_int_equal(sig.data[1], 0x80);
	assert_int_equal(cc_cms_verify_attached(fast, pki_bytes(&sig), 0, &content, &signer), 0);
	assert_true(cc_bytes_equal(content, pki_text(BODY)));
	cc_signer_unref(signer);
	accepted(sig);
	assert_int_equal(stats().fast, 0);
	assert_int_equal(stats().cached, 0);
}

/* OpenSSL reads the field under a tag that says it is primitive, too; the walk does not see it then. */
static void certificates_under_an_odd_tag_are_not_remembered(void **state)
{
	struct cc_buf sig = sign(alice, 0);
	struct cc_cms_frame frame;

	assert_true(cc_cms_frame_read(pki_bytes(&sig), &frame));
	sig.data[frame.certs.data - sig.data] = 0x80;
	assert_true(pki_oracle(roots, pki_bytes(&sig), pki_text(BODY), true));
	accepted(sig);
	assert_int_equal(stats().fast, 0);
	assert_int_equal(stats().cached, 0);
}

static void attached_needs_its_content(void **state)
{
	struct cc_buf sig = sign(alice, 0);
	const struct cc_signer *signer;
	struct cc_bytes content;

	for (int known = 0; known < 2; known++) {
		assert_int_equal(
			cc_cms_verify_attached(fast, pki_bytes(&sig), 0, &content, &signer),
			CC_CMS_FORM);
		assert_int_equal(
			cc_cms_verify_attached(slow, pki_bytes(&sig), 0, &content, &signer),
			CC_CMS_FORM);
		assert_int_equal(verify_by(fast, pki_bytes(&sig), BODY, 0, URN), 0);
	}
	cc_buf_deinit(&sig);
}

/* Replaces the attributes' order (first becomes last) and signs them as they stand then. */
static struct cc_buf sign_unsorted(void)
{
	struct cc_buf sig = sign(bob, CMS_NOSMIMECAP);
	struct cc_cms_frame frame;
	struct cc_cms_form form;
	struct cc_bytes body;
	struct cc_der first;
	uint8_t set[256], *attrs;
	size_t len = 256;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_true(cc_cms_frame_read(pki_bytes(&sig), &frame));
	assert_true(cc_cms_form_read(&frame, &form));
	attrs = sig.data + (form.attrs.data - sig.data);
	memcpy(set, attrs, form.attrs.len);
	body = (struct cc_bytes){set + 2, form.attrs.len - 2};
	assert_true(cc_der_next(&body, &first));
	memcpy(attrs + 2, body.data, body.len);
	memcpy(attrs + 2 + body.len, first.whole.data, first.whole.len);
	memcpy(set, attrs, form.attrs.len);
	set[0] = CC_DER_SET;
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, bob->key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig.data + (form.signature.data - sig.data), &len, set,
					form.attrs.len),
			 1);
	EVP_MD_CTX_free(ctx);
	return sig;
}

static void only_sorted_attributes_are_fast(void **state)
{
	struct cc_buf sig = sign_unsorted();
	int verdict = verify_by(slow, pki_bytes(&sig), BODY, 0, "bob");

	accepted(sign(bob, 0));
	assert_int_equal(verify_by(fast, pki_bytes(&sig), BODY, 0, "bob"), verdict);
	assert_int_equal(verdict == 0, pki_oracle(roots, pki_bytes(&sig), pki_text(BODY), true));
	assert_int_equal(stats().full, 2);
	cc_buf_deinit(&sig);
}

static void unsigned_attributes_go_the_long_way(void **state)
{
	CMS_ContentInfo *ci = pki_sign(alice, BODY, NULL, CMS_BINARY | CMS_DETACHED);
	CMS_SignerInfo *si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(ci), 0);

	assert_int_equal(CMS_unsigned_add1_attr_by_txt(si, "1.2.3.4", V_ASN1_UTF8STRING, "x", 1),
			 1);
	accepted(pki_der(ci));
	assert_int_equal(stats().fast, 0);
}

static void intermediates_ride_in_the_message(void **state)
{
	cc_cleanup(pki_freep) struct pki *sub =
		pki_make(&(struct pki_spec){.cn = "sub", .ca = true, .from = -1, .until = 5}, ca);
	cc_cleanup(pki_freep) struct pki *leaf = pki_make(&(struct pki_spec){.cn = "leaf"}, sub);
	CMS_ContentInfo *ci = pki_sign(leaf, BODY, NULL, CMS_BINARY | CMS_DETACHED);
	const struct cc_signer *signer;
	struct cc_buf sig;

	refused(sign(leaf, 0), CC_CMS_CHAIN);
	assert_int_equal(CMS_add1_cert(ci, sub->cert), 1);
	sig = pki_der(ci);
	assert_int_equal(cc_cms_verify(fast, pki_bytes(&sig), pki_text(BODY), 0, &signer), 0);
	assert_string_equal(signer->cn, "leaf");
	assert_true(signer->not_after < __real_cc_clock_wall() + 6 * 86400); /* the sub-CA's */
	cc_signer_unref(signer);
	accepted(sig);
	assert_int_equal(stats().fast, 2);
}

/* A message with so many certificates that they pass the limit; the message as a whole does not. */
static CMS_ContentInfo *sign_with_many(unsigned flags)
{
	CMS_ContentInfo *ci = pki_sign(alice, BODY, NULL, CMS_BINARY | flags);

	for (size_t size = 0; size <= CC_CERT_MAX;) {
		cc_cleanup(pki_freep) struct pki *p = pki_make(&(struct pki_spec){.cn = "x"}, ca);

		assert_int_equal(CMS_add1_cert(ci, p->cert), 1);
		size += (size_t)i2d_X509(p->cert, NULL);
	}
	return ci;
}

static void sizes_are_bounded(void **state)
{
	struct cc_buf sig = {0}, big = {.max = 2 * CC_MSG_MAX};
	const struct cc_signer *signer;
	struct cc_bytes content;

	refused(pki_der(sign_with_many(CMS_DETACHED)), CC_CMS_FORM);
	assert_int_equal(cc_buf_put(&sig, "0", 1), 0);
	assert_non_null(cc_buf_reserve(&sig, CC_CMS_MAX));
	sig.len += CC_CMS_MAX;
	refused(sig, CC_CMS_FORM);
	/* attached: the content does not count */
	assert_non_null(cc_buf_reserve(&big, 4 * CC_CMS_MAX));
	memset(big.data, 'x', 4 * CC_CMS_MAX);
	big.len = 4 * CC_CMS_MAX;
	sig = (struct cc_buf){.max = 2 * CC_MSG_MAX};
	assert_int_equal(cc_cms_sign(fast, pki_bytes(&big), true, &sig), 0);
	assert_int_equal(cc_cms_verify_attached(fast, pki_bytes(&sig), 0, &content, &signer), 0);
	assert_int_equal(content.len, big.len);
	cc_signer_unref(signer);
	cc_buf_deinit(&sig);
	cc_buf_deinit(&big);
}

static const struct CMUnitTest tests[] = {
	T(other_forms_are_refused),
	T(weak_digests_only_where_allowed),
	T(unknown_digests_beside_it_are_refused),
	T(nothing_but_the_message),
	T(ber_is_read_the_long_way),
	T(certificates_under_an_odd_tag_are_not_remembered),
	T(attached_needs_its_content),
	T(only_sorted_attributes_are_fast),
	T(unsigned_attributes_go_the_long_way),
	T(intermediates_ride_in_the_message),
	T(sizes_are_bounded),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
