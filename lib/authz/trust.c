/* SPDX-License-Identifier: ISC */
/* The roots of now, and verifiers that know them. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/authz/authz.h"
#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"
#include "lib/trust/roots_folder.h"

#define IDLE_MAX 64 /* verifiers that wait for the next call */

/*
 * What all verifiers together remember, each kind. A caller costs some 13 KiB in each: his
 * certificate, its chain, his credential. More of them than that at a time are judged anew.
 */
#define REMEMBERED 1024
#define REMEMBERED_MIN 64 /* of one verifier */
#define CPUS_MAX 8	  /* as ccserver's workers, when it is not told how many */

struct az_trust {
	pthread_mutex_t lock; /* of everything below */
	struct tr_roots *roots;
	struct tr_verifier *idle[IDLE_MAX];
	unsigned n_idle;
	size_t remembered;
};

/* Of the snapshots of one process: what was remembered under another number is forgotten. */
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

static int load_with(const struct az_trust_conf *conf, const char *own, char **values,
		     struct tr_roots **out, struct cc_note *why)
{
	struct tr_root_rule rules[TR_ROOTS_MAX];
	struct tr_roots_folder from = {.dir = conf->roots,
				       .own = own,
				       .rules = rules,
				       .crls = conf->crls ? conf->crls->items : NULL,
				       .n_crls = conf->crls ? conf->crls->count : 0};
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

/* *own stays NULL where this machine has no authority and names none. */
static int read_own(const struct az_trust_conf *conf, char **own, struct cc_note *why)
{
	size_t len;
	int r;

	if (conf->own && *conf->own)
		return tr_root_file_read(conf->own, own, &len, why);
	if (!conf->authorities)
		return 0;
	r = tr_hierarchy_gid(conf->authorities, conf->hrn, own, why);
	if (r == -CC_ENOTFOUND)
		cc_note_set(why, CC_ENOTFOUND,
			    "there is no authority %.60s in %.100s: ccfed authority create %.60s "
			    "--dir %.100s",
			    conf->hrn, conf->authorities, conf->hrn, conf->authorities);
	return r > 0 ? -CC_EINVAL : r;
}

static int load(const struct az_trust_conf *conf, struct tr_roots **out, struct cc_note *why)
{
	size_t n = conf->rules ? conf->rules->count : 0;
	cc_cleanup(cc_freep) char *own = NULL;
	cc_cleanup(cc_freep) char **values = calloc(n + 1, sizeof(*values));
	int r;

	if (!values)
		return cc_raise(CC_ENOMEM);
	if (n > TR_ROOTS_MAX)
		return cc_note_set(why, CC_ELIMIT, "more than %d lines in [roots]", TR_ROOTS_MAX);
	r = read_own(conf, &own, why);
	if (!r)
		r = load_with(conf, own, values, out, why);
	for (size_t i = 0; i < n; i++)
		free(values[i]);
	return r;
}

int az_trust_check(const struct az_trust_conf *conf, struct cc_note *why)
{
	struct tr_roots *roots = NULL;
	int r = load(conf, &roots, why);

	tr_roots_unref(roots);
	return r;
}

int az_trust_new(const struct az_trust_conf *conf, struct az_trust **out, struct cc_note *why)
{
	struct az_trust *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_init(&t->lock, NULL);
	t->remembered = conf->remembered;
	r = load(conf, &t->roots, why);
	if (r)
		az_trust_free(t);
	else
		*out = t;
	return r;
}

void az_trust_free(struct az_trust *t)
{
	if (!t)
		return;
	while (t->n_idle)
		tr_verifier_free(t->idle[--t->n_idle]);
	tr_roots_unref(t->roots);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

int az_trust_reload(struct az_trust *t, const struct az_trust_conf *conf, struct cc_note *why)
{
	struct tr_roots *fresh = NULL, *old;
	int r = load(conf, &fresh, why);

	if (r)
		return r;
	pthread_mutex_lock(&t->lock);
	old = t->roots;
	t->roots = fresh;
	pthread_mutex_unlock(&t->lock);
	tr_roots_unref(old);
	return 0;
}

struct tr_roots *az_trust_roots(struct az_trust *t)
{
	struct tr_roots *roots;

	pthread_mutex_lock(&t->lock);
	roots = tr_roots_ref(t->roots);
	pthread_mutex_unlock(&t->lock);
	return roots;
}

size_t az_remembered(const struct cf_ini *ini)
{
	const struct cf_section *server = cf_ini_section(ini, "ccserver");
	const char *text = server ? cf_section_get(server, "workers") : NULL;
	long n = text ? strtol(text, NULL, 10) : 0;

	if (n <= 0) {
		n = sysconf(_SC_NPROCESSORS_ONLN);
		n = n > CPUS_MAX ? CPUS_MAX : n < 1 ? 1 : n;
	}
	return n < REMEMBERED / REMEMBERED_MIN ? REMEMBERED / (size_t)n : REMEMBERED_MIN;
}

/* ---- verifiers ---- */

int az_verifier_take(struct az_trust *t, struct tr_verifier **out)
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

void az_verifier_give(struct az_trust *t, struct tr_verifier *v)
{
	if (!v)
		return;
	pthread_mutex_lock(&t->lock);
	if (t->n_idle < IDLE_MAX)
		t->idle[t->n_idle++] = cc_steal(&v);
	pthread_mutex_unlock(&t->lock);
	tr_verifier_free(v);
}
