/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * How much of the crypto time signers that are not known yet may take (architecture section 4): a
 * full check costs ten times one of a known signer, and anybody can ask for it with a certificate of
 * his own. All of them together get a share of the workers' time, which is divided among the peers
 * that ask for it; who is over his part is told busy, and known signers go on. Thread-safe.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cc_strangers; /* opaque */

/** threads: how many verify; percent: 1..100 of their time. @return NULL: no memory. */
struct cc_strangers *cc_strangers_new(unsigned threads, unsigned percent);
void cc_strangers_free(struct cc_strangers *s);
/** Another share, from now on. */
void cc_strangers_configure(struct cc_strangers *s, unsigned percent);
/**
 * Whether a full check for this peer (any number that names it) may begin now (ns, monotonic). Each
 * that is let in ends with cc_strangers_spent.
 */
bool cc_strangers_admit(struct cc_strangers *s, uint64_t peer, int64_t now);
/** What the check cost, ns. */
void cc_strangers_spent(struct cc_strangers *s, uint64_t peer, int64_t ns);
