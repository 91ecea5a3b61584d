/* SPDX-License-Identifier: ISC */
/* SignedInfo: what was signed, and how. */
#include "lib/xml/sig_int.h"

#include <string.h>

#include "lib/xml/ossl.h"

#define NAME(node) ((const char *)(node)->name)

/* An element that names an algorithm: no parameters. */
static int read_algorithm(xmlNode *node, const char **uri, struct cc_note *why)
{
	int r = xs_sig_attributes(node, "Algorithm", why);

	if (r != 0)
		return r;
	*uri = xs_attribute(node, NULL, "Algorithm");
	if (!*uri)
		return xs_sig_refuse_form(node, why, "no Algorithm in");
	if (!CC_RULE(CC_RULE_SIG_METHOD, !node->children))
		return cc_refuse(why, CC_RULE_SIG_METHOD,
				 "line %ld: <%.60s> must have no parameters", xmlGetLineNo(node),
				 NAME(node));
	return 0;
}

static int refuse_algorithm(const xmlNode *node, const char *uri, struct cc_note *why)
{
	return cc_refuse(why, CC_RULE_SIG_METHOD, "line %ld: <%.60s> is %.120s", xmlGetLineNo(node),
			 NAME(node), uri);
}

/* 0: none */
static int c14n_of(const char *uri)
{
	if (strcmp(uri, XS_SIG_INCLUSIVE) == 0)
		return XS_C14N_INCLUSIVE;
	return strcmp(uri, XS_SIG_EXCLUSIVE) == 0 ? XS_C14N_EXCLUSIVE : 0;
}

static int read_c14n(struct xs_sig *s, struct xs_cursor *c, struct cc_note *why)
{
	const char *uri;
	xmlNode *node;
	int r = xs_sig_want(c, "CanonicalizationMethod", &node, why);

	if (r == 0)
		r = read_algorithm(node, &uri, why);
	if (r != 0)
		return r;
	s->c14n = c14n_of(uri);
	if (s->c14n)
		return 0;
	s->c14n = XS_C14N_INCLUSIVE;
	return CC_RULE(CC_RULE_SIG_METHOD, false) ? 0 : refuse_algorithm(node, uri, why);
}

/* SignatureMethod or DigestMethod, by the table that find looks into. */
static int read_method(struct xs_cursor *c, const char *name,
		       const struct xs_sig_alg *(*find)(const char *uri), const EVP_MD **md,
		       struct xs_sig *s, struct cc_note *why)
{
	const struct xs_sig_alg *alg;
	const char *uri;
	xmlNode *node;
	int r = xs_sig_want(c, name, &node, why);

	if (r == 0)
		r = read_algorithm(node, &uri, why);
	if (r != 0)
		return r;
	alg = find(uri);
	if (!alg)
		return refuse_algorithm(node, uri, why);
	*md = xs_sig_md(alg->md);
	if (!*md)
		return xs_raise_ossl();
	s->sha1 |= strcmp(alg->md, "SHA1") == 0;
	s->ecdsa |= alg->ecdsa;
	return 0;
}

/* First enveloped-signature, which does nothing where the signature is outside; then one C14N. */
static int read_transform(struct xs_sig *s, xmlNode *node, unsigned *stage, struct cc_note *why)
{
	const char *uri;
	int r = read_algorithm(node, &uri, why);

	if (r != 0)
		return r;
	if (*stage == 0 && strcmp(uri, XS_SIG_ENVELOPED) == 0) {
		*stage = 1;
	} else if (*stage <= 1 && c14n_of(uri)) {
		*stage = 2;
		s->target_c14n = c14n_of(uri);
	} else if (!CC_RULE(CC_RULE_SIG_METHOD, false)) {
		return refuse_algorithm(node, uri, why);
	}
	return 0;
}

static int read_transforms(struct xs_sig *s, xmlNode *node, struct cc_note *why)
{
	struct xs_cursor c;
	unsigned stage = 0;
	xmlNode *transform;
	int r = xs_sig_attributes(node, "", why);

	if (r == 0)
		r = xs_sig_open(&c, node, why);
	if (r != 0)
		return r;
	do {
		r = xs_sig_want(&c, "Transform", &transform, why);
		if (r == 0)
			r = read_transform(s, transform, &stage, why);
	} while (r == 0 && c.next);
	return r;
}

static int read_uri(struct xs_sig *s, const xmlNode *reference, struct cc_note *why)
{
	const char *uri = xs_attribute(reference, NULL, "URI");

	if (!uri || uri[0] != '#' || xmlValidateNCName((const xmlChar *)uri + 1, 0) != 0)
		return cc_refuse(why, CC_RULE_SIG_FORM,
				 "line %ld: the Reference's URI is %.60s, not #ID",
				 xmlGetLineNo(reference), uri ? uri : "absent");
	s->target = uri + 1;
	return 0;
}

static int read_reference(struct xs_sig *s, xmlNode *node, struct cc_note *why)
{
	struct xs_cursor c;
	xmlNode *transforms;
	int r = xs_sig_attributes(node, "URI", why);

	if (r == 0)
		r = read_uri(s, node, why);
	if (r == 0)
		r = xs_sig_open(&c, node, why);
	if (r != 0)
		return r;
	transforms = xs_cursor_take(&c, XS_DSIG, "Transforms");
	if (transforms)
		r = read_transforms(s, transforms, why);
	if (r == 0)
		r = read_method(&c, "DigestMethod", xs_sig_digest, &s->digest, s, why);
	if (r == 0)
		r = xs_sig_value(&c, "DigestValue", XS_SIG_MD_MAX, &s->digest_value, why);
	if (r == 0)
		r = xs_sig_end(&c, why);
	return r;
}

int xs_sig_read_info(struct xs_sig *s, struct cc_note *why)
{
	struct xs_cursor c;
	xmlNode *reference;
	int r = xs_sig_attributes(s->signed_info, NULL, why);

	if (r == 0)
		r = xs_sig_open(&c, s->signed_info, why);
	if (r == 0)
		r = read_c14n(s, &c, why);
	if (r == 0)
		r = read_method(&c, "SignatureMethod", xs_sig_method, &s->method, s, why);
	if (r == 0)
		r = xs_sig_want(&c, "Reference", &reference, why);
	if (r == 0)
		r = read_reference(s, reference, why);
	if (r == 0)
		r = xs_sig_end(&c, why);
	return r;
}
