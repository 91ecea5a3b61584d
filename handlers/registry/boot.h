/* SPDX-License-Identifier: ISC */
#pragma once
#include "handlers/registry/registry.h"

/**
 * Sees to it that every authority of the folder has a record: those made by `ccfed authority create`,
 * and one that a crash left without, unless it may still be registered again with its op.
 * @return 0, negative error with why.
 */
int reg_boot(struct registry *reg, struct cc_note *why);

/*
 * That an authority is being registered, kept in table job from before its key is made until its
 * record is written: a record of reg_boot would lack what was asked for, and be told as a conflict.
 */
int reg_begun_put(struct st_tx *tx, const char *authority, int64_t now);
int reg_begun_clear(struct st_tx *tx, const char *authority);
