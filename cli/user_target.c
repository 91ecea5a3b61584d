/* SPDX-License-Identifier: ISC */
/* On what an operation's credential must be: docs/handlers/registry.md, columns right and target. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/user.h"

struct list {
	struct cli_target *items;
	size_t count;
};

static void add(struct list *l, const char *type, const char *hrn)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcasecmp(l->items[i].hrn, hrn) == 0 && strcmp(l->items[i].type, type) == 0)
			return;
	if (l->count == CLI_USER_CREDS)
		return;
	l->items[l->count].type = type;
	snprintf(l->items[l->count].hrn, sizeof(l->items[0].hrn), "%s", hrn);
	l->count++;
}

/* From the nearest upwards. */
static void add_above(struct list *l, const char *hrn)
{
	char above[TR_NAME_MAX + 1], next[TR_NAME_MAX + 1];

	snprintf(next, sizeof(next), "%s", hrn);
	while (tr_hrn_parent(next, above) == 0 && *above) {
		add(l, "authority", above);
		memcpy(next, above, sizeof(next));
	}
}

static bool is_authority(const char *type)
{
	return strcmp(type, "authority") == 0 || strcmp(type, "sa") == 0 || strcmp(type, "ma") == 0;
}

/* The object itself, where rights on it are enough: not on a node, whose operators may not change it. */
static void add_itself(struct list *l, enum cli_need need, const char *type, const char *hrn,
		       const char *own)
{
	if (strcmp(type, "user") == 0 && strcasecmp(hrn, own) == 0)
		add(l, "user", own);
	else if (strcmp(type, "slice") == 0)
		add(l, "slice", hrn);
	else if (is_authority(type) && need == CLI_NEED_UPDATE)
		add(l, "authority", hrn);
}

size_t cli_targets(enum cli_need need, const char *type, const char *hrn, const char *own,
		   const char *first, struct cli_target out[CLI_USER_CREDS])
{
	struct list l = {.items = out};
	char above[TR_NAME_MAX + 1];
	bool over = first && tr_hrn_over(first, hrn) && strcasecmp(first, hrn) != 0;

	if (need == CLI_NEED_SELF) {
		add(&l, "user", own);
		return l.count;
	}
	if (need == CLI_NEED_OBJECT) {
		add(&l, is_authority(type) ? "authority" : type, hrn);
		return l.count;
	}
	if (need != CLI_NEED_REGISTER)
		add_itself(&l, need, type, hrn, own);
	if (over)
		add(&l, "authority", first);
	add_above(&l, hrn);
	/* a top authority has nobody above: its own record is changed by who holds it */
	if (l.count == 0 && tr_hrn_parent(hrn, above) == 0)
		add(&l, "authority", hrn);
	return l.count;
}
