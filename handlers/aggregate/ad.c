/* SPDX-License-Identifier: ISC */
#include "handlers/aggregate/ad.h"

#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/rspec/advert.h"

#define OCTETS_MAX (12u << 20) /* with its base64 it must fit into a message */
#define AGE_MS 1000
#define ZLIB_LEVEL 1 /* five times as fast as 6, a quarter larger */

static const char dummy_note[] =
	"Slivers here are made by the dummy component of the aggregate: they are promised and have "
	"states, and no machine is behind them.";

void agg_text_unref(struct agg_text *t)
{
	if (!t || __atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	cc_buf_deinit(&t->plain);
	cc_buf_deinit(&t->packed);
	free(t);
}

struct shown {
	unsigned free;
	bool available;
};

/* What changes, copied under the lock: writing it all there would hold up every plan. */
static struct shown *look(struct agg_nodes *nodes, const struct agg_set *set, uint64_t *changes)
{
	struct shown *out = calloc(set->n_nodes + 1, sizeof(*out));

	if (!out)
		return NULL;
	pthread_mutex_lock(&nodes->lock);
	*changes = nodes->changes;
	for (unsigned i = 0; i < set->n_nodes; i++) {
		const struct agg_node *n = &set->nodes[i];

		out[i].available = n->used < n->slots && !n->exclusive;
		out[i].free = out[i].available ? n->slots - n->used : 0;
	}
	pthread_mutex_unlock(&nodes->lock);
	return out;
}

static bool may_be_alone(const struct agg_types *types, uint64_t bits)
{
	for (unsigned i = 0; i < types->n; i++)
		if (bits >> i & 1 && types->items[i].exclusive != AGG_NEVER)
			return true;
	return false;
}

static int put_node(const struct agg_call *c, const struct agg_node *n, const struct shown *s,
		    struct cc_buf *out)
{
	const struct agg_types *types = c->agg->types;
	struct rs_ad_type offered[AGG_TYPES_MAX];
	struct rs_ad_node node = {.component_id = n->urn,
				  .component_name = n->name,
				  .exclusive = may_be_alone(types, n->types),
				  .available = s->available,
				  .hardware = (const char *const *)n->hardware,
				  .slots = s->free,
				  .types = offered,
				  .country = n->country,
				  .latitude = n->latitude,
				  .longitude = n->longitude};

	for (unsigned i = 0; i < types->n; i++)
		if (n->types >> i & 1)
			offered[node.n_types++] = (struct rs_ad_type){
				types->items[i].name, (const char *const *)types->items[i].images};
	return rs_ad_node(c->agg->urn, &node, out);
}

static int write(const struct agg_call *c, const struct agg_set *set, const struct shown *shown,
		 bool available, struct agg_text *t)
{
	int r = rs_ad_begin(c->agg->urn, c->agg->types->names, c->now, dummy_note, &t->plain);

	for (unsigned i = 0; i < set->n_nodes && !r; i++)
		if (shown[i].available || !available)
			r = put_node(c, &set->nodes[i], &shown[i], &t->plain);
	if (!r)
		r = rs_ad_end(&t->plain);
	return r ? r : rs_compress(t->plain.data, t->plain.len, ZLIB_LEVEL, &t->packed);
}

static int make(struct agg_call *c, const struct agg_set *set, bool available,
		struct agg_text **out, uint64_t *changes)
{
	cc_cleanup(cc_freep) struct shown *shown = look(c->agg->nodes, set, changes);
	struct agg_text *t = calloc(1, sizeof(*t));
	int r = t && shown ? 0 : cc_raise(CC_ENOMEM);

	if (t) {
		t->refs = 1;
		t->plain.max = t->packed.max = OCTETS_MAX;
	}
	if (!r)
		r = write(c, set, shown, available, t);
	if (r)
		agg_text_unref(t);
	else
		*out = t;
	return r;
}

static struct agg_text *ref(struct agg_text *t)
{
	__atomic_add_fetch(&t->refs, 1, __ATOMIC_ACQ_REL);
	return t;
}

int agg_ad_get(struct agg_call *c, bool available, struct agg_text **out)
{
	cc_cleanup(agg_set_unrefp) struct agg_set *set = NULL;
	struct agg_nodes *nodes = c->agg->nodes;
	struct agg_text *fresh = NULL;
	uint64_t changes;
	int64_t now = cc_clock_ms();
	int r = agg_nodes_get(nodes, c->deadline, &set, &c->why);

	if (r)
		return agg_store_code(c, r);
	pthread_mutex_lock(&nodes->lock);
	changes = nodes->changes;
	pthread_mutex_unlock(&nodes->lock);
	/* who comes while it is made waits for it: it would take him as long */
	pthread_mutex_lock(&nodes->ad_lock);
	if (!nodes->ads[available] || (nodes->ad_changes[available] != changes &&
				       now - nodes->ad_made[available] >= AGE_MS)) {
		r = make(c, set, available, &fresh, &changes);
		if (!r) {
			agg_text_unref(nodes->ads[available]);
			nodes->ads[available] = fresh;
			nodes->ad_changes[available] = changes;
			nodes->ad_made[available] = now;
		}
	}
	if (!r)
		*out = ref(nodes->ads[available]);
	pthread_mutex_unlock(&nodes->ad_lock);
	return r;
}
