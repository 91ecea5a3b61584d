/* SPDX-License-Identifier: ISC */
/* Records out of a store as lines, and all of them away. */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/registry/import.h"

#define DEADLINE_MS 60000

struct exporting {
	enum rg_type type;
	int64_t after; /* id of the last one that was put */
	unsigned count;
	char **lines;
};

#define BATCH 500

static void clear(struct exporting *e)
{
	for (unsigned i = 0; i < e->count; i++)
		free(e->lines[i]);
	e->count = 0;
}

static int add(void *arg, const struct rg_record *r)
{
	struct exporting *e = arg;
	json_t *o = rg_record_json(r, true);
	char *line = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	if (!line)
		return cc_raise(CC_ENOMEM);
	e->lines[e->count++] = line;
	return 0;
}

static int run_page(struct st_tx *tx, void *arg)
{
	struct exporting *e = arg;

	clear(e);
	return rg_each(tx, e->type, e->after, BATCH, add, e, &e->after);
}

static int export_type(struct st_store *store, struct exporting *e,
		       int (*put)(void *arg, const char *line, size_t len), void *arg,
		       struct cc_note *why)
{
	int r;

	e->after = 0;
	do {
		r = st_read(store, cc_clock_ms() + DEADLINE_MS, run_page, e, why);
		for (unsigned i = 0; i < e->count && !r; i++)
			r = put(arg, e->lines[i], strlen(e->lines[i]));
	} while (!r && e->count == BATCH);
	clear(e);
	return r;
}

int rg_export(struct st_store *store, int (*put)(void *arg, const char *line, size_t len),
	      void *arg, struct cc_note *why)
{
	/* those first that others hang on */
	static const enum rg_type order[] = {RG_AUTHORITY, RG_USER, RG_NODE, RG_SLICE};
	struct exporting e = {.lines = calloc(BATCH, sizeof(char *))};
	int r = e.lines ? 0 : cc_raise(CC_ENOMEM);

	for (size_t i = 0; i < CC_ARRAY_SIZE(order) && !r; i++) {
		e.type = order[i];
		r = export_type(store, &e, put, arg, why);
	}
	free(e.lines);
	return r;
}

struct nuking {
	const struct rg_name *top;
	int64_t removed;
};

static int run_nuke(struct st_tx *tx, void *arg)
{
	static const struct st_sql records = {
		"DELETE FROM record WHERE NOT (name = $1 AND type = 'authority')"};
	static const struct st_sql jobs = {"DELETE FROM job"};
	struct nuking *n = arg;
	const struct st_value params[] = {st_text(n->top->name)};
	int r = st_exec(tx, &records, params, 1, &n->removed);

	return r ? r : st_exec(tx, &jobs, NULL, 0, NULL);
}

int rg_nuke(struct st_store *store, const struct rg_name *top, int64_t *removed,
	    struct cc_note *why)
{
	struct nuking n = {top, 0};
	const struct st_write write = {
		.deadline = cc_clock_ms() + DEADLINE_MS, .run = run_nuke, .arg = &n};
	int r = st_write(store, &write, why);

	*removed = n.removed;
	return r;
}
