/* SPDX-License-Identifier: ISC */
/*
 * CRLs of trusted roots: whole ones only, so that a certificate that is not listed is known to be
 * good.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <time.h>

#include "lib/trust/gid_int.h"
#include "lib/trust/path.h"
#include "lib/xml/ossl.h"

#define DER_SEQUENCE 0x30

XS_OSSL_CLEANUP(crl_freep, X509_CRL, X509_CRL_free)

void tr_crls_free(struct tr_roots *r)
{
	for (size_t i = 0; i < r->n_crls; i++)
		X509_CRL_free(r->crls[i].crl);
	free(r->crls);
}

static bool read_seconds(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (!t || !ASN1_TIME_to_tm(t, &tm))
		return false;
	*out = timegm(&tm);
	return true;
}

/*
 * A delta and a CRL of some distribution point say nothing of the others; both say so in critical
 * extensions, as does whatever else changes what a CRL means.
 */
static bool is_whole(const X509_CRL *crl)
{
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)))
			return false;
	}
	return X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) < 0 &&
	       X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) < 0;
}

/* Takes crl. */
static int add(struct tr_roots *r, X509_CRL *taken, struct cc_note *why)
{
	cc_cleanup(crl_freep) X509_CRL *crl = taken;
	struct tr_crl *grown, one = {.crl = crl};

	if (r->n_crls >= TR_CRLS_MAX)
		return cc_note_set(why, CC_ELIMIT, "there are more than %d CRLs", TR_CRLS_MAX);
	if (!read_seconds(X509_CRL_get0_lastUpdate(crl), &one.from) ||
	    !read_seconds(X509_CRL_get0_nextUpdate(crl), &one.until))
		return cc_note_set(why, CC_EFORMAT, "CRL %zu does not say when it ends",
				   r->n_crls + 1);
	if (!is_whole(crl))
		return cc_note_set(why, CC_EFORMAT,
				   "CRL %zu is a delta or for some certificates only: a whole one "
				   "is wanted",
				   r->n_crls + 1);
	grown = realloc(r->crls, (r->n_crls + 1) * sizeof(*grown));
	if (!grown)
		return cc_raise(CC_ENOMEM);
	r->crls = grown;
	grown[r->n_crls++] = one;
	cc_steal(&crl);
	return 0;
}

static int unreadable(struct cc_note *why)
{
	return tr_ossl_no_memory()
		       ? cc_raise(CC_ENOMEM)
		       : cc_note_set(why, CC_EFORMAT, "there is no CRL that can be read");
}

static int read_der(struct tr_roots *r, const char *text, size_t len, struct cc_note *why)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;

	while (p < end) {
		X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)(end - p));
		int result = crl ? add(r, crl, why) : unreadable(why);

		if (result < 0)
			return result;
	}
	return 0;
}

/* Without it OpenSSL would ask the terminal for the password of an encrypted block. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	return -1;
}

static int read_pem(struct tr_roots *r, const char *text, size_t len, struct cc_note *why)
{
	cc_cleanup(xs_bio_freep) BIO *bio = BIO_new_mem_buf(text, (int)len);
	size_t before = r->n_crls;
	unsigned long e;
	X509_CRL *crl;

	if (!bio)
		return xs_raise_ossl();
	while ((crl = PEM_read_bio_X509_CRL(bio, NULL, no_password, NULL))) {
		int result = add(r, crl, why);

		if (result < 0)
			return result;
	}
	e = ERR_peek_last_error();
	if (ERR_GET_LIB(e) != ERR_LIB_PEM || ERR_GET_REASON(e) != PEM_R_NO_START_LINE ||
	    r->n_crls == before)
		return unreadable(why);
	ERR_clear_error();
	return 0;
}

int tr_crls_read(struct tr_roots *r, const char *text, size_t len, struct cc_note *why)
{
	int result;

	if (len == 0 || len > TR_CRL_TEXT_MAX)
		return cc_note_set(why, len ? CC_ELIMIT : CC_EFORMAT,
				   "%zu octets are no CRLs (at most %u)", len, TR_CRL_TEXT_MAX);
	result =
		text[0] == DER_SEQUENCE ? read_der(r, text, len, why) : read_pem(r, text, len, why);
	ERR_clear_error();
	return result;
}

/* Of the name, by the key, and the issuer may: only such a one says anything. */
static bool is_own(const struct tr_crl *c, const struct tr_gid *issuer)
{
	bool own = (X509_get_key_usage(issuer->cert) & KU_CRL_SIGN) &&
		   X509_CRL_verify(c->crl, issuer->key) == 1;

	ERR_clear_error();
	return own;
}

/*
 * Of several the newest says whether they are in force; what an older one lists is revoked still.
 * With one of the issuer's name, none of its own means that nothing is known: never in force.
 */
void tr_crls_look(const struct tr_roots *r, const struct tr_gid *issuer, struct tr_crl_view *view)
{
	const struct tr_crl *newest = NULL;
	bool named = false;

	*view = (struct tr_crl_view){.looked = true};
	for (size_t i = 0; i < r->n_crls; i++) {
		const struct tr_crl *c = &r->crls[i];

		if (X509_NAME_cmp(X509_CRL_get_issuer(c->crl),
				  X509_get_subject_name(issuer->cert)) != 0)
			continue;
		named = true;
		if (!is_own(c, issuer))
			continue;
		view->lists[i / 8] |= (uint8_t)(1 << i % 8);
		if (!newest || c->from > newest->from)
			newest = c;
	}
	view->from = newest ? newest->from : named ? INT64_MAX : INT64_MIN;
	view->until = newest ? newest->until : named ? INT64_MIN : INT64_MAX;
}

bool tr_crls_list(const struct tr_roots *r, const struct tr_crl_view *view,
		  const struct tr_gid *gid)
{
	for (size_t i = 0; i < r->n_crls; i++) {
		X509_REVOKED *entry;

		if ((view->lists[i / 8] >> i % 8 & 1) &&
		    X509_CRL_get0_by_serial(r->crls[i].crl, &entry,
					    X509_get0_serialNumber(gid->cert)) != 0)
			return true;
	}
	return false;
}
