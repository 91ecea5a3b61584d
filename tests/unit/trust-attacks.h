/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Documents that exactly one rule must refuse, for tests/it/trust_rules.py: every rule has at least
 * one, and the attacks that earlier systems fell for have theirs (spec sfa 11).
 *
 * To add one: a row in the table of its kind. `then` is what becomes of it with the rule off:
 * "accepted", or the rule behind it that refuses as well, a second line of defence.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/rule.h"
#include "lib/base/util.h"
#include "tests/unit/credkit.h"

struct attack {
	int rule;		 /* that refuses; 0: a good document, which must be accepted */
	const char *name, *kind; /* kind: gid, cred, ticket */
	char *(*make)(void);	 /* the document; the caller frees */
	const char *options;	 /* of verify beside the roots; NULL: none */
	const char *then;
};

/* Tables that end with an empty row. */
extern const struct attack attacks_gid[], attacks_document[], attacks_cred[], attacks_use[];

/** Writes a file that options name, into the folder of the documents. Frees text. */
void attack_file(const char *name, char *text);
/** Appends text and frees it. */
void attack_put(struct cc_buf *b, char *text);
