/* SPDX-License-Identifier: ISC */
/* Signing, and reading what is well signed; the signers that are remembered. */
#include <openssl/pkcs7.h>

#include "lib/cc/der.h"
#include "tests/unit/cmskit.h"

static bool pkcs7_accepts(struct cc_bytes sig)
{
	const unsigned char *p = sig.data;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)sig.len);
	BIO *in = cc_bio_borrow(pki_text(BODY));
	bool ok = p7 && PKCS7_verify(p7, NULL, roots, in, NULL, PKCS7_BINARY) == 1;

	BIO_free(in);
	PKCS7_free(p7);
	return ok;
}

static void sign_and_verify(const char *name, const char *shown)
{
	struct cc_cms *own = pki_context(dir, &(struct pki_store){.verify = "ca", .sign = name});
	struct cc_cms_stats s;
	struct cc_buf sig = {0};
	const struct cc_signer *signer;
	struct cc_bytes content;

	for (int attached = 0; attached < 2; attached++) {
		cc_buf_reset(&sig);
		assert_int_equal(cc_cms_sign(own, pki_text(BODY), attached, &sig), 0);
		assert_true(pki_oracle(roots, pki_bytes(&sig), pki_text(BODY), true));
		assert_true(pkcs7_accepts(pki_bytes(&sig)));
		assert_int_equal(verify_by(own, pki_bytes(&sig), BODY, 0, shown), 0);
		assert_int_equal(verify_by(slow, pki_bytes(&sig), BODY, 0, shown), 0);
	}
	cc_cms_get_stats(own, &s);
	assert_int_equal(s.full, 1);
	assert_int_equal(s.fast, 1);
	assert_int_equal(cc_cms_verify_attached(own, pki_bytes(&sig), 0, &content, &signer), 0);
	assert_true(content.data > sig.data && content.data < sig.data + sig.len);
	assert_true(cc_bytes_equal(content, pki_text(BODY)));
	cc_signer_unref(signer);
	cc_buf_deinit(&sig);
	cc_cms_free(own);
}

static void signs_with_every_kind_of_key(void **state)
{
	cc_cleanup(pki_freep) struct pki *p384 =
		pki_make(&(struct pki_spec){.cn = "p384", .kind = "P-384"}, ca);
	cc_cleanup(pki_freep) struct pki *rsa3072 =
		pki_make(&(struct pki_spec){.cn = "rsa3072", .kind = "RSA-3072"}, ca);

	pki_save(p384, dir, "p384");
	pki_save(rsa3072, dir, "rsa3072");
	sign_and_verify("alice", URN);
	sign_and_verify("bob", "bob");
	sign_and_verify("p384", "p384");
	sign_and_verify("rsa3072", "rsa3072");
}

/* Whose key it is that signs now. */
static void signs_as(struct cc_cms *own, const char *name)
{
	struct cc_buf sig = {0};

	assert_int_equal(cc_cms_sign(own, pki_text(BODY), false, &sig), 0);
	assert_int_equal(verify_by(slow, pki_bytes(&sig), BODY, 0, name), 0);
	cc_buf_deinit(&sig);
}

static void keys_take_turns(void **state)
{
	cc_cleanup(pki_freep) struct pki *old =
		pki_make(&(struct pki_spec){.cn = "old", .from = -9, .until = 2}, ca);
	cc_cleanup(pki_freep) struct pki *new = pki_make(
		&(struct pki_spec){.cn = "new", .kind = "RSA-2048", .from = 1, .until = 4}, ca);
	struct cc_cms *own;
	struct cc_buf sig = {0};

	pki_save(old, dir, "old");
	pki_save(new, dir, "new");
	own = pki_context(dir, &(struct pki_store){.sign = "new,old"});
	signs_as(own, "old");
	signs_as(own, "old");
	clock_offset = 1.5 * 86400; /* both are valid, new stands first */
	signs_as(own, "new");
	clock_offset = 3 * 86400;
	signs_as(own, "new");
	clock_offset = 0.5 * 86400; /* the clock was set back */
	signs_as(own, "old");
	clock_offset = 5 * 86400; /* none is valid: whoever reads it decides */
	assert_int_equal(cc_cms_sign(own, pki_text(BODY), false, &sig), 0);
	assert_int_equal(verify_by(slow, pki_bytes(&sig), BODY, 0, NULL), CC_CMS_EXPIRED);
	cc_buf_deinit(&sig);
	cc_cms_free(own);
}

static void dates_after_2049_are_generalized(void **state)
{
	struct cc_buf sig = {0};

	clock_offset = 26.0 * 366 * 86400;
	assert_int_equal(cc_cms_sign(fast, pki_text(BODY), false, &sig), 0);
	clock_offset = 0;
	assert_non_null(memmem(sig.data, sig.len,
			       "\x18\x0f"
			       "205",
			       5));
	assert_true(pki_oracle(roots, pki_bytes(&sig), pki_text(BODY), true));
	accepted(sig);
	assert_int_equal(stats().fast, 1);
}

static void reads_every_form_of_the_original(void **state)
{
	cc_cleanup(pki_freep) struct pki *mail =
		pki_make(&(struct pki_spec){.cn = "mail", .eku = "emailProtection"}, ca);
	static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(digests); i++) {
		accepted(pki_der(pki_sign(alice, BODY, digests[i], CMS_BINARY | CMS_DETACHED)));
		accepted(pki_der(pki_sign(bob, BODY, digests[i], CMS_BINARY | CMS_DETACHED)));
	}
	accepted(sign(alice, CMS_NOSMIMECAP));
	accepted(sign(alice, CMS_NOATTR));
	accepted(sign(bob, CMS_NOATTR));
	accepted(pki_der(pki_sign(bob, BODY, NULL, CMS_BINARY))); /* the same content inside */
	accepted(sign(mail, 0));
	assert_int_equal(stats().full, 3); /* three signers: all else was fast */
}

static void content_is_what_was_signed(void **state)
{
	judged(sign(alice, 0), BODY " ", 0, CC_CMS_DIGEST);
	judged(sign(bob, 0), "", 0, CC_CMS_DIGEST);
	judged(sign(alice, CMS_NOATTR), BODY " ", 0, CC_CMS_SIGNATURE);
	/* a content inside is no other than the one outside */
	judged(pki_der(pki_sign(alice, BODY, NULL, CMS_BINARY)), "x", 0, CC_CMS_DIGEST);
	accepted(sign(alice, 0));
	accepted(sign(bob, 0));
	judged(sign(alice, 0), BODY " ", 0, CC_CMS_DIGEST);
	judged(sign(bob, CMS_NOATTR), BODY " ", 0, CC_CMS_SIGNATURE);
}

static void sign_fails_at_the_buffers_limit(void **state)
{
	struct cc_buf small = CC_BUF_INIT(100);

	assert_int_equal(cc_cms_sign(fast, pki_text(BODY), false, &small), -CC_ELIMIT);
	cc_buf_deinit(&small);
	assert_int_equal(cc_cms_sign(slow, pki_text(BODY), false, &small), -CC_EINVAL);
}

static void cache_forgets_the_oldest(void **state)
{
	struct cc_cms *two =
		pki_context(dir, &(struct pki_store){.verify = "ca", .cms.cache_max = 2});
	cc_cleanup(pki_freep) struct pki *carol = pki_make(&(struct pki_spec){.cn = "carol"}, ca);
	struct cc_buf a = sign(alice, 0), b = sign(bob, 0), c = sign(carol, 0);
	struct cc_cms_stats s;

	assert_int_equal(verify_by(two, pki_bytes(&a), BODY, 0, URN), 0);
	assert_int_equal(verify_by(two, pki_bytes(&b), BODY, 0, "bob"), 0);
	assert_int_equal(verify_by(two, pki_bytes(&a), BODY, 0, URN), 0); /* fast: bob is older */
	assert_int_equal(verify_by(two, pki_bytes(&c), BODY, 0, "carol"), 0);
	assert_int_equal(verify_by(two, pki_bytes(&a), BODY, 0, URN), 0); /* fast */
	assert_int_equal(verify_by(two, pki_bytes(&b), BODY, 0, "bob"), 0);
	cc_cms_get_stats(two, &s);
	assert_int_equal(s.fast, 2);
	assert_int_equal(s.full, 4);
	assert_int_equal(s.cached, 2);
	cc_buf_deinit(&a);
	cc_buf_deinit(&b);
	cc_buf_deinit(&c);
	cc_cms_free(two);
}

static void one_field_with_two_signers_stays_apart(void **state)
{
	CMS_ContentInfo *a = pki_sign(alice, BODY, NULL, CMS_BINARY | CMS_DETACHED);
	CMS_ContentInfo *b = pki_sign(bob, BODY, NULL, CMS_BINARY | CMS_DETACHED);
	struct cc_buf by_alice, by_bob;

	assert_int_equal(CMS_add1_cert(a, bob->cert), 1);
	assert_int_equal(CMS_add1_cert(b, alice->cert), 1);
	by_alice = pki_der(a);
	by_bob = pki_der(b);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(verify_by(fast, pki_bytes(&by_alice), BODY, 0, URN), 0);
		assert_int_equal(verify_by(fast, pki_bytes(&by_bob), BODY, 0, "bob"), 0);
	}
	assert_int_equal(stats().cached, 1);
	cc_buf_deinit(&by_alice);
	cc_buf_deinit(&by_bob);
}

static void without_roots_nothing_verifies(void **state)
{
	struct cc_cms *blind = pki_context(dir, &(struct pki_store){0});
	struct cc_buf sig = sign(alice, 0);

	assert_int_equal(
		verify_by(blind, pki_bytes(&sig), BODY, CC_CMS_ALLOW_SHA1 | CC_CMS_ALLOW_GID, NULL),
		-CC_EINVAL);
	cc_buf_deinit(&sig);
	cc_cms_free(blind);
}

static void faults_have_names(void **state)
{
	for (int i = 0; i < CC_CMS_FAULT_COUNT; i++)
		assert_string_not_equal(cc_cms_fault_name(i), "error");
	assert_string_equal(cc_cms_fault_name(CC_CMS_CHAIN), "chain");
	assert_string_equal(cc_cms_fault_name(CC_CMS_FAULT_COUNT), "error");
	assert_string_equal(cc_cms_fault_name(-1), "error");
}

static const struct CMUnitTest tests[] = {
	T(signs_with_every_kind_of_key),     T(keys_take_turns),
	T(dates_after_2049_are_generalized), T(reads_every_form_of_the_original),
	T(content_is_what_was_signed),	     T(sign_fails_at_the_buffers_limit),
	T(cache_forgets_the_oldest),	     T(one_field_with_two_signers_stays_apart),
	T(without_roots_nothing_verifies),   T(faults_have_names),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
