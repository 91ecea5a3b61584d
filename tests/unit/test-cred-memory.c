/* SPDX-License-Identifier: ISC */
/*
 * Every allocation in turn fails, those of libxml2 and OpenSSL as well: never a yes of what is wrong,
 * a crash or a leak.
 */
#include <openssl/err.h>

#include "lib/base/util.h"
#include "lib/trust/speaksfor.h"
#include "lib/xml/doc.h"
#include "tests/unit/credkit.h"

#define __wrap_realloc fail_realloc
#include "tests/unit/fail-alloc.h"
#undef __wrap_realloc

void *__wrap_realloc(void *p, size_t n);

/*
 * libxml2 2.9.14 forgets the text that it canonicalises, 1000 octets and then twice as many, when it
 * finds no memory for more of it. That one always does, else each leak of ours would hide in those.
 */
void *__wrap_realloc(void *p, size_t n)
{
	bool c14n = n >= 2000 && n % 1000 == 0 && (n / 1000 & (n / 1000 - 1)) == 0;

	return c14n ? __real_realloc(p, n) : fail_realloc(p, n);
}

#include "tests/unit/fail-ossl.h" /* of the realloc above */

static struct tr_roots *roots;
/* It knows the certificates: reading them is tried elsewhere (test-trust-gid.c). */
static struct tr_verifier *v;

/* One try; what it makes it frees. */
typedef int (*try_fn)(const char *text, struct cc_note *why);

/*
 * wanted: what comes of it with memory. OpenSSL does without some things that it finds no memory
 * for, and calls a signature bad when it could not check it; so refusals are not told apart.
 */
static void starve(try_fn try, const char *text, int wanted, long step)
{
	struct cc_note why = {0};
	long n, failed = 0;
	int r = try(text, &why);

	if (r != wanted)
		fail_msg("%d, not %d: %s", r, wanted, why.text);
	for (n = 0;; n += step) {
		alloc_fail_after(n);
		r = try(text, &why);
		alloc_left = -1;
		ERR_clear_error();
		if (!alloc_failed)
			break;
		if (r == 0 && wanted != 0)
			fail_msg("allocation %ld: accepted", n);
		failed += r != 0;
	}
	assert_int_equal(r, wanted);
	print_message("# %ld allocations, %ld refused\n", n, failed);
	assert_true(failed > 50);
}

static int try_cred(const char *text, struct cc_note *why)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	cc_cleanup(tr_grant_unrefp) struct tr_grant *again = NULL;
	int r;

	tr_verifier_use(v, NULL); /* forgets the document */
	tr_verifier_use(v, roots);
	r = tr_cred_verify(v, text, strlen(text), TP_NOW, &g, why);
	assert_int_equal(g != NULL, r == 0);
	if (r == 0)
		r = tr_cred_verify(v, text, strlen(text), TP_NOW, &again, why);
	return r;
}

/* With certificates that nobody knows yet. */
static int try_afresh(const char *text, struct cc_note *why)
{
	cc_cleanup(tr_verifier_freep) struct tr_verifier *fresh = NULL;
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	int r = tr_verifier_new(&fresh, 16);

	if (r < 0)
		return r;
	tr_verifier_use(fresh, roots);
	return tr_cred_verify(fresh, text, strlen(text), TP_NOW, &g, why);
}

static void test_verify(void **state)
{
	struct ck_level good = {0}, bad = {.signer = tp_world()->eve},
			twice[] = {{.owner = tp_world()->bob}, {0}};
	cc_cleanup(cc_freep) char *text = ck_make(&good, 1);
	cc_cleanup(cc_freep) char *forged = ck_make(&bad, 1);
	cc_cleanup(cc_freep) char *tampered = ck_replace(text, "<serial>8", "<serial>9");
	cc_cleanup(cc_freep) char *delegated = ck_make(twice, 2);

	starve(try_cred, text, 0, 1);
	starve(try_cred, forged, CC_RULE_CRED_ISSUER, 1);
	starve(try_cred, tampered, CC_RULE_SIG_DIGEST, 1);
	starve(try_cred, delegated, 0, 1);
	starve(try_afresh, text, 0, 17);
	starve(try_afresh, tampered, CC_RULE_SIG_DIGEST, 17);
}

static int try_sliver(const char *text, struct cc_note *why)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;

	return tr_cred_verify_sliver(v, text, strlen(text), TP_NOW, tp_world()->node->gid,
				     TP_IDN "plc:site+sliver+s", &g, why);
}

static void test_sliver(void **state)
{
	struct ck_level level = {.target_gid = "",
				 .target_urn = TP_IDN "plc:site+sliver+s",
				 .signer = tp_world()->node};
	cc_cleanup(cc_freep) char *text = ck_make(&level, 1);
	cc_cleanup(cc_freep) char *tampered = ck_replace(text, "<serial>8", "<serial>9");

	starve(try_sliver, text, 0, 1);
	starve(try_sliver, tampered, CC_RULE_SIG_DIGEST, 1);
}

static int try_make(const char *text, struct cc_note *why)
{
	static const struct tr_privilege right = {"info", true};
	const struct tp_world *w = tp_world();
	struct tr_cred_request rq = {&w->alice->chain, &w->slice->chain, NULL, &right, 1, CK_MONTH};
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);

	int r = tr_cred_make(&rq, &w->site->chain, w->site->key, &out, why);

	assert_int_equal(out.len > 0, r == 0);
	return r;
}

static int try_delegate(const char *text, struct cc_note *why)
{
	const struct tp_world *w = tp_world();
	struct tr_cred_request rq = {.owner = &w->bob->chain};
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);

	return tr_cred_delegate(text, strlen(text), &rq, w->alice->key, &out, why);
}

static void test_make(void **state)
{
	struct ck_level good = {0}, poor = {.rights = "info:0"};
	cc_cleanup(cc_freep) char *text = ck_make(&good, 1);
	cc_cleanup(cc_freep) char *nothing = ck_make(&poor, 1);

	starve(try_make, "", 0, 1);
	starve(try_delegate, text, 0, 17);
	starve(try_delegate, nothing, CC_RULE_DELEGATE_ALLOWED, 17);
}

static int try_speaksfor(const char *text, struct cc_note *why)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(tr_gid_unrefp) struct tr_gid *user = NULL;

	return tr_speaksfor_verify(v, text, strlen(text), TP_NOW, &w->tool->chain,
				   w->alice->gid->urn, &user, NULL, why);
}

static int try_statement(const char *text, struct cc_note *why)
{
	const struct tp_world *w = tp_world();
	struct tr_speaksfor_request rq = {&w->alice->chain, w->tool->gid, CK_MONTH};
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);

	return tr_speaksfor_make(&rq, w->alice->key, &out, why);
}

static void test_speaksfor(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_speaksfor_request rq = {&w->alice->chain, w->tool->gid, CK_MONTH};
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	cc_cleanup(cc_freep) char *tampered = NULL;

	assert_int_equal(tr_speaksfor_make(&rq, w->alice->key, &out, NULL), 0);
	tampered = ck_replace((char *)out.data, "<serial>", "<serial>8");
	starve(try_speaksfor, (char *)out.data, 0, 1);
	starve(try_speaksfor, tampered, CC_RULE_SIG_DIGEST, 1);
	starve(try_statement, "", 0, 1);
}

static int setup(void **state)
{
	roots = ck_roots(0);
	v = ck_verifier(0);
	return 0;
}

static int teardown(void **state)
{
	tr_verifier_free(v);
	tr_roots_unref(roots);
	return 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_verify),
	cmocka_unit_test(test_sliver),
	cmocka_unit_test(test_make),
	cmocka_unit_test(test_speaksfor),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	/* before OpenSSL's first allocation, else it is refused */
	if (CRYPTO_set_mem_functions(ossl_malloc, ossl_realloc, ossl_free) != 1)
		return 1;
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
