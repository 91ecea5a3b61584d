/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Inputs of fuzz targets that judge signed documents. Nothing that mutates octets ever makes a
 * signature, so the input is a template: its first line names who signs, its rest is the document,
 * in which @x stands for something of person x:
 *
 *   ae\n<signed-credential>...<owner_gid>@ga</owner_gid><owner_urn>@ua</owner_urn>...
 *
 *   @gX  the chain of X as PEM      @uX  the URN of X      @kX  the key id of X
 *
 * Persons: p plc, s site, l lab, x sitex, a alice, b bob, e eve, 1 2 slices, n node, t tool,
 * o other root, m mallory (tests/unit/trustpki.h).
 */
#include "tests/unit/trustpki.h"

#define FZ_SIGNERS 16

struct fz_template {
	char signers[FZ_SIGNERS + 1];
	char *text; /* owned */
};

/** The person of a letter; NULL: nobody. */
const struct tp *fz_person(char letter);
/** Takes an input apart and fills in its document. @return false: it is no template, or too large. */
bool fz_expand(const uint8_t *data, size_t size, struct fz_template *out);
/**
 * The document with a Signature over each <credential>, the last of them by the first signer, and
 * so on. Caller frees; NULL: it cannot be signed.
 */
char *fz_sign(const struct fz_template *t);
/** Elements of this local name in a document that can be parsed. */
size_t fz_count(const char *text, const char *name);
