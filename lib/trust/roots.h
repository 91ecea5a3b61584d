/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The inside of a set of roots, for chain.c, path_*.c, crls.c, roots.c and verifier.c. Nothing in
 * it changes after tr_roots_seal, so that threads share it without a lock.
 */
#include <string.h>

#include "lib/base/map.h"
#include "lib/trust/chain.h"

/* Roots of one subject, at most: each may cost a signature check for a chain without its root. */
#define TR_ROOTS_SAME_NAME 8

struct tr_trusted {
	struct tr_root root;
	char hrn[TR_NAME_MAX + 1];  /* root.space for names of the 2008 form */
	struct cc_map_node by_hash; /* keyed by root.gid->hash */
};

struct tr_crl {
	X509_CRL *crl;
	int64_t from, until; /* thisUpdate, nextUpdate */
};

struct tr_roots {
	unsigned refs; /* atomic */
	uint64_t number;
	bool legacy;
	struct tr_trusted *items;
	size_t count;
	struct cc_map by_hash;
	struct tr_crl *crls;
	size_t n_crls;
};

static inline struct tr_part tr_root_space(const struct tr_root *r)
{
	return (struct tr_part){r->space, strlen(r->space)};
}

/** The trusted root that is this very certificate; NULL: it is none. */
const struct tr_trusted *tr_roots_same(const struct tr_roots *r, const struct tr_gid *gid);
/** The trusted root whose subject and key a certificate has: an earlier or a later form of it. */
const struct tr_trusted *tr_roots_renewed(const struct tr_roots *r, const struct tr_gid *gid);

/** Reads the CRLs of text behind those of r. @return as tr_roots_add_crls. */
int tr_crls_read(struct tr_roots *r, const char *text, size_t len, struct cc_note *why);
void tr_crls_free(struct tr_roots *r);
