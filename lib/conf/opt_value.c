/* SPDX-License-Identifier: ISC */
#include "lib/conf/opt_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/file.h"
#include "lib/base/util.h"

static void *field(const struct cf_opt *o, void *target)
{
	return (char *)target + o->offset;
}

static int no_memory(struct cc_note *what)
{
	return cc_note_set(what, CC_ENOMEM, "no memory");
}

static int set_str(const struct cf_opt *o, const char *text, void *target, struct cc_note *what)
{
	char **p = field(o, target);

	*p = strdup(text);
	return *p ? 0 : no_memory(what);
}

static int set_file(const struct cf_opt *o, const char *text, void *target, struct cc_note *what)
{
	char **p = field(o, target);

	*p = cc_file_expand(text);
	if (!*p && *text == '~')
		return cc_note_set(what, CC_EINVAL, "no home folder for ~: write the full path");
	return *p ? 0 : no_memory(what);
}

static int set_bool(const struct cf_opt *o, const char *text, void *target, struct cc_note *what)
{
	static const char *const words[] = {"0", "1", "no", "yes", "false", "true", "off", "on"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*(bool *)field(o, target) = i % 2 == 1;
			return 0;
		}
	}
	return cc_note_set(what, CC_EINVAL, "write yes or no");
}

static int check_range(const struct cf_opt *o, int64_t value, struct cc_note *what)
{
	bool open = o->min == 0 && o->max == 0;

	if (value >= o->min && (open || value <= o->max))
		return 0;
	if (open)
		return cc_note_set(what, CC_EINVAL, "must not be negative");
	return cc_note_set(what, CC_EINVAL, "must be from %" PRId64 " to %" PRId64, o->min, o->max);
}

/* Decimal digits at *p, at least one; moves *p behind them. */
static bool read_digits(const char **p, uint64_t *value)
{
	const char *start = *p;

	for (*value = 0; **p >= '0' && **p <= '9'; (*p)++) {
		if (__builtin_mul_overflow(*value, 10u, value) ||
		    __builtin_add_overflow(*value, (unsigned)(**p - '0'), value))
			return false;
	}
	return *p > start;
}

static bool read_sign(const char **p)
{
	bool negative = **p == '-';

	if (negative)
		(*p)++;
	return negative;
}

static int set_number(const struct cf_opt *o, uint64_t value, bool negative, void *target,
		      struct cc_note *what)
{
	int64_t n;
	int r;

	if (value > INT64_MAX)
		return cc_note_set(what, CC_EINVAL, "number too large");
	n = negative ? -(int64_t)value : (int64_t)value;
	r = check_range(o, n, what);
	if (r == 0)
		*(int64_t *)field(o, target) = n;
	return r;
}

static int set_int(const struct cf_opt *o, const char *text, void *target, struct cc_note *what)
{
	bool negative = read_sign(&text);
	uint64_t value;

	if (!read_digits(&text, &value) || *text)
		return cc_note_set(what, CC_EINVAL, "write a whole number");
	return set_number(o, value, negative, target, what);
}

/* ".5" and up to three digits of it, in thousandths. */
static bool read_thousandths(const char **p, uint64_t *value)
{
	uint64_t unit = 100;

	*value = 0;
	if (**p != '.')
		return true;
	for ((*p)++; **p >= '0' && **p <= '9' && unit > 0; (*p)++, unit /= 10)
		*value += unit * (unsigned)(**p - '0');
	return unit < 100;
}

static int set_msec(const struct cf_opt *o, const char *text, void *target, struct cc_note *what)
{
	bool negative = read_sign(&text);
	uint64_t seconds, ms;

	if (!read_digits(&text, &seconds) || !read_thousandths(&text, &ms) || *text)
		return cc_note_set(what, CC_EINVAL,
				   "write seconds, with at most three digits after the point");
	if (__builtin_mul_overflow(seconds, 1000u, &seconds) ||
	    __builtin_add_overflow(seconds, ms, &seconds))
		return cc_note_set(what, CC_EINVAL, "number too large");
	return set_number(o, seconds, negative, target, what);
}

/* "K", "KB", "KiB" or nothing, any case. @return the power of 1024, -1: none of them. */
static int read_unit(const char *p)
{
	static const char letters[] = "KMGTPEZY";
	const char *found = *p ? strchr(letters, *p & ~0x20) : NULL;
	int power = found ? (int)(found - letters) + 1 : 0;

	p += found ? 1 : 0;
	p += found && strcasecmp(p, "iB") == 0 ? 1 : 0;
	return *p == 0 || strcasecmp(p, "B") == 0 ? power : -1;
}

static int set_size(const struct cf_opt *o, const char *text, void *target, struct cc_note *what)
{
	uint64_t value = 0;
	bool number = read_digits(&text, &value);
	int power;

	text += strspn(text, " ");
	power = read_unit(text);
	if (!number || power < 0)
		return cc_note_set(what, CC_EINVAL, "write a size as 500, 64K or 10 MiB");
	for (; power > 0; power--) {
		if (__builtin_mul_overflow(value, 1024u, &value))
			return cc_note_set(what, CC_EINVAL, "number too large");
	}
	return set_number(o, value, false, target, what);
}

static int set_list(const struct cf_opt *o, const char *text, void *target, struct cc_note *what)
{
	return cf_list_parse(text, field(o, target)) < 0 ? no_memory(what) : 0;
}

static int set_choice(const struct cf_opt *o, const char *text, void *target, struct cc_note *what)
{
	const char *near;

	for (int i = 0; o->choices[i]; i++) {
		if (strcmp(o->choices[i], text) == 0) {
			*(int *)field(o, target) = i;
			return 0;
		}
	}
	near = cf_nearest(text, o->choices);
	return cc_note_set(what, CC_EINVAL, "did you mean \"%s\"?", near ? near : o->choices[0]);
}

typedef int set_fn(const struct cf_opt *o, const char *text, void *target, struct cc_note *what);

int opt_value_set(const struct cf_opt *o, const char *text, void *target, struct cc_note *what)
{
	static set_fn *const setters[] = {
		[CF_STR] = set_str,   [CF_FILE] = set_file,	[CF_BOOL] = set_bool,
		[CF_INT] = set_int,   [CF_SIZE] = set_size,	[CF_MSEC] = set_msec,
		[CF_LIST] = set_list, [CF_CHOICE] = set_choice,
	};

	return setters[o->type](o, text, target, what);
}

void opt_value_clear(const struct cf_opt *o, void *target)
{
	if (o->type == CF_LIST)
		cf_list_deinit(field(o, target));
	else if (o->type == CF_STR || o->type == CF_FILE)
		cc_freep(field(o, target));
}

/* The item at *p without white space around it; moves *p behind its comma. */
static char *next_item(const char **p)
{
	static const char space[] = " \t\r\n\f\v";
	const char *start = *p + strspn(*p, space);
	const char *end = strchrnul(start, ',');

	*p = *end ? end + 1 : end;
	while (end > start && strchr(space, end[-1]))
		end--;
	return strndup(start, (size_t)(end - start));
}

static size_t count_commas(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == ',';
	return n;
}

int cf_list_parse(const char *text, struct cf_list *out)
{
	cc_cleanup(cf_list_deinit) struct cf_list list = {0};

	list.items = calloc(count_commas(text) + 1, sizeof(*list.items));
	if (!list.items)
		return -CC_ENOMEM;
	while (*text) {
		char *item = next_item(&text);

		if (!item)
			return -CC_ENOMEM;
		if (*item)
			list.items[list.count++] = item;
		else
			free(item); /* a comma too many is no item */
	}
	*out = list;
	list = (struct cf_list){0};
	return 0;
}

void cf_list_deinit(struct cf_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct cf_list){0};
}
