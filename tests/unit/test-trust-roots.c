/* SPDX-License-Identifier: ISC */
/* Sets of roots, what is asked of a root, and CRLs. */
#include "lib/trust/chain.h"

#include <openssl/pem.h>

#include "tests/unit/trustjudge.h"

struct root_case {
	const char *name;
	struct {
		struct tp_spec spec;
		const char *space;
		unsigned flags;
	} roots[3];
	int result;
	const char *text;
};

#define A .urn = TP_IDN "a+authority+sa"
#define AB .urn = TP_IDN "a:b+authority+sa"
#define B .urn = TP_IDN "b+authority+sa"

static const struct root_case root_cases[] = {
	{"apart", {{{A}}, {{B}}}},
	{"names that begin the same", {{{A}}, {{.urn = TP_IDN "ab+authority+sa"}}}},
	{"no name, a space", {{{.cn = "x"}, "a:b"}}},
	{"two names, a space", {{{A, .urn2 = TP_IDN "b+authority+sa"}, "a"}}},
	{"narrowed until they are apart", {{{A}, "a:c"}, {{AB}}}},
	{"overlapping, listed", {{{A}}, {{AB}, NULL, TR_ROOT_OVERLAP}}},
	{"the other listed", {{{A}, NULL, TR_ROOT_OVERLAP}, {{AB}}}},
	{"ours, and others apart", {{{A}, NULL, TR_ROOT_OURS}, {{B}}}},
	{"two of ours, listed",
	 {{{A}, NULL, TR_ROOT_OURS}, {{A}, NULL, TR_ROOT_OURS | TR_ROOT_OVERLAP}}},

	{"one below the other",
	 {{{A}}, {{AB}}},
	 -CC_EINVAL,
	 "the roots for a and a:b overlap: narrow"},
	{"one above the other", {{{AB}}, {{A}}}, -CC_EINVAL, "the roots for a:b and a overlap"},
	{"the same, in other case",
	 {{{A}}, {{.urn = TP_IDN "A+authority+sa"}}},
	 -CC_EINVAL,
	 "overlap"},
	{"widened over another", {{{B}, "a"}, {{AB}}}, -CC_EINVAL, "overlap"},
	{"in our names", {{{A}, NULL, TR_ROOT_OURS}, {{AB}}}, -CC_EINVAL, "nobody else's"},
	{"in our names, listed",
	 {{{A}, NULL, TR_ROOT_OURS}, {{AB}, NULL, TR_ROOT_OVERLAP}},
	 -CC_EINVAL,
	 "the namespace of our own root is nobody else's"},
	{"over our names, listed",
	 {{{AB}, NULL, TR_ROOT_OURS | TR_ROOT_OVERLAP}, {{A}}},
	 -CC_EINVAL,
	 "nobody else's"},
	{"two of ours",
	 {{{A}, NULL, TR_ROOT_OURS}, {{A}, NULL, TR_ROOT_OURS}},
	 -CC_EINVAL,
	 "overlap"},
	{"no name", {{{.cn = "x"}}}, CC_RULE_CERT_NAME, "the root 'x' does not name one authority"},
	{"two names",
	 {{{A, .urn2 = TP_IDN "b+authority+sa"}}},
	 CC_RULE_CERT_NAME,
	 "does not name one"},
	{"no authority", {{{A}, "a+b"}}, CC_RULE_CERT_NAME, "'a+b' is no authority"},
	{"an empty label", {{{A}, "a::b"}}, CC_RULE_CERT_NAME, "is no authority"},
	{"nothing", {{{A}, ""}}, CC_RULE_CERT_NAME, "is no authority"},
	{"white space", {{{A}, "a b"}}, CC_RULE_CERT_NAME, "is no authority"},
};

static void spaces_of_roots(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(root_cases); i++) {
		const struct root_case *c = &root_cases[i];
		struct root_row rows[4] = {0};
		struct tr_roots *roots = NULL;
		struct tp *made[3] = {0};
		int r;

		for (size_t j = 0; j < 3 && (c->roots[j].spec.urn || c->roots[j].spec.cn); j++) {
			made[j] = tp_raw(&c->roots[j].spec, NULL);
			rows[j] = (struct root_row){made[j], c->roots[j].space, c->roots[j].flags};
		}
		r = try_roots(rows, NULL, false, &roots);
		if (r != c->result || (r != 0 && !strstr(why.text, c->text)))
			fail_msg("%s: %d %s", c->name, r, why.text);
		assert_int_equal(roots == NULL, r != 0);
		tr_roots_unref(roots);
		for (size_t j = 0; j < 3; j++)
			tp_free(made[j]);
	}
}

static void a_set_of_roots_tells_what_is_in_it(void **state)
{
	struct tr_roots *roots = make_roots((struct root_row[]){{w->plc, NULL, TR_ROOT_OURS},
								{w->other, "x:y", TR_ROOT_NO_SHA1},
								{0}},
					    NULL);

	assert_int_equal(tr_roots_count(roots), 2);
	assert_string_equal(tr_roots_get(roots, 0)->space, "plc");
	assert_int_equal(tr_roots_get(roots, 0)->flags, TR_ROOT_OURS);
	assert_string_equal(tr_roots_get(roots, 1)->space, "x:y");
	assert_int_equal(tr_roots_get(roots, 1)->flags, TR_ROOT_NO_SHA1);
	assert_memory_equal(tr_roots_get(roots, 1)->gid->hash, w->other->gid->hash, TR_HASH);
	assert_false(tr_roots_legacy(roots));
	tr_roots_unrefp(&roots);
	assert_null(roots);
}

static void one_root_is_not_there_twice(void **state)
{
	struct tr_roots *roots = NULL;

	assert_int_equal(try_roots((struct root_row[]){{w->plc, "a"}, {w->plc, "b"}, {0}}, NULL,
				   false, &roots),
			 -CC_EINVAL);
	assert_non_null(strstr(why.text, "one root is there twice, for a and b"));
	assert_null(roots);
}

static void there_are_not_too_many_roots(void **state)
{
	struct root_row rows[TR_ROOTS_MAX + 2] = {0};
	struct tp *named[9];
	struct tr_roots *roots = NULL;

	for (size_t i = 0; i <= TR_ROOTS_MAX; i++)
		rows[i] = (struct root_row){w->plc, "a", TR_ROOT_OVERLAP};
	assert_int_equal(try_roots(rows, NULL, false, &roots), -CC_ELIMIT);
	assert_non_null(strstr(why.text, "more than 256 roots"));
	memset(rows, 0, sizeof(rows));
	for (size_t i = 0; i < 9; i++) {
		named[i] = tp_raw(&(struct tp_spec){.cn = "namesake"}, NULL);
		rows[i] = (struct root_row){named[i], "a", TR_ROOT_OVERLAP};
	}
	assert_int_equal(try_roots(rows, NULL, false, &roots), -CC_EINVAL);
	assert_non_null(strstr(why.text, "more than 8 roots have the subject 'namesake'"));
	rows[8].tp = NULL;
	assert_int_equal(try_roots(rows, NULL, false, &roots), 0);
	tr_roots_unref(roots);
	for (size_t i = 0; i < 9; i++)
		tp_free(named[i]);
}

static void what_is_no_root(void **state)
{
	struct tr_roots_builder *b = NULL;

	assert_int_equal(tr_roots_builder_new(&b), 0);
	assert_int_equal(tr_roots_add(b, "x", 1, NULL, 0, &why), CC_RULE_CERT_FORM);
	assert_int_equal(tr_roots_add(b, "", 0, NULL, 0, &why), CC_RULE_CERT_FORM);
	tr_roots_builder_free(b);
	tr_roots_builder_free(NULL);
}

/* What is asked of a root itself, with a user of "r" below it. */
static void roots_are_judged_too(void **state)
{
#define ROOT .urn = TP_IDN "r+authority+sa"
	static const struct {
		const char *name;
		struct tp_spec root;
		const char *space;
		int rule; /* of the chain of a user below it */
		const char *text;
		int own; /* of the root as a leaf */
	} rows[] = {
		{"SHA-1 on itself", {ROOT, .md = "SHA1"}},
		{"no basicConstraints", {ROOT, .ca = TP_CA_ABSENT}},
		{"CA:FALSE", {ROOT, .ca = TP_CA_FALSE}},
		{"no name, a space", {.cn = "r"}, "r", .own = CC_RULE_CERT_NAME},
		{"two names, a space",
		 {ROOT, .urn2 = TP_IDN "s+authority+sa"},
		 "r",
		 .own = CC_RULE_CERT_NAME},
		{"another name, a space",
		 {.urn = TP_IDN "s+authority+sa"},
		 "r",
		 .own = CC_RULE_ROOT_NAMESPACE},
		{"below its name",
		 {ROOT},
		 "r:x",
		 CC_RULE_ROOT_NAMESPACE,
		 "certificate 1 of 2 (urn:publicid:IDN+r+user+x) has a name outside of its root's "
		 "namespace, r:x",
		 CC_RULE_ROOT_NAMESPACE},
		{"version 1",
		 {ROOT, .version = 1},
		 NULL,
		 CC_RULE_CERT_VERSION,
		 "certificate 2 of 2",
		 CC_RULE_CERT_VERSION},
		{"small key",
		 {ROOT, .kind = "RSA-1024"},
		 NULL,
		 CC_RULE_CERT_KEY,
		 "certificate 2 of 2",
		 CC_RULE_CERT_KEY},
		{"expired",
		 {ROOT, .until = TP_NOW - 1},
		 NULL,
		 CC_RULE_CERT_EXPIRED,
		 "certificate 2 of 2",
		 CC_RULE_CERT_EXPIRED},
		{"not yet valid",
		 {ROOT, .from = TP_NOW + 1},
		 NULL,
		 CC_RULE_CERT_NOT_YET,
		 "certificate 2 of 2",
		 CC_RULE_CERT_NOT_YET},
		{"key usage",
		 {ROOT, .usage = "digitalSignature"},
		 NULL,
		 CC_RULE_CHAIN_CA,
		 "may not sign certificates by its key usage"},
		{"a user",
		 {.urn = TP_IDN "r+user+root"},
		 NULL,
		 CC_RULE_CHAIN_AUTHORITY,
		 "certificate 2 of 2 (urn:publicid:IDN+r+user+root) is no authority"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct tp *root = tp_raw(&rows[i].root, NULL);
		struct tp *leaf = tp_raw(&(struct tp_spec){.urn = TP_IDN "r+user+x"}, root);
		struct tr_gids bare = part(leaf, 0, 1);
		struct tr_verifier *v = make_verifier(
			make_roots((struct root_row[]){{root, rows[i].space}, {0}}, NULL), MEMORY);

		judged(v, &leaf->chain, rows[i].name, rows[i].rule, rows[i].text);
		judged(v, &bare, rows[i].name, rows[i].rule, rows[i].text);
		judged(v, &root->chain, rows[i].name, rows[i].own, "certificate 1 of 1");
		tr_verifier_free(v);
		tp_free(leaf);
		tp_free(root);
	}
}

static void path_length_of_a_root(void **state)
{
	struct tp *root = tp_raw(&(struct tp_spec){ROOT, .path_length = 1}, NULL);
	struct tp *sub = tp_raw(&(struct tp_spec){.urn = TP_IDN "r:s+authority+sa"}, root);
	struct tp *leaf = tp_raw(&(struct tp_spec){.urn = TP_IDN "r:s+user+x"}, sub);
	struct tr_verifier *v =
		make_verifier(make_roots((struct root_row[]){{root}, {0}}, NULL), MEMORY);

	judged(v, &sub->chain, "one below", 0, NULL);
	judged(v, &leaf->chain, "two below", CC_RULE_CHAIN_CA, "certificate 2 of 3");
	tp_free(leaf);
	tp_free(sub);
	tp_free(root);
	tr_verifier_free(v);
}

/* ---- CRLs ---- */

#define LONG (10 * TP_DAY)

/* A CRL without end (nid 0), or with this extension. */
static char *odd_crl(int nid, bool critical)
{
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)TP_NOW);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	BIO *out = BIO_new(BIO_s_mem());
	X509_CRL *crl = X509_CRL_new();
	X509_EXTENSION *ext = NULL;
	char *data, *text;
	long len;

	assert_true(X509_CRL_set_version(crl, X509_CRL_VERSION_2));
	assert_true(X509_CRL_set_issuer_name(crl, X509_get_subject_name(w->site->gid->cert)));
	assert_true(X509_CRL_set1_lastUpdate(crl, time));
	assert_true(nid == 0 || X509_CRL_set1_nextUpdate(crl, time));
	assert_true(ASN1_OCTET_STRING_set(octets, (const uint8_t *)"\x30\x00", 2));
	if (nid)
		ext = X509_EXTENSION_create_by_NID(NULL, nid, critical, octets);
	assert_true(!ext || X509_CRL_add_ext(crl, ext, -1));
	assert_true(X509_CRL_sign(crl, w->site->key, EVP_sha256()) > 0);
	assert_true(PEM_write_bio_X509_CRL(out, crl));
	len = BIO_get_mem_data(out, &data);
	text = tp_copy(data, (size_t)len);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(octets);
	X509_CRL_free(crl);
	ASN1_TIME_free(time);
	BIO_free(out);
	return text;
}

static struct tr_verifier *with_crls(const char *const *crls)
{
	return make_verifier(make_roots((struct root_row[]){{w->plc}, {w->other}, {0}}, crls),
			     MEMORY);
}

static void the_revoked_are_refused(void **state)
{
	char *crls[] = {tp_crl(w->site, (const struct tp *[]){w->bob, NULL}, -10, LONG, NULL),
			tp_crl(w->plc, (const struct tp *[]){w->sitex, NULL}, -10, LONG, NULL),
			NULL};
	struct tr_verifier *v = with_crls((const char *const *)crls);
	struct tr_chain chain;

	judged(v, &w->alice->chain, "not listed", 0, NULL);
	judged(v, &w->bob->chain, "listed", CC_RULE_CERT_REVOKED,
	       "certificate 1 of 3 (urn:publicid:IDN+plc:site+user+bob) was revoked by its issuer");
	judged(v, &w->eve->chain, "listed above", CC_RULE_CERT_REVOKED, "certificate 2 of 3");
	judged(v, &w->mallory->chain, "no CRL of his root", 0, NULL);
	judged(v, &w->plc->chain, "a root is in no CRL", 0, NULL);
	assert_int_equal(tr_chain_verify(v, &w->alice->chain, TP_NOW, &chain, NULL), 0);
	assert_int_equal(chain.from, TP_NOW - 10);
	assert_int_equal(chain.until, TP_NOW + LONG);
	tr_verifier_free(v);
	free(crls[0]);
	free(crls[1]);
}

/* At the leaf's issuer, and one above; from memory, too: time goes on. */
static void a_crl_is_in_force_or_nobody_is_good(void **state)
{
	const struct tp *cas[] = {w->site, w->plc};
	static const struct {
		int64_t now;
		int rule;
	} rows[] = {
		{TP_NOW, 0},
		{TP_NOW - 10, 0},
		{TP_NOW - 11, CC_RULE_CRL_STALE},
		{TP_NOW + LONG, 0},
		{TP_NOW + LONG + 1, CC_RULE_CRL_STALE},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(cas); i++) {
		char *crl = tp_crl(cas[i], NULL, -10, LONG, NULL);
		struct tr_verifier *v = with_crls((const char *[]){crl, NULL});

		for (size_t j = 0; j < CC_ARRAY_SIZE(rows); j++)
			assert_int_equal(judge_at(v, &w->alice->chain, rows[j].now), rows[j].rule);
		assert_non_null(strstr(why.text, "the CRL of its issuer is not in force"));
		assert_non_null(strstr(why.text, i == 0 ? "certificate 1 of 3" : "certificate 2"));
		tr_verifier_free(v);
		free(crl);
	}
}

/* The newest of several says until when; what any lists is revoked. */
static void several_crls_of_one_issuer(void **state)
{
	char *old = tp_crl(w->site, (const struct tp *[]){w->bob, NULL}, -20, -1, NULL);
	char *fresh = tp_crl(w->site, NULL, -10, 5, NULL);
	char *both[2];

	for (int i = 0; i < 2; i++) { /* in any order */
		struct tr_verifier *v =
			with_crls((const char *[]){i ? old : fresh, i ? fresh : old, NULL});

		judged(v, &w->alice->chain, "one is in force", 0, NULL);
		judged(v, &w->bob->chain, "listed in the old one", CC_RULE_CERT_REVOKED, "revoked");
		assert_int_equal(judge_at(v, &w->alice->chain, TP_NOW + 6), CC_RULE_CRL_STALE);
		tr_verifier_free(v);
	}
	assert_true(asprintf(&both[0], "%s%s", old, fresh) > 0);
	for (int i = 0; i < 1; i++) {
		struct tr_verifier *v = with_crls((const char *[]){both[0], NULL});

		judged(v, &w->alice->chain, "in one text", 0, NULL);
		judged(v, &w->bob->chain, "in one text", CC_RULE_CERT_REVOKED, "revoked");
		tr_verifier_free(v);
	}
	free(both[0]);
	free(old);
	free(fresh);
}

static void a_crl_by_another_key_says_nothing(void **state)
{
	const struct tp *bob[] = {w->bob, NULL};
	char *foreign = tp_crl(w->site, bob, -10, LONG, w->mallory);
	char *own = tp_crl(w->site, NULL, -10, LONG, NULL);
	struct tr_verifier *v = with_crls((const char *[]){foreign, NULL});

	judged(v, &w->alice->chain, "alone", CC_RULE_CRL_STALE,
	       "no CRL of its issuer's name is its issuer's");
	judged(v, &w->bob->chain, "alone, listed", CC_RULE_CRL_STALE, "certificate 1 of 3");
	judged(v, &w->site->chain, "its issuer has another name", 0, NULL);
	tr_verifier_free(v);
	v = with_crls((const char *[]){foreign, own, NULL});
	judged(v, &w->alice->chain, "beside its own", 0, NULL);
	judged(v, &w->bob->chain, "beside its own, listed", 0, NULL);
	tr_verifier_free(v);
	free(foreign);
	free(own);
}

static void an_issuer_that_may_not_sign_crls(void **state)
{
	struct tp *ca = tp_raw(
		&(struct tp_spec){.urn = TP_IDN "plc:k+authority+sa", .usage = "keyCertSign"},
		w->plc);
	struct tp *leaf = tp_raw(&(struct tp_spec){.urn = TP_IDN "plc:k+user+x"}, ca);
	char *crl = tp_crl(ca, NULL, -10, LONG, NULL);
	struct tr_verifier *v = with_crls((const char *[]){crl, NULL});

	judged(v, &leaf->chain, "key usage", CC_RULE_CRL_STALE, "is its issuer's");
	tr_verifier_free(v);
	free(crl);
	tp_free(leaf);
	tp_free(ca);
}

static int add_crls(const char *text, size_t len)
{
	struct tr_roots_builder *b = NULL;
	int r;

	assert_int_equal(tr_roots_builder_new(&b), 0);
	r = tr_roots_add_crls(b, text, len, &why);
	tr_roots_builder_free(b);
	return r;
}

static void what_is_no_crl(void **state)
{
	static const char encrypted[] = "-----BEGIN X509 CRL-----\nProc-Type: 4,ENCRYPTED\n"
					"DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
					"MDEyMzQ1Njc4OWFiY2RlZg==\n-----END X509 CRL-----\n";
	char *good = tp_crl(w->site, NULL, -10, LONG, NULL), *cut = strdup(good);
	char *cert = tp_pem(w->site), *large = calloc(1, TR_CRL_TEXT_MAX + 1);

	static const struct {
		int nid;
		bool critical;
		const char *text;
	} rows[] = {
		{0, false, "CRL 1 does not say when it ends"},
		{NID_delta_crl, false, "CRL 1 is a delta or for some certificates only"},
		{NID_issuing_distribution_point, false, "CRL 1 is a delta or for some"},
		{NID_netscape_comment, true, "CRL 1 is a delta or for some"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char *odd = odd_crl(rows[i].nid, rows[i].critical);

		assert_int_equal(add_crls(odd, strlen(odd)), -CC_EFORMAT);
		assert_non_null(strstr(why.text, rows[i].text));
		free(odd);
	}
	/* one that would have OpenSSL ask the terminal for a password */
	assert_int_equal(add_crls(encrypted, strlen(encrypted)), -CC_EFORMAT);
	strcpy(strchr(cut, '\0') - 30, "\n");
	assert_int_equal(add_crls(good, strlen(good)), 0);
	assert_int_equal(add_crls(cut, strlen(cut)), -CC_EFORMAT);
	assert_int_equal(add_crls(cert, strlen(cert)), -CC_EFORMAT);
	assert_int_equal(add_crls("0", 1), -CC_EFORMAT);
	assert_int_equal(add_crls("", 0), -CC_EFORMAT);
	assert_int_equal(add_crls(large, TR_CRL_TEXT_MAX), -CC_EFORMAT);
	assert_int_equal(add_crls(large, TR_CRL_TEXT_MAX + 1), -CC_ELIMIT);
	free(good);
	free(cut);
	free(cert);
	free(large);
}

static void crls_in_der(void **state)
{
	char *pem = tp_crl(w->site, (const struct tp *[]){w->bob, NULL}, -10, LONG, NULL);
	BIO *in = BIO_new_mem_buf(pem, -1);
	X509_CRL *crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);
	struct tr_roots_builder *b = NULL;
	struct tr_roots *roots = NULL;
	struct tr_verifier *v;
	uint8_t *der = NULL;
	int len = i2d_X509_CRL(crl, &der);

	assert_int_equal(tr_roots_builder_new(&b), 0);
	assert_int_equal(add_root(b, &(struct root_row){w->plc}), 0);
	assert_int_equal(tr_roots_add_crls(b, (char *)der, (size_t)len, &why), 0);
	assert_int_equal(tr_roots_add_crls(b, (char *)der, (size_t)len - 1, &why), -CC_EFORMAT);
	assert_int_equal(tr_roots_seal(b, UINT64_MAX, false, &roots, &why), 0);
	v = make_verifier(roots, MEMORY);
	judged(v, &w->bob->chain, "listed", CC_RULE_CERT_REVOKED, "revoked");
	judged(v, &w->alice->chain, "not listed", 0, NULL);
	tr_verifier_free(v);
	tr_roots_builder_free(b);
	OPENSSL_free(der);
	X509_CRL_free(crl);
	BIO_free(in);
	free(pem);
}

static void there_are_not_too_many_crls(void **state)
{
	char *one = tp_crl(w->site, NULL, -10, LONG, NULL);
	size_t len = strlen(one);
	char *many = malloc(len * (TR_CRLS_MAX + 1) + 1);

	for (size_t i = 0; i <= TR_CRLS_MAX; i++)
		memcpy(many + i * len, one, len + 1);
	assert_int_equal(add_crls(many, len * TR_CRLS_MAX), 0);
	assert_int_equal(add_crls(many, len * (TR_CRLS_MAX + 1)), -CC_ELIMIT);
	assert_non_null(strstr(why.text, "there are more than 256 CRLs"));
	free(many);
	free(one);
}

#define CASE(f) cmocka_unit_test_teardown(f, judge_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(spaces_of_roots),
		CASE(a_set_of_roots_tells_what_is_in_it),
		CASE(one_root_is_not_there_twice),
		CASE(there_are_not_too_many_roots),
		CASE(what_is_no_root),
		CASE(roots_are_judged_too),
		CASE(path_length_of_a_root),
		CASE(the_revoked_are_refused),
		CASE(a_crl_is_in_force_or_nobody_is_good),
		CASE(several_crls_of_one_issuer),
		CASE(a_crl_by_another_key_says_nothing),
		CASE(an_issuer_that_may_not_sign_crls),
		CASE(what_is_no_crl),
		CASE(crls_in_der),
		CASE(there_are_not_too_many_crls),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, judge_setup, NULL);
}
