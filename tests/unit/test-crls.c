/* SPDX-License-Identifier: ISC */
/* Revocation: CRLs of a key store, what they do to signers, and the making of them. */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/keyfile.h"
#include "lib/cc/keys.h"
#include "lib/cc/ossl.h"
#include "tests/unit/pki.h"

#define BODY "{\"req\": \"echo.request\"}"
#define DAY 86400

static char *dir;
static struct pki *ca, *second, *alice, *bob, *carol; /* second: another CA, carol's */
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
	second = pki_make(&(struct pki_spec){.cn = "second", .ca = true}, NULL);
	alice = pki_make(&(struct pki_spec){.cn = "alice"}, ca);
	bob = pki_make(&(struct pki_spec){.cn = "bob"}, ca);
	carol = pki_make(&(struct pki_spec){.cn = "carol"}, second);
	pki_save(ca, dir, "ca");
	pki_save(second, dir, "second");
	pki_save(alice, dir, "alice");
	pki_save(bob, dir, "bob");
	pki_save(carol, dir, "carol");
	return 0;
}

static int teardown(void **state)
{
	pki_free(ca);
	pki_free(second);
	pki_free(alice);
	pki_free(bob);
	pki_free(carol);
	pki_folder_remove(dir);
	return 0;
}

static int each_setup(void **state)
{
	clock_offset = 0;
	return 0;
}

static int each_teardown(void **state)
{
	assert_int_equal(ERR_peek_error(), 0);
	return 0;
}

static struct cc_cms *context(const char *cas, const char *crls)
{
	return pki_context(dir, &(struct pki_store){.verify = cas, .crl = crls});
}

static struct cc_buf sign(const struct pki *signer, const struct pki *other)
{
	CMS_ContentInfo *ci = pki_sign(signer, BODY, NULL, CMS_BINARY | CMS_DETACHED);

	if (other)
		assert_int_equal(CMS_add1_cert(ci, other->cert), 1);
	return pki_der(ci);
}

/* @return what cc_cms_verify does; *until: how long the signer is good. */
static int verify(struct cc_cms *cms, const struct cc_buf *sig, unsigned flags, int64_t *until)
{
	const struct cc_signer *signer = NULL;
	int r = cc_cms_verify(cms, pki_bytes(sig), pki_text(BODY), flags, &signer);

	if (signer && until)
		*until = signer->not_after;
	if (signer)
		assert_int_equal(signer->cls, CC_CLASS_BUS);
	cc_signer_unref(signer);
	return r;
}

/* Twice, and where strangers may come in, too. Frees sig. */
static void judged(struct cc_cms *cms, struct cc_buf sig, int fault)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(verify(cms, &sig, 0, NULL), fault);
		assert_int_equal(verify(cms, &sig, CC_CMS_ALLOW_GID, NULL), fault);
	}
	cc_buf_deinit(&sig);
}

static struct cc_cms_stats stats_of(const struct cc_cms *cms)
{
	struct cc_cms_stats s;

	cc_cms_get_stats(cms, &s);
	return s;
}

static void revoked_signers_are_refused(void **state)
{
	struct cc_cms *cms;

	pki_save_crl(ca, &(struct pki_crl_spec){.revoked = {bob}}, dir, "ca", false);
	cms = context("ca", "ca");
	judged(cms, sign(alice, NULL), 0);
	judged(cms, sign(bob, NULL), CC_CMS_REVOKED);
	assert_int_equal(stats_of(cms).cached, 1);
	assert_int_equal(stats_of(cms).cached_gid, 0);
	cc_cms_free(cms);
	cms = context("ca", NULL); /* nobody looks */
	judged(cms, sign(bob, NULL), 0);
	cc_cms_free(cms);
}

static void every_certificate_of_the_chain_is_looked_up(void **state)
{
	cc_cleanup(pki_freep) struct pki *sub =
		pki_make(&(struct pki_spec){.cn = "sub", .ca = true}, ca);
	cc_cleanup(pki_freep) struct pki *leaf = pki_make(&(struct pki_spec){.cn = "leaf"}, sub);
	struct cc_cms *cms;

	pki_save(sub, dir, "sub");
	pki_save_crl(ca, &(struct pki_crl_spec){0}, dir, "ca", false);
	cms = context("ca", "ca");
	judged(cms, sign(leaf, sub), CC_CMS_CRL); /* nothing says what sub took back */
	cc_cms_free(cms);
	pki_save_crl(sub, &(struct pki_crl_spec){0}, dir, "sub", false);
	cms = context("ca,sub", "ca,sub");
	judged(cms, sign(leaf, sub), 0);
	judged(cms, sign(leaf, NULL), 0);
	cc_cms_free(cms);
	pki_save_crl(sub, &(struct pki_crl_spec){.revoked = {leaf}}, dir, "sub", false);
	cms = context("ca,sub", "ca,sub");
	judged(cms, sign(leaf, sub), CC_CMS_REVOKED);
	cc_cms_free(cms);
	pki_save_crl(sub, &(struct pki_crl_spec){0}, dir, "sub", false);
	pki_save_crl(ca, &(struct pki_crl_spec){.revoked = {sub}}, dir, "ca", false);
	cms = context("ca,sub", "ca,sub");
	judged(cms, sign(leaf, sub), CC_CMS_REVOKED);
	cc_cms_free(cms);
}

static void remembered_verdict_ends_with_the_crl(void **state)
{
	struct cc_buf sig = sign(alice, NULL);
	int64_t until = 0, now = (int64_t)__real_cc_clock_wall();
	struct cc_cms *cms;

	pki_save_crl(ca, &(struct pki_crl_spec){.from = -60, .until = 2 * DAY}, dir, "ca", false);
	cms = context("ca", "ca");
	assert_int_equal(verify(cms, &sig, 0, &until), 0);
	assert_in_range(until, now + 2 * DAY - 60, now + 2 * DAY + 60);
	clock_offset = (double)until - __real_cc_clock_wall() - 2;
	assert_int_equal(verify(cms, &sig, 0, NULL), 0);
	assert_int_equal(stats_of(cms).fast, 1);
	clock_offset += 3.5;
	assert_int_equal(verify(cms, &sig, 0, NULL), CC_CMS_CRL);
	assert_int_equal(verify(cms, &sig, CC_CMS_ALLOW_GID, NULL), CC_CMS_CRL);
	assert_int_equal(stats_of(cms).cached, 0);
	cc_buf_deinit(&sig);
	cc_cms_free(cms);
}

static void a_crl_ends_for_its_own_ca_only(void **state)
{
	struct cc_buf a = sign(alice, NULL), c = sign(carol, NULL);
	struct cc_cms *cms;

	pki_save_crl(ca, &(struct pki_crl_spec){0}, dir, "both", false);
	pki_save_crl(second, &(struct pki_crl_spec){.from = -60, .until = 2 * DAY}, dir, "both",
		     true);
	cms = context("ca, second", "both");
	assert_int_equal(verify(cms, &a, 0, NULL), 0);
	assert_int_equal(verify(cms, &c, 0, NULL), 0);
	clock_offset = 3 * DAY;
	assert_int_equal(verify(cms, &c, 0, NULL), CC_CMS_CRL);
	assert_int_equal(stats_of(cms).full, 3);
	assert_int_equal(verify(cms, &a, 0, NULL), 0);
	assert_int_equal(stats_of(cms).fast, 1);
	cc_buf_deinit(&a);
	cc_buf_deinit(&c);
	cc_cms_free(cms);
}

/*
 * Two CAs of one name, as at a change of the CA's key: each signer is good by the CRL of its own.
 */
static void cas_of_one_name_have_each_their_own(void **state)
{
	cc_cleanup(pki_freep) struct pki *next =
		pki_make(&(struct pki_spec){.cn = "ca", .ca = true}, NULL);
	struct cc_keys_crl_request rq = {.dir = dir, .ca = "next", .days = 3};
	struct cc_keys_request dora = {
		.dir = dir, .name = "dora", .kind = CC_KEY_P256, .days = 9, .force = true};
	cc_cleanup(pki_freep) struct pki *p = calloc(1, sizeof(*p));
	int64_t until = 0, now = (int64_t)__real_cc_clock_wall();
	struct cc_buf sig;
	struct cc_cms *cms;

	pki_save(next, dir, "next");
	pki_save_crl(ca, &(struct pki_crl_spec){.revoked = {bob}}, dir, "ca", false);
	assert_int_equal(cc_keys_issue(&dora, "next", NULL), 0);
	assert_int_equal(cc_keyfile_read_pair(dir, "dora", &p->cert, &p->key, NULL), 0);
	assert_int_equal(cc_keys_revoke(&rq, NULL, 0, NULL), 0);
	cms = context("next", "next");
	sig = sign(p, NULL);
	assert_int_equal(verify(cms, &sig, 0, &until), 0);
	assert_in_range(until, now + 3 * DAY - 60, now + 3 * DAY + 60);
	cc_cms_free(cms);
	cms = context("ca,next", "ca,next");
	assert_int_equal(verify(cms, &sig, 0, &until), 0);
	assert_in_range(until, now + 3 * DAY - 60, now + 3 * DAY + 60);
	cc_buf_deinit(&sig);
	cc_cms_free(cms);
}

/* A revoked signer that was met before is gone with the next snapshot. */
static void known_and_then_revoked(void **state)
{
	static const char *const names[] = {"bob"};
	struct cc_keys_crl_request rq = {.dir = dir, .ca = "ca", .days = 30};
	struct cc_buf sig = sign(bob, NULL);
	struct cc_cms *cms;

	pki_save_crl(ca, &(struct pki_crl_spec){0}, dir, "ca", false);
	cms = context("ca", "ca");
	assert_int_equal(verify(cms, &sig, 0, NULL), 0);
	assert_int_equal(verify(cms, &sig, 0, NULL), 0);
	assert_int_equal(cc_keys_revoke(&rq, names, 1, NULL), 0);
	assert_int_equal(verify(cms, &sig, 0, NULL), 0); /* the old snapshot is what it was */
	assert_int_equal(stats_of(cms).fast, 2);
	cc_cms_free(cms);
	cms = context("ca", "ca");
	judged(cms, sig, CC_CMS_REVOKED);
	cc_cms_free(cms);
}

static void put(const char *name, const char *text, size_t len)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_crl_path(dir, name);

	assert_int_equal(cc_file_write(path, text, len, 0644, false, NULL), 0);
}

static void append(const char *name, const char *text)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_crl_path(dir, name);
	FILE *f = fopen(path, "a");

	assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

#define BROKEN "-----BEGIN X509 CRL-----\nMA==\n-----END X509 CRL-----\n"

/* Files that must not load. */
static void make_bad_files(void)
{
	cc_cleanup(pki_freep) struct pki *mute = pki_make(
		&(struct pki_spec){.cn = "mute", .ca = true, .usage = "keyCertSign"}, NULL);
	cc_cleanup(cc_freep) char *huge = cc_keyfile_crl_path(dir, "huge");
	struct pki_crl_spec good = {0};

	pki_save(mute, dir, "mute");
	pki_save_crl(mute, &good, dir, "mute", false);
	pki_save_crl(ca, &good, dir, "ca", false);
	pki_save_crl(second, &good, dir, "second", false);
	pki_save_crl(ca, &(struct pki_crl_spec){.signer = second}, dir, "forged", false);
	pki_save_crl(ca, &(struct pki_crl_spec){.from = -DAY, .until = -7300}, dir, "ended", false);
	pki_save_crl(ca, &(struct pki_crl_spec){.from = DAY, .until = 2 * DAY}, dir, "early",
		     false);
	pki_save_crl(ca, &(struct pki_crl_spec){.endless = true}, dir, "endless", false);
	pki_save_crl(ca, &(struct pki_crl_spec){.delta = true}, dir, "delta", false);
	pki_save_crl(ca, &good, dir, "twice", false);
	pki_save_crl(ca, &good, dir, "twice", true);
	put("garbage", "garbage", 7);
	put("empty", "", 0);
	put("broken", BROKEN, strlen(BROKEN));
	pki_save_crl(ca, &good, dir, "tail", false);
	append("tail", BROKEN);
	put("huge", "", 0);
	assert_int_equal(truncate(huge, CC_CRL_MAX + 1), 0);
}

static void loading_refuses_with_a_reason(void **state)
{
	static const struct {
		const char *verify, *crl;
		int error;
		const char *text;
	} rows[] = {
		{NULL, "ca", CC_EINVAL, "cms-crl without cms-verify-ca"},
		{"ca", "../ca", CC_EINVAL, "\"../ca\" is no name"},
		{"ca", "nobody", CC_ENOTFOUND,
		 "make it with ccfed keys crl --ca nobody --keystore"},
		{"ca", "garbage", CC_EFORMAT, "garbage.crl is no file of PEM CRLs"},
		{"ca", "empty", CC_EFORMAT, "empty.crl is no file of PEM CRLs"},
		{"ca", "broken", CC_EFORMAT, "broken.crl is no file of PEM CRLs"},
		{"ca", "tail", CC_EFORMAT, "tail.crl is no file of PEM CRLs"},
		{"ca", "huge", CC_ELIMIT, "huge.crl has more than 4194304 octets"},
		{"ca", "second", CC_EINVAL,
		 "a CRL of /CN=second that no CA of cms-verify-ca signed"},
		{"ca", "forged", CC_EINVAL, "a CRL of /CN=ca that no CA of cms-verify-ca signed"},
		{"mute", "mute", CC_EINVAL, "key usage of CA mute"},
		{"ca", "ended", CC_EINVAL,
		 "ended.crl ended 2 hours ago: renew it with ccfed keys crl"},
		{"ca", "early", CC_EINVAL, "early.crl is not valid yet"},
		{"ca", "endless", CC_EFORMAT, "endless.crl has no date when it ends"},
		{"ca", "delta", CC_EINVAL, "delta.crl is a delta CRL"},
		{"ca", "twice", CC_EINVAL, "twice.crl holds a second CRL of a CA"},
		{"ca", "ca,twice", CC_EINVAL, "twice.crl holds a second CRL of a CA"},
		{"ca,second", "ca", CC_EINVAL,
		 "no CRL of CA second: make one with ccfed keys crl --ca second --keystore /tmp/"},
	};

	make_bad_files();
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct pki_store store = {.verify = rows[i].verify, .crl = rows[i].crl};
		struct cc_keystore *ks = NULL;
		struct cc_note why = {0};

		assert_int_equal(pki_keystore(dir, &store, &ks, &why), -rows[i].error);
		if (!strstr(why.text, rows[i].text))
			fail_msg("\"%s\" does not say \"%s\"", why.text, rows[i].text);
		assert_null(ks);
	}
}

/* @return what the log says while this key store is loaded; the caller frees. */
static char *logged_by(const char *cas, const char *crls)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(dir, "log");
	struct cc_log_conf conf = {.job_name = "test", .file = path, .level = CC_LOG_WARN};
	struct pki_store store = {.verify = cas, .crl = crls};
	struct cc_keystore *ks = NULL;
	char *text = NULL;
	size_t len;

	unlink(path);
	assert_int_equal(cc_log_open(&conf), 0);
	assert_int_equal(pki_keystore(dir, &store, &ks, NULL), 0);
	cc_keystore_unref(ks);
	cc_log_close();
	assert_int_equal(cc_file_read(path, 65536, &text, &len, NULL), 0);
	return text;
}

static void an_end_that_is_near_is_said(void **state)
{
	cc_cleanup(cc_freep) char *late = NULL, *soon = NULL;

	pki_save_crl(ca, &(struct pki_crl_spec){.from = -60, .until = DAY + 60}, dir, "ca", false);
	late = logged_by("ca", "ca");
	assert_string_equal(late, "");
	pki_save_crl(ca, &(struct pki_crl_spec){.from = -60, .until = DAY - 60}, dir, "ca", false);
	soon = logged_by("ca", "ca");
	assert_non_null(strstr(soon, "ca.crl ends in 14"));
	assert_non_null(strstr(soon, "renew it with ccfed keys crl"));
}

/* The CRL of a CA as it stands in the folder. */
static X509_CRL *stored(const char *name)
{
	STACK_OF(X509_CRL) *list = NULL;
	X509_CRL *crl;

	assert_int_equal(cc_keyfile_read_crls(dir, name, &list, NULL), 0);
	assert_int_equal(sk_X509_CRL_num(list), 1);
	crl = sk_X509_CRL_pop(list);
	sk_X509_CRL_free(list);
	return crl;
}

struct facts {
	long number;
	int entries;
	int64_t from, until;
	bool alice, bob;
	time_t alice_since;
};

static struct facts facts_of(const char *name, const struct pki *issuer)
{
	X509_CRL *crl = stored(name);
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	struct facts f = {.number = ASN1_INTEGER_get(number)};
	X509_REVOKED *entry = NULL;
	int64_t since = 0;

	assert_int_equal(X509_CRL_verify(crl, issuer->key), 1);
	assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
	assert_true(X509_CRL_get_ext_by_NID(crl, NID_authority_key_identifier, -1) >= 0);
	assert_int_equal(cc_asn1_seconds(X509_CRL_get0_lastUpdate(crl), &f.from), 0);
	assert_int_equal(cc_asn1_seconds(X509_CRL_get0_nextUpdate(crl), &f.until), 0);
	if (X509_CRL_get_REVOKED(crl)) /* NULL: an empty list is left out */
		f.entries = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
	f.bob = X509_CRL_get0_by_cert(crl, &entry, bob->cert) == 1;
	f.alice = X509_CRL_get0_by_cert(crl, &entry, alice->cert) == 1;
	if (f.alice)
		cc_asn1_seconds(X509_REVOKED_get0_revocationDate(entry), &since);
	f.alice_since = (time_t)since;
	ASN1_INTEGER_free(number);
	X509_CRL_free(crl);
	return f;
}

static void remove_crl(const char *name)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_crl_path(dir, name);

	assert_true(unlink(path) == 0 || errno == ENOENT);
}

static void a_crl_grows(void **state)
{
	static const char *const first[] = {"alice"}, *const both[] = {"bob", "alice"};
	struct cc_keys_crl_request rq = {.dir = dir, .ca = "ca", .days = 30};
	cc_cleanup(cc_freep) char *path = cc_keyfile_crl_path(dir, "ca");
	int64_t now = (int64_t)__real_cc_clock_wall();
	struct facts f;
	struct stat st;
	mode_t mask = umask(022);

	remove_crl("ca");
	assert_int_equal(cc_keys_revoke(&rq, NULL, 0, NULL), 0);
	umask(mask);
	f = facts_of("ca", ca);
	assert_true(f.number == 1 && f.entries == 0);
	assert_in_range(f.until, now + 30 * DAY, now + 30 * DAY + 60);
	assert_in_range(f.from, now - 400, now - 200);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	clock_offset = -DAY;
	assert_int_equal(cc_keys_revoke(&rq, first, 1, NULL), 0);
	f = facts_of("ca", ca);
	assert_true(f.number == 2 && f.entries == 1 && f.alice && !f.bob);
	clock_offset = 0;
	assert_int_equal(cc_keys_revoke(&rq, both, 2, NULL), 0);
	f = facts_of("ca", ca);
	assert_true(f.number == 3 && f.entries == 2 && f.alice && f.bob);
	assert_in_range(f.alice_since, now - DAY - 60, now - DAY + 60); /* as it was made first */
	rq.days = 2;
	assert_int_equal(cc_keys_revoke(&rq, NULL, 0, NULL), 0);
	f = facts_of("ca", ca);
	assert_true(f.number == 4 && f.entries == 2 && f.alice && f.bob);
	assert_in_range(f.until, now + 2 * DAY, now + 2 * DAY + 60);
}

static void a_foreign_crl_goes_on(void **state)
{
	static const char *const names[] = {"alice"};
	struct cc_keys_crl_request rq = {.dir = dir, .ca = "ca", .days = 30};
	struct facts f;

	/* one that another program made, without number */
	pki_save_crl(ca, &(struct pki_crl_spec){.revoked = {bob}}, dir, "ca", false);
	assert_int_equal(cc_keys_revoke(&rq, names, 1, NULL), 0);
	f = facts_of("ca", ca);
	assert_true(f.number == 1 && f.entries == 2 && f.alice && f.bob);
}

static void revoking_refuses_with_a_reason(void **state)
{
	static const struct {
		const char *ca, *names[3];
		int days, error;
		const char *text;
	} rows[] = {
		{"ca", {"carol"}, 30, CC_EINVAL, "CA ca did not issue carol.crt"},
		{"ca", {"alice", "carol"}, 30, CC_EINVAL, "CA ca did not issue carol.crt"},
		{"ca", {"alice", "nobody"}, 30, CC_ENOTFOUND, "nobody.crt"},
		{"ca", {"ca"}, 30, CC_EINVAL, "ca is the CA itself"},
		{"ca", {"../alice"}, 30, CC_EINVAL, "\"../alice\" is no name"},
		{"../ca", {"alice"}, 30, CC_EINVAL, "\"../ca\" is no name"},
		{"nobody", {"alice"}, 30, CC_ENOTFOUND, "nobody.key"},
		{"alice", {"bob"}, 30, CC_EINVAL, "alice is not the certificate of a CA"},
		{"ca", {"alice"}, 0, CC_EINVAL, "validity of 0 days"},
		{"ca", {"alice"}, 36501, CC_EINVAL, "validity of 36501 days"},
	};
	struct cc_keys_crl_request fresh = {.dir = dir, .ca = "ca", .days = 30};

	remove_crl("ca");
	assert_int_equal(cc_keys_revoke(&fresh, NULL, 0, NULL), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_keys_crl_request rq = {
			.dir = dir, .ca = rows[i].ca, .days = rows[i].days};
		struct cc_note why = {0};
		size_t count = 0;
		struct facts f;

		while (rows[i].names[count])
			count++;
		assert_int_equal(cc_keys_revoke(&rq, rows[i].names, count, &why), -rows[i].error);
		if (!strstr(why.text, rows[i].text))
			fail_msg("\"%s\" does not say \"%s\"", why.text, rows[i].text);
		f = facts_of("ca", ca);
		assert_true(f.number == 1 && f.entries == 0); /* all or nothing */
	}
}

static void what_is_not_its_crl_stays(void **state)
{
	struct cc_keys_crl_request rq = {.dir = dir, .ca = "ca", .days = 30};
	struct pki_crl_spec good = {0};
	struct cc_note why = {0};

	pki_save_crl(second, &good, dir, "ca", false);
	assert_int_equal(cc_keys_revoke(&rq, NULL, 0, &why), -CC_EEXIST);
	assert_non_null(strstr(why.text, "something else than one CRL that CA ca signed"));
	pki_save_crl(ca, &good, dir, "ca", false);
	pki_save_crl(second, &good, dir, "ca", true);
	assert_int_equal(cc_keys_revoke(&rq, NULL, 0, &why), -CC_EEXIST);
	put("ca", "garbage", 7);
	assert_int_equal(cc_keys_revoke(&rq, NULL, 0, &why), -CC_EFORMAT);
}

static void one_at_a_time(void **state)
{
	struct cc_keys_crl_request rq = {.dir = dir, .ca = "ca", .days = 30};
	cc_cleanup(cc_freep) char *path = cc_keyfile_key_path(dir, "ca");
	struct cc_note why = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	remove_crl("ca");
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(cc_keys_revoke(&rq, NULL, 0, &why), -CC_EBUSY);
	assert_non_null(strstr(why.text, "another ccfed keys is making a CRL of ca"));
	close(fd);
	assert_int_equal(cc_keys_revoke(&rq, NULL, 0, &why), 0);
}

static const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, each_setup, each_teardown)
	T(revoked_signers_are_refused),
	T(every_certificate_of_the_chain_is_looked_up),
	T(remembered_verdict_ends_with_the_crl),
	T(a_crl_ends_for_its_own_ca_only),
	T(cas_of_one_name_have_each_their_own),
	T(known_and_then_revoked),
	T(loading_refuses_with_a_reason),
	T(an_end_that_is_near_is_said),
	T(a_crl_grows),
	T(a_foreign_crl_goes_on),
	T(revoking_refuses_with_a_reason),
	T(what_is_not_its_crl_stays),
	T(one_at_a_time),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
