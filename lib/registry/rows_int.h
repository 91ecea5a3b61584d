/* SPDX-License-Identifier: ISC */
#pragma once
#include "lib/registry/rows.h"

/** Reads the lists that hang on a record into it. @return 0, as st_query. */
int rg_read_lists(struct st_tx *tx, struct rg_record *r);
