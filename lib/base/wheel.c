/* SPDX-License-Identifier: ISC */
#include "lib/base/wheel.h"

#define MASK (CC_WHEEL_SLOTS - 1)

void cc_wheel_init(struct cc_wheel *w, int64_t now)
{
	for (unsigned i = 0; i < CC_WHEEL_SLOTS; i++)
		cc_list_init(&w->slots[i]);
	cc_list_init(&w->due);
	w->tick = now / CC_WHEEL_SLOT_MS;
	w->count = 0;
}

/* A deadline within tick k is looked at when tick k + 1 begins, so that none fires early. */
static int64_t due_tick(int64_t at)
{
	return at / CC_WHEEL_SLOT_MS + 1;
}

void cc_wheel_add(struct cc_wheel *w, struct cc_timer *t, int64_t at)
{
	int64_t tick = due_tick(at);

	if (tick <= w->tick)
		tick = w->tick + 1;
	t->at = at;
	cc_list_add_tail(&w->slots[tick & MASK], &t->link);
	w->count++;
}

void cc_wheel_remove(struct cc_wheel *w, struct cc_timer *t)
{
	cc_list_remove(&t->link);
	w->count--;
}

/* Each timer of a slot is looked at once per turn, however many are due with it. */
static void take_due(struct cc_wheel *w, struct cc_list *slot, int64_t now)
{
	struct cc_list *next;

	for (struct cc_list *l = slot->next; l != slot; l = next) {
		next = l->next;
		if (((struct cc_timer *)l)->at > now) /* link is the first member */
			continue;
		cc_list_remove(l);
		cc_list_add_tail(&w->due, l);
	}
}

struct cc_timer *cc_wheel_expired(struct cc_wheel *w, int64_t now)
{
	int64_t end = now / CC_WHEEL_SLOT_MS;
	struct cc_timer *t;

	if (end - w->tick > CC_WHEEL_SLOTS)
		w->tick = end - CC_WHEEL_SLOTS; /* one turn sees every slot */
	for (; cc_list_empty(&w->due) && w->count && w->tick < end; w->tick++)
		take_due(w, &w->slots[(w->tick + 1) & MASK], now);
	if (cc_list_empty(&w->due)) {
		w->tick = end > w->tick ? end : w->tick;
		return NULL;
	}
	t = (struct cc_timer *)w->due.next;
	cc_wheel_remove(w, t);
	return t;
}

int64_t cc_wheel_next(const struct cc_wheel *w, int64_t now)
{
	if (!w->count)
		return INT64_MAX;
	if (!cc_list_empty(&w->due))
		return now;
	for (int64_t tick = w->tick + 1; tick <= w->tick + CC_WHEEL_SLOTS; tick++)
		if (!cc_list_empty(&w->slots[tick & MASK])) {
			int64_t at = tick * CC_WHEEL_SLOT_MS;

			return at > now ? at : now;
		}
	return now;
}
