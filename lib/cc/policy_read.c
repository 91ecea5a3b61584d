/* SPDX-License-Identifier: ISC */
/* From a configuration to a policy. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/cc/policy_int.h"

static const char *const section_names[POLICY_SECTIONS] = {
	[POLICY_SENDERS] = "policy",
	[POLICY_ANSWERERS] = "servers",
	[POLICY_CALLERS] = "assert-caller",
};

/* One line being read. */
struct reading {
	enum policy_section section;
	const struct cf_entry *entry;
	struct policy_line *line;
	bool who, none; /* the line says who; nobody */
	struct cc_note *why;
};

static int fail(const struct reading *r, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(const struct reading *r, int code, const char *fmt, ...)
{
	char text[sizeof(r->why->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return cc_note_set(r->why, code, "%s:%d: %s", r->entry->file, r->entry->line, text);
}

static int no_memory(const struct reading *r)
{
	return fail(r, CC_ENOMEM, "no memory");
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* Room grows by doubling, whenever it is full at a power of two. */
static int words_add(const struct reading *r, struct policy_words *w, const char *word)
{
	if ((w->count & (w->count - 1)) == 0) {
		size_t room = w->count ? 2 * w->count : 1;
		const char **words = realloc(w->words, room * sizeof(*words));

		if (!words)
			return no_memory(r);
		w->words = words;
	}
	w->words[w->count++] = word;
	return 0;
}

static bool is_prefix(const char *text)
{
	return strcmp(text, "*") == 0 || cc_type_valid(text, strlen(text));
}

static int check_prefix(const struct reading *r, const char *text)
{
	if (is_prefix(text))
		return 0;
	return fail(r, CC_EINVAL,
		    "\"%.64s\" is no prefix of types: write whole components, as in reg or "
		    "reg.resolve, or * for every type",
		    text);
}

static int add_prefix(struct reading *r, const char *text)
{
	int e = check_prefix(r, text);

	return e < 0 ? e : words_add(r, &r->line->on, text);
}

static int add_namespace(struct reading *r, const char *text)
{
	size_t len = strlen(text);
	bool good = text[0] != ':' && text[len - 1] != ':' && !strstr(text, "::");

	for (const char *c = text; *c; c++)
		good = good && *c > 0x20 && *c < 0x7f && !strchr("+*", *c);
	if (!good && strcmp(text, "*") != 0)
		return fail(r, CC_EINVAL,
			    "\"%.64s\" is no authority: write it as in a URN between IDN+ and the "
			    "next +, as in ccfed.test:site, or * for every one",
			    text);
	return words_add(r, &r->line->namespaces, text);
}

static int add_denied(struct reading *r, const char *text)
{
	if (!cc_type_valid(text, strlen(text)))
		return fail(r, CC_EINVAL,
			    "deny %.64s: that is no type: write one, as in deny reg.remove", text);
	return words_add(r, &r->line->denied, text);
}

static const char space[] = " \t\r\n\f\v";

/* What an item of [assert-caller] begins with that is no WHO. */
static const struct clause {
	const char *word, *example;
	int (*add)(struct reading *r, const char *text);
} clauses[] = {
	{"prefix", "prefix reg", add_prefix},
	{"namespace", "namespace ccfed.test", add_namespace},
	{"deny", "deny reg.remove", add_denied},
};

static const struct clause *clause_find(const char *item)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(clauses); i++) {
		size_t len = strlen(clauses[i].word);

		if (starts_with(item, clauses[i].word) &&
		    (item[len] == 0 || strchr(space, item[len])))
			return &clauses[i];
	}
	return NULL;
}

/* "prefix reg am" is "prefix reg, prefix am". */
static int read_clause(struct reading *r, const struct clause *clause, char *item)
{
	char *at = item + strlen(clause->word), *word;
	int e = 0;

	if (at[strspn(at, space)] == 0)
		return fail(r, CC_EINVAL, "nothing behind \"%s\": write %s", clause->word,
			    clause->example);
	while (e == 0 && (word = strtok_r(NULL, space, &at)))
		e = clause->add(r, word);
	return e;
}

/* The first word, or what ends in its colon, in lower case: what its writer may have meant. */
static const char *guess(const struct reading *r, const char *item)
{
	static const char *const in_policy[] = {"any", "none", "gid", "cn:", "urn:", NULL};
	static const char *const in_servers[] = {"any", "none", "cn:", "urn:", NULL};
	static const char *const in_caller[] = {"any",	     "cn:",  "urn:", "prefix",
						"namespace", "deny", NULL};
	static const char *const *const names[POLICY_SECTIONS] = {in_policy, in_servers, in_caller};
	char word[16];
	size_t len = strcspn(item, " \t\r\n\f\v:");

	len += item[len] == ':';
	if (len >= sizeof(word))
		return NULL;
	for (size_t i = 0; i < len; i++)
		word[i] = item[i] >= 'A' && item[i] <= 'Z' ? (char)(item[i] | 0x20) : item[i];
	word[len] = 0;
	return cf_nearest(word, names[r->section]);
}

static int unknown(const struct reading *r, const char *item)
{
	static const char *const choice[POLICY_SECTIONS] = {
		[POLICY_SENDERS] = "any, none, gid, cn:NAME or urn:publicid:IDN+...",
		[POLICY_ANSWERERS] = "any, none, cn:NAME or urn:publicid:IDN+...",
		[POLICY_CALLERS] = ("any, cn:NAME, urn:publicid:IDN+..., prefix PREFIX, namespace "
				    "AUTHORITY or deny TYPE"),
	};
	const char *near = guess(r, item);

	if (near)
		return fail(r, CC_EINVAL, "unknown \"%.32s\"; did you mean \"%s\"? Write %s", item,
			    near, choice[r->section]);
	return fail(r, CC_EINVAL, "unknown \"%.32s\": write %s", item, choice[r->section]);
}

static int read_gid(struct reading *r)
{
	if (r->section != POLICY_SENDERS)
		return fail(
			r, CC_EINVAL,
			"gid stands for strangers and goes only into [policy]: write cn:NAME or "
			"urn:publicid:IDN+... here");
	r->line->who.gid = true;
	return 0;
}

static int read_pattern(struct reading *r, char *item)
{
	struct cc_note what = {0};
	int e = cc_policy_who_add(&r->line->who, item, &what);

	return e < 0 ? fail(r, -e, "%s", what.text) : 0;
}

static int read_who(struct reading *r, char *item)
{
	if (strcmp(item, "any") == 0)
		r->line->who.any = true;
	else if (strcmp(item, "none") == 0)
		r->none = true;
	else if (strcmp(item, "gid") == 0)
		return read_gid(r);
	else if (starts_with(item, "cn:") || starts_with(item, "urn:"))
		return read_pattern(r, item);
	else
		return unknown(r, item);
	return 0;
}

static int read_item(struct reading *r, char *item)
{
	const struct clause *clause = r->section == POLICY_CALLERS ? clause_find(item) : NULL;

	if (clause)
		return read_clause(r, clause, item);
	r->who = true;
	return read_who(r, item);
}

static int check_who(const struct reading *r)
{
	if (r->none && r->section == POLICY_CALLERS)
		return fail(r, CC_EINVAL, "none in [assert-caller]: remove the line");
	if (r->none && r->line->items.count > 1)
		return fail(r, CC_EINVAL,
			    "none stands alone in its line: remove it, or all that is beside it");
	if (!r->who && r->section == POLICY_CALLERS)
		return fail(r, CC_EINVAL,
			    "who? Write whose callers are believed, as in cn:front-1");
	if (!r->who)
		return fail(r, CC_EINVAL, "who? Write none where nobody is meant");
	return 0;
}

/* Whether a denied type lies where the line says anything at all. */
static bool reaches(const struct policy_line *line, const char *denied)
{
	for (size_t i = 0; i < line->on.count; i++) {
		const char *prefix = line->on.words[i];

		if (cc_policy_covers(prefix,
				     (struct cc_bytes){(const uint8_t *)denied, strlen(denied)}) ||
		    cc_policy_covers(denied,
				     (struct cc_bytes){(const uint8_t *)prefix, strlen(prefix)}))
			return true;
	}
	return false;
}

static int check_caller(const struct reading *r)
{
	const struct policy_line *line = r->line;

	if (line->on.count == 0)
		return fail(r, CC_EINVAL,
			    "no prefix: write on which types a caller is stated, as in prefix reg");
	if (line->namespaces.count == 0)
		return fail(r, CC_EINVAL,
			    "no namespace: write whose users may be callers, as in namespace "
			    "ccfed.test, or namespace * for everybody");
	for (size_t i = 0; i < line->denied.count; i++) {
		if (!reaches(line, line->denied.words[i]))
			return fail(r, CC_EINVAL,
				    "deny %.64s has no effect, no prefix of the line leads there: "
				    "remove it or add the prefix",
				    line->denied.words[i]);
	}
	return 0;
}

static int read_items(struct reading *r)
{
	struct cf_list *items = &r->line->items;
	int e = cf_list_parse(r->entry->value, items);

	if (e < 0 || cc_policy_who_init(&r->line->who, items->count + 1) < 0)
		return no_memory(r);
	for (size_t i = 0; e == 0 && i < items->count; i++)
		e = read_item(r, items->items[i]);
	cc_policy_who_finish(&r->line->who);
	if (e == 0)
		e = check_who(r);
	if (e == 0 && r->section == POLICY_CALLERS)
		return check_caller(r);
	return e == 0 ? add_prefix(r, r->line->shown.key) : e;
}

static int index_add(struct policy_index *index, struct policy_prefix *prefix, const char *text)
{
	size_t len = strlen(text);
	struct cc_map_node *node = cc_map_find(&index->map, text, len);
	struct policy_prefix *first =
		node ? cc_container_of(node, struct policy_prefix, node) : NULL;

	if (first) {
		first->last->same = prefix;
		first->last = prefix;
		return 0;
	}
	prefix->last = prefix;
	if (len > index->longest)
		index->longest = len;
	return cc_map_add(&index->map, &prefix->node, text, len);
}

static int index_line(const struct reading *r, struct policy_index *index)
{
	struct policy_line *line = r->line;

	line->prefixes = calloc(line->on.count, sizeof(*line->prefixes));
	if (!line->prefixes)
		return no_memory(r);
	for (size_t i = 0; i < line->on.count; i++) {
		line->prefixes[i].line = line;
		if (index_add(index, &line->prefixes[i], line->on.words[i]) < 0)
			return no_memory(r);
	}
	return 0;
}

/* Hangs the new line into the policy, which frees it. */
static int line_new(struct cc_policy *p, struct reading *r)
{
	struct policy_line *line = calloc(1, sizeof(*line));

	if (!line)
		return no_memory(r);
	line->next = p->lines;
	p->lines = line;
	r->line = line;
	line->shown = (struct cc_policy_line){
		.section = section_names[r->section],
		.key = strdup(r->entry->key),
		.value = strdup(r->entry->value),
		.file = strdup(r->entry->file),
		.line = r->entry->line,
	};
	return line->shown.key && line->shown.value && line->shown.file ? 0 : no_memory(r);
}

static int read_line(struct cc_policy *p, struct reading *r)
{
	int e;

	if (++p->n_lines > CC_POLICY_LINES)
		return fail(r, CC_ELIMIT,
			    "more than %d lines of policy: write prefixes and patterns that mean "
			    "more",
			    CC_POLICY_LINES);
	e = line_new(p, r);
	if (e == 0)
		e = read_items(r);
	return e < 0 ? e : index_line(r, &p->index[r->section]);
}

int cc_policy_read(struct cc_policy *p, const struct cf_ini *ini, struct cc_note *why)
{
	for (enum policy_section i = 0; i < POLICY_SECTIONS; i++) {
		const struct cf_section *s = cf_ini_section(ini, section_names[i]);

		cc_map_init(&p->index[i].map);
		p->has[i] = s != NULL;
		for (size_t k = 0; s && k < s->count; k++) {
			struct reading r = {.section = i, .entry = &s->entries[k], .why = why};
			int e = 0;

			if (!r.entry->from_default && !r.entry->variable)
				e = read_line(p, &r);
			if (e < 0)
				return e;
		}
	}
	return 0;
}
