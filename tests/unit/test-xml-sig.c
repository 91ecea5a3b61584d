/* SPDX-License-Identifier: ISC */
/*
 * The signature profile. What other programs make of it is seen in tests/it/xmlsec.py; here are the
 * refusals, each with its reason.
 */
#include "tests/unit/xmlsigkit.h"

static void test_forms(void **state)
{
	const struct {
		const char *why;
		struct form f;
	} rows[] = {
		{"as the Python SFA", {0}},
		{"as it really does", {.method = XS_DSIG "rsa-sha1", .digest = XS_DSIG "sha1"}},
		{"rsa-sha384", {.method = MORE "rsa-sha384", .digest = MORE "sha384"}},
		{"rsa-sha512", {.method = MORE "rsa-sha512", .digest = SHA512}},
		{"ecdsa-sha256", {.method = XS_SIG_ECDSA_SHA256, .key = p256}},
		{"ecdsa-sha384", {.method = MORE "ecdsa-sha384", .key = p384}},
		{"ecdsa-sha512 of a short key", {.method = MORE "ecdsa-sha512", .key = p256}},
		{"ecdsa-sha512 of bits that fill no octet",
		 {.method = MORE "ecdsa-sha512", .key = p521}},
		{"exclusive", {.c14n = XS_SIG_EXCLUSIVE}},
		{"exclusive of the element, too",
		 {.c14n = XS_SIG_EXCLUSIVE,
		  .transforms = TRANSFORMS(ENVELOPED TRANSFORM(XS_SIG_EXCLUSIVE))}},
		{"exclusive of the element alone",
		 {.transforms = TRANSFORMS(TRANSFORM(XS_SIG_EXCLUSIVE))}},
		{"inclusive of the element, said",
		 {.transforms = TRANSFORMS(ENVELOPED TRANSFORM(XS_SIG_INCLUSIVE))}},
		{"no transforms", {.transforms = ""}},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *text = signed_text(&rows[i].f);
		EVP_PKEY *key = rows[i].f.key ? rows[i].f.key : rsa;
		struct cc_note why = {0};

		check(rows[i].why, verify_text(text, "ref0", key, true, &why), &why, 0, "");
	}
}

/* SHA-1 in either place needs leave. */
static void test_sha1(void **state)
{
	const struct {
		const char *why;
		struct form f;
		int rule;
	} rows[] = {
		{"neither", {0}, 0},
		{"both",
		 {.method = XS_DSIG "rsa-sha1", .digest = XS_DSIG "sha1"},
		 CC_RULE_SIG_SHA1},
		{"the method", {.method = XS_DSIG "rsa-sha1"}, CC_RULE_SIG_SHA1},
		{"the digest", {.digest = XS_DSIG "sha1"}, CC_RULE_SIG_SHA1},
		{"the digest under ECDSA",
		 {.digest = XS_DSIG "sha1", .method = XS_SIG_ECDSA_SHA256, .key = p256},
		 CC_RULE_SIG_SHA1},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *text = signed_text(&rows[i].f);
		EVP_PKEY *key = rows[i].f.key ? rows[i].f.key : rsa;
		struct cc_note why = {0};

		check(rows[i].why, verify_text(text, "ref0", key, false, &why), &why, rows[i].rule,
		      "over ref0 uses SHA-1");
		check(rows[i].why, verify_text(text, "ref0", key, true, &why), &why, 0, "");
	}
}

static void test_changed(void **state)
{
	static const struct change rows[] = {
		{"nothing", "<a>", "<a>", 0, ""},
		{"nothing that C14N sees", "<a>", "<a\n>", 0, ""},
		{"outside", "<doc xml:id='ref1'/>", "<doc xml:id='ref1'>x</doc>", 0, ""},
		{"text", "text", "texT", CC_RULE_SIG_DIGEST,
		 "<doc> ref0 is not what was signed: it was changed afterwards"},
		{"white space", "<a>", "<a> ", CC_RULE_SIG_DIGEST, "not what was signed"},
		{"an attribute", "<a>", "<a b=''>", CC_RULE_SIG_DIGEST, "not what was signed"},
		{"an element", "<a>", "<a/><a>", CC_RULE_SIG_DIGEST, "not what was signed"},
		{"a namespace of all", "<r ", "<r xmlns:y='u:y' ", CC_RULE_SIG_VALUE,
		 "the signature over ref0 is not by the signer's key"},
		{"a language of all", "xml:lang='en'", "xml:lang='de'", CC_RULE_SIG_VALUE,
		 "not by the signer's key"},
		{"the signature's id", "Sig_ref0", "Sig_ref1", CC_RULE_SIG_VALUE,
		 "not by the signer's key"},
		{"white space in SignedInfo", "<SignedInfo>", "<SignedInfo> ", CC_RULE_SIG_VALUE,
		 "not by the signer's key"},
		{"a transform", ENVELOPED, TRANSFORM(XS_SIG_INCLUSIVE), CC_RULE_SIG_VALUE,
		 "not by the signer's key"},
		{"the digest", "<DigestValue>", "<DigestValue>AAAA", CC_RULE_SIG_VALUE,
		 "not by the signer's key"},
		{"the value", "<SignatureValue>", "<SignatureValue>AAAA", CC_RULE_SIG_VALUE,
		 "not by the signer's key"},
		{"the C14N", "<CanonicalizationMethod Algorithm='" XS_SIG_INCLUSIVE "'",
		 "<CanonicalizationMethod Algorithm='" XS_SIG_EXCLUSIVE "'", CC_RULE_SIG_VALUE,
		 "not by the signer's key"},
		{"no canonical form", "<a>", "<a xmlns:q='relative'>", CC_RULE_SIG_FORM,
		 "<doc> has no canonical form"},
	};

	CHECK_CHANGES(rows);
}

static void test_target(void **state)
{
	static const struct {
		const char *why, *reference, *id, *says;
	} rows[] = {
		{"another element", "ref0", "ref1",
		 "the signature is over the element ref0, not over <doc> ref1"},
		{"another kind of id", "ref2", "ref2",
		 "the signature is over the element ref2, not over <doc> without xml:id"},
		{"the signature itself", "Sig_ref0", "Sig_ref0",
		 "the signature is inside what it signs"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct form f = {.reference = rows[i].reference};
		cc_cleanup(cc_freep) char *text = signed_text(&f);
		struct cc_note why = {0};

		check(rows[i].why, verify_text(text, rows[i].id, rsa, true, &why), &why,
		      CC_RULE_SIG_FORM, rows[i].says);
	}
}

/* As if enveloped-signature were done: the digest holds without the signature that is inside. */
static void test_inside(void **state)
{
	cc_cleanup(cc_freep) char *text = signed_text(&(struct form){0});
	cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(text);
	xmlNode *target = find_id(doc, "ref0"), *signature = find(doc, "Signature");
	struct cc_note why = {0};
	struct xs_sig s = must_read(doc);

	xmlUnlinkNode(signature);
	xmlAddChild(target, signature);
	check("inside", xs_sig_verify(&s, target, rsa, true, &why), &why, CC_RULE_SIG_FORM,
	      "the signature is inside what it signs");
	xs_sig_deinit(&s);
}

static void test_keys(void **state)
{
	const struct form ec = {.method = XS_SIG_ECDSA_SHA256, .key = p256};
	const struct {
		const char *why;
		struct form f;
		EVP_PKEY *key;
		int rule;
		const char *says;
	} rows[] = {
		{"another RSA key", {0}, other_rsa, CC_RULE_SIG_VALUE, "not by the signer's key"},
		{"another EC key", ec, other_p256, CC_RULE_SIG_VALUE, "not by the signer's key"},
		{"a longer EC key", ec, p384, CC_RULE_SIG_VALUE, "not by the signer's key"},
		{"EC for RSA",
		 {0},
		 p256,
		 CC_RULE_SIG_METHOD,
		 "needs a key of kind RSA, the signer has EC"},
		{"RSA for EC", ec, rsa, CC_RULE_SIG_METHOD,
		 "needs a key of kind EC, the signer has RSA"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *text = signed_text(&rows[i].f);
		struct cc_note why = {0};

		check(rows[i].why, verify_text(text, "ref0", rows[i].key, true, &why), &why,
		      rows[i].rule, rows[i].says);
	}
}

/* Values that are none, put in by hand. */
static void test_values(void **state)
{
	static const struct {
		const char *why;
		bool ec;
		size_t len;
		uint8_t fill;
	} rows[] = {
		{"r and s zero", true, 64, 0},
		{"r and s beyond the order", true, 64, 0xff},
		{"an octet short", true, 63, 1},
		{"an octet long", true, 65, 1},
		{"one octet", true, 1, 1},
		{"RSA zero", false, 256, 0},
		{"RSA beyond the modulus", false, 256, 0xff},
		{"RSA an octet short", false, 255, 1},
		{"RSA an octet long", false, 257, 1},
		{"RSA one octet", false, 1, 1},
	};
	uint8_t octets[300];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct form f = {.method = rows[i].ec ? XS_SIG_ECDSA_SHA256 : NULL,
				 .key = rows[i].ec ? p256 : rsa};
		cc_cleanup(cc_freep) char *text = signed_text(&f);
		cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(text);
		struct xs_sig s = must_read(doc);
		struct xs_octets value = s.value;
		struct cc_note why = {0};

		memset(octets, rows[i].fill, sizeof(octets));
		s.value = (struct xs_octets){octets, rows[i].len};
		check(rows[i].why, xs_sig_verify(&s, find_id(doc, "ref0"), f.key, true, &why), &why,
		      CC_RULE_SIG_VALUE, "not by the signer's key");
		s.value = value;
		xs_sig_deinit(&s);
	}
}

/* A digest that was signed cut short says nothing of the rest. */
static void test_short_digest(void **state)
{
	struct form f = {0};
	struct cc_note why = {0};

	for (f.digest_cut = 1; f.digest_cut < 32; f.digest_cut += 10) {
		cc_cleanup(cc_freep) char *text = signed_text(&f);

		check("cut", verify_text(text, "ref0", rsa, true, &why), &why, CC_RULE_SIG_DIGEST,
		      "not what was signed");
	}
}

static void test_read(void **state)
{
	cc_cleanup(cc_freep) char *text =
		signed_text(&(struct form){.method = MORE "ecdsa-sha384",
					   .key = p384,
					   .digest = SHA512,
					   .c14n = XS_SIG_EXCLUSIVE,
					   .transforms = TRANSFORMS(TRANSFORM(XS_SIG_INCLUSIVE))});
	cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(text);
	struct xs_sig s = must_read(doc);

	assert_ptr_equal(s.node, find(doc, "Signature"));
	assert_ptr_equal(s.signed_info, find(doc, "SignedInfo"));
	assert_string_equal(s.id, "Sig_ref0");
	assert_string_equal(s.target, "ref0");
	assert_int_equal(s.c14n, XS_C14N_EXCLUSIVE);
	assert_int_equal(s.target_c14n, XS_C14N_INCLUSIVE);
	assert_true(EVP_MD_is_a(s.digest, "SHA512") && EVP_MD_is_a(s.method, "SHA384"));
	assert_true(s.ecdsa && !s.sha1);
	assert_int_equal(s.digest_value.len, 64);
	assert_int_equal(s.value.len, 96);
	assert_int_equal(s.n_certs, 1);
	assert_int_equal(s.certs[0].len, 1);
	assert_int_equal(s.certs[0].data[0], 'A');
	xs_sig_deinit(&s);
	assert_int_equal(s.n_certs, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_forms),	cmocka_unit_test(test_sha1),
	cmocka_unit_test(test_changed), cmocka_unit_test(test_target),
	cmocka_unit_test(test_inside),	cmocka_unit_test(test_keys),
	cmocka_unit_test(test_values),	cmocka_unit_test(test_short_digest),
	cmocka_unit_test(test_read),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
