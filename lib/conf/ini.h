/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Configuration files: the ini dialect of Python 2's SafeConfigParser that hots-cc uses (spec
 * cc-bus B1), plus lines `include FILE` (no = or :, so no option named include is meant): the file
 * is read in place, relative names from the folder of the file that includes; a glob pattern may
 * match nothing, a plain name must exist; the current section goes on after it. See docs/config.md.
 *
 * A configuration is read whole and then immutable. Keys are lower-cased; a section's entries stand
 * in file order, with those of [DEFAULT] behind them; a repeated key: the last wins (at the first
 * one's place).
 */
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

struct cf_entry {
	const char *key;   /* lower case */
	const char *value; /* interpolated, UTF-8 not required, no NUL */
	const char *file;
	int line;
	bool from_default; /* comes from [DEFAULT] */
	bool variable;	   /* some %(key)s names it: never an unknown option */
};

struct cf_section {
	const char *name;
	struct cf_entry *entries;
	size_t count;
	const char *file; /* where it was first opened */
	int line;
};

struct cf_ini; /* opaque, owned by the caller */

/**
 * Reads path (leading ~ expanded) and everything it includes. A setting in `overrides`
 * ("key=value", n of them) is put into section `main` afterwards, as --set does; job_name,
 * service_name, host_name, config_dir and config_file are added to `main` where not set (spec B1).
 * main may be NULL: neither is done.
 * @return 0, -CC_ENOTFOUND, -CC_EFORMAT, -CC_ELIMIT, -CC_ESYS, -CC_ENOMEM; why: "FILE:LINE: what is
 * wrong".
 */
int cf_ini_read(const char *path, const char *main, const char *const *overrides, size_t n,
		struct cf_ini **out, struct cc_note *why);
/** The same from memory (name stands in for the file in messages; include is refused). */
int cf_ini_parse(const char *name, const char *text, size_t len, const char *main,
		 const char *const *overrides, size_t n, struct cf_ini **out, struct cc_note *why);
void cf_ini_free(struct cf_ini *ini);
void cf_ini_freep(struct cf_ini **ini);

/** @return the section or NULL; borrowed. */
const struct cf_section *cf_ini_section(const struct cf_ini *ini, const char *name);
/** Sections in file order; [DEFAULT] is not among them. */
size_t cf_ini_count(const struct cf_ini *ini);
const struct cf_section *cf_ini_at(const struct cf_ini *ini, size_t i);
/** @return the entry or NULL; borrowed. */
const struct cf_entry *cf_section_find(const struct cf_section *s, const char *key);
/** The value or NULL. */
const char *cf_section_get(const struct cf_section *s, const char *key);
/** Path as given to cf_ini_read, ~ expanded. */
const char *cf_ini_path(const struct cf_ini *ini);
/**
 * Whether the file is written in the original's spelling: some section has `plugin =`, or a handler
 * or module named cc.handler.* or cc.daemon.*. There an unknown option is a warning, not an error.
 */
bool cf_ini_legacy(const struct cf_ini *ini);
