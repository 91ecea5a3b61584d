/* SPDX-License-Identifier: ISC */
#include "ccserver/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const outcome_names[SRV_OUTCOMES] = {"ok", "dropped", "crashed"};

static const char *const loss_names[SRV_LOSSES] = {
	[SRV_LOSS_NO_ROUTE] = "no-route",   [SRV_LOSS_QUEUE_FULL] = "queue-full",
	[SRV_LOSS_PEER_FULL] = "peer-full", [SRV_LOSS_PEER_GONE] = "peer-gone",
	[SRV_LOSS_HOP_RATE] = "hop-rate",   [SRV_LOSS_QUIESCED] = "quiesced",
	[SRV_LOSS_WATCH] = "watch",	    [SRV_LOSS_MEMORY] = "memory",
};

const char *srv_loss_name(enum srv_loss loss)
{
	return loss_names[loss];
}

void srv_stats_init(struct srv_stats *s, int level)
{
	memset(s, 0, sizeof(*s));
	s->level = level;
}

void srv_stats_deinit(struct srv_stats *s)
{
	while (s->types) {
		struct srv_type *t = s->types;

		s->types = t->next;
		free(t);
	}
}

void srv_stats_in(struct srv_stats *s, size_t bytes)
{
	s->all.count++;
	s->all.bytes += bytes;
}

static void add(struct srv_cell *c, size_t bytes, uint64_t ns)
{
	c->count++;
	c->bytes += bytes;
	c->ns += ns;
}

/* Most used first, so that the list is short where it matters. */
static struct srv_type *find_type(struct srv_stats *s, const char *name, size_t len)
{
	for (struct srv_type **p = &s->types; *p; p = &(*p)->next) {
		struct srv_type *t = *p;

		if (strlen(t->name) == len && memcmp(t->name, name, len) == 0) {
			*p = t->next;
			t->next = s->types;
			s->types = t;
			return t;
		}
	}
	return NULL;
}

static struct srv_type *get_type(struct srv_stats *s, struct cc_bytes type)
{
	static const char other[] = "OTHER";
	const char *name = (const char *)type.data;
	size_t len = type.len;
	struct srv_type *t = find_type(s, name, len);

	if (t)
		return t;
	if (s->n_types >= SRV_TYPES_MAX) {
		name = other;
		len = sizeof(other) - 1;
		t = find_type(s, name, len);
		if (t)
			return t;
	}
	t = calloc(1, sizeof(*t) + len + 1);
	if (!t)
		return NULL;
	memcpy(t->name, name, len);
	t->next = s->types;
	s->types = t;
	s->n_types++;
	return t;
}

void srv_stats_end(struct srv_stats *s, enum srv_outcome outcome, struct cc_bytes type,
		   size_t bytes, uint64_t ns)
{
	s->all.ns += ns;
	add(&s->by[outcome], bytes, ns);
	if (s->level >= 2 && type.data) {
		struct srv_type *t = get_type(s, type);

		if (t)
			add(&t->by[outcome], bytes, ns);
	}
}

struct sink {
	void (*line)(void *arg, const char *name, double value);
	void *arg;
};

static void cell(const struct sink *to, const struct srv_cell *c, const char *suffix,
		 const char *type)
{
	static const char *const kinds[] = {"count", "bytes", "seconds"};
	double values[] = {(double)c->count, (double)c->bytes, (double)c->ns / 1e9};

	for (unsigned i = 0; i < 3; i++) {
		char name[64 + CC_TYPE_MAX];

		snprintf(name, sizeof(name), "%s%s%s%s%s", kinds[i], *suffix ? "." : "", suffix,
			 type ? ".msg." : "", type ? type : "");
		to->line(to->arg, name, values[i]);
	}
}

static uint64_t invalid(const struct srv_stats *s)
{
	uint64_t n = 0;

	for (int f = 1; f < CC_MSG_FAULT_COUNT; f++)
		n += s->gate[cc_gate_counter_index(CC_GATE_SHAPE, f)];
	return n;
}

static void some(const struct sink *to, const char *prefix, const char *name, uint64_t n)
{
	char full[80];

	if (!n || !name)
		return;
	snprintf(full, sizeof(full), "%s%s", prefix, name);
	to->line(to->arg, full, (double)n);
}

void srv_stats_each(const struct srv_stats *s,
		    void (*line)(void *arg, const char *name, double value), void *arg)
{
	struct sink to = {line, arg};

	if (!s->level)
		return;
	cell(&to, &s->all, "", NULL);
	line(arg, "count.invalid", (double)invalid(s));
	for (unsigned o = 0; o < SRV_OUTCOMES; o++)
		if (s->by[o].count || o == SRV_OK)
			cell(&to, &s->by[o], outcome_names[o], NULL);
	for (unsigned i = CC_GATE_PASS + 1; i < CC_GATE_COUNTERS; i++)
		some(&to, "refused.", cc_gate_counter_at(i), s->gate[i]);
	for (unsigned i = 0; i < SRV_LOSSES; i++)
		some(&to, "lost.", loss_names[i], s->loss[i]);
	some(&to, "", "hop_errors", s->hop_errors);
	some(&to, "", "replies", s->replies);
	for (const struct srv_type *t = s->types; t; t = t->next)
		for (unsigned o = 0; o < SRV_OUTCOMES; o++)
			if (t->by[o].count)
				cell(&to, &t->by[o], outcome_names[o], t->name);
}
