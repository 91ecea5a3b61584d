/* SPDX-License-Identifier: ISC */
/* The form of a signature: what may be in it, and where. */
#include "tests/unit/xmlsigkit.h"

/* What is not signed may be so. */
static void test_key_info(void **state)
{
	static const struct change rows[] = {
		{"a KeyValue behind", "</KeyInfo>",
		 "<KeyValue><RSAKeyValue><Modulus>AA==</Modulus></RSAKeyValue></KeyValue></"
		 "KeyInfo>",
		 0, ""},
		{"a KeyValue in front", "<KeyInfo>",
		 "<KeyInfo><KeyValue><RSAKeyValue><Modulus>AA==</Modulus></RSAKeyValue></KeyValue>",
		 0, ""},
		{"a name, and what is elsewhere", "<KeyInfo>",
		 "<KeyInfo><KeyName>a</KeyName><RetrievalMethod URI='#x'/>", 0, ""},
		{"an EC key", "<KeyInfo>",
		 "<KeyInfo><KeyValue><ECKeyValue xmlns='http://www.w3.org/2009/xmldsig11#'>"
		 "<NamedCurve URI='urn:oid:1.2.840.10045.3.1.7'/></ECKeyValue></KeyValue>",
		 0, ""},
		{"what another looks for", "<KeyInfo>", "<KeyInfo><credential xmlns=''/>",
		 CC_RULE_SIG_FORM, "no part of a KeyInfo: <credential>"},
		{"of no namespace that we know", "<KeyInfo>",
		 "<KeyInfo><KeyValue><q xmlns='u:q'/></KeyValue>", CC_RULE_SIG_FORM,
		 "no part of a KeyInfo: <q>"},
		{"another signature", "<KeyInfo>", "<KeyInfo><KeyValue><Signature/></KeyValue>",
		 CC_RULE_SIG_FORM, "no part of a KeyInfo: <Signature>"},
		{"an id deep in it", "<KeyInfo>",
		 "<KeyInfo><KeyValue><DSAKeyValue ID='ref0'/></KeyValue>", CC_RULE_SIG_FORM,
		 "no part of a KeyInfo: <DSAKeyValue>"},
		{"what may be with the certificate", "<X509Certificate>",
		 "<X509SubjectName/><X509IssuerSerial/><X509SKI>x</X509SKI><X509CRL>x</X509CRL>"
		 "<X509Certificate>",
		 0, ""},
		{"a second X509Data", "</KeyInfo>",
		 "<X509Data><X509Certificate>*</X509Certificate></X509Data></KeyInfo>", 0, ""},
		{"more certificates", "</X509Data>",
		 "<X509Certificate> Qg==\n</X509Certificate></X509Data>", 0, ""},
		{"white space", "<KeyInfo>", "\n <KeyInfo>\n", 0, ""},
		{"none", "<KeyInfo>" X509 "</KeyInfo>", "", CC_RULE_SIG_KEY, "no X509Certificate"},
		{"nothing in it", X509, "", CC_RULE_SIG_KEY, "no X509Certificate"},
		{"a KeyValue alone", X509, "<KeyValue/>", CC_RULE_SIG_KEY, "no X509Certificate"},
		{"somewhere else", X509, "<RetrievalMethod URI='#k'/>", CC_RULE_SIG_KEY,
		 "no X509Certificate"},
		{"a name alone", "<X509Certificate>QQ==</X509Certificate>", "<X509SubjectName/>",
		 CC_RULE_SIG_KEY, "no X509Certificate"},
		{"a certificate in the second X509Data alone", "<X509Data>",
		 "<X509Data/><X509Data>", CC_RULE_SIG_KEY, "no X509Certificate"},
		{"of another namespace", "<X509Certificate>", "<X509Certificate xmlns='u:q'>",
		 CC_RULE_SIG_FORM, "no part of a KeyInfo: <X509Certificate>"},
		{"an empty certificate", ">QQ==<", "><", CC_RULE_SIG_KEY, "is no base64"},
		{"no base64", ">QQ==<", ">QQ=<", CC_RULE_SIG_KEY, "is no base64"},
		{"an element in it", ">QQ==<", "><a/>QQ==<", CC_RULE_SIG_KEY, "is no base64"},
		{"the second is no base64", "</X509Data>",
		 "<X509Certificate>*</X509Certificate></X509Data>", CC_RULE_SIG_KEY,
		 "is no base64"},
		{"unknown with the certificate", "<X509Certificate>",
		 "<X509Digest/><X509Certificate>", CC_RULE_SIG_FORM,
		 "<X509Digest> does not belong in <X509Data>"},
		{"text with the certificate", "<X509Certificate>", "x<X509Certificate>",
		 CC_RULE_SIG_FORM, "text in <X509Data>"},
		{"text in KeyInfo", "<KeyInfo>", "<KeyInfo>x", CC_RULE_SIG_FORM,
		 "text in <KeyInfo>"},
		{"an id of KeyInfo", "<KeyInfo>", "<KeyInfo Id='k'>", CC_RULE_SIG_FORM,
		 "the attribute Id does not belong in <KeyInfo>"},
		{"an id of X509Data", "<X509Data>", "<X509Data xml:id='k'>", CC_RULE_SIG_FORM,
		 "no part of a KeyInfo: <X509Data>"},
	};

	CHECK_CHANGES(rows);
}

static void test_form(void **state)
{
	static const struct change rows[] = {
		{"two References", "</Reference>",
		 "</Reference><Reference URI='#ref1'><DigestMethod Algorithm='" XS_SIG_SHA256
		 "'/><DigestValue>QQ==</DigestValue></Reference>",
		 CC_RULE_SIG_FORM, "<Reference> does not belong in <SignedInfo>"},
		{"an Object", "</Signature>", "<Object><doc xml:id='q'/></Object></Signature>",
		 CC_RULE_SIG_FORM, "<Object> does not belong in <Signature>"},
		{"an Object in front", "<SignedInfo>", "<Object/><SignedInfo>", CC_RULE_SIG_FORM,
		 "<SignedInfo> is not where it must be in <Signature>"},
		{"a second value", "<KeyInfo>", "<SignatureValue>QQ==</SignatureValue><KeyInfo>",
		 CC_RULE_SIG_FORM, "<SignatureValue> does not belong in <Signature>"},
		{"a second KeyInfo", "</Signature>", "<KeyInfo/></Signature>", CC_RULE_SIG_FORM,
		 "<KeyInfo> does not belong in <Signature>"},
		{"a second SignedInfo", "</SignedInfo>", "</SignedInfo><SignedInfo/>",
		 CC_RULE_SIG_FORM, "<SignatureValue> is not where it must be in <Signature>"},
		{"SignedInfo of another namespace", "<SignedInfo>", "<SignedInfo xmlns='u:q'>",
		 CC_RULE_SIG_FORM, "<SignedInfo> is not where it must be"},
		{"no C14N", "<CanonicalizationMethod Algorithm='" XS_SIG_INCLUSIVE "'/>", "",
		 CC_RULE_SIG_FORM, "<CanonicalizationMethod> is not where it must be"},
		{"no method", "<SignatureMethod Algorithm='" XS_SIG_RSA_SHA256 "'/>", "",
		 CC_RULE_SIG_FORM, "<SignatureMethod> is not where it must be"},
		{"no digest method", "<DigestMethod Algorithm='" XS_SIG_SHA256 "'/>", "",
		 CC_RULE_SIG_FORM, "<DigestMethod> is not where it must be"},
		{"two digest methods", "<DigestMethod ",
		 "<DigestMethod Algorithm='" XS_SIG_SHA256 "'/><DigestMethod ", CC_RULE_SIG_FORM,
		 "<DigestValue> is not where it must be"},
		{"no transform", ENVELOPED, "", CC_RULE_SIG_FORM,
		 "<Transform> is not where it must be in <Transforms>"},
		{"another transform", ENVELOPED, ENVELOPED "<Other/>", CC_RULE_SIG_FORM,
		 "<Transform> is not where it must be in <Transforms>"},
		{"text in SignedInfo", "<SignedInfo>", "<SignedInfo>x", CC_RULE_SIG_FORM,
		 "text in <SignedInfo>"},
		{"text in the Reference", "<DigestMethod ", "x<DigestMethod ", CC_RULE_SIG_FORM,
		 "text in <Reference>"},
		{"text in Transforms", "</Transforms>", "x</Transforms>", CC_RULE_SIG_FORM,
		 "text in <Transforms>"},
		{"text in Signature", "</Signature>", "x</Signature>", CC_RULE_SIG_FORM,
		 "text in <Signature>"},
		{"no algorithm", "<SignatureMethod Algorithm=", "<SignatureMethod x:Algorithm=",
		 CC_RULE_SIG_FORM, "the attribute Algorithm does not belong in <SignatureMethod>"},
		{"no algorithm at all", "<DigestMethod Algorithm='" XS_SIG_SHA256 "'/>",
		 "<DigestMethod/>", CC_RULE_SIG_FORM, "no Algorithm in <DigestMethod>"},
		{"an attribute with the algorithm", "<Transform ", "<Transform q='' ",
		 CC_RULE_SIG_FORM, "the attribute q does not belong in <Transform>"},
		{"an Id of SignedInfo", "<SignedInfo>", "<SignedInfo Id='s'>", CC_RULE_SIG_FORM,
		 "the attribute Id does not belong in <SignedInfo>"},
		{"an Id of the Signature", "<Signature ", "<Signature Id='s' ", CC_RULE_SIG_FORM,
		 "the attribute Id does not belong in <Signature>"},
		{"an Id of the value", "<SignatureValue>", "<SignatureValue Id='s'>",
		 CC_RULE_SIG_FORM, "the attribute Id does not belong in <SignatureValue>"},
		{"a Type of the Reference", "<Reference ", "<Reference Type='" XS_DSIG "Manifest' ",
		 CC_RULE_SIG_FORM, "the attribute Type does not belong in <Reference>"},
		{"no URI", " URI='#ref0'", "", CC_RULE_SIG_FORM, "URI is absent, not #ID"},
		{"an empty URI", "URI='#ref0'", "URI=''", CC_RULE_SIG_FORM, "URI is , not #ID"},
		{"an empty fragment", "URI='#ref0'", "URI='#'", CC_RULE_SIG_FORM, "not #ID"},
		{"another document", "URI='#ref0'", "URI='http://a/#ref0'", CC_RULE_SIG_FORM,
		 "not #ID"},
		{"a file", "URI='#ref0'", "URI='ref0'", CC_RULE_SIG_FORM, "not #ID"},
		{"an XPointer", "URI='#ref0'", "URI='#xpointer(/)'", CC_RULE_SIG_FORM, "not #ID"},
		{"an XPointer to an id", "URI='#ref0'", "URI='#xpointer(id(\"ref0\"))'",
		 CC_RULE_SIG_FORM, "not #ID"},
		{"white space in the URI", "URI='#ref0'", "URI='# ref0'", CC_RULE_SIG_FORM,
		 "not #ID"},
		{"no base64 as digest", "<DigestValue>", "<DigestValue>*", CC_RULE_SIG_FORM,
		 "no base64 in <DigestValue>"},
		{"no base64 as value", "<SignatureValue>", "<SignatureValue>*", CC_RULE_SIG_FORM,
		 "no base64 in <SignatureValue>"},
		{"an element in the value", "</SignatureValue>", "<a/></SignatureValue>",
		 CC_RULE_SIG_FORM, "no base64 in <SignatureValue>"},
	};

	CHECK_CHANGES(rows);
}

static void test_not_a_signature(void **state)
{
	static const char *const texts[] = {"<Signature/>", "<Signature xmlns='u:q'/>",
					    "<signature xmlns='" XS_DSIG "'/>"};
	struct cc_note why = {0};
	struct xs_sig s;

	for (size_t i = 0; i < CC_ARRAY_SIZE(texts); i++) {
		cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(texts[i]);

		check(texts[i], xs_sig_read(doc->children, &s, &why), &why, CC_RULE_SIG_FORM,
		      "no Signature but <");
		xs_sig_deinit(&s);
	}
}

static void test_method(void **state)
{
#define C14N_IS(uri) "<CanonicalizationMethod Algorithm='" uri "'/>"
#define METHOD_IS(uri) "<SignatureMethod Algorithm='" uri "'/>"
#define DIGEST_IS(uri) "<DigestMethod Algorithm='" uri "'/>"
#define PREFIXES "<x:InclusiveNamespaces PrefixList='x'/>"
	static const struct change rows[] = {
		{"C14N with comments", C14N_IS(XS_SIG_INCLUSIVE),
		 C14N_IS(XS_SIG_INCLUSIVE "#WithComments"), CC_RULE_SIG_METHOD,
		 "<CanonicalizationMethod> is " XS_SIG_INCLUSIVE "#WithComments"},
		{"C14N 1.1", C14N_IS(XS_SIG_INCLUSIVE),
		 C14N_IS("http://www.w3.org/2006/12/xml-c14n11"), CC_RULE_SIG_METHOD,
		 "<CanonicalizationMethod> is"},
		{"no C14N that there is", C14N_IS(XS_SIG_INCLUSIVE), C14N_IS(""),
		 CC_RULE_SIG_METHOD, "<CanonicalizationMethod> is"},
		{"C14N with parameters", C14N_IS(XS_SIG_INCLUSIVE),
		 "<CanonicalizationMethod Algorithm='" XS_SIG_EXCLUSIVE "'>" PREFIXES
		 "</CanonicalizationMethod>",
		 CC_RULE_SIG_METHOD, "<CanonicalizationMethod> must have no parameters"},
		{"HMAC", METHOD_IS(XS_SIG_RSA_SHA256), METHOD_IS(XS_DSIG "hmac-sha1"),
		 CC_RULE_SIG_METHOD, "<SignatureMethod> is " XS_DSIG "hmac-sha1"},
		{"HMAC of one bit", METHOD_IS(XS_SIG_RSA_SHA256),
		 "<SignatureMethod Algorithm='" XS_DSIG
		 "hmac-sha1'><HMACOutputLength>1</HMACOutputLength></SignatureMethod>",
		 CC_RULE_SIG_METHOD, "<SignatureMethod> must have no parameters"},
		{"DSA", METHOD_IS(XS_SIG_RSA_SHA256), METHOD_IS(XS_DSIG "dsa-sha1"),
		 CC_RULE_SIG_METHOD, "<SignatureMethod> is"},
		{"RSA with MD5", METHOD_IS(XS_SIG_RSA_SHA256), METHOD_IS(MORE "rsa-md5"),
		 CC_RULE_SIG_METHOD, "<SignatureMethod> is"},
		{"ECDSA with SHA-1", METHOD_IS(XS_SIG_RSA_SHA256), METHOD_IS(MORE "ecdsa-sha1"),
		 CC_RULE_SIG_METHOD, "<SignatureMethod> is"},
		{"MD5", DIGEST_IS(XS_SIG_SHA256), DIGEST_IS(MORE "md5"), CC_RULE_SIG_METHOD,
		 "<DigestMethod> is"},
		{"a method as digest", DIGEST_IS(XS_SIG_SHA256), DIGEST_IS(XS_SIG_RSA_SHA256),
		 CC_RULE_SIG_METHOD, "<DigestMethod> is"},
		{"a digest as method", METHOD_IS(XS_SIG_RSA_SHA256), METHOD_IS(XS_SIG_SHA256),
		 CC_RULE_SIG_METHOD, "<SignatureMethod> is"},
		{"XPath", ENVELOPED,
		 "<Transform Algorithm='http://www.w3.org/TR/1999/REC-xpath-19991116'><XPath>true()"
		 "</XPath></Transform>",
		 CC_RULE_SIG_METHOD, "<Transform> must have no parameters"},
		{"XSLT", ENVELOPED, TRANSFORM("http://www.w3.org/TR/1999/REC-xslt-19991116"),
		 CC_RULE_SIG_METHOD, "<Transform> is"},
		{"base64", ENVELOPED, TRANSFORM(XS_DSIG "base64"), CC_RULE_SIG_METHOD,
		 "<Transform> is"},
		{"prefixes for the exclusive form", ENVELOPED,
		 ENVELOPED "<Transform Algorithm='" XS_SIG_EXCLUSIVE "'>" PREFIXES "</Transform>",
		 CC_RULE_SIG_METHOD, "<Transform> must have no parameters"},
		{"enveloped twice", ENVELOPED, ENVELOPED ENVELOPED, CC_RULE_SIG_METHOD,
		 "<Transform> is"},
		{"two C14Ns", ENVELOPED,
		 ENVELOPED TRANSFORM(XS_SIG_EXCLUSIVE) TRANSFORM(XS_SIG_INCLUSIVE),
		 CC_RULE_SIG_METHOD, "<Transform> is"},
		{"C14N first", ENVELOPED, TRANSFORM(XS_SIG_EXCLUSIVE) ENVELOPED, CC_RULE_SIG_METHOD,
		 "<Transform> is"},
	};

	CHECK_CHANGES(rows);
}

/* A longer document is refused by another rule than that of the parser. */
static void test_lengths(void **state)
{
	static const char cert[] = "<X509Certificate>QQ==</X509Certificate>";
	cc_cleanup(cc_freep) char *text = signed_text(&(struct form){0});
	const struct {
		const char *why, *at, *keep, *piece; /* keep and pieces instead of at */
		unsigned fits;
		const char *says;
	} rows[] = {
		{"certificates", "<X509Data>", "<X509Data>", cert, XS_SIG_CERTS - 1,
		 "more than 16 certificates"},
		{"a certificate", "<X509Certificate>QQ==", "<X509Certificate>", "AAAA", 21845,
		 "a certificate is too long"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		for (unsigned over = 0; over < 2; over++) {
			cc_cleanup(cc_buf_deinit) struct cc_buf more = {0};
			cc_cleanup(cc_freep) char *changed = NULL;
			struct cc_note why = {0};

			cc_buf_puts(&more, rows[i].keep);
			for (unsigned n = 0; n < rows[i].fits + over; n++)
				cc_buf_puts(&more, rows[i].piece);
			changed = replace(strdup(text), rows[i].at, (char *)more.data);
			check(rows[i].why, verify_text(changed, "ref0", rsa, true, &why), &why,
			      over ? CC_RULE_XML_LIMIT : 0, rows[i].says);
		}
	}
}

static void test_long_values(void **state)
{
	cc_cleanup(cc_freep) char *text = signed_text(&(struct form){0});
	static const struct {
		const char *at, *says;
		unsigned groups;
	} rows[] = {
		{"<SignatureValue>", "<SignatureValue> is too long", 700},
		{"<DigestValue>", "<DigestValue> is too long", 22},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf more = {0};
		cc_cleanup(cc_freep) char *changed = NULL;
		struct cc_note why = {0};

		cc_buf_puts(&more, rows[i].at);
		for (unsigned n = 0; n < rows[i].groups; n++)
			cc_buf_puts(&more, "AAAA");
		changed = replace(strdup(text), rows[i].at, (char *)more.data);
		check(rows[i].at, verify_text(changed, "ref0", rsa, true, &why), &why,
		      CC_RULE_XML_LIMIT, rows[i].says);
	}
}

/* The element that is gone on with is the one that was signed, whatever its id looks like. */

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_key_info),	cmocka_unit_test(test_form),
	cmocka_unit_test(test_not_a_signature), cmocka_unit_test(test_method),
	cmocka_unit_test(test_lengths),		cmocka_unit_test(test_long_values),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
