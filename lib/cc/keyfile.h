/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The files of a key store folder (spec cc-bus A8): DIR/NAME.crt, DIR/NAME.crl and
 * DIR/private/NAME.key, all PEM.
 */
#include <openssl/x509.h>
#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/cc/keystore.h"

/** A name that stays inside the folder: not empty, no "/". @return 0, -CC_EINVAL. */
int cc_keyfile_check_name(const char *name, struct cc_note *why);
/**
 * DIR/NAME.crt, .crl, DIR/private/NAME.key; a leading ~ expanded. Caller frees; NULL: no memory.
 */
char *cc_keyfile_cert_path(const char *dir, const char *name);
char *cc_keyfile_crl_path(const char *dir, const char *name);
char *cc_keyfile_key_path(const char *dir, const char *name);
/** DIR/NAME.curve, DIR/private/NAME.curve (lib/cc/curve.h). As above. */
char *cc_keyfile_curve_path(const char *dir, const char *name);
char *cc_keyfile_curve_secret_path(const char *dir, const char *name);
/**
 * Refuses a file of a secret that group or others may write, warns of one that they may read.
 * @return 0, -CC_EDENIED, -CC_ENOTFOUND, -CC_ESYS.
 */
int cc_keyfile_check_mode(const char *path, struct cc_note *why);

/** Reads the first certificate of NAME.crt. Caller frees. @return 0, -CC_EINVAL, -CC_ENOTFOUND, -CC_EFORMAT, -CC_ESYS,
 * -CC_ELIMIT, -CC_ENOMEM. */
int cc_keyfile_read_cert(const char *dir, const char *name, X509 **out, struct cc_note *why);
/**
 * Reads a certificate and its key, each by its file. chain (NULL: not wanted) gets the DER of the
 * certificates that stand behind it in the file, in their order. Caller frees. @return as above,
 * -CC_EDENIED; -CC_ELIMIT: more than chain takes.
 */
int cc_keyfile_open_pair(const char *cert_path, const char *key_path, X509 **cert, EVP_PKEY **key,
			 struct cc_buf *chain, struct cc_note *why);
/** Reads NAME.key, unencrypted. Refuses a file that group or others may write, warns of one that they may read. Caller frees.
 * @return as above, -CC_EDENIED. */
int cc_keyfile_read_key(const char *dir, const char *name, EVP_PKEY **out, struct cc_note *why);
/** Reads both and sees that they belong together. Caller frees. @return as above. */
int cc_keyfile_read_pair(const char *dir, const char *name, X509 **cert, EVP_PKEY **key,
			 struct cc_note *why);
/**
 * Reads the pair of a CA that can issue now. Caller frees. @return as above; -CC_EINVAL: it is
 * none, or has expired.
 */
int cc_keyfile_read_ca(const char *dir, const char *name, X509 **cert, EVP_PKEY **key,
		       struct cc_note *why);
/**
 * Reads every CRL of NAME.crl, at least one, of a file of at most CC_CRL_MAX octets. Caller frees.
 * @return as for a certificate.
 */
int cc_keyfile_read_crls(const char *dir, const char *name, STACK_OF(X509_CRL) * *out,
			 struct cc_note *why);
/**
 * Write PEM files: certificate and CRL 0644, the key (PKCS#8) 0600. @return 0, -CC_ESYS,
 * -CC_ENOMEM, -CC_ECRYPTO.
 */
int cc_keyfile_write_cert(const char *dir, const char *name, X509 *cert, struct cc_note *why);
int cc_keyfile_write_crl(const char *dir, const char *name, X509_CRL *crl, struct cc_note *why);
int cc_keyfile_write_key(const char *dir, const char *name, EVP_PKEY *key, struct cc_note *why);
