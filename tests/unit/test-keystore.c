/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/cc/keys.h"
#include "lib/cc/signer.h"
#include "tests/unit/pki.h"

#define URN "urn:publicid:IDN+example.net+user+alice"

static char *dir;

static int setup(void **state)
{
	struct cc_keys_request ca = {
		.name = "ca", .cn = "Test CA", .kind = CC_KEY_P256, .days = 30};
	struct cc_keys_request alice = {
		.name = "alice", .urn = URN, .kind = CC_KEY_P256, .days = 300};
	struct cc_keys_request bob = {.name = "bob", .kind = CC_KEY_RSA2048, .days = 10};

	dir = pki_folder();
	ca.dir = alice.dir = bob.dir = dir;
	return cc_keys_init_ca(&ca, NULL) || cc_keys_issue(&alice, "ca", NULL) ||
	       cc_keys_issue(&bob, "ca", NULL);
}

static int teardown(void **state)
{
	pki_folder_remove(dir);
	return 0;
}

/* Loads with these names; NULL is nothing. why gets the text of a refusal. */
static int load(const char *verify, const char *sign, const char *encrypt, const char *decrypt,
		struct cc_keystore **ks, struct cc_note *why)
{
	struct pki_store store = {
		.verify = verify, .sign = sign, .encrypt = encrypt, .decrypt = decrypt};

	*ks = NULL;
	*why = (struct cc_note){0};
	return pki_keystore(dir, &store, ks, why);
}

static void loads_what_is_configured(void **state)
{
	struct cc_keystore *ks, *again;
	struct cc_note why;

	assert_int_equal(load("ca", "alice", "bob, alice", "bob", &ks, &why), 0);
	assert_true(cc_keystore_verifies(ks) && cc_keystore_signs(ks));
	assert_true(cc_keystore_encrypts(ks) && cc_keystore_decrypts(ks));
	assert_non_null(cc_keystore_roots(ks));
	assert_non_null(cc_keystore_sign(ks, 0));
	assert_null(cc_keystore_sign(ks, 1));
	assert_non_null(cc_keystore_decrypt(ks, 0));
	assert_null(cc_keystore_decrypt(ks, 1));
	assert_int_equal(cc_keystore_encrypts(ks), 2);
	assert_non_null(cc_keystore_recipient(ks, 1));
	assert_null(cc_keystore_recipient(ks, 2));
	assert_int_equal(cc_keystore_cipher(ks), CC_CIPHER_AES256_GCM);
	again = cc_keystore_ref(ks);
	cc_keystore_unref(ks);
	assert_true(cc_keystore_signs(again));
	cc_keystore_unrefp(&again);
	assert_null(again);
	cc_keystore_unref(NULL);
}

static void the_first_valid_key_signs(void **state)
{
	cc_cleanup(pki_freep) struct pki *ca = pki_make(&(struct pki_spec){.cn = "r"}, NULL);
	cc_cleanup(pki_freep) struct pki *past =
		pki_make(&(struct pki_spec){.cn = "p", .from = -9, .until = -1}, ca);
	cc_cleanup(pki_freep) struct pki *present =
		pki_make(&(struct pki_spec){.cn = "n", .from = -1, .until = 3}, ca);
	cc_cleanup(pki_freep) struct pki *future =
		pki_make(&(struct pki_spec){.cn = "f", .from = 2, .until = 9}, ca);
	int64_t now = time(NULL), day = 86400;
	struct cc_keystore *ks;
	struct cc_note why;

	pki_save(past, dir, "past");
	pki_save(present, dir, "present");
	pki_save(future, dir, "future");
	assert_int_equal(load(NULL, "past, future, present", NULL, NULL, &ks, &why), 0);
	assert_int_equal(cc_keystore_signs(ks), 3);
	assert_int_equal(cc_keystore_sign_at(ks, now - 5 * day), 0);
	assert_int_equal(cc_keystore_sign_at(ks, now), 2);
	assert_int_equal(cc_keystore_sign_at(ks, now + 2 * day + 60),
			 1); /* both are; it is first */
	assert_int_equal(cc_keystore_sign_at(ks, now + 4 * day), 1);
	assert_int_equal(cc_keystore_sign_at(ks, now + 10 * day), 3); /* none */
	assert_int_equal(cc_keystore_sign_at(ks, cc_keystore_sign(ks, 1)->not_after), 3);
	assert_int_equal(cc_keystore_sign_at(ks, cc_keystore_sign(ks, 1)->not_after - 1), 1);
	assert_int_equal(cc_keystore_sign_at(ks, cc_keystore_sign(ks, 1)->not_before), 1);
	cc_keystore_unref(ks);
}

static void nothing_configured_is_nothing(void **state)
{
	struct cc_keystore *ks;
	struct cc_note why;

	assert_int_equal(load(NULL, NULL, NULL, NULL, &ks, &why), 0);
	assert_false(cc_keystore_verifies(ks) || cc_keystore_signs(ks));
	assert_false(cc_keystore_encrypts(ks) || cc_keystore_decrypts(ks));
	assert_null(cc_keystore_roots(ks));
	cc_keystore_unref(ks);
}

/* Files that must not load, made beside the good ones. */
static void make_bad_files(void)
{
	cc_cleanup(pki_freep) struct pki *weak =
		pki_make(&(struct pki_spec){.cn = "weak", .kind = "RSA-1024"}, NULL);
	cc_cleanup(pki_freep) struct pki *curve =
		pki_make(&(struct pki_spec){.cn = "curve", .kind = "secp256k1"}, NULL);
	cc_cleanup(pki_freep) struct pki *mixed = pki_make(&(struct pki_spec){.cn = "m"}, NULL);
	cc_cleanup(pki_freep) struct pki *open = pki_make(&(struct pki_spec){.cn = "o"}, NULL);
	cc_cleanup(pki_freep) struct pki *gone =
		pki_make(&(struct pki_spec){.cn = "g", .from = -9, .until = -1}, NULL);
	cc_cleanup(pki_freep) struct pki *coming =
		pki_make(&(struct pki_spec){.cn = "c", .from = 1, .until = 9}, NULL);
	EVP_PKEY *own = mixed->key;
	char path[256];

	pki_save(weak, dir, "weak");
	pki_save(curve, dir, "curve");
	mixed->key = open->key;
	pki_save(mixed, dir, "mixed");
	mixed->key = own;
	pki_save(open, dir, "open");
	pki_save(gone, dir, "gone");
	pki_save(coming, dir, "coming");
	snprintf(path, sizeof(path), "%s/private/open.key", dir);
	assert_int_equal(chmod(path, 0620), 0);
	snprintf(path, sizeof(path), "%s/garbage.crt", dir);
	assert_int_equal(cc_file_write(path, "garbage", 7, 0644, false, NULL), 0);
	snprintf(path, sizeof(path), "%s/private/garbage.key", dir);
	assert_int_equal(cc_file_write(path, "garbage", 7, 0600, false, NULL), 0);
}

static void refuses_with_a_reason(void **state)
{
	static const struct {
		const char *verify, *sign, *encrypt, *decrypt;
		int error;
		const char *text;
	} rows[] = {
		{"../ca", NULL, NULL, NULL, CC_EINVAL, "\"../ca\" is no name"},
		{"ca", "", "bob", NULL, CC_EINVAL, "cms-encrypt without cms-sign"},
		{NULL, NULL, NULL, "bob", CC_EINVAL, "cms-decrypt without cms-verify-ca"},
		{"nobody", NULL, NULL, NULL, CC_ENOTFOUND, "nobody.crt"},
		{NULL, "nobody", NULL, NULL, CC_ENOTFOUND, "nobody.crt"},
		{"weak", NULL, NULL, NULL, CC_EINVAL, "RSA-1024"},
		{NULL, "weak", NULL, NULL, CC_EINVAL, "RSA-1024"},
		{NULL, "alice", "weak", NULL, CC_EINVAL, "RSA-1024"},
		{"curve", NULL, NULL, NULL, CC_EINVAL, "secp256k1"},
		{NULL, "mixed", NULL, NULL, CC_EINVAL, "does not belong"},
		{NULL, "open", NULL, NULL, CC_EDENIED, "open.key may be written by others"},
		{NULL, "alice,nobody", NULL, NULL, CC_ENOTFOUND, "nobody.crt"},
		{"ca", NULL, NULL, "alice,nobody", CC_ENOTFOUND, "nobody.crt"},
		{"ca", NULL, NULL, "alice,mixed", CC_EINVAL, "does not belong"},
		{NULL, "gone", NULL, NULL, CC_EINVAL, "gone.crt in /tmp/"},
		{NULL, "gone", NULL, NULL, CC_EINVAL, "is not valid now, so nobody would"},
		{NULL, "gone,coming", NULL, NULL, CC_EINVAL, "so are the others of cms-sign"},
		{"garbage", NULL, NULL, NULL, CC_EFORMAT, "garbage.crt is no PEM certificate"},
	};
	struct cc_keystore *ks;
	struct cc_note why;

	make_bad_files();
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		assert_int_equal(load(rows[i].verify, rows[i].sign, rows[i].encrypt,
				      rows[i].decrypt, &ks, &why),
				 -rows[i].error);
		if (!strstr(why.text, rows[i].text))
			fail_msg("\"%s\" does not say \"%s\"", why.text, rows[i].text);
		assert_null(ks);
	}
}

static void key_file_that_others_read_is_a_warning(void **state)
{
	struct cc_keystore *ks;
	struct cc_note why;
	char path[256];

	snprintf(path, sizeof(path), "%s/private/alice.key", dir);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(load("ca", "alice", NULL, NULL, &ks, &why), 0);
	assert_int_equal(chmod(path, 0600), 0);
	cc_keystore_unref(ks);
}

static void encrypted_key_is_refused_without_asking(void **state)
{
	static const char text[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n"
				   "-----END ENCRYPTED PRIVATE KEY-----\n";
	struct cc_keystore *ks;
	struct cc_note why;
	char from[256], to[256];

	snprintf(from, sizeof(from), "%s/alice.crt", dir);
	snprintf(to, sizeof(to), "%s/locked.crt", dir);
	assert_int_equal(link(from, to), 0);
	snprintf(to, sizeof(to), "%s/private/locked.key", dir);
	assert_int_equal(cc_file_write(to, text, strlen(text), 0600, false, NULL), 0);
	assert_int_equal(load(NULL, "locked", NULL, NULL, &ks, &why), -CC_EFORMAT);
	assert_non_null(strstr(why.text, "without passphrase"));
}

static void makes_keys_as_asked(void **state)
{
	struct cc_keys_info ca, alice, bob;
	struct stat st;
	char path[256];

	assert_int_equal(cc_keys_show(dir, "ca", &ca, NULL), 0);
	assert_int_equal(cc_keys_show(dir, "alice", &alice, NULL), 0);
	assert_int_equal(cc_keys_show(dir, "bob", &bob, NULL), 0);
	assert_true(ca.ca && !alice.ca && !bob.ca);
	assert_string_equal(ca.subject, "/CN=Test CA");
	assert_string_equal(alice.issuer, ca.subject);
	assert_string_equal(alice.subject, "/CN=alice");
	assert_string_equal(alice.urn, URN);
	assert_string_equal(alice.name, URN);
	assert_string_equal(bob.name, "bob");
	assert_string_equal(bob.urn, "");
	assert_string_equal(alice.key, "P-256");
	assert_string_equal(bob.key, "RSA-2048");
	assert_int_equal(strlen(bob.serial), 32);
	assert_int_equal(strlen(bob.sha256), 64);
	assert_string_not_equal(alice.serial, bob.serial);
	assert_true(bob.not_before <= time(NULL) && bob.not_after < ca.not_after);
	assert_int_equal(alice.not_after, ca.not_after); /* 300 days asked, cut to the CA's 30 */
	assert_true(alice.has_private);
	snprintf(path, sizeof(path), "%s/private/bob.key", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(cc_keys_show(dir, "bob", &bob, NULL), 0);
	assert_false(bob.has_private);
	assert_int_equal(cc_keys_show(dir, "nobody", &bob, NULL), -CC_ENOTFOUND);
}

static void never_overwrites_unasked(void **state)
{
	struct cc_keys_request rq = {.dir = dir, .name = "twice", .kind = CC_KEY_P256, .days = 1};
	struct cc_keys_info before, after;
	struct cc_note why = {0};

	assert_int_equal(cc_keys_issue(&rq, "ca", &why), 0);
	assert_int_equal(cc_keys_show(dir, "twice", &before, NULL), 0);
	assert_int_equal(cc_keys_issue(&rq, "ca", &why), -CC_EEXIST);
	rq.force = true;
	assert_int_equal(cc_keys_issue(&rq, "ca", &why), 0);
	assert_int_equal(cc_keys_show(dir, "twice", &after, NULL), 0);
	assert_string_not_equal(before.sha256, after.sha256);
}

static void refuses_bad_requests(void **state)
{
	static const struct {
		const char *name, *cn, *urn, *ca;
		int days, error;
	} rows[] = {
		{"a/b", NULL, NULL, "ca", 1, CC_EINVAL},
		{".a", NULL, NULL, "ca", 1, CC_EINVAL},
		{"", NULL, NULL, "ca", 1, CC_EINVAL},
		{"a", "", NULL, "ca", 1, CC_EINVAL},
		{"a", "two\nlines", NULL, "ca", 1, CC_EINVAL},
		{"a", NULL, "http://x", "ca", 1, CC_EINVAL},
		{"a", NULL, "urn:publicid:IDN+x y", "ca", 1, CC_EINVAL},
		{"a", NULL, NULL, "ca", 0, CC_EINVAL},
		{"a", NULL, NULL, "ca", 36501, CC_EINVAL},
		{"a", NULL, NULL, "nobody", 1, CC_ENOTFOUND},
		{"a", NULL, NULL, "alice", 1, CC_EINVAL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_keys_request rq = {.dir = dir,
					     .name = rows[i].name,
					     .cn = rows[i].cn,
					     .urn = rows[i].urn,
					     .kind = CC_KEY_P256,
					     .days = rows[i].days};
		struct cc_note why = {0};

		assert_int_equal(cc_keys_issue(&rq, rows[i].ca, &why), -rows[i].error);
		assert_true(why.text[0]);
	}
}

static void reads_names_strictly(void **state)
{
	static const struct {
		const char *cn, *san;
		int fault;
		const char *urn;
	} rows[] = {
		{"a", NULL, 0, ""},
		{NULL, NULL, CC_CMS_NAME, ""},
		{NULL, "URI:" URN, 0, URN},
		{"a", "URI:http://x,URI:" URN ",email:a@b", 0, URN},
		{"a", "URI:" URN ",URI:" URN, 0, URN},
		{"a", "URI:" URN ",URI:" URN "2", CC_CMS_NAME, NULL},
		{"a", "URI:urn:publicid:IDN+", CC_CMS_NAME, NULL},
		{"a\tb", NULL, CC_CMS_NAME, NULL},
		{"a\xc2\x9b"
		 "b",
		 NULL, CC_CMS_NAME, NULL},
	};
	char urn[CC_SIGNER_NAME_MAX + 1], cn[CC_SIGNER_NAME_MAX + 1];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(pki_freep) struct pki *p =
			pki_make(&(struct pki_spec){.cn = rows[i].cn, .san = rows[i].san}, NULL);

		assert_int_equal(cc_signer_read_names(p->cert, urn, cn), rows[i].fault);
		if (rows[i].fault == 0) {
			assert_string_equal(urn, rows[i].urn);
			assert_string_equal(cn, rows[i].cn ? rows[i].cn : "");
		}
	}
}

static void most_specific_name_counts(void **state)
{
	cc_cleanup(pki_freep) struct pki *p = pki_make(&(struct pki_spec){.cn = "first"}, NULL);
	char urn[CC_SIGNER_NAME_MAX + 1], cn[CC_SIGNER_NAME_MAX + 1];

	X509_NAME_add_entry_by_txt(X509_get_subject_name(p->cert), "CN", MBSTRING_UTF8,
				   (const unsigned char *)"last", -1, -1, 0);
	assert_int_equal(cc_signer_read_names(p->cert, urn, cn), 0);
	assert_string_equal(cn, "last");
	X509_NAME_add_entry_by_txt(X509_get_subject_name(p->cert), "CN", V_ASN1_UTF8STRING,
				   (const unsigned char *)"nul\0inside", 10, -1, 0);
	assert_int_equal(cc_signer_read_names(p->cert, urn, cn), CC_CMS_NAME);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(loads_what_is_configured),
	cmocka_unit_test(the_first_valid_key_signs),
	cmocka_unit_test(nothing_configured_is_nothing),
	cmocka_unit_test(refuses_with_a_reason),
	cmocka_unit_test(key_file_that_others_read_is_a_warning),
	cmocka_unit_test(encrypted_key_is_refused_without_asking),
	cmocka_unit_test(makes_keys_as_asked),
	cmocka_unit_test(never_overwrites_unasked),
	cmocka_unit_test(refuses_bad_requests),
	cmocka_unit_test(reads_names_strictly),
	cmocka_unit_test(most_specific_name_counts),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
