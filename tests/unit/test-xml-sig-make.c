/* SPDX-License-Identifier: ISC */
/* Signatures that we make. */
#include "tests/unit/xmlsigkit.h"

static void test_sign(void **state)
{
	EVP_PKEY *keys[] = {rsa, p256, p384, p521};

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys); i++) {
		cc_cleanup(xs_doc_freep) xmlDoc *doc = unsigned_doc();
		struct xs_signing s = request(keys[i]);
		cc_cleanup(cc_freep) char *text = NULL;
		struct cc_note why = {0};

		assert_int_equal(
			xs_sig_sign(&s, find_id(doc, "ref0"), find(doc, "signatures"), &why), 0);
		text = written(doc);
		check("ours", verify_text(text, "ref0", keys[i], false, &why), &why, 0, "");
		check("of another", verify_text(text, "ref0", other_p256, false, &why), &why,
		      i == 0 ? CC_RULE_SIG_METHOD : CC_RULE_SIG_VALUE,
		      i == 0 ? "kind RSA" : "not by the signer's key");
	}
}

#define BETWEEN(text, from, to)                                                                    \
	strndup(strstr(text, from) + strlen(from),                                                 \
		(size_t)(strstr(text, to) - strstr(text, from) - (long)strlen(from)))

/* The layout, to the octet. */
static void test_layout(void **state)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = unsigned_doc();
	cc_cleanup(cc_freep) char *text = NULL, *wanted = NULL, *digest = NULL, *value = NULL;
	struct xs_signing s = request(rsa);

	assert_int_equal(xs_sig_sign(&s, find_id(doc, "ref0"), find(doc, "signatures"), NULL), 0);
	text = written(doc);
	digest = BETWEEN(text, "<DigestValue>", "</DigestValue>");
	value = BETWEEN(text, "<SignatureValue>", "</SignatureValue>");
	assert_int_equal(strlen(digest), 44);
	assert_int_equal(strlen(value), 344 + 5);
	assert_int_equal(strcspn(value, "\n"), 64);
	assert_true(
		asprintf(&wanted,
			 "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
			 "<r xmlns:x=\"u:x\" xml:lang=\"en\"><doc xml:id=\"ref0\"><a>text</a></doc>"
			 "<doc xml:id=\"ref1\"/><doc id=\"ref2\"/><signatures>"
			 "<Signature xmlns=\"" XS_DSIG "\" xml:id=\"Sig_ref0\">\n"
			 "  <SignedInfo>\n"
			 "    <CanonicalizationMethod Algorithm=\"" XS_SIG_INCLUSIVE "\"/>\n"
			 "    <SignatureMethod Algorithm=\"" XS_SIG_RSA_SHA256 "\"/>\n"
			 "    <Reference URI=\"#ref0\">\n"
			 "      <Transforms>\n"
			 "        <Transform Algorithm=\"" XS_SIG_ENVELOPED "\"/>\n"
			 "      </Transforms>\n"
			 "      <DigestMethod Algorithm=\"" XS_SIG_SHA256 "\"/>\n"
			 "      <DigestValue>%s</DigestValue>\n"
			 "    </Reference>\n"
			 "  </SignedInfo>\n"
			 "  <SignatureValue>%s</SignatureValue>\n"
			 "  <KeyInfo>\n"
			 "    <X509Data>\n"
			 "      <X509Certificate>Zmlyc3QgY2VydGlmaWNhdGU=\n</X509Certificate>\n"
			 "      <X509Certificate>c2Vjb25k\n</X509Certificate>\n"
			 "    </X509Data>\n"
			 "  </KeyInfo>\n"
			 "</Signature></signatures></r>",
			 digest, value) > 0);
	assert_string_equal(text, wanted);
}

/* A second one, of another element, beside the first: as delegation does. */
static void test_sign_twice(void **state)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = unsigned_doc();
	struct xs_signing s = request(p256);
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note why = {0};

	assert_int_equal(xs_sig_sign(&s, find_id(doc, "ref0"), find(doc, "signatures"), &why), 0);
	s.id = "Sig_\"ref1\"&";
	s.target = "ref1";
	assert_int_equal(xs_sig_sign(&s, find_id(doc, "ref1"), find(doc, "signatures"), &why), 0);
	text = written(doc);
	check("the first", verify_text(text, "ref0", p256, false, &why), &why, 0, "");
	text = replace(text, " xml:id=\"Sig_ref0\"", " xml:id=\"Sig_x\"");
	check("the first, changed", verify_text(text, "ref0", p256, false, &why), &why,
	      CC_RULE_SIG_VALUE, "not by the signer's key");
	assert_non_null(strstr(text, "xml:id=\"Sig_&quot;ref1&quot;&amp;\""));
}

static void test_sign_refused(void **state)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = unsigned_doc();
	cc_cleanup(cc_freep) char *before = written(doc);
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct xs_octets many[XS_SIG_CERTS + 1] = {{NULL}};
	const struct {
		const char *why;
		struct xs_signing s;
		const char *target, *parent, *says;
	} rows[] = {
		{"no key",
		 {.certs = two_certs, .n_certs = 1, .id = "i", .target = "ref0"},
		 "ref0",
		 "Sig",
		 "RSA or EC"},
		{"another kind of key",
		 {.key = ed, .certs = two_certs, .n_certs = 1, .id = "i", .target = "ref0"},
		 "ref0",
		 "Sig",
		 "RSA or EC"},
		{"no certificate",
		 {.key = rsa, .id = "i", .target = "ref0"},
		 "ref0",
		 "Sig",
		 "0 certificates"},
		{"too many certificates",
		 {.key = rsa,
		  .certs = many,
		  .n_certs = XS_SIG_CERTS + 1,
		  .id = "i",
		  .target = "ref0"},
		 "ref0",
		 "Sig",
		 "17 certificates"},
		{"another element",
		 {.key = rsa, .certs = two_certs, .n_certs = 1, .id = "i", .target = "ref0"},
		 "ref1",
		 "Sig",
		 "has not the xml:id ref0"},
		{"no xml:id",
		 {.key = rsa, .certs = two_certs, .n_certs = 1, .id = "i", .target = "ref2"},
		 "ref2",
		 "Sig",
		 "has not the xml:id ref2"},
		{"inside",
		 {.key = rsa, .certs = two_certs, .n_certs = 1, .id = "i", .target = "ref0"},
		 "ref0",
		 "ref0",
		 "inside what it signs"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		xmlNode *parent = find_id(doc, rows[i].parent);
		cc_cleanup(cc_freep) char *after = NULL;
		struct cc_note why = {0};

		if (!parent)
			parent = find(doc, "signatures");
		if (xs_sig_sign(&rows[i].s, find_id(doc, rows[i].target), parent, &why) !=
			    -CC_EINVAL ||
		    !strstr(why.text, rows[i].says))
			fail_msg("%s: %s", rows[i].why, why.text);
		after = written(doc);
		assert_string_equal(after, before);
	}
	EVP_PKEY_free(ed);
}

#define INHERITED " xmlns:w=\"u:w\" xmlns:x=\"u:x\""

/* As text that was written so, between the parts of a document that declares the same. */
static void test_write(void **state)
{
	static const char element[] =
		"<doc xml:id=\"ref0\" x:b=\"/>\"><a/>&amp;<x:a b=\"c\"/></doc>";
	EVP_PKEY *keys[] = {rsa, p256, p384, p521};

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys); i++) {
		struct xs_signing s = request(keys[i]);
		struct cc_note why = {0};
		struct cc_buf b = {0};

		s.id = i % 2 ? "Sig_<\"&>" : "Sig_ref0";
		cc_buf_puts(&b, "<r" INHERITED ">");
		cc_buf_puts(&b, element);
		assert_int_equal(xs_sig_write(&s, element, strlen(element), INHERITED, &b, &why),
				 0);
		cc_buf_puts(&b, "</r>");
		check("ours", verify_text((char *)b.data, "ref0", keys[i], false, &why), &why, 0,
		      "");
		cc_buf_deinit(&b);
	}
}

static void test_write_refused(void **state)
{
	static const struct {
		const char *why, *text;
		size_t certs;
		bool key;
		int wanted;
		const char *says;
	} rows[] = {
		{"no key", "<a xml:id=\"ref0\"/>", 1, false, -CC_EINVAL, "RSA or EC"},
		{"no certificate", "<a xml:id=\"ref0\"/>", 0, true, -CC_EINVAL, "0 certificates"},
		{"too many certificates", "<a xml:id=\"ref0\"/>", XS_SIG_CERTS + 1, true,
		 -CC_EINVAL, "17 certificates"},
		{"another element", "<a xml:id=\"ref1\"/>", 1, true, -CC_EINVAL, "the xml:id ref0"},
		{"a longer id", "<a xml:id=\"ref00\"/>", 1, true, -CC_EINVAL, "the xml:id ref0"},
		{"no xml:id", "<a/>", 1, true, -CC_EINVAL, "the xml:id ref0"},
		{"an id of no namespace", "<a id=\"ref0\"/>", 1, true, -CC_EINVAL,
		 "the xml:id ref0"},
		{"cut off", "<a xml:id=\"ref0", 1, true, -CC_EINVAL, "the xml:id ref0"},
		{"nothing", "", 1, true, -CC_EINVAL, "the xml:id ref0"},
		{"without end", "<a xml:id=\"ref0\"", 1, true, -CC_EFORMAT, ""},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct xs_signing s = request(rows[i].key ? rsa : NULL);
		struct cc_note why = {0};
		struct cc_buf b = {0};

		s.n_certs = rows[i].certs;
		if (xs_sig_write(&s, rows[i].text, strlen(rows[i].text), "", &b, &why) !=
			    rows[i].wanted ||
		    !strstr(why.text, rows[i].says) || b.len > 0)
			fail_msg("%s: %s", rows[i].why, why.text);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_sign),	   cmocka_unit_test(test_layout),
	cmocka_unit_test(test_sign_twice), cmocka_unit_test(test_sign_refused),
	cmocka_unit_test(test_write),	   cmocka_unit_test(test_write_refused),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
