/* SPDX-License-Identifier: ISC */
#include "ccserver/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccserver/server.h"

static void add(void *arg, const char *name, double value)
{
	struct srv_report *r = arg;
	char *copy = strdup(name);

	if (r->count == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 32;
		struct srv_figure *f = reallocarray(r->figures, cap, sizeof(*f));

		if (!f) {
			free(copy);
			return;
		}
		r->figures = f;
		r->cap = cap;
	}
	if (copy)
		r->figures[r->count++] = (struct srv_figure){copy, value};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct srv_figure *)a)->name, ((const struct srv_figure *)b)->name);
}

/*
 * Adds the sum of a counter over the instances of a handler (section NULL), or of a section, which has
 * two while one that a reload replaced still ends; at the first of them only.
 */
static void add_sum(struct server *s, unsigned index, const char *section, unsigned counter,
		    const char *name, struct srv_report *out)
{
	double sum = 0;

	for (unsigned k = 0; k < s->n_instances; k++) {
		const struct srv_instance *inst = s->instances[k];

		if (!inst || inst->handler != s->instances[index]->handler ||
		    (section && strcmp(inst->section, section) != 0))
			continue;
		if (k < index)
			return;
		sum += (double)srv_instance_count(s, inst, counter);
	}
	add(out, name, sum);
}

/* A handler's counter under its section; and under its own name, as hots-cc has it. */
static void add_handler(struct server *s, unsigned index, struct srv_report *out)
{
	const struct srv_instance *inst = s->instances[index];
	const char *const *names = inst && inst->handler ? inst->handler->counters : NULL;

	for (unsigned c = 0; names && names[c]; c++) {
		char full[160];

		add_sum(s, index, NULL, c, names[c], out);
		snprintf(full, sizeof(full), "%s.%s", inst->section, names[c]);
		add_sum(s, index, inst->section, c, full, out);
	}
}

void srv_report_take(struct server *s, struct srv_report *out)
{
	memset(out, 0, sizeof(*out));
	srv_stats_each(&s->stats, add, out);
	if (s->stats.level && srv_zap_refused(s->zap))
		add(out, "refused.connections", (double)srv_zap_refused(s->zap));
	for (unsigned i = 0; s->stats.level && i < s->n_instances; i++)
		add_handler(s, i, out);
	if (out->count)
		qsort(out->figures, out->count, sizeof(*out->figures), by_name);
}

void srv_report_deinit(struct srv_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->figures[i].name);
	free(r->figures);
	memset(r, 0, sizeof(*r));
}

double srv_report_get(const struct srv_report *r, const char *name)
{
	const struct srv_figure key = {(char *)name, 0};
	const struct srv_figure *f =
		r->count ? bsearch(&key, r->figures, r->count, sizeof(*r->figures), by_name) : NULL;

	return f ? f->value : 0;
}
