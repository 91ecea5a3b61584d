/* SPDX-License-Identifier: ISC */
#include "ccserver/router.h"

#include <string.h>

#include "lib/base/map.h"
#include "lib/base/util.h"
#include "lib/conf/opt.h"

struct prefix {
	struct cc_map_node node;
	char *text; /* "" for * */
	uint16_t *targets;
	size_t count;
};

/* The answer for a type met lately: most messages are of a few types. */
struct memo {
	uint8_t len; /* 0: empty */
	uint8_t type[CC_TYPE_MAX];
	unsigned count;
	uint16_t targets[SRV_TARGETS_MAX];
};
#define MEMOS 16 /* power of 2 */

struct srv_router {
	struct cc_map map;
	struct memo memos[MEMOS];
};

static void prefix_free(struct prefix *p)
{
	free(p->text);
	free(p->targets);
	free(p);
}

void srv_router_free(struct srv_router *r)
{
	struct cc_map_node *n;

	if (!r)
		return;
	while ((n = cc_map_next(&r->map, NULL))) {
		cc_map_remove(&r->map, n);
		prefix_free(cc_container_of(n, struct prefix, node));
	}
	cc_map_deinit(&r->map);
	free(r);
}

static struct prefix *find(const struct srv_router *r, const void *text, size_t len)
{
	struct cc_map_node *n = cc_map_find(&r->map, text, len);

	return n ? cc_container_of(n, struct prefix, node) : NULL;
}

static int check_pattern(const struct cf_entry *e, struct cc_note *why)
{
	unsigned components = 1;

	if (strcmp(e->key, "*") == 0)
		return 0;
	if (!cc_type_valid(e->key, strlen(e->key)))
		return cc_note_set(why, CC_EINVAL,
				   "%s:%d: \"%s\" is no message type prefix; write whole "
				   "components such as pub.infofile, or *",
				   e->file, e->line, e->key);
	for (const char *c = e->key; *c; c++)
		components += *c == '.';
	if (components > SRV_PREFIX_DEPTH)
		return cc_note_set(
			why, CC_EINVAL,
			"%s:%d: \"%s\" has more than %d components and would never match", e->file,
			e->line, e->key, SRV_PREFIX_DEPTH);
	return 0;
}

/* What stands in [DEFAULT] stands in [routes], too (spec cc-bus B1): a variable there is no route. */
#define NO_ROUTE 1

static int fill(struct prefix *p, const struct cf_entry *e, srv_handler_index_fn *index, void *arg,
		struct cc_note *why)
{
	cc_cleanup(cf_list_deinit) struct cf_list names = {0};
	int r = cf_list_parse(e->value, &names);

	if (r)
		return r;
	p->targets = calloc(names.count + 1, sizeof(*p->targets));
	if (!p->targets)
		return cc_raise(CC_ENOMEM);
	for (size_t i = 0; i < names.count; i++) {
		struct cc_note inner = {0};

		r = index(arg, names.items[i], &inner);
		if (r == -CC_ENOTFOUND && e->from_default)
			return NO_ROUTE;
		if (r == -CC_ENOTFOUND)
			return cc_note_set(why, -r, "%s:%d: %s", e->file, e->line, inner.text);
		if (r < 0)
			return cc_note_set(why, -r, "%s", inner.text);
		p->targets[p->count++] = (uint16_t)r;
	}
	return 0;
}

static int add(struct srv_router *r, const struct cf_entry *e, srv_handler_index_fn *index,
	       void *arg, struct cc_note *why)
{
	struct prefix *p;
	int err = check_pattern(e, why);

	if (err)
		return e->from_default ? 0 : err;
	p = calloc(1, sizeof(*p));
	if (!p)
		return cc_raise(CC_ENOMEM);
	p->text = strdup(strcmp(e->key, "*") == 0 ? "" : e->key);
	err = p->text ? fill(p, e, index, arg, why) : cc_raise(CC_ENOMEM);
	if (!err)
		err = cc_map_add(&r->map, &p->node, p->text, strlen(p->text));
	if (err)
		prefix_free(p);
	return err == NO_ROUTE ? 0 : err;
}

/* Calls that a message of exactly this type leads to; only the first SRV_TARGETS_MAX are written. */
static unsigned walk_prefixes(const struct srv_router *r, struct cc_bytes type,
			      uint16_t targets[SRV_TARGETS_MAX])
{
	unsigned n = 0, components = 0;

	for (size_t len = 0; len <= type.len && components <= SRV_PREFIX_DEPTH; len++) {
		const struct prefix *p;

		if (len != 0 && len != type.len && type.data[len] != '.')
			continue;
		components += len != 0;
		p = find(r, type.data, len);
		for (size_t i = 0; p && i < p->count; i++, n++)
			if (n < SRV_TARGETS_MAX)
				targets[n] = p->targets[i];
	}
	return n;
}

/* What a prefix and those above it lead to is what every type below it gets. */
static int check_calls(const struct srv_router *r, const struct cf_entry *e,
		       srv_handler_answers_fn *answers, void *arg, struct cc_note *why)
{
	const char *text = strcmp(e->key, "*") == 0 ? "" : e->key;
	struct cc_bytes type = {(const uint8_t *)text, strlen(text)};
	uint16_t targets[SRV_TARGETS_MAX];
	unsigned n = walk_prefixes(r, type, targets), n_answer = 0;

	if (n > SRV_TARGETS_MAX)
		return cc_note_set(why, CC_ELIMIT,
				   "%s:%d: messages of \"%s\" would go to %u handlers; at most %d",
				   e->file, e->line, e->key, n, SRV_TARGETS_MAX);
	for (unsigned i = 0; i < n; i++)
		n_answer += answers(arg, targets[i]);
	if (n_answer > 1)
		return cc_note_set(
			why, CC_EINVAL,
			"%s:%d: requests of \"%s\" would be answered %u times; leave one "
			"handler that answers",
			e->file, e->line, e->key, n_answer);
	return 0;
}

int srv_router_new(struct srv_router **out, const struct cf_section *routes,
		   srv_handler_index_fn *index, srv_handler_answers_fn *answers, void *arg,
		   struct cc_note *why)
{
	struct srv_router *r = calloc(1, sizeof(*r));
	int err = 0;

	if (!r)
		return cc_raise(CC_ENOMEM);
	cc_map_init(&r->map);
	for (size_t i = 0; routes && i < routes->count && !err; i++)
		err = add(r, &routes->entries[i], index, arg, why);
	for (size_t i = 0; routes && i < routes->count && !err; i++)
		err = check_calls(r, &routes->entries[i], answers, arg, why);
	if (err) {
		srv_router_free(r);
		return err;
	}
	*out = r;
	return 0;
}

static struct memo *memo_of(struct srv_router *r, struct cc_bytes type)
{
	return &r->memos[(type.len + type.data[0] + type.data[type.len - 1]) & (MEMOS - 1)];
}

unsigned srv_router_find(struct srv_router *r, struct cc_bytes type,
			 uint16_t targets[SRV_TARGETS_MAX])
{
	struct memo *m = memo_of(r, type);

	if (m->len != type.len || memcmp(m->type, type.data, type.len) != 0) {
		m->count = walk_prefixes(r, type, m->targets);
		m->len = (uint8_t)type.len;
		memcpy(m->type, type.data, type.len);
	}
	memcpy(targets, m->targets, m->count * sizeof(*targets));
	return m->count;
}
