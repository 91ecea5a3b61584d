/* SPDX-License-Identifier: ISC */
#pragma once
/* The handler `admin`: what an operator asks of a running server (docs/handlers/admin.md). */
#include "lib/handler/handler.h"

extern const struct cc_handler admin_handler;
