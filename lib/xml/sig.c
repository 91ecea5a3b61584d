/* SPDX-License-Identifier: ISC */
/*
 * Reading a Signature. Whatever is not named in sig.h is refused, attributes, parameters and
 * comments too, except inside the forms of KeyInfo that nobody here looks at: of those no more is
 * asked than that another reader can find nothing in them that it would look for.
 */
#include "lib/xml/sig.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"
#include "lib/xml/int.h"
#include "lib/xml/sig_int.h"

#define VALUE_MAX 2048	     /* octets of a SignatureValue: of an RSA key of 16384 bits */
#define CERT_MAX (64u << 10) /* octets of an X509Certificate */

/* What else X509Data may hold: said by the signer about himself, so never read. */
static bool is_remark(const xmlNode *node)
{
	static const char *const names[] = {"X509SubjectName", "X509IssuerSerial", "X509SKI",
					    "X509CRL"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(names); i++) {
		if (xs_is(node, XS_DSIG, names[i]))
			return true;
	}
	return false;
}

static int read_cert(struct xs_sig *s, const xmlNode *node, struct cc_note *why)
{
	int r;

	if (s->n_certs == XS_SIG_CERTS)
		return cc_refuse(why, CC_RULE_XML_LIMIT, "line %ld: more than %d certificates",
				 xmlGetLineNo(node), XS_SIG_CERTS);
	r = xs_sig_octets(node, CERT_MAX, &s->certs[s->n_certs]);
	if (r == -CC_ELIMIT)
		return cc_refuse(why, CC_RULE_XML_LIMIT, "line %ld: a certificate is too long",
				 xmlGetLineNo(node));
	if (r == -CC_EFORMAT)
		return cc_refuse(why, CC_RULE_SIG_KEY, "line %ld: the X509Certificate is no base64",
				 xmlGetLineNo(node));
	if (r == 0)
		s->n_certs++;
	return r;
}

static int read_x509(struct xs_sig *s, xmlNode *data, struct cc_note *why)
{
	struct xs_cursor c;
	int r = xs_sig_attributes(data, "", why);

	if (r == 0)
		r = xs_sig_open(&c, data, why);
	while (r == 0 && c.next) {
		if (xs_cursor_at(&c, XS_DSIG, "X509Certificate"))
			r = read_cert(s, c.next, why);
		else if (!is_remark(c.next))
			r = xs_sig_end(&c, why);
		xs_cursor_skip(&c);
	}
	return r;
}

/* KeyInfo is not signed: whoever passes a document on may put into it what he likes. */
static bool is_key_part(const xmlNode *node)
{
	static const char dsig11[] = "http://www.w3.org/2009/xmldsig11#";

	for (const xmlAttr *a = node->properties; a; a = a->next)
		if (a->ns || strcasecmp((const char *)a->name, "id") == 0)
			return false;
	if (node->ns && strcmp((const char *)node->ns->href, dsig11) == 0)
		return true;
	return node->ns && strcmp((const char *)node->ns->href, XS_DSIG) == 0 &&
	       !xs_is(node, XS_DSIG, "Signature") && !xs_is(node, XS_DSIG, "SignedInfo");
}

static int check_key_info(const xmlNode *key_info, struct cc_note *why)
{
	for (const xmlNode *n = xs_walk(key_info, (xmlNode *)key_info); n;
	     n = xs_walk(key_info, (xmlNode *)n)) {
		if (n->type == XML_ELEMENT_NODE && !CC_RULE(CC_RULE_SIG_FORM, is_key_part(n)))
			return xs_sig_refuse_form(n, why, "no part of a KeyInfo:");
	}
	return 0;
}

/* The first X509Data, wherever it stands; KeyValue, KeyName and the others name no certificate. */
static int read_key_info(struct xs_sig *s, xmlNode *key_info, struct cc_note *why)
{
	struct xs_cursor c;
	int r = xs_sig_attributes(key_info, "", why);

	if (r == 0)
		r = check_key_info(key_info, why);
	if (r == 0)
		r = xs_sig_open(&c, key_info, why);
	while (r == 0 && c.next && !xs_cursor_at(&c, XS_DSIG, "X509Data"))
		xs_cursor_skip(&c);
	if (r == 0 && c.next)
		r = read_x509(s, c.next, why);
	return r;
}

static int read_parts(struct xs_sig *s, struct xs_cursor *c, struct cc_note *why)
{
	xmlNode *key_info;
	int r = xs_sig_want(c, "SignedInfo", &s->signed_info, why);

	if (r == 0)
		r = xs_sig_read_info(s, why);
	if (r == 0)
		r = xs_sig_value(c, "SignatureValue", VALUE_MAX, &s->value, why);
	if (r != 0)
		return r;
	key_info = xs_cursor_take(c, XS_DSIG, "KeyInfo");
	if (key_info)
		r = read_key_info(s, key_info, why);
	return r ? r : xs_sig_end(c, why);
}

int xs_sig_read(xmlNode *signature, struct xs_sig *out, struct cc_note *why)
{
	struct xs_cursor c;
	int r;

	*out = (struct xs_sig){.node = signature,
			       .id = xs_attribute(signature, XS_XML_NS, "id"),
			       .target_c14n = XS_C14N_INCLUSIVE};
	if (!CC_RULE(CC_RULE_SIG_FORM, xs_is(signature, XS_DSIG, "Signature")))
		return xs_sig_refuse_form(signature, why, "no Signature but");
	r = xs_sig_attributes(signature, NULL, why);
	if (r == 0)
		r = xs_sig_open(&c, signature, why);
	if (r == 0)
		r = read_parts(out, &c, why);
	if (r == 0 && !CC_RULE(CC_RULE_SIG_KEY, out->n_certs > 0))
		r = cc_refuse(why, CC_RULE_SIG_KEY, "line %ld: no X509Certificate in the signature",
			      xmlGetLineNo(signature));
	return r;
}

void xs_sig_deinit(struct xs_sig *s)
{
	free(s->digest_value.data);
	free(s->value.data);
	for (size_t i = 0; i < s->n_certs; i++)
		free(s->certs[i].data);
	*s = (struct xs_sig){0};
}
