/* SPDX-License-Identifier: ISC */
#pragma once
/* The inside of a verifier, for this folder: what one thread remembers under one set of roots. */
#include "lib/trust/chain.h"
#include "lib/trust/recall.h"

struct tr_verifier {
	struct tr_roots *roots;	 /* a reference; NULL: nothing is trusted */
	struct tr_certs *certs;	 /* certificates read; holds under any roots */
	struct tr_recall chains; /* verdicts on certificates in their chains (path.h) */
	struct tr_recall grants; /* verdicts on documents (cred_verify.c) */
};

/** Releases an entry of chains: set by tr_verifier_new. Defined in chain.c. */
void tr_verdict_release(struct tr_recalled *entry);
/** The same of grants. Defined in grant.c. */
void tr_grant_release(struct tr_recalled *entry);
