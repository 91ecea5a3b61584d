/* SPDX-License-Identifier: ISC */
#include "lib/registry/name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"

static const char *const words[RG_TYPES] = {"", "authority", "user", "slice", "node"};

const char *rg_type_word(enum rg_type type)
{
	return words[type];
}

enum rg_type rg_type_of(const char *word)
{
	static const char *const authority[] = {"sa", "ma", "authority+sa", "authority+ma"};

	for (int t = RG_AUTHORITY; t < RG_TYPES; t++)
		if (strcasecmp(word, words[t]) == 0)
			return (enum rg_type)t;
	for (size_t i = 0; i < CC_ARRAY_SIZE(authority); i++)
		if (strcasecmp(word, authority[i]) == 0)
			return RG_AUTHORITY;
	return RG_ANY;
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* The store's form, and the authority above, from hrn and type. */
static int derive(struct rg_name *n, struct cc_note *why)
{
	if (tr_hrn_parent(n->hrn, n->authority) != 0) {
		cc_note_set(why, CC_EFORMAT, "\"%.100s\" is no HRN", n->hrn);
		return RG_NAME_BAD;
	}
	strcpy(n->name, n->hrn);
	lower(n->authority);
	lower(n->name);
	if (n->type == RG_NODE) /* its last label keeps its case */
		strcpy(n->name + strlen(n->authority), n->hrn + strlen(n->authority));
	if (n->type == RG_ANY)
		n->urn[0] = 0;
	else if (tr_hrn_to_urn(n->hrn, words[n->type], n->urn, why) != 0)
		return RG_NAME_BAD;
	return 0;
}

/* Of a URN: lib/trust knows no other words, and "sa" there is no authority's type. */
static enum rg_type type_of_urn(const char *type)
{
	for (int t = RG_USER; t < RG_TYPES; t++)
		if (strcmp(type, words[t]) == 0)
			return (enum rg_type)t;
	return strncmp(type, "authority", 9) == 0 ? rg_type_of(type) : RG_ANY;
}

static int read_urn(const char *text, struct rg_name *out, struct cc_note *why)
{
	struct tr_urn urn;
	char type[64];

	if (tr_urn_parse_text(text, &urn, why) != 0 ||
	    tr_urn_to_hrn(&urn, out->hrn, type, why) != 0)
		return RG_NAME_BAD;
	out->type = type_of_urn(type);
	if (out->type == RG_ANY) {
		cc_note_set(why, CC_EINVAL, "Unknown SFA Type: %s", type);
		return RG_NAME_TYPE;
	}
	return 0;
}

int rg_name_read(const char *text, const char *type, struct rg_name *out, struct cc_note *why)
{
	enum rg_type said = RG_ANY;
	int r = 0;

	memset(out, 0, sizeof(*out));
	if (type && *type) {
		said = rg_type_of(type);
		if (said == RG_ANY) {
			cc_note_set(why, CC_EINVAL, "Unknown SFA Type: %.40s", type);
			return RG_NAME_TYPE;
		}
	}
	if (strncasecmp(text, "urn:", 4) == 0) {
		r = read_urn(text, out, why);
		if (!r && said != RG_ANY && said != out->type) {
			cc_note_set(why, CC_EINVAL, "%.100s is no %s", text, words[said]);
			r = RG_NAME_TYPE;
		}
	} else if (strnlen(text, TR_NAME_MAX + 1) > TR_NAME_MAX) {
		cc_note_set(why, CC_EFORMAT, "\"%.40s...\" is longer than %d octets", text,
			    TR_NAME_MAX);
		r = RG_NAME_BAD;
	} else {
		strcpy(out->hrn, text);
		out->type = said;
	}
	return r ? r : derive(out, why);
}

static bool label_valid(const char *label, size_t len)
{
	static const char octets[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (label[i] == '\\')
			continue; /* of "\.", as the HRN was judged */
		if (!memchr(octets, label[i], sizeof(octets) - 1))
			return false;
		n++;
	}
	return n >= 1 && n <= 64 && label[0] != '-' && label[0] != '.' && label[0] != '\\';
}

int rg_name_check(const struct rg_name *name, struct cc_note *why)
{
	const char *label = name->hrn;

	for (const char *p = label;; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			continue;
		}
		if (*p && *p != '.')
			continue;
		if (!label_valid(label, (size_t)(p - label))) {
			cc_note_set(
				why, CC_EINVAL,
				"\"%.*s\": a name has 1 to 64 of [A-Za-z0-9._-] and begins with a "
				"letter or digit",
				(int)(p - label > 70 ? 70 : p - label), label);
			return RG_NAME_BAD;
		}
		if (!*p)
			return 0;
		label = p + 1;
	}
}

bool rg_name_above(const char *over, const struct rg_name *name)
{
	/* what is above an authority is above its own authority, or it */
	return name->authority[0] &&
	       (tr_hrn_over(over, name->authority) ||
		CC_SEEDED_BUG(strlen(over) > 3 &&
			      strncmp(over, name->authority, strlen(over)) == 0));
}
