/* SPDX-License-Identifier: ISC */
#include "cli/trust_layout.h"

#include <string.h>

#include "cli/text.h"
#include "lib/base/util.h"

void trust_put_label(int width, const char *label)
{
	printf("%*s:", width, label);
}

/* A line; none when the document does not say it. */
void trust_put_line(int width, const char *label, const json_t *value)
{
	if (!value)
		return;
	trust_put_label(width, label);
	putchar(' ');
	cli_put_value(stdout, value);
	putchar('\n');
}

void trust_put_text(int width, const char *label, const char *text)
{
	trust_put_label(width, label);
	printf(" %s\n", text);
}

void trust_put_entry(const char *key, const json_t *value)
{
	printf("%*s", TRUST_ENTRY, "");
	cli_put(stdout, key);
	fputs(" : ", stdout);
	cli_put_value(stdout, value);
	putchar('\n');
}

/* ---- privileges ---- */

static void put_names(const json_t *privileges, bool delegatable_only)
{
	const json_t *p;
	bool first = true;
	size_t i;

	json_array_foreach(privileges, i, p)
	{
		if (delegatable_only && !json_is_true(json_object_get(p, "can_delegate")))
			continue;
		fputs(first ? " " : ",", stdout);
		cli_put_value(stdout, json_object_get(p, "name"));
		first = false;
	}
	putchar('\n');
}

void trust_put_privileges(const json_t *level)
{
	const json_t *privileges = json_object_get(level, "privileges");

	if (!privileges)
		return;
	trust_put_label(TRUST_LABEL, "privs");
	put_names(privileges, false);
}

/* A certificate says it of all its rights; of XML each right says it. */
void trust_put_delegate(const json_t *level)
{
	const json_t *whole = json_object_get(level, "delegate"), *p;
	const json_t *privileges = json_object_get(level, "privileges");
	size_t i, yes = 0;

	if (whole) {
		trust_put_text(TRUST_LABEL, "delegate", json_is_true(whole) ? "True" : "False");
		return;
	}
	if (!privileges)
		return;
	json_array_foreach(privileges, i, p)
	{
		yes += json_is_true(json_object_get(p, "can_delegate"));
	}
	if (yes == 0 || yes == i) {
		trust_put_text(TRUST_LABEL, "delegate", yes ? "True" : "False");
		return;
	}
	trust_put_label(TRUST_LABEL, "delegate");
	put_names(privileges, true);
}

/* ---- in short ---- */

static void put_short_gid(const char *label, const json_t *gid)
{
	trust_put_label(TRUST_LABEL, label);
	putchar('\n');
	trust_put_line(TRUST_GID_LABEL, "hrn", json_object_get(gid, "hrn"));
	trust_put_line(TRUST_GID_LABEL, "uuid", json_object_get(gid, "uuid_number"));
}

void trust_put_credential(const json_t *level)
{
	fputs("CREDENTIAL ", stdout);
	cli_put_value(stdout, json_object_get(level, "subject"));
	putchar('\n');
	trust_put_privileges(level);
	put_short_gid("gidCaller", json_object_get(level, "owner"));
	put_short_gid("gidObject", json_object_get(level, "target"));
	trust_put_delegate(level);
}
