/* SPDX-License-Identifier: ISC */
/* Documents that the rules XML_* and SIG_* refuse: forged, wrapped, or in a form of their own. */
#include "tests/unit/trust-attacks.h"

#include <stdio.h>

#include "lib/xml/doc.h"
#include "lib/xml/ossl.h"
#include "lib/xml/write.h"

#define TEXT_MAX (2u << 20)

static char *good(void)
{
	struct ck_level level = {0};

	return ck_make(&level, 1);
}

/* What alice may hold: a credential on herself, by which she attacks. */
static char *own(void)
{
	struct ck_level level = {.target = tp_world()->alice, .rights = "refresh:1,info:1"};

	return ck_make(&level, 1);
}

/* The credential that she wants: more rights, on the slice, under this id; not signed. */
static char *wanted(const char *id)
{
	struct ck_level level = {.id = id, .owner = tp_world()->eve, .unsigned_ = true};
	cc_cleanup(cc_freep) char *text = ck_make(&level, 1);

	return ck_cut(text, "<credential ", "</credential>");
}

/* Takes text. */
static char *replace(char *text, const char *from, const char *to)
{
	char *changed = ck_replace(text, from, to);

	free(text);
	return changed;
}

/* ---- the document ---- */

static char *latin_1(void)
{
	return replace(good(), "encoding=\"utf-8\"", "encoding=\"ISO-8859-1\"");
}

/* Canonical form leaves comments out: the signature holds, and readers of the first text stop. */
static char *comment(void)
{
	return replace(good(), "</serial>", "</serial><!-- nothing -->");
}

static char *many_rights(void)
{
	struct cc_buf b = CC_BUF_INIT(TEXT_MAX);
	struct ck_level level = {0};
	char *text;

	for (int i = 0; i <= TR_PRIVILEGES_MAX; i++)
		cc_buf_printf(&b, "%sinfo:1", i ? "," : "");
	level.rights = (const char *)b.data;
	text = ck_make(&level, 1);
	cc_buf_deinit(&b);
	return text;
}

static char *id_in_extension(void)
{
	struct ck_level level = {.rest = "<extensions><x id=\"ref0\"/></extensions>"};

	return ck_make(&level, 1);
}

/* The forged credential first, under the id of the genuine one, which is hidden behind. */
static char *wrap_same_id(void)
{
	cc_cleanup(cc_freep) char *text = own();
	cc_cleanup(cc_freep) char *genuine = ck_cut(text, "<credential ", "</credential>");
	cc_cleanup(cc_freep) char *forged = wanted("ref0");
	cc_cleanup(cc_freep) char *hidden = NULL;

	if (asprintf(&hidden, "<extensions>%s</extensions></credential>", genuine) < 0)
		return NULL;
	forged = replace(cc_steal(&forged), "</credential>", hidden);
	return ck_replace(text, genuine, forged);
}

static char *unknown_element(void)
{
	struct ck_level level = {.rest = "<surprise/>"};

	return ck_make(&level, 1);
}

static char *wrap_extensions(void)
{
	cc_cleanup(cc_freep) char *text = own();
	cc_cleanup(cc_freep) char *genuine = ck_cut(text, "<credential ", "</credential>");
	cc_cleanup(cc_freep) char *forged = wanted("ref1");
	cc_cleanup(cc_freep) char *hidden = NULL;

	if (asprintf(&hidden, "<extensions>%s</extensions></credential>", genuine) < 0)
		return NULL;
	forged = replace(cc_steal(&forged), "</credential>", hidden);
	return ck_replace(text, genuine, forged);
}

static char *wrap_second(void)
{
	cc_cleanup(cc_freep) char *text = own();
	cc_cleanup(cc_freep) char *forged = wanted("ref1");
	cc_cleanup(cc_freep) char *both = NULL;

	if (asprintf(&both, "%s<credential xml:id=\"ref0\">", forged) < 0)
		return NULL;
	return ck_replace(text, "<credential xml:id=\"ref0\">", both);
}

/* ---- the signature ---- */

static char *unsigned_(void)
{
	struct ck_level level = {.unsigned_ = true};

	return ck_make(&level, 1);
}

/* The genuine credential inside the signature, the forged one where it is looked for. */
static char *wrap_object(void)
{
	cc_cleanup(cc_freep) char *text = own();
	cc_cleanup(cc_freep) char *genuine = ck_cut(text, "<credential ", "</credential>");
	cc_cleanup(cc_freep) char *forged = wanted("ref1");
	cc_cleanup(cc_freep) char *object = NULL;

	if (asprintf(&object, "<Object>%s</Object></Signature>", genuine) < 0)
		return NULL;
	text = replace(cc_steal(&text), genuine, forged);
	return ck_replace(text, "</Signature>", object);
}

static char *empty_object(void)
{
	return replace(good(), "</Signature>", "<Object/></Signature>");
}

static xmlNode *signed_info_of(xmlDoc *doc)
{
	xmlNode *n = xmlLastElementChild(xmlDocGetRootElement(doc)); /* signatures */

	return xmlFirstElementChild(xmlFirstElementChild(n));
}

static void put_value(struct cc_buf *b, xmlNode *signed_info, EVP_PKEY *key)
{
	cc_cleanup(xs_md_ctx_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
	cc_cleanup(cc_buf_deinit) struct cc_buf canonical = CC_BUF_INIT(TEXT_MAX);
	uint8_t value[1024];
	size_t len = sizeof(value);

	if (xs_c14n_write(signed_info, XS_C14N_INCLUSIVE, &canonical) != 0 ||
	    EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(md, value, &len, canonical.data, canonical.len) != 1)
		abort();
	xs_put_base64(b, value, len, 0);
}

/* The SignedInfo was changed: signs it again. Takes changed; the signer has an RSA key. */
static char *resign(char *changed, const struct tp *signer)
{
	cc_cleanup(cc_freep) char *text = changed;
	cc_cleanup(cc_freep) char *old = ck_cut(text, "<SignatureValue>", "</SignatureValue>");
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	cc_cleanup(cc_buf_deinit) struct cc_buf value = CC_BUF_INIT(TEXT_MAX);

	if (xs_doc_parse(text, strlen(text), &xs_signed_limits, &doc, NULL) != 0)
		abort();
	cc_buf_puts(&value, "<SignatureValue>");
	put_value(&value, signed_info_of(doc), signer->key);
	cc_buf_puts(&value, "</SignatureValue>");
	return ck_replace(text, old, (const char *)value.data);
}

/* An authority of plc:site with an RSA key: its signatures are plain PKCS#1. */
static struct tp *rsa_site(void)
{
	struct tp_spec spec = {.urn = TP_IDN "plc:site+authority+sa", .kind = "RSA-2048"};

	spec.key = "rsa-site";
	return tp_raw(&spec, tp_world()->plc);
}

/* The digest over what an XPath leaves of the element; the signer himself is tricked into it. */
static char *xpath(void)
{
	cc_cleanup(tp_freep) struct tp *site = rsa_site();
	struct ck_level level = {.signer = site};

	return resign(replace(ck_make(&level, 1), XS_DSIG "enveloped-signature",
			      "http://www.w3.org/TR/1999/REC-xpath-19991116"),
		      site);
}

static char *signed_sha1(void)
{
	cc_cleanup(tp_freep) struct tp *site = rsa_site();
	struct ck_level level = {.unsigned_ = true};
	cc_cleanup(cc_freep) char *text = ck_make(&level, 1);

	return ck_sign_sha1(text, "ref0", site);
}

static char *key_value_only(void)
{
	cc_cleanup(cc_freep) char *text = good();
	cc_cleanup(cc_freep) char *data = ck_cut(text, "<X509Data>", "</X509Data>");

	return ck_replace(text, data, "<KeyValue/>");
}

static char *tampered(void)
{
	return replace(good(), "<name>refresh</name>", "<name>authority</name>");
}

/* Eve's key under the authority's certificate. */
static char *forge(void)
{
	const struct tp_world *w = tp_world();
	struct tp eve_as_site = {.key = w->eve->key, .gid = w->site->gid, .chain = w->site->chain};
	struct ck_level level = {.signer = &eve_as_site};

	return ck_make(&level, 1);
}

/* The same with her KeyValue in front: xmlsec1 1.2 takes the first key that it finds. */
static char *key_value_first(void)
{
	return replace(forge(), "<KeyInfo>",
		       "<KeyInfo><KeyValue><RSAKeyValue><Modulus>AQAB</Modulus>"
		       "<Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>");
}

const struct attack attacks_document[] = {
	{0, "credential", "cred", good},
	{0, "sha1-under-foreign-root", "cred", signed_sha1},
	{CC_RULE_XML_FORM, "latin-1", "cred", latin_1, NULL, "accepted"},
	{CC_RULE_XML_PLAIN, "comment", "cred", comment, NULL, "accepted"},
	{CC_RULE_XML_LIMIT, "many-rights", "cred", many_rights, NULL, "accepted"},
	{CC_RULE_XML_ID, "id-in-extension", "cred", id_in_extension, NULL, "accepted"},
	{CC_RULE_XML_ID, "wrap-same-id", "cred", wrap_same_id, NULL, "xml-element"},
	{CC_RULE_XML_ELEMENT, "unknown", "cred", unknown_element, NULL, "accepted"},
	{CC_RULE_XML_ELEMENT, "wrap-extensions", "cred", wrap_extensions, NULL, "sig-form"},
	{CC_RULE_XML_ELEMENT, "wrap-second", "cred", wrap_second, NULL, "sig-missing"},
	{CC_RULE_SIG_MISSING, "unsigned", "cred", unsigned_, NULL, "accepted"},
	{CC_RULE_SIG_FORM, "wrap-object", "cred", wrap_object, NULL, "sig-missing"},
	{CC_RULE_SIG_FORM, "empty-object", "cred", empty_object, NULL, "accepted"},
	{CC_RULE_SIG_METHOD, "xpath", "cred", xpath, NULL, "accepted"},
	{CC_RULE_SIG_SHA1, "sha1", "cred", signed_sha1, "--no-sha1", "accepted"},
	{CC_RULE_SIG_KEY, "key-value-only", "cred", key_value_only, NULL, "cert-form"},
	{CC_RULE_SIG_DIGEST, "tampered", "cred", tampered, NULL, "accepted"},
	{CC_RULE_SIG_VALUE, "forged", "cred", forge, NULL, "accepted"},
	{CC_RULE_SIG_VALUE, "key-value-first", "cred", key_value_first, NULL, "accepted"},
	{0},
};
