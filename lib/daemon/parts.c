/* SPDX-License-Identifier: ISC */
/* Sections beside a daemon's own: those that an option of it lists. */
#include <string.h>

#include "lib/base/util.h"
#include "lib/daemon/conf.h"

static struct cf_list *names_of(struct dm_bound *b)
{
	return (struct cf_list *)(b->state + b->daemon->parts->names);
}

/* What the state sees of them. */
static void show(struct dm_bound *b)
{
	memcpy(b->state + b->daemon->parts->array, &b->parts, sizeof(b->parts));
}

static int bind_part(struct dm_bound *b, size_t i, cf_warn_fn *warn, struct cc_note *why)
{
	const struct dm_parts *p = b->daemon->parts;
	const struct cf_opt *const tables[] = {p->options, NULL};
	const char *name = names_of(b)->items[i];
	const struct cf_section *section = cf_ini_section(b->ini, name);

	for (size_t k = 0; k < i; k++) {
		if (strcmp(names_of(b)->items[k], name) == 0)
			return cc_note_set(why, CC_EINVAL, "[%.64s] is listed twice", name);
	}
	if (!section)
		return cc_note_set(why, CC_EINVAL, "there is no section [%.64s] in %.128s", name,
				   cf_ini_path(b->ini));
	return cf_bind(section, tables, NULL, cf_ini_legacy(b->ini), b->parts + i * p->size, warn,
		       NULL, why);
}

int dm_parts_bind(struct dm_bound *b, cf_warn_fn *warn, struct cc_note *why)
{
	size_t n = names_of(b)->count;
	int r = 0;

	b->parts = calloc(n + 1, b->daemon->parts->size);
	if (!b->parts)
		return cc_raise(CC_ENOMEM);
	b->n_parts = n;
	show(b);
	for (size_t i = 0; i < n && !r; i++)
		r = bind_part(b, i, warn, why);
	return r;
}

void dm_parts_unbind(struct dm_bound *b)
{
	const struct cf_opt *const tables[] = {b->daemon->parts->options, NULL};

	for (size_t i = 0; b->parts && i < b->n_parts; i++)
		cf_unbind(tables, b->parts + i * b->daemon->parts->size);
	free(b->parts);
	b->parts = NULL;
	b->n_parts = 0;
}

void dm_parts_take(struct dm_bound *live, struct dm_bound *fresh)
{
	unsigned char *parts = live->parts;
	size_t n = live->n_parts;

	live->parts = fresh->parts;
	live->n_parts = fresh->n_parts;
	fresh->parts = parts;
	fresh->n_parts = n;
	show(live);
	show(fresh);
}
