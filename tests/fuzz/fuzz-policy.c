/* SPDX-License-Identifier: ISC */
/*
 * Policies: the input is a configuration. Where it is taken, every answer of [policy] and [servers]
 * is held against a slow reading of the same lines, and those of [assert-caller] against what must
 * hold of all of them.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/cc/policy.h"
#include "lib/conf/opt.h"
#include "tests/fuzz/must.h"

#define IDN "urn:publicid:IDN+"
#define TYPES_MAX 64 /* keys of the input that are asked for as types */

static struct cc_signer signers[] = {
	{.name = "front-1", .cn = "front-1"},
	{.name = "a*b", .cn = "a*b"},
	{.name = "aaaaaaaaaaaaaaaaaaaaaaab", .cn = "aaaaaaaaaaaaaaaaaaaaaaab"},
	{.name = IDN "ccfed.test+node+n1", .has_urn = true},
	{.name = IDN "ccfed.test:site+authority+am", .has_urn = true, .cn = "front-1"},
	{.name = IDN "a+b+c+d", .has_urn = true},
	{.name = "front-1", .cn = "front-1", .cls = CC_CLASS_GID},
	{.name = IDN "ccfed.test+user+u", .has_urn = true, .cls = CC_CLASS_GID},
};

static const char *const types[] = {"reg.resolve", "am.create.x", "reg.get_version", "a"};
static const char *const no_types[] = {"", ".", "a.", ".a", "a..b", "*", "a b"};
static const char *const urns[] = {IDN "ccfed.test+user+u", IDN "ccfed.test:site+user+u",
				   IDN "+user+u", "urn:uuid:1", ""};

static struct cc_bytes bytes(const char *text)
{
	return (struct cc_bytes){(const uint8_t *)text, strlen(text)};
}

/* A table of every start of the pattern against every start of the name. */
static bool slow_fits(const char *pattern, const char *name, bool urn)
{
	size_t n = strlen(name);
	bool row[CC_SIGNER_NAME_MAX + 1] = {true};

	for (const char *p = pattern; *p; p++) {
		bool before = row[0];

		row[0] = row[0] && *p == '*';
		for (size_t i = 1; i <= n; i++) {
			bool above = row[i];

			if (*p == '*')
				row[i] = above || (row[i - 1] && !(urn && name[i - 1] == '+'));
			else
				row[i] = before && *p == name[i - 1];
			before = above;
		}
	}
	return row[n];
}

static bool slow_who(const char *item, const struct cc_signer *s)
{
	if (s->cls == CC_CLASS_GID)
		return strcmp(item, "gid") == 0;
	if (strcmp(item, "any") == 0)
		return true;
	if (strncmp(item, "cn:", 3) == 0)
		return !s->has_urn && slow_fits(item + 3, s->name, false);
	return strncmp(item, IDN, strlen(IDN)) == 0 && s->has_urn && slow_fits(item, s->name, true);
}

static bool slow_covers(const char *prefix, const char *type)
{
	size_t len = strlen(prefix);

	return strcmp(prefix, "*") == 0 ||
	       (strncmp(prefix, type, len) == 0 && (type[len] == 0 || type[len] == '.'));
}

static const struct cf_entry *slow_line(const struct cf_section *s, const char *type)
{
	const struct cf_entry *best = NULL;

	for (size_t i = 0; s && i < s->count; i++) {
		const struct cf_entry *e = &s->entries[i];

		if (e->from_default || e->variable || !slow_covers(e->key, type))
			continue;
		/* a prefix as long as * is a longer one */
		if (!best || strcmp(best->key, "*") == 0 ||
		    (strcmp(e->key, "*") != 0 && strlen(e->key) > strlen(best->key)))
			best = e;
	}
	return best;
}

static bool slow_allows(const struct cf_entry *e, const struct cc_signer *s)
{
	cc_cleanup(cf_list_deinit) struct cf_list items = {0};
	bool yes = false;

	MUST(!e || cf_list_parse(e->value, &items) == 0);
	for (size_t i = 0; i < items.count; i++)
		yes = yes || slow_who(items.items[i], s);
	return yes;
}

static void check_line(const struct cf_entry *e, const struct cc_policy_line *line,
		       const char *section)
{
	MUST(!e == !line);
	if (e)
		MUST(strcmp(line->section, section) == 0 && strcmp(line->key, e->key) == 0 &&
		     strcmp(line->value, e->value) == 0 && line->line == e->line);
}

static void check_callers(const struct cc_policy *p, const char *type, const struct cc_signer *s)
{
	for (size_t i = 0; i <= CC_ARRAY_SIZE(urns); i++) {
		const char *urn = i < CC_ARRAY_SIZE(urns) ? urns[i] : NULL;
		const struct cc_policy_line *line, *other;
		enum cc_caller_verdict v = cc_policy_caller(p, bytes(type), s, true, urn, &line);
		enum cc_caller_verdict silent =
			cc_policy_caller(p, bytes(type), s, false, urn, &other);

		MUST(v != CC_CALLER_MISSING && !line == (v == CC_CALLER_FORBIDDEN));
		MUST(silent == (line ? CC_CALLER_MISSING : CC_CALLER_OK) && !line == !other);
		if (line)
			MUST(s->cls == CC_CLASS_BUS && strcmp(line->section, "assert-caller") == 0);
		if (v == CC_CALLER_OK)
			MUST(i < 2 || (!urn && strcmp(type, "reg.get_version") == 0) ||
			     (!urn && strcmp(type, "reg.get_self_credential") == 0) ||
			     (!urn && strcmp(type, "am.get_version") == 0));
	}
}

static void ask(const struct cc_policy *p, const struct cf_ini *ini, const char *type)
{
	bool valid = cc_type_valid(type, strlen(type));
	const struct cf_entry *sender =
		valid ? slow_line(cf_ini_section(ini, "policy"), type) : NULL;
	const struct cf_entry *answerer =
		valid ? slow_line(cf_ini_section(ini, "servers"), type) : NULL;
	bool gid = false;

	for (size_t i = 0; i < CC_ARRAY_SIZE(signers); i++) {
		const struct cc_signer *s = &signers[i];
		const struct cc_policy_line *line = NULL;
		bool yes = cc_policy_allows(p, bytes(type), s, &line);

		MUST(yes == slow_allows(sender, s));
		check_line(sender, line, "policy");
		gid = gid || (yes && s->cls == CC_CLASS_GID);
		yes = cc_policy_may_answer(p, bytes(type), s, &line);
		MUST(yes == slow_allows(answerer, s));
		MUST(!yes || s->cls == CC_CLASS_BUS);
		check_line(answerer, line, "servers");
		check_callers(p, type, s);
	}
	MUST(cc_policy_takes_gid(p, bytes(type)) == gid);
	MUST(!cc_policy_allows(p, bytes(type), NULL, NULL));
}

/* Every key as a type, and a type below it. */
static void ask_keys(const struct cc_policy *p, const struct cf_ini *ini, const char *section)
{
	const struct cf_section *s = cf_ini_section(ini, section);

	for (size_t i = 0; s && i < s->count && i < TYPES_MAX; i++) {
		char below[CC_TYPE_MAX + 8];

		snprintf(below, sizeof(below), "%s.x", s->entries[i].key);
		ask(p, ini, s->entries[i].key);
		ask(p, ini, below);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	cc_cleanup(cc_policy_unrefp) struct cc_policy *p = NULL;
	struct cc_note why = {0};
	int r;

	if (cf_ini_parse("fuzz", (const char *)data, size, NULL, NULL, 0, &ini, &why) < 0)
		return 0;
	r = cc_policy_new(&p, ini, &why);
	if (r < 0) {
		MUST(r == -CC_EINVAL && !p && strncmp(why.text, "fuzz:", 5) == 0);
		return 0;
	}
	MUST(cc_policy_has_policy(p) == (cf_ini_section(ini, "policy") != NULL));
	MUST(cc_policy_has_servers(p) == (cf_ini_section(ini, "servers") != NULL));
	for (size_t i = 0; i < CC_ARRAY_SIZE(types); i++)
		ask(p, ini, types[i]);
	for (size_t i = 0; i < CC_ARRAY_SIZE(no_types); i++)
		ask(p, ini, no_types[i]);
	ask_keys(p, ini, "policy");
	ask_keys(p, ini, "servers");
	return 0;
}
