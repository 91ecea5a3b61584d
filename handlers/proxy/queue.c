/* SPDX-License-Identifier: ISC */
#include "handlers/proxy/queue.h"

#include "lib/base/err.h"

void px_queue_init(struct px_queue *q, size_t max_count, size_t max_bytes)
{
	cc_list_init(&q->items);
	q->count = q->bytes = 0;
	q->max_count = max_count;
	q->max_bytes = max_bytes;
}

void px_queue_deinit(struct px_queue *q)
{
	if (!q->items.next)
		return; /* never initialised */
	while (q->count)
		px_queue_drop(q, px_queue_first(q));
}

/* What a queued message really costs: a flood of small ones is mostly overhead. */
static size_t cost(const struct cc_msg *m)
{
	return sizeof(struct px_queued) + cc_msg_cost(m);
}

int px_queue_add(struct px_queue *q, struct cc_msg *m, struct px_request *request,
		 struct px_queued **out)
{
	struct px_queued *item;

	if (q->count >= q->max_count || q->bytes + cost(m) > q->max_bytes)
		return -CC_EBUSY;
	item = malloc(sizeof(*item));
	if (!item)
		return cc_raise(CC_ENOMEM);
	item->msg = cc_msg_take(m);
	if (!item->msg) {
		free(item);
		return cc_raise(CC_ENOMEM);
	}
	item->cost = cost(item->msg);
	item->request = request;
	cc_list_add_tail(&q->items, &item->link);
	q->count++;
	q->bytes += item->cost;
	*out = item;
	return 0;
}

struct px_queued *px_queue_first(struct px_queue *q)
{
	return cc_list_empty(&q->items) ? NULL : (struct px_queued *)q->items.next;
}

void px_queue_drop(struct px_queue *q, struct px_queued *item)
{
	cc_list_remove(&item->link);
	q->count--;
	q->bytes -= item->cost;
	cc_msg_free(item->msg);
	free(item);
}
