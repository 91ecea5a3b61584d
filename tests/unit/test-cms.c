/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/der.h"
#include "lib/cc/ossl.h"
#include "tests/unit/pki.h"

#define URN "urn:publicid:IDN+example.net+user+alice"
#define BODY "{\"req\": \"echo.request\"}"

static char *dir;
static struct pki *ca, *alice, *bob;
static X509_STORE *roots;
static struct cc_cms *fast, *slow; /* both know the CA; slow has no fast path */
static double clock_offset;

double __real_cc_clock_wall(void);
double __wrap_cc_clock_wall(void);

double __wrap_cc_clock_wall(void)
{
	return __real_cc_clock_wall() + clock_offset;
}

static int setup(void **state)
{
	dir = pki_folder();
	ca = pki_make(&(struct pki_spec){.cn = "ca", .ca = true}, NULL);
	alice = pki_make(&(struct pki_spec){.cn = "alice", .san = "URI:" URN}, ca);
	bob = pki_make(&(struct pki_spec){.cn = "bob", .kind = "RSA-2048"}, ca);
	pki_save(ca, dir, "ca");
	pki_save(alice, dir, "alice");
	pki_save(bob, dir, "bob");
	roots = pki_roots(ca);
	return 0;
}

static int teardown(void **state)
{
	X509_STORE_free(roots);
	pki_free(ca);
	pki_free(alice);
	pki_free(bob);
	pki_folder_remove(dir);
	return 0;
}

static int each_setup(void **state)
{
	clock_offset = 0;
	fast = pki_context(dir, &(struct pki_store){.verify = "ca", .sign = "alice"});
	slow = pki_context(dir, &(struct pki_store){.verify = "ca", .cms.no_fast_path = true});
	return 0;
}

static int each_teardown(void **state)
{
	assert_int_equal(ERR_peek_error(), 0);
	cc_cms_freep(&fast);
	cc_cms_freep(&slow);
	return 0;
}

static struct cc_cms_stats stats(void)
{
	struct cc_cms_stats s;

	cc_cms_get_stats(fast, &s);
	return s;
}

/* @return what cc_cms_verify does; name: who must have signed. */
static int verify_by(struct cc_cms *cms, struct cc_bytes sig, const char *body, unsigned flags,
		     const char *name)
{
	const struct cc_signer *signer = NULL;
	int r = cc_cms_verify(cms, sig, pki_text(body), flags, &signer);

	assert_int_equal(r == 0, signer != NULL);
	if (signer && name)
		assert_string_equal(signer->name, name);
	cc_signer_unref(signer);
	return r;
}

/* Both ways, and again with the signer known. Frees sig. */
static void judged(struct cc_buf sig, const char *body, unsigned flags, int fault)
{
	assert_int_equal(verify_by(slow, pki_bytes(&sig), body, flags, NULL), fault);
	assert_int_equal(verify_by(fast, pki_bytes(&sig), body, flags, NULL), fault);
	assert_int_equal(verify_by(fast, pki_bytes(&sig), body, flags, NULL), fault);
	cc_buf_deinit(&sig);
}

static void refused(struct cc_buf sig, int fault)
{
	judged(sig, BODY, 0, fault);
}

static void accepted(struct cc_buf sig)
{
	judged(sig, BODY, 0, CC_CMS_OK);
}

static struct cc_buf sign(const struct pki *signer, unsigned flags)
{
	return pki_der(pki_sign(signer, BODY, NULL, CMS_BINARY | CMS_DETACHED | flags));
}

/* Signed by a certificate of this kind, which the CA issued. */
static struct cc_buf sign_as(const struct pki_spec *spec, const struct pki *issuer)
{
	cc_cleanup(pki_freep) struct pki *p = pki_make(spec, issuer);

	return sign(p, 0);
}

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
#define T(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)
	T(signs_with_every_kind_of_key),
	T(keys_take_turns),
	T(dates_after_2049_are_generalized),
	T(reads_every_form_of_the_original),
	T(content_is_what_was_signed),
	T(signature_is_the_signers),
	T(chain_ends_in_our_root),
	T(every_certificate_is_good_now),
	T(remembered_signer_expires),
	T(certificate_is_for_signing),
	T(keys_are_strong),
	T(rsa_exponents),
	T(signer_has_one_name),
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
	T(sign_fails_at_the_buffers_limit),
	T(cache_forgets_the_oldest),
	T(one_field_with_two_signers_stays_apart),
	T(without_roots_nothing_verifies),
	T(faults_have_names),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
