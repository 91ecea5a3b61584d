/* SPDX-License-Identifier: ISC */
#pragma once
/* What the files of the GID module share: reading names, remembering certificates, PEM, keys. */
#include "lib/trust/gid.h"

/* Values in the DER of one certificate: a GID has less than 100. */
#define TR_CERT_VALUES 512
/**
 * Counts the values in the first value of der, to max and one more. false: no DER, or nested too
 * deeply.
 */
bool tr_der_count(const uint8_t *der, size_t len, size_t max, size_t *count);

/** Fills the names of g from its SAN. @return 0, -CC_ENOMEM. */
int tr_gid_read_names(struct tr_gid *g);

/* A certificate in the making (gid_make.c). */
#define TR_UUID_TEXT 36
struct tr_draft {
	const struct tr_gid_request *rq;
	const struct tr_gid *issuer; /* NULL: self-signed */
	EVP_PKEY *signing_key;
	struct tr_urn name;
	char hrn[TR_NAME_MAX + 1], type[64], uuid[TR_UUID_TEXT + 1];
	int64_t from, until;
	bool ca;
	X509 *cert; /* borrowed; its key and issuer are set */
};
/** Adds the extensions to d->cert. false: OpenSSL says why. */
bool tr_draft_extend(const struct tr_draft *d);

/** RFC 4122: 8-4-4-4-12 hex digits. */
bool tr_uuid_valid(const char *text);

/** A reference to the certificate with this hash; NULL: not met before, or certs is NULL. */
struct tr_gid *tr_certs_find(struct tr_certs *certs, const uint8_t hash[TR_HASH]);
/**
 * Remembers g, which is not known, at a cost of so many octets; what is too large to be remembered
 * is not. @return 0, -CC_ENOMEM.
 */
int tr_certs_add(struct tr_certs *certs, struct tr_gid *g, size_t cost);

/* Text that is being taken from the front. */
struct tr_span {
	const char *at;
	size_t len;
};
bool tr_span_starts(const struct tr_span *s, const char *word);
void tr_span_skip(struct tr_span *s, size_t len);
void tr_span_skip_space(struct tr_span *s);
/** Whether it consists of these characters and is not empty. */
bool tr_span_is_of(const struct tr_span *s, const char *characters);

/** Moves to the first BEGIN line of this label; false, unmoved: there is none. */
bool tr_pem_find(struct tr_span *text, const char *label);
/** Whether text begins with the BEGIN line of this label. */
bool tr_pem_at(const struct tr_span *text, const char *label);
/** Takes the block that text begins with; body: what is to be base64. false: it has no END line. */
bool tr_pem_take(struct tr_span *text, const char *label, struct tr_span *body);

/** RSA of 2048 to 8192 bits, P-256, P-384. */
bool tr_key_good(const EVP_PKEY *key);
/** An RSA key whose numbers can be those of one. */
bool tr_rsa_sound(const EVP_PKEY *key);
/** The key of an ssh line. @return as tr_key_read_public. */
int tr_key_read_ssh(struct tr_span line, EVP_PKEY **out, struct cc_note *why);
enum { TR_KEY_OTHER = 1 };
/**
 * tr_key_hash of a good ssh-rsa line, whose SubjectPublicKeyInfo is written here: OpenSSL takes five
 * times as long to make a key and write it. @return 0, TR_KEY_OTHER (no such line, or a bad one:
 * tr_key_read_public says why), -CC_ENOMEM, -CC_ECRYPTO.
 */
int tr_key_ssh_rsa_hash(struct tr_span line, uint8_t out[TR_HASH]);

/** Empties OpenSSL's error queue after it refused octets; true: because memory ran out. */
bool tr_ossl_no_memory(void);
