/* SPDX-License-Identifier: ISC */
#pragma once
#include "handlers/registry/registry.h"

/**
 * Sees to it that every authority of the folder has a record: those made by `ccfed authority create`,
 * and one whose record a crash kept from being written. @return 0, negative error with why.
 */
int reg_boot(struct registry *reg, struct cc_note *why);
