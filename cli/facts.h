/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What the commands of trust tell: one JSON object in the making, printed as it is or for people,
 * so that both say the same.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cli_facts {
	json_t *o;
	bool failed; /* a fact is missing for want of memory: not to be printed */
};

/** @return 0, -CC_ENOMEM. */
int cli_facts_init(struct cli_facts *f);
void cli_facts_deinit(struct cli_facts *f);
/** Takes the object for another one's value; NULL when a fact is missing. */
json_t *cli_facts_take(struct cli_facts *f);

/** Takes value; NULL counts as a failure. */
void cli_fact(struct cli_facts *f, const char *key, json_t *value);
/** Text of strangers, "" left out; octets that are no UTF-8 stand as \xNN. */
void cli_fact_text(struct cli_facts *f, const char *key, const char *text);
void cli_fact_time(struct cli_facts *f, const char *key, int64_t seconds);
/** An array of the words between commas. */
void cli_fact_words(struct cli_facts *f, const char *key, const char *words);
/** As cli_fact_text, for an array; NULL: no memory. */
json_t *cli_json_text(const char *text);

/** RFC 3339, or seconds since 1970 up to the year 9999. @return whether it is one. */
bool cli_time_read(const char *text, int64_t *seconds);

/** Writes a value in one line: text made harmless, lists with ", " between. */
void cli_put_value(FILE *to, const json_t *value);
