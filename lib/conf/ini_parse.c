/* SPDX-License-Identifier: ISC */
/* From lines to struct ini_raw: sections, options, continuation lines, comments, include. */
#include "lib/conf/ini_raw.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/file.h"
#include "lib/base/util.h"

#define INCLUDE_WORD "include"

struct reader {
	struct ini_raw *raw;
	struct ini_place at;
	struct ini_section *section; /* NULL: none opened yet */
	struct ini_option *option;   /* that a line which starts with white space goes on with */
	unsigned depth;		     /* of include */
	bool memory;		     /* include is refused */
	struct cc_note *why;
};

static int read_file(struct reader *r, const char *path);

static const char *slice_find(struct ini_slice s, const char *any)
{
	for (size_t i = 0; i < s.len; i++) {
		if (strchr(any, s.p[i]))
			return s.p + i;
	}
	return NULL;
}

static struct ini_slice slice_to(struct ini_slice s, const char *end)
{
	return (struct ini_slice){s.p, (size_t)(end - s.p)};
}

static struct ini_slice slice_from(struct ini_slice s, const char *start)
{
	return (struct ini_slice){start, s.len - (size_t)(start - s.p)};
}

/* The line starts with word and then white space or nothing. */
static bool starts_with_word(struct ini_slice line, const char *word)
{
	size_t len = strlen(word);

	return line.len >= len && strncasecmp(line.p, word, len) == 0 &&
	       (line.len == len || ini_is_space(line.p[len]));
}

/* Only the first ';' can start a comment, and only after white space: the original looks no further. */
static struct ini_slice cut_comment(struct ini_slice s)
{
	const char *semicolon = slice_find(s, ";");

	if (semicolon && semicolon > s.p && ini_is_space(semicolon[-1]))
		return slice_to(s, semicolon);
	return s;
}

static int read_section(struct reader *r, struct ini_slice line)
{
	struct ini_slice name = slice_from(line, line.p + 1);
	const char *end = slice_find(name, "]");

	if (!end || end == name.p)
		return ini_fail(r->why, r->at, CC_EFORMAT,
				"a section needs a name and a \"]\": write [name]");
	r->option = NULL;
	return ini_raw_section(r->raw, slice_to(name, end), r->at, &r->section, r->why);
}

static int read_continuation(struct reader *r, struct ini_slice text)
{
	const struct ini_slice newline = {"\n", 1};
	int e;

	if (!r->option)
		return ini_fail(
			r->why, r->at, CC_EFORMAT,
			"white space starts the line, but there is no option to go on with: "
			"remove it");
	e = ini_option_append(r->option, newline, r->at, r->why);
	return e < 0 ? e : ini_option_append(r->option, text, r->at, r->why);
}

static int read_option(struct reader *r, struct ini_slice line)
{
	const char *delimiter = slice_find(line, "=:");
	struct ini_slice key, value;

	if (!r->section)
		return ini_fail(r->why, r->at, CC_EFORMAT,
				"no section yet: put a [section] line before the first option");
	if (!delimiter)
		return ini_fail(r->why, r->at, CC_EFORMAT,
				"neither option nor section: write \"name = value\"");
	key = ini_trim(slice_to(line, delimiter));
	if (key.len == 0)
		return ini_fail(r->why, r->at, CC_EFORMAT,
				"nothing before the \"%c\": write \"name = value\"", *delimiter);
	value = ini_trim(cut_comment(slice_from(line, delimiter + 1)));
	if (value.len == 2 && memcmp(value.p, "\"\"", 2) == 0)
		value.len = 0;
	return ini_raw_set(r->raw, r->section, key, value, r->at, &r->option, r->why);
}

/* Full path of a name in an include line: ~ expanded, relative to the folder of the file that includes. */
static char *include_path(const struct reader *r, struct ini_slice name)
{
	cc_cleanup(cc_freep) char *text = strndup(name.p, name.len);
	cc_cleanup(cc_freep) char *folder = NULL;
	const char *slash = strrchr(r->at.file, '/');

	if (!text || *text == '~')
		return text ? cc_file_expand(text) : NULL;
	if (!slash)
		return cc_steal(&text);
	folder = strndup(r->at.file, (size_t)(slash - r->at.file));
	return folder ? cc_file_join(folder, text) : NULL;
}

/* A folder that is not there matches nothing; one that cannot be read must not hide its files. */
static int glob_failed(const char *path, int error)
{
	return error != ENOENT;
}

static int read_glob(struct reader *r, const char *pattern)
{
	glob_t found = {0};
	int e = glob(pattern, 0, glob_failed, &found);

	if (e == 0) {
		for (size_t i = 0; e == 0 && i < found.gl_pathc; i++)
			e = read_file(r, found.gl_pathv[i]);
	} else if (e == GLOB_NOMATCH) {
		e = 0;
	} else {
		e = ini_fail(r->why, r->at, e == GLOB_NOSPACE ? CC_ENOMEM : CC_ESYS,
			     "cannot list %.128s", pattern);
	}
	globfree(&found);
	return e;
}

static int read_include(struct reader *r, struct ini_slice line)
{
	struct ini_slice name =
		ini_trim(cut_comment(slice_from(line, line.p + strlen(INCLUDE_WORD))));
	cc_cleanup(cc_freep) char *path = NULL;

	if (r->memory)
		return ini_fail(r->why, r->at, CC_EFORMAT, "include works only in files");
	if (name.len == 0)
		return ini_fail(r->why, r->at, CC_EFORMAT, "include what? Write include FILE");
	path = include_path(r, name);
	if (!path)
		return ini_fail(r->why, r->at, CC_ENOMEM, "no memory, or no home folder for ~");
	r->option = NULL;
	return slice_find(name, "*?[") ? read_glob(r, path) : read_file(r, path);
}

/* In the original's order, which decides what a doubtful line is. */
static int read_line(struct reader *r, struct ini_slice line)
{
	struct ini_slice text = ini_trim(line);

	if (text.len == 0 || line.p[0] == '#' || line.p[0] == ';' || starts_with_word(line, "rem"))
		return 0;
	if (ini_is_space(line.p[0]))
		return read_continuation(r, text);
	if (line.p[0] == '[')
		return read_section(r, line);
	if (starts_with_word(line, INCLUDE_WORD) && !slice_find(line, "=:"))
		return read_include(r, line);
	return read_option(r, line);
}

static int read_text(struct reader *r, struct ini_slice text)
{
	int e = 0;

	while (e == 0 && text.len > 0) {
		const char *end = memchr(text.p, '\n', text.len);
		struct ini_slice line = end ? slice_to(text, end) : text;

		r->at.line++;
		if (line.len > CC_INI_LINE_MAX)
			return ini_fail(r->why, r->at, CC_ELIMIT,
					"line longer than %d octets: use continuation lines",
					CC_INI_LINE_MAX);
		if (memchr(line.p, 0, line.len))
			return ini_fail(r->why, r->at, CC_EFORMAT,
					"NUL octet: this is no text file");
		e = read_line(r, line);
		text = slice_from(text, end ? end + 1 : text.p + text.len);
	}
	return e;
}

/* Names the place of the include line, if there is one. */
static int read_failed(struct reader *r, int e, const struct cc_note *cause)
{
	if (r->depth == 0)
		return cc_note_set(r->why, -e, "%s", cause->text);
	return ini_fail(r->why, r->at, -e, "%s", cause->text);
}

static int check_file_limits(struct reader *r)
{
	if (r->depth > CC_INI_DEPTH)
		return ini_fail(r->why, r->at, CC_ELIMIT,
				"include nested deeper than %d: does a file include itself?",
				CC_INI_DEPTH);
	if (r->raw->n_files == CC_INI_FILES)
		return ini_fail(r->why, r->at, CC_ELIMIT, "more than %d files", CC_INI_FILES);
	return 0;
}

/* The included file starts in the section of the line that includes it, and gives it back. */
static int read_file(struct reader *r, const char *path)
{
	struct reader inner = {
		.raw = r->raw, .section = r->section, .depth = r->depth + 1, .why = r->why};
	cc_cleanup(cc_freep) char *data = NULL;
	struct cc_note cause = {0};
	size_t len;
	int e = check_file_limits(r);

	if (e < 0)
		return e;
	e = cc_file_read(path, CC_INI_FILE_MAX, &data, &len, &cause);
	if (e < 0)
		return read_failed(r, e, &cause);
	e = ini_raw_file(r->raw, path, &inner.at.file);
	if (e < 0)
		return cc_note_set(r->why, -e, "%s: %s", path, cc_err_text(e));
	return read_text(&inner, (struct ini_slice){data, len});
}

int ini_parse_file(struct ini_raw *raw, const char *path, struct cc_note *why)
{
	struct reader r = {.raw = raw, .why = why};

	return read_file(&r, path);
}

int ini_parse_text(struct ini_raw *raw, const char *name, struct ini_slice text,
		   struct cc_note *why)
{
	struct reader r = {.raw = raw, .memory = true, .why = why};
	int e = ini_raw_file(raw, name, &r.at.file);

	if (e < 0)
		return cc_note_set(why, -e, "%s: %s", name, cc_err_text(e));
	if (text.len > CC_INI_FILE_MAX)
		return ini_fail(why, r.at, CC_ELIMIT, "more than %u octets", CC_INI_FILE_MAX);
	return read_text(&r, text);
}
