/* SPDX-License-Identifier: ISC */
/* Prints ["section", "key", "value"] of every entry of a configuration, for tests/it/ini_oracle.py. */
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/conf/ini.h"

static void print_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_section(const struct cf_section *s)
{
	for (size_t i = 0; i < s->count; i++) {
		putchar('[');
		print_text(s->name);
		fputs(", ", stdout);
		print_text(s->entries[i].key);
		fputs(", ", stdout);
		print_text(s->entries[i].value);
		puts("]");
	}
}

int main(int argc, char **argv)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_note why = {0};

	if (argc != 2) {
		fprintf(stderr, "usage: ini-dump FILE\n");
		return 2;
	}
	if (cf_ini_read(argv[1], NULL, NULL, 0, &ini, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	for (size_t i = 0; i < cf_ini_count(ini); i++)
		print_section(cf_ini_at(ini, i));
	return 0;
}
