/* SPDX-License-Identifier: ISC */
#pragma once
/* What the tests of CMS share: a CA, two signers, and both ways of verifying. */
#include "tests/test.h"

#include <openssl/err.h>

#include "lib/base/clock.h"
#include "lib/cc/cms_int.h"
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

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	X509_STORE_free(roots);
	pki_free(ca);
	pki_free(alice);
	pki_free(bob);
	pki_folder_remove(dir);
	return 0;
}

static inline int each_setup(void **state)
{
	clock_offset = 0;
	fast = pki_context(dir, &(struct pki_store){.verify = "ca", .sign = "alice"});
	slow = pki_context(dir, &(struct pki_store){.verify = "ca", .cms.no_fast_path = true});
	return 0;
}

static inline int each_teardown(void **state)
{
	assert_int_equal(ERR_peek_error(), 0);
	cc_cms_freep(&fast);
	cc_cms_freep(&slow);
	return 0;
}

static inline struct cc_cms_stats stats(void)
{
	struct cc_cms_stats s;

	cc_cms_get_stats(fast, &s);
	return s;
}

/* @return what cc_cms_verify does; name: who must have signed. */
static inline int verify_by(struct cc_cms *cms, struct cc_bytes sig, const char *body,
			    unsigned flags, const char *name)
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
static inline void judged(struct cc_buf sig, const char *body, unsigned flags, int fault)
{
	assert_int_equal(verify_by(slow, pki_bytes(&sig), body, flags, NULL), fault);
	assert_int_equal(verify_by(fast, pki_bytes(&sig), body, flags, NULL), fault);
	assert_int_equal(verify_by(fast, pki_bytes(&sig), body, flags, NULL), fault);
	cc_buf_deinit(&sig);
}

static inline void refused(struct cc_buf sig, int fault)
{
	judged(sig, BODY, 0, fault);
}

static inline void accepted(struct cc_buf sig)
{
	judged(sig, BODY, 0, CC_CMS_OK);
}

static inline struct cc_buf sign(const struct pki *signer, unsigned flags)
{
	return pki_der(pki_sign(signer, BODY, NULL, CMS_BINARY | CMS_DETACHED | flags));
}

/* Signed by a certificate of this kind, which the CA issued. */
static inline struct cc_buf sign_as(const struct pki_spec *spec, const struct pki *issuer)
{
	cc_cleanup(pki_freep) struct pki *p = pki_make(spec, issuer);

	return sign(p, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)
