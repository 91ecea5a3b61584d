/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The supervisor: one thread that owns the daemons of a section, and the only one that forks, for
 * they die with the thread that forked them. Others talk to it through this header and never wait
 * for it, job_super_ask excepted.
 */
#include "handlers/jobmgr/set.h"

enum job_verb { JOB_LIST, JOB_CONFIG, JOB_LOG, JOB_START, JOB_STOP, JOB_RESTART };

struct job_ask {
	enum job_verb verb;
	const char *name;    /* of the daemon; not for JOB_LIST */
	unsigned lines;	     /* JOB_LOG */
	int64_t patience_ms; /* how long a start or stop may take until it is answered as it stands
			      */
};

struct job_super; /* opaque */

/** Starts the thread. section: borrowed. @return 0, -CC_ENOMEM, -CC_ESYS. */
int job_super_new(struct job_super **out, const char *section);
/**
 * Ends the daemons and the thread: at once when job_super_stop was called before, else in order,
 * each within its grace.
 */
void job_super_free(struct job_super *s);
/**
 * Hands over what is configured now; empties specs. New daemons start, changed ones are restarted,
 * the others end.
 */
void job_super_take(struct job_super *s, struct job_specs *specs);
/** Begins to stop all, the last one first. */
void job_super_stop(struct job_super *s);
/** Whether any daemon's process is there. */
bool job_super_alive(const struct job_super *s);
/** What was counted since the last call. */
uint64_t job_super_counted(struct job_super *s, enum job_counter counter);
/**
 * Asks, and waits for the answer; one thread at a time. *body: new reference.
 * @return 0, -CC_ENOTFOUND (no such daemon), -CC_EBUSY (it is stopping), -CC_ETIMEOUT (no answer),
 * -CC_ENOMEM.
 */
int job_super_ask(struct job_super *s, const struct job_ask *ask, json_t **body);
