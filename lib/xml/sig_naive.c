/* SPDX-License-Identifier: ISC */
/*
 * What verifiers do that lack two of our rules, for builds in which tests switch rules off
 * (lib/base/rule.h): so a test shows that the attack works where the rule is missing.
 */
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/int.h"
#include "lib/xml/ossl.h"
#include "lib/xml/sig_int.h"

static xmlNode *first_named(xmlNode *top, const char *name)
{
	for (xmlNode *n = top; n; n = xs_walk(top, n)) {
		if (xs_is(n, XS_DSIG, name))
			return n;
	}
	return NULL;
}

static BIGNUM *number_in(xmlNode *top, const char *name)
{
	const xmlNode *node = first_named(top, name);
	struct xs_octets octets = {0};
	BIGNUM *n = NULL;

	if (node && xs_sig_octets(node, 2048, &octets) == 0)
		n = BN_bin2bn(octets.data, (int)octets.len, NULL);
	free(octets.data);
	return n;
}

static EVP_PKEY *rsa_key(const BIGNUM *n, const BIGNUM *e)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (n && e && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(bld);
	if (params && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* sig-key off: xmlsec1 before 1.3 takes the first key that it can read, from a KeyValue, too. */
EVP_PKEY *xs_sig_naive_key(const struct xs_sig *s)
{
	xmlNode *value = first_named(s->node, "KeyValue"), *x509 = first_named(s->node, "X509Data");
	BIGNUM *n, *e;
	EVP_PKEY *key;

	if (!CC_RULE(CC_RULE_SIG_KEY, false) || !value)
		return NULL;
	for (xmlNode *p = value->prev; p; p = p->prev) {
		if (p == x509)
			return NULL;
	}
	n = number_in(value, "Modulus");
	e = number_in(value, "Exponent");
	key = rsa_key(n, e);
	BN_free(n);
	BN_free(e);
	return key;
}

/* sig-form off: what is verified is looked up by its id, wherever it stands. */
xmlNode *xs_sig_naive_target(const struct xs_sig *s, xmlNode *target)
{
	xmlNode *root = xmlDocGetRootElement(target->doc);
	const char *id;

	if (!CC_RULE(CC_RULE_SIG_FORM, false))
		return target;
	for (xmlNode *n = root; n; n = xs_walk(root, n)) {
		id = n->type == XML_ELEMENT_NODE ? xs_attribute(n, XS_XML_NS, "id") : NULL;
		if (id && strcmp(id, s->target) == 0)
			return n;
	}
	return target;
}
