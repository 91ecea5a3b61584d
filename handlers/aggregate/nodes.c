/* SPDX-License-Identifier: ISC */
#include "handlers/aggregate/nodes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "handlers/aggregate/ad.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/registry/rows.h"

#define LOOK_MS 1000
#define PAGE 1000

/* ---- sets ---- */

static void node_deinit(struct agg_node *n)
{
	for (char **h = n->hardware; h && *h; h++)
		free(*h);
	free(n->hardware);
	free(n->urn);
	free(n->name);
	free(n->hostname);
	free(n->country);
	free(n->latitude);
	free(n->longitude);
	free(n->exclusive);
}

void agg_set_unref(struct agg_set *s)
{
	if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (unsigned i = 0; i < s->n_nodes; i++)
		node_deinit(&s->nodes[i]);
	for (unsigned i = 0; i < s->n_kinds; i++) {
		free(s->kinds[i].idle);
		free(s->kinds[i].shared);
	}
	cc_map_deinit(&s->by_urn);
	free(s->nodes);
	free(s->kinds);
	free(s);
}

void agg_set_unrefp(struct agg_set **s)
{
	agg_set_unref(*s);
	*s = NULL;
}

struct agg_node *agg_set_find(const struct agg_set *s, const char *urn)
{
	struct cc_map_node *found = cc_map_find(&s->by_urn, urn, strlen(urn));

	return found ? cc_container_of(found, struct agg_node, by_urn) : NULL;
}

void agg_node_settle(struct agg_set *s, struct agg_node *node)
{
	struct agg_kind *kind = &s->kinds[node->kind];
	struct agg_node **head;

	if (node->link) {
		*node->link = node->next;
		if (node->next)
			node->next->link = node->link;
		node->link = NULL;
	}
	if (node->used >= node->slots)
		return;
	head = node->exclusive
		       ? &s->held
		       : &(node->holders ? kind->shared : kind->idle)[node->slots - node->used];
	node->next = *head;
	node->link = head;
	if (*head)
		(*head)->link = &node->next;
	*head = node;
}

/* ---- what a record says ---- */

static char *text_of(const json_t *info, const char *key)
{
	const char *text = json_string_value(json_object_get(info, key));

	return strdup(text ? text : "");
}

static uint64_t types_of(const json_t *info, const struct agg_types *types)
{
	const json_t *list = json_object_get(info, "sliver_types"), *name;
	uint64_t bits = 0;
	size_t i;

	if (!json_is_array(list))
		return types->n == 64 ? UINT64_MAX : (1ull << types->n) - 1;
	json_array_foreach(list, i, name)
	{
		int type =
			json_is_string(name) ? agg_type_find(types, json_string_value(name)) : -1;

		if (type >= 0)
			bits |= 1ull << type;
	}
	return bits;
}

static char **hardware_of(const json_t *info)
{
	const json_t *list = json_object_get(info, "hardware_types"), *name;
	char **out = calloc(AGG_HARDWARE_MAX + 1, sizeof(*out));
	size_t i, n = 0;

	json_array_foreach(list, i, name) if (out && n < AGG_HARDWARE_MAX && json_is_string(name))
		out[n++] = strdup(json_string_value(name));
	return out;
}

/* A type that wants a hardware type is not offered by nodes without it. */
static uint64_t without_strange(const struct agg_node *n, uint64_t bits,
				const struct agg_types *types)
{
	for (unsigned i = 0; i < types->n; i++) {
		const char *wanted = types->items[i].hardware;
		bool has = !*wanted;

		for (char **h = n->hardware; *h; h++)
			has |= strcasecmp(*h, wanted) == 0;
		if (!has)
			bits &= ~(1ull << i);
	}
	return bits;
}

static unsigned slots_of(const json_t *info, unsigned standard)
{
	json_int_t n = json_integer_value(json_object_get(info, "slots"));

	return n >= 1 && n <= AGG_SLOTS_MAX ? (unsigned)n : standard;
}

static int node_read(const struct agg_nodes *nodes, const struct rg_record *r, struct agg_node *n)
{
	const json_t *info = json_object_get(r->info, "geni_info");
	const char *leaf = strrchr(r->hrn, '.');

	n->urn = strdup(r->urn);
	n->name = strdup(leaf ? leaf + 1 : r->hrn);
	n->hostname = text_of(r->info, "hostname");
	n->country = text_of(info, "country");
	n->latitude = text_of(info, "latitude");
	n->longitude = text_of(info, "longitude");
	n->hardware = hardware_of(info);
	n->slots = slots_of(info, nodes->default_slots);
	if (!n->urn || !n->name || !n->hostname || !n->country || !n->latitude || !n->longitude ||
	    !n->hardware)
		return cc_raise(CC_ENOMEM);
	n->types = without_strange(n, types_of(info, nodes->types), nodes->types);
	return 0;
}

/* ---- reading the store ---- */

struct reading {
	const struct agg_nodes *nodes;
	struct agg_set *set;
	unsigned room;
	int64_t stamp;
};

static int take_record(void *arg, const struct rg_record *r)
{
	struct reading *x = arg;

	if (x->set->n_nodes == AGG_NODES_MAX)
		return -CC_ELIMIT;
	if (x->set->n_nodes == x->room) {
		unsigned room = x->room ? x->room * 2 : 64;
		struct agg_node *nodes = realloc(x->set->nodes, room * sizeof(*nodes));

		if (!nodes)
			return cc_raise(CC_ENOMEM);
		x->set->nodes = nodes;
		x->room = room;
	}
	memset(&x->set->nodes[x->set->n_nodes], 0, sizeof(struct agg_node));
	return node_read(x->nodes, r, &x->set->nodes[x->set->n_nodes++]);
}

static bool same_hardware(const struct agg_node *a, const struct agg_node *b)
{
	unsigned i = 0;

	for (; a->hardware[i] && b->hardware[i]; i++)
		if (strcmp(a->hardware[i], b->hardware[i]) != 0)
			return false;
	return !a->hardware[i] && !b->hardware[i];
}

static int kind_add(struct agg_set *s, struct agg_node *n)
{
	struct agg_kind *kinds;

	for (n->kind = 0; n->kind < s->n_kinds; n->kind++)
		if (s->kinds[n->kind].types == n->types && same_hardware(s->kinds[n->kind].like, n))
			break;
	if (n->kind == s->n_kinds) {
		kinds = realloc(s->kinds, (s->n_kinds + 1) * sizeof(*kinds));
		if (!kinds)
			return cc_raise(CC_ENOMEM);
		s->kinds = kinds;
		kinds[s->n_kinds++] = (struct agg_kind){.types = n->types, .like = n};
	}
	if (s->kinds[n->kind].most < n->slots)
		s->kinds[n->kind].most = n->slots;
	return 0;
}

/* The nodes do not move any more: finds them by name and by kind. */
static int arrange(struct agg_set *s)
{
	int r = 0;

	for (unsigned i = 0; i < s->n_nodes && !r; i++) {
		struct agg_node *n = &s->nodes[i];

		r = cc_map_find(&s->by_urn, n->urn, strlen(n->urn))
			    ? 0
			    : cc_map_add(&s->by_urn, &n->by_urn, n->urn, strlen(n->urn));
		if (!r)
			r = kind_add(s, n);
	}
	for (unsigned i = 0; i < s->n_kinds && !r; i++) {
		struct agg_kind *k = &s->kinds[i];

		k->idle = calloc(k->most + 1, sizeof(*k->idle));
		k->shared = calloc(k->most + 1, sizeof(*k->shared));
		r = k->idle && k->shared ? 0 : cc_raise(CC_ENOMEM);
	}
	return r;
}

static int read_nodes(struct st_tx *tx, void *arg)
{
	struct reading *x = arg;
	int64_t after = 0, last = 0;
	int r = rg_stamp(tx, RG_NODE, &x->stamp);

	while (!r) {
		r = rg_each(tx, RG_NODE, after, PAGE, take_record, x, &last);
		if (last == after)
			break;
		after = last;
	}
	return r;
}

static int set_new(const struct agg_nodes *n, int64_t deadline, struct agg_set **out,
		   int64_t *stamp, struct cc_note *why)
{
	struct reading x = {.nodes = n};
	int r;

	x.set = calloc(1, sizeof(*x.set));
	if (!x.set)
		return cc_raise(CC_ENOMEM);
	x.set->refs = 1;
	cc_map_init(&x.set->by_urn);
	r = st_read(n->db, deadline, read_nodes, &x, why);
	if (!r)
		r = arrange(x.set);
	if (r) {
		agg_set_unref(x.set);
		return r;
	}
	*out = x.set;
	*stamp = x.stamp;
	return 0;
}

/* ---- what is promised ---- */

struct promise {
	char *urn, *exclusive;
	unsigned used, holders;
};

struct promises {
	struct promise *items;
	unsigned n, room;
};

static void promises_deinit(struct promises *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		free(p->items[i].urn);
		free(p->items[i].exclusive);
	}
	free(p->items);
	memset(p, 0, sizeof(*p));
}

static int promise_add(struct promises *p, const struct st_rows *row)
{
	struct promise *item;

	if (p->n == p->room) {
		unsigned room = p->room ? p->room * 2 : 64;
		struct promise *items = realloc(p->items, room * sizeof(*items));

		if (!items)
			return cc_raise(CC_ENOMEM);
		p->items = items;
		p->room = room;
	}
	item = &p->items[p->n++];
	*item = (struct promise){.urn = strdup(st_get_text(row, 0)),
				 .used = (unsigned)st_get_int(row, 1),
				 .holders = (unsigned)st_get_int(row, 2)};
	if (*st_get_text(row, 3))
		item->exclusive = strdup(st_get_text(row, 3));
	return item->urn ? 0 : cc_raise(CC_ENOMEM);
}

static int read_promises(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {
		"SELECT urn, used, holders, exclusive FROM component WHERE holders > 0"};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r;

	promises_deinit(arg);
	r = st_query(tx, &sql, NULL, 0, &rows);
	while (!r && (r = st_next(rows)) > 0)
		r = promise_add(arg, rows);
	return r;
}

/* With the lock. */
static void apply(struct agg_set *s, struct promises *p)
{
	for (unsigned i = 0; i < s->n_nodes; i++) {
		s->nodes[i].used = s->nodes[i].holders = 0;
		free(s->nodes[i].exclusive);
		s->nodes[i].exclusive = NULL;
	}
	for (unsigned i = 0; i < p->n; i++) {
		struct agg_node *n = agg_set_find(s, p->items[i].urn);

		if (!n)
			continue;
		n->used = p->items[i].used;
		n->holders = p->items[i].holders;
		n->exclusive = cc_steal(&p->items[i].exclusive);
	}
	for (unsigned i = 0; i < s->n_nodes; i++)
		agg_node_settle(s, &s->nodes[i]);
}

/* ---- the whole ---- */

int agg_nodes_new(struct st_store *db, const struct agg_types *types, unsigned default_slots,
		  struct agg_nodes **out)
{
	struct agg_nodes *n = calloc(1, sizeof(*n));

	if (!n)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_init(&n->refreshing, NULL);
	pthread_mutex_init(&n->lock, NULL);
	pthread_mutex_init(&n->ad_lock, NULL);
	n->db = db;
	n->types = types;
	n->default_slots = default_slots;
	*out = n;
	return 0;
}

void agg_nodes_free(struct agg_nodes *n)
{
	if (!n)
		return;
	agg_set_unref(n->set);
	for (int i = 0; i < 2; i++)
		agg_text_unref(n->ads[i]);
	pthread_mutex_destroy(&n->refreshing);
	pthread_mutex_destroy(&n->lock);
	pthread_mutex_destroy(&n->ad_lock);
	free(n);
}

struct stamping {
	int64_t stamp;
};

static int read_stamp(struct st_tx *tx, void *arg)
{
	return rg_stamp(tx, RG_NODE, &((struct stamping *)arg)->stamp);
}

/* What has to be done before the set may be used. */
static void ask(struct agg_nodes *n, bool *look, bool *reread)
{
	int64_t now = cc_clock_ms();

	pthread_mutex_lock(&n->lock);
	*look = !n->set || now - n->looked >= LOOK_MS;
	*reread = n->stale || !n->set;
	if (*look)
		n->looked = now;
	n->stale = false;
	pthread_mutex_unlock(&n->lock);
}

static int look_at_records(struct agg_nodes *n, int64_t deadline, struct agg_set **fresh,
			   int64_t *stamp, struct cc_note *why)
{
	struct stamping s = {0};
	int r = st_read(n->db, deadline, read_stamp, &s, why);
	bool same;

	if (r)
		return r;
	pthread_mutex_lock(&n->lock);
	same = n->set && n->stamp == s.stamp;
	pthread_mutex_unlock(&n->lock);
	return same ? 0 : set_new(n, deadline, fresh, stamp, why);
}

static int refresh(struct agg_nodes *n, int64_t deadline, struct cc_note *why)
{
	struct promises p = {0};
	struct agg_set *fresh = NULL;
	bool look, reread;
	int64_t stamp = 0;
	int r = 0;

	ask(n, &look, &reread);
	if (look)
		r = look_at_records(n, deadline, &fresh, &stamp, why);
	if (!r && (fresh || reread))
		r = st_read(n->db, deadline, read_promises, &p, why);
	pthread_mutex_lock(&n->lock);
	if (r) {
		n->stale = true;
		n->looked = 0;
	} else if (fresh || reread) {
		struct agg_set *old = fresh ? n->set : NULL;

		if (fresh) {
			n->set = cc_steal(&fresh);
			n->stamp = stamp;
			fresh = old;
		}
		if (n->set)
			apply(n->set, &p);
		n->changes++;
	}
	pthread_mutex_unlock(&n->lock);
	agg_set_unref(fresh);
	promises_deinit(&p);
	return r;
}

int agg_nodes_get(struct agg_nodes *n, int64_t deadline, struct agg_set **out, struct cc_note *why)
{
	int r;

	pthread_mutex_lock(&n->refreshing);
	r = refresh(n, deadline, why);
	pthread_mutex_unlock(&n->refreshing);
	if (r)
		return r;
	pthread_mutex_lock(&n->lock);
	*out = n->set;
	__atomic_add_fetch(&(*out)->refs, 1, __ATOMIC_ACQ_REL);
	pthread_mutex_unlock(&n->lock);
	return 0;
}

bool agg_nodes_moved(struct agg_nodes *n, const struct agg_set *s)
{
	bool moved;

	pthread_mutex_lock(&n->lock);
	moved = n->set != s;
	pthread_mutex_unlock(&n->lock);
	return moved;
}

void agg_nodes_doubt(struct agg_nodes *n)
{
	pthread_mutex_lock(&n->lock);
	n->stale = true;
	pthread_mutex_unlock(&n->lock);
}

void agg_nodes_gave(struct agg_nodes *n, const char *urn, unsigned slots)
{
	struct agg_node *node;

	pthread_mutex_lock(&n->lock);
	node = n->set ? agg_set_find(n->set, urn) : NULL;
	if (node && node->used >= slots && node->holders > 0) {
		node->used -= slots;
		if (--node->holders == 0) {
			free(node->exclusive);
			node->exclusive = NULL;
		}
		agg_node_settle(n->set, node);
	} else if (node) {
		n->stale = true;
	}
	n->changes++;
	pthread_mutex_unlock(&n->lock);
}
