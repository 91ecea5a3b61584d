/* SPDX-License-Identifier: ISC */
/* Enveloping of lib/cc/cms. */
#include "tests/test.h"

#include <openssl/err.h>

#include "lib/base/limits.h"
#include "lib/cc/ossl.h"
#include "tests/unit/pki.h"

#define DATA "some octets that nobody else shall read"

static char *dir;
static struct pki *ca, *rsa, *ec;
static struct cc_cms *by_rsa, *by_ec; /* contexts that decrypt */

static int setup(void **state)
{
	dir = pki_folder();
	ca = pki_make(&(struct pki_spec){.cn = "ca", .ca = true}, NULL);
	rsa = pki_make(&(struct pki_spec){.cn = "rsa", .kind = "RSA-2048"}, ca);
	ec = pki_make(&(struct pki_spec){.cn = "ec"}, ca);
	pki_save(ca, dir, "ca");
	pki_save(rsa, dir, "rsa");
	pki_save(ec, dir, "ec");
	by_rsa = pki_context(dir, &(struct pki_store){.verify = "ca", .decrypt = "rsa"});
	by_ec = pki_context(dir, &(struct pki_store){.verify = "ca", .decrypt = "ec"});
	return 0;
}

static int teardown(void **state)
{
	cc_cms_free(by_rsa);
	cc_cms_free(by_ec);
	pki_free(ca);
	pki_free(rsa);
	pki_free(ec);
	pki_folder_remove(dir);
	return 0;
}

static int each_teardown(void **state)
{
	assert_int_equal(ERR_peek_error(), 0);
	return 0;
}

static struct cc_buf encrypted(const char *to, enum cc_cipher cipher)
{
	struct cc_cms *cms = pki_context(
		dir, &(struct pki_store){.sign = "ec", .encrypt = to, .cipher = cipher});
	struct cc_buf env = {0};

	assert_int_equal(cc_cms_encrypt(cms, pki_text(DATA), &env), 0);
	cc_cms_free(cms);
	return env;
}

/* What another writer makes, with this cipher. */
static struct cc_buf foreign(const EVP_CIPHER *cipher, const struct pki *to, unsigned flags)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *in = cc_bio_borrow(pki_text(DATA)), *out = BIO_new(BIO_s_mem());
	struct cc_buf env = {0};
	CMS_ContentInfo *ci;
	char *data;
	long len;

	sk_X509_push(certs, to->cert);
	ci = CMS_encrypt(certs, in, cipher, CMS_BINARY | flags);
	assert_non_null(ci);
	assert_int_equal(i2d_CMS_bio_stream(out, ci, in, (int)flags), 1);
	len = BIO_get_mem_data(out, &data);
	assert_int_equal(cc_buf_put(&env, data, (size_t)len), 0);
	sk_X509_free(certs);
	CMS_ContentInfo_free(ci);
	BIO_free(in);
	BIO_free(out);
	return env;
}

/* Frees env. */
static void opens(struct cc_cms *cms, struct cc_buf env)
{
	struct cc_buf out = {0};

	assert_int_equal(cc_cms_decrypt(cms, pki_bytes(&env), &out), 0);
	assert_true(out.len == strlen(DATA) && memcmp(out.data, DATA, out.len) == 0);
	cc_buf_deinit(&out);
	cc_buf_deinit(&env);
}

static void refuses(struct cc_cms *cms, struct cc_buf env, int fault)
{
	struct cc_buf out = {0};

	assert_int_equal(cc_cms_decrypt(cms, pki_bytes(&env), &out), fault);
	assert_int_equal(out.len, 0);
	cc_buf_deinit(&out);
	cc_buf_deinit(&env);
}

static void every_cipher_to_every_recipient(void **state)
{
	static const enum cc_cipher ciphers[] = {CC_CIPHER_AES256_GCM, CC_CIPHER_AES128_CBC,
						 CC_CIPHER_AES256_CBC};

	for (size_t i = 0; i < CC_ARRAY_SIZE(ciphers); i++) {
		opens(by_rsa, encrypted("rsa", ciphers[i]));
		opens(by_ec, encrypted("ec", ciphers[i]));
		opens(by_rsa, encrypted("ec,rsa", ciphers[i]));
		opens(by_ec, encrypted("ec,rsa", ciphers[i]));
		refuses(by_rsa, encrypted("ec", ciphers[i]), CC_CMS_RECIPIENT);
		refuses(by_ec, encrypted("rsa", ciphers[i]), CC_CMS_RECIPIENT);
	}
}

static void every_key_of_the_list_decrypts(void **state)
{
	cc_cleanup(pki_freep) struct pki *third = pki_make(&(struct pki_spec){.cn = "third"}, ca);
	struct cc_cms *both =
		pki_context(dir, &(struct pki_store){.verify = "ca", .decrypt = "rsa, ec"});

	pki_save(third, dir, "third");
	opens(both, encrypted("rsa", CC_CIPHER_AES256_GCM));
	opens(both, encrypted("ec", CC_CIPHER_AES256_GCM));
	opens(both, encrypted("ec,rsa", CC_CIPHER_AES256_GCM));
	opens(both, encrypted("third,ec", CC_CIPHER_AES128_CBC));
	refuses(both, encrypted("third", CC_CIPHER_AES256_GCM), CC_CMS_RECIPIENT);
	cc_cms_free(both);
}

static void reads_what_others_write(void **state)
{
	const struct pki *to[] = {rsa, ec};
	struct cc_cms *by[] = {by_rsa, by_ec};

	for (size_t i = 0; i < CC_ARRAY_SIZE(to); i++) {
		opens(by[i], foreign(EVP_aes_128_cbc(), to[i], 0));
		opens(by[i], foreign(EVP_aes_192_cbc(), to[i], 0));
		opens(by[i], foreign(EVP_aes_256_cbc(), to[i], CMS_STREAM)); /* BER */
		opens(by[i], foreign(EVP_aes_128_gcm(), to[i], 0));
		opens(by[i], foreign(EVP_aes_192_gcm(), to[i], 0));
		opens(by[i], foreign(EVP_aes_256_gcm(), to[i], 0));
		refuses(by[i], foreign(EVP_des_ede3_cbc(), to[i], 0), CC_CMS_FORM);
		refuses(by[i], foreign(EVP_des_ede3_cbc(), to[i], CMS_STREAM), CC_CMS_FORM);
	}
}

static void changed_octets_never_open(void **state)
{
	struct cc_buf out = {0};

	for (int kind = 0; kind < 2; kind++) {
		struct cc_cms *cms = kind ? by_rsa : by_ec;
		struct cc_buf env = encrypted(kind ? "rsa" : "ec", CC_CIPHER_AES256_GCM);

		for (size_t i = 0; i < env.len; i++) {
			env.data[i] ^= 0x20;
			cc_buf_reset(&out);
			/* a version that nobody reads may change; then the content is the same */
			if (cc_cms_decrypt(cms, pki_bytes(&env), &out) == 0)
				assert_true(out.len == strlen(DATA) &&
					    memcmp(out.data, DATA, out.len) == 0);
			env.data[i] ^= 0x20;
		}
		opens(cms, env);
	}
	cc_buf_deinit(&out);
}

static void changed_tag_or_text_is_no_decryption(void **state)
{
	struct cc_buf env = encrypted("rsa", CC_CIPHER_AES256_GCM);

	env.data[env.len - 1] ^= 1; /* the tag */
	refuses(by_rsa, env, CC_CMS_DECRYPT);
	env = encrypted("ec", CC_CIPHER_AES256_GCM);
	env.data[env.len - 30] ^= 1; /* the text */
	refuses(by_ec, env, CC_CMS_DECRYPT);
}

static void short_tag_is_no_tag(void **state)
{
	struct cc_buf env = encrypted("rsa", CC_CIPHER_AES256_GCM);
	/* the tag of 16 octets becomes one of 2 with unauthenticated attributes behind it, as OpenSSL reads them */
	static const uint8_t attribute[] = {0xa3, 12,	0x30, 10,   0x06, 2,	0x2a,
					    0x03, 0x31, 4,    0x05, 0,	  0x05, 0};
	uint8_t *tag = env.data + env.len - 18;

	assert_int_equal(tag[0], 0x04);
	assert_int_equal(tag[1], 16);
	tag[1] = 2;
	memcpy(tag + 4, attribute, sizeof(attribute));
	refuses(by_rsa, env, CC_CMS_FORM);
}

static void other_octets_are_refused(void **state)
{
	struct cc_buf env = encrypted("rsa", CC_CIPHER_AES256_GCM), out = {0};
	struct cc_buf huge = {.len = CC_MSG_MAX + 1};

	assert_int_equal(cc_buf_put(&env, "", 1), 0);
	refuses(by_rsa, env, CC_CMS_GARBAGE);
	env = encrypted("rsa", CC_CIPHER_AES256_GCM);
	env.len--;
	refuses(by_rsa, env, CC_CMS_GARBAGE);
	refuses(by_rsa, (struct cc_buf){0}, CC_CMS_GARBAGE);
	refuses(by_rsa, pki_der(pki_sign(rsa, DATA, NULL, CMS_BINARY)), CC_CMS_FORM);
	assert_int_equal(cc_cms_decrypt(by_rsa, pki_bytes(&huge), &out), CC_CMS_FORM);
}

static void needs_its_keys(void **state)
{
	struct cc_cms *none = pki_context(dir, &(struct pki_store){0});
	struct cc_buf out = CC_BUF_INIT(10);

	assert_int_equal(cc_cms_encrypt(none, pki_text(DATA), &out), -CC_EINVAL);
	assert_int_equal(cc_cms_decrypt(none, pki_text(DATA), &out), -CC_EINVAL);
	cc_cms_free(none);
	none = pki_context(dir, &(struct pki_store){.sign = "ec", .encrypt = "ec"});
	assert_int_equal(cc_cms_encrypt(none, pki_text(DATA), &out), -CC_ELIMIT);
	cc_cms_free(none);
	cc_buf_deinit(&out);
}

static const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_teardown(f, each_teardown)
	T(every_cipher_to_every_recipient),
	T(every_key_of_the_list_decrypts),
	T(reads_what_others_write),
	T(changed_octets_never_open),
	T(changed_tag_or_text_is_no_decryption),
	T(short_tag_is_no_tag),
	T(other_octets_are_refused),
	T(needs_its_keys),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
