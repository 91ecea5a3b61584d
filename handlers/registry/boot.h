/* SPDX-License-Identifier: ISC */
#pragma once
#include "handlers/registry/registry.h"

/**
 * Sees to it that every authority of the folder has a record: those made by `ccfed authority create`.
 * What a registration left that never came to its end goes, when it cannot be asked for again with
 * its op. @return 0, negative error with why.
 */
int reg_boot(struct registry *reg, struct cc_note *why);

/*
 * That an authority is being registered, kept in table job from before its key is made until its
 * record is written: a record of reg_boot would lack what was asked for, and be told as a conflict.
 * It holds when the first and the last of those who ask began, which tells a key that they made from
 * one of `ccfed authority create`.
 */
int reg_begun_put(struct st_tx *tx, const char *authority, int64_t now);
/** @return 0, -CC_ENOTFOUND (somebody gave it up meanwhile, with the key), as st_exec. */
int reg_begun_clear(struct st_tx *tx, const char *authority);
/**
 * Takes back what a refused registration made, unless there is a record meanwhile. In a write.
 * @return 0, as st_exec, tr_hierarchy_retire.
 */
int reg_begun_give_up(struct st_tx *tx, const char *dir, const char *authority);
