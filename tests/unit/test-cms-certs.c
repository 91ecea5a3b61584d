/* SPDX-License-Identifier: ISC */
/*
 * The certificates that ride in a message beside the signer's own, a key pair by its files, and the
 * one certificate that is trusted for itself.
 */
#include "tests/test.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/cc/keyfile.h"
#include "lib/cc/signer.h"
#include "tests/unit/pki.h"

#define BODY "{\"req\": \"reg.resolve\"}"
#define FLAGS (CMS_BINARY | CMS_DETACHED)

static char *dir;
static struct pki *root, *site, *alice, *other;

static int setup(void **state)
{
	dir = pki_folder();
	root = pki_make(&(struct pki_spec){.cn = "plc", .ca = true}, NULL);
	site = pki_make(&(struct pki_spec){.cn = "plc.site", .ca = true}, root);
	alice = pki_make(&(struct pki_spec){.cn = "plc.site.alice"}, site);
	other = pki_make(&(struct pki_spec){.cn = "other"}, NULL);
	pki_save(root, dir, "root");
	pki_save(alice, dir, "alice");
	return 0;
}

static int teardown(void **state)
{
	pki_free(root);
	pki_free(site);
	pki_free(alice);
	pki_free(other);
	pki_folder_remove(dir);
	return 0;
}

static int no_errors_left(void **state)
{
	return ERR_peek_error() ? -1 : 0;
}

/* Puts text behind what NAME.crt of alice holds. */
static void append(const char *text, size_t len)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_cert_path(dir, "alice");
	FILE *f = fopen(path, "ab");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void append_cert(const struct pki *p)
{
	cc_cleanup(cc_freep) char *path = NULL, *text = NULL;
	struct cc_note why = {0};
	size_t len;

	assert_int_equal(cc_keyfile_write_cert(dir, "one", p->cert, &why), 0);
	path = cc_keyfile_cert_path(dir, "one");
	assert_int_equal(cc_file_read(path, 65536, &text, &len, &why), 0);
	append(text, len);
}

/* alice.crt anew, with these behind her own. */
static void write_alice(const struct pki *a, const struct pki *b)
{
	pki_save(alice, dir, "alice");
	if (a)
		append_cert(a);
	if (b)
		append_cert(b);
}

static int load_own(struct cc_keystore **ks, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *cert = cc_keyfile_cert_path(dir, "alice");
	cc_cleanup(cc_freep) char *key = cc_keyfile_key_path(dir, "alice");
	struct cc_keystore_conf conf = {.dir = "nowhere", .own_cert = cert, .own_key = key};

	return cc_keystore_load(&conf, ks, why);
}

/* Signs by the key store's name, or by the files. */
static struct cc_buf sign(bool by_files)
{
	struct cc_buf sig = {0};
	struct cc_keystore *ks = NULL;
	struct cc_cms *cms = NULL;
	struct cc_note why = {0};

	if (!by_files) {
		cms = pki_context(dir, &(struct pki_store){.sign = "alice"});
	} else {
		assert_int_equal(load_own(&ks, &why), 0);
		assert_int_equal(cc_cms_new(&cms, ks, &(struct cc_cms_conf){0}), 0);
		cc_keystore_unref(ks);
	}
	assert_int_equal(cc_cms_sign(cms, pki_text(BODY), false, &sig), 0);
	cc_cms_free(cms);
	return sig;
}

static void put_der(struct cc_buf *b, const struct pki *p)
{
	unsigned char *der = NULL;
	int len = i2d_X509(p->cert, &der);

	assert_int_equal(cc_buf_put(b, der, (size_t)len), 0);
	OPENSSL_free(der);
}

/* What OpenSSL finds in the message, and that it takes it. */
static void openssl_sees(const struct cc_buf *sig, const struct pki *const *want, int count)
{
	const unsigned char *p = sig->data;
	CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p, (long)sig->len);
	STACK_OF(X509) *certs = CMS_get1_certs(ci);
	X509_STORE *roots = pki_roots(root);

	assert_int_equal(sk_X509_num(certs), count);
	for (int i = 0; i < count; i++)
		assert_int_equal(X509_cmp(sk_X509_value(certs, i), want[i]->cert), 0);
	assert_int_equal(pki_oracle(roots, pki_bytes(sig), pki_text(BODY), true), count > 1);
	ERR_clear_error();
	X509_STORE_free(roots);
	sk_X509_pop_free(certs, X509_free);
	CMS_ContentInfo_free(ci);
}

/* What a verifier of ours hands on, at first and with the signer known. */
static void verifier_hands_on(const struct cc_buf *sig, const struct cc_buf *want)
{
	struct cc_cms *cms = pki_context(dir, &(struct pki_store){.verify = "root"});
	const struct cc_signer *s = NULL;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			cc_cms_verify(cms, pki_bytes(sig), pki_text(BODY), CC_CMS_ALLOW_GID, &s),
			0);
		assert_int_equal(s->certs_len, want->len);
		assert_memory_equal(s->certs, want->data, want->len);
		cc_signer_unref(s);
	}
	cc_cms_free(cms);
}

static void the_chain_rides_along(void **state)
{
	const struct pki *const all[] = {alice, site, root};

	for (int count = 1; count <= 3; count++) {
		write_alice(count > 1 ? site : NULL, count > 2 ? root : NULL);
		for (int by_files = 0; by_files < 2; by_files++) {
			cc_cleanup(cc_buf_deinit) struct cc_buf sig = sign(by_files), want = {0};

			for (int i = 0; i < count; i++)
				put_der(&want, all[i]);
			openssl_sees(&sig, all, count);
			verifier_hands_on(&sig, &want);
		}
	}
}

static void files_that_cannot_be_sent(void **state)
{
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	struct cc_note why = {0};

	write_alice(NULL, NULL);
	append("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n", 63);
	assert_int_equal(load_own(&ks, &why), -CC_EFORMAT);
	assert_non_null(strstr(why.text, "behind its first certificate"));

	write_alice(NULL, NULL);
	append("text behind it\n", 15);
	assert_int_equal(load_own(&ks, &why), 0);
	cc_keystore_unrefp(&ks);

	write_alice(NULL, NULL);
	for (size_t size = 0; size < CC_CERT_MAX; size += (size_t)i2d_X509(site->cert, NULL))
		append_cert(site);
	assert_int_equal(load_own(&ks, &why), -CC_ELIMIT);
	assert_non_null(strstr(why.text, "more certificates than a message may carry"));
	write_alice(NULL, NULL);
}

static void own_files_are_judged_as_a_pair(void **state)
{
	cc_cleanup(cc_freep) char *cert = cc_keyfile_cert_path(dir, "alice");
	cc_cleanup(cc_freep) char *key = cc_keyfile_key_path(dir, "root");
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	struct cc_keystore_conf conf = {.dir = "", .own_cert = cert, .own_key = key};
	struct cc_note why = {0};

	assert_int_equal(cc_keystore_load(&conf, &ks, &why), -CC_EINVAL);
	assert_non_null(strstr(why.text, "does not belong"));
	conf.own_key = "/nonexistent";
	assert_int_equal(cc_keystore_load(&conf, &ks, &why), -CC_ENOTFOUND);
}

static int verify_pinned(const struct pki *pin, const struct pki *signer, const char *body)
{
	uint8_t hash[32];
	struct cc_keystore_conf conf = {.dir = "", .pin = hash};
	struct cc_keystore *ks = NULL;
	struct cc_cms *cms = NULL;
	struct cc_note why = {0};
	const struct cc_signer *s = NULL;
	cc_cleanup(cc_buf_deinit) struct cc_buf sig = pki_der(pki_sign(signer, BODY, NULL, FLAGS));
	int r = 0;

	assert_int_equal(X509_digest(pin->cert, EVP_sha256(), hash, NULL), 1);
	assert_int_equal(cc_keystore_load(&conf, &ks, &why), 0);
	assert_true(cc_keystore_verifies(ks));
	assert_int_equal(cc_cms_new(&cms, ks, &(struct cc_cms_conf){0}), 0);
	for (int known = 0; known < 2; known++) {
		r = cc_cms_verify(cms, pki_bytes(&sig), pki_text(body), CC_CMS_ALLOW_GID, &s);
		assert_int_equal(r == 0, s != NULL);
		if (s)
			assert_int_equal(s->cls, CC_CLASS_BUS);
		cc_signer_unref(cc_steal(&s));
	}
	cc_cms_free(cms);
	cc_keystore_unref(ks);
	return r;
}

static void one_certificate_can_be_all_that_is_trusted(void **state)
{
	cc_cleanup(pki_freep) struct pki *past =
		pki_make(&(struct pki_spec){.cn = "p", .from = -9, .until = -1}, NULL);
	cc_cleanup(cf_list_deinit) struct cf_list ca = {0};
	struct cc_keystore_conf both = {.dir = dir, .pin = (const uint8_t *)BODY, .verify = &ca};
	struct cc_keystore *ks = NULL;
	struct cc_note why = {0};

	assert_int_equal(verify_pinned(alice, alice, BODY), 0);
	assert_int_equal(verify_pinned(other, other, BODY), 0);
	assert_int_equal(verify_pinned(other, alice, BODY), CC_CMS_CHAIN);
	assert_int_equal(verify_pinned(site, alice, BODY), CC_CMS_CHAIN);
	assert_int_equal(verify_pinned(alice, alice, BODY " "), CC_CMS_DIGEST);
	assert_int_equal(verify_pinned(past, past, BODY), CC_CMS_EXPIRED);
	assert_int_equal(cf_list_parse("root", &ca), 0);
	assert_int_equal(cc_keystore_load(&both, &ks, &why), -CC_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_chain_rides_along, no_errors_left),
		cmocka_unit_test_teardown(files_that_cannot_be_sent, no_errors_left),
		cmocka_unit_test_teardown(own_files_are_judged_as_a_pair, no_errors_left),
		cmocka_unit_test_teardown(one_certificate_can_be_all_that_is_trusted,
					  no_errors_left),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name("cms-certs", tests, setup, teardown);
}
