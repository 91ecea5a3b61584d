/* SPDX-License-Identifier: ISC */
#include "ccserver/instances.h"

#include <string.h>

#include "ccserver/admin.h"
#include "ccserver/server.h"
#include "handlers/table.h"
#include "lib/base/log.h"

struct srv_plan {
	struct server *s;
	struct srv_snapshot *snap;
	struct srv_router *router;
	struct {
		bool wanted;   /* this instance goes on, or begins */
		bool fresh;    /* made by this plan */
		void *options; /* bound anew for an instance that goes on */
	} at[SRV_INSTANCES_MAX];
};

/* ---- one instance ---- */

static const char *const section_keys[] = {"handler", "plugin", NULL};

static void free_state(const struct cc_handler *h, void *state)
{
	const struct cf_opt *const tables[] = {h->options, NULL};

	if (state && h->options)
		cf_unbind(tables, state);
	free(state);
}

/* Binds and checks the options of a section. *out: of state_size, also after a failure. */
static int bind_options(struct srv_instance *i, const struct cf_ini *ini, void **out,
			struct cc_note *why)
{
	const struct cf_opt none = {0};
	const struct cf_opt *const tables[] = {i->handler->options ? i->handler->options : &none,
					       NULL};
	const struct cf_section *sec = cf_ini_section(ini, i->section);
	struct cc_note inner = {0};
	int r;

	*out = calloc(1, i->handler->state_size ? i->handler->state_size : 1);
	if (!*out)
		return cc_raise(CC_ENOMEM);
	r = cf_bind(sec, tables, section_keys, cf_ini_legacy(ini), *out, srv_conf_warn, NULL, why);
	if (r || !i->handler->check)
		return r;
	r = i->handler->check(*out, &i->host.base, &inner);
	return r ? cc_note_set(why, -r, "%s:%d: [%s]: %s", sec->file, sec->line, i->section,
			       inner.text)
		 : 0;
}

/* The names of all handlers, for "did you mean". */
static const char *nearest_handler(const char *name)
{
	const char *names[SRV_INSTANCES_MAX];
	size_t n = 0;

	for (; handler_table[n] && n + 2 < SRV_INSTANCES_MAX; n++)
		names[n] = handler_table[n]->name;
	names[n++] = admin_handler.name;
	names[n] = NULL;
	return cf_nearest(name, names);
}

static const struct cc_handler *find_handler(const char *name)
{
	static const struct cc_handler *const own[] = {&admin_handler, NULL};
	const struct cc_handler *h = cc_handler_find(handler_table, name);

	return h ? h : cc_handler_find(own, name);
}

/* *out NULL: a handler of a later version. */
static int pick_handler(const struct cf_section *sec, int role, const struct cc_handler **out,
			struct cc_note *why)
{
	const char *name = cf_section_get(sec, "handler"), *near;

	if (!name)
		name = cf_section_get(sec, "plugin");
	if (!name)
		return cc_note_set(why, CC_EINVAL, "[%s] needs a line handler = NAME", sec->name);
	*out = find_handler(name);
	if (!*out && cc_handler_is_later(name)) {
		cc_warn("[%s]: handler %s is not in this version; its messages have no route",
			sec->name, name);
		return 0;
	}
	if (!*out) {
		near = nearest_handler(name);
		return cc_note_set(why, CC_EINVAL, "[%s]: unknown handler \"%s\"%s%s%s", sec->name,
				   name, near ? "; did you mean \"" : "", near ? near : "",
				   near ? "\"?" : "");
	}
	if (role != SRV_ROLE_INSECURE &&
	    !((*out)->roles & (role == SRV_ROLE_LOCAL ? CC_ROLE_LOCAL : CC_ROLE_REMOTE)))
		return cc_note_set(why, CC_EINVAL, "[%s]: handler %s cannot be run in role %s",
				   sec->name, name, role == SRV_ROLE_LOCAL ? "local" : "remote");
	return 0;
}

static void fini_instance(struct srv_instance *i)
{
	if (i->handler && i->inited && i->handler->fini)
		i->handler->fini(i->state);
}

static void free_instance(struct srv_instance *i)
{
	if (i->handler)
		free_state(i->handler, i->state);
	while (i->forwards) {
		struct cc_target *t = i->forwards;

		i->forwards = t->next;
		free(t);
	}
	free(i->section);
	free(i);
}

/* An index that no message in flight can bear. */
static int free_index(struct server *s)
{
	for (unsigned i = 0; i < s->n_instances; i++)
		if (!s->instances[i])
			return (int)i;
	if (s->n_instances == SRV_INSTANCES_MAX)
		return -CC_ELIMIT;
	return (int)s->n_instances;
}

static int add_instance(struct srv_plan *p, const struct cf_section *sec,
			const struct cc_handler *handler, struct cc_note *why)
{
	struct server *s = p->s;
	int index = free_index(s);
	struct srv_instance *i;

	if (index < 0)
		return cc_note_set(why, CC_ELIMIT, "more than %d handler sections",
				   SRV_INSTANCES_MAX);
	i = calloc(1, sizeof(*i));
	if (!i)
		return cc_raise(CC_ENOMEM);
	i->index = (uint16_t)index;
	i->server = s;
	i->wake = INT64_MAX;
	i->handler = handler;
	s->instances[index] = i;
	if ((unsigned)index == s->n_instances)
		s->n_instances++;
	p->at[index].wanted = p->at[index].fresh = true;
	i->section = strdup(sec->name);
	if (!i->section)
		return cc_raise(CC_ENOMEM);
	srv_host_init(&i->host, i, NULL);
	for (unsigned t = 0; t < s->n_threads; t++)
		srv_host_init(&s->threads[t]->hosts[index], i, s->threads[t]);
	return handler ? bind_options(i, srv_plan_ini(p), &i->state, why) : 0;
}

/* ---- what becomes of a section ---- */

static bool same_entries(const struct cf_section *a, const struct cf_section *b)
{
	if (!a || !b || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->entries[i].key, b->entries[i].key) != 0 ||
		    strcmp(a->entries[i].value, b->entries[i].value) != 0)
			return false;
	return true;
}

static int planned(const struct srv_plan *p, const char *section)
{
	for (unsigned i = 0; i < p->s->n_instances; i++)
		if (p->at[i].wanted && strcmp(p->s->instances[i]->section, section) == 0)
			return (int)i;
	return -CC_ENOTFOUND;
}

/* The instance that serves a section now, unless the plan made it. */
static struct srv_instance *serving(const struct srv_plan *p, const char *section)
{
	for (unsigned i = 0; i < p->s->n_instances; i++) {
		struct srv_instance *inst = p->s->instances[i];

		if (inst && !inst->retired && !p->at[i].fresh &&
		    strcmp(inst->section, section) == 0)
			return inst;
	}
	return NULL;
}

/* An instance goes on where it can take fresh options, or its section is the same. */
static bool goes_on(const struct srv_plan *p, const struct srv_instance *inst,
		    const struct cc_handler *handler, const struct cf_section *sec)
{
	if (!inst || inst->handler != handler)
		return false;
	return (handler && handler->reload) ||
	       same_entries(cf_ini_section(p->s->snap->ini, inst->section), sec);
}

int srv_plan_index(struct srv_plan *p, const char *section, struct cc_note *why)
{
	const struct cf_section *sec = cf_ini_section(srv_plan_ini(p), section);
	const struct cc_handler *handler = NULL;
	struct cc_note inner = {0};
	struct srv_instance *inst;
	int r = planned(p, section);

	if (r >= 0)
		return r;
	if (!sec)
		return cc_note_set(why, CC_ENOTFOUND, "no section [%s]", section);
	r = pick_handler(sec, p->snap->conf.role, &handler, &inner);
	if (r)
		return cc_note_set(why, -r, "%s:%d: %s", sec->file, sec->line, inner.text);
	inst = serving(p, section);
	if (!goes_on(p, inst, handler, sec)) {
		r = add_instance(p, sec, handler, why);
		return r ? r : planned(p, section);
	}
	p->at[inst->index].wanted = true;
	if (handler && handler->reload)
		r = bind_options(inst, srv_plan_ini(p), &p->at[inst->index].options, why);
	return r ? r : inst->index;
}

/* ---- the plan ---- */

const struct cf_ini *srv_plan_ini(const struct srv_plan *p)
{
	return p->snap->ini;
}

struct srv_instance *srv_plan_find(const struct srv_plan *p, const char *section)
{
	int index = planned(p, section);

	return index < 0 ? NULL : p->s->instances[index];
}

static int index_of(void *arg, const char *section, struct cc_note *why)
{
	return srv_plan_index(arg, section, why);
}

static bool answers(void *arg, unsigned index)
{
	const struct srv_plan *p = arg;
	const struct cc_handler *h = p->s->instances[index]->handler;

	return h && h->answers;
}

/* What goes on, goes on giving messages to the same sections. */
static int plan_forwards(struct srv_plan *p, struct cc_note *why)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned i = 0; i < p->s->n_instances; i++) {
			const struct cc_target *t =
				p->at[i].wanted ? p->s->instances[i]->forwards : NULL;

			for (; t; t = t->next) {
				bool new = planned(p, t->section) < 0;
				int r = srv_plan_index(p, t->section, why);

				if (r < 0)
					return r;
				more |= new;
			}
		}
	}
	return 0;
}

int srv_plan_new(struct srv_plan **out, struct server *s, struct srv_snapshot *snap,
		 struct cc_note *why)
{
	struct srv_plan *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return cc_raise(CC_ENOMEM);
	p->s = s;
	p->snap = srv_snapshot_ref(snap);
	s->plan = p;
	r = srv_router_new(&p->router, cf_ini_section(snap->ini, "routes"), index_of, answers, p,
			   why);
	if (!r)
		r = plan_forwards(p, why);
	if (r) {
		srv_plan_drop(p);
		return r;
	}
	*out = p;
	return 0;
}

static int init_one(struct srv_instance *i, struct cc_note *why)
{
	struct cc_note inner = {0};
	int r = 0;

	i->inited = true;
	if (i->handler->init)
		r = i->handler->init(i->state, &i->host.base, &inner);
	if (r)
		return cc_note_set(why, -r, "[%s]: %s", i->section,
				   inner.text[0] ? inner.text : cc_err_text(r));
	return i->handler->run == CC_RUN_ONE ? srv_thread_add(i->server, i, why) : 0;
}

int srv_plan_init(struct srv_plan *p, struct cc_note *why)
{
	/* init may name further sections */
	for (unsigned i = 0; i < p->s->n_instances; i++) {
		struct srv_instance *inst = p->s->instances[i];
		int r;

		if (!p->at[i].fresh || !inst->handler || inst->inited)
			continue;
		r = init_one(inst, why);
		if (r)
			return r;
		i = UINT32_MAX; /* from the first again */
	}
	return 0;
}

static void plan_free(struct srv_plan *p)
{
	p->s->plan = NULL;
	for (unsigned i = 0; i < SRV_INSTANCES_MAX; i++)
		if (p->at[i].options)
			free_state(p->s->instances[i]->handler, p->at[i].options);
	srv_router_free(p->router);
	srv_snapshot_unref(p->snap);
	free(p);
}

static void retarget(struct srv_plan *p, struct srv_instance *inst)
{
	for (struct cc_target *t = inst->forwards; t; t = t->next)
		t->instance = p->s->instances[planned(p, t->section)];
}

/* It ends as at an orderly stop: what takes time begins now, and busy says when it is over. */
static void retire(struct srv_instance *i)
{
	if (!i->retired && i->inited && i->handler->stop)
		i->handler->stop(i->state, &i->host.base);
	i->retired = true;
}

void srv_plan_commit(struct srv_plan *p)
{
	struct server *s = p->s;
	struct srv_snapshot *old = s->snap;
	struct srv_router *router = s->router;

	s->router = p->router;
	p->router = router;
	srv_set_snapshot(s, srv_snapshot_ref(p->snap));
	for (unsigned i = 0; i < s->n_instances; i++) {
		struct srv_instance *inst = s->instances[i];

		if (!inst)
			continue;
		if (p->at[i].wanted)
			retarget(p, inst);
		else
			retire(inst);
		if (p->at[i].options)
			inst->handler->reload(inst->state, &inst->host.base, p->at[i].options);
	}
	plan_free(p);
	srv_snapshot_unref(old);
}

/* The figures of a section go on with what replaced it. */
static void bequeath(struct server *s, const struct srv_instance *i)
{
	const char *const *names = i->handler ? i->handler->counters : NULL;
	struct srv_instance *heir = NULL;

	for (unsigned k = 0; k < s->n_instances; k++) {
		struct srv_instance *other = s->instances[k];

		if (other && other != i && !other->retired && other->handler == i->handler &&
		    strcmp(other->section, i->section) == 0)
			heir = other;
	}
	for (unsigned c = 0; heir && names && names[c]; c++)
		atomic_fetch_add_explicit(&heir->host.counters[c], srv_instance_count(s, i, c),
					  memory_order_relaxed);
}

/* Whoever still may work for it has been stopped. */
static void remove_instance(struct server *s, struct srv_instance *i)
{
	bequeath(s, i);
	if (i->owner)
		srv_thread_remove(s, i->owner);
	s->instances[i->index] = NULL;
	fini_instance(i);
	srv_dealers_close_of(s, i);
	free_instance(i);
}

void srv_plan_drop(struct srv_plan *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->s->n_instances; i++)
		if (p->at[i].fresh && p->s->instances[i])
			remove_instance(p->s, p->s->instances[i]);
	plan_free(p);
}

/* Whether one that was replaced, and is not done yet, gives messages to it. */
static bool is_target(const struct server *s, const struct srv_instance *inst)
{
	for (unsigned i = 0; i < s->n_instances; i++) {
		const struct srv_instance *from = s->instances[i];

		for (const struct cc_target *t = from ? from->forwards : NULL; t; t = t->next)
			if (t->instance == inst)
				return true;
	}
	return false;
}

void srv_instances_reap(struct server *s)
{
	for (unsigned i = 0; i < s->n_instances; i++) {
		struct srv_instance *inst = s->instances[i];

		if (!inst || !inst->retired || inst->uses ||
		    (inst->inited && inst->handler->busy && inst->handler->busy(inst->state)) ||
		    is_target(s, inst))
			continue;
		if (inst->inited && inst->handler->drain)
			inst->handler->drain(inst->state, &inst->host.base);
		cc_info("[%s] ended", inst->section);
		remove_instance(s, inst);
	}
}

void srv_instances_close(struct server *s)
{
	for (unsigned i = 0; i < s->n_instances; i++)
		if (s->instances[i]) {
			fini_instance(s->instances[i]);
			free_instance(s->instances[i]);
		}
	s->n_instances = 0;
}
