/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The sleeping side of a ring: an eventfd that is written only while the owner sleeps. The owner
 * announces its sleep, looks at its rings once more, and only then blocks; the other side
 * publishes, then looks at the announcement.
 */
#include <stdatomic.h>
#include <stdbool.h>

struct srv_sleeper {
	int fd;
	atomic_bool asleep;
};

/** @return 0, -CC_ESYS. */
int srv_sleeper_init(struct srv_sleeper *s);
void srv_sleeper_deinit(struct srv_sleeper *s);
/** Owner: announces; must look at its rings again before it blocks on fd. */
void srv_sleeper_announce(struct srv_sleeper *s);
/** Owner: awake again; empties the eventfd if it was written. */
void srv_sleeper_awake(struct srv_sleeper *s);
/** Owner: blocks until woken. */
void srv_sleeper_wait(struct srv_sleeper *s);
/** Other side, after publishing: wakes the owner if it sleeps. */
void srv_sleeper_wake(struct srv_sleeper *s);
