/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Making a daemon's process. Everything that may fail slowly or take memory is done before the
 * fork: the child of a process with threads may call little more than the kernel.
 *
 * No orphan: the child gets SIGTERM when the thread that forked it ends (PR_SET_PDEATHSIG, again
 * after the user changed, for that clears it), and finds the end of the lifeline, a socket pair
 * whose other end is the server's. It leads a session and process group of its own.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/err.h"

#define JOB_LIFELINE_FD 3 /* in the daemon; CCFED_LIFELINE says so */
#define JOB_ENV_MAX 16

/** All that the child needs. */
struct job_plan {
	char *const *argv; /* borrowed; argv[0] is a path */
	char *env[JOB_ENV_MAX + 1];
	bool drop; /* to this user and these groups */
	uid_t uid;
	gid_t gid, *groups;
	int n_groups;
	uint64_t memory; /* octets of address space; 0: any */
};

struct job_process {
	pid_t pid;
	int pidfd;
	int exec_fd;  /* end of file: the program runs; job_spawn_failure before: why not */
	int lifeline; /* ours; the daemon's 'R' and 'h' come by it */
	int output;   /* its standard output and error */
};

/** user: "" or whom to become. Looks the user up. *plan: deinit frees. @return 0, -CC_ENOTFOUND,
 * -CC_ESYS, -CC_ENOMEM. */
int job_plan_init(struct job_plan *plan, char *const *argv, const char *user, uint64_t memory,
		  struct cc_note *why);
void job_plan_deinit(struct job_plan *plan);
/** Forks. All descriptors of *out are the caller's, and do not block. @return 0, -CC_ESYS with why.
 */
int job_spawn(const struct job_plan *plan, struct job_process *out, struct cc_note *why);
/**
 * Reads exec_fd. @return 0 (nothing yet), 1 (the program runs), -CC_ESYS with why (it could not be
 * started; the child ends).
 */
int job_spawn_result(int exec_fd, struct cc_note *why);
