/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The audit: what was asked, by whom, on whose word, and what became of it (architecture section 6).
 * A row of table audit is what one transaction of one ccserver did:
 *
 *   instance, number (1, 2, ...), at (ms since 1970), entries (JSON, each line with its line feed, newest last),
 *   previous (hash of number - 1; 32 zero octets for the first),
 *   hash = SHA-256(previous, instance, 0, number as 8 octets big endian, at the same way, entries)
 *
 * It is in the same transaction as the writes it tells of. A row that is changed, left out or added
 * in the middle breaks the chain of its instance; the last hash of each, noted elsewhere, binds the
 * end, too.
 */
#include "lib/store/store.h"

#define ST_HASH 32

struct st_audit_row {
	const char *instance;
	int64_t number, at;
	const char *entries; /* NUL-terminated */
	size_t len;
	uint8_t previous[ST_HASH], hash[ST_HASH];
};
/** Calls each for the rows from `since` (ms) on, by time; a non-zero return ends it. @return that, as st_read. */
int st_audit_each(struct st_store *s, int64_t since, int64_t deadline,
		  int (*each)(void *arg, const struct st_audit_row *row), void *arg,
		  struct cc_note *why);

struct st_audit_verdict {
	uint64_t rows, entries, instances;
	char bad[256]; /* the first fault in words; "": none */
};
/** Follows every chain. @return 0 (look at bad), as st_read. */
int st_audit_verify(struct st_store *s, int64_t deadline, struct st_audit_verdict *out,
		    struct cc_note *why);
