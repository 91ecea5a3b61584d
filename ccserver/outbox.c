/* SPDX-License-Identifier: ISC */
#include "ccserver/outbox.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"

struct waiting {
	struct cc_list link; /* first */
	struct cc_msg *msg;
	size_t cost;
};

struct peer {
	struct cc_list link; /* first: blocked hands it back */
	struct cc_map_node node;
	struct cc_list messages;
	size_t bytes, count;
	int64_t moved; /* monotonic ms, when it last took something */
	uint8_t identity[];
};

void srv_outbox_init(struct srv_outbox *o, size_t max_peer_bytes, size_t max_bytes)
{
	memset(o, 0, sizeof(*o));
	cc_map_init(&o->peers);
	cc_list_init(&o->blocked);
	o->max_peer_bytes = max_peer_bytes;
	o->max_bytes = max_bytes;
}

static void drop_first(struct srv_outbox *o, struct peer *p)
{
	struct waiting *w = (struct waiting *)p->messages.next;

	cc_list_remove(&w->link);
	p->bytes -= w->cost;
	p->count--;
	o->bytes -= w->cost;
	cc_msg_free(w->msg);
	free(w);
}

static void drop_peer(struct srv_outbox *o, struct peer *p)
{
	while (!cc_list_empty(&p->messages))
		drop_first(o, p);
	cc_list_remove(&p->link);
	cc_map_remove(&o->peers, &p->node);
	free(p);
}

void srv_outbox_set_bounds(struct srv_outbox *o, size_t max_peer_bytes, size_t max_bytes)
{
	o->max_peer_bytes = max_peer_bytes;
	o->max_bytes = max_bytes;
}

void srv_outbox_deinit(struct srv_outbox *o)
{
	if (!o->blocked.next)
		return; /* never initialised */
	while (!cc_list_empty(&o->blocked))
		drop_peer(o, (struct peer *)o->blocked.next);
	cc_map_deinit(&o->peers);
}

static struct peer *find(const struct srv_outbox *o, struct cc_bytes identity)
{
	struct cc_map_node *n = cc_map_find(&o->peers, identity.data, identity.len);

	return n ? cc_container_of(n, struct peer, node) : NULL;
}

static struct peer *add_peer(struct srv_outbox *o, struct cc_bytes identity)
{
	struct peer *p = calloc(1, sizeof(*p) + identity.len);

	if (!p)
		return NULL;
	memcpy(p->identity, identity.data, identity.len);
	if (cc_map_add(&o->peers, &p->node, p->identity, identity.len) != 0) {
		free(p);
		return NULL;
	}
	cc_list_init(&p->messages);
	cc_list_add_tail(&o->blocked, &p->link);
	p->moved = cc_clock_ms();
	o->retry = SRV_OUTBOX_RETRY_MS;
	o->next = p->moved + o->retry;
	return p;
}

static int keep(struct srv_outbox *o, struct peer *p, struct cc_msg *m)
{
	size_t cost = sizeof(struct waiting) + cc_msg_cost(m);
	struct waiting *w;

	if (o->bytes + cost > o->max_bytes || (p && p->bytes + cost > o->max_peer_bytes))
		return -CC_EBUSY;
	if (!p)
		p = add_peer(o, cc_msg_frame(m, 0));
	w = p ? calloc(1, sizeof(*w)) : NULL;
	if (w)
		w->msg = cc_msg_new_room(m->count);
	if (!w || !w->msg) {
		free(w);
		return cc_raise(CC_ENOMEM); /* an empty peer goes at the next flush */
	}
	cc_msg_move(w->msg, m);
	w->cost = cost;
	p->bytes += cost;
	p->count++;
	o->bytes += cost;
	cc_list_add_tail(&p->messages, &w->link);
	return 0;
}

int srv_outbox_send(struct srv_outbox *o, void *sock, struct cc_msg *m)
{
	struct peer *p = o->peers.count ? find(o, cc_msg_frame(m, 0)) : NULL;
	int r = p ? -CC_EBUSY : cc_msg_send(m, sock);

	return r == -CC_EBUSY ? keep(o, p, m) : r;
}

/* @return whether the peer took anything. */
static bool flush_peer(struct srv_outbox *o, struct peer *p, void *sock, int64_t now,
		       uint64_t *gone, uint64_t *stuck)
{
	bool any = false;

	while (!cc_list_empty(&p->messages)) {
		int r = cc_msg_send(((struct waiting *)p->messages.next)->msg, sock);

		if (r == -CC_EBUSY)
			break;
		*gone += r != 0;
		drop_first(o, p);
		any = true;
	}
	if (any)
		p->moved = now;
	else if (now - p->moved > SRV_OUTBOX_STUCK_MS)
		*stuck += p->count;
	if (cc_list_empty(&p->messages) || now - p->moved > SRV_OUTBOX_STUCK_MS)
		drop_peer(o, p);
	return any;
}

void srv_outbox_flush(struct srv_outbox *o, void *sock, int64_t now, uint64_t *gone,
		      uint64_t *stuck)
{
	struct cc_list *next;
	bool any = false;

	if (!o->peers.count || now < o->next)
		return;
	for (struct cc_list *l = o->blocked.next; l != &o->blocked; l = next) {
		next = l->next;
		any |= flush_peer(o, (struct peer *)l, sock, now, gone, stuck);
	}
	if (any)
		o->retry = SRV_OUTBOX_RETRY_MS;
	else if (o->retry < SRV_OUTBOX_RETRY_MAX_MS)
		o->retry *= 2;
	o->next = now + o->retry;
}

int64_t srv_outbox_next(const struct srv_outbox *o)
{
	return o->peers.count ? o->next : INT64_MAX;
}
