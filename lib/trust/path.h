/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The inside of tr_chain_verify: one chain on its way to a verdict. chain.c finds the path to a
 * trusted root and remembers, path_cert.c asks what holds for one certificate, path_hop.c what
 * holds between two. legacy_verify.c asks the same of certificates that are no GIDs.
 */
#include "lib/trust/roots.h"
#include "lib/trust/verifier.h"

struct tr_path {
	const struct tr_roots *roots;
	const struct tr_trusted *root;		      /* NULL: not found yet */
	const struct tr_gid *certs[TR_CHAIN_MAX + 1]; /* leaf first, the root last */
	size_t top;	 /* index of the root; before it is found, how many others there are */
	size_t shown;	 /* how many certificates a refusal speaks of */
	bool end_signed; /* the root was found by its signature on the one below */
	int64_t now;
	struct cc_note *why;
};

/* What the roots' CRLs say of the certificates of one issuer. */
struct tr_crl_view {
	bool looked;
	int64_t from, until; /* in force; the wrong way round: none is signed by its key */
	uint8_t lists[TR_CRLS_MAX / 8]; /* bits: CRLs that are its own */
};

/*
 * What is remembered of a certificate with all that stands behind it: it was validly issued and not
 * revoked, under these roots. Dates are not in it: they are looked at each time.
 */
struct tr_verdict {
	struct tr_recalled recalled; /* key: SHA-256 of its hash and the key of its issuer's */
	int room; /* CAs that may follow below it, by pathlen; -1: it may not be one itself */
	struct tr_crl_view crls;
};

/** Refuses: "certificate 2 of 3 (NAME) " and the text. @return rule. */
int tr_path_refuse(const struct tr_path *p, size_t i, enum cc_rule rule, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** Version, extensions, key and digest of certificate i. @return 0, a rule of CERT_*. */
int tr_path_check_make(const struct tr_path *p, size_t i);
/** That certificate i is in force. @return 0, CC_RULE_CERT_EXPIRED, CC_RULE_CERT_NOT_YET. */
int tr_path_check_dates(const struct tr_path *p, size_t i);
/** Both, and its name: all that certificate i must be by itself. @return 0, a rule of CERT_*. */
int tr_path_check_cert(const struct tr_path *p, size_t i);
/**
 * That certificate i was issued by the next, whose verdict is issuer. Fills verdict but for its
 * key. @return 0, a rule.
 */
int tr_path_check_hop(const struct tr_path *p, size_t i, const struct tr_verdict *issuer,
		      struct tr_verdict *verdict);
/** That issuer's view of CRLs is in force for certificate i. @return 0, CC_RULE_CRL_STALE. */
int tr_path_check_crls(const struct tr_path *p, size_t i, const struct tr_crl_view *view);
/** That the root is one for the name of certificate i. @return 0, CC_RULE_ROOT_NAMESPACE. */
int tr_path_check_space(const struct tr_path *p, size_t i);
/** How many CAs may follow a root. */
int tr_path_root_room(const struct tr_gid *root);

/** Whether it is a certificate of 2008 or 2011 and such may be judged. */
bool tr_path_is_old(const struct tr_path *p, const struct tr_gid *gid);
/** Whether key made the signature of cert: the one place that asks. */
bool tr_path_signed_by(const struct tr_gid *cert, const struct tr_gid *issuer);

/** Looks up which CRLs are issuer's. */
void tr_crls_look(const struct tr_roots *r, const struct tr_gid *issuer, struct tr_crl_view *view);
/** Whether one of the view's CRLs lists it. */
bool tr_crls_list(const struct tr_roots *r, const struct tr_crl_view *view,
		  const struct tr_gid *gid);
