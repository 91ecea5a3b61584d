/* SPDX-License-Identifier: ISC */
#include "handlers/proxy/routes.h"

#include <string.h>

#include "lib/base/err.h"

struct route {
	struct cc_list link; /* first: by_use hands it back */
	struct cc_map_node node;
	int64_t used;
	uint8_t identity[];
};

void px_routes_init(struct px_routes *t, size_t max, int64_t lifetime_ms)
{
	cc_map_init(&t->map);
	cc_list_init(&t->by_use);
	t->max = max;
	t->lifetime_ms = lifetime_ms;
}

static void drop(struct px_routes *t, struct route *r)
{
	cc_list_remove(&r->link);
	cc_map_remove(&t->map, &r->node);
	free(r);
}

void px_routes_deinit(struct px_routes *t)
{
	if (!t->by_use.next)
		return; /* never initialised */
	while (!cc_list_empty(&t->by_use))
		drop(t, (struct route *)t->by_use.next);
	cc_map_deinit(&t->map);
}

static struct route *find(struct px_routes *t, struct cc_bytes identity)
{
	struct cc_map_node *n = cc_map_find(&t->map, identity.data, identity.len);

	return n ? cc_container_of(n, struct route, node) : NULL;
}

static void touch(struct px_routes *t, struct route *r, int64_t now)
{
	r->used = now;
	cc_list_remove(&r->link);
	cc_list_add_tail(&t->by_use, &r->link);
}

/* The list is in order of use, so the idle ones stand in front. */
static void forget_idle(struct px_routes *t, int64_t now)
{
	while (!cc_list_empty(&t->by_use)) {
		struct route *oldest = (struct route *)t->by_use.next;

		if (t->map.count < t->max && now - oldest->used <= t->lifetime_ms)
			return;
		drop(t, oldest);
	}
}

int px_routes_touch(struct px_routes *t, struct cc_bytes identity, int64_t now)
{
	struct route *r = find(t, identity);
	int err;

	if (r) {
		touch(t, r, now);
		return 0;
	}
	forget_idle(t, now);
	r = malloc(sizeof(*r) + identity.len);
	if (!r)
		return cc_raise(CC_ENOMEM);
	memcpy(r->identity, identity.data, identity.len);
	err = cc_map_add(&t->map, &r->node, r->identity, identity.len);
	if (err) {
		free(r);
		return cc_trace(err);
	}
	r->used = now;
	cc_list_add_tail(&t->by_use, &r->link);
	return 0;
}

bool px_routes_use(struct px_routes *t, struct cc_bytes identity, int64_t now)
{
	struct route *r = find(t, identity);

	if (!r)
		return false;
	if (now - r->used > t->lifetime_ms) {
		drop(t, r);
		return false;
	}
	touch(t, r, now);
	return true;
}

void px_routes_forget(struct px_routes *t, struct cc_bytes identity)
{
	struct route *r = find(t, identity);

	if (r)
		drop(t, r);
}
