/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Log lines on their way to the bus (spec cc-bus A4, D0): a sink of lib/base/log.h keeps them in a
 * bounded queue, the loop publishes them as log.<level>. A line that finds the queue full, or that
 * the link does not take, is lost there and counted; it stands in the local log all the same. What
 * is logged while lines are published is for the local log only: else each failure would make
 * another.
 */
#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/log.h"

#define DM_LOGBUS_LINES 256 /* that wait */
#define DM_LOGBUS_TEXT 1024 /* octets of one */
#define DM_LOGBUS_RATE 100  /* lines a second */

struct dm_logbus_line; /* opaque */

struct dm_logbus {
	pthread_mutex_t lock; /* of the queue: any thread may log */
	struct dm_logbus_line *first, **last;
	unsigned count;
	uint64_t dropped;
	int64_t second; /* start of the one that sent is counted in, monotonic ms */
	unsigned sent;
};

/** Who logs; borrowed for the call. */
struct dm_logbus_name {
	const char *job_name;
	const char *service; /* "discovery" */
	const char *section; /* "d:discovery" */
};

void dm_logbus_init(struct dm_logbus *b);
/** Forgets what waits. */
void dm_logbus_deinit(struct dm_logbus *b);
/** The sink: keeps lines of level info and above. */
void dm_logbus_note(void *bus, const struct cc_log_event *event);
/**
 * Publishes what waits, as fast as the rate allows. send gets a borrowed body; what it returns
 * beside 0 loses the line.
 */
void dm_logbus_flush(struct dm_logbus *b, const struct dm_logbus_name *name, int64_t now,
		     int (*send)(void *arg, const char *type, json_t *body), void *arg);
/** ms until dm_logbus_flush has something to do: INT64_MAX when nothing waits. */
int64_t dm_logbus_wait(struct dm_logbus *b, int64_t now);
/** Lines lost since the last call. */
uint64_t dm_logbus_take_dropped(struct dm_logbus *b);
