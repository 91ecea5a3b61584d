/* SPDX-License-Identifier: ISC */
#include "lib/cc/replay_table.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/map.h"

#define ROOM_MIN 8

_Static_assert(sizeof(struct replay_entry) == 24, "an id costs more than was promised");
_Static_assert(ROOM_MIN * sizeof(struct replay_entry) >= sizeof(struct replay_waste),
	       "the smallest array cannot be chained");

/* With the signer, or strangers could send one id in all their names, each behind the other. */
uint64_t replay_entry_hash(const struct replay_entry *e)
{
	return cc_map_hash(e, offsetof(struct replay_entry, serial));
}

unsigned replay_shard_of(uint64_t hash)
{
	return (unsigned)(hash >> 32) % REPLAY_SHARDS; /* places come from the other half */
}

/* The place of an entry, or the free one where it would stand. */
static struct replay_entry *place(const struct replay_table *t, uint64_t hash,
				  const struct replay_entry *e)
{
	uint32_t at = (uint32_t)hash & (t->room - 1);

	while (t->entries[at].signer != 0 &&
	       memcmp(&t->entries[at], e, offsetof(struct replay_entry, serial)) != 0)
		at = (at + 1) & (t->room - 1);
	return &t->entries[at];
}

/* Above seven eighths a search takes too long; less would cost memory. */
static bool is_full(const struct replay_table *t)
{
	return t->count >= t->room - t->room / 8;
}

static int grow(struct replay_table *t)
{
	struct replay_table bigger = {.room = t->room ? 2 * t->room : ROOM_MIN, .count = t->count};

	bigger.entries = calloc(bigger.room, sizeof(*bigger.entries));
	if (!bigger.entries)
		return cc_raise(CC_ENOMEM);
	for (uint32_t i = 0; i < t->room; i++) {
		const struct replay_entry *e = &t->entries[i];

		if (e->signer != 0)
			*place(&bigger, replay_entry_hash(e), e) = *e;
	}
	free(t->entries);
	*t = bigger;
	return 0;
}

int replay_table_note(struct replay_table *t, uint64_t hash, const struct replay_entry *e,
		      bool may_add)
{
	struct replay_entry *at = t->room ? place(t, hash, e) : NULL;

	if (at && at->signer != 0)
		return at->serial == e->serial ? REPLAY_SAME : REPLAY_OTHER;
	if (!may_add)
		return REPLAY_ABSENT;
	if (is_full(t)) {
		int r = grow(t);

		if (r < 0)
			return cc_trace(r);
		at = place(t, hash, e);
	}
	*at = *e;
	t->count++;
	return REPLAY_ADDED;
}

struct replay_waste *replay_table_take(struct replay_table *t)
{
	struct replay_waste *waste = (struct replay_waste *)t->entries;

	if (waste)
		*waste = (struct replay_waste){.bytes = replay_table_bytes(t)};
	*t = (struct replay_table){0};
	return waste;
}

size_t replay_table_bytes(const struct replay_table *t)
{
	return t->room * sizeof(*t->entries);
}
