/* SPDX-License-Identifier: ISC */
#include "lib/cc/crls.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/cc/keyfile.h"
#include "lib/cc/ossl.h"

#define WARN_BEFORE (24 * 3600) /* seconds */
#define NAME_MAX_SHOWN 100

/* A file of cms-crl and one CRL of it. */
struct source {
	const struct cc_keystore_conf *conf;
	const char *name;
	X509 *const *cas;
	struct cc_note *why;
};

void cc_crls_deinit(struct cc_crls *crls)
{
	for (size_t i = 0; i < crls->count; i++) {
		X509_CRL_free(crls->items[i].crl);
		X509_free(crls->items[i].ca);
	}
	free(crls->items);
	*crls = (struct cc_crls){0};
}

const struct cc_crl *cc_crls_find(const struct cc_crls *crls, const X509 *ca)
{
	for (size_t i = 0; i < crls->count; i++) {
		X509 *own = crls->items[i].ca;

		/*
		 * not by the certificate: a CA that was given a new one for its old key has the CRL
		 * of before
		 */
		if (X509_NAME_cmp(X509_get_subject_name(own), X509_get_subject_name(ca)) == 0 &&
		    EVP_PKEY_eq(X509_get0_pubkey(own), X509_get0_pubkey(ca)) == 1)
			return &crls->items[i];
	}
	return NULL;
}

static int find_ca(const struct source *src, X509_CRL *crl, X509 **ca)
{
	char issuer[NAME_MAX_SHOWN];

	for (size_t i = 0; i < src->conf->verify->count; i++) {
		X509 *one = src->cas[i];

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(one)) != 0 ||
		    X509_CRL_verify(crl, X509_get0_pubkey(one)) != 1)
			continue;
		if (!(X509_get_key_usage(one) & KU_CRL_SIGN))
			return cc_note_set(src->why, CC_EINVAL,
					   "the key usage of CA %s does not let it sign CRLs: make "
					   "a new certificate for it",
					   src->conf->verify->items[i]);
		*ca = one;
		return 0;
	}
	X509_NAME_oneline(X509_CRL_get_issuer(crl), issuer, sizeof(issuer));
	return cc_note_set(src->why, CC_EINVAL,
			   "%s.crl holds a CRL of %s that no CA of cms-verify-ca signed: take it "
			   "out, or name its CA",
			   src->name, issuer);
}

/* A delta or one for some certificates only says nothing of the others. */
static bool is_partial(const X509_CRL *crl)
{
	return X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0 ||
	       X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0;
}

static int check_dates(const struct source *src, const X509_CRL *crl, int64_t *until)
{
	int64_t now = (int64_t)cc_clock_wall(), from;

	if (cc_asn1_seconds(X509_CRL_get0_lastUpdate(crl), &from) < 0 ||
	    cc_asn1_seconds(X509_CRL_get0_nextUpdate(crl), until) < 0)
		return cc_note_set(src->why, CC_EFORMAT,
				   "%s.crl has no date when it ends, or one that cannot be read",
				   src->name);
	if (from > now)
		return cc_note_set(src->why, CC_EINVAL,
				   "%s.crl is not valid yet: set the clock, or make it again",
				   src->name);
	if (*until <= now)
		return cc_note_set(src->why, CC_EINVAL,
				   "%s.crl ended %lld hours ago: renew it with ccfed keys crl",
				   src->name, (long long)(now - *until) / 3600);
	if (*until - now < WARN_BEFORE)
		cc_warn("%s.crl ends in %lld minutes, then nobody of its CA can speak: renew it "
			"with ccfed keys crl, and reload",
			src->name, (long long)(*until - now) / 60);
	return 0;
}

static int append(struct cc_crls *crls, X509_CRL *crl, X509 *ca, int64_t until)
{
	struct cc_crl *grown = realloc(crls->items, (crls->count + 1) * sizeof(*grown));

	if (!grown)
		return cc_raise(CC_ENOMEM);
	crls->items = grown;
	X509_CRL_up_ref(crl);
	X509_up_ref(ca);
	grown[crls->count++] = (struct cc_crl){crl, ca, until};
	return 0;
}

static int add(struct cc_crls *crls, const struct source *src, X509_CRL *crl, X509_STORE *roots)
{
	int64_t until = 0;
	X509 *ca = NULL;
	int r = find_ca(src, crl, &ca);

	if (r == 0)
		r = check_dates(src, crl, &until);
	if (r < 0)
		return r;
	if (is_partial(crl))
		return cc_note_set(src->why, CC_EINVAL,
				   "%s.crl is a delta CRL or one for some certificates only: a "
				   "whole one is wanted",
				   src->name);
	/* of two OpenSSL would go back to the older one when the newer ends */
	if (cc_crls_find(crls, ca))
		return cc_note_set(src->why, CC_EINVAL,
				   "%s.crl holds a second CRL of a CA: keep the newest alone",
				   src->name);
	r = append(crls, crl, ca, until);
	if (r < 0)
		return r;
	return X509_STORE_add_crl(roots, crl) ? 0 : cc_raise_ossl();
}

static int load_file(struct cc_crls *crls, const struct source *src, X509_STORE *roots)
{
	STACK_OF(X509_CRL) *list = NULL;
	int r = cc_keyfile_read_crls(src->conf->dir, src->name, &list, src->why);

	if (r == -CC_ENOTFOUND)
		return cc_note_set(src->why, CC_ENOTFOUND,
				   "there is no %s.crl in %s: make it with ccfed keys crl --ca %s "
				   "--keystore %s",
				   src->name, src->conf->dir, src->name, src->conf->dir);
	for (int i = 0; r == 0 && i < sk_X509_CRL_num(list); i++)
		r = add(crls, src, sk_X509_CRL_value(list, i), roots);
	sk_X509_CRL_pop_free(list, X509_CRL_free);
	ERR_clear_error();
	return r;
}

static int check_complete(const struct cc_crls *crls, const struct source *src)
{
	for (size_t i = 0; i < src->conf->verify->count; i++) {
		const char *name = src->conf->verify->items[i];

		if (!cc_crls_find(crls, src->cas[i]))
			return cc_note_set(src->why, CC_EINVAL,
					   "cms-crl has no CRL of CA %s: make one with ccfed keys "
					   "crl --ca %s --keystore %s, and put %s into cms-crl",
					   name, name, src->conf->dir, name);
	}
	return 0;
}

int cc_crls_load(struct cc_crls *crls, const struct cc_keystore_conf *conf, X509 *const *cas,
		 X509_STORE *roots, struct cc_note *why)
{
	struct source src = {.conf = conf, .cas = cas, .why = why};
	int r = 0;

	*crls = (struct cc_crls){0};
	if (!conf->crl || conf->crl->count == 0)
		return 0;
	for (size_t i = 0; r == 0 && i < conf->crl->count; i++) {
		src.name = conf->crl->items[i];
		r = load_file(crls, &src, roots);
	}
	if (r == 0)
		r = check_complete(crls, &src);
	if (r == 0 &&
	    !X509_STORE_set_flags(roots, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
		r = cc_raise_ossl();
	return r;
}
