/* SPDX-License-Identifier: ISC */
/* No memory. */
#include "tests/unit/fail-ossl.h"
#include "tests/unit/xmlsigkit.h"

/* Every allocation in turn, OpenSSL's as well: never a yes of what is wrong, a crash or a leak. */
static void verify_without_memory(char *text, const struct form *f, int rule)
{
	struct cc_note why = {0};
	long n;
	int r;

	for (n = 0;; n++) {
		cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(text);
		struct xs_sig s;

		alloc_fail_after(n);
		r = xs_sig_read(find(doc, "Signature"), &s, &why);
		if (r == 0)
			r = xs_sig_verify(&s, find_id(doc, "ref0"), f->key, true, &why);
		xs_sig_deinit(&s);
		alloc_left = -1;
		ERR_clear_error();
		if (!alloc_failed)
			break;
		/* OpenSSL does without some things that it finds no memory for */
		if (r != -CC_ENOMEM && r != -CC_ECRYPTO && r != CC_RULE_SIG_VALUE && r != rule)
			fail_msg("allocation %ld: %d", n, r);
	}
	assert_int_equal(r, rule);
	assert_true(n > 20);
}

static void test_no_memory_verify(void **state)
{
	const struct form forms[] = {{.key = rsa}, {.method = XS_SIG_ECDSA_SHA256, .key = p256}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(forms); i++) {
		char *text = signed_text(&forms[i]);

		verify_without_memory(text, &forms[i], 0);
		text = replace(text, "text", "texT");
		verify_without_memory(text, &forms[i], CC_RULE_SIG_DIGEST);
		free(text);
	}
}

/* A failure leaves the document as it was. */
static int sign_and_write(const struct xs_signing *s, long n, struct cc_buf *out)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = unsigned_doc();
	cc_cleanup(cc_freep) char *before = written(doc), *after = NULL;
	xmlNode *target = find_id(doc, "ref0"), *parent = find(doc, "signatures");
	bool made;
	int r;

	alloc_fail_after(n);
	r = xs_sig_sign(s, target, parent, NULL);
	made = r == 0;
	if (made)
		r = xs_doc_write(doc, out);
	alloc_left = -1;
	if (made)
		return r;
	after = written(doc);
	assert_string_equal(after, before);
	return r;
}

static void sign_without_memory(EVP_PKEY *key)
{
	struct xs_signing s = request(key);
	struct cc_note why = {0};
	struct cc_buf out = {0};
	long n;
	int r;

	for (n = 0;; n++) {
		cc_buf_deinit(&out);
		r = sign_and_write(&s, n, &out);
		ERR_clear_error();
		if (r == 0)
			check("ours", verify_text((char *)out.data, "ref0", key, false, &why), &why,
			      0, "");
		if (!alloc_failed)
			break;
		if (r != 0 && r != -CC_ENOMEM && r != -CC_ECRYPTO)
			fail_msg("allocation %ld: %d", n, r);
	}
	assert_int_equal(r, 0);
	assert_true(n > 100);
	cc_buf_deinit(&out);
}

static void test_no_memory_sign(void **state)
{
	sign_without_memory(p256);
	sign_without_memory(rsa);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_no_memory_verify),
	cmocka_unit_test(test_no_memory_sign),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	/* before OpenSSL's first allocation, else it is refused */
	if (CRYPTO_set_mem_functions(ossl_malloc, ossl_realloc, ossl_free) != 1)
		return 1;
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
