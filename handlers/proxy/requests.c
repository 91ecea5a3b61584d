/* SPDX-License-Identifier: ISC */
#include "handlers/proxy/requests.h"

#include <string.h>

#include "lib/base/err.h"

/* One local identity's share of the table: a single peer must not take it all. */
struct px_client {
	struct cc_map_node node;
	size_t waiting;
	uint8_t identity[];
};

#define KEY_MAX (CC_ROUTE_MAX * (1 + CC_ROUTE_FRAME_MAX))

void px_requests_init(struct px_requests *t, size_t max, int64_t now)
{
	cc_map_init(&t->map);
	cc_map_init(&t->clients);
	cc_wheel_init(&t->wheel, now);
	cc_list_init(&t->told);
	t->max = max;
	t->bytes = 0;
}

static size_t cost(const struct px_request *r)
{
	return sizeof(*r) + r->key_len + r->type_len;
}

static void leave_client(struct px_requests *t, struct px_request *r)
{
	struct px_client *c = r->client;

	r->client = NULL;
	if (!c || --c->waiting)
		return;
	cc_map_remove(&t->clients, &c->node);
	free(c);
}

static struct px_client *find_client(struct px_requests *t, struct cc_bytes identity)
{
	struct cc_map_node *n = cc_map_find(&t->clients, identity.data, identity.len);

	return n ? cc_container_of(n, struct px_client, node) : NULL;
}

static int join_client(struct px_requests *t, struct px_request *r, struct cc_bytes identity)
{
	struct px_client *c = find_client(t, identity);
	int err;

	if (!c) {
		c = calloc(1, sizeof(*c) + identity.len);
		if (!c)
			return cc_raise(CC_ENOMEM);
		memcpy(c->identity, identity.data, identity.len);
		err = cc_map_add(&t->clients, &c->node, c->identity, identity.len);
		if (err) {
			free(c);
			return cc_trace(err);
		}
	}
	c->waiting++;
	r->client = c;
	return 0;
}

void px_requests_remove(struct px_requests *t, struct px_request *r)
{
	leave_client(t, r);
	cc_wheel_remove(&t->wheel, &r->timer);
	cc_list_remove(&r->link);
	cc_map_remove(&t->map, &r->node);
	t->bytes -= cost(r);
	free(r);
}

void px_requests_deinit(struct px_requests *t)
{
	struct cc_map_node *n;

	if (!t->told.next)
		return; /* never initialised */
	while ((n = cc_map_next(&t->map, NULL)))
		px_requests_remove(t, cc_container_of(n, struct px_request, node));
	cc_map_deinit(&t->map);
	cc_map_deinit(&t->clients);
}

static uint16_t write_key(const struct cc_msg *m, uint8_t key[KEY_MAX])
{
	uint16_t n = 0;

	for (uint32_t i = 0; i < m->delim; i++) {
		struct cc_bytes f = cc_msg_frame(m, i);

		key[n++] = (uint8_t)f.len;
		memcpy(key + n, f.data, f.len);
		n += (uint16_t)f.len;
	}
	return n;
}

static struct px_request *find(struct px_requests *t, const uint8_t *key, size_t len)
{
	struct cc_map_node *n = cc_map_find(&t->map, key, len);

	return n ? cc_container_of(n, struct px_request, node) : NULL;
}

/* Room for one more of this identity; those that were told give way, oldest first. */
static int make_room(struct px_requests *t, struct cc_bytes identity)
{
	const struct px_client *c = find_client(t, identity);

	if (c && c->waiting >= (t->max + 1) / 2)
		return -CC_EBUSY;
	if (t->map.count < t->max)
		return 0;
	if (cc_list_empty(&t->told))
		return -CC_EBUSY;
	px_requests_remove(t, cc_container_of(t->told.next, struct px_request, link));
	return 0;
}

int px_requests_add(struct px_requests *t, const struct cc_msg *m, int64_t at, struct px_peer *peer,
		    struct cc_list *waiting, struct px_request **out)
{
	struct cc_bytes type = cc_msg_type(m);
	uint8_t key[KEY_MAX];
	uint16_t len = write_key(m, key);
	struct px_request *r;
	int err;

	if (find(t, key, len))
		return -CC_EEXIST;
	err = make_room(t, cc_msg_frame(m, 0));
	if (err)
		return err;
	r = calloc(1, sizeof(*r) + len + type.len);
	if (!r)
		return cc_raise(CC_ENOMEM);
	r->peer = peer;
	r->key_len = len;
	r->type_len = (uint8_t)type.len;
	memcpy(r->key, key, len);
	memcpy(r->key + len, type.data, type.len);
	err = join_client(t, r, cc_msg_frame(m, 0));
	if (!err)
		err = cc_map_add(&t->map, &r->node, r->key, len);
	if (err) {
		leave_client(t, r);
		free(r);
		return cc_trace(err);
	}
	cc_list_add_tail(waiting, &r->link);
	cc_wheel_add(&t->wheel, &r->timer, at);
	t->bytes += cost(r);
	*out = r;
	return 0;
}

struct px_request *px_requests_find(struct px_requests *t, const struct cc_msg *m)
{
	uint8_t key[KEY_MAX];

	return find(t, key, write_key(m, key));
}

void px_requests_tell(struct px_requests *t, struct px_request *r, int64_t now)
{
	r->told = true;
	leave_client(t, r);
	r->peer = NULL;
	cc_list_remove(&r->link);
	cc_list_add_tail(&t->told, &r->link);
	cc_wheel_remove(&t->wheel, &r->timer);
	cc_wheel_add(&t->wheel, &r->timer, now + PX_TOLD_LIFE_MS);
}

struct cc_msg *px_request_msg(const struct px_request *r)
{
	struct cc_msg *m = cc_msg_new();
	int err = 0;

	if (!m)
		return NULL;
	for (uint16_t i = 0; i < r->key_len && !err; i += (uint16_t)(1 + r->key[i]))
		err = cc_msg_add(m, r->key + i + 1, r->key[i]);
	m->delim = m->count;
	if (!err)
		err = cc_msg_add(m, "", 0);
	if (!err)
		err = cc_msg_add(m, r->key + r->key_len, r->type_len);
	if (err)
		cc_msg_freep(&m);
	return m;
}
