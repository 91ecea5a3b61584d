/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What the registry judges by (lib/authz) and signs with: the authorities whose keys are here.
 */
#include "lib/authz/authz.h"
#include "lib/trust/signer.h"

struct reg_trust; /* any thread */

/** Reads roots and our authority. @return 0, negative error with why. */
int reg_trust_new(const struct az_trust_conf *conf, struct reg_trust **out, struct cc_note *why);
void reg_trust_free(struct reg_trust *t);
/** Takes fresh roots and CRLs, and forgets signers; the old ones stay on failure. @return as above. */
int reg_trust_reload(struct reg_trust *t, const struct az_trust_conf *conf, struct cc_note *why);
/** Roots and verifiers; borrowed. */
struct az_trust *reg_judges(struct reg_trust *t);

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
