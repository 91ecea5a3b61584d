/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Counters of a server, kept by the routing thread alone (spec cc-bus G): count, bytes, seconds,
 * and the same .ok .dropped .crashed; one counter per cause of loss; per type with cc-stats = 2. A
 * period's figures are logged and start again from 0; totals go on.
 */
#include <stdint.h>

#include "lib/cc/gate.h"

enum srv_outcome { SRV_OK, SRV_DROPPED, SRV_CRASHED, SRV_OUTCOMES };

/** Why a message was lost or refused outside the gate. Each a counter "lost.NAME". */
enum srv_loss {
	SRV_LOSS_NO_ROUTE,   /* no handler for its type */
	SRV_LOSS_QUEUE_FULL, /* workers' queues full: busy */
	SRV_LOSS_PEER_FULL,  /* the receiver of an answer does not read */
	SRV_LOSS_PEER_GONE,  /* the receiver of an answer is not connected */
	SRV_LOSS_HOP_RATE,   /* hop error over the rate */
	SRV_LOSS_QUIESCED,   /* the server takes nothing new */
	SRV_LOSS_WATCH,	     /* copies that a watcher did not take */
	SRV_LOSS_MEMORY,
	SRV_LOSSES
};

struct srv_cell {
	uint64_t count, bytes, ns;
};

#define SRV_TYPES_MAX                                                                              \
	256 /* types counted on their own; a stranger's inventions beyond that are one */

struct srv_type {
	struct srv_type *next;
	struct srv_cell by[SRV_OUTCOMES];
	char name[];
};

struct srv_stats {
	int level; /* cc-stats */
	struct srv_cell all, by[SRV_OUTCOMES];
	uint64_t gate[CC_GATE_COUNTERS];
	uint64_t loss[SRV_LOSSES];
	uint64_t hop_errors, replies;
	struct srv_type *types;
	unsigned n_types;
};

const char *srv_loss_name(enum srv_loss loss);
void srv_stats_init(struct srv_stats *s, int level);
void srv_stats_deinit(struct srv_stats *s);
/** A message came in. */
void srv_stats_in(struct srv_stats *s, size_t bytes);
/** A message came to its end. */
void srv_stats_end(struct srv_stats *s, enum srv_outcome outcome, struct cc_bytes type,
		   size_t bytes, uint64_t ns);
/**
 * Calls line for every counter that is not 0 (and the main ones always): name, value; seconds as a
 * fraction.
 */
void srv_stats_each(const struct srv_stats *s,
		    void (*line)(void *arg, const char *name, double value), void *arg);
