/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Options as a table: name, type, where the value goes, default as text, help. One table per
 * program section and handler serves binding, --ini, the man page check and `ccfed config check`.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/conf/ini.h"

enum cf_type {
	CF_STR = 1, /* char *; "" allowed */
	CF_FILE,    /* char *; leading ~ expanded; "" stays "" */
	CF_BOOL,    /* bool: 1 yes true on / 0 no false off, any case */
	CF_INT,	    /* int64_t, decimal, within min..max */
	CF_SIZE, /* uint64_t octets: "64K", "10 MiB" style ^([0-9]+) *([KMGTPEZY]?)B?$, 1024-based */
	CF_MSEC,   /* int64_t milliseconds from seconds with a fraction: "0.5" -> 500 */
	CF_LIST,   /* struct cf_list: comma separated, trimmed; "" = empty */
	CF_CHOICE, /* int: index into choices[] */
	CF_OBSOLETE /* the original's option that no longer applies: a warning (help says why), no value */
};

struct cf_list {
	char **items;
	size_t count;
};

struct cf_opt {
	const char *name;
	enum cf_type type;
	size_t offset;		    /* into the struct that is bound */
	const char *def;	    /* default as text; NULL: required (never with CF_OBSOLETE) */
	int64_t min, max;	    /* CF_INT, CF_SIZE, CF_MSEC; both 0: any value >= 0 */
	const char *const *choices; /* CF_CHOICE, NULL-ended */
	bool reload;		    /* takes effect at a reload */
	const char *help;	    /* one line for --ini and docs */
};
/* A table ends with a row whose name is NULL. */

/**
 * Where cf_bind reports what is no error: obsolete and (in the original's spelling) unknown
 * options.
 */
typedef void cf_warn_fn(void *arg, const struct cf_entry *entry, const char *text);

/**
 * Fills target from a section (NULL: defaults only) by one or more tables (NULL-ended array of
 * tables, all on the same target). Strings and lists are allocated; cf_unbind frees them, also
 * after a failure. `skip`: NULL-ended names that are neither bound nor unknown (handler, plugin,
 * module, ...), may be NULL. An unknown option: with lenient a warning, else an error naming the
 * nearest known one: "FILE:LINE: unknown option "ramote-cc" in [h:proxy]; did you mean
 * "remote-cc"?". An entry that is from [DEFAULT] or a variable is never unknown.
 * @return 0, -CC_EINVAL (bad or unknown value, "Config value not set: X" for a missing required
 * one), -CC_ENOMEM.
 */
int cf_bind(const struct cf_section *s, const struct cf_opt *const *tables, const char *const *skip,
	    bool lenient, void *target, cf_warn_fn *warn, void *arg, struct cc_note *why);
/** Frees what cf_bind allocated. Safe on a zeroed target. */
void cf_unbind(const struct cf_opt *const *tables, void *target);

/** Prints a sample of a table, one commented line per option, as --ini shows it. */
void cf_opt_print(const struct cf_opt *table, void (*line)(void *arg, const char *text), void *arg);

/**
 * The name in names[] (NULL-ended) nearest to s by edit distance, or NULL when none is near
 * (distance > 1 + strlen/3).
 */
const char *cf_nearest(const char *s, const char *const *names);
/** Splits a comma list as CF_LIST. @return 0, -CC_ENOMEM. */
int cf_list_parse(const char *text, struct cf_list *out);
void cf_list_deinit(struct cf_list *list);
