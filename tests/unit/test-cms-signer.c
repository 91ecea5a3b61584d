/* SPDX-License-Identifier: ISC */
/* Whose signature counts. */
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "tests/unit/cmskit.h"

/* Changes one octet, counted from the end. */
static struct cc_buf flipped(struct cc_buf sig, size_t from_end)
{
	sig.data[sig.len - from_end] ^= 1;
	return sig;
}

static void signature_is_the_signers(void **state)
{
	for (int known = 0; known < 2; known++) {
		refused(flipped(sign(bob, 0), 1), CC_CMS_SIGNATURE);
		refused(flipped(sign(bob, CMS_NOATTR), 100), CC_CMS_SIGNATURE);
		refused(flipped(sign(alice, 0), 1), CC_CMS_SIGNATURE);
		accepted(sign(alice, 0));
		accepted(sign(bob, 0));
	}
	assert_true(stats().fast >
		    stats().full); /* bad ones of known signers do not fall through */
}

static void chain_ends_in_our_root(void **state)
{
	cc_cleanup(pki_freep) struct pki *rogue =
		pki_make(&(struct pki_spec){.cn = "ca", .ca = true}, NULL);
	cc_cleanup(pki_freep) struct pki *old_ca = pki_make(
		&(struct pki_spec){.cn = "old", .ca = true, .from = -9, .until = -1}, NULL);

	refused(sign_as(&(struct pki_spec){.cn = "alice", .san = "URI:" URN}, rogue), CC_CMS_CHAIN);
	refused(sign_as(&(struct pki_spec){.cn = "self"}, NULL), CC_CMS_CHAIN);
	refused(sign_as(&(struct pki_spec){.cn = "below"}, alice), CC_CMS_CHAIN);
	refused(sign_as(&(struct pki_spec){.cn = "of old"}, old_ca), CC_CMS_CHAIN);
}

static void every_certificate_is_good_now(void **state)
{
	cc_cleanup(pki_freep) struct pki *old = pki_make(
		&(struct pki_spec){.cn = "old", .ca = true, .from = -9, .until = -1}, NULL);
	struct cc_buf sig = sign_as(&(struct pki_spec){.cn = "a"}, old);
	struct cc_cms *trusting;

	pki_save(old, dir, "old");
	trusting = pki_context(dir, &(struct pki_store){.verify = "ca,old"});
	assert_int_equal(verify_by(trusting, pki_bytes(&sig), BODY, 0, NULL), CC_CMS_EXPIRED);
	cc_cms_free(trusting);
	refused(sig, CC_CMS_CHAIN);
	refused(sign_as(&(struct pki_spec){.cn = "a", .from = -9, .until = -1}, ca),
		CC_CMS_EXPIRED);
	refused(sign_as(&(struct pki_spec){.cn = "a", .from = 1, .until = 9}, ca), CC_CMS_EXPIRED);
}

static void remembered_signer_expires(void **state)
{
	const struct cc_signer *signer;
	struct cc_buf sig = sign(alice, 0);

	assert_int_equal(cc_cms_verify(fast, pki_bytes(&sig), pki_text(BODY), 0, &signer), 0);
	assert_int_equal(signer->not_after - signer->not_before, 11 * 86400);
	clock_offset = (double)signer->not_after - __real_cc_clock_wall() - 2;
	assert_int_equal(verify_by(fast, pki_bytes(&sig), BODY, 0, NULL), 0);
	assert_int_equal(stats().fast, 1);
	clock_offset += 2.5;
	assert_int_equal(verify_by(fast, pki_bytes(&sig), BODY, 0, NULL), CC_CMS_EXPIRED);
	assert_int_equal(stats().cached, 0);
	cc_signer_unref(signer);
	cc_buf_deinit(&sig);
}

static void certificate_is_for_signing(void **state)
{
	refused(sign_as(&(struct pki_spec){.cn = "a", .eku = "clientAuth,serverAuth"}, ca),
		CC_CMS_PURPOSE);
	refused(sign_as(&(struct pki_spec){.cn = "a", .usage = "keyEncipherment"}, ca),
		CC_CMS_PURPOSE);
}

static void keys_are_strong(void **state)
{
	cc_cleanup(pki_freep) struct pki *weak =
		pki_make(&(struct pki_spec){.cn = "weak", .kind = "RSA-1024", .ca = true}, ca);
	cc_cleanup(pki_freep) struct pki *leaf = pki_make(&(struct pki_spec){.cn = "a"}, weak);
	CMS_ContentInfo *ci = pki_sign(leaf, BODY, NULL, CMS_BINARY | CMS_DETACHED);

	assert_int_equal(CMS_add1_cert(ci, weak->cert), 1);
	refused(pki_der(ci), CC_CMS_KEY);
	refused(sign_as(&(struct pki_spec){.cn = "a", .kind = "RSA-1024"}, ca), CC_CMS_KEY);
	refused(sign_as(&(struct pki_spec){.cn = "a", .kind = "secp256k1"}, ca), CC_CMS_KEY);
	refused(sign_as(&(struct pki_spec){.cn = "a", .kind = "explicit"}, ca), CC_CMS_KEY);
	refused(sign_as(&(struct pki_spec){.cn = "a", .kind = "compressed"}, ca), CC_CMS_KEY);
	refused(sign_as(&(struct pki_spec){.cn = "a", .md = "SHA1"}, ca), CC_CMS_KEY);
}

/* With the exponent 1 a signature is the padded digest: no private key is needed. */
static void rsa_exponents(void **state)
{
	static const struct {
		const char *e;
		bool good;
	} rows[] = {{"1", false},
		    {"3", true},
		    {"10001", true},
		    {"10000", false},
		    {"FFFFFFFFFFFFFFFF", true},
		    {"10000000000000001", false}};
	cc_cleanup(cc_pkey_freep) EVP_PKEY *whole =
		EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	BIGNUM *n = NULL, *e = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(whole, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_pkey_ctx_freep) EVP_PKEY_CTX *ctx =
			EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
		cc_cleanup(cc_pkey_freep) EVP_PKEY *key = NULL;
		OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
		OSSL_PARAM *params;

		assert_true(BN_hex2bn(&e, rows[i].e) > 0);
		assert_int_equal(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n), 1);
		assert_int_equal(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e), 1);
		params = OSSL_PARAM_BLD_to_param(bld);
		assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
		assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
		assert_int_equal(cc_key_accepted(key), rows[i].good);
		OSSL_PARAM_free(params);
		OSSL_PARAM_BLD_free(bld);
	}
	BN_free(n);
	BN_free(e);
}

static void signer_has_one_name(void **state)
{
	refused(sign_as(&(struct pki_spec){0}, ca), CC_CMS_NAME);
	refused(sign_as(&(struct pki_spec){.cn = "a", .san = "URI:" URN ",URI:" URN "2"}, ca),
		CC_CMS_NAME);
	refused(sign_as(&(struct pki_spec){.cn = "two\nlines"}, ca), CC_CMS_NAME);
}

static const struct CMUnitTest tests[] = {
	T(signature_is_the_signers),
	T(chain_ends_in_our_root),
	T(every_certificate_is_good_now),
	T(remembered_signer_expires),
	T(certificate_is_for_signing),
	T(keys_are_strong),
	T(rsa_exponents),
	T(signer_has_one_name),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
