/* SPDX-License-Identifier: ISC */
#pragma once
/* What the files behind name.h and rights.h share: octets, comparing without case, bounded text. */
#include "lib/trust/name.h"

/** Printable ASCII, no white space, none of | ? / # and no backslash, the escape of HRNs. */
bool tr_octet_valid(char c);
/** Equal but for the case of ASCII letters, in every locale. */
bool tr_same(struct tr_part a, struct tr_part b);
struct tr_part tr_part_of(const char *text);
bool tr_part_is(struct tr_part part, const char *word);

/** Text from outside as a note may hold it: odd octets as "?", long text cut. */
#define TR_SHOWN 100
const char *tr_shown(struct tr_part text, char out[TR_SHOWN]);

/* A name in the making; what does not fit makes it full for good. */
struct tr_text {
	char data[TR_NAME_MAX + 1];
	size_t len;
	bool full;
};
void tr_text_put(struct tr_text *t, struct tr_part part);
/** Hands the text over, NUL-terminated. @return 0, -CC_ELIMIT: longer than a name, or than size. */
int tr_text_copy(const struct tr_text *t, char *out, size_t size);
