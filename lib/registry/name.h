/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What records are called: an HRN or a URN from outside, and the one form of it that the store
 * compares. Names of authorities, slices and users compare without case, those of nodes as they are
 * (lib/trust/name.h), so the store's form of the former is in lower case.
 */
#include "lib/trust/name.h"

enum rg_type { RG_ANY = 0, RG_AUTHORITY, RG_USER, RG_SLICE, RG_NODE, RG_TYPES };

/** "authority", "user", "slice", "node"; "" for RG_ANY. Never NULL. */
const char *rg_type_word(enum rg_type type);
/** The type of a word, also "sa", "ma", "authority+sa"; RG_ANY: none of ours. */
enum rg_type rg_type_of(const char *word);

struct rg_name {
	enum rg_type type;		 /* RG_ANY: an HRN without a word on its type */
	char hrn[TR_NAME_MAX + 1];	 /* as it was written */
	char name[TR_NAME_MAX + 1];	 /* the store's form; RG_ANY: in lower case */
	char authority[TR_NAME_MAX + 1]; /* of the one above, in lower case; "" for a top one */
	char urn[TR_NAME_MAX + 1];	 /* "" for RG_ANY */
};

/* Why a name is none, beside 0. */
enum rg_name_fault { RG_NAME_BAD = 1, RG_NAME_TYPE };

/**
 * Reads an HRN or a URN. type (may be NULL or ""): what is said beside it; a URN that says another
 * one is RG_NAME_TYPE. @return 0, RG_NAME_BAD, RG_NAME_TYPE (no type of ours), with why.
 */
int rg_name_read(const char *text, const char *type, struct rg_name *out, struct cc_note *why);
/** Whether it may be given to a new record: labels of [A-Za-z0-9._-], at most 64. */
int rg_name_check(const struct rg_name *name, struct cc_note *why);
/** Whether authority `over` (the store's form) is above a record: by whole labels, not itself. */
bool rg_name_above(const char *over, const struct rg_name *name);
