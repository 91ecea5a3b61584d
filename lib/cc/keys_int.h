/* SPDX-License-Identifier: ISC */
#pragma once
/* What the makers of certificates share. */
#include <openssl/x509v3.h>

#include "lib/cc/keys.h"

/**
 * Neither NAME.crt nor NAME.key is there: half a pair of another time would be overwritten or mixed.
 * @return 0, -CC_EEXIST, -CC_ENOMEM.
 */
int cc_keys_check_absent(const char *dir, const char *name, struct cc_note *why);
/** NULL: OpenSSL refused. Caller frees. */
EVP_PKEY *cc_keys_make_key(enum cc_key_kind kind);
/** Random, positive. @return whether it was set; likewise below. */
bool cc_keys_set_serial(X509 *cert);
/** From a little before now; cut to the issuer's end, unless it is its own issuer. */
bool cc_keys_set_validity(X509 *cert, int days, const X509 *issuer);
bool cc_keys_add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value);
