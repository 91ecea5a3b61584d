/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What the bridge counts, as Prometheus' text format 0.0.4 says it. The number of series is bounded by the
 * tables of methods: an unknown method is "other".
 */
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/map.h"

#define AB_BUCKETS 14

enum ab_outcome { AB_OK, AB_FAULT, AB_REFUSED, AB_UNAVAILABLE, AB_OUTCOMES };

/* Counters that have no label. */
enum ab_figure {
	AB_ACCEPTED,	     /* connections */
	AB_HANDSHAKES,	     /* that ended well */
	AB_RESUMED,	     /* of them, those of a session that was there before */
	AB_HANDSHAKE_FAILED, /* with an alert of ours */
	AB_CLIENT_REFUSED_US,
	AB_ADDRESS_LIMIT,    /* connections over the limit of their address */
	AB_CONNECTION_LIMIT, /* connections cut to make room, or refused for want of it */
	AB_MEMORY_LIMIT,     /* requests cut because of what is held already */
	AB_HANDSHAKE_LATE,   /* deadlines */
	AB_REQUEST_LATE,
	AB_WRITE_LATE,
	AB_IDLE_LATE,
	AB_REVOKED_OPEN, /* connections whose chain is good no more */
	AB_BUSY,	 /* calls over max-requests, or that the link did not take */
	AB_AWAY,	 /* calls while the bus was away */
	AB_FIGURES
};

#define AB_STATUSES 12

struct ab_series {
	struct cc_map_node node;
	const char *service, *method; /* borrowed for ever: of the tables */
	uint64_t outcomes[AB_OUTCOMES];
	uint64_t buckets[AB_BUCKETS + 1]; /* not cumulative; the last one: beyond all bounds */
	uint64_t sum_us;
};

struct ab_metrics {
	struct cc_map series; /* of struct ab_series, by service and method */
	uint64_t figures[AB_FIGURES];
	uint64_t statuses[AB_STATUSES + 1]; /* of HTTP; the last one: others */
};

void ab_metrics_init(struct ab_metrics *m);
void ab_metrics_deinit(struct ab_metrics *m);
/**
 * Counts one call. service and method: names that live for ever. Without memory for a new series it is not
 * counted.
 */
void ab_metrics_call(struct ab_metrics *m, const char *service, const char *method,
		     enum ab_outcome outcome, int64_t us);
void ab_metrics_status(struct ab_metrics *m, unsigned status);
static inline void ab_metrics_count(struct ab_metrics *m, enum ab_figure f)
{
	m->figures[f]++;
}

/** Writes all of it behind what out holds; out->err on failure. */
void ab_metrics_put(const struct ab_metrics *m, struct cc_buf *out);
/** One series without labels, with its lines HELP and TYPE ("counter", "gauge"). */
void ab_metrics_put_one(struct cc_buf *out, const char *name, const char *type, const char *help,
			uint64_t value);
