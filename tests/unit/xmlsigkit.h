/* SPDX-License-Identifier: ISC */
#pragma once
/* What the tests of XML signatures share: keys, documents signed by hand, and how they are judged. */
#include "tests/test.h"

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

static inline int setup(void **state)
{
	rsa = EVP_RSA_gen(2048);
	other_rsa = EVP_RSA_gen(2048);
	p256 = EVP_EC_gen("P-256");
	other_p256 = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	p521 = EVP_EC_gen("P-521");
	return !rsa || !other_rsa || !p256 || !other_p256 || !p384 || !p521;
}

static inline int teardown(void **state)
{
	EVP_PKEY *keys[] = {rsa, other_rsa, p256, other_p256, p384, p521};

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys); i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

static inline xmlDoc *parse(const char *text)
{
	struct cc_note why = {0};
	xmlDoc *doc = NULL;

	if (xs_doc_parse(text, strlen(text), &xs_signed_limits, &doc, &why) != 0)
		fail_msg("%s: %s", text, why.text);
	return doc;
}

static inline xmlNode *find(xmlDoc *doc, const char *name)
{
	xmlNode *root = xmlDocGetRootElement(doc);

	for (xmlNode *n = root; n; n = xs_walk(root, n)) {
		if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0)
			return n;
	}
	return NULL;
}

/* By an id of any kind. */
static inline xmlNode *find_id(xmlDoc *doc, const char *id)
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

/* Text with the only occurrence of `from` replaced. Takes text. Inlined, gcc 12 takes it for a dangling pointer. */
__attribute__((noinline, unused)) static char *replace(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from), *out = NULL;

	if (!at || strstr(at + 1, from))
		fail_msg("not there, or twice: %s", from);
	*at = '\0';
	assert_true(asprintf(&out, "%s%s%s", text, to, at + strlen(from)) > 0);
	free(text);
	return out;
}

static inline char *base64(const uint8_t *data, size_t len)
{
	struct cc_buf b = {0};

	assert_int_equal(xs_put_base64(&b, data, len, 64), 0);
	return cc_buf_take(&b);
}

/* The digest of the element that s names, in base64. */
static inline char *digest_of(const struct xs_sig *s, size_t cut)
{
	uint8_t digest[XS_SIG_MD_MAX];

	assert_int_equal(
		xs_sig_hash(find_id(s->node->doc, s->target), s->target_c14n, s->digest, digest),
		0);
	return base64(digest, (size_t)EVP_MD_get_size(s->digest) - cut);
}

/* r and s of fixed length, joined, out of DER. */
static inline size_t join(EVP_PKEY *key, uint8_t *value, size_t len)
{
	size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
	const uint8_t *p = value;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);

	BN_bn2binpad(ECDSA_SIG_get0_r(sig), value, (int)half);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), value + half, (int)half);
	ECDSA_SIG_free(sig);
	return 2 * half;
}

static inline char *value_of(const struct xs_sig *s, EVP_PKEY *key)
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
static inline char *fill(char *text, const char *placeholder, char *value)
{
	char *out = replace(text, placeholder, value);

	free(value);
	return out;
}

static inline struct xs_sig must_read(xmlDoc *doc)
{
	struct cc_note why = {0};
	struct xs_sig s;

	if (xs_sig_read(find(doc, "Signature"), &s, &why) != 0)
		fail_msg("%s", why.text);
	return s;
}

/* A signed document, made by hand. */
static inline char *signed_text(const struct form *f)
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

static inline void check(const char *name, int r, const struct cc_note *why, int rule,
			 const char *says)
{
	if (r != rule)
		fail_msg("%s: %d, %s: %s", name, r, r > 0 ? cc_rule_name(r) : "", why->text);
	if (rule != 0 && !strstr(why->text, says))
		fail_msg("%s: it says: %s", name, why->text);
	assert_int_equal(ERR_peek_error(), 0);
}

/* Reads and verifies; id: of the element that the caller goes on with. */
static inline int verify_text(const char *text, const char *id, EVP_PKEY *key, bool sha1,
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

/* What a signed document becomes by one change, and what reading or verifying says of it. */
struct change {
	const char *why, *from, *to;
	int rule;
	const char *says;
};

static inline void check_changes(const struct change *rows, size_t n)
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

static const struct xs_octets two_certs[] = {{(uint8_t *)"first certificate", 17},
					     {(uint8_t *)"second", 6}};

static inline struct xs_signing request(EVP_PKEY *key)
{
	return (struct xs_signing){
		.key = key, .certs = two_certs, .n_certs = 2, .id = "Sig_ref0", .target = "ref0"};
}

static inline xmlDoc *unsigned_doc(void)
{
	cc_cleanup(cc_freep) char *text = NULL;

	assert_true(asprintf(&text, "%s%s", head, tail) > 0);
	return parse(text);
}

static inline char *written(xmlDoc *doc)
{
	struct cc_buf b = {0};

	assert_int_equal(xs_doc_write(doc, &b), 0);
	return cc_buf_take(&b);
}
