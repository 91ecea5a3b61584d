/* SPDX-License-Identifier: ISC */
/*
 * The signature profile. What other programs make of it is seen in tests/it/xmlsec.py; here are the
 * refusals, each with its reason.
 */
#include "lib/xml/sig.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/util.h"
#include "lib/xml/doc.h"
#include "lib/xml/int.h"
#include "lib/xml/sig_int.h"
#include "lib/xml/write.h"
#include "tests/unit/fail-alloc.h"

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define SHA512 "http://www.w3.org/2001/04/xmlenc#sha512"
#define TRANSFORM(uri) "<Transform Algorithm='" uri "'/>"
#define TRANSFORMS(what) "<Transforms>" what "</Transforms>"
#define ENVELOPED TRANSFORM(XS_SIG_ENVELOPED)
/* A certificate that nobody here looks into. */
#define X509 "<X509Data><X509Certificate>QQ==</X509Certificate></X509Data>"

static EVP_PKEY *rsa, *p256, *p384, *p521, *other_rsa, *other_p256;

/* A document in two parts, between which the Signature goes. */
static const char head[] = "<r xmlns:x='u:x' xml:lang='en'><doc xml:id='ref0'><a>text</a></doc>"
			   "<doc xml:id='ref1'/><doc id='ref2'/><signatures>";
static const char tail[] = "</signatures></r>";

/* How a document is signed; NULL: as the Python SFA does, but with SHA-256. */
struct form {
	const char *c14n, *method, *digest, *transforms, *reference;
	EVP_PKEY *key;
	size_t digest_cut; /* octets of the digest left out */
};

static const char * or (const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

static int setup(void **state)
{
	rsa = EVP_RSA_gen(2048);
	other_rsa = EVP_RSA_gen(2048);
	p256 = EVP_EC_gen("P-256");
	other_p256 = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	p521 = EVP_EC_gen("P-521");
	return !rsa || !other_rsa || !p256 || !other_p256 || !p384 || !p521;
}

static int teardown(void **state)
{
	EVP_PKEY *keys[] = {rsa, other_rsa, p256, other_p256, p384, p521};

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys); i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

static xmlDoc *parse(const char *text)
{
	struct cc_note why = {0};
	xmlDoc *doc = NULL;

	if (xs_doc_parse(text, strlen(text), &xs_signed_limits, &doc, &why) != 0)
		fail_msg("%s: %s", text, why.text);
	return doc;
}

static xmlNode *find(xmlDoc *doc, const char *name)
{
	xmlNode *root = xmlDocGetRootElement(doc);

	for (xmlNode *n = root; n; n = xs_walk(root, n)) {
		if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0)
			return n;
	}
	return NULL;
}

/* By an id of any kind. */
static xmlNode *find_id(xmlDoc *doc, const char *id)
{
	xmlNode *root = xmlDocGetRootElement(doc);

	for (xmlNode *n = root; n; n = xs_walk(root, n)) {
		for (xmlAttr *a = n->type == XML_ELEMENT_NODE ? n->properties : NULL; a;
		     a = a->next) {
			if (strcmp(xs_attr_value(a), id) == 0)
				return n;
		}
	}
	return NULL;
}

/* Text with the only occurrence of `from` replaced. Takes text. */
static char *replace(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from), *out = NULL;

	if (!at || strstr(at + 1, from))
		fail_msg("not there, or twice: %s", from);
	*at = '\0';
	assert_true(asprintf(&out, "%s%s%s", text, to, at + strlen(from)) > 0);
	free(text);
	return out;
}

static char *base64(const uint8_t *data, size_t len)
{
	struct cc_buf b = {0};

	assert_int_equal(xs_put_base64(&b, data, len, 64), 0);
	return cc_buf_take(&b);
}

/* The digest of the element that s names, in base64. */
static char *digest_of(const struct xs_sig *s, size_t cut)
{
	uint8_t digest[XS_SIG_MD_MAX];

	assert_int_equal(
		xs_sig_hash(find_id(s->node->doc, s->target), s->target_c14n, s->digest, digest),
		0);
	return base64(digest, (size_t)EVP_MD_get_size(s->digest) - cut);
}

/* r and s of fixed length, joined, out of DER. */
static size_t join(EVP_PKEY *key, uint8_t *value, size_t len)
{
	size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
	const uint8_t *p = value;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);

	BN_bn2binpad(ECDSA_SIG_get0_r(sig), value, (int)half);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), value + half, (int)half);
	ECDSA_SIG_free(sig);
	return 2 * half;
}

static char *value_of(const struct xs_sig *s, EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t digest[XS_SIG_MD_MAX], value[600];
	size_t len = sizeof(value);

	assert_int_equal(xs_sig_hash(s->signed_info, s->c14n, s->method, digest), 0);
	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, s->method), 1);
	assert_int_equal(
		EVP_PKEY_sign(ctx, value, &len, digest, (size_t)EVP_MD_get_size(s->method)), 1);
	EVP_PKEY_CTX_free(ctx);
	if (EVP_PKEY_is_a(key, "EC"))
		len = join(key, value, len);
	return base64(value, len);
}

/* As replace; takes the value, too. */
static char *fill(char *text, const char *placeholder, char *value)
{
	char *out = replace(text, placeholder, value);

	free(value);
	return out;
}

static struct xs_sig must_read(xmlDoc *doc)
{
	struct cc_note why = {0};
	struct xs_sig s;

	if (xs_sig_read(find(doc, "Signature"), &s, &why) != 0)
		fail_msg("%s", why.text);
	return s;
}

/* A signed document, made by hand. */
static char *signed_text(const struct form *f)
{
	char *text;
	xmlDoc *doc;
	struct xs_sig s;

	assert_true(
		asprintf(&text,
			 "%s<Signature xml:id='Sig_ref0' xmlns='" XS_DSIG "'><SignedInfo>"
			 "<CanonicalizationMethod Algorithm='%s'/><SignatureMethod Algorithm='%s'/>"
			 "<Reference URI='#%s'>%s<DigestMethod Algorithm='%s'/>"
			 "<DigestValue>ZGlnZXN0</DigestValue></Reference></SignedInfo>"
			 "<SignatureValue>dmFsdWVz</SignatureValue><KeyInfo>" X509
			 "</KeyInfo></Signature>%s",
			 head, or (f->c14n, XS_SIG_INCLUSIVE), or (f->method, XS_SIG_RSA_SHA256),
			 or (f->reference, "ref0"), or (f->transforms, TRANSFORMS(ENVELOPED)),
			 or (f->digest, XS_SIG_SHA256), tail) > 0);
	doc = parse(text);
	s = must_read(doc);
	text = fill(text, "ZGlnZXN0", digest_of(&s, f->digest_cut));
	xs_sig_deinit(&s);
	xs_doc_free(doc);
	doc = parse(text);
	s = must_read(doc);
	text = fill(text, "dmFsdWVz", value_of(&s, f->key ? f->key : rsa));
	xs_sig_deinit(&s);
	xs_doc_free(doc);
	return text;
}

static void check(const char *name, int r, const struct cc_note *why, int rule, const char *says)
{
	if (r != rule)
		fail_msg("%s: %d, %s: %s", name, r, r > 0 ? cc_rule_name(r) : "", why->text);
	if (rule != 0 && !strstr(why->text, says))
		fail_msg("%s: it says: %s", name, why->text);
	assert_int_equal(ERR_peek_error(), 0);
}

/* Reads and verifies; id: of the element that the caller goes on with. */
static int verify_text(const char *text, const char *id, EVP_PKEY *key, bool sha1,
		       struct cc_note *why)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(text);
	struct xs_sig s;
	int r = xs_sig_read(find(doc, "Signature"), &s, why);

	if (r == 0)
		r = xs_sig_verify(&s, find_id(doc, id), key, sha1, why);
	xs_sig_deinit(&s);
	return r;
}

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

/* What a signed document becomes by one change, and what reading or verifying says of it. */
struct change {
	const char *why, *from, *to;
	int rule;
	const char *says;
};

static void check_changes(const struct change *rows, size_t n)
{
	cc_cleanup(cc_freep) char *text = signed_text(&(struct form){0});

	for (size_t i = 0; i < n; i++) {
		cc_cleanup(cc_freep) char *changed =
			replace(strdup(text), rows[i].from, rows[i].to);
		struct cc_note why = {0};

		check(rows[i].why, verify_text(changed, "ref0", rsa, true, &why), &why,
		      rows[i].rule, rows[i].says);
	}
}

#define CHECK_CHANGES(rows) check_changes(rows, CC_ARRAY_SIZE(rows))

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

static const struct xs_octets two_certs[] = {{(uint8_t *)"first certificate", 17},
					     {(uint8_t *)"second", 6}};

static struct xs_signing request(EVP_PKEY *key)
{
	return (struct xs_signing){
		.key = key, .certs = two_certs, .n_certs = 2, .id = "Sig_ref0", .target = "ref0"};
}

static xmlDoc *unsigned_doc(void)
{
	cc_cleanup(cc_freep) char *text = NULL;

	assert_true(asprintf(&text, "%s%s", head, tail) > 0);
	return parse(text);
}

static char *written(xmlDoc *doc)
{
	struct cc_buf b = {0};

	assert_int_equal(xs_doc_write(doc, &b), 0);
	return cc_buf_take(&b);
}

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

/* Every allocation in turn, OpenSSL's as well: never a yes of what is wrong, a crash or a leak. */
static void verify_without_memory(char *text, const struct form *f, int rule)
{
	struct cc_note why = {0};
	long n;
	int r;

	for (n = 0;; n++) {
		cc_cleanup(xs_doc_freep) xmlDoc *doc = parse(text);
		struct xs_sig s;

		alloc_fail_after(n);
		r = xs_sig_read(find(doc, "Signature"), &s, &why);
		if (r == 0)
			r = xs_sig_verify(&s, find_id(doc, "ref0"), f->key, true, &why);
		xs_sig_deinit(&s);
		alloc_left = -1;
		ERR_clear_error();
		if (!alloc_failed)
			break;
		/* OpenSSL does without some things that it finds no memory for */
		if (r != -CC_ENOMEM && r != -CC_ECRYPTO && r != CC_RULE_SIG_VALUE && r != rule)
			fail_msg("allocation %ld: %d", n, r);
	}
	assert_int_equal(r, rule);
	assert_true(n > 20);
}

static void test_no_memory_verify(void **state)
{
	const struct form forms[] = {{.key = rsa}, {.method = XS_SIG_ECDSA_SHA256, .key = p256}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(forms); i++) {
		char *text = signed_text(&forms[i]);

		verify_without_memory(text, &forms[i], 0);
		text = replace(text, "text", "texT");
		verify_without_memory(text, &forms[i], CC_RULE_SIG_DIGEST);
		free(text);
	}
}

/* A failure leaves the document as it was. */
static int sign_and_write(const struct xs_signing *s, long n, struct cc_buf *out)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = unsigned_doc();
	cc_cleanup(cc_freep) char *before = written(doc), *after = NULL;
	xmlNode *target = find_id(doc, "ref0"), *parent = find(doc, "signatures");
	bool made;
	int r;

	alloc_fail_after(n);
	r = xs_sig_sign(s, target, parent, NULL);
	made = r == 0;
	if (made)
		r = xs_doc_write(doc, out);
	alloc_left = -1;
	if (made)
		return r;
	after = written(doc);
	assert_string_equal(after, before);
	return r;
}

static void sign_without_memory(EVP_PKEY *key)
{
	struct xs_signing s = request(key);
	struct cc_note why = {0};
	struct cc_buf out = {0};
	long n;
	int r;

	for (n = 0;; n++) {
		cc_buf_deinit(&out);
		r = sign_and_write(&s, n, &out);
		ERR_clear_error();
		if (r == 0)
			check("ours", verify_text((char *)out.data, "ref0", key, false, &why), &why,
			      0, "");
		if (!alloc_failed)
			break;
		if (r != 0 && r != -CC_ENOMEM && r != -CC_ECRYPTO)
			fail_msg("allocation %ld: %d", n, r);
	}
	assert_int_equal(r, 0);
	assert_true(n > 100);
	cc_buf_deinit(&out);
}

static void test_no_memory_sign(void **state)
{
	sign_without_memory(p256);
	sign_without_memory(rsa);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_sha1),
		cmocka_unit_test(test_key_info),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_not_a_signature),
		cmocka_unit_test(test_method),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_short_digest),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_sign_twice),
		cmocka_unit_test(test_sign_refused),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_refused),
		cmocka_unit_test(test_no_memory_verify),
		cmocka_unit_test(test_no_memory_sign),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	/* before OpenSSL's first allocation, or not at all */
	if (CRYPTO_set_mem_functions(ossl_malloc, ossl_realloc, ossl_free) != 1)
		return 1;
	return cmocka_run_group_tests_name(__FILE__, tests, setup, teardown);
}
