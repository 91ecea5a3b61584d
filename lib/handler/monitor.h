/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Watches one remote: pings it each period, says when it fell silent and when it came back. Any
 * traffic counts as life. Pure state and arithmetic; the owner sends the pings.
 */
#include <stdbool.h>
#include <stdint.h>

struct cc_monitor {
	const char *url;
	int64_t period_ms;  /* 0: no pings; only the connection counts */
	int64_t silence_ms; /* unanswered for this long: down */
	int64_t heard;	    /* monotonic ms of the last sign of life, or of the start */
	int64_t pinged;	    /* last ping; 0: none */
	int64_t asked;	    /* first ping since it was heard; 0: none */
	int64_t down_since; /* 0: up */
	bool connected;
};

/** Starts the watch; the remote has silence_ms to show up before it is called down. */
void cc_monitor_init(struct cc_monitor *m, const char *url, int64_t period_ms, int64_t silence_ms,
		     int64_t now);
/** Something came from the remote. @return whether it was down until now (logged). */
bool cc_monitor_heard(struct cc_monitor *m, int64_t now);
/**
 * The connection came up (counts as life) or went down (down at once). @return whether up/down
 * changed.
 */
bool cc_monitor_connection(struct cc_monitor *m, bool up, int64_t now);
/** @return whether a ping is due now; the next one is due a period later. */
bool cc_monitor_ping_due(struct cc_monitor *m, int64_t now);
/** The ping is on its way: from now on an answer is owed. */
void cc_monitor_asked(struct cc_monitor *m, int64_t now);
/** Looks at the clock. @return whether the remote has just been found down (logged). */
bool cc_monitor_check(struct cc_monitor *m, int64_t now);
/** When to look again. */
int64_t cc_monitor_next(const struct cc_monitor *m);
