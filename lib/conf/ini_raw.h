/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A configuration as it is written, before interpolation: private to lib/conf/ini*.c. ini_parse.c fills
 * it from lines, ini.c makes the immutable configuration of it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/limits.h"
#include "lib/base/map.h"

struct ini_place {
	const char *file;
	int line;
};

/* Borrowed octets, not NUL-terminated. */
struct ini_slice {
	const char *p;
	size_t len;
};

struct ini_option {
	struct cc_map_node node;
	struct ini_option *next;
	char *key; /* lower case */
	struct cc_buf value;
	struct ini_place at;
	bool literal;  /* not to be interpolated */
	bool variable; /* see struct cf_entry */
};

struct ini_section {
	struct cc_map_node node;
	struct ini_section *next;
	char *name;
	struct ini_place at;
	struct cc_map by_key;
	struct ini_option *first, **last;
	size_t count;
};

struct ini_raw {
	struct ini_section defaults;
	struct cc_map by_name;
	struct ini_section *first, **last; /* without defaults */
	size_t n_sections, n_options;
	char *files[CC_INI_FILES];
	size_t n_files;
};

/** Fills why with "FILE:LINE: text" and returns -code. */
int ini_fail(struct cc_note *why, struct ini_place at, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

void ini_raw_init(struct ini_raw *raw);
void ini_raw_deinit(struct ini_raw *raw);
/** Remembers a file's name for the places that name it. @return 0, -CC_ELIMIT, -CC_ENOMEM. */
int ini_raw_file(struct ini_raw *raw, const char *name, const char **file);
/** Finds or opens a section, DEFAULT among them. @return 0, -CC_ELIMIT, -CC_ENOMEM. */
int ini_raw_section(struct ini_raw *raw, struct ini_slice name, struct ini_place at,
		    struct ini_section **out, struct cc_note *why);
/** The section or NULL; never DEFAULT. */
struct ini_section *ini_raw_find(const struct ini_raw *raw, const char *name);
/** Sets an option, which the last one wins. @return 0, -CC_ELIMIT, -CC_ENOMEM. */
int ini_raw_set(struct ini_raw *raw, struct ini_section *s, struct ini_slice key,
		struct ini_slice value, struct ini_place at, struct ini_option **out,
		struct cc_note *why);
/** Adds octets to a value. @return 0, -CC_ELIMIT, -CC_ENOMEM. */
int ini_option_append(struct ini_option *o, struct ini_slice text, struct ini_place at,
		      struct cc_note *why);
/** The option of this lower-case key, or NULL. */
struct ini_option *ini_section_find(const struct ini_section *s, const char *key, size_t len);
/** The value as written; never NULL. */
const char *ini_option_value(const struct ini_option *o);

/** Without white space at both ends. */
struct ini_slice ini_trim(struct ini_slice s);
bool ini_is_space(char c);
char *ini_lower_dup(struct ini_slice s);

/**
 * Reads a file and what it includes, resp. text named name. Both leave what they read in raw.
 * @return 0, -CC_ENOTFOUND, -CC_EFORMAT, -CC_ELIMIT, -CC_ESYS, -CC_ENOMEM.
 */
int ini_parse_file(struct ini_raw *raw, const char *path, struct cc_note *why);
int ini_parse_text(struct ini_raw *raw, const char *name, struct ini_slice text,
		   struct cc_note *why);
