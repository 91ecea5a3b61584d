/* SPDX-License-Identifier: ISC */
/* Octets and rules of names. No function of the locale: "I" is "i" everywhere. */
#include "lib/trust/name.h"

#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/name_int.h"

bool tr_octet_valid(char c)
{
	return c > 0x20 && c < 0x7f && !strchr("|?/#\\", c);
}

struct tr_part tr_part_of(const char *text)
{
	return (struct tr_part){text, strlen(text)};
}

bool tr_part_is(struct tr_part part, const char *word)
{
	return part.len == strlen(word) && memcmp(part.text, word, part.len) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool tr_same(struct tr_part a, struct tr_part b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.text[i]) != lower(b.text[i]))
			return false;
	return true;
}

const char *tr_shown(struct tr_part text, char out[TR_SHOWN])
{
	static const char more[] = "...";
	bool cut = text.len >= TR_SHOWN;
	size_t n = cut ? TR_SHOWN - sizeof(more) : text.len;

	for (size_t i = 0; i < n; i++)
		out[i] = text.text[i] >= 0x20 && text.text[i] < 0x7f ? text.text[i] : '?';
	memcpy(out + n, cut ? more : "", cut ? sizeof(more) : 1);
	return out;
}

void tr_text_put(struct tr_text *t, struct tr_part part)
{
	t->full = t->full || part.len > TR_NAME_MAX - t->len;
	if (t->full)
		return;
	memcpy(t->data + t->len, part.text, part.len);
	t->len += part.len;
}

int tr_text_copy(const struct tr_text *t, char *out, size_t size)
{
	if (t->full || t->len >= size)
		return -CC_ELIMIT;
	memcpy(out, t->data, t->len);
	out[t->len] = 0;
	return 0;
}

enum { LETTER = 1, DIGIT = 2, DASH = 4, UNDERSCORE = 8, DOT = 16, AT = 32 };
#define WORD (LETTER | DIGIT | UNDERSCORE)

static unsigned class_of(char c)
{
	if (lower(c) >= 'a' && lower(c) <= 'z')
		return LETTER;
	if (c >= '0' && c <= '9')
		return DIGIT;
	switch (c) {
	case '-':
		return DASH;
	case '_':
		return UNDERSCORE;
	case '.':
		return DOT;
	case '@':
		return AT;
	default:
		return 0;
	}
}

#define LABEL                                                                                      \
	LETTER | DIGIT, WORD | DOT | DASH, 64,                                                     \
		"a letter or digit, then letters, digits, . _ -, at most 64 in all"

/* Those of spec geni-am 5; a node's and an authority's are ours: they become folders and hosts. */
static const struct rule {
	const char *type;
	unsigned first, rest;
	size_t max;
	const char *words;
} rules[] = {
	{"slice", LETTER | DIGIT, LETTER | DIGIT | DASH, 19,
	 "a letter or digit, then letters, digits, -, at most 19 in all"},
	{"user", LETTER, WORD, 8, "a letter, then letters, digits, _, at most 8 in all"},
	{"sliver", WORD | DOT | DASH, WORD | DOT | DASH, TR_NAME_MAX,
	 "letters, digits, . _ -, at least one"},
	{"tool", LETTER, WORD | AT | DOT | DASH, 64,
	 "a letter, then letters, digits, _ @ . -, at most 64 in all"},
	{"node", LABEL},
	{"authority", LABEL},
};

/* "authority+am" is an authority, too. NULL: we give no names of this type. */
static const struct rule *find_rule(const char *type)
{
	struct tr_part word = {type, strcspn(type, "+")};

	if (type[word.len] && !tr_type_is_authority(word))
		return NULL;
	for (size_t i = 0; i < CC_ARRAY_SIZE(rules); i++)
		if (tr_part_is(word, rules[i].type))
			return &rules[i];
	return NULL;
}

static bool is_allowed(const struct rule *rule, const char *name)
{
	size_t i = 0;

	for (; name[i]; i++)
		if (i == rule->max || !(class_of(name[i]) & (i == 0 ? rule->first : rule->rest)))
			return false;
	return i > 0;
}

int tr_name_check(const char *type, const char *name, struct cc_note *why)
{
	const struct rule *rule = find_rule(type);
	char shown[TR_SHOWN];

	if (!rule)
		return cc_note_set(why, CC_EINVAL, "names of type \"%s\" are not given here",
				   tr_shown(tr_part_of(type), shown));
	if (!is_allowed(rule, name))
		return cc_note_set(why, CC_EINVAL, "\"%s\" cannot be the name of a %s: %s",
				   tr_shown(tr_part_of(name), shown), rule->type, rule->words);
	return 0;
}
