/* SPDX-License-Identifier: ISC */
#include "handlers/registry/stores.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"

#define KNOWN_MAX 100000 /* authorities whose store is remembered */
#define FAILED_MS 10000	 /* a store that could not be opened is left alone so long */

struct place {
	struct cc_map_node node; /* key: authority */
	struct st_store *store;
	char authority[];
};

enum other_state { OTHER_OPENING = 1, OTHER_OPEN, OTHER_FAILED };

/* One that a .dbinfo names. It stays where it is, but that one that failed makes room. */
struct other {
	char *url;
	struct st_store *store;
	enum other_state state;
	int64_t again; /* of one that failed: cc_clock_ms when it is tried again */
};

struct reg_stores {
	pthread_mutex_t lock;
	struct st_store *own;
	struct other others[REG_STORES_MAX];
	unsigned n_others;
	uint64_t forgotten; /* counts reg_stores_forget */
	struct cc_map places;
	char *authorities;
	struct st_conf conf;
};

int reg_stores_new(struct st_store **own, const char *authorities, const struct st_conf *conf,
		   struct reg_stores **out)
{
	struct reg_stores *s = calloc(1, sizeof(*s));

	if (s)
		s->authorities = strdup(authorities);
	if (!s || !s->authorities) {
		free(s);
		return cc_raise(CC_ENOMEM);
	}
	pthread_mutex_init(&s->lock, NULL);
	cc_map_init(&s->places);
	s->conf = *conf;
	s->own = cc_steal(own);
	*out = s;
	return 0;
}

static void forget(struct reg_stores *s)
{
	struct cc_map_node *node;

	while ((node = cc_map_next(&s->places, NULL))) {
		cc_map_remove(&s->places, node);
		free(cc_container_of(node, struct place, node));
	}
}

void reg_stores_forget(struct reg_stores *s)
{
	pthread_mutex_lock(&s->lock);
	forget(s);
	s->forgotten++;
	pthread_mutex_unlock(&s->lock);
}

void reg_stores_free(struct reg_stores *s)
{
	if (!s)
		return;
	forget(s);
	cc_map_deinit(&s->places);
	for (unsigned i = 0; i < s->n_others; i++) {
		st_close(s->others[i].store);
		free(s->others[i].url);
	}
	st_close(s->own);
	pthread_mutex_destroy(&s->lock);
	free(s->authorities);
	free(s);
}

/* ---- other stores: all with the lock held ---- */

static struct other *find_other(struct reg_stores *s, const char *url)
{
	for (unsigned i = 0; i < s->n_others; i++)
		if (strcmp(s->others[i].url, url) == 0)
			return &s->others[i];
	return NULL;
}

/* A free place, else that of one that failed; it takes url. NULL: there is none. */
static struct other *add_other(struct reg_stores *s, char *url)
{
	struct other *o = NULL;

	if (s->n_others < REG_STORES_MAX)
		o = &s->others[s->n_others];
	for (unsigned i = 0; i < s->n_others && !o; i++)
		if (s->others[i].state == OTHER_FAILED)
			o = &s->others[i];
	if (!o)
		return NULL;
	s->n_others += o == &s->others[s->n_others];
	free(o->url);
	*o = (struct other){.url = url, .state = OTHER_FAILED};
	return o;
}

/*
 * Opens it with the lock given up, since a server that is gone takes its time to be found so. Who else
 * asks for this one meanwhile, or soon after it failed, is told at once that it is busy.
 */
static int open_it(struct reg_stores *s, struct other *o, struct cc_note *why)
{
	struct st_conf conf = s->conf;
	struct st_store *store = NULL;
	int r;

	conf.url = o->url;
	o->state = OTHER_OPENING;
	pthread_mutex_unlock(&s->lock);
	r = st_open(&store, &conf, why);
	pthread_mutex_lock(&s->lock);
	o->store = store;
	o->state = r ? OTHER_FAILED : OTHER_OPEN;
	o->again = cc_clock_ms() + FAILED_MS;
	return r;
}

static int take_other(struct reg_stores *s, const char *url, struct st_store **out,
		      struct cc_note *why)
{
	struct other *o = find_other(s, url);
	char *copy = o ? NULL : strdup(url);
	int r = 0;

	if (!o && !copy)
		return cc_raise(CC_ENOMEM);
	if (!o)
		o = add_other(s, copy);
	if (!o) {
		free(copy);
		return cc_note_set(why, CC_ELIMIT, "more than %d stores", REG_STORES_MAX);
	}
	if (o->state == OTHER_OPENING || (o->state == OTHER_FAILED && cc_clock_ms() < o->again))
		return cc_note_set(why, CC_EBUSY, "the store of that authority is %s",
				   o->state == OTHER_OPENING ? "being opened" : "out of reach");
	if (o->state == OTHER_FAILED)
		r = open_it(s, o, why);
	if (!r)
		*out = o->store;
	return r;
}

/* ---- which it is ---- */

/* What a .dbinfo says: NULL in *out: nothing. */
static int read_dbinfo(struct reg_stores *s, const char *authority, struct st_store **out,
		       struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	json_t *info;
	const char *url;
	int r = tr_hierarchy_dbinfo(s->authorities, authority, &text, why);

	*out = NULL;
	if (r == -CC_ENOTFOUND || r == -CC_EINVAL || (!r && !text))
		return 0; /* not here, or a name that no folder can have */
	if (r)
		return r;
	info = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	url = json_string_value(json_object_get(info, "store"));
	r = url ? take_other(s, url, out, why)
		: cc_note_set(why, CC_EFORMAT, ".dbinfo of %.180s names no store", authority);
	json_decref(info);
	return r;
}

static int search(struct reg_stores *s, const char *authority, struct st_store **out,
		  struct cc_note *why)
{
	char name[TR_NAME_MAX + 1], parent[TR_NAME_MAX + 1];
	int r = 0;

	*out = NULL;
	snprintf(name, sizeof(name), "%s", authority);
	while (*name && !r && !*out) {
		r = read_dbinfo(s, name, out, why);
		if (tr_hrn_parent(name, parent) != 0)
			break;
		memcpy(name, parent, sizeof(name));
	}
	if (!r && !*out)
		*out = s->own;
	return r;
}

static int remember(struct reg_stores *s, const char *authority, struct st_store *store)
{
	size_t len = strlen(authority);
	struct place *p = calloc(1, sizeof(*p) + len + 1);

	if (!p)
		return cc_raise(CC_ENOMEM);
	memcpy(p->authority, authority, len + 1);
	p->store = store;
	if (s->places.count >= KNOWN_MAX)
		forget(s);
	if (cc_map_add(&s->places, &p->node, p->authority, len) == 0)
		return 0;
	free(p);
	return cc_raise(CC_ENOMEM);
}

int reg_store_of(struct reg_stores *s, const char *authority, struct st_store **out,
		 struct cc_note *why)
{
	struct cc_map_node *node;
	uint64_t forgotten;
	int r = 0;

	if (!*authority) {
		*out = s->own;
		return 0;
	}
	pthread_mutex_lock(&s->lock);
	node = cc_map_find(&s->places, authority, strlen(authority));
	if (node) {
		*out = cc_container_of(node, struct place, node)->store;
	} else {
		forgotten = s->forgotten;
		r = search(s, authority, out, why);
		/* the lock was given up: what was read may be forgotten, or remembered already */
		if (!r && forgotten == s->forgotten &&
		    !cc_map_find(&s->places, authority, strlen(authority)))
			r = remember(s, authority, *out);
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}
