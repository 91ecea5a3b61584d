/* SPDX-License-Identifier: ISC */
#pragma once
/* Connections that read: a bounded number, each opened when it is first needed. */
#include <pthread.h>
#include <stdatomic.h>

#include "lib/store/conn.h"

#define ST_READERS_MAX 64
#define ST_READERS 4

struct st_reader {
	struct st_conn *conn;
	bool busy;
};

struct st_readers {
	const struct st_target *target;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	unsigned n;
	struct st_reader reader[ST_READERS_MAX];
	atomic_uint_fast64_t retries;
};

/** @return 0, -CC_ESYS. */
int st_readers_init(struct st_readers *p, const struct st_target *target, unsigned n);
void st_readers_deinit(struct st_readers *p);
/** As st_read. */
int st_readers_run(struct st_readers *p, int64_t deadline, st_run_fn *run, void *arg,
		   struct cc_note *why);
