/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Descriptors of lib/daemon in libevent's loop. They are level-triggered and are read elsewhere, after the
 * round that found them ready.
 */
#include <event2/event.h>
#include <event2/event_struct.h>

#include "lib/daemon/daemon.h"

struct ab_glue {
	struct event_base *base;
	struct pollfd fds[DM_FDS_MAX];
	unsigned n;
	struct event events[DM_FDS_MAX];
	struct event alarm;
};

void ab_glue_init(struct ab_glue *g, struct event_base *base);
void ab_glue_deinit(struct ab_glue *g);
/** Watches these from now on; n at most DM_FDS_MAX, those below 0 are none. */
void ab_glue_watch(struct ab_glue *g, const struct pollfd *fds, unsigned n);
/**
 * Watches none: before what may close them. libevent, which knows a descriptor by its number, would take a new one of
 * that number for the old. fds and their revents stay to be read.
 */
void ab_glue_forget(struct ab_glue *g);
/** One round of the loop: waits at most so many ms, 0 for what is there; sets revents. */
void ab_glue_round(struct ab_glue *g, int64_t wait);
