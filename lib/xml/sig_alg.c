/* SPDX-License-Identifier: ISC */
#include "lib/xml/sig_int.h"

#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/ossl.h"

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define XMLENC "http://www.w3.org/2001/04/xmlenc#"

static const struct xs_sig_alg methods[] = {
	{XS_DSIG "rsa-sha1", "SHA1", false},   {XS_SIG_RSA_SHA256, "SHA256", false},
	{MORE "rsa-sha384", "SHA384", false},  {MORE "rsa-sha512", "SHA512", false},
	{XS_SIG_ECDSA_SHA256, "SHA256", true}, {MORE "ecdsa-sha384", "SHA384", true},
	{MORE "ecdsa-sha512", "SHA512", true}, {NULL},
};
static const struct xs_sig_alg digests[] = {
	{XS_DSIG "sha1", "SHA1", false},
	{XS_SIG_SHA256, "SHA256", false},
	{MORE "sha384", "SHA384", false},
	{XMLENC "sha512", "SHA512", false},
	{NULL},
};

/* A fetch costs more than the digest of a small element, so each is kept for good. */
static struct {
	const char *name;
	EVP_MD *md;
} mds[] = {{"SHA1", NULL}, {"SHA256", NULL}, {"SHA384", NULL}, {"SHA512", NULL}};

static const struct xs_sig_alg *find(const struct xs_sig_alg *algs, const char *uri)
{
	for (; algs->uri; algs++) {
		if (strcmp(algs->uri, uri) == 0)
			return algs;
	}
	return NULL;
}

const struct xs_sig_alg *xs_sig_method(const char *uri)
{
	return find(methods, uri);
}

const struct xs_sig_alg *xs_sig_digest(const char *uri)
{
	return find(digests, uri);
}

/* Threads may come here at once, and a failure must not last: the first that has it wins. */
static const EVP_MD *fetch(EVP_MD **slot, const char *name)
{
	EVP_MD *have = __atomic_load_n(slot, __ATOMIC_ACQUIRE), *md;

	if (have)
		return have;
	md = EVP_MD_fetch(NULL, name, NULL);
	if (!md ||
	    __atomic_compare_exchange_n(slot, &have, md, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return md;
	EVP_MD_free(md);
	return have;
}

const EVP_MD *xs_sig_md(const char *name)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(mds); i++) {
		if (strcmp(mds[i].name, name) == 0)
			return fetch(&mds[i].md, name);
	}
	return NULL;
}

int xs_sig_hash(xmlNode *node, enum xs_c14n form, const EVP_MD *md, uint8_t out[XS_SIG_MD_MAX])
{
	cc_cleanup(xs_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r;

	if (!ctx || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		return xs_raise_ossl();
	r = xs_c14n_digest(node, form, ctx);
	if (r < 0)
		return r;
	return EVP_DigestFinal_ex(ctx, out, NULL) == 1 ? 0 : xs_raise_ossl();
}

size_t xs_sig_half(const EVP_PKEY *key)
{
	return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}
