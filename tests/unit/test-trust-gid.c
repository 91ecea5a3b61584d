/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>

#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/trust/gid_int.h"
#include "tests/unit/fail-alloc.h"
#include "tests/unit/trustpki.h"

#define VECTORS TEST_DATA "/../../../shared/vectors/"
#define FILE_MAX (1u << 20)

/* The octets in a block of their own size, so that a sanitizer sees every read past the end. */
static void *exactly(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, data, len);
	return copy;
}

static int read_der(const uint8_t *der, size_t len, struct tr_gid **out, struct cc_note *why)
{
	uint8_t *copy = exactly(der, len);
	int r = tr_gid_read_der(NULL, copy, len, out, why);

	free(copy);
	return r;
}

static int read_text(const char *text, size_t len, struct tr_gids *out, struct cc_note *why)
{
	char *copy = exactly(text, len);
	int r = tr_gids_read(NULL, copy, len, out, why);

	free(copy);
	return r;
}

/* ---- what a certificate says ---- */

#define URN TP_IDN "plc:site+user+alice"
#define OTHER TP_IDN "plc:site+user+bob"
#define UUID "0F5c2eac-8561-4971-9b33-9a8da30572ce"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

#define STRUCT(members)                                                                            \
	"<params>\n<param>\n<value><struct>\n" members "</struct></value>\n</param>\n</params>"
#define MEMBER(name, value)                                                                        \
	"<member>\n<name>" name "</name>\n<value><string>" value "</string></value>\n</member>\n"
#define GID_2008                                                                                   \
	STRUCT(MEMBER("uuid", "35613211658561211333524440201278703392")                            \
		       MEMBER("hrn", "planetlab.us.pl.alice"))

static const struct {
	const char *why;
	struct tp_spec spec;
	const char *urn, *hrn, *type, *uuid, *email;
	bool twice, params;
} named[] = {
	{"all three",
	 {.urn = URN, .uuid = UUID, .email = "a@example.org"},
	 URN,
	 "plc.site.alice",
	 "user",
	 UUID,
	 "a@example.org"},
	{"a sub-authority",
	 {.urn = TP_IDN "plc:site+authority+sa"},
	 TP_IDN "plc:site+authority+sa",
	 "plc.site",
	 "authority",
	 "",
	 ""},
	{"a component manager",
	 {.urn = TP_IDN "a.b:c+authority+cm"},
	 TP_IDN "a.b:c+authority+cm",
	 "a\\.b.c",
	 "authority+cm",
	 "",
	 ""},
	{"none", {.email = "a@example.org"}, "", "", "", "", "a@example.org"},
	{"two URNs",
	 {.urn = URN, .urn2 = OTHER},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 "",
	 .twice = true},
	{"one URN twice",
	 {.urn = URN, .urn2 = URN},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 "",
	 .twice = true},
	{"a second URN in other letters",
	 {.urn = URN, .urn2 = "URN:PublicID:IDN+x+user+y"},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 "",
	 .twice = true},
	{"an odd URN and a good one",
	 {.urn = TP_IDN "plc+user", .urn2 = URN},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .twice = true},
	{"a URN with a space", {.urn = URN " x"}, "", "", "", "", ""},
	{"a URN with a line end", {.urn = URN "\n"}, "", "", "", "", ""},
	{"a URN that is not ASCII", {.urn = URN "\xc3\xa4"}, "", "", "", "", ""},
	{"a URN with an escape", {.urn = URN "\x1b[2J"}, "", "", "", "", ""},
	{"a URN of another authority scheme",
	 {.urn = "urn:publicid:-+x+user+y"},
	 "",
	 "",
	 "",
	 "",
	 ""},
	{"a URN of 256 octets",
	 {.urn = TP_IDN "a+user+" HUNDRED HUNDRED TEN TEN TEN "00"},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .twice = false},
	{"a type of 64 octets",
	 {.urn = TP_IDN "a+" TEN TEN TEN TEN TEN TEN "0123+n"},
	 "",
	 "",
	 "",
	 "",
	 ""},
	{"no publicid URN", {.urn = "https://example.org/alice"}, "", "", "", "", ""},
	{"a UUID that is short",
	 {.urn = URN, .uuid = "0f5c2eac-8561-4971-9b33-9a8da30572c"},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 ""},
	{"a UUID without its dashes",
	 {.urn = URN, .uuid = "0f5c2eac085610497109b3309a8da30572ce"},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 ""},
	{"a UUID with a g",
	 {.urn = URN, .uuid = "0f5c2eac-8561-4971-9b33-9a8da30572cg"},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 ""},
	{"an e-mail address with a line end",
	 {.urn = URN, .email = "a@b\nBcc: c@d"},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 ""},
	{"an e-mail address with DEL",
	 {.urn = URN, .email = "a@b\x7f"},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 ""},
	{"two e-mail addresses",
	 {.urn = URN, .email = "a@b", .email2 = "c@d"},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 "a@b"},
	{"an e-mail address of 256 octets",
	 {.urn = URN, .email = "a@b.example.org." HUNDRED HUNDRED TEN TEN TEN TEN},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 ""},
	{"two UUIDs",
	 {.urn = URN, .params = "urn:uuid:00000000-0000-4000-8000-000000000000", .uuid = UUID},
	 URN,
	 "plc.site.alice",
	 "user",
	 "00000000-0000-4000-8000-000000000000",
	 ""},
	{"2008",
	 {.params = "http://" GID_2008},
	 "",
	 "planetlab.us.pl.alice",
	 "",
	 "35613211658561211333524440201278703392",
	 "",
	 .params = true},
	{"2008, the other order, without white space",
	 {.params = "http://<params><param><value><struct><member><name>hrn</name><value><string>"
		    "a.b</string></value></member><member><name>uuid</name><value><string>7"
		    "</string></value></member></struct></value></param></params>"},
	 "",
	 "a.b",
	 "",
	 "7",
	 "",
	 .params = true},
	{"2011", {.params = STRUCT(MEMBER("gidCaller", "x"))}, "", "", "", "", "", .params = true},
	{"2008 and a URN",
	 {.urn = URN, .params = "http://" GID_2008},
	 URN,
	 "plc.site.alice",
	 "user",
	 "",
	 "",
	 .twice = true},
	{"2008: a member too many",
	 {.params = "http://" STRUCT(MEMBER("uuid", "7") MEMBER("hrn", "a.b")
					     MEMBER("delegate", "1"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: two names",
	 {.params =
		  "http://" STRUCT(MEMBER("hrn", "a.b") MEMBER("uuid", "7") MEMBER("hrn", "a.c"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: two UUIDs",
	 {.params = "http://" STRUCT(MEMBER("uuid", "7") MEMBER("hrn", "a.b") MEMBER("uuid", "8"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: a reference to an ampersand",
	 {.params = "http://" STRUCT(MEMBER("uuid", "7") MEMBER("hrn", "a&amp;b"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: no name",
	 {.params = "http://" STRUCT(MEMBER("uuid", "7"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: no UUID",
	 {.params = "http://" STRUCT(MEMBER("hrn", "a.b"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: a reference",
	 {.params = "http://" STRUCT(MEMBER("uuid", "7") MEMBER("hrn", "a&#46;b"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: an empty label",
	 {.params = "http://" STRUCT(MEMBER("uuid", "7") MEMBER("hrn", "a..b"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: an odd name",
	 {.params = "http://" STRUCT(MEMBER("uuid", "7") MEMBER("hrn", "a.b\x1b"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: a UUID that is no number",
	 {.params = "http://" STRUCT(MEMBER("uuid", "x") MEMBER("hrn", "a.b"))},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: cut",
	 {.params = "http://<params><param><value><struct><member><name>hrn"},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: text behind it",
	 {.params = "http://" GID_2008 "x"},
	 "",
	 "",
	 "",
	 "",
	 "",
	 .params = true},
	{"2008: white space behind it",
	 {.params = "http://" GID_2008 "\n"},
	 "",
	 "planetlab.us.pl.alice",
	 "",
	 "35613211658561211333524440201278703392",
	 "",
	 .params = true},
	{"a web page", {.urn = "http://example.org/<params>"}, "", "", "", "", ""},
};

static void reads_names(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(named); i++) {
		cc_cleanup(tp_freep) struct tp *p = tp_raw(&named[i].spec, NULL);
		const struct tr_gid *g = p->gid;

		print_message("# %s\n", named[i].why);
		assert_string_equal(g->urn, named[i].urn);
		assert_string_equal(g->hrn, named[i].hrn);
		assert_string_equal(g->type, named[i].type);
		assert_string_equal(g->uuid, named[i].uuid);
		assert_string_equal(g->email, named[i].email);
		assert_int_equal(g->names_twice, named[i].twice);
		assert_int_equal(g->params != NULL, named[i].params);
		if (g->params)
			assert_memory_equal(g->params, "<params>", 8);
		assert_int_equal(g->name.name.len == 0, !g->urn[0]);
		if (g->urn[0])
			assert_ptr_equal(g->name.authority.text, g->urn + strlen(TP_IDN));
	}
}

static void keeps_the_text_of_2008(void **state)
{
	cc_cleanup(tp_freep) struct tp *p =
		tp_raw(&(struct tp_spec){.params = "http://" GID_2008}, NULL);

	assert_int_equal(p->gid->params_len, strlen(GID_2008));
	assert_string_equal(p->gid->params, GID_2008);
}

/* ---- what a verifier will want to know ---- */

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

/* ---- octets that are no certificate ---- */

static void reads_the_whole_der_and_no_more(void **state)
{
	const struct tr_gid *alice = tp_world()->alice->gid;
	uint8_t longer[TR_CERT_MAX + 2] = {0};
	struct cc_note why = {0};
	struct tr_gid *g = NULL;

	for (size_t len = 0; len < alice->der_len; len++)
		if (read_der(alice->der, len, &g, &why) != CC_RULE_CERT_FORM)
			fail_msg("accepted %zu octets", len);
	memcpy(longer, alice->der, alice->der_len);
	assert_int_equal(read_der(longer, alice->der_len + 1, &g, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "octets follow the certificate");
	assert_int_equal(read_der(longer, TR_CERT_MAX + 1, &g, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "65537 octets are no certificate (at most 65536)");
	assert_int_equal(read_der(longer, 0, &g, &why), CC_RULE_CERT_FORM);
	assert_null(g);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(read_der(alice->der, alice->der_len, &g, &why), 0);
	assert_memory_equal(g->hash, alice->hash, TR_HASH);
	tr_gid_unref(g);
}

/*
 * An outermost length in five octets more, or none: OpenSSL reads both, but then one certificate
 * would have many hashes.
 */
static void reads_der_only(void **state)
{
	const struct tr_gid *alice = tp_world()->alice->gid;
	size_t head = 4, body = alice->der_len - head;
	const uint8_t heads[2][6] = {{0x30, 0x84, 0, 0, (uint8_t)(body >> 8), (uint8_t)body},
				     {0x30, 0x80}};
	const size_t head_lens[] = {6, 2}, tails[] = {0, 2};

	assert_int_equal(alice->der[1], 0x82);
	for (size_t i = 0; i < 2; i++) {
		uint8_t octets[TR_CERT_MAX] = {0};
		size_t len = head_lens[i] + body + tails[i];
		const uint8_t *p = octets;
		struct cc_note why = {0};
		struct tr_gid *g = NULL;
		X509 *cert;

		memcpy(octets, heads[i], head_lens[i]);
		memcpy(octets + head_lens[i], alice->der + head, body);
		cert = d2i_X509(NULL, &p, (long)len);
		assert_non_null(cert);
		X509_free(cert);
		assert_int_equal(read_der(octets, len, &g, &why), CC_RULE_CERT_FORM);
		assert_string_equal(why.text, "it is no X.509 certificate");
	}
}

/* 2 octets of DER can be 100 of memory: values are counted before OpenSSL reads them. */
static void bounds_the_values(void **state)
{
	cc_cleanup(tp_freep) struct tp *many =
		tp_raw(&(struct tp_spec){.urn = URN, .more_names = 400}, NULL);
	const uint8_t *inside = memmem(many->gid->der, many->gid->der_len, "http://a/", 9);
	size_t len = many->gid->der_len;
	uint8_t *der = exactly(many->gid->der, len);
	struct cc_note why = {0};
	struct tr_gid *g = NULL;

	/* each name of 11 octets becomes five: the lengths around them still hold */
	for (uint8_t *at = der + (inside - many->gid->der) - 2; memcmp(at, "\x86\x09http", 6) == 0;
	     at += 11)
		memcpy(at, "\x86\0\x86\0\x86\0\x86\0\x86\1", 10);
	assert_int_equal(tr_gid_read_der(NULL, der, len, &g, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "the certificate holds more than 512 values");
	free(der);
}

static const struct {
	const char *why, *octets;
	size_t len, count;
	bool der;
} counted[] = {
	{"one", "\x05\0", 2, 1, true},
	{"three", "\x30\4\x05\0\x05\0", 6, 3, true},
	{"in an extension", "\x04\4\x30\2\x05\0", 6, 3, true},
	{"an octet string of text", "\x04\4abcd", 6, 1, true},
	{"what follows", "\x30\2\x05\0\xff", 5, 2, true},
	{"128 octets",
	 "\x04\x81\x80"
	 "x" HUNDRED TEN TEN "0123456",
	 131, 1, true},
	{"nothing", "", 0, 0, false},
	{"a tag alone", "\x30", 1, 0, false},
	{"a length of a length alone", "\x30\x82", 2, 0, false},
	{"cut", "\x30\4\x05\0\x05", 5, 0, false},
	{"beyond what it is in", "\x30\3\x04\2a\x05\0", 7, 0, false},
	{"beyond the extension that it is in", "\x30\6\x04\3\x30\3\x04\1\x05\0", 10, 0, false},
	{"a length of two octets for one", "\x04\x81\1a", 4, 0, false},
	{"a length that begins with zero", "\x04\x82\0\1a", 5, 0, false},
	{"a length of five octets", "\x04\x85\0\0\0\0\1a", 8, 0, false},
	{"4 GiB", "\x04\x84\xff\xff\xff\xff", 6, 0, false},
	{"no length", "\x30\x80\x05\0\0\0", 6, 0, false},
	{"no length, and the end", "\x30\x80", 2, 0, false},
	{"a tag of two octets", "\x1f\1\0", 3, 0, false},
};

static void counts_values(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(counted); i++) {
		uint8_t *der = exactly(counted[i].octets, counted[i].len);
		size_t n = 0;

		if (tr_der_count(der, counted[i].len, 8, &n) != counted[i].der)
			fail_msg("%s", counted[i].why);
		if (counted[i].der)
			assert_int_equal(n, counted[i].count);
		free(der);
	}
}

/* Sequences in sequences: 15 are counted. The count ends one behind what was asked for. */
static void bounds_its_own_work(void **state)
{
	uint8_t octets[64];
	size_t n = 0;

	for (size_t depth = 1; depth <= 32; depth++) {
		for (size_t i = 0; i < depth; i++) {
			octets[2 * i] = 0x30;
			octets[2 * i + 1] = (uint8_t)(2 * (depth - i - 1));
		}
		assert_int_equal(tr_der_count(octets, 2 * depth, 100, &n), depth <= 15);
		if (depth <= 15)
			assert_int_equal(n, depth);
	}
	assert_true(tr_der_count((const uint8_t *)"\x30\6\x05\0\x05\0\x05\0", 8, 2, &n));
	assert_int_equal(n, 3);
}

/* An octet string in the certificate is replaced by another of its length. */
static const struct {
	const char *why, *old, *new, *said;
	size_t len;
} patches[] = {
	{"a curve that there is not", "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
	 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x7f",
	 "the certificate holds a key that cannot be read", 10},
	{"a point that is not written out", "\x03\x42\x00\x04", "\x03\x42\x00\x02",
	 "the certificate holds an EC key that is not written plainly: on a named curve, its point "
	 "not compressed",
	 4},
	{"a month 13", "270114", "271314", "the certificate holds a date that cannot be read", 6},
	{"a line end in the CN", "plc.site.alice", "plc.site\nalice",
	 "its common name holds control characters or is longer than 255 octets", 14},
	{"an escape in the CN", "plc.site.alice", "plc\x1b[2Jalice!!",
	 "its common name holds control characters or is longer than 255 octets", 14},
	{"DEL in the CN", "plc.site.alice",
	 "plc.site\x7f"
	 "alice",
	 "its common name holds control characters or is longer than 255 octets", 14},
	{"U+009B in the CN", "plc.site.alice",
	 "plc.si\xc2\x9b"
	 "alice.",
	 "its common name holds control characters or is longer than 255 octets", 14},
	{"no UTF-8 in the CN", "plc.site.alice", "plc.site.ali\xff\xfe",
	 "it is no X.509 certificate", 14},
	{"a CN of bits", "\x0c\x0eplc.site.alice", "\x03\x0e\0lc.site.alice",
	 "its common name cannot be read", 16},
};

static void refuses_what_cannot_be_read(void **state)
{
	const struct tr_gid *alice = tp_world()->alice->gid;

	for (size_t i = 0; i < CC_ARRAY_SIZE(patches); i++) {
		uint8_t *der = exactly(alice->der, alice->der_len);
		uint8_t *at = memmem(der, alice->der_len, patches[i].old, patches[i].len);
		struct cc_note why = {0};
		struct tr_gid *g = NULL;

		print_message("# %s\n", patches[i].why);
		assert_non_null(at);
		memcpy(at, patches[i].new, patches[i].len);
		assert_int_equal(tr_gid_read_der(NULL, der, alice->der_len, &g, &why),
				 CC_RULE_CERT_FORM);
		assert_string_equal(why.text, patches[i].said);
		assert_int_equal(ERR_peek_error(), 0);
		free(der);
	}
}

/* ---- chains as text ---- */

/* Expands @L (PEM of the leaf), @I (its issuer), @R (the root), @B (bare base64), @0 (NUL). */
static char *expand(const char *form, size_t *len)
{
	const struct tp_world *w = tp_world();
	char *pem[] = {tp_pem(w->alice), tp_pem(w->site), tp_pem(w->plc)}, *begin, *text;
	struct cc_buf out = CC_BUF_INIT(0);

	for (; *form; form++) {
		if (*form != '@') {
			cc_buf_put(&out, form, 1);
			continue;
		}
		switch (*++form) {
		case 'B':
			begin = strchr(pem[0], '\n') + 1;
			cc_buf_put(&out, begin, (size_t)(strstr(begin, "-----END") - begin));
			break;
		case '0':
			cc_buf_put(&out, "", 1);
			break;
		default:
			cc_buf_puts(&out, pem[*form == 'L' ? 0 : *form == 'I' ? 1 : 2]);
		}
	}
	for (size_t i = 0; i < CC_ARRAY_SIZE(pem); i++)
		free(pem[i]);
	*len = out.len;
	text = cc_buf_take(&out);
	assert_non_null(text);
	return text;
}

static const struct {
	const char *form;
	size_t count;
} good_texts[] = {
	{"@L", 1},
	{"@L@I@R", 3},
	{"@L-----parent-----@I-----parent-----@R", 3}, /* as of 2008: glued to the next BEGIN */
	{"@L-----parent-----\n@I\r\n-----parent-----\r\n\r\n@R", 3},
	{"Certificate:\n    Data:\n  -----BEGIN X----- \x01\xff@L@I", 2},
	{"@L\n\n \t\r\n", 1},
	{"\n\n@L", 1},
	{"@B", 1},
	{"\r\n @B\n \t", 1},
	{"-----BEGIN CERTIFICATE-----@B-----END CERTIFICATE-----", 1},
	{"-----BEGIN CERTIFICATE-----\r\n \r\n@B\r\n-----END CERTIFICATE-----@I", 2},
	{"@L@L@L@L@L@L@L@L", 8},
};

static void reads_chains(void **state)
{
	const struct tp_world *w = tp_world();
	const struct tr_gid *want[] = {w->alice->gid, w->site->gid, w->plc->gid};

	for (size_t i = 0; i < CC_ARRAY_SIZE(good_texts); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		struct cc_note why = {0};
		size_t len;
		char *text = expand(good_texts[i].form, &len);

		if (read_text(text, len, &gids, &why) != 0)
			fail_msg("%s: %s", good_texts[i].form, why.text);
		assert_int_equal(gids.count, good_texts[i].count);
		for (size_t j = 0; j < gids.count && gids.count <= 3; j++)
			assert_memory_equal(gids.items[j]->hash, want[j]->hash, TR_HASH);
		free(text);
	}
}

/* CRLF everywhere, and lines of any length. */
static void reads_lines_of_any_form(void **state)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	char *text = tp_pem_chain(tp_world()->alice), *crlf = calloc(2, strlen(text) + 1),
	     *to = crlf;

	assert_non_null(crlf);
	for (const char *p = text; *p; p++) {
		if (*p == '\n')
			*to++ = '\r';
		*to++ = *p;
	}
	assert_int_equal(read_text(crlf, (size_t)(to - crlf), &gids, NULL), 0);
	assert_int_equal(gids.count, 3);
	free(text);
	free(crlf);
}

static const struct {
	const char *why, *form;
	int rule;
	const char *said;
} bad_texts[] = {
	{"nothing", "", CC_RULE_CERT_FORM, "0 octets are no certificate (at most 65536)"},
	{"white space", " \n", CC_RULE_CERT_FORM, "0 octets are no certificate (at most 65536)"},
	{"words", "hello, world", CC_RULE_CERT_FORM, "it is no base64"},
	{"base64 of something else", "aGVsbG8=", CC_RULE_CERT_FORM, "it is no X.509 certificate"},
	{"no END", "-----BEGIN CERTIFICATE-----\n@B", CC_RULE_CERT_FORM,
	 "certificate 1 of the chain has no END line"},
	{"END of another", "-----BEGIN CERTIFICATE-----\n@B-----END X509 CERTIFICATE-----",
	 CC_RULE_CERT_FORM, "certificate 1 of the chain has no END line"},
	{"END of the next", "-----BEGIN CERTIFICATE-----\n@B@I", CC_RULE_CERT_FORM,
	 "it is no base64"},
	{"empty", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", CC_RULE_CERT_FORM,
	 "0 octets are no certificate (at most 65536)"},
	{"a header", "-----BEGIN CERTIFICATE-----\nProc-Type: 4\n\n@B-----END CERTIFICATE-----",
	 CC_RULE_CERT_FORM, "it is no base64"},
	{"an octet that is no base64", "-----BEGIN CERTIFICATE-----\n@B!-----END CERTIFICATE-----",
	 CC_RULE_CERT_FORM, "it is no base64"},
	{"a NUL", "-----BEGIN CERTIFICATE-----\n@B@0-----END CERTIFICATE-----", CC_RULE_CERT_FORM,
	 "it is no base64"},
	{"two in one block", "-----BEGIN CERTIFICATE-----\n@B@B-----END CERTIFICATE-----",
	 CC_RULE_CERT_FORM, NULL},
	{"bare base64 and text", "@B x", CC_RULE_CERT_FORM, NULL},
	{"bare base64 twice", "@B@B", CC_RULE_CERT_FORM, NULL},
	{"text between", "@Lissuer:\n@I", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"text behind", "@L@I and more", CC_RULE_CERT_FORM,
	 "behind certificate 2 of the chain stands what is no certificate"},
	{"a NUL behind", "@L@0", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"base64 behind", "@L@B", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"a key behind", "@L-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	 CC_RULE_CERT_FORM, "behind certificate 1 of the chain stands what is no certificate"},
	{"a parent that is missing", "@L-----parent-----", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"two dividers", "@L-----parent----------parent-----@I", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"a bad second one", "@L-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
	 CC_RULE_CERT_FORM, "certificate 2 of the chain: it is no X.509 certificate"},
	{"a second that is no base64",
	 "@L-----BEGIN CERTIFICATE-----\na\n-----END CERTIFICATE-----\n", CC_RULE_CERT_FORM,
	 "certificate 2 of the chain: it is no base64"},
	{"nine", "@L@L@L@L@L@L@L@L@L", CC_RULE_CHAIN_DEPTH,
	 "the chain holds more than 8 certificates"},
};

static void refuses_other_text(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad_texts); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		struct cc_note why = {0};
		size_t len;
		char *text = expand(bad_texts[i].form, &len);
		int r = read_text(text, len, &gids, &why);

		if (r != bad_texts[i].rule)
			fail_msg("%s: %d, %s", bad_texts[i].why, r, why.text);
		if (bad_texts[i].said)
			assert_string_equal(why.text, bad_texts[i].said);
		assert_int_equal(why.code, CC_EDENIED);
		free(text);
	}
}

static void refuses_long_text(void **state)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	struct cc_note why = {0};
	char *pem = tp_pem(tp_world()->alice), *text = malloc(TR_GID_TEXT_MAX + 1);

	assert_non_null(text);
	memset(text, '\n', TR_GID_TEXT_MAX + 1);
	memcpy(text, pem, strlen(pem));
	assert_int_equal(read_text(text, TR_GID_TEXT_MAX, &gids, &why), 0);
	tr_gids_deinit(&gids);
	assert_int_equal(read_text(text, TR_GID_TEXT_MAX + 1, &gids, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "262145 octets are more than any chain of certificates (at "
				      "most 262144)");
	memset(text, 'A', TR_CERT_MAX / 3 * 4 + 8);
	assert_int_equal(read_text(text, TR_CERT_MAX / 3 * 4 + 8, &gids, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "it is longer than the 65536 octets of a certificate");
	free(pem);
	free(text);
}

static void reads_chains_of_der(void **state)
{
	const struct tr_gids *chain = &tp_world()->alice->chain;
	const uint8_t *ders[TR_CHAIN_MAX + 1];
	size_t lens[TR_CHAIN_MAX + 1];
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	struct cc_note why = {0};

	for (size_t i = 0; i <= TR_CHAIN_MAX; i++) {
		ders[i] = chain->items[i % chain->count]->der;
		lens[i] = chain->items[i % chain->count]->der_len;
	}
	assert_int_equal(tr_gids_read_der(NULL, ders, lens, 3, &gids, &why), 0);
	assert_int_equal(gids.count, 3);
	assert_string_equal(gids.items[2]->urn, TP_IDN "plc+authority+sa");
	tr_gids_deinit(&gids);
	assert_int_equal(tr_gids_read_der(NULL, ders, lens, 0, &gids, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "there is no certificate");
	assert_int_equal(tr_gids_read_der(NULL, ders, lens, 9, &gids, &why), CC_RULE_CHAIN_DEPTH);
	assert_int_equal(gids.count, 0);
	lens[1]--;
	assert_int_equal(tr_gids_read_der(NULL, ders, lens, 3, &gids, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "certificate 2 of the chain: it is no X.509 certificate");
}

static void writes_what_it_reads(void **state)
{
	const struct tr_gids *chain = &tp_world()->alice->chain;
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(0), small = CC_BUF_INIT(100);
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};

	assert_int_equal(tr_gids_write(chain, &text), 0);
	for (const char *line = (char *)text.data, *end; (end = strchr(line, '\n')); line = end + 1)
		assert_in_range(end - line, 1, 64);
	assert_int_equal(read_text((char *)text.data, text.len, &gids, NULL), 0);
	assert_int_equal(gids.count, chain->count);
	for (size_t i = 0; i < gids.count; i++)
		assert_memory_equal(gids.items[i]->hash, chain->items[i]->hash, TR_HASH);
	assert_int_equal(tr_gids_write(chain, &small), -CC_ELIMIT);
}

/* ---- certificates met before ---- */

static void remembers_certificates(void **state)
{
	const struct tp_world *w = tp_world();
	const struct tp *all[] = {w->alice, w->bob, w->site};
	cc_cleanup(tr_certs_freep) struct tr_certs *certs = NULL;
	struct tr_gid *first[3], *again[3], *none = NULL;

	assert_int_equal(tr_certs_new(&certs, 2), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(tr_gid_read_der(certs, all[i]->gid->der, all[i]->gid->der_len,
						 &first[i], NULL),
				 0);
	/* room for two: the first one is read anew, which puts out the second */
	for (size_t i = 3; i-- > 0;)
		assert_int_equal(tr_gid_read_der(certs, all[i]->gid->der, all[i]->gid->der_len,
						 &again[i], NULL),
				 0);
	assert_ptr_equal(again[2], first[2]);
	assert_ptr_equal(again[1], first[1]);
	assert_ptr_not_equal(again[0], first[0]);
	assert_int_equal(
		tr_gid_read_der(certs, all[0]->gid->der, all[0]->gid->der_len - 1, &none, NULL),
		CC_RULE_CERT_FORM);
	for (size_t i = 0; i < 3; i++) {
		tr_gid_unref(first[i]);
		tr_gid_unref(again[i]);
	}
}

/* One that alone is more than all may be is read each time. */
static void remembers_no_giants(void **state)
{
	static const char blank[15000] = {0};
	char params[sizeof("<params>") + sizeof(blank)];
	cc_cleanup(tr_certs_freep) struct tr_certs *certs = NULL;
	cc_cleanup(tr_gid_unrefp) struct tr_gid *a = NULL, *b = NULL;
	cc_cleanup(tp_freep) struct tp *p = NULL;

	snprintf(params, sizeof(params), "<params>%*s", (int)sizeof(blank), "");
	p = tp_raw(&(struct tp_spec){.params = params}, NULL);
	assert_int_equal(tr_certs_new(&certs, 4), 0);
	assert_int_equal(tr_gid_read_der(certs, p->gid->der, p->gid->der_len, &a, NULL), 0);
	assert_int_equal(tr_gid_read_der(certs, p->gid->der, p->gid->der_len, &b, NULL), 0);
	assert_ptr_not_equal(a, b);
}

/* ---- the vectors ---- */

static char *load(const char *path, size_t *len)
{
	struct cc_note why = {0};
	char *text = NULL;

	if (cc_file_read(path, FILE_MAX, &text, len, &why) != 0)
		fail_msg("%s", why.text);
	return text;
}

static void read_vector(const char *folder, const char *file, struct tr_gids *gids)
{
	struct cc_note why = {0};
	char path[512], *text;
	size_t len;

	snprintf(path, sizeof(path), VECTORS "%s/%s", folder, file);
	text = load(path, &len);
	if (read_text(text, len, gids, &why) != 0)
		fail_msg("%s: %s", file, why.text);
	free(text);
}

static json_t *load_index(const char *folder)
{
	char path[512];
	json_t *index;

	snprintf(path, sizeof(path), VECTORS "%s/index.json", folder);
	index = json_load_file(path, 0, NULL);
	if (!index)
		skip();
	return index;
}

/* The GIDs; the other files of 2019 are XML. */
static void reads_vectors_of_2019(void **state)
{
	json_t *index = load_index("sfa/sfa2019"), *entry;
	size_t i, n = 0;

	json_array_foreach(json_object_get(index, "vectors"), i, entry)
	{
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		const char *file = json_string_value(json_object_get(entry, "file"));

		if (strcmp(json_string_value(json_object_get(entry, "kind")), "gid") != 0)
			continue;
		read_vector("sfa/sfa2019", file, &gids);
		n++;
		assert_string_equal(gids.items[0]->hrn,
				    json_string_value(json_object_get(entry, "hrn")));
		assert_string_equal(gids.items[0]->urn,
				    json_string_value(json_object_get(entry, "urn")));
		assert_int_equal(gids.items[0]->version, 3);
		assert_int_equal(gids.items[0]->digest, TR_DIGEST_SHA2);
		assert_true(gids.items[0]->key_good);
		assert_false(gids.items[0]->odd);
	}
	assert_int_equal(n, 16);
	json_decref(index);
}

/* Every file is certificates: GIDs have names, credentials and tickets only their text. */
static void reads_vectors_of_2008(void **state)
{
	json_t *index = load_index("sfa/geni2008"), *entry;
	size_t i, n = 0;

	json_array_foreach(json_object_get(index, "vectors"), i, entry)
	{
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		const char *hrn = json_string_value(json_object_get(entry, "hrn"));
		const char *uuid = json_string_value(json_object_get(entry, "uuid"));
		bool gid = strcmp(json_string_value(json_object_get(entry, "kind")), "GID") == 0;
		const struct tr_gid *g;

		read_vector("sfa/geni2008", json_string_value(json_object_get(entry, "file")),
			    &gids);
		n++;
		g = gids.items[0];
		assert_non_null(g->params);
		assert_string_equal(g->urn, "");
		assert_string_equal(g->hrn, gid ? hrn : "");
		assert_string_equal(g->uuid, gid ? uuid : "");
		assert_int_equal(g->version, 1);
		assert_int_equal(g->digest, TR_DIGEST_MD5);
		assert_int_equal(g->rsa_bits, 1024);
		assert_false(g->key_good || g->has_basic || g->ca || g->odd || g->names_twice);
	}
	assert_int_equal(n, 26);
	json_decref(index);
}

#define GCF TP_IDN "geni:gpo:gcf"
static const struct {
	const char *file, *urn, *hrn, *uuid, *email;
	size_t count;
} gcf[] = {
	{"alice", GCF "+user+alice", "geni.gpo.gcf.alice", "d7ea3a84-ccb2-410a-bb36-5615b0795f69",
	 "alice@example.net", 2},
	{"am", GCF ":am1+authority+am", "geni.gpo.gcf.am1", "0637de18-588c-41e4-a062-c7e675591854",
	 "", 2},
	{"bob", GCF "+user+bob", "geni.gpo.gcf.bob", "e0eda282-08ee-404b-b41a-b710acfda427",
	 "bob@example.net", 2},
	{"carol", GCF "+user+carol", "geni.gpo.gcf.carol", "e8486aa8-4ca8-4e80-95fa-2fcd0b2a698d",
	 "carol@example.net", 2},
	{"ch", GCF "+authority+sa", "geni.gpo.gcf", "71b7a889-210f-4088-b6c4-5dc691c6d7be", "", 1},
	{"dave", GCF ":proj1+user+dave", "geni.gpo.gcf.proj1.dave",
	 "22222222-2222-4222-8222-222222222222", "dave@example.net", 3},
	{"eve-outofns", GCF "+user+eve", "geni.gpo.gcf.eve", "55555555-5555-4555-8555-555555555555",
	 "e@example.net", 3},
	{"mallory", GCF "+user+alice", "geni.gpo.gcf.alice", "44444444-4444-4444-8444-444444444444",
	 "m@example.net", 2},
	{"portal", GCF "+tool+portal-gpo", "geni.gpo.gcf.portal-gpo",
	 "0f5c2eac-8561-4971-9b33-9a8da30572ce", "portal@example.net", 2},
	{"proj1", GCF ":proj1+authority+sa", "geni.gpo.gcf.proj1",
	 "11111111-1111-4111-8111-111111111111", "", 2},
	{"rogue", TP_IDN "rogue:net+authority+sa", "rogue.net",
	 "33333333-3333-4333-8333-333333333333", "", 1},
	{"slice-goldslice", GCF "+slice+goldslice", "geni.gpo.gcf.goldslice", "", "", 2},
	{"zed-nonca", GCF "+user+zed", "geni.gpo.gcf.zed", "66666666-6666-4666-8666-666666666666",
	 "z@example.net", 3},
};

static void reads_vectors_of_gcf(void **state)
{
	json_decref(load_index("sfa/sfa2019")); /* skips where there are no vectors */
	for (size_t i = 0; i < CC_ARRAY_SIZE(gcf); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		char file[64];

		snprintf(file, sizeof(file), "%s-cert.pem", gcf[i].file);
		print_message("# %s\n", file);
		read_vector("geni-am/certs", file, &gids);
		assert_int_equal(gids.count, gcf[i].count);
		assert_string_equal(gids.items[0]->urn, gcf[i].urn);
		assert_string_equal(gids.items[0]->hrn, gcf[i].hrn);
		assert_string_equal(gids.items[0]->uuid, gcf[i].uuid);
		assert_string_equal(gids.items[0]->email, gcf[i].email);
		assert_true(gids.items[0]->key_good);
		assert_false(gids.items[0]->odd);
	}
}

/* The keyid of a speaks-for statement, and the subjectKeyIdentifier of the tool. */
static void names_keys_as_speaks_for_does(void **state)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids carol = {0}, portal = {0};
	char *text, want[64];
	size_t len;

	json_decref(load_index("sfa/sfa2019"));
	read_vector("geni-am/certs", "carol-cert.pem", &carol);
	read_vector("geni-am/certs", "portal-cert.pem", &portal);
	assert_string_equal(portal.items[0]->key_id, "dd78c96f5b28fdcd4b3731ef188bbf310a08165a");
	text = load(VECTORS "geni-am/creds/carol-speaksfor-portal.xml", &len);
	snprintf(want, sizeof(want), "<keyid>%s</keyid>", carol.items[0]->key_id);
	assert_non_null(strstr(text, want));
	snprintf(want, sizeof(want), "<keyid>%s</keyid>", portal.items[0]->key_id);
	assert_non_null(strstr(text, want));
	free(text);
}

/* ---- no memory ---- */

static void *ossl_malloc(size_t n, const char *file, int line)
{
	return __wrap_malloc(n);
}

static void *ossl_realloc(void *p, size_t n, const char *file, int line)
{
	return __wrap_realloc(p, n);
}

static void ossl_free(void *p, const char *file, int line)
{
	free(p);
}

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
	cmocka_unit_test(reads_names),
	cmocka_unit_test(keeps_the_text_of_2008),
	cmocka_unit_test(reads_what_is_judged),
	cmocka_unit_test(two_subject_alt_names_name_nobody),
	cmocka_unit_test(reads_the_last_common_name),
	cmocka_unit_test(reads_times),
	cmocka_unit_test(labels_every_certificate),
	cmocka_unit_test(compares_keys),
	cmocka_unit_test(reads_the_whole_der_and_no_more),
	cmocka_unit_test(reads_der_only),
	cmocka_unit_test(bounds_the_values),
	cmocka_unit_test(counts_values),
	cmocka_unit_test(bounds_its_own_work),
	cmocka_unit_test(refuses_what_cannot_be_read),
	cmocka_unit_test(reads_chains),
	cmocka_unit_test(reads_lines_of_any_form),
	cmocka_unit_test(refuses_other_text),
	cmocka_unit_test(refuses_long_text),
	cmocka_unit_test(reads_chains_of_der),
	cmocka_unit_test(writes_what_it_reads),
	cmocka_unit_test(remembers_certificates),
	cmocka_unit_test(remembers_no_giants),
	cmocka_unit_test(reads_vectors_of_2019),
	cmocka_unit_test(reads_vectors_of_2008),
	cmocka_unit_test(reads_vectors_of_gcf),
	cmocka_unit_test(names_keys_as_speaks_for_does),
	cmocka_unit_test(survives_failed_allocations),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	/* before OpenSSL's first allocation, else it is refused */
	if (!CRYPTO_set_mem_functions(ossl_malloc, ossl_realloc, ossl_free))
		return 1;
	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
