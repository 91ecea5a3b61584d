/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * One daemon: its process and what becomes of it.
 *
 *   STOPPED --start--> STARTING --ready--> RUNNING --end--> BACKOFF --its time--> STARTING
 *                          |                  |
 *                          +------ stop ------+--> STOPPING (SIGTERM, SIGKILL) --end--> STOPPED
 *
 * Used by the supervisor's thread alone (super.h); nothing here waits.
 */
#include <stdatomic.h>

#include "handlers/jobmgr/output.h"
#include "handlers/jobmgr/spawn.h"
#include "handlers/jobmgr/spec.h"

enum job_state { JOB_STOPPED, JOB_STARTING, JOB_RUNNING, JOB_BACKOFF, JOB_STOPPING };

/** Of all daemons of a section. */
enum job_counter { JOB_STARTED, JOB_DIED, JOB_KILLED, JOB_HUNG, JOB_COUNTERS };
struct job_counts {
	atomic_ullong n[JOB_COUNTERS]; /* not yet given to the host */
	atomic_uint alive;	       /* processes */
};

struct job {
	char *name; /* of its section */
	struct job_spec *spec;
	struct job_spec *fresh; /* NULL, or what the next start goes by */
	struct job_counts *counts;
	enum job_state state;
	bool removed;		    /* no longer configured: goes when it has ended */
	bool again;		    /* start it when it has stopped */
	bool ready;		    /* said so on its lifeline, so it is to be heard */
	bool killed;		    /* SIGKILL is on its way */
	struct job_process process; /* pid 0: none */
	int64_t since;		    /* ms of the last change of state */
	int64_t started, heard, termed;
	int64_t deadline;    /* of the state; INT64_MAX: none */
	int64_t quiet, deaf; /* its output, its lifeline are not read before that */
	unsigned tries;	     /* starts since it last lived for watchdog-reset */
	unsigned long long starts, deaths;
	char last_exit[96];
	struct job_output output;
};

/** Takes the spec, on success. @return 0, -CC_ENOMEM. */
int job_new(struct job **out, struct job_spec *spec, struct job_counts *counts, int64_t now);
/** Of a job without a process, or one whose process is given up. */
void job_free(struct job *j);
bool job_alive(const struct job *j);

/** Starts what is stopped or backing off. */
void job_start(struct job *j, int64_t now);
/** SIGTERM, and SIGKILL after the grace; ends a back-off. */
void job_stop(struct job *j, int64_t now);
/** SIGKILL at once. */
void job_kill(struct job *j);
/** Stops and starts again; starts what is stopped. */
void job_restart(struct job *j, int64_t now);
/** Takes a new spec; restarts when it differs. */
void job_take(struct job *j, struct job_spec *fresh, int64_t now);

/** Milliseconds from an end to the next start, after so many starts. */
int64_t job_backoff(const struct job_options *o, unsigned tries);

#define JOB_FDS 4 /* descriptors to look at, pidfd last: -1: none */
void job_fds(const struct job *j, int64_t now, int fds[JOB_FDS]);
/** One of them, by its index, has something. */
void job_event(struct job *j, int which, int64_t now);
/** Does what is due. */
void job_tick(struct job *j, int64_t now);
/** When that is; INT64_MAX: never. */
int64_t job_next(const struct job *j, int64_t now);
/** Nobody could look for so long: no daemon is to be blamed for it. */
void job_forgive(struct job *j, int64_t late);

/** As job.list shows it. NULL: no memory. */
json_t *job_json(const struct job *j, int64_t now);
const char *job_state_text(enum job_state state);
