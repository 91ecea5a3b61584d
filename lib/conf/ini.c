/* SPDX-License-Identifier: ISC */
#include "lib/conf/ini.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/conf/ini_expand.h"
#include "lib/conf/ini_raw.h"

#define OVERRIDE_FILE "--set"

struct cf_ini {
	char *path;
	struct ini_raw raw; /* the names and places that the sections borrow */
	struct ini_scope scope;
	struct cf_section *sections;
	size_t count;
	size_t entries; /* of all sections */
};

/* Appends an entry; the section has room for it. */
static int entry_add(struct cf_ini *ini, struct cf_section *s, const struct ini_section *raw,
		     const struct ini_option *o, bool from_default, struct cc_note *why)
{
	struct cf_entry *e = &s->entries[s->count];
	char *value;
	int r = ini_expand(&ini->scope, raw, o, &value, why);

	if (r < 0)
		return r;
	*e = (struct cf_entry){
		.key = o->key,
		.value = value,
		.file = o->at.file,
		.line = o->at.line,
		.from_default = from_default,
	};
	s->count++;
	return 0;
}

/* After the whole section: a later value may name an earlier key. */
static void mark_variables(struct cf_section *s, const struct ini_section *raw)
{
	size_t i = 0;

	for (const struct ini_option *o = raw->first; o; o = o->next)
		s->entries[i++].variable = o->variable;
}

static int section_build(struct cf_ini *ini, struct cf_section *s, const struct ini_section *raw,
			 struct cc_note *why)
{
	const struct ini_section *defaults = &ini->raw.defaults;
	size_t room = raw->count + defaults->count;
	int r = 0;

	*s = (struct cf_section){.name = raw->name, .file = raw->at.file, .line = raw->at.line};
	ini->entries += room;
	if (ini->entries > CC_INI_ENTRIES)
		return ini_fail(why, raw->at, CC_ELIMIT,
				"more than %d options, those of [DEFAULT] counted in each section",
				CC_INI_ENTRIES);
	s->entries = calloc(room + 1, sizeof(*s->entries));
	if (!s->entries)
		return ini_fail(why, raw->at, CC_ENOMEM, "no memory");
	for (const struct ini_option *o = raw->first; r == 0 && o; o = o->next)
		r = entry_add(ini, s, raw, o, false, why);
	for (const struct ini_option *o = defaults->first; r == 0 && o; o = o->next) {
		if (!ini_section_find(raw, o->key, strlen(o->key)))
			r = entry_add(ini, s, raw, o, true, why);
	}
	if (r == 0)
		mark_variables(s, raw);
	return r;
}

static int build(struct cf_ini *ini, struct cc_note *why)
{
	int r = 0;

	ini->sections = calloc(ini->raw.n_sections + 1, sizeof(*ini->sections));
	if (!ini->sections)
		return cc_note_set(why, CC_ENOMEM, "%s: no memory", ini->path);
	for (const struct ini_section *s = ini->raw.first; r == 0 && s; s = s->next)
		r = section_build(ini, &ini->sections[ini->count++], s, why);
	return r;
}

static int override_set(struct cf_ini *ini, struct ini_section *s, const char *text, int i,
			struct cc_note *why)
{
	struct ini_place at = {OVERRIDE_FILE, i};
	const char *equals = strchr(text, '=');
	struct ini_option *o;
	struct ini_slice key, value;

	if (strlen(text) > CC_INI_LINE_MAX)
		return ini_fail(why, at, CC_ELIMIT, "longer than %d octets", CC_INI_LINE_MAX);
	if (!equals)
		return ini_fail(why, at, CC_EFORMAT, "write key=value");
	key = ini_trim((struct ini_slice){text, (size_t)(equals - text)});
	value = ini_trim((struct ini_slice){equals + 1, strlen(equals + 1)});
	if (key.len == 0)
		return ini_fail(why, at, CC_EFORMAT, "no key: write key=value");
	return ini_raw_set(&ini->raw, s, key, value, at, &o, why);
}

/* The injected values of the main section, where nothing sets them: never unknown options. */
static int inject(struct cf_ini *ini, struct ini_section *s, struct cc_note *why)
{
	int r = 0;

	for (enum ini_builtin b = 0; r == 0 && b < INI_BUILTINS; b++) {
		const char *key = ini_builtin_key(b);
		const char *value = ini_builtin_value(&ini->scope, s->name, b);
		struct ini_option *o = ini_scope_find(&ini->scope, s, key);

		if (o) {
			o->variable = true;
			continue;
		}
		r = ini_raw_set(&ini->raw, s, (struct ini_slice){key, strlen(key)},
				(struct ini_slice){value, strlen(value)}, s->at, &o, why);
		if (r == 0)
			o->literal = o->variable = true;
	}
	return r;
}

static int prepare_main(struct cf_ini *ini, const char *main, const char *const *overrides,
			size_t n, struct cc_note *why)
{
	struct ini_section *s = ini_raw_find(&ini->raw, main);
	int r = 0;

	if (!s)
		return cc_note_set(why, CC_ENOTFOUND, "%s: no section [%.64s]: add it", ini->path,
				   main);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = override_set(ini, s, overrides[i], (int)i + 1, why);
	return r < 0 ? r : inject(ini, s, why);
}

/* Takes the path, which may be NULL. */
static struct cf_ini *ini_new(char *path)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = calloc(1, sizeof(*ini));

	if (!path || !ini) {
		free(path);
		return NULL;
	}
	ini->path = path;
	ini_raw_init(&ini->raw);
	return ini_scope_init(&ini->scope, &ini->raw, path) < 0 ? NULL : cc_steal(&ini);
}

static int ini_finish(struct cf_ini **ini, const char *main, const char *const *overrides, size_t n,
		      struct cf_ini **out, struct cc_note *why)
{
	int r = main ? prepare_main(*ini, main, overrides, n, why) : 0;

	if (r == 0)
		r = build(*ini, why);
	if (r == 0)
		*out = cc_steal(ini);
	return r;
}

int cf_ini_read(const char *path, const char *main, const char *const *overrides, size_t n,
		struct cf_ini **out, struct cc_note *why)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = ini_new(cc_file_expand(path));
	int r;

	if (!ini)
		return cc_note_set(why, CC_ENOMEM, "%s: no memory, or no home folder for ~", path);
	r = ini_parse_file(&ini->raw, ini->path, why);
	return r < 0 ? r : ini_finish(&ini, main, overrides, n, out, why);
}

int cf_ini_parse(const char *name, const char *text, size_t len, const char *main,
		 const char *const *overrides, size_t n, struct cf_ini **out, struct cc_note *why)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = ini_new(strdup(name));
	int r;

	if (!ini)
		return cc_note_set(why, CC_ENOMEM, "%s: no memory", name);
	r = ini_parse_text(&ini->raw, name, (struct ini_slice){text, len}, why);
	return r < 0 ? r : ini_finish(&ini, main, overrides, n, out, why);
}

void cf_ini_free(struct cf_ini *ini)
{
	if (!ini)
		return;
	for (size_t i = 0; i < ini->count; i++) {
		for (size_t k = 0; k < ini->sections[i].count; k++)
			free((char *)ini->sections[i].entries[k].value);
		free(ini->sections[i].entries);
	}
	free(ini->sections);
	ini_raw_deinit(&ini->raw);
	ini_scope_deinit(&ini->scope);
	free(ini->path);
	free(ini);
}

void cf_ini_freep(struct cf_ini **ini)
{
	cf_ini_free(*ini);
	*ini = NULL;
}

const struct cf_section *cf_ini_section(const struct cf_ini *ini, const char *name)
{
	for (size_t i = 0; i < ini->count; i++) {
		if (strcmp(ini->sections[i].name, name) == 0)
			return &ini->sections[i];
	}
	return NULL;
}

size_t cf_ini_count(const struct cf_ini *ini)
{
	return ini->count;
}

const struct cf_section *cf_ini_at(const struct cf_ini *ini, size_t i)
{
	return i < ini->count ? &ini->sections[i] : NULL;
}

const struct cf_entry *cf_section_find(const struct cf_section *s, const char *key)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->entries[i].key, key) == 0)
			return &s->entries[i];
	}
	return NULL;
}

const char *cf_section_get(const struct cf_section *s, const char *key)
{
	const struct cf_entry *e = cf_section_find(s, key);

	return e ? e->value : NULL;
}

const char *cf_ini_path(const struct cf_ini *ini)
{
	return ini->path;
}

static bool starts_with(const char *s, const char *prefix)
{
	return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool section_legacy(const struct cf_section *s)
{
	static const char *const keys[] = {"handler", "module"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys); i++) {
		const char *value = cf_section_get(s, keys[i]);

		if (starts_with(value, "cc.handler.") || starts_with(value, "cc.daemon."))
			return true;
	}
	return cf_section_get(s, "plugin") != NULL;
}

bool cf_ini_legacy(const struct cf_ini *ini)
{
	for (size_t i = 0; i < ini->count; i++) {
		if (section_legacy(&ini->sections[i]))
			return true;
	}
	return false;
}
