/* SPDX-License-Identifier: ISC */
#pragma once
/* Ownership helpers: a cleanup attribute on every owning local, an explicit steal to hand over. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define cc_cleanup(fn) __attribute__((cleanup(fn)))

/** Takes the pointer out of an owning variable: cc_steal(&p) yields p and leaves NULL. */
#define cc_steal(pp)                                                                               \
	({                                                                                         \
		__typeof__(pp) cc_steal_pp = (pp);                                                 \
		__typeof__(*cc_steal_pp) cc_steal_p = *cc_steal_pp;                                \
		*cc_steal_pp = NULL;                                                               \
		cc_steal_p;                                                                        \
	})

#define CC_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/** For cc_cleanup on memory of malloc. */
static inline void cc_freep(void *pp)
{
	void **p = pp;

	free(*p);
	*p = NULL;
}

/** For cc_cleanup on a file descriptor; -1 is none. */
void cc_closep(int *fd);

/*
 * A bug that a fuzz target must find: there in a build with -Dseeded_bugs=true (never in a package),
 * while CCFED_SEEDED_BUGS is in the environment. Expands to false otherwise, so that the seeded
 * branch is compiled out.
 */
#ifdef CC_SEEDED_BUGS
bool cc_bugs_are_seeded(void);
#define CC_SEEDED_BUG(cond) (cc_bugs_are_seeded() && (cond))
#else
#define CC_SEEDED_BUG(cond) (false)
#endif
