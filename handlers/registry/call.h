/* SPDX-License-Identifier: ISC */
#pragma once
#include "handlers/registry/registry.h"

/** One message of reg.*, from arguments to answer. @return as struct cc_handler's handle. */
int reg_serve(struct registry *reg, struct cc_host *host, struct cc_in *in);
