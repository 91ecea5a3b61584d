/* SPDX-License-Identifier: ISC */
/* No memory. */
#include "tests/unit/gidkit.h"
#include "tests/unit/fail-ossl.h"

/* Each allocation fails once: a negative error or, where OpenSSL does without, success; no rule. */
static void survives_failed_allocations(void **state)
{
	cc_cleanup(tp_freep) struct tp *old =
		tp_raw(&(struct tp_spec){.params = "http://" GID_2008}, NULL);
	const struct tp *all[] = {tp_world()->alice, old};
	unsigned failed = 0;

	for (size_t i = 0; i < CC_ARRAY_SIZE(all); i++) {
		char *text = tp_pem_chain(all[i]);

		for (long n = 0;; n++) {
			cc_cleanup(tr_certs_freep) struct tr_certs *certs = NULL;
			cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
			struct cc_note why = {0};
			int r;

			alloc_fail_after(n);
			r = tr_certs_new(&certs, 8);
			if (r == 0)
				r = tr_gids_read(certs, text, strlen(text), &gids, &why);
			alloc_left = -1;
			if (r > 0)
				fail_msg("allocation %ld: %s", n, why.text);
			failed += r < 0;
			if (!alloc_failed) {
				assert_int_equal(r, 0);
				break;
			}
		}
		free(text);
	}
	assert_true(failed > 100);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(survives_failed_allocations),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	/* before OpenSSL's first allocation, else it is refused */
	if (CRYPTO_set_mem_functions(ossl_malloc, ossl_realloc, ossl_free) != 1)
		return 1;
	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
