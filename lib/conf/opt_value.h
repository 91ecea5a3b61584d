/* SPDX-License-Identifier: ISC */
#pragma once
/* One option's text to its value: private to lib/conf/opt*.c. */
#include "lib/conf/opt.h"

/**
 * Converts text into the field of target that o names. what gets a phrase that says what is wrong.
 * @return 0, -CC_EINVAL, -CC_ENOMEM.
 */
int opt_value_set(const struct cf_opt *o, const char *text, void *target, struct cc_note *what);
/** Frees the field, if it owns memory. */
void opt_value_clear(const struct cf_opt *o, void *target);
