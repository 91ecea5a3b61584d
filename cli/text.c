/* SPDX-License-Identifier: ISC */
#include "cli/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/util.h"

#define GAP 2 /* blanks between columns */

/*
 * What turns the direction of text, so that it reads otherwise than it is: U+202A to U+202E, U+2066
 * to U+2069.
 */
static bool turns_text(const unsigned char *p)
{
	return p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
				(p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

/*
 * Octets of the character at p that may be shown as they are; 0: none. jansson has checked the
 * UTF-8; C1 controls (U+0080 to U+009F) move cursors as escape sequences do.
 */
static size_t printable(const unsigned char *p)
{
	size_t len = *p < 0x80 ? 1 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc2 ? 2 : 0;

	if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0) || turns_text(p))
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Columns on the screen, written or only counted (to NULL). */
static size_t put(FILE *to, const char *text)
{
	size_t columns = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t len = printable(p);

		if (to && len)
			fwrite(p, 1, len, to);
		else if (to)
			fprintf(to, "\\x%02x", *p);
		columns += len ? 1 : 4;
		p += len ? len : 1;
	}
	return columns;
}

void cli_put(FILE *to, const char *text)
{
	put(to, text);
}

/* ---- tables ---- */

void cli_table_add(struct cli_table *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : 64;
		char **cells = reallocarray(t->cells, room, sizeof(*cells));

		if (!cells) {
			t->failed = true;
			return;
		}
		t->cells = cells;
		t->room = room;
	}
	va_start(ap, fmt);
	n = vasprintf(&t->cells[t->count], fmt, ap);
	va_end(ap);
	t->failed |= n < 0;
	t->count += n >= 0;
}

static size_t columns_of(const struct cli_table *t)
{
	size_t n = 0;

	while (t->heads[n])
		n++;
	return n;
}

static void print_row(char *const *cells, size_t n, const size_t *widths)
{
	for (size_t c = 0; c < n; c++) {
		size_t width = put(stdout, cells[c]);

		if (c + 1 < n)
			printf("%*s", (int)(widths[c] - width + GAP), "");
	}
	putchar('\n');
}

int cli_table_print(struct cli_table *t)
{
	size_t n = columns_of(t), widths[CLI_TABLE_COLUMNS] = {0};
	bool whole = !t->failed;

	for (size_t i = 0; i < n + t->count; i++) {
		size_t width = put(NULL, i < n ? t->heads[i] : t->cells[i - n]);

		if (width > widths[i % n])
			widths[i % n] = width;
	}
	if (whole) {
		print_row((char *const *)t->heads, n, widths);
		for (size_t i = 0; i < t->count; i += n)
			print_row(t->cells + i, n, widths);
	}
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->count = t->room = 0;
	return whole ? 0 : cc_raise(CC_ENOMEM);
}

/* ---- values ---- */

const char *cli_text_of(const json_t *object, const char *key, char buf[32])
{
	const json_t *v = json_object_get(object, key);

	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		snprintf(buf, 32, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, 32, "%.3f", json_real_value(v));
	else
		snprintf(buf, 32, "%s", json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "-");
	return buf;
}

void cli_print_json(const json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
	putchar('\n');
}

const char *cli_size_text(double octets, char buf[32])
{
	static const char *const units[] = {"octets", "KiB", "MiB", "GiB", "TiB"};
	size_t u = 0;

	for (; octets >= 1024 && u + 1 < CC_ARRAY_SIZE(units); u++)
		octets /= 1024;
	snprintf(buf, 32, u ? "%.1f %s" : "%.0f %s", octets, units[u]);
	return buf;
}

const char *cli_seconds_text(double seconds, char buf[32])
{
	long long s;

	if (!(seconds > 0))
		seconds = 0;
	s = (long long)(seconds < 1e12 ? seconds : 1e12);
	if (s >= 86400)
		snprintf(buf, 32, "%lld d %lld h", s / 86400, s % 86400 / 3600);
	else if (s >= 3600)
		snprintf(buf, 32, "%lld h %lld min", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(buf, 32, "%lld min %lld s", s / 60, s % 60);
	else
		snprintf(buf, 32, "%.1f s", seconds);
	return buf;
}
