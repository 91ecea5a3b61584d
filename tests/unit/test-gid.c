/* SPDX-License-Identifier: ISC */
/*
 * Signers of class gid: certificates outside our CAs, where the caller of lib/cc/cms lets them in.
 */
#include "tests/test.h"

#include <openssl/err.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/der.h"
#include "tests/unit/pki.h"

#define URN "urn:publicid:IDN+example.net+user+alice"
#define BODY "{\"req\": \"reg.resolve\"}"
#define GID CC_CMS_ALLOW_GID

static char *dir;
static struct pki *ca, *alice, *rogue, *gid; /* gid: rogue's alice */
static struct cc_cms *fast, *slow;	     /* both know the CA; slow has no fast path */
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
	rogue = pki_make(&(struct pki_spec){.cn = "ca", .ca = true}, NULL);
	gid = pki_make(&(struct pki_spec){.cn = "alice", .san = "URI:" URN}, rogue);
	pki_save(ca, dir, "ca");
	return 0;
}

static int teardown(void **state)
{
	pki_free(ca);
	pki_free(alice);
	pki_free(rogue);
	pki_free(gid);
	pki_folder_remove(dir);
	return 0;
}

static int each_setup(void **state)
{
	clock_offset = 0;
	fast = pki_context(dir, &(struct pki_store){.verify = "ca"});
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

static struct cc_cms_stats stats_of(const struct cc_cms *cms)
{
	struct cc_cms_stats s;

	cc_cms_get_stats(cms, &s);
	return s;
}

static struct cc_buf sign(const struct pki *signer)
{
	return pki_der(pki_sign(signer, BODY, NULL, CMS_BINARY | CMS_DETACHED));
}

/* With a further certificate in the message. */
static struct cc_buf sign_with(const struct pki *signer, const struct pki *other)
{
	CMS_ContentInfo *ci = pki_sign(signer, BODY, NULL, CMS_BINARY | CMS_DETACHED);

	assert_int_equal(CMS_add1_cert(ci, other->cert), 1);
	return pki_der(ci);
}

static struct cc_buf sign_as(const struct pki_spec *spec, const struct pki *issuer)
{
	cc_cleanup(pki_freep) struct pki *p = pki_make(spec, issuer);

	return sign(p);
}

/* @return what cc_cms_verify does; *cls: of the signer. */
static int verify(struct cc_cms *cms, const struct cc_buf *sig, const char *body, unsigned flags,
		  enum cc_signer_class *cls)
{
	const struct cc_signer *signer = NULL;
	int r = cc_cms_verify(cms, pki_bytes(sig), pki_text(body), flags, &signer);

	assert_int_equal(r == 0, signer != NULL);
	if (signer && cls)
		*cls = signer->cls;
	cc_signer_unref(signer);
	return r;
}

/* Both ways, and again with the signer known. Frees sig. */
static void judged(struct cc_buf sig, const char *body, unsigned flags, int fault,
		   enum cc_signer_class cls)
{
	struct cc_cms *contexts[] = {slow, fast, fast};

	for (size_t i = 0; i < CC_ARRAY_SIZE(contexts); i++) {
		enum cc_signer_class got = cls;

		assert_int_equal(verify(contexts[i], &sig, body, flags, &got), fault);
		assert_int_equal(got, cls);
	}
	cc_buf_deinit(&sig);
}

static void strangers_come_in_where_they_are_asked(void **state)
{
	static const struct pki_spec old = {.cn = "old", .ca = true, .from = -9, .until = -1};
	static const struct pki_spec usual = {.cn = "alice", .san = "URI:" URN};
	static const struct pki_spec tls = {.cn = "a", .eku = "clientAuth,serverAuth"};
	static const struct pki_spec rsa = {.cn = "a", .kind = "RSA-2048"};
	static const struct pki_spec sha1 = {.cn = "a", .md = "SHA1"}; /* its root is another's */
	cc_cleanup(pki_freep) struct pki *far =
		pki_make(&(struct pki_spec){.cn = "far", .ca = true}, NULL);
	cc_cleanup(pki_freep) struct pki *past = pki_make(&old, NULL);
	const struct {
		const struct pki_spec *spec;
		const struct pki *issuer;
	} rows[] = {
		{&usual, rogue}, /* in the name of our CA */
		{&usual, far},	 {&usual, past}, {&usual, NULL}, {&usual, alice},
		{&tls, far},	 {&tls, NULL},	 {&rsa, far},	 {&sha1, far},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		judged(sign_as(rows[i].spec, rows[i].issuer), BODY, GID, 0, CC_CLASS_GID);
		judged(sign_as(rows[i].spec, rows[i].issuer), BODY, 0, CC_CMS_CHAIN, 0);
	}
	assert_int_equal(stats_of(fast).fast, CC_ARRAY_SIZE(rows));
	assert_int_equal(stats_of(fast).cached, 0);
}

static void issuers_that_are_no_ca_make_strangers(void **state)
{
	cc_cleanup(pki_freep) struct pki *below = pki_make(&(struct pki_spec){.cn = "b"}, alice);

	judged(sign_with(below, alice), BODY, GID, 0, CC_CLASS_GID);
	judged(sign_with(below, alice), BODY, 0, CC_CMS_CHAIN, 0);
}

static void strangers_are_refused_for_what_they_are(void **state)
{
	static const struct {
		struct pki_spec spec;
		int fault;
	} rows[] = {
		{{.cn = "a", .from = -9, .until = -1}, CC_CMS_EXPIRED},
		{{.cn = "a", .from = 1, .until = 9}, CC_CMS_EXPIRED},
		{{.cn = "a", .kind = "RSA-1024"}, CC_CMS_KEY},
		{{.cn = "a", .kind = "secp256k1"}, CC_CMS_KEY},
		{{.cn = NULL}, CC_CMS_NAME},
		{{.cn = "two\nlines"}, CC_CMS_NAME},
		{{.cn = "a", .san = "URI:" URN ",URI:" URN "2"}, CC_CMS_NAME},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		judged(sign_as(&rows[i].spec, rogue), BODY, GID, rows[i].fault, 0);
		judged(sign_as(&rows[i].spec, NULL), BODY, GID, rows[i].fault, 0);
	}
	assert_int_equal(stats_of(fast).cached_gid, 0);
}

/* What we issued is ours, whatever is wrong with it. */
static void our_own_never_become_strangers(void **state)
{
	static const struct {
		struct pki_spec spec;
		int fault;
	} rows[] = {
		{{.cn = "a", .from = -9, .until = -1}, CC_CMS_EXPIRED},
		{{.cn = "a", .from = 1, .until = 9}, CC_CMS_EXPIRED},
		{{.cn = "a", .eku = "clientAuth"}, CC_CMS_PURPOSE},
		{{.cn = "a", .kind = "RSA-1024"}, CC_CMS_KEY},
		{{.cn = "a", .md = "SHA1"}, CC_CMS_KEY},
		{{.cn = NULL}, CC_CMS_NAME},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		judged(sign_as(&rows[i].spec, ca), BODY, GID, rows[i].fault, 0);
	judged(sign(alice), BODY, GID, 0, CC_CLASS_BUS);
	assert_int_equal(stats_of(fast).cached, 1);
	assert_int_equal(stats_of(fast).cached_gid, 0);
}

static struct cc_buf flipped(struct cc_buf sig)
{
	sig.data[sig.len - 1] ^= 1;
	return sig;
}

static void the_signature_counts(void **state)
{
	for (int known = 0; known < 2; known++) {
		judged(sign(gid), BODY " ", GID, CC_CMS_DIGEST, 0);
		judged(flipped(sign(gid)), BODY, GID, CC_CMS_SIGNATURE, 0);
		judged(pki_der(pki_sign(gid, BODY, "SHA1", CMS_BINARY | CMS_DETACHED)), BODY, GID,
		       CC_CMS_DIGEST_ALG, 0);
		judged(sign(gid), BODY, GID, 0, CC_CLASS_GID);
	}
	judged(pki_der(pki_sign(gid, BODY, "SHA1", CMS_BINARY | CMS_DETACHED)), BODY,
	       GID | CC_CMS_ALLOW_SHA1, 0, CC_CLASS_GID);
	assert_true(stats_of(fast).fast > stats_of(fast).full);
}

static void same_names_are_told_apart(void **state)
{
	const struct cc_signer *ours = NULL, *theirs = NULL;
	struct cc_buf a = sign(alice), g = sign(gid);

	for (int known = 0; known < 2; known++) {
		assert_int_equal(cc_cms_verify(fast, pki_bytes(&a), pki_text(BODY), GID, &ours), 0);
		assert_int_equal(cc_cms_verify(fast, pki_bytes(&g), pki_text(BODY), GID, &theirs),
				 0);
		assert_string_equal(ours->name, URN);
		assert_string_equal(theirs->name, URN);
		assert_string_equal(ours->cn, theirs->cn);
		assert_true(ours->has_urn && theirs->has_urn);
		assert_int_equal(ours->cls, CC_CLASS_BUS);
		assert_int_equal(theirs->cls, CC_CLASS_GID);
		cc_signer_unref(ours);
		cc_signer_unref(theirs);
	}
	assert_int_equal(stats_of(fast).fast, 2);
	cc_buf_deinit(&a);
	cc_buf_deinit(&g);
}

static void known_stranger_needs_the_flag(void **state)
{
	struct cc_buf sig = sign(gid);

	assert_int_equal(verify(fast, &sig, BODY, GID, NULL), 0);
	assert_int_equal(stats_of(fast).cached_gid, 1);
	assert_int_equal(verify(fast, &sig, BODY, 0, NULL), CC_CMS_CHAIN);
	assert_int_equal(verify(fast, &sig, BODY, CC_CMS_ALLOW_SHA1, NULL), CC_CMS_CHAIN);
	assert_int_equal(stats_of(fast).fast, 0);
	assert_int_equal(verify(fast, &sig, BODY, GID, NULL), 0);
	assert_int_equal(stats_of(fast).fast, 1);
	cc_buf_deinit(&sig);
}

static void strangers_push_out_strangers_only(void **state)
{
	struct cc_cms *small =
		pki_context(dir, &(struct pki_store){.verify = "ca", .cms.cache_max = 2});
	struct cc_buf a = sign(alice), one;
	uint64_t full;

	assert_int_equal(verify(small, &a, BODY, GID, NULL), 0);
	for (int i = 0; i < 10; i++) {
		one = sign_as(&(struct pki_spec){.cn = "x"}, rogue);
		assert_int_equal(verify(small, &one, BODY, GID, NULL), 0);
		cc_buf_deinit(&one);
	}
	assert_int_equal(stats_of(small).cached, 1);
	assert_int_equal(stats_of(small).cached_gid, 2);
	full = stats_of(small).full;
	assert_int_equal(full, 11);
	assert_int_equal(verify(small, &a, BODY, GID, NULL), 0);
	assert_int_equal(verify(small, &a, BODY, 0, NULL), 0);
	assert_int_equal(stats_of(small).full, full);
	assert_int_equal(stats_of(small).fast, 2);
	cc_buf_deinit(&a);
	cc_cms_free(small);
}

/* A message that carries certificates of so many octets, and a few more. */
static struct cc_buf sign_large(const struct pki *signer, size_t octets)
{
	CMS_ContentInfo *ci = pki_sign(signer, BODY, NULL, CMS_BINARY | CMS_DETACHED);

	for (size_t size = 0; size <= octets;) {
		cc_cleanup(pki_freep) struct pki *p = pki_make(&(struct pki_spec){.cn = "x"}, NULL);

		assert_int_equal(CMS_add1_cert(ci, p->cert), 1);
		size += (size_t)i2d_X509(p->cert, NULL);
	}
	return pki_der(ci);
}

static void certificates_are_bounded_in_octets_too(void **state)
{
	struct cc_cms *small =
		pki_context(dir, &(struct pki_store){.verify = "ca", .cms.cache_max = 4});

	for (int i = 0; i < 4; i++) {
		struct cc_buf sig = sign_large(gid, CC_CERT_MAX - 2000);

		assert_int_equal(verify(small, &sig, BODY, GID, NULL), 0);
		assert_int_equal(verify(small, &sig, BODY, GID, NULL), 0);
		cc_buf_deinit(&sig);
	}
	assert_int_equal(stats_of(small).fast, 4);
	assert_int_equal(stats_of(small).cached_gid, 2); /* 16 KiB and four times 4 */
	cc_cms_free(small);
}

static void needs_roots_all_the_same(void **state)
{
	struct cc_cms *blind = pki_context(dir, &(struct pki_store){0});
	struct cc_buf sig = sign(gid);

	assert_int_equal(verify(blind, &sig, BODY, GID, NULL), -CC_EINVAL);
	cc_buf_deinit(&sig);
	cc_cms_free(blind);
}

/* Whether the signer's certificates are these two, its own first. */
static void carries(const struct cc_signer *s, const struct pki *own, const struct pki *other)
{
	unsigned char *a = NULL, *b = NULL;
	size_t first = (size_t)i2d_X509(own->cert, &a), second = 0;

	if (other)
		second = (size_t)i2d_X509(other->cert, &b);
	assert_int_equal(s->cert_len, first);
	assert_int_equal(s->certs_len, first + second);
	assert_memory_equal(s->certs, a, first);
	if (other)
		assert_memory_equal(s->certs + first, b, second);
	OPENSSL_free(a);
	OPENSSL_free(b);
}

static void the_whole_chain_can_be_judged_later(void **state)
{
	const struct {
		const struct pki *own, *other;
		enum cc_signer_class cls;
	} rows[] = {
		{gid, rogue, CC_CLASS_GID},
		{gid, NULL, CC_CLASS_GID},
		{alice, ca, CC_CLASS_BUS},
		{alice, NULL, CC_CLASS_BUS},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_buf sig =
			rows[i].other ? sign_with(rows[i].own, rows[i].other) : sign(rows[i].own);

		for (int known = 0; known < 2; known++) {
			const struct cc_signer *s = NULL;

			assert_int_equal(
				cc_cms_verify(fast, pki_bytes(&sig), pki_text(BODY), GID, &s), 0);
			assert_int_equal(s->cls, rows[i].cls);
			carries(s, rows[i].own, rows[i].other);
			cc_signer_unref(s);
		}
		cc_buf_deinit(&sig);
	}
	/* they stand in the message in another order: a DER SET has the shorter one first */
	assert_true(i2d_X509(rogue->cert, NULL) < i2d_X509(gid->cert, NULL));
}

static void remembered_stranger_expires(void **state)
{
	const struct cc_signer *signer = NULL;
	struct cc_buf sig = sign(gid);

	assert_int_equal(cc_cms_verify(fast, pki_bytes(&sig), pki_text(BODY), GID, &signer), 0);
	assert_int_equal(signer->not_after - signer->not_before, 11 * 86400);
	clock_offset = (double)signer->not_after - __real_cc_clock_wall() - 2;
	assert_int_equal(verify(fast, &sig, BODY, GID, NULL), 0);
	assert_int_equal(stats_of(fast).fast, 1);
	clock_offset += 2.5;
	assert_int_equal(verify(fast, &sig, BODY, GID, NULL), CC_CMS_EXPIRED);
	assert_int_equal(stats_of(fast).cached_gid, 0);
	cc_signer_unref(signer);
	cc_buf_deinit(&sig);
}

static void one_field_for_both_classes(void **state)
{
	struct cc_buf a = sign_with(alice, gid), g = sign_with(gid, alice);
	enum cc_signer_class cls;

	for (int known = 0; known < 3; known++) {
		assert_int_equal(verify(fast, &a, BODY, GID, &cls), 0);
		assert_int_equal(cls, CC_CLASS_BUS);
		assert_int_equal(verify(fast, &g, BODY, GID, &cls), 0);
		assert_int_equal(cls, CC_CLASS_GID);
		assert_int_equal(verify(fast, &g, BODY, 0, NULL), CC_CMS_CHAIN);
	}
	assert_int_equal(stats_of(fast).fast, 4);
	assert_int_equal(stats_of(fast).cached, 1);
	assert_int_equal(stats_of(fast).cached_gid, 1);
	cc_buf_deinit(&a);
	cc_buf_deinit(&g);
}

/* Issuer and serial number say which certificate of the message signed: two may have the same. */
static void twins_are_not_mixed_up(void **state)
{
	cc_cleanup(pki_freep) struct pki *twin =
		pki_make(&(struct pki_spec){.cn = "alice", .san = "URI:" URN}, rogue);
	struct cc_buf sig;
	int first;

	X509_set_serialNumber(twin->cert, X509_get_serialNumber(alice->cert));
	assert_true(X509_sign(twin->cert, rogue->key, EVP_sha256()) > 0);
	for (int i = 0; i < 2; i++) {
		const struct pki *signer = i ? twin : alice;
		enum cc_signer_class cls = CC_CLASS_BUS;

		sig = sign_with(signer, i ? alice : twin);
		first = verify(slow, &sig, BODY, GID, &cls);
		/* OpenSSL takes one of the two: what the other signed does not hold */
		assert_true(first == CC_CMS_SIGNATURE ||
			    (first == 0 && cls == (i ? CC_CLASS_GID : CC_CLASS_BUS)));
		for (int known = 0; known < 2; known++)
			assert_int_equal(verify(fast, &sig, BODY, GID, NULL), first);
		cc_buf_deinit(&sig);
	}
	assert_int_equal(stats_of(fast).cached + stats_of(fast).cached_gid, 1);
}

static void attached_and_ber_are_read(void **state)
{
	struct cc_buf sig = pki_der(pki_sign(gid, BODY, NULL, CMS_BINARY));
	const struct cc_signer *signer = NULL;
	struct cc_bytes content;

	for (int known = 0; known < 2; known++) {
		assert_int_equal(
			cc_cms_verify_attached(fast, pki_bytes(&sig), 0, &content, &signer),
			CC_CMS_CHAIN);
		assert_int_equal(
			cc_cms_verify_attached(fast, pki_bytes(&sig), GID, &content, &signer), 0);
		assert_true(cc_bytes_equal(content, pki_text(BODY)));
		assert_int_equal(signer->cls, CC_CLASS_GID);
		cc_signer_unref(signer);
	}
	assert_int_equal(stats_of(fast).fast, 1);
	cc_buf_deinit(&sig);
}

static const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)
	T(strangers_come_in_where_they_are_asked),
	T(issuers_that_are_no_ca_make_strangers),
	T(strangers_are_refused_for_what_they_are),
	T(our_own_never_become_strangers),
	T(the_signature_counts),
	T(same_names_are_told_apart),
	T(known_stranger_needs_the_flag),
	T(strangers_push_out_strangers_only),
	T(certificates_are_bounded_in_octets_too),
	T(needs_roots_all_the_same),
	T(the_whole_chain_can_be_judged_later),
	T(remembered_stranger_expires),
	T(one_field_for_both_classes),
	T(twins_are_not_mixed_up),
	T(attached_and_ber_are_read),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
