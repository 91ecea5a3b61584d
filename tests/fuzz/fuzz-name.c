/* SPDX-License-Identifier: ISC */
/*
 * Names: the input is two lines, each read as a URN, an HRN, a type, a public identifier and its
 * transcript. What is taken must come back the same from the other notation, and who is over whom
 * is held against a slow reading, label by label.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/name.h"
#include "tests/fuzz/must.h"

#define LABELS_MAX 256 /* of a name */
#define TYPE_SIZE 64

/* One line in two blocks of its own size: as octets, and as a string that ends at the first NUL. */
struct line {
	char *octets, *text;
	size_t len;
};

static struct line take_line(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size ? memchr(*data, '\n', *size) : NULL;
	size_t len = end ? (size_t)(end - *data) : *size;
	struct line l = {malloc(len ? len : 1), NULL, len};

	MUST(l.octets);
	if (len)
		memcpy(l.octets, *data, len);
	l.text = strndup(l.octets, len);
	MUST(l.text);
	*data += len + (end != NULL);
	*size -= len + (end != NULL);
	return l;
}

static void drop_line(struct line *l)
{
	free(l->octets);
	free(l->text);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* ---- the slow reading ---- */

struct labels {
	struct tr_part items[LABELS_MAX];
	size_t count;
};

static void split(struct tr_part text, char divider, struct labels *out)
{
	size_t start = 0;

	out->count = 0;
	for (size_t i = 0; i <= text.len; i++) {
		bool escaped = i > 0 && text.text[i - 1] == '\\';

		if (i < text.len && (text.text[i] != divider || escaped))
			continue;
		MUST(out->count < LABELS_MAX);
		out->items[out->count++] = (struct tr_part){text.text + start, i - start};
		start = i + 1;
	}
}

static bool same_label(struct tr_part a, struct tr_part b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++)
		if (lower(a.text[i]) != lower(b.text[i]))
			return false;
	return a.len == b.len;
}

/* Whether the labels of one are the first of the other's. */
static bool slow_over(struct tr_part over, struct tr_part sub, char divider)
{
	struct labels o, s;

	split(over, divider, &o);
	split(sub, divider, &s);
	for (size_t i = 0; i < o.count; i++)
		if (i == s.count || !same_label(o.items[i], s.items[i]))
			return false;
	return true;
}

/* ---- URNs ---- */

static void check_parts(const struct line *l, const struct tr_urn *u)
{
	struct labels labels;

	MUST(l->len <= TR_NAME_MAX && strlen(l->text) == l->len);
	MUST(memcmp(l->octets, TR_URN_PREFIX, strlen(TR_URN_PREFIX)) == 0);
	MUST(u->authority.text == l->octets + strlen(TR_URN_PREFIX));
	MUST(u->type.text == u->authority.text + u->authority.len + 1 && u->type.text[-1] == '+');
	MUST(u->name.text == u->type.text + u->type.len + 1 && u->name.text[-1] == '+');
	MUST(u->name.text + u->name.len == l->octets + l->len && u->name.len > 0);
	MUST(u->type.len > 0 && !memchr(u->authority.text, '+', u->authority.len));
	split(u->authority, ':', &labels);
	for (size_t i = 0; i < labels.count; i++)
		MUST(labels.items[i].len > 0);
}

static void keep_urn(const struct line *l, const struct tr_urn *u)
{
	char hrn[TR_NAME_MAX + 1], type[TYPE_SIZE], back[TR_NAME_MAX + 1];
	struct cc_note why = {0};
	int r = tr_urn_to_hrn(u, hrn, type, &why);

	if (r < 0) {
		MUST(r == -CC_ELIMIT && why.code == CC_ELIMIT);
		return;
	}
	MUST(tr_hrn_to_urn(hrn, type, back, &why) == 0 && strcmp(back, l->text) == 0);
	MUST(tr_hrn_over(hrn, hrn));
}

/* Equal but for the case of its authority. */
static void change_case(const struct line *l, const struct tr_urn *u)
{
	char *changed = strdup(l->text);
	size_t at = strlen(TR_URN_PREFIX);

	MUST(changed);
	for (size_t i = at; i < at + u->authority.len; i++)
		changed[i] = lower(changed[i]);
	MUST(tr_urn_equal(l->text, changed) && tr_urn_equal(l->text, l->text));
	free(changed);
}

static bool read_urn(const struct line *l, struct tr_urn *u)
{
	struct tr_urn again;
	struct cc_note why = {0};
	int r = tr_urn_parse(l->octets, l->len, u, &why);

	MUST(r == 0 || (r == -CC_EFORMAT && why.code == CC_EFORMAT && *why.text));
	MUST(strlen(l->text) < l->len || tr_urn_parse_text(l->text, &again, NULL) == r);
	if (r < 0) {
		MUST(strlen(l->text) < l->len || !tr_urn_equal(l->text, l->text));
		return false;
	}
	check_parts(l, u);
	keep_urn(l, u);
	change_case(l, u);
	return true;
}

/* Of authorities, HRNs say the same. */
static void compare_as_hrns(const struct tr_urn *a, const struct tr_urn *b)
{
	char x[TR_NAME_MAX + 1], y[TR_NAME_MAX + 1], type[TYPE_SIZE];

	if (tr_type_is_authority(a->type) && tr_type_is_authority(b->type) &&
	    tr_urn_to_hrn(a, x, type, NULL) == 0 && tr_urn_to_hrn(b, y, type, NULL) == 0)
		MUST(tr_hrn_over(x, y) == tr_authority_over(a->authority, b->authority));
}

static void compare_urns(const struct line *lines, const struct tr_urn *a, const struct tr_urn *b)
{
	bool over = tr_authority_over(a->authority, b->authority);
	bool equal = tr_urn_equal(lines[0].text, lines[1].text);

	MUST(over == slow_over(a->authority, b->authority, ':'));
	MUST(tr_authority_equal(a->authority, b->authority) ==
	     (over && tr_authority_over(b->authority, a->authority)));
	if (tr_name_may_issue(a, b))
		MUST(over && tr_type_is_authority(a->type));
	MUST(equal == tr_urn_equal(lines[1].text, lines[0].text));
	if (equal)
		MUST(tr_authority_equal(a->authority, b->authority) && a->type.len == b->type.len &&
		     memcmp(a->type.text, b->type.text, a->type.len) == 0 &&
		     same_label(a->name, b->name));
	compare_as_hrns(a, b);
}

/* ---- HRNs ---- */

static void keep_hrn(const char *hrn, const char *type)
{
	char urn[TR_NAME_MAX + 1], back[TR_NAME_MAX + 1], kind[TYPE_SIZE];
	struct cc_note why = {0};
	struct tr_urn u;
	int r = tr_hrn_to_urn(hrn, type, urn, &why);

	if (r < 0) {
		MUST((r == -CC_EFORMAT || r == -CC_ELIMIT) && why.code == -r && *why.text);
		return;
	}
	MUST(tr_urn_parse_text(urn, &u, NULL) == 0);
	if (tr_urn_to_hrn(&u, back, kind, NULL) < 0) {
		MUST(strlen(type) >= TYPE_SIZE);
		return;
	}
	MUST(strcmp(back, hrn) == 0);
	MUST(strcmp(kind, strcmp(type, "authority+sa") == 0 ? "authority" : type) == 0);
}

static bool has_parent(const char *hrn)
{
	char parent[TR_NAME_MAX + 1];
	size_t len;
	int r = tr_hrn_parent(hrn, parent);

	MUST(r == 0 || r == -CC_EFORMAT);
	MUST(tr_hrn_over(hrn, hrn) == (r == 0));
	if (r < 0)
		return false;
	len = strlen(parent);
	MUST(memcmp(hrn, parent, len) == 0 && (len == 0 || hrn[len] == '.'));
	MUST(len == 0 || (tr_hrn_over(parent, hrn) && !tr_hrn_over(hrn, parent)));
	return true;
}

static void read_hrns(const char *a, const char *b)
{
	struct tr_part x = {a, strlen(a)}, y = {b, strlen(b)};
	bool parent_a = has_parent(a), parent_b = has_parent(b);

	MUST(tr_hrn_over(a, b) == (parent_a && parent_b && slow_over(x, y, '.')));
	keep_hrn(a, "authority");
	keep_hrn(a, "node");
	keep_hrn(a, b);
}

/* ---- transcripts and rules ---- */

static void transcribe(const struct line *l)
{
	char code[TR_NAME_MAX + 1], plain[TR_NAME_MAX + 1], again[TR_NAME_MAX + 1];
	int r = tr_publicid_encode(l->text, code, sizeof(code));

	MUST(r == 0 || r == -CC_EFORMAT || r == -CC_ELIMIT);
	if (r == 0) {
		MUST(tr_publicid_decode(code, strlen(code), plain, sizeof(plain)) == 0);
		MUST(tr_publicid_encode(plain, again, sizeof(again)) == 0);
		MUST(strcmp(again, code) == 0 && strlen(plain) <= strlen(l->text));
	}
	r = tr_publicid_decode(l->octets, l->len, plain, sizeof(plain));
	MUST(r == 0 || r == -CC_EFORMAT || r == -CC_ELIMIT);
	if (r == 0 && tr_publicid_encode(plain, code, sizeof(code)) == 0 && !strchr(l->text, '+'))
		MUST(tr_publicid_decode(code, strlen(code), again, sizeof(again)) == 0 &&
		     strcmp(again, plain) == 0);
}

/* A name that we give makes a URN, as far as there is room. */
static void check_name(const char *type, const char *name)
{
	char text[TR_NAME_MAX + 1];
	struct cc_note why = {0};
	struct tr_urn u;
	int r = tr_name_check(type, name, &why);

	MUST(r == 0 || (r == -CC_EINVAL && why.code == CC_EINVAL && *why.text));
	if (r < 0 || strchr(type, '+'))
		return;
	if (snprintf(text, sizeof(text), TR_URN_PREFIX "x+%s+%s", type, name) < TR_NAME_MAX)
		MUST(tr_urn_parse_text(text, &u, NULL) == 0 && u.name.len == strlen(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line lines[2];
	struct tr_urn urns[2];
	bool good[2];

	for (unsigned i = 0; i < 2; i++) {
		lines[i] = take_line(&data, &size);
		good[i] = read_urn(&lines[i], &urns[i]);
		transcribe(&lines[i]);
	}
	if (good[0] && good[1])
		compare_urns(lines, &urns[0], &urns[1]);
	else if (strlen(lines[0].text) == lines[0].len && strlen(lines[1].text) == lines[1].len)
		MUST(!tr_urn_equal(lines[0].text, lines[1].text));
	read_hrns(lines[0].text, lines[1].text);
	check_name(lines[1].text, lines[0].text);
	drop_line(&lines[0]);
	drop_line(&lines[1]);
	return 0;
}
