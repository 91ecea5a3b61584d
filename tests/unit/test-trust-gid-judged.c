/* SPDX-License-Identifier: ISC */
/* What a verifier will want to know of a certificate. */
#include <openssl/err.h>

#include "tests/unit/gidkit.h"

static const struct {
	const char *why;
	struct tp_spec spec;
	int version, rsa_bits;
	enum tr_digest digest;
	bool has_basic, ca, key_good, odd;
} judged[] = {
	{"a user", {.urn = URN}, 3, 0, TR_DIGEST_SHA2, true, false, true, false},
	{"an authority",
	 {.urn = TP_IDN "a+authority+sa", .usage = "critical,keyCertSign"},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 true,
	 true,
	 true,
	 false},
	{"an authority that may not sign certificates",
	 {.urn = TP_IDN "a+authority+sa", .usage = "digitalSignature"},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 true,
	 false,
	 true,
	 false},
	{"a user with CA:TRUE",
	 {.urn = URN, .ca = TP_CA_TRUE},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 true,
	 true,
	 true,
	 false},
	{"no basicConstraints",
	 {.urn = TP_IDN "a+authority+sa", .ca = TP_CA_ABSENT},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 false,
	 false,
	 true,
	 false},
	{"version 1 with extensions",
	 {.urn = URN, .version = 1},
	 1,
	 0,
	 TR_DIGEST_SHA2,
	 true,
	 false,
	 true,
	 false},
	{"SHA-1", {.urn = URN, .md = "SHA1"}, 3, 0, TR_DIGEST_SHA1, true, false, true, false},
	{"MD5",
	 {.urn = URN, .md = "MD5", .kind = "RSA-2048", .key = "a"},
	 3,
	 2048,
	 TR_DIGEST_MD5,
	 true,
	 false,
	 true,
	 false},
	{"SHA-384", {.urn = URN, .md = "SHA384"}, 3, 0, TR_DIGEST_SHA2, true, false, true, false},
	{"SHA-224", {.urn = URN, .md = "SHA224"}, 3, 0, TR_DIGEST_OTHER, true, false, true, false},
	{"SHA3-256",
	 {.urn = URN, .md = "SHA3-256"},
	 3,
	 0,
	 TR_DIGEST_OTHER,
	 true,
	 false,
	 true,
	 false},
	{"P-384", {.urn = URN, .kind = "P-384"}, 3, 0, TR_DIGEST_SHA2, true, false, true, false},
	{"P-521", {.urn = URN, .kind = "P-521"}, 3, 0, TR_DIGEST_SHA2, true, false, false, false},
	{"secp256k1",
	 {.urn = URN, .kind = "secp256k1"},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 true,
	 false,
	 false,
	 false},
	{"RSA of 1024 bits",
	 {.urn = URN, .kind = "RSA-1024", .key = "a"},
	 3,
	 1024,
	 TR_DIGEST_SHA2,
	 true,
	 false,
	 false,
	 false},
	{"Ed25519",
	 {.urn = URN, .kind = "ED25519"},
	 3,
	 0,
	 TR_DIGEST_OTHER,
	 true,
	 false,
	 false,
	 false},
	{"what the key is for, as critical",
	 {.urn = URN, .purpose = "critical,clientAuth"},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 true,
	 false,
	 true,
	 false},
	{"an unknown critical extension",
	 {.urn = URN, .critical = "1.2.3.4"},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 true,
	 false,
	 true,
	 true},
	{"a critical extension that OpenSSL knows and we do not obey",
	 {.urn = URN, .critical = "2.5.29.54"},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 true,
	 false,
	 true,
	 true},
	{"basicConstraints that are none",
	 {.urn = URN, .bad_basic = true},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 false,
	 false,
	 true,
	 true},
	{"two subjectAltName",
	 {.urn = URN, .san_twice = true},
	 3,
	 0,
	 TR_DIGEST_SHA2,
	 true,
	 false,
	 true,
	 true},
};

static void reads_what_is_judged(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(judged); i++) {
		cc_cleanup(tp_freep) struct tp *p = tp_raw(&judged[i].spec, NULL);
		const struct tr_gid *g = p->gid;

		print_message("# %s\n", judged[i].why);
		assert_int_equal(g->version, judged[i].version);
		assert_int_equal(g->rsa_bits, judged[i].rsa_bits);
		assert_int_equal(g->digest, judged[i].digest);
		assert_int_equal(g->has_basic, judged[i].has_basic);
		assert_int_equal(g->ca, judged[i].ca);
		assert_int_equal(g->key_good, judged[i].key_good);
		assert_int_equal(g->odd, judged[i].odd);
		assert_int_equal(g->not_before, TP_NOW - TP_DAY);
		assert_int_equal(g->not_after, TP_NOW + 365 * TP_DAY);
	}
}

static void two_subject_alt_names_name_nobody(void **state)
{
	cc_cleanup(tp_freep) struct tp *p =
		tp_raw(&(struct tp_spec){.urn = URN, .san_twice = true}, NULL);

	assert_string_equal(p->gid->urn, "");
	assert_string_equal(p->gid->hrn, "");
}

/* What tp_raw cannot make, for it reads what it makes: several CNs, and long ones. */
static int read_subject(const char *first, const char *last, struct tr_gid **out,
			struct cc_note *why)
{
	cc_cleanup(tp_freep) struct tp *p = tp_raw(&(struct tp_spec){.cn = ""}, NULL);
	X509 *cert = X509_dup(p->gid->cert);
	X509_NAME *name = X509_NAME_new();
	uint8_t *der = NULL;
	int len, r;

	assert_non_null(cert);
	for (int i = 0; i < 2; i++)
		assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
							    (const uint8_t *)(i ? last : first), -1,
							    -1, 0),
				 1);
	assert_int_equal(X509_set_subject_name(cert, name), 1);
	assert_true(X509_sign(cert, p->key, EVP_sha256()) > 0); /* else the old octets are kept */
	len = i2d_X509(cert, &der);
	assert_true(len > 0);
	r = read_der(der, (size_t)len, out, why);
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_free(cert);
	return r;
}

static void reads_the_last_common_name(void **state)
{
	struct cc_note why = {0};
	struct tr_gid *g = NULL;

	assert_int_equal(read_subject("plc", "site", &g, &why), 0);
	assert_string_equal(g->cn, "site");
	tr_gid_unref(g);
	assert_int_equal(read_subject("plc", HUNDRED HUNDRED TEN TEN TEN TEN TEN "01234", &g, &why),
			 0);
	assert_int_equal(strlen(g->cn), 255);
	tr_gid_unref(g);
	assert_int_equal(
		read_subject("plc", HUNDRED HUNDRED TEN TEN TEN TEN TEN "012345", &g, &why),
		CC_RULE_CERT_FORM);
	assert_string_equal(
		why.text, "its common name holds control characters or is longer than 255 octets");
}

/* The names of a time far away: UTCTime ends in 2049. */
static void reads_times(void **state)
{
	cc_cleanup(tp_freep) struct tp *p = tp_raw(
		&(struct tp_spec){.urn = URN, .from = 1, .until = INT64_C(253402300799)}, NULL);

	assert_int_equal(p->gid->not_before, 1);
	assert_int_equal(p->gid->not_after, INT64_C(253402300799));
}

static void labels_every_certificate(void **state)
{
	static const struct {
		struct tp_spec spec;
		const char *label;
	} rows[] = {
		{{.urn = URN, .cn = "x"}, URN},
		{{.params = "http://" GID_2008, .cn = "x"}, "planetlab.us.pl.alice"},
		{{.cn = "M\xc3\xbcller"}, "M\xc3\xbcller"},
		{{.cn = ""}, "a certificate without a name"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(tp_freep) struct tp *p = tp_raw(&rows[i].spec, NULL);

		assert_string_equal(tr_gid_label(p->gid), rows[i].label);
	}
}

static void compares_keys(void **state)
{
	const struct tp_spec spec = {.urn = URN, .key = "same"};
	cc_cleanup(tp_freep) struct tp *a = tp_raw(&spec, NULL), *b = tp_raw(&spec, NULL);
	cc_cleanup(tp_freep) struct tp *c = tp_raw(&(struct tp_spec){.urn = URN}, NULL);
	cc_cleanup(tp_freep) struct tp *rsa =
		tp_raw(&(struct tp_spec){.urn = URN, .kind = "RSA-2048", .key = "a"}, NULL);

	assert_memory_equal(a->gid->key_hash, b->gid->key_hash, TR_HASH);
	assert_memory_not_equal(a->gid->hash, b->gid->hash, TR_HASH);
	assert_true(tr_gid_same_key(a->gid, b->gid));
	assert_false(tr_gid_same_key(a->gid, c->gid));
	assert_false(tr_gid_same_key(a->gid, rsa->gid));
	assert_int_equal(ERR_peek_error(), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(reads_what_is_judged),
	cmocka_unit_test(two_subject_alt_names_name_nobody),
	cmocka_unit_test(reads_the_last_common_name),
	cmocka_unit_test(reads_times),
	cmocka_unit_test(labels_every_certificate),
	cmocka_unit_test(compares_keys),
};

TEST_MAIN(tests)
