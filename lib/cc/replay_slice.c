/* SPDX-License-Identifier: ISC */
/* Time cut into slices: their making and their end. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/cc/replay_int.h"

#define WINDOW_SLICES 16 /* into which a window is cut: ids stay that much longer */
#define SWEEP_SHARES 16	 /* ended per message: more than the one that it may make */

_Static_assert(REPLAY_SLOTS == 32, "a bit for each slot");

void replay_raise_floor(struct cc_replay *r, int64_t t)
{
	if (t > r->floor)
		r->floor = t;
}

static int64_t window(const struct cc_replay *r)
{
	return r->conf.back_ms + r->conf.ahead_ms;
}

void replay_waste_free(struct replay_waste *waste)
{
	for (struct replay_waste *next; waste; waste = next) {
		next = waste->next;
		free(waste);
	}
}

/* Cuts off what is freed without the lock. */
struct replay_waste *replay_waste_take(struct cc_replay *r, unsigned n)
{
	struct replay_waste *first = r->waste, **end = &r->waste;

	for (; *end && n > 0; n--) {
		r->waste_bytes -= (*end)->bytes;
		end = &(*end)->next;
	}
	if (end == &r->waste)
		return NULL;
	r->waste = *end;
	*end = NULL;
	return first;
}

static void slice_end(struct cc_replay *r, struct replay_slice *slice)
{
	for (size_t i = 0; i < REPLAY_SHARDS; i++) {
		struct replay_waste *waste;

		pthread_mutex_lock(&r->shards[i].lock);
		waste = replay_table_take(&r->shards[i].tables[slice->slot]);
		pthread_mutex_unlock(&r->shards[i].lock);
		if (!waste)
			continue;
		r->waste_bytes += waste->bytes;
		waste->next = r->waste;
		r->waste = waste;
	}
	r->slots &= ~(1u << slice->slot);
	r->ids -= slice->ids;
	r->gid_ids -= slice->gid_ids;
	replay_slice_bury(&r->book, slice);
}

static void range_remove(struct cc_replay *r, size_t at)
{
	r->n_ranges--;
	memmove(&r->ranges[at], &r->ranges[at + 1], (r->n_ranges - at) * sizeof(*r->ranges));
}

static void expire_first(struct cc_replay *r)
{
	replay_raise_floor(r, r->ranges[0].end);
	if (r->ranges[0].slice)
		slice_end(r, r->ranges[0].slice);
	range_remove(r, 0);
}

/*
 * The clock was far ahead and is no longer: nobody can replay those messages for long, and until
 * then they would take the room. The time they were of is closed, because they are forgotten.
 */
static void close_last(struct cc_replay *r, size_t at)
{
	struct replay_range *range = &r->ranges[at];

	slice_end(r, range->slice);
	range->slice = NULL;
	if (at + 1 < r->n_ranges && range[1].start == range->end && !range[1].slice) {
		range->end = range[1].end;
		range_remove(r, at + 1);
	}
}

void replay_expire(struct cc_replay *r, int64_t now)
{
	int64_t far = now + r->conf.ahead_ms + window(r);

	while (r->n_ranges > 0 && r->ranges[0].end <= now - r->conf.back_ms)
		expire_first(r);
	for (size_t i = r->n_ranges; i > 0 && r->ranges[i - 1].start > far; i--) {
		if (r->ranges[i - 1].slice)
			close_last(r, i - 1);
	}
	replay_book_sweep(&r->book, SWEEP_SHARES);
}

void replay_forget_all(struct cc_replay *r)
{
	while (r->n_ranges > 0)
		expire_first(r);
}

/* The first range that ends after t, or n_ranges: it holds t, or one for t stands before it. */
static size_t range_at(const struct cc_replay *r, int64_t t)
{
	size_t at = r->n_ranges;

	while (at > 0 && r->ranges[at - 1].end > t)
		at--;
	return at;
}

static bool holds(const struct cc_replay *r, size_t at, int64_t t)
{
	return at < r->n_ranges && r->ranges[at].start <= t;
}

/* A range around t of the width that the window asks for now, cut where a neighbour begins. */
static struct replay_range range_around(const struct cc_replay *r, size_t at, int64_t t)
{
	int64_t width = window(r) / WINDOW_SLICES + 1;
	int64_t start = t - ((t % width) + width) % width;
	struct replay_range range = {.start = start, .end = start + width};

	if (at > 0 && r->ranges[at - 1].end > range.start)
		range.start = r->ranges[at - 1].end;
	if (at < r->n_ranges && r->ranges[at].start < range.end)
		range.end = r->ranges[at].start;
	return range;
}

/* Reloads with ever other windows made too many: a neighbour takes the time and lives longer. */
static struct replay_slice *range_widen(struct cc_replay *r, size_t at,
					const struct replay_range *new)
{
	if (at > 0 && r->ranges[at - 1].slice) {
		r->ranges[at - 1].end = new->end;
		return r->ranges[at - 1].slice;
	}
	if (at < r->n_ranges && r->ranges[at].slice) {
		r->ranges[at].start = new->start;
		return r->ranges[at].slice;
	}
	return NULL;
}

static struct replay_slice *range_insert(struct cc_replay *r, size_t at,
					 const struct replay_range *new)
{
	struct replay_slice *slice = replay_slice_new(&r->book);

	if (!slice)
		return NULL;
	slice->serial = ++r->slice_serial;
	slice->slot = (unsigned)__builtin_ctz(~r->slots);
	r->slots |= 1u << slice->slot;
	memmove(&r->ranges[at + 1], &r->ranges[at], (r->n_ranges - at) * sizeof(*r->ranges));
	r->ranges[at] = *new;
	r->ranges[at].slice = slice;
	r->n_ranges++;
	return slice;
}

struct replay_slice *replay_slice_find(const struct cc_replay *r, int64_t t)
{
	size_t at = range_at(r, t);

	return holds(r, at, t) ? r->ranges[at].slice : NULL;
}

int replay_slice_get(struct cc_replay *r, int64_t t, struct replay_slice **out)
{
	size_t at = range_at(r, t);
	struct replay_range new;

	if (holds(r, at, t)) {
		*out = r->ranges[at].slice;
		return *out ? CC_REPLAY_NEW : CC_REPLAY_OLD;
	}
	new = range_around(r, at, t);
	if (r->n_ranges == REPLAY_SLOTS) {
		*out = range_widen(r, at, &new);
		return *out ? CC_REPLAY_NEW : CC_REPLAY_FULL;
	}
	*out = range_insert(r, at, &new);
	return *out ? CC_REPLAY_NEW : cc_raise(CC_ENOMEM);
}
