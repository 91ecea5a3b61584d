/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What the aggregate does by itself, in a thread of its own: it removes slivers that are over, forgets old
 * tombstones, and, as the `dummy` component, does what the outbox says, after a delay, and tells by generation
 * what became of it.
 */
#include "handlers/aggregate/aggregate.h"

/** Starts it. agg is borrowed until agg_worker_free. @return 0, -CC_ENOMEM, -CC_ESYS. */
int agg_worker_new(struct aggregate *agg, struct agg_worker **out);
/** Ends it; what it is about is finished first. NULL is nothing. */
void agg_worker_free(struct agg_worker *w);
/** There may be something in the outbox. */
void agg_worker_wake(struct agg_worker *w);
/**
 * Removes slivers that are over, some hundred at a time: what it does by itself, now and in the caller's thread.
 * @return whether there may be more.
 */
bool agg_sweep(struct aggregate *agg);
