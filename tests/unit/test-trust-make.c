/* SPDX-License-Identifier: ISC */
/* Making GIDs; the openssl program says whether it takes them. */
#include "tests/test.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "lib/base/util.h"
#include "tests/unit/folder.h"
#include "tests/unit/trustpki.h"

#define ALICE TP_IDN "plc:site+user+alice"
#define UUID "0f5c2eac-8561-4971-9b33-9a8da30572ce"

static int make(const struct tr_gid_request *rq, const struct tp *issuer, struct tr_gid **out,
		struct cc_note *why)
{
	return tr_gid_make(rq, issuer ? issuer->gid : NULL, issuer ? issuer->key : NULL, out, why);
}

/* A good request, to be spoilt in one place. */
static struct tr_gid_request request(const char *urn)
{
	return (struct tr_gid_request){.urn = urn,
				       .key = tp_key("P-256", "subject"),
				       .not_before = TP_NOW - TP_DAY,
				       .not_after = TP_NOW + TP_DAY};
}

static void makes_what_was_asked_for(void **state)
{
	const struct tp *site = tp_world()->site;
	struct tr_gid_request rq = request(ALICE);
	cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;

	rq.uuid = UUID;
	rq.email = "alice@example.org";
	assert_int_equal(make(&rq, site, &g, NULL), 0);
	assert_string_equal(g->urn, ALICE);
	assert_string_equal(g->hrn, "plc.site.alice");
	assert_string_equal(g->cn, "plc.site.alice");
	assert_string_equal(g->uuid, UUID);
	assert_string_equal(g->email, "alice@example.org");
	assert_int_equal(g->not_before, TP_NOW - TP_DAY);
	assert_int_equal(g->not_after, TP_NOW + TP_DAY);
	assert_int_equal(g->version, 3);
	assert_int_equal(g->digest, TR_DIGEST_SHA2);
	assert_true(g->has_basic && !g->ca && g->key_good && !g->odd && !g->names_twice);
	assert_int_equal(X509_NAME_cmp(X509_get_issuer_name(g->cert),
				       X509_get_subject_name(site->gid->cert)),
			 0);
	assert_int_equal(EVP_PKEY_eq(g->key, rq.key), 1);
	assert_int_equal(X509_verify(g->cert, site->key), 1);
}

static void assert_id(const ASN1_OCTET_STRING *id, const struct tr_gid *g)
{
	char hex[41] = "";

	assert_non_null(id);
	assert_int_equal(ASN1_STRING_length(id), 20);
	for (int i = 0; i < 20; i++)
		snprintf(hex + 2 * i, 3, "%02x", ASN1_STRING_get0_data(id)[i]);
	assert_string_equal(hex, g->key_id);
}

static void names_both_keys(void **state)
{
	const struct tp_world *w = tp_world();

	assert_id(X509_get0_subject_key_id(w->alice->gid->cert), w->alice->gid);
	assert_id(X509_get0_authority_key_id(w->alice->gid->cert), w->site->gid);
	assert_id(X509_get0_authority_key_id(w->plc->gid->cert), w->plc->gid);
}

/* Of an issuer that calls its key otherwise than we would, and of one that does not name it. */
static void calls_the_issuers_key_what_he_calls_it(void **state)
{
	struct tr_gid_request rq = request(ALICE);
	cc_cleanup(tp_freep) struct tp *named = tp_raw(
		&(struct tp_spec){.urn = TP_IDN "plc:site+authority+sa", .key_id = "01020304"},
		NULL);
	cc_cleanup(tp_freep) struct tp *silent = tp_raw(
		&(struct tp_spec){.urn = TP_IDN "plc:site+authority+sa", .key_id = ""}, NULL);
	cc_cleanup(tr_gid_unrefp) struct tr_gid *a = NULL, *b = NULL;
	const ASN1_OCTET_STRING *id;

	assert_int_equal(make(&rq, named, &a, NULL), 0);
	id = X509_get0_authority_key_id(a->cert);
	assert_int_equal(ASN1_STRING_length(id), 4);
	assert_memory_equal(ASN1_STRING_get0_data(id), "\1\2\3\4", 4);
	assert_null(X509_get0_subject_key_id(silent->gid->cert));
	assert_int_equal(make(&rq, silent, &b, NULL), 0);
	assert_id(X509_get0_authority_key_id(b->cert), silent->gid);
}

static const struct {
	const char *urn, *kind;
	bool ca;
	uint32_t usage;
} uses[] = {
	{TP_IDN "plc:site:x+authority+sa", "P-256", true,
	 KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN},
	{TP_IDN "plc:site:x+authority+root", "RSA-2048", true,
	 KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN},
	{TP_IDN "plc:site:x+authority+am", "RSA-2048", false,
	 KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT},
	{TP_IDN "plc:site+user+u", "P-384", false, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT},
	{TP_IDN "plc:site+user+u", "RSA-2048", false, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT},
	{TP_IDN "plc:site+slice+s", "P-256", false, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT},
	{TP_IDN "plc:site+node+n", "P-256", false, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT},
	{TP_IDN "plc:site+tool+t", "P-256", false, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT},
	{TP_IDN "plc:site+authorityx+sa", "P-256", false, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT},
	{TP_IDN "plc:site+Authority+sa", "P-256", false, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT},
};

static void only_authorities_become_a_ca(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(uses); i++) {
		struct tr_gid_request rq = request(uses[i].urn);
		cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;
		BASIC_CONSTRAINTS *basic;
		int critical;

		print_message("# %s\n", uses[i].urn);
		rq.key = tp_key(uses[i].kind, "subject");
		assert_int_equal(make(&rq, tp_world()->site, &g, NULL), 0);
		assert_int_equal(g->ca, uses[i].ca);
		assert_int_equal(X509_get_key_usage(g->cert), uses[i].usage);
		basic = X509_get_ext_d2i(g->cert, NID_basic_constraints, &critical, NULL);
		assert_non_null(basic);
		assert_int_equal(basic->ca != 0, uses[i].ca);
		assert_int_equal(critical, 1);
		BASIC_CONSTRAINTS_free(basic);
		ASN1_BIT_STRING_free(X509_get_ext_d2i(g->cert, NID_key_usage, &critical, NULL));
		assert_int_equal(critical, 1);
	}
}

static void serials_and_uuids_are_random(void **state)
{
	struct tr_gid_request rq = request(ALICE);
	cc_cleanup(tr_gid_unrefp) struct tr_gid *a = NULL, *b = NULL;
	const ASN1_INTEGER *x, *y;

	assert_int_equal(make(&rq, tp_world()->site, &a, NULL), 0);
	assert_int_equal(make(&rq, tp_world()->site, &b, NULL), 0);
	x = X509_get0_serialNumber(a->cert);
	y = X509_get0_serialNumber(b->cert);
	assert_int_equal(x->length, 16);
	assert_int_equal(x->type, V_ASN1_INTEGER); /* not V_ASN1_NEG_INTEGER */
	assert_int_equal(x->data[0] & 0xc0, 0x40); /* 16 octets of DER, no more and no less */
	assert_int_not_equal(ASN1_INTEGER_cmp(x, y), 0);
	assert_string_not_equal(a->uuid, b->uuid);
	assert_int_equal(strlen(a->uuid), 36);
	assert_int_equal(a->uuid[14], '4');
	assert_non_null(strchr("89ab", a->uuid[19]));
}

/* Of the HRN; what is cut off stands in the URN. */
static void cuts_the_common_name(void **state)
{
	struct tr_gid_request rq =
		request(TP_IDN "plc:site+node+0123456789012345678901234567890123456789012345678901"
			       "23456789");
	cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;

	assert_int_equal(make(&rq, tp_world()->site, &g, NULL), 0);
	assert_string_equal(g->urn, rq.urn);
	assert_int_equal(strlen(g->hrn), 69);
	assert_int_equal(strlen(g->cn), 64);
	assert_memory_equal(g->cn, g->hrn, 64);
}

/* Text for OpenSSL's configuration would be taken apart at the comma. */
static void a_comma_begins_no_other_name(void **state)
{
	struct tr_gid_request rq = request(TP_IDN "plc:site+node+n,URI:" TP_IDN "plc+authority+sa");
	cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;

	assert_int_equal(make(&rq, tp_world()->site, &g, NULL), 0);
	assert_string_equal(g->urn, rq.urn);
	assert_false(g->names_twice);
}

static const struct {
	const char *why;
	int64_t from, until, got_from, got_until; /* days after TP_NOW; the issuer's are -1, 365 */
} times[] = {
	{"within", 0, 10, 0, 10},	    {"all of it", -1, 365, -1, 365},
	{"from before", -400, 10, -1, 10},  {"beyond the end", 0, 4000, 0, 365},
	{"around it", -400, 4000, -1, 365},
};

static void cuts_times_to_the_issuers(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(times); i++) {
		struct tr_gid_request rq = request(ALICE);
		cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL, *self = NULL;

		print_message("# %s\n", times[i].why);
		rq.not_before = TP_NOW + times[i].from * TP_DAY;
		rq.not_after = TP_NOW + times[i].until * TP_DAY;
		assert_int_equal(make(&rq, tp_world()->site, &g, NULL), 0);
		assert_int_equal(g->not_before, TP_NOW + times[i].got_from * TP_DAY);
		assert_int_equal(g->not_after, TP_NOW + times[i].got_until * TP_DAY);
		assert_int_equal(make(&rq, NULL, &self, NULL), 0);
		assert_int_equal(self->not_before, rq.not_before);
		assert_int_equal(self->not_after, rq.not_after);
	}
}

/* ---- refusals ---- */

static const struct {
	const char *why;
	struct tp_spec issuer;	  /* urn NULL: the world's plc:site */
	struct tr_gid_request rq; /* urn NULL: alice */
	const char *kind;
	int result;
	const char *said;
} refused[] = {
	{"a user issues", .issuer = {.urn = ALICE}, .rq = {.urn = TP_IDN "plc:site:alice+user+x"},
	 .result = CC_RULE_CHAIN_CA, .said = ALICE " is no CA"},
	{"an authority that is no CA issues",
	 .issuer = {.urn = TP_IDN "plc:site+authority+sa", .ca = TP_CA_FALSE},
	 .result = CC_RULE_CHAIN_CA, .said = TP_IDN "plc:site+authority+sa is no CA"},
	{"a CA without basicConstraints issues",
	 .issuer = {.urn = TP_IDN "plc:site+authority+sa", .ca = TP_CA_ABSENT},
	 .result = CC_RULE_CHAIN_CA, .said = TP_IDN "plc:site+authority+sa is no CA"},
	{"a CA whose key may not sign certificates issues",
	 .issuer = {.urn = TP_IDN "plc:site+authority+sa", .usage = "digitalSignature"},
	 .result = CC_RULE_CHAIN_CA, .said = TP_IDN "plc:site+authority+sa is no CA"},
	{"a user with CA:TRUE issues", .issuer = {.urn = ALICE, .ca = TP_CA_TRUE},
	 .result = CC_RULE_CHAIN_AUTHORITY, .said = ALICE " is no authority"},
	{"a CA without a name issues", .issuer = {.cn = "root", .ca = TP_CA_TRUE},
	 .result = CC_RULE_CHAIN_AUTHORITY, .said = "root is no authority"},
	{"the sibling issues", .issuer = {.urn = TP_IDN "plc:sitex+authority+sa"},
	 .result = CC_RULE_CHAIN_NAMESPACE,
	 .said = TP_IDN "plc:sitex+authority+sa is not the authority of " ALICE},
	{"one whose name begins the same issues", .issuer = {.urn = TP_IDN "plc:sit+authority+sa"},
	 .result = CC_RULE_CHAIN_NAMESPACE,
	 .said = TP_IDN "plc:sit+authority+sa is not the authority of " ALICE},
	{"one below issues", .issuer = {.urn = TP_IDN "plc:site:lab+authority+sa"},
	 .result = CC_RULE_CHAIN_NAMESPACE,
	 .said = TP_IDN "plc:site:lab+authority+sa is not the authority of " ALICE},
	{"one issues in its own HRN", .rq = {.urn = TP_IDN "plc+user+site"},
	 .result = CC_RULE_CHAIN_NAMESPACE,
	 .said = TP_IDN "plc:site+authority+sa is not the authority of " TP_IDN "plc+user+site"},
	{"RSA of 1024 bits", .kind = "RSA-1024", .result = CC_RULE_CERT_KEY,
	 .said = "the key of " ALICE " is neither RSA of 2048 to 8192 bits nor P-256 nor P-384"},
	{"Ed25519", .kind = "ED25519", .result = CC_RULE_CERT_KEY,
	 .said = "the key of " ALICE " is neither RSA of 2048 to 8192 bits nor P-256 nor P-384"},
	{"secp256k1", .kind = "secp256k1", .result = CC_RULE_CERT_KEY,
	 .said = "the key of " ALICE " is neither RSA of 2048 to 8192 bits nor P-256 nor P-384"},
	{"the issuer has expired",
	 .issuer = {.urn = TP_IDN "plc:site+authority+sa", .from = TP_NOW - 9, .until = TP_NOW - 5},
	 .rq = {.not_before = TP_NOW - 5, .not_after = TP_NOW + 5}, .result = CC_RULE_CERT_EXPIRED,
	 .said = TP_IDN "plc:site+authority+sa is not in force in that time"},
	{"the issuer is not yet valid",
	 .issuer = {.urn = TP_IDN "plc:site+authority+sa", .from = TP_NOW + 5, .until = TP_NOW + 9},
	 .rq = {.not_before = TP_NOW, .not_after = TP_NOW + 5}, .result = CC_RULE_CERT_EXPIRED,
	 .said = TP_IDN "plc:site+authority+sa is not in force in that time"},
	{"an end before the beginning", .rq = {.not_before = TP_NOW, .not_after = TP_NOW - 1},
	 .result = -CC_EINVAL, .said = "no GID can be in force in such a time"},
	{"no time at all", .rq = {.not_before = TP_NOW, .not_after = TP_NOW}, .result = -CC_EINVAL,
	 .said = "no GID can be in force in such a time"},
	{"before 1970", .rq = {.not_before = -1, .not_after = TP_NOW}, .result = -CC_EINVAL,
	 .said = "no GID can be in force in such a time"},
	{"the year 10000", .rq = {.not_before = TP_NOW, .not_after = INT64_C(253402300800)},
	 .result = -CC_EINVAL, .said = "no GID can be in force in such a time"},
	{"no URN", .rq = {.urn = "alice"}, .result = -CC_EINVAL},
	{"a URN with a space", .rq = {.urn = ALICE " x"}, .result = -CC_EINVAL},
	{"a type that is too long",
	 .rq = {.urn = TP_IDN "plc:site+0123456789012345678901234567890123456789012345678901234567"
			      "890123+x"},
	 .result = -CC_EINVAL},
	{"a UUID that is none", .rq = {.uuid = "0f5c2eac"}, .result = -CC_EINVAL,
	 .said = "a UUID is 8-4-4-4-12 hex digits"},
	{"no @", .rq = {.email = "alice"}, .result = -CC_EINVAL,
	 .said = "it is no e-mail address that a GID can hold"},
	{"two @", .rq = {.email = "a@b@c"}, .result = -CC_EINVAL,
	 .said = "it is no e-mail address that a GID can hold"},
	{"nobody", .rq = {.email = "@b"}, .result = -CC_EINVAL,
	 .said = "it is no e-mail address that a GID can hold"},
	{"nowhere", .rq = {.email = "a@"}, .result = -CC_EINVAL,
	 .said = "it is no e-mail address that a GID can hold"},
	{"a line end in the e-mail address", .rq = {.email = "a@b\nBcc:c"}, .result = -CC_EINVAL,
	 .said = "it is no e-mail address that a GID can hold"},
	{"two addresses", .rq = {.email = "a@b,c"}, .result = -CC_EINVAL,
	 .said = "it is no e-mail address that a GID can hold"},
};

static void refuses_what_no_verifier_would_take(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(refused); i++) {
		const struct tp_spec *spec = &refused[i].issuer;
		cc_cleanup(tp_freep) struct tp *made =
			spec->urn || spec->cn ? tp_raw(spec, NULL) : NULL;
		struct tr_gid_request rq = request(ALICE);
		cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;
		struct cc_note why = {0};
		int r;

		if (refused[i].rq.urn)
			rq.urn = refused[i].rq.urn;
		if (refused[i].kind)
			rq.key = tp_key(refused[i].kind, "subject");
		if (refused[i].rq.not_before) {
			rq.not_before = refused[i].rq.not_before;
			rq.not_after = refused[i].rq.not_after;
		}
		rq.uuid = refused[i].rq.uuid;
		rq.email = refused[i].rq.email;
		r = make(&rq, made ? made : tp_world()->site, &g, &why);
		if (r != refused[i].result)
			fail_msg("%s: %d, %s", refused[i].why, r, why.text);
		if (refused[i].said)
			assert_string_equal(why.text, refused[i].said);
		assert_true(why.text[0]);
		assert_null(g);
	}
}

static void wants_the_issuers_own_key(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_gid_request rq = request(ALICE);
	cc_cleanup(tr_gid_unrefp) struct tr_gid *g = NULL;
	struct cc_note why = {0};

	assert_int_equal(tr_gid_make(&rq, w->site->gid, w->sitex->key, &g, &why), -CC_EINVAL);
	assert_string_equal(why.text, "the key is not that of " TP_IDN "plc:site+authority+sa");
	assert_int_equal(tr_gid_make(&rq, w->site->gid, tp_key("RSA-2048", "subject"), &g, &why),
			 -CC_EINVAL);
	assert_int_equal(tr_gid_make(&rq, w->site->gid, NULL, &g, &why), -CC_EINVAL);
	assert_string_equal(why.text, "the key of the issuer is missing");
	assert_int_equal(tr_gid_make(&rq, NULL, w->site->key, &g, &why), -CC_EINVAL);
	assert_string_equal(why.text, "the key is not that of " ALICE);
	assert_null(g);
	assert_int_equal(ERR_peek_error(), 0);
}

/* ---- the openssl program ---- */

static void save(const char *name, char *text)
{
	put_file(name, text);
	free(text);
}

/* Whether `openssl verify` takes leaf with what stands behind it, under this root. */
static bool openssl_takes(const struct tp *leaf, const struct tp *root, const char *options)
{
	char command[256];

	save("chain", tp_pem_chain(leaf));
	save("leaf", tp_pem(leaf));
	save("root", tp_pem(root));
	snprintf(
		command, sizeof(command),
		"openssl verify -attime %lld -CAfile root -untrusted chain %s leaf >/dev/null 2>&1",
		(long long)TP_NOW, options);
	return system(command) == 0;
}

static void openssl_verifies_what_we_make(void **state)
{
	const struct tp_world *w = tp_world();
	/* a name like the issuer's own: of one HRN, and of one when it is cut */
	cc_cleanup(tp_freep) struct tp *am = tp_make(TP_IDN "plc:site+authority+am", w->site);
	cc_cleanup(tp_freep) struct tp *rsa =
		tp_make_kind(TP_IDN "gpo+authority+sa", "RSA-2048", NULL);
	cc_cleanup(tp_freep) struct tp *user = tp_make_kind(TP_IDN "gpo+user+u", "RSA-2048", rsa);
	cc_cleanup(tp_freep) struct tp *mixed = tp_make(TP_IDN "gpo+user+v", rsa);
	const struct tp *good[] = {w->plc,   w->site, w->lab,  w->alice,
				   w->slice, w->node, w->tool, am};

	if (system("openssl version >/dev/null 2>&1") != 0)
		skip();
	for (size_t i = 0; i < CC_ARRAY_SIZE(good); i++) {
		print_message("# %s\n", good[i]->gid->urn);
		assert_true(openssl_takes(good[i], w->plc, ""));
		assert_true(openssl_takes(good[i], w->plc, "-x509_strict"));
	}
	assert_true(openssl_takes(user, rsa, "-x509_strict"));
	assert_true(openssl_takes(mixed, rsa, "-x509_strict"));
	assert_false(openssl_takes(w->alice, w->other, ""));
	assert_false(openssl_takes(w->alice, rsa, ""));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(makes_what_was_asked_for),
	cmocka_unit_test(names_both_keys),
	cmocka_unit_test(calls_the_issuers_key_what_he_calls_it),
	cmocka_unit_test(only_authorities_become_a_ca),
	cmocka_unit_test(serials_and_uuids_are_random),
	cmocka_unit_test(cuts_the_common_name),
	cmocka_unit_test(a_comma_begins_no_other_name),
	cmocka_unit_test(cuts_times_to_the_issuers),
	cmocka_unit_test(refuses_what_no_verifier_would_take),
	cmocka_unit_test(wants_the_issuers_own_key),
	cmocka_unit_test_setup_teardown(openssl_verifies_what_we_make, folder_enter, folder_leave),
};

TEST_MAIN(tests)
