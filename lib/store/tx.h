/* SPDX-License-Identifier: ISC */
#pragma once
/* What runs within a transaction: the calls of st_run_fn, on a connection of whichever backend. */
#include "lib/base/list.h"
#include "lib/store/conn.h"

struct st_tx {
	struct st_conn *conn;
	int err;	     /* of the first statement that failed: sticks */
	bool any_size;	     /* the store's own: limits of values and rows are the program's */
	struct cc_list rows; /* open ones */
};

void st_tx_init(struct st_tx *tx, struct st_conn *conn);
/** Runs fn within the open transaction; what it left open is closed. @return what became of it. */
int st_tx_run(struct st_tx *tx, st_run_fn *fn, void *arg);

/** Whether it is UTF-8 without a NUL: what both backends keep. */
bool st_text_is_good(const void *data, size_t len);
