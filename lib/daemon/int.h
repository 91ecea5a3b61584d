/* SPDX-License-Identifier: ISC */
#pragma once
/* A running daemon; private to lib/daemon. */
#include "lib/base/log.h"
#include "lib/daemon/conf.h"
#include "lib/daemon/lifeline.h"
#include "lib/daemon/link.h"
#include "lib/daemon/logbus.h"
#include "lib/daemon/notify.h"

enum { DM_EXIT_OK = 0, DM_EXIT_RUNTIME = 1, DM_EXIT_USAGE = 2 };

#define DM_JOB_NAME_MAX 256

/* What the loop itself counts, beside the daemon's own list. */
enum dm_figure {
	DM_PUBLISHED,
	DM_BLOCKED,
	DM_REQUESTS,
	DM_ANSWERS,
	DM_ERRORS,
	DM_HOPS,
	DM_TIMEOUTS,
	DM_LATE,
	DM_REFUSED,
	DM_LOG_DROPPED,
	DM_RELOAD_FAILED,
	DM_FIGURES
};

struct dm {
	const struct dm_daemon *daemon;
	struct dm_source source;
	struct dm_bound *bound;
	enum cc_level level;
	void *zctx; /* of all links, so that the end of one does not wait for what it sends */
	struct dm_link *link;
	struct dm_link *leaving; /* of before a reload, with requests under way; NULL: none */
	struct dm_lifeline lifeline;
	struct dm_notify notify;
	struct dm_logbus logbus;
	char job_name[DM_JOB_NAME_MAX]; /* fit for JSON */
	int signals;			/* signalfd, or -1 */
	int64_t wake, next_stats;	/* monotonic ms */
	int watched[DM_WATCH_MAX];
	unsigned n_watched;
	uint64_t counts[DM_COUNTERS_MAX], figures[DM_FIGURES];	       /* since the last line */
	uint64_t old_counts[DM_COUNTERS_MAX], old_figures[DM_FIGURES]; /* before it */
	struct cc_client_stats seen, seen_leaving; /* of the links, that figures have */
	bool begun;				   /* init was called, or would have been */
	bool stopping, orphan, broken;		   /* broken: the link */
	int code;				   /* exit code */
};

/* life.c */

/** Exit code of a failure at start, after its line to stderr. */
int dm_fail(const struct dm_daemon *d, const struct cc_note *why, int r);
/** From start to end. @return the exit code. */
int dm_run(const struct dm_daemon *d, const struct dm_source *source, enum cc_level level);
/** Opens the log that b names; on failure the old one stays. @return 0, -CC_ESYS. */
int dm_log_open(struct dm *dm, const struct dm_bound *b);
/** Publishes log lines, as far as rate and room allow. */
void dm_log_flush(struct dm *dm);

/* loop.c */

/** The loop of a daemon without `run`: until a stop is asked for. */
void dm_loop(struct dm *dm);
/** Blocks the signals that the loop reads; before any thread is made. */
void dm_signals_block(void);
/** @return 0, -CC_ESYS. */
int dm_signals_open(int *fd);
/**
 * From now on a signal that asks for a stop ends the process at once; with orphan not the first
 * one, which the end of the parent may have sent.
 */
void dm_signals_last(bool orphan);
/** The process ends after so many seconds, whatever it does. */
void dm_leave_within(unsigned seconds);

/* reload.c */
void dm_reload(struct dm *dm);

/* stats.c */

/** Adds what the link counted since the last call. */
void dm_stats_collect(struct dm *dm);
/** Logs what was counted since the last line, if anything was. */
void dm_stats_line(struct dm *dm);
