/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Trusted roots and the judging of chains (architecture section 5, rule 1). Roots are one immutable
 * reference-counted set with a number; a verifier belongs to one thread and remembers, for one such
 * set, which certificates were validly issued, so that a chain costs one signature check per
 * certificate not seen before.
 */
#include "lib/trust/gid.h"

#define TR_ROOTS_MAX 256
#define TR_CRLS_MAX 256
#define TR_CRL_TEXT_MAX (4u << 20)

enum {
	TR_ROOT_OURS = 1, /* our own: no SHA-1 in signatures, its namespace reserved */
	TR_ROOT_NO_SHA1 = 2,
	TR_ROOT_OVERLAP = 4, /* its namespace may overlap another root's */
};

struct tr_root {
	struct tr_gid *gid;
	char space[TR_NAME_MAX + 1]; /* authority whose names it covers, with those below */
	unsigned flags;
};

struct tr_roots; /* opaque */
struct tr_roots_builder;

/** Builds a set. @return 0, -CC_ENOMEM. */
int tr_roots_builder_new(struct tr_roots_builder **out);
void tr_roots_builder_free(struct tr_roots_builder *b);
void tr_roots_builder_freep(struct tr_roots_builder **b);
/**
 * Adds the first certificate of text as a root. space: authority ("plc:site", the same for HRNs of
 * plc.site); NULL: of its own URN, or of its 2008 name. @return 0, a rule (CERT_FORM, CERT_NAME: it
 * has no name and none was given), -CC_ELIMIT, -CC_ENOMEM.
 */
int tr_roots_add(struct tr_roots_builder *b, const char *text, size_t len, const char *space,
		 unsigned flags, struct cc_note *why);
/**
 * Adds the CRLs (PEM or DER) of text: whole ones that say when they end. They hold for certificates
 * whose issuer has their issuer's name and made their signature; of an issuer with such a name and
 * none so signed, nothing is known, and what it issued is refused. @return 0, -CC_EFORMAT,
 * -CC_ELIMIT, -CC_ENOMEM.
 */
int tr_roots_add_crls(struct tr_roots_builder *b, const char *text, size_t len,
		      struct cc_note *why);
/**
 * Seals the set. Refused are namespaces that overlap and are not listed, a root that is there
 * twice, and more than 8 of one subject. number: of the snapshot, unique. legacy: `--allow-legacy`,
 * which no server sets. The builder can only be freed then. @return 0, -CC_EINVAL, -CC_ENOMEM.
 */
int tr_roots_seal(struct tr_roots_builder *b, uint64_t number, bool legacy, struct tr_roots **out,
		  struct cc_note *why);
struct tr_roots *tr_roots_ref(struct tr_roots *r);
void tr_roots_unref(struct tr_roots *r);
void tr_roots_unrefp(struct tr_roots **r);
size_t tr_roots_count(const struct tr_roots *r);
const struct tr_root *tr_roots_get(const struct tr_roots *r, size_t i);
bool tr_roots_legacy(const struct tr_roots *r);

struct tr_verifier; /* opaque; of one thread */
/** max: certificates, chains and documents that it remembers, each. @return 0, -CC_ENOMEM. */
int tr_verifier_new(struct tr_verifier **out, size_t max);
void tr_verifier_free(struct tr_verifier *v);
void tr_verifier_freep(struct tr_verifier **v);
/** Judges by these roots from now on; what was remembered under another number is forgotten. */
void tr_verifier_use(struct tr_verifier *v, struct tr_roots *roots);
const struct tr_roots *tr_verifier_roots(const struct tr_verifier *v);
struct tr_certs *tr_verifier_certs(struct tr_verifier *v);

/* Why a chain is good, and when. */
struct tr_chain {
	const struct tr_root *root; /* borrowed from the roots */
	int64_t from, until; /* seconds: every certificate and CRL is in force between them */
};

/**
 * Judges a chain at `now` (seconds since 1970). gids: leaf first, each issued by the next; the root
 * itself may be the last or be left out. @return 0, a rule of CERT_*, CRL_*, CHAIN_*,
 * ROOT_NAMESPACE, negative error.
 */
int tr_chain_verify(struct tr_verifier *v, const struct tr_gids *gids, int64_t now,
		    struct tr_chain *out, struct cc_note *why);
