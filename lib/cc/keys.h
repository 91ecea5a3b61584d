/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Making bus keys and certificates (`ccfed keys`): a CA, certificates it issues to servers, daemons
 * and people, and its CRL, which is the only record of what it took back.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

enum cc_key_kind { CC_KEY_P256 = 1, CC_KEY_RSA2048, CC_KEY_RSA3072 };

struct cc_keys_request {
	const char *dir;  /* key store folder; created 0755 with private/ 0700 */
	const char *name; /* file name: NAME.crt, private/NAME.key; "/" or leading "." refused */
	const char *cn;	  /* common name; NULL: name */
	const char *urn;  /* publicid URN for the SAN, or NULL; must start "urn:publicid:IDN+" */
	enum cc_key_kind kind;
	int days;   /* validity, 1..36500; cut to the issuer's end */
	bool force; /* replace existing files */
};

/**
 * Makes a self-signed CA (CA:TRUE, keyCertSign, cRLSign, SKI). @return 0, -CC_EEXIST, -CC_EINVAL,
 * -CC_ESYS, -CC_ECRYPTO.
 */
int cc_keys_init_ca(const struct cc_keys_request *rq, struct cc_note *why);
/**
 * Makes a key and a certificate signed by CA `ca` of the same folder (CA:FALSE; digitalSignature,
 * keyEncipherment or keyAgreement; random serial, SKI, AKI, SHA-256). @return as above,
 * -CC_ENOTFOUND when the CA is missing.
 */
int cc_keys_issue(const struct cc_keys_request *rq, const char *ca, struct cc_note *why);

/**
 * Signs a certificate for a key that somebody else holds: rq's name, cn, urn and days; nothing is
 * written. key: a certificate request in PEM, whose signature holds. *pem: caller frees. @return 0,
 * -CC_EFORMAT (no request, or its signature is not its key's), -CC_EINVAL (a weak key), or as above.
 */
int cc_keys_sign_request(const struct cc_keys_request *rq, const char *ca, const char *csr,
			 char **pem, struct cc_note *why);

/** A validity in days that a certificate or a CRL can have. @return 0, -CC_EINVAL. */
int cc_keys_check_days(int days, struct cc_note *why);

/* The certificate of a server of TLS, not of the bus. */
struct cc_keys_server_request {
	const char *dir;
	const char *name;	/* file name, as above; NULL: host */
	const char *host;	/* DNS name, at most 64 octets: common name and SAN */
	const char *const *ips; /* addresses for the SAN, too */
	size_t n_ips;
	const char *ca;	       /* of the same folder; NULL: self-signed */
	int days;	       /* validity, 1..36500; cut to the issuer's end */
	bool allow_local_host; /* localhost is a name like others */
	bool force;
};
#define CC_KEYS_IPS_MAX 16
/**
 * Makes a key of P-256 and its certificate (CA:FALSE, serverAuth, SAN); NAME.crt holds the chain that a
 * server sends: behind the certificate that of the CA, and what stands behind it in its file. Clients
 * such as jFed want the DNS name in both places (spec jfed 6). @return as cc_keys_issue.
 */
int cc_keys_server_cert(const struct cc_keys_server_request *rq, struct cc_note *why);

struct cc_keys_crl_request {
	const char *dir; /* key store folder */
	const char *ca;	 /* whose CRL: CA.crl beside CA.crt */
	int days;	 /* validity, 1..36500 */
};
/**
 * Writes a new CRL of a CA, with the entries of the one that is there and count certificates of the
 * folder; none: it is only renewed, or made. All or nothing; an entry that is there already stays.
 * @return 0, -CC_EINVAL (a certificate of another CA, too), -CC_ENOTFOUND, -CC_EFORMAT, -CC_EEXIST
 * (what is there is not this CA's CRL), -CC_EBUSY (somebody else is at it), -CC_EDENIED, -CC_ESYS,
 * -CC_ENOMEM, -CC_ECRYPTO.
 */
int cc_keys_revoke(const struct cc_keys_crl_request *rq, const char *const *names, size_t count,
		   struct cc_note *why);

/**
 * Makes a key store's folders where they are not there: DIR 0755, DIR/private 0700. @return 0,
 * -CC_ESYS, -CC_ENOMEM.
 */
int cc_keys_make_folders(const char *dir, struct cc_note *why);

struct cc_keys_info {
	char subject[512], issuer[512], name[256], urn[256], key[64], serial[64], sha256[65];
	int64_t not_before, not_after;
	bool ca, has_private;
};
/** Reads one certificate file of a folder. @return 0, -CC_ENOTFOUND, -CC_EFORMAT. */
int cc_keys_show(const char *dir, const char *name, struct cc_keys_info *out, struct cc_note *why);
