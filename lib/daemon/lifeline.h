/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The lifeline between jobmgr and a daemon that it started: one end of a stream socket pair, whose
 * number is in the environment variable CCFED_LIFELINE. The daemon writes 'R' when it is ready and
 * 'h' every DM_HEARTBEAT_MS from its loop. When the other end is gone, so is the parent.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

#define DM_LIFELINE_VARIABLE "CCFED_LIFELINE"
#define DM_HEARTBEAT_MS 5000

struct dm_lifeline {
	int fd;	      /* -1: none, started by a shell or systemd */
	int64_t next; /* the next beat, monotonic ms; INT64_MAX: none */
};

/**
 * Takes the socket that the environment names, and the variable out of it, so that no child
 * inherits either. @return 0 (also without the variable), -CC_EINVAL with why (it names no stream
 * socket).
 */
int dm_lifeline_open(struct dm_lifeline *l, struct cc_note *why);
void dm_lifeline_close(struct dm_lifeline *l);
/** Says that the daemon is ready; beats begin. */
void dm_lifeline_ready(struct dm_lifeline *l, int64_t now);
/** Writes a beat if one is due; never waits: a parent that does not read has beats enough. */
void dm_lifeline_beat(struct dm_lifeline *l, int64_t now);
/** Whether the other end is gone. What it says is thrown away. Never waits. */
bool dm_lifeline_ended(const struct dm_lifeline *l);
