/* SPDX-License-Identifier: ISC */
#include "lib/conf/ini_raw.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"

#define DEFAULT_NAME "DEFAULT"

int ini_fail(struct cc_note *why, struct ini_place at, int code, const char *fmt, ...)
{
	char text[sizeof(why->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return cc_note_set(why, code, "%s:%d: %s", at.file, at.line, text);
}

static int no_memory(struct cc_note *why, struct ini_place at)
{
	return ini_fail(why, at, CC_ENOMEM, "no memory");
}

/* Not isspace(3): the locale has no say in what a configuration means. */
bool ini_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct ini_slice ini_trim(struct ini_slice s)
{
	for (; s.len > 0 && ini_is_space(s.p[0]); s.p++)
		s.len--;
	while (s.len > 0 && ini_is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

static char *slice_dup(struct ini_slice s)
{
	char *text = malloc(s.len + 1);

	if (!text)
		return NULL;
	if (s.len > 0)
		memcpy(text, s.p, s.len);
	text[s.len] = 0;
	return text;
}

char *ini_lower_dup(struct ini_slice s)
{
	char *text = slice_dup(s);

	for (size_t i = 0; text && i < s.len; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
	}
	return text;
}

static void section_init(struct ini_section *s)
{
	*s = (struct ini_section){0};
	cc_map_init(&s->by_key);
	s->last = &s->first;
}

static void section_deinit(struct ini_section *s)
{
	for (struct ini_option *o = s->first, *next; o; o = next) {
		next = o->next;
		cc_buf_deinit(&o->value);
		free(o->key);
		free(o);
	}
	cc_map_deinit(&s->by_key);
	free(s->name);
}

void ini_raw_init(struct ini_raw *raw)
{
	*raw = (struct ini_raw){0};
	section_init(&raw->defaults);
	cc_map_init(&raw->by_name);
	raw->last = &raw->first;
}

void ini_raw_deinit(struct ini_raw *raw)
{
	for (struct ini_section *s = raw->first, *next; s; s = next) {
		next = s->next;
		section_deinit(s);
		free(s);
	}
	section_deinit(&raw->defaults);
	cc_map_deinit(&raw->by_name);
	for (size_t i = 0; i < raw->n_files; i++)
		free(raw->files[i]);
	ini_raw_init(raw);
}

int ini_raw_file(struct ini_raw *raw, const char *name, const char **file)
{
	char *copy;

	if (raw->n_files == CC_INI_FILES)
		return -CC_ELIMIT;
	copy = strdup(name);
	if (!copy)
		return -CC_ENOMEM;
	raw->files[raw->n_files++] = copy;
	*file = copy;
	return 0;
}

static struct ini_section *section_find(const struct ini_raw *raw, struct ini_slice name)
{
	struct cc_map_node *node = cc_map_find(&raw->by_name, name.p, name.len);

	return node ? cc_container_of(node, struct ini_section, node) : NULL;
}

struct ini_section *ini_raw_find(const struct ini_raw *raw, const char *name)
{
	return section_find(raw, (struct ini_slice){name, strlen(name)});
}

static struct ini_section *section_add(struct ini_raw *raw, struct ini_slice name)
{
	cc_cleanup(cc_freep) struct ini_section *s = malloc(sizeof(*s));
	cc_cleanup(cc_freep) char *copy = slice_dup(name);

	if (!s || !copy)
		return NULL;
	section_init(s);
	if (cc_map_add(&raw->by_name, &s->node, copy, name.len) < 0)
		return NULL;
	s->name = cc_steal(&copy);
	*raw->last = s;
	raw->last = &s->next;
	raw->n_sections++;
	return cc_steal(&s);
}

int ini_raw_section(struct ini_raw *raw, struct ini_slice name, struct ini_place at,
		    struct ini_section **out, struct cc_note *why)
{
	bool defaults =
		name.len == strlen(DEFAULT_NAME) && memcmp(name.p, DEFAULT_NAME, name.len) == 0;
	struct ini_section *s = defaults ? &raw->defaults : section_find(raw, name);

	if (!s && raw->n_sections >= CC_INI_ENTRIES)
		return ini_fail(why, at, CC_ELIMIT,
				"more than %d sections: split the configuration", CC_INI_ENTRIES);
	if (!s)
		s = section_add(raw, name);
	if (!s)
		return no_memory(why, at);
	if (!s->at.file)
		s->at = at;
	*out = s;
	return 0;
}

struct ini_option *ini_section_find(const struct ini_section *s, const char *key, size_t len)
{
	struct cc_map_node *node = cc_map_find(&s->by_key, key, len);

	return node ? cc_container_of(node, struct ini_option, node) : NULL;
}

/* Steals the key on success. */
static struct ini_option *option_add(struct ini_raw *raw, struct ini_section *s, char **key)
{
	cc_cleanup(cc_freep) struct ini_option *o = calloc(1, sizeof(*o));

	if (!o || cc_map_add(&s->by_key, &o->node, *key, strlen(*key)) < 0)
		return NULL;
	o->key = cc_steal(key);
	o->value = (struct cc_buf)CC_BUF_INIT(CC_INI_VALUE_MAX);
	*s->last = o;
	s->last = &o->next;
	s->count++;
	raw->n_options++;
	return cc_steal(&o);
}

int ini_raw_set(struct ini_raw *raw, struct ini_section *s, struct ini_slice key,
		struct ini_slice value, struct ini_place at, struct ini_option **out,
		struct cc_note *why)
{
	cc_cleanup(cc_freep) char *lower = ini_lower_dup(key);
	struct ini_option *o;

	if (!lower)
		return no_memory(why, at);
	o = ini_section_find(s, lower, key.len);
	if (!o && raw->n_options >= CC_INI_ENTRIES)
		return ini_fail(why, at, CC_ELIMIT, "more than %d options: split the configuration",
				CC_INI_ENTRIES);
	if (!o)
		o = option_add(raw, s, &lower);
	if (!o)
		return no_memory(why, at);
	o->at = at;
	cc_buf_reset(&o->value);
	*out = o;
	return ini_option_append(o, value, at, why);
}

int ini_option_append(struct ini_option *o, struct ini_slice text, struct ini_place at,
		      struct cc_note *why)
{
	int r = cc_buf_put(&o->value, text.p, text.len);

	if (r == -CC_ELIMIT)
		return ini_fail(why, at, CC_ELIMIT, "value of \"%.64s\" is longer than %d octets",
				o->key, CC_INI_VALUE_MAX);
	return r < 0 ? no_memory(why, at) : 0;
}

const char *ini_option_value(const struct ini_option *o)
{
	return o->value.data ? (const char *)o->value.data : "";
}
