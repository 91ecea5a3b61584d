/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Credentials of which any part can be wrong, for the tests that read and judge them. Everything
 * here fails by abort; texts are the caller's to free.
 */
#include "lib/trust/cred.h"
#include "tests/unit/trustpki.h"

/* One <credential>. What is NULL or 0 is as it is in a good one. */
struct ck_level {
	const char *id;		 /* "ref0", and so on from the innermost */
	const char *type;	 /* "privilege" */
	const struct tp *owner;	 /* alice */
	const struct tp *target; /* slice */
	const char *owner_gid;	 /* text instead of the PEM */
	const char *target_gid;	 /* the same */
	const char *owner_urn;	 /* that of the GID */
	const char *target_urn;	 /* the same */
	const char *rights;  /* "refresh:1,embed:1,bind:1,control:1,info:1"; 1: may be delegated */
	const char *content; /* XML instead of <privileges> */
	const char *rest;    /* XML behind it */
	const char *expires; /* a month after TP_NOW */
	const struct tp *signer; /* site, or the owner of the next level */
	bool unsigned_;
};

#define CK_MONTH (TP_NOW + 30 * TP_DAY)
#define CK_MONTH_TEXT "2027-02-14T08:00:00Z"

/** The document of these levels, outermost first, its signatures from the innermost outwards. */
char *ck_make(const struct ck_level *levels, size_t count);
/** The document with a signature over the element of this id, by SHA-256. */
char *ck_sign(const char *text, const char *id, const struct tp *signer);
/** The same by rsa-sha1, as GENI federations have it; signer: with an RSA key. */
char *ck_sign_sha1(const char *text, const char *id, const struct tp *signer);
/** text with the first `from` replaced; it has to be there. */
char *ck_replace(const char *text, const char *from, const char *to);
/** The part of text from the first `from` up to the end of the first `to` behind it. */
char *ck_cut(const char *text, const char *from, const char *to);

/** Roots plc with these flags and other, under a number of their own. */
struct tr_roots *ck_roots(unsigned plc_flags);
/** A verifier that uses them. */
struct tr_verifier *ck_verifier(unsigned plc_flags);
/** Judges text at a time. @return as tr_cred_verify. */
int ck_verify_at(struct tr_verifier *v, const char *text, int64_t now, struct tr_grant **out,
		 struct cc_note *why);

/** Content of a file of ../shared/vectors; NULL: there is none. */
char *ck_vector(const char *path, size_t *len);
/** Roots of these files of ../shared/vectors, NULL-ended, in a verifier. */
struct tr_verifier *ck_vector_verifier(const char *const *paths, unsigned flags);
/** Seconds of "2026-11-21T19:29:24.938258Z". */
int64_t ck_time(const char *date);
