/* SPDX-License-Identifier: ISC */
#pragma once
/* What register and update have in common: a record as a client says it, made one of the store. */
#include "handlers/registry/registry.h"

/** Reads the argument `record`; its name becomes c->object. Deinit also after a failure. */
int reg_change_read(struct reg_call *c, struct rg_change *out);
/** Puts the fields that were said into a record. @return 0, a fault, negative error. */
int reg_change_apply(struct reg_call *c, const struct rg_change *change, struct rg_record *r);
/**
 * The key that its GID is to have: of `key`, of `gid`, or the first ssh line that a certificate can
 * hold; NULL: none was said. *out: borrowed from the change.
 */
int reg_change_key(struct reg_call *c, const struct rg_change *change, const char **out);
/** Writes the lists that were said. In a write. @return 0, a fault, as st_exec. */
int reg_change_lists(struct st_tx *tx, struct reg_call *c, int64_t id,
		     const struct rg_change *change);
/** Removes a record, with value (taken) as the answer. @return 0, a fault, negative error. */
int reg_remove_record(struct reg_call *c, const struct rg_name *name, json_t *value);
/** Makes a record of what is said, when that is allowed. @return 0, a fault, negative error. */
int reg_register_record(struct reg_call *c, struct rg_change *change);
