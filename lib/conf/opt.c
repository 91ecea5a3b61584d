/* SPDX-License-Identifier: ISC */
#include "lib/conf/opt.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/conf/opt_value.h"

#define WORD_MAX 64 /* octets of a name for which a near one is searched */
#define LINE_OCTETS 512

static const struct cf_opt *table_find(const struct cf_opt *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

static const struct cf_opt *tables_find(const struct cf_opt *const *tables, const char *name)
{
	const struct cf_opt *o = NULL;

	for (; !o && *tables; tables++)
		o = table_find(*tables, name);
	return o;
}

static bool name_in(const char *const *names, const char *name)
{
	for (; names && *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Edit distance, one row of the table at a time. b has at most WORD_MAX octets. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1];
	size_t len = strlen(b);

	for (size_t i = 0; i <= len; i++)
		row[i] = i;
	for (; *a; a++) {
		size_t diagonal = row[0]++;

		for (size_t i = 1; i <= len; i++) {
			size_t above = row[i];

			row[i] = min3(above + 1, row[i - 1] + 1, diagonal + (*a != b[i - 1]));
			diagonal = above;
		}
	}
	return row[len];
}

struct nearest {
	const char *word;
	const char *name; /* the nearest one so far */
	size_t limit;	  /* a distance of that much is too far */
};

static struct nearest nearest_begin(const char *word)
{
	size_t len = strlen(word);

	/* a limit of 0 lets nothing through */
	return (struct nearest){.word = word, .limit = len <= WORD_MAX ? 2 + len / 3 : 0};
}

static void nearest_try(struct nearest *n, const char *name)
{
	size_t d = n->limit > 0 ? distance(name, n->word) : 0;

	if (d < n->limit) {
		n->name = name;
		n->limit = d;
	}
}

const char *cf_nearest(const char *s, const char *const *names)
{
	struct nearest n = nearest_begin(s);

	for (; *names; names++)
		nearest_try(&n, *names);
	return n.name;
}

static const char *nearest_option(const struct cf_opt *const *tables, const char *word)
{
	struct nearest n = nearest_begin(word);

	for (; *tables; tables++) {
		for (const struct cf_opt *o = *tables; o->name; o++) {
			if (o->type != CF_OBSOLETE)
				nearest_try(&n, o->name);
		}
	}
	return n.name;
}

/* What all steps of one cf_bind share. */
struct binding {
	const struct cf_section *section;
	const struct cf_opt *const *tables;
	const char *const *skip;
	bool lenient;
	void *target;
	cf_warn_fn *warn;
	void *arg;
	struct cc_note *why;
};

static void bind_warn(const struct binding *b, const struct cf_entry *e, const char *text)
{
	if (b->warn)
		b->warn(b->arg, e, text);
}

static int unknown_option(const struct binding *b, const struct cf_entry *e)
{
	const char *near = nearest_option(b->tables, e->key);

	if (b->lenient) {
		bind_warn(b, e, "unknown option");
		return 0;
	}
	if (near)
		return cc_note_set(
			b->why, CC_EINVAL,
			"%s:%d: unknown option \"%.64s\" in [%.64s]; did you mean \"%s\"?", e->file,
			e->line, e->key, b->section->name, near);
	return cc_note_set(b->why, CC_EINVAL,
			   "%s:%d: unknown option \"%.64s\" in [%.64s]; remove it", e->file,
			   e->line, e->key, b->section->name);
}

/* First of all: a misspelt required option is better called unknown than missing. */
static int check_unknown(const struct binding *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && b->section && i < b->section->count; i++) {
		const struct cf_entry *e = &b->section->entries[i];

		if (!e->from_default && !e->variable && !name_in(b->skip, e->key) &&
		    !tables_find(b->tables, e->key))
			r = unknown_option(b, e);
	}
	return r;
}

static int missing_option(const struct binding *b, const struct cf_opt *o)
{
	if (!b->section)
		return cc_note_set(b->why, CC_EINVAL, "Config value not set: %s", o->name);
	return cc_note_set(b->why, CC_EINVAL, "Config value not set: %s (add it to [%.64s] of %s)",
			   o->name, b->section->name, b->section->file);
}

static int bad_value(const struct binding *b, const struct cf_opt *o, const struct cf_entry *e,
		     const char *text, const struct cc_note *what)
{
	if (!e)
		return cc_note_set(b->why, what->code, "default of %s: \"%.64s\": %s", o->name,
				   text, what->text);
	return cc_note_set(b->why, what->code, "%s:%d: %s = \"%.64s\": %s", e->file, e->line,
			   o->name, text, what->text);
}

static int bind_option(const struct binding *b, const struct cf_opt *o)
{
	const struct cf_entry *e = b->section ? cf_section_find(b->section, o->name) : NULL;
	const char *text = e ? e->value : o->def;
	struct cc_note what = {0};

	if (o->type == CF_OBSOLETE) {
		if (e)
			bind_warn(b, e, o->help);
		return 0;
	}
	if (!text)
		return missing_option(b, o);
	if (opt_value_set(o, text, b->target, &what) < 0)
		return bad_value(b, o, e, text, &what);
	return 0;
}

int cf_bind(const struct cf_section *s, const struct cf_opt *const *tables, const char *const *skip,
	    bool lenient, void *target, cf_warn_fn *warn, void *arg, struct cc_note *why)
{
	const struct binding b = {s, tables, skip, lenient, target, warn, arg, why};
	int r = check_unknown(&b);

	for (; r == 0 && *tables; tables++) {
		for (const struct cf_opt *o = *tables; r == 0 && o->name; o++)
			r = bind_option(&b, o);
	}
	return r;
}

void cf_unbind(const struct cf_opt *const *tables, void *target)
{
	for (; *tables; tables++) {
		for (const struct cf_opt *o = *tables; o->name; o++)
			opt_value_clear(o, target);
	}
}

void cf_opt_print(const struct cf_opt *table, void (*line)(void *arg, const char *text), void *arg)
{
	char text[LINE_OCTETS];

	for (; table->name; table++) {
		if (table->type == CF_OBSOLETE)
			continue;
		snprintf(text, sizeof(text), "#%s = %s ; %s%s", table->name,
			 table->def ? table->def : "", table->def ? "" : "required: ", table->help);
		line(arg, text);
	}
}
