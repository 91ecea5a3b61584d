/* SPDX-License-Identifier: ISC */
/* Certificates of files, judged as those of messages. */
#include "tests/test.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/cc/caller.h"
#include "lib/cc/certfile.h"
#include "lib/cc/ossl.h"
#include "lib/cc/signer.h"
#include "tests/unit/pki.h"

#define URN "urn:publicid:IDN+ccfed.test+user+alice"
#define OTHER "urn:publicid:IDN+ccfed.test+user+bob"

static char *dir;
static struct pki *ca, *sub, *rogue;
static struct cc_keystore *ks, *crl_ks; /* both know the CA; crl_ks has its CRL, too */

static void save(const char *name, const struct pki *const *certs, size_t n)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(PEM_write_X509(f, certs[i]->cert), 1);
	fclose(f);
}

static void save_one(const char *name, const struct pki_spec *spec, const struct pki *issuer)
{
	struct pki *p = pki_make(spec, issuer);

	save(name, (const struct pki *[]){p}, 1);
	pki_free(p);
}

static void save_text(const char *name, const char *text)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(dir, name);

	assert_int_equal(cc_file_write(path, text, strlen(text), 0644, false, NULL), 0);
}

static int setup(void **state)
{
	struct pki *leaf, *revoked, *many[CC_CERTFILE_CERTS + 1];

	dir = pki_folder();
	ca = pki_make(&(struct pki_spec){.cn = "ca", .ca = true}, NULL);
	sub = pki_make(&(struct pki_spec){.cn = "sub", .ca = true}, ca);
	rogue = pki_make(&(struct pki_spec){.cn = "ca", .ca = true}, NULL);
	pki_save(ca, dir, "ca");
	save_one("alice.pem", &(struct pki_spec){.cn = "alice", .san = "URI:" URN}, ca);
	save_one("cn.pem", &(struct pki_spec){.cn = "front-1"}, ca);
	save_one("gid.pem", &(struct pki_spec){.cn = "alice", .san = "URI:" URN}, rogue);
	save_one("old.pem", &(struct pki_spec){.cn = "a", .from = -9, .until = -1}, ca);
	save_one("oldgid.pem", &(struct pki_spec){.cn = "a", .from = -9, .until = -1}, rogue);
	save_one("client.pem", &(struct pki_spec){.cn = "a", .eku = "clientAuth"}, ca);
	save_one("weak.pem", &(struct pki_spec){.cn = "a", .kind = "RSA-1024"}, ca);
	save_one("curve.pem", &(struct pki_spec){.cn = "a", .kind = "secp256k1"}, rogue);
	save_one("nobody.pem", &(struct pki_spec){0}, ca);
	save_one("two.pem", &(struct pki_spec){.cn = "a", .san = "URI:" URN ",URI:" OTHER}, ca);
	leaf = pki_make(&(struct pki_spec){.cn = "leaf"}, sub);
	save("leaf.pem", (const struct pki *[]){leaf}, 1);
	save("chain.pem", (const struct pki *[]){leaf, sub}, 2);
	save("turned.pem", (const struct pki *[]){sub, leaf}, 2);
	for (size_t i = 0; i < CC_ARRAY_SIZE(many); i++)
		many[i] = leaf;
	save("most.pem", (const struct pki *const *)many, CC_CERTFILE_CERTS);
	save("many.pem", (const struct pki *const *)many, CC_CERTFILE_CERTS + 1);
	revoked = pki_make(&(struct pki_spec){.cn = "revoked"}, ca);
	save("revoked.pem", (const struct pki *[]){revoked}, 1);
	pki_save_crl(ca, &(struct pki_crl_spec){.revoked = {revoked}}, dir, "ca", false);
	pki_free(leaf);
	pki_free(revoked);
	save_text("text.pem", "no certificate\n");
	save_text("empty.pem", "");
	save_text("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	assert_int_equal(pki_keystore(dir, &(struct pki_store){.verify = "ca"}, &ks, NULL), 0);
	return pki_keystore(dir, &(struct pki_store){.verify = "ca", .crl = "ca"}, &crl_ks, NULL);
}

static int teardown(void **state)
{
	cc_keystore_unref(ks);
	cc_keystore_unref(crl_ks);
	pki_free(ca);
	pki_free(sub);
	pki_free(rogue);
	pki_folder_remove(dir);
	return 0;
}

static int ask(const struct cc_keystore *by, const char *name, const struct cc_signer **s,
	       struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(dir, name);
	int r = cc_certfile_signer(by, path, s, why);

	assert_int_equal(ERR_peek_error(), 0);
	return r;
}

static void test_signers(void **state)
{
	static const struct {
		const char *file;
		int result; /* without, with a CRL, without roots */
		int with_crl, without_roots;
		enum cc_signer_class cls; /* of the good */
		const char *name;
	} rows[] = {
		{"alice.pem", 0, 0, 0, CC_CLASS_BUS, URN},
		{"cn.pem", 0, 0, 0, CC_CLASS_BUS, "front-1"},
		{"gid.pem", 0, 0, 0, CC_CLASS_GID, URN},
		{"chain.pem", 0, CC_CMS_CRL, 0, CC_CLASS_BUS, "leaf"}, /* sub has no CRL */
		{"leaf.pem", 0, 0, 0, CC_CLASS_GID, "leaf"},	       /* nobody knows its issuer */
		{"turned.pem", 0, 0, 0, CC_CLASS_BUS, "sub"},	       /* the first one counts */
		{"most.pem", 0, 0, 0, CC_CLASS_GID, "leaf"},
		{"revoked.pem", 0, CC_CMS_REVOKED, 0, CC_CLASS_BUS, "revoked"},
		{"old.pem", CC_CMS_EXPIRED, CC_CMS_EXPIRED, CC_CMS_EXPIRED, 0, NULL},
		{"oldgid.pem", CC_CMS_EXPIRED, CC_CMS_EXPIRED, CC_CMS_EXPIRED, 0, NULL},
		{"client.pem", CC_CMS_PURPOSE, CC_CMS_PURPOSE, 0, CC_CLASS_GID, "a"},
		{"weak.pem", CC_CMS_KEY, CC_CMS_KEY, CC_CMS_KEY, 0, NULL},
		{"curve.pem", CC_CMS_KEY, CC_CMS_KEY, CC_CMS_KEY, 0, NULL},
		{"nobody.pem", CC_CMS_NAME, CC_CMS_NAME, CC_CMS_NAME, 0, NULL},
		{"two.pem", CC_CMS_NAME, CC_CMS_NAME, CC_CMS_NAME, 0, NULL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct cc_signer *s = NULL;
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].file);
		assert_int_equal(ask(ks, rows[i].file, &s, &why), rows[i].result);
		if (rows[i].result == 0) {
			assert_int_equal(s->cls, rows[i].cls);
			assert_string_equal(s->name, rows[i].name);
		}
		cc_signer_unref(s);
		s = NULL;
		assert_int_equal(ask(crl_ks, rows[i].file, &s, &why), rows[i].with_crl);
		cc_signer_unref(s);
		s = NULL;
		assert_int_equal(ask(NULL, rows[i].file, &s, &why), rows[i].without_roots);
		if (s)
			assert_int_equal(s->cls, CC_CLASS_GID);
		cc_signer_unref(s);
		assert_string_equal(why.text, "");
	}
}

static void test_bad_files(void **state)
{
	static const struct {
		const char *file;
		int result;
		const char *text;
	} rows[] = {
		{"absent.pem", -CC_ENOTFOUND, "absent.pem"},
		{"text.pem", -CC_EFORMAT, "text.pem is no file of PEM certificates"},
		{"empty.pem", -CC_EFORMAT, "empty.pem is no file of PEM certificates"},
		{"bad.pem", -CC_EFORMAT, "bad.pem is no file of PEM certificates"},
		{"many.pem", -CC_ELIMIT, "many.pem holds more than 16 certificates"},
		{"private", -CC_ESYS, "private"}, /* a folder */
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *path = cc_file_join(dir, rows[i].file);
		char urn[CC_SIGNER_NAME_MAX + 1];
		const struct cc_signer *s = NULL;
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].file);
		assert_int_equal(ask(ks, rows[i].file, &s, &why), rows[i].result);
		assert_null(s);
		assert_non_null(strstr(why.text, rows[i].text));
		assert_int_equal(cc_certfile_caller(path, urn, &why), rows[i].result);
	}
}

static void test_callers(void **state)
{
	static const struct {
		const char *file;
		int result;
		const char *urn;
	} rows[] = {
		{"alice.pem", 0, URN},
		{"gid.pem", 0, URN}, /* whose it is, the handler judges */
		{"cn.pem", 0, ""},
		{"most.pem", 0, ""}, /* a caller may have as many */
		{"two.pem", CC_CALLER_UNREADABLE, NULL},
		{"nobody.pem", CC_CALLER_UNREADABLE, NULL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *path = cc_file_join(dir, rows[i].file);
		char urn[CC_SIGNER_NAME_MAX + 1] = "unchanged";
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].file);
		assert_int_equal(cc_certfile_caller(path, urn, &why), rows[i].result);
		if (rows[i].result == 0)
			assert_string_equal(urn, rows[i].urn);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_signers),
	cmocka_unit_test(test_bad_files),
	cmocka_unit_test(test_callers),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
