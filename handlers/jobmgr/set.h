/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The daemons of one section, in the order of `daemons`, behind them those that are no longer
 * configured and have not ended yet. Used by the supervisor's thread alone.
 */
#include <poll.h>

#include "handlers/jobmgr/job.h"

struct job_set {
	const char *section; /* of the handler, for the log; borrowed */
	struct job **jobs;
	struct pollfd *fds; /* room for one more than those of all jobs: the first is the owner's */
	size_t count;
	struct job_counts counts;
};

/** @return 0, -CC_ENOMEM. */
int job_set_init(struct job_set *s, const char *section);
void job_set_deinit(struct job_set *s);
/**
 * Takes what is configured now; empties specs. New ones start, changed ones are restarted, the
 * others end. Without memory all stays as it is, which is logged.
 */
void job_set_take(struct job_set *s, struct job_specs *specs, int64_t now);
/** A configured daemon, or NULL. */
struct job *job_set_find(struct job_set *s, const char *name);
/** Forgets those that were to go and went. */
void job_set_sweep(struct job_set *s);
/**
 * To be called again and again while all are to end: stops the last one, and when it has ended or
 * has had its time to, the one before. Nothing starts any more. @return when to call again at the
 * latest.
 */
int64_t job_set_stop(struct job_set *s, int64_t now);
void job_set_kill(struct job_set *s);
/** Whether every process there is was sent SIGKILL. */
bool job_set_killed(const struct job_set *s);

/** Does what is due. */
void job_set_tick(struct job_set *s, int64_t now);
/** When that is; INT64_MAX: never. */
int64_t job_set_next(const struct job_set *s, int64_t now);
/** Fills fds from the second on. @return their number, the first included. */
nfds_t job_set_fill(struct job_set *s, int64_t now);
/** Takes what poll(2) found in them. */
void job_set_events(struct job_set *s, int64_t now);
/** Nobody could look for so long. */
void job_set_forgive(struct job_set *s, int64_t late);
