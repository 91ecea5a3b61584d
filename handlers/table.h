/* SPDX-License-Identifier: ISC */
#pragma once
/* The one list of handlers. */
#include "lib/handler/handler.h"

/** Sorted by name, NULL-ended. */
extern const struct cc_handler *const handler_table[];
