/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What the registry judges by and signs with: the roots of now, verifiers for as many threads as
 * ask, and the authorities whose keys are here.
 */
#include "lib/conf/ini.h"
#include "lib/conf/opt.h"
#include "lib/trust/roots_folder.h"
#include "lib/trust/signer.h"

struct reg_trust; /* any thread */

/** Where everything is; texts are borrowed for the call. */
struct reg_trust_conf {
	const char *authorities, *hrn, *roots;
	const struct cf_list *crls;
	const struct cf_section *rules; /* [roots], NULL: none */
	size_t remembered; /* certificates, chains and credentials that a verifier keeps, each */
};
/** Reads roots and our authority. @return 0, negative error with why. */
int reg_trust_new(const struct reg_trust_conf *conf, struct reg_trust **out, struct cc_note *why);
void reg_trust_free(struct reg_trust *t);
/** Takes fresh roots and CRLs, and forgets signers; the old ones stay on failure. @return as above. */
int reg_trust_reload(struct reg_trust *t, const struct reg_trust_conf *conf, struct cc_note *why);
/** Reads roots as above, and forgets them: for a check. */
int reg_trust_check(const struct reg_trust_conf *conf, struct cc_note *why);

/** A verifier that knows the roots of now, for one call of one thread. @return 0, -CC_ENOMEM. */
int reg_verifier_take(struct reg_trust *t, struct tr_verifier **out);
void reg_verifier_give(struct reg_trust *t, struct tr_verifier *v);
/** The roots of now; a reference. */
struct tr_roots *reg_roots(struct reg_trust *t);

/**
 * The signer of an authority (the store's form); give it back. @return 0, as tr_hierarchy_signer.
 */
struct reg_signer;
int reg_signer_take(struct reg_trust *t, const char *hrn, struct reg_signer **out,
		    struct cc_note *why);
struct tr_signer *reg_signer_of(struct reg_signer *s);
void reg_signer_give(struct reg_trust *t, struct reg_signer *s);
void reg_signer_givep(struct reg_signer **s);
/** It was renewed or retired: the next one who asks reads it again. */
void reg_signer_forget(struct reg_trust *t, const char *hrn);
/** The folder of the authorities. */
const char *reg_authorities(const struct reg_trust *t);
