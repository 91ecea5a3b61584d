/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The layouts of the Geniwrapper design document: labels end in one column, the names of a GID two
 * columns further in. Everything goes to standard output.
 */
#include "cli/facts.h"

#define TRUST_LABEL 11	   /* columns of a label before its colon */
#define TRUST_GID_LABEL 13 /* of a label of a GID */
#define TRUST_ENTRY 8	   /* blanks before an entry of a list */

void trust_put_label(int width, const char *label);
/** A line; none when the document does not say it. */
void trust_put_line(int width, const char *label, const json_t *value);
void trust_put_text(int width, const char *label, const char *text);
/** "        key : value" */
void trust_put_entry(const char *key, const json_t *value);
/** The lines of a level (cli/trust_describe.h): its privileges, and whether they may be delegated. */
void trust_put_privileges(const json_t *level);
void trust_put_delegate(const json_t *level);
/** A level of a credential as in 2008: who may do what on whom, and nothing else. */
void trust_put_credential(const json_t *level);
/** All levels of a document with all that they say (trust_show.c). */
void trust_put_levels(const json_t *document);
