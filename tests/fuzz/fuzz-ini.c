/* SPDX-License-Identifier: ISC */
/* Configuration text: parse, walk, then bind a table that has every type of option. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/conf/ini.h"
#include "lib/conf/opt.h"
#include "tests/fuzz/must.h"

struct target {
	char *str, *file;
	bool flag;
	int64_t number, delay;
	uint64_t size;
	struct cf_list list;
	int choice;
};

static const char *const choices[] = {"none", "local", "remote", NULL};

static const struct cf_opt table[] = {
	{"str", CF_STR, offsetof(struct target, str), "", .help = ""},
	{"file", CF_FILE, offsetof(struct target, file), "", .help = ""},
	{"flag", CF_BOOL, offsetof(struct target, flag), "no", .help = ""},
	{"number", CF_INT, offsetof(struct target, number), "0", -100, 100, .help = ""},
	{"delay", CF_MSEC, offsetof(struct target, delay), "0.5", .help = ""},
	{"size", CF_SIZE, offsetof(struct target, size), "10M", .help = ""},
	{"list", CF_LIST, offsetof(struct target, list), "", .help = ""},
	{"choice", CF_CHOICE, offsetof(struct target, choice), "none", .choices = choices,
	 .help = ""},
	{"gone", CF_OBSOLETE, .help = ""},
	{NULL},
};

static const struct cf_opt *const tables[] = {table, NULL};

/* Reads every octet that the configuration hands out. */
static void walk(const struct cf_ini *ini)
{
	size_t total = 0;

	for (size_t i = 0; i < cf_ini_count(ini); i++) {
		const struct cf_section *s = cf_ini_at(ini, i);

		if (!cf_ini_section(ini, s->name))
			__builtin_trap();
		for (size_t k = 0; k < s->count; k++) {
			if (!cf_section_get(s, s->entries[k].key))
				__builtin_trap();
			total += strlen(s->entries[k].value) + strlen(s->entries[k].file);
		}
	}
	total += cf_ini_legacy(ini) + strlen(cf_ini_path(ini));
	if (total == SIZE_MAX) /* so that nothing of it is optimised away */
		__builtin_trap();
}

static void bind_all(const struct cf_ini *ini)
{
	for (size_t i = 0; i < cf_ini_count(ini); i++) {
		struct target target = {0};
		struct cc_note why;

		cf_bind(cf_ini_at(ini, i), tables, NULL, i % 2, &target, NULL, NULL, &why);
		cf_unbind(tables, &target);
	}
}

static void parse_main(const char *text, size_t len, const char *main)
{
	static const char *const overrides[] = {"set = %(job_name)s", "str=%(set)s"};
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_note why;

	if (cf_ini_parse("folder/fuzz.ini", text, len, main, overrides, 2, &ini, &why) == 0)
		walk(ini);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_note why;

	if (cf_ini_parse("fuzz", (const char *)data, size, NULL, NULL, 0, &ini, &why) < 0)
		return 0;
	walk(ini);
	bind_all(ini);
	if (cf_ini_count(ini) > 0)
		parse_main((const char *)data, size, cf_ini_at(ini, 0)->name);
	return 0;
}
