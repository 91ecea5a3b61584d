/* SPDX-License-Identifier: ISC */
#include "handlers/registry/stores.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"

#define KNOWN_MAX 100000 /* authorities whose store is remembered */

struct place {
	struct cc_map_node node; /* key: authority */
	struct st_store *store;
	char authority[];
};

struct opened {
	char *url;
	struct st_store *store;
};

struct reg_stores {
	pthread_mutex_t lock;
	struct st_store *own;
	struct opened others[REG_STORES_MAX];
	unsigned n_others;
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

static int open_other(struct reg_stores *s, const char *url, struct st_store **out,
		      struct cc_note *why)
{
	struct st_conf conf = s->conf;
	struct opened *o;
	int r;

	for (unsigned i = 0; i < s->n_others; i++)
		if (strcmp(s->others[i].url, url) == 0) {
			*out = s->others[i].store;
			return 0;
		}
	if (s->n_others == REG_STORES_MAX)
		return cc_note_set(why, CC_ELIMIT, "more than %d stores", REG_STORES_MAX);
	o = &s->others[s->n_others];
	conf.url = o->url = strdup(url);
	if (!o->url)
		return cc_raise(CC_ENOMEM);
	r = st_open(&o->store, &conf, why);
	if (r) {
		free(o->url);
		return r;
	}
	s->n_others++;
	*out = o->store;
	return 0;
}

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
	r = url ? open_other(s, url, out, why)
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
		r = search(s, authority, out, why);
		if (!r)
			r = remember(s, authority, *out);
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}
