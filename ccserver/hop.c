/* SPDX-License-Identifier: ISC */
#include "ccserver/hop.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"

struct peer {
	struct cc_list link; /* first: by_use hands it back */
	struct cc_map_node node;
	int64_t thousandths; /* allowance left, in 1/1000 of an error */
	int64_t refilled;
	uint8_t identity[];
};

void srv_hop_init(struct srv_hop *h, int64_t rate)
{
	h->rate = rate;
	cc_map_init(&h->peers);
	cc_list_init(&h->by_use);
}

static void drop(struct srv_hop *h, struct peer *p)
{
	cc_list_remove(&p->link);
	cc_map_remove(&h->peers, &p->node);
	free(p);
}

void srv_hop_set_rate(struct srv_hop *h, int64_t rate)
{
	h->rate = rate;
}

void srv_hop_deinit(struct srv_hop *h)
{
	if (!h->by_use.next)
		return; /* never initialised */
	while (!cc_list_empty(&h->by_use))
		drop(h, (struct peer *)h->by_use.next);
	cc_map_deinit(&h->peers);
}

static struct peer *get_peer(struct srv_hop *h, struct cc_bytes identity, int64_t now)
{
	struct cc_map_node *n = cc_map_find(&h->peers, identity.data, identity.len);
	struct peer *p;

	if (n)
		return cc_container_of(n, struct peer, node);
	if (h->peers.count >= SRV_HOP_PEERS_MAX)
		drop(h, (struct peer *)h->by_use.next);
	p = calloc(1, sizeof(*p) + identity.len);
	if (!p)
		return NULL;
	memcpy(p->identity, identity.data, identity.len);
	if (cc_map_add(&h->peers, &p->node, p->identity, identity.len) != 0) {
		free(p);
		return NULL;
	}
	cc_list_init(&p->link);
	p->thousandths = h->rate * 1000;
	p->refilled = now;
	return p;
}

bool srv_hop_allowed(struct srv_hop *h, struct cc_bytes identity, int64_t now)
{
	struct peer *p = get_peer(h, identity, now);

	if (!p)
		return false;
	cc_list_remove(&p->link);
	cc_list_add_tail(&h->by_use, &p->link);
	p->thousandths += (now - p->refilled) * h->rate;
	if (p->thousandths > h->rate * 1000)
		p->thousandths = h->rate * 1000;
	p->refilled = now;
	if (p->thousandths < 1000)
		return false;
	p->thousandths -= 1000;
	return true;
}

struct cc_msg *srv_hop_error(const struct cc_msg *request, const char *code)
{
	struct cc_bytes type = cc_msg_type(request);
	struct cc_msg *m = cc_msg_new_room(request->delim + 4);
	char body[CC_HOP_ERROR_MAX + 1];
	int n, r;

	if (!m)
		return NULL;
	/* type is of the grammar, code our own word: nothing to escape */
	n = snprintf(
		body, sizeof(body),
		"{\"req\": \"error\", \"hop\": true, \"code\": \"%s\", \"req_type\": \"%.*s\", "
		"\"time\": %.3f}",
		code, (int)type.len, (const char *)type.data, cc_clock_wall());
	r = n > 0 && n < (int)sizeof(body) ? cc_msg_add_route(m, request) : -CC_ELIMIT;
	if (!r)
		r = cc_msg_add(m, "", 0);
	if (!r)
		r = cc_msg_add(m, "error", 5);
	if (!r)
		r = cc_msg_add(m, body, (size_t)n);
	if (!r)
		r = cc_msg_add(m, "", 0);
	if (r)
		cc_msg_freep(&m);
	return m;
}
