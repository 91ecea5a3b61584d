/* SPDX-License-Identifier: ISC */
#pragma once
/* The roots that a user trusts for one call: --root and --crl. */
#include "cli/trust_doc.h"
#include "lib/trust/chain.h"

struct trust_roots {
	const char *roots[TR_ROOTS_MAX], *crls[TR_CRLS_MAX]; /* borrowed: FILE[=SPACE], FILE */
	size_t count, n_crls;
	bool legacy, no_sha1;
};

/** Remembers one: all are read when sealed, with all options known. @return 0, -CC_ELIMIT. */
int trust_roots_take(struct trust_roots *t, const char *argument, struct cc_note *why);
int trust_roots_take_crl(struct trust_roots *t, const char *path, struct cc_note *why);
/**
 * Reads the root of a file; space NULL: for its own name. @return 0, a rule or negative error, with
 * a note for the user.
 */
int trust_root_add(struct tr_roots_builder *b, const char *path, const char *space, unsigned flags,
		   struct cc_note *why);
/** Reads and seals them. @return 0, a rule or negative error, with a note for the user. */
int trust_roots_seal(const struct trust_roots *t, struct tr_roots **out, struct cc_note *why);
