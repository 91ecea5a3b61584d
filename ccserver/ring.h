/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Bounded single-producer single-consumer ring of pointer pairs. The producer adds slots and
 * publishes several at once; each side caches the other's index, so that a filled or drained batch
 * costs one shared cache line.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct srv_slot {
	void *what;
	void *where;
};

struct srv_ring {
	struct srv_slot *slots;
	size_t mask;
	/* the producer's line */
	_Alignas(64) size_t added;
	size_t head_seen;
	_Alignas(64) atomic_size_t published;
	/* the consumer's line */
	_Alignas(64) atomic_size_t head;
	size_t published_seen;
};

/** The power of 2 that holds n. */
static inline size_t srv_ring_size(size_t n)
{
	size_t size = 1;

	while (size < n)
		size <<= 1;
	return size;
}

/** size: power of 2. @return whether there was memory. */
static inline bool srv_ring_init(struct srv_ring *r, size_t size)
{
	r->slots = calloc(size, sizeof(*r->slots));
	r->mask = size - 1;
	return r->slots != NULL;
}

static inline void srv_ring_deinit(struct srv_ring *r)
{
	free(r->slots);
	r->slots = NULL;
}

/** Producer: whether n more fit. Acquires: what the consumer gave back it no longer reads. */
static inline bool srv_ring_has_slots(struct srv_ring *r, size_t n)
{
	if (r->added - r->head_seen + n <= r->mask + 1)
		return true;
	r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
	return r->added - r->head_seen + n <= r->mask + 1;
}

/** Producer: whether one more fits. */
static inline bool srv_ring_has_room(struct srv_ring *r)
{
	return srv_ring_has_slots(r, 1);
}

/** Producer: adds a slot where there is room; unseen until published. */
static inline void srv_ring_add(struct srv_ring *r, void *what, void *where)
{
	r->slots[r->added++ & r->mask] = (struct srv_slot){what, where};
}

/** Producer: slots not yet published. */
static inline size_t srv_ring_unpublished(struct srv_ring *r)
{
	return r->added - atomic_load_explicit(&r->published, memory_order_relaxed);
}

/**
 * Producer: shows what was added. Sequentially consistent, so that the look at the sleeping flag
 * comes after it.
 */
static inline void srv_ring_publish(struct srv_ring *r)
{
	atomic_store(&r->published, r->added);
}

/** Consumer: the first slot, still in the ring; NULL: empty. */
static inline struct srv_slot *srv_ring_first(struct srv_ring *r)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	if (head == r->published_seen) {
		r->published_seen = atomic_load(&r->published);
		if (head == r->published_seen)
			return NULL;
	}
	return &r->slots[head & r->mask];
}

/** Consumer: gives the first slot back. */
static inline void srv_ring_pop(struct srv_ring *r)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	atomic_store_explicit(&r->head, head + 1, memory_order_release);
}

/** Producer: slots that the consumer has not given back; a look only, it gives no right to add. */
static inline size_t srv_ring_load(struct srv_ring *r)
{
	return r->added - atomic_load_explicit(&r->head, memory_order_relaxed);
}
