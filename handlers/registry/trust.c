/* SPDX-License-Identifier: ISC */
#include "handlers/registry/trust.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"

#define SIGNERS_MAX 1024

struct reg_signer {
	struct cc_map_node node; /* key: hrn */
	struct reg_trust *trust;
	struct tr_signer *signer;
	unsigned users; /* beside the table */
	bool listed;
	char hrn[TR_NAME_MAX + 1];
};

struct reg_trust {
	struct az_trust *judges;
	char *authorities;
	pthread_mutex_t lock; /* of signers */
	struct cc_map signers;
};

int reg_trust_new(const struct az_trust_conf *conf, struct reg_trust **out, struct cc_note *why)
{
	struct reg_trust *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_init(&t->lock, NULL);
	cc_map_init(&t->signers);
	t->authorities = strdup(conf->authorities);
	r = t->authorities ? az_trust_new(conf, &t->judges, why) : cc_raise(CC_ENOMEM);
	if (r)
		reg_trust_free(t);
	else
		*out = t;
	return r;
}

static void drop_signer(struct reg_signer *s)
{
	tr_signer_free(s->signer);
	free(s);
}

/* With the lock held. Who uses it keeps it until he gives it back. */
static void unlist(struct reg_trust *t, struct reg_signer *s)
{
	cc_map_remove(&t->signers, &s->node);
	s->listed = false;
	if (s->users == 0)
		drop_signer(s);
}

static void unlist_all(struct reg_trust *t)
{
	struct cc_map_node *node;

	while ((node = cc_map_next(&t->signers, NULL)))
		unlist(t, cc_container_of(node, struct reg_signer, node));
}

void reg_trust_free(struct reg_trust *t)
{
	if (!t)
		return;
	unlist_all(t);
	cc_map_deinit(&t->signers);
	az_trust_free(t->judges);
	pthread_mutex_destroy(&t->lock);
	free(t->authorities);
	free(t);
}

int reg_trust_reload(struct reg_trust *t, const struct az_trust_conf *conf, struct cc_note *why)
{
	int r = az_trust_reload(t->judges, conf, why);

	if (r)
		return r;
	pthread_mutex_lock(&t->lock);
	unlist_all(t);
	pthread_mutex_unlock(&t->lock);
	return 0;
}

struct az_trust *reg_judges(struct reg_trust *t)
{
	return t->judges;
}

/* ---- signers ---- */

static struct reg_signer *find_signer(struct reg_trust *t, const char *hrn)
{
	struct cc_map_node *node = cc_map_find(&t->signers, hrn, strlen(hrn));

	return node ? cc_container_of(node, struct reg_signer, node) : NULL;
}

static int read_signer(struct reg_trust *t, const char *hrn, struct reg_signer **out,
		       struct cc_note *why)
{
	struct reg_signer *s = calloc(1, sizeof(*s));
	int r = s ? tr_hierarchy_signer(t->authorities, hrn, &s->signer, why) : cc_raise(CC_ENOMEM);

	if (r) {
		free(s);
		return r;
	}
	s->trust = t;
	snprintf(s->hrn, sizeof(s->hrn), "%s", hrn);
	*out = s;
	return 0;
}

int reg_signer_take(struct reg_trust *t, const char *hrn, struct reg_signer **out,
		    struct cc_note *why)
{
	struct reg_signer *s;
	int r = 0;

	pthread_mutex_lock(&t->lock);
	s = find_signer(t, hrn);
	if (!s) {
		/* reading is rare; who comes at the same time waits */
		r = read_signer(t, hrn, &s, why);
		if (!r && t->signers.count >= SIGNERS_MAX)
			unlist_all(t);
		if (!r)
			s->listed = cc_map_add(&t->signers, &s->node, s->hrn, strlen(s->hrn)) == 0;
	}
	if (!r)
		s->users++;
	pthread_mutex_unlock(&t->lock);
	if (!r)
		*out = s;
	return r;
}

struct tr_signer *reg_signer_of(struct reg_signer *s)
{
	return s->signer;
}

void reg_signer_give(struct reg_trust *t, struct reg_signer *s)
{
	bool last;

	pthread_mutex_lock(&t->lock);
	last = --s->users == 0 && !s->listed;
	pthread_mutex_unlock(&t->lock);
	if (last)
		drop_signer(s);
}

void reg_signer_givep(struct reg_signer **s)
{
	if (*s)
		reg_signer_give((*s)->trust, *s);
	*s = NULL;
}

void reg_signer_forget(struct reg_trust *t, const char *hrn)
{
	struct reg_signer *s;

	pthread_mutex_lock(&t->lock);
	s = find_signer(t, hrn);
	if (s)
		unlist(t, s);
	pthread_mutex_unlock(&t->lock);
}

const char *reg_authorities(const struct reg_trust *t)
{
	return t->authorities;
}
