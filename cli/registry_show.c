/* SPDX-License-Identifier: ISC */
/*
 * Answers of the registry in the layouts of the Geniwrapper design document, section 5.1: what 2008
 * had, and nothing else. --json has the rest.
 */
#include <stdio.h>
#include <string.h>

#include "cli/registry.h"
#include "cli/text.h"
#include "cli/trust_describe.h"
#include "cli/trust_layout.h"
#include "lib/base/util.h"

/* ---- records ---- */

/* hrn and uuid of the first certificate; what cannot be read says nothing. */
static void put_gid(const char *pem)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	cc_cleanup(cli_facts_deinit) struct cli_facts f = {0};

	if (!pem || tr_gids_read(NULL, pem, strlen(pem), &gids, NULL) || cli_facts_init(&f))
		return;
	trust_describe_gid(&f, gids.items[0], false);
	trust_put_line(TRUST_GID_LABEL, "hrn", json_object_get(f.o, "hrn"));
	trust_put_line(TRUST_GID_LABEL, "uuid", json_object_get(f.o, "uuid_number"));
}

/* Entries but those of the other half of an authority. */
static void put_info(const char *label, const json_t *info, const char *const *others)
{
	const char *key;
	json_t *value;

	trust_put_label(TRUST_LABEL, label);
	putchar('\n');
	json_object_foreach((json_t *)info, key, value)
	{
		bool other = false;

		for (size_t i = 0; others && others[i]; i++)
			other |= strcmp(others[i], key) == 0;
		if (!other)
			trust_put_entry(key, value);
	}
}

static void put_record(const json_t *record, const char *type, const char *const *others)
{
	const json_t *hrn = json_object_get(record, "hrn");
	const json_t *pointer = json_object_get(record, "pointer");

	fputs("RECORD ", stdout);
	cli_put_value(stdout, hrn);
	putchar('\n');
	trust_put_line(TRUST_LABEL, "hrn", hrn);
	if (type)
		trust_put_text(TRUST_LABEL, "type", type);
	else
		trust_put_line(TRUST_LABEL, "type", json_object_get(record, "type"));
	trust_put_label(TRUST_LABEL, "gid");
	putchar('\n');
	put_gid(json_string_value(json_object_get(record, "gid")));
	if (pointer)
		trust_put_line(TRUST_LABEL, "pointer", pointer);
	else
		trust_put_text(TRUST_LABEL, "pointer", "-1");
	put_info("geni_info", json_object_get(record, "geni_info"), others);
	put_info("pl_info", json_object_get(record, "pl_info"), NULL);
}

void reg_show_records(const json_t *records)
{
	static const char *const not_sa[] = {"operator", "owner", NULL};
	static const char *const not_ma[] = {"pi", NULL};
	const json_t *record;
	size_t i;

	puts(json_array_size(records) ? "RESULT:" : "NO RESULT");
	json_array_foreach(records, i, record)
	{
		const char *type = json_string_value(json_object_get(record, "type"));

		if (type && strcmp(type, "authority") == 0) {
			put_record(record, "sa", not_sa);
			put_record(record, "ma", not_ma);
		} else {
			put_record(record, NULL, NULL);
		}
	}
}

/* ---- documents ---- */

int reg_show_gid(const char *pem, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	int r = tr_gids_read(NULL, pem, strlen(pem), &gids, why);

	if (r)
		return r < 0 ? r : -CC_EFORMAT;
	fputs("RESULT:\nGID ", stdout);
	cli_put(stdout, gids.items[0]->hrn);
	putchar('\n');
	put_gid(pem);
	return 0;
}

static int describe(enum trust_kind kind, const char *text, struct cli_facts *f,
		    struct cc_note *why)
{
	int r = trust_describe(kind, text, strlen(text), f, why);

	return r > 0 ? -CC_EFORMAT : r;
}

int reg_show_credential(const char *text, struct cc_note *why)
{
	cc_cleanup(cli_facts_deinit) struct cli_facts f = {0};
	const json_t *level;
	size_t i;
	int r = describe(TRUST_CRED, text, &f, why);

	if (r)
		return r;
	puts("RESULT:");
	json_array_foreach(json_object_get(f.o, "levels"), i, level) trust_put_credential(level);
	return 0;
}

int reg_show_ticket(const char *text, struct cc_note *why)
{
	cc_cleanup(cli_facts_deinit) struct cli_facts f = {0};
	int r = describe(TRUST_TICKET, text, &f, why);

	if (r)
		return r;
	puts("RESULT:");
	trust_put_levels(f.o);
	return 0;
}

void reg_show_value(const json_t *value)
{
	puts(value ? "RESULT:" : "NO RESULT");
	if (!value)
		return;
	cli_put_value(stdout, value);
	putchar('\n');
}
