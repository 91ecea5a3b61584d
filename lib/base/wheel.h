/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Timer wheel for many deadlines of which few are reached: O(1) to set and to clear. A deadline
 * fires up to CC_WHEEL_SLOT_MS late, never early. Not thread-safe.
 */
#include <stdint.h>

#include "lib/base/list.h"

#define CC_WHEEL_SLOT_MS 16
#define CC_WHEEL_SLOTS 512 /* power of 2; later deadlines stay in their slot for another turn */

struct cc_timer {
	struct cc_list link;
	int64_t at; /* monotonic ms */
};

struct cc_wheel {
	struct cc_list slots[CC_WHEEL_SLOTS];
	struct cc_list due; /* taken from their slots, not yet handed out */
	int64_t tick;	    /* the slot number that was looked at last */
	unsigned count;
};

void cc_wheel_init(struct cc_wheel *w, int64_t now);
/** Sets a timer that is not set. Deadlines in the past fire within a slot. */
void cc_wheel_add(struct cc_wheel *w, struct cc_timer *t, int64_t at);
/** Clears a timer that is set. */
void cc_wheel_remove(struct cc_wheel *w, struct cc_timer *t);
/** Takes one timer whose time has come off the wheel; NULL: no more for now. Call until NULL. */
struct cc_timer *cc_wheel_expired(struct cc_wheel *w, int64_t now);
/** When to look next: INT64_MAX when empty, else not before `now`. */
int64_t cc_wheel_next(const struct cc_wheel *w, int64_t now);
