/* SPDX-License-Identifier: ISC */
#pragma once
/* The CRLs of a key store: one for each CA of cms-verify-ca, good when they are loaded. */
#include <openssl/x509.h>
#include <stdint.h>

#include "lib/cc/keystore.h"

struct cc_crl {
	X509_CRL *crl;
	X509 *ca;      /* who signed it */
	int64_t until; /* seconds since 1970: its nextUpdate */
};

struct cc_crls {
	struct cc_crl *items;
	size_t count;
};

/**
 * Loads cms-crl and puts it into the store of roots, which checks every chain by it from then on;
 * no names: nothing is done. cas: the certificates of conf->verify, in its order. Deinit also after
 * a failure. @return as cc_keystore_load.
 */
int cc_crls_load(struct cc_crls *crls, const struct cc_keystore_conf *conf, X509 *const *cas,
		 X509_STORE *roots, struct cc_note *why);
void cc_crls_deinit(struct cc_crls *crls);
/** The CRL of a CA, found by its name and key; NULL: there is none. Borrowed. */
const struct cc_crl *cc_crls_find(const struct cc_crls *crls, const X509 *ca);
