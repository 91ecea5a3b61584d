/* SPDX-License-Identifier: ISC */
/* Taking parts of a fresh configuration at a reload. */
#include <string.h>

#include "lib/base/log.h"
#include "lib/daemon/conf.h"

static size_t value_size(enum cf_type type)
{
	switch (type) {
	case CF_STR:
	case CF_FILE:
		return sizeof(char *);
	case CF_BOOL:
		return sizeof(bool);
	case CF_INT:
	case CF_MSEC:
		return sizeof(int64_t);
	case CF_SIZE:
		return sizeof(uint64_t);
	case CF_LIST:
		return sizeof(struct cf_list);
	case CF_CHOICE:
		return sizeof(int);
	case CF_OBSOLETE:
		break;
	}
	return 0;
}

static bool lists_equal(const struct cf_list *a, const struct cf_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->items[i], b->items[i]) == 0;
	return same;
}

static bool values_equal(enum cf_type type, const void *a, const void *b)
{
	if (type == CF_STR || type == CF_FILE)
		return strcmp(*(char *const *)a, *(char *const *)b) == 0;
	if (type == CF_LIST)
		return lists_equal(a, b);
	return memcmp(a, b, value_size(type)) == 0;
}

static void swap(void *a, void *b, size_t size)
{
	unsigned char kept[sizeof(struct cf_list)]; /* the largest value */

	memcpy(kept, a, size);
	memcpy(a, b, size);
	memcpy(b, kept, size);
}

static void take_table(const struct cf_opt *table, unsigned char *live, unsigned char *fresh)
{
	for (const struct cf_opt *o = table; o->name; o++) {
		void *a = live + o->offset, *b = fresh + o->offset;

		if (o->type == CF_OBSOLETE)
			continue;
		if (o->reload)
			swap(a, b, value_size(o->type));
		else if (!values_equal(o->type, a, b))
			cc_warn("%s has changed: it takes effect at the next start", o->name);
	}
}

void dm_bound_take(struct dm_bound *live, struct dm_bound *fresh)
{
	struct cf_ini *ini = live->ini;

	take_table(dm_options, (unsigned char *)live, (unsigned char *)fresh);
	take_table(live->own, (unsigned char *)live, (unsigned char *)fresh);
	if (live->daemon->parts)
		dm_parts_take(live, fresh);
	live->ini = fresh->ini;
	fresh->ini = ini;
	if (live->daemon->take)
		live->daemon->take(live->state, fresh->state);
}
