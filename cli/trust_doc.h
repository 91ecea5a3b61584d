/* SPDX-License-Identifier: ISC */
#pragma once
/* What show and verify read: documents of strangers, and what the user says about them. */
#include "cli/facts.h"
#include "cli/trust.h"
#include "lib/trust/gid.h"
#include "lib/trust/rights.h"

enum trust_kind { TRUST_GID = 1, TRUST_CRED, TRUST_TICKET };
/** "GID", "credential", "ticket". */
const char *trust_kind_name(enum trust_kind kind);
/** Of the command's group. */
enum trust_kind trust_kind_of(const struct cli_command *cmd);

/**
 * Reads a document; path "-": standard input. What is longer than any document may be is cut one
 * octet beyond that, so that its reader refuses it as too long. Caller frees. @return 0,
 * -CC_ENOTFOUND, -CC_ESYS, -CC_ENOMEM.
 */
int trust_doc_read(const char *path, char **text, size_t *len, struct cc_note *why);
/** Reads a file of certificates, leaf first; why names it. @return 0, a rule, negative error. */
int trust_doc_gids(const char *path, struct tr_gids *out, struct cc_note *why);

/** Prints a note about what the user gave, made harmless; returns CLI_USAGE. */
int trust_unusable(const struct cli_command *cmd, const struct cc_note *why, int r);
/** The same for an option that there is not, or whose argument is missing. */
int trust_bad_option(const struct cli_command *cmd, const char *word);
/**
 * The name of a principal: URN, else HRN, else "(no name)". NULL: "(nobody)", which what was judged
 * names only when a test has switched off the rule that somebody must have signed.
 */
const char *trust_name_of(const struct tr_gid *g);
/** Adds them as "privileges", an array of {name, can_delegate}. */
void trust_fact_privileges(struct cli_facts *f, const struct tr_privilege *p, unsigned n);
