/* SPDX-License-Identifier: ISC */
#include "handlers/registry/trust.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"

#define IDLE_MAX 64 /* verifiers that wait for the next call */
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
	pthread_mutex_t lock; /* of everything below */
	struct tr_roots *roots;
	struct tr_verifier *idle[IDLE_MAX];
	unsigned n_idle;
	struct cc_map signers;
	char *authorities;
	size_t remembered;
};

static uint64_t next_number(void)
{
	static _Atomic uint64_t number;

	return atomic_fetch_add(&number, 1) + 1;
}

/* ---- roots ---- */

static int read_rule(const struct cf_entry *e, char *value, struct tr_root_rule *out,
		     struct cc_note *why)
{
	struct cc_note inner = {0};

	return tr_root_rule_read(e->key, value, out, &inner)
		       ? cc_note_set(why, CC_EINVAL, "%s:%d: %.200s", e->file, e->line, inner.text)
		       : 0;
}

static int load_with(const struct reg_trust_conf *conf, const char *own, char **values,
		     struct tr_roots **out, struct cc_note *why)
{
	struct tr_root_rule rules[TR_ROOTS_MAX];
	struct tr_roots_folder from = {.dir = conf->roots,
				       .own = own,
				       .rules = rules,
				       .crls = conf->crls->items,
				       .n_crls = conf->crls->count};
	int r = 0;

	for (size_t i = 0; conf->rules && i < conf->rules->count && !r; i++) {
		const struct cf_entry *e = &conf->rules->entries[i];

		if (e->from_default || e->variable)
			continue;
		values[i] = strdup(e->value);
		r = values[i] ? read_rule(e, values[i], &rules[from.n_rules++], why)
			      : cc_raise(CC_ENOMEM);
	}
	return r ? r : tr_roots_load(&from, next_number(), out, why);
}

static int load(const struct reg_trust_conf *conf, struct tr_roots **out, struct cc_note *why)
{
	size_t n = conf->rules ? conf->rules->count : 0;
	cc_cleanup(cc_freep) char *own = NULL;
	cc_cleanup(cc_freep) char **values = calloc(n + 1, sizeof(*values));
	int r;

	if (!values)
		return cc_raise(CC_ENOMEM);
	if (n > TR_ROOTS_MAX)
		return cc_note_set(why, CC_ELIMIT, "more than %d lines in [roots]", TR_ROOTS_MAX);
	r = tr_hierarchy_gid(conf->authorities, conf->hrn, &own, why);
	if (r == -CC_ENOTFOUND)
		cc_note_set(why, CC_ENOTFOUND,
			    "there is no authority %.60s in %.100s: ccfed authority create %.60s "
			    "--dir %.100s",
			    conf->hrn, conf->authorities, conf->hrn, conf->authorities);
	if (r > 0)
		r = -CC_EINVAL;
	if (!r)
		r = load_with(conf, own, values, out, why);
	for (size_t i = 0; i < n; i++)
		free(values[i]);
	return r;
}

int reg_trust_check(const struct reg_trust_conf *conf, struct cc_note *why)
{
	struct tr_roots *roots = NULL;
	int r = load(conf, &roots, why);

	tr_roots_unref(roots);
	return r;
}

int reg_trust_new(const struct reg_trust_conf *conf, struct reg_trust **out, struct cc_note *why)
{
	struct reg_trust *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_init(&t->lock, NULL);
	cc_map_init(&t->signers);
	t->remembered = conf->remembered;
	t->authorities = strdup(conf->authorities);
	r = t->authorities ? load(conf, &t->roots, why) : cc_raise(CC_ENOMEM);
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
	while (t->n_idle)
		tr_verifier_free(t->idle[--t->n_idle]);
	unlist_all(t);
	cc_map_deinit(&t->signers);
	tr_roots_unref(t->roots);
	pthread_mutex_destroy(&t->lock);
	free(t->authorities);
	free(t);
}

int reg_trust_reload(struct reg_trust *t, const struct reg_trust_conf *conf, struct cc_note *why)
{
	struct tr_roots *fresh = NULL, *old;
	int r = load(conf, &fresh, why);

	if (r)
		return r;
	pthread_mutex_lock(&t->lock);
	old = t->roots;
	t->roots = fresh;
	unlist_all(t);
	pthread_mutex_unlock(&t->lock);
	tr_roots_unref(old);
	return 0;
}

struct tr_roots *reg_roots(struct reg_trust *t)
{
	struct tr_roots *roots;

	pthread_mutex_lock(&t->lock);
	roots = tr_roots_ref(t->roots);
	pthread_mutex_unlock(&t->lock);
	return roots;
}

/* ---- verifiers ---- */

int reg_verifier_take(struct reg_trust *t, struct tr_verifier **out)
{
	struct tr_verifier *v = NULL;
	struct tr_roots *roots;
	int r = 0;

	pthread_mutex_lock(&t->lock);
	if (t->n_idle)
		v = t->idle[--t->n_idle];
	roots = tr_roots_ref(t->roots);
	pthread_mutex_unlock(&t->lock);
	if (!v)
		r = tr_verifier_new(&v, t->remembered);
	if (!r) {
		if (tr_verifier_roots(v) != roots)
			tr_verifier_use(v, roots);
		*out = v;
	}
	tr_roots_unref(roots);
	return r;
}

void reg_verifier_give(struct reg_trust *t, struct tr_verifier *v)
{
	if (!v)
		return;
	pthread_mutex_lock(&t->lock);
	if (t->n_idle < IDLE_MAX)
		t->idle[t->n_idle++] = cc_steal(&v);
	pthread_mutex_unlock(&t->lock);
	tr_verifier_free(v);
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
