/* SPDX-License-Identifier: ISC */
#include "cli/facts.h"

#include <string.h>
#include <time.h>

#include "cli/text.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/util.h"
#include "lib/xml/write.h"

#define YEAR_10000 INT64_C(253402300800) /* the first second that RFC 3339 cannot write */

int cli_facts_init(struct cli_facts *f)
{
	f->failed = false;
	f->o = json_object();
	return f->o ? 0 : cc_raise(CC_ENOMEM);
}

void cli_facts_deinit(struct cli_facts *f)
{
	json_decref(f->o);
	f->o = NULL;
}

json_t *cli_facts_take(struct cli_facts *f)
{
	if (f->failed)
		cli_facts_deinit(f);
	return cc_steal(&f->o);
}

void cli_fact(struct cli_facts *f, const char *key, json_t *value)
{
	if (json_object_set_new(f->o, key, value) < 0)
		f->failed = true;
}

json_t *cli_json_text(const char *text)
{
	cc_cleanup(cc_freep) char *safe = NULL;
	json_t *value = json_string(text);
	size_t len;
	FILE *to;

	if (value)
		return value;
	to = open_memstream(&safe, &len);
	if (!to)
		return NULL;
	cli_put(to, text);
	return fclose(to) == 0 ? json_string(safe) : NULL;
}

void cli_fact_text(struct cli_facts *f, const char *key, const char *text)
{
	if (text && *text)
		cli_fact(f, key, cli_json_text(text));
}

void cli_fact_time(struct cli_facts *f, const char *key, int64_t seconds)
{
	char buf[32];

	cli_fact_text(f, key, cc_clock_text(seconds, buf));
}

void cli_fact_words(struct cli_facts *f, const char *key, const char *words)
{
	json_t *list = json_array();

	while (*words) {
		size_t len = strcspn(words, ",");

		if (json_array_append_new(list, json_stringn(words, len)) < 0)
			f->failed = true;
		words += len + (words[len] == ',');
	}
	cli_fact(f, key, list);
}

/* ---- times ---- */

bool cli_time_read(const char *text, int64_t *seconds)
{
	size_t len = strlen(text);

	if (len == 0 || strspn(text, "0123456789") != len)
		return xs_read_time(text, len, seconds) == 0;
	if (len > 12)
		return false;
	*seconds = strtoll(text, NULL, 10);
	return *seconds < YEAR_10000;
}

/* ---- for people ---- */

static void put_list(FILE *to, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		fputs(i ? ", " : "", to);
		cli_put_value(to, item);
	}
	if (json_array_size(list) == 0)
		fputs("none", to);
}

static void put_json(FILE *to, const json_t *value)
{
	cc_cleanup(cc_freep) char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	cli_put(to, text ? text : "?");
}

void cli_put_value(FILE *to, const json_t *value)
{
	if (json_is_string(value))
		cli_put(to, json_string_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", to);
	else if (json_is_array(value))
		put_list(to, value);
	else
		put_json(to, value);
}
