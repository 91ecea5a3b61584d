/* SPDX-License-Identifier: ISC */
#pragma once
/* Output for people: text of others made harmless, tables. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/** Writes text of others: what a terminal would obey, or cannot show, stands as \xNN. */
void cli_put(FILE *to, const char *text);

#define CLI_TABLE_COLUMNS 10

/** A table in the making; zeroed but for the heads. Freed by cli_table_print. */
struct cli_table {
	const char *heads[CLI_TABLE_COLUMNS + 1]; /* NULL-ended */
	char **cells;				  /* row by row */
	size_t count, room;
	bool failed; /* a cell is missing */
};

/** Adds the next cell. For want of memory it is left out, and the table is not printed. */
void cli_table_add(struct cli_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Prints the heads and all rows, and frees them. @return 0, -CC_ENOMEM (nothing was printed). */
int cli_table_print(struct cli_table *t);

/** A text, or a number as text, of an object; "-" when it is not there. buf is for numbers. */
const char *cli_text_of(const json_t *object, const char *key, char buf[32]);
/** Prints JSON on lines of its own, ASCII only. */
void cli_print_json(const json_t *json);
/** So many octets as "1.5 MiB". */
const char *cli_size_text(double octets, char buf[32]);
/** Seconds as "1 d 2 h", "3 min 5 s", "0.4 s". */
const char *cli_seconds_text(double seconds, char buf[32]);
