/* SPDX-License-Identifier: ISC */
/*
 * HRNs (spec sfa 2.2). A label holds its dots as "\."; the backslash means nothing else, and is
 * refused elsewhere, so that a name has one HRN and an HRN one reading.
 */
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/name_int.h"

#define TYPE_SIZE 64
#define PART(literal) ((struct tr_part){(literal), sizeof(literal) - 1})

/* A checked HRN. */
struct hrn {
	const char *text;
	size_t len;
	size_t leaf; /* where the last label starts */
};

/* What is wrong with it, in words; NULL: nothing. */
static const char *take_apart(const char *text, struct hrn *out)
{
	size_t i, label = 0;

	if (strnlen(text, TR_NAME_MAX + 1) > TR_NAME_MAX)
		return "it is longer than 255 octets";
	for (i = 0; text[i]; i++) {
		if (text[i] == '\\') {
			if (text[++i] != '.')
				return "it has a backslash that is not before a dot";
		} else if (text[i] == '.') {
			if (i == label)
				return "it has an empty label";
			label = i + 1;
		} else if (!tr_octet_valid(text[i])) {
			return "it holds white space, a control character, what is not ASCII, or "
			       "one of | ? / #";
		}
	}
	*out = (struct hrn){text, i, label};
	return i == label ? "it has an empty label" : NULL;
}

static int hrn_parse(const char *text, struct hrn *out, struct cc_note *why)
{
	const char *wrong = take_apart(text, out);
	char shown[TR_SHOWN];

	if (wrong)
		return cc_note_set(why, CC_EFORMAT, "\"%s\" is no HRN: %s",
				   tr_shown(tr_part_of(text), shown), wrong);
	return 0;
}

/* A name of a URN becomes one label; an authority as many as it has. */
static void put_label(struct tr_text *hrn, struct tr_part part, bool is_authority)
{
	for (size_t i = 0; i < part.len; i++) {
		if (part.text[i] == '.' && !CC_SEEDED_BUG(i == 0 && !is_authority))
			tr_text_put(hrn, PART("\\."));
		else if (part.text[i] == ':' && is_authority)
			tr_text_put(hrn, PART("."));
		else
			tr_text_put(hrn, (struct tr_part){part.text + i, 1});
	}
}

/* "authority+sa" is the usual one and is left out, as Python's SFA does. */
static void put_type(struct tr_text *type, const struct tr_urn *urn)
{
	tr_text_put(type, urn->type);
	if (tr_type_is_authority(urn->type) && !tr_part_is(urn->name, "sa")) {
		tr_text_put(type, PART("+"));
		tr_text_put(type, urn->name);
	}
}

int tr_urn_to_hrn(const struct tr_urn *urn, char hrn[TR_NAME_MAX + 1], char type[TYPE_SIZE],
		  struct cc_note *why)
{
	struct tr_text h = {0}, t = {0};
	char shown[TR_SHOWN];

	put_label(&h, urn->authority, true);
	if (!tr_type_is_authority(urn->type)) {
		tr_text_put(&h, PART("."));
		put_label(&h, urn->name, false);
	}
	put_type(&t, urn);
	if (h.full)
		return cc_note_set(why, CC_ELIMIT, "the HRN of \"%s\" is longer than 255 octets",
				   tr_shown(urn->name, shown));
	if (tr_text_copy(&t, type, TYPE_SIZE) < 0)
		return cc_note_set(why, CC_ELIMIT, "the type \"%s\" is longer than 63 octets",
				   tr_shown((struct tr_part){t.data, t.len}, shown));
	return tr_text_copy(&h, hrn, TR_NAME_MAX + 1);
}

/* The octets between two places: escapes undone, the dots between labels made colons. */
static void put_labels(struct tr_text *urn, const char *from, const char *end)
{
	for (; from < end; from++) {
		if (*from == '.')
			tr_text_put(urn, PART(":"));
		else
			tr_text_put(urn, (struct tr_part){*from == '\\' ? ++from : from, 1});
	}
}

/* "authority" is the SA; of another type the last label is the name. */
static int put_urn(struct tr_text *urn, const struct hrn *h, const char *type, struct cc_note *why)
{
	struct tr_part word = {type, strcspn(type, "+")};
	bool is_authority = tr_type_is_authority(word);
	size_t end = is_authority ? h->len : h->leaf - (h->leaf > 0);
	char shown[TR_SHOWN];

	if (end == 0)
		return cc_note_set(why, CC_EFORMAT,
				   "\"%s\" has one label: there is no authority that it is below",
				   tr_shown(tr_part_of(h->text), shown));
	if (memchr(h->text, ':', end) || memchr(h->text, '+', end))
		return cc_note_set(why, CC_EFORMAT, "\"%s\" has an authority with : or + in it",
				   tr_shown(tr_part_of(h->text), shown));
	if (type[word.len] && !is_authority)
		return cc_note_set(why, CC_EFORMAT, "\"%s\" is no type: it has a +",
				   tr_shown(tr_part_of(type), shown));
	tr_text_put(urn, PART(TR_URN_PREFIX));
	put_labels(urn, h->text, h->text + end);
	tr_text_put(urn, PART("+"));
	tr_text_put(urn, tr_part_of(strcmp(type, "authority") == 0 ? "authority+sa" : type));
	if (!is_authority) {
		tr_text_put(urn, PART("+"));
		put_labels(urn, h->text + h->leaf, h->text + h->len);
	}
	return 0;
}

int tr_hrn_to_urn(const char *hrn, const char *type, char urn[TR_NAME_MAX + 1], struct cc_note *why)
{
	struct tr_text text = {0};
	struct tr_urn parsed;
	struct hrn h;
	char shown[TR_SHOWN];
	int r = hrn_parse(hrn, &h, why);

	if (r == 0)
		r = put_urn(&text, &h, type, why);
	if (r < 0)
		return r;
	if (text.full)
		return cc_note_set(why, CC_ELIMIT, "the URN of \"%s\" is longer than 255 octets",
				   tr_shown(tr_part_of(hrn), shown));
	/* the type is still unread, and "authority+" has no name */
	r = tr_urn_parse(text.data, text.len, &parsed, why);
	return r < 0 ? r : tr_text_copy(&text, urn, TR_NAME_MAX + 1);
}

/* A checked HRN ends in no open escape: what follows it in another is the end of a label or not. */
bool tr_hrn_over(const char *over, const char *sub)
{
	struct hrn o, s;

	if (take_apart(over, &o) || take_apart(sub, &s) || o.len > s.len ||
	    !tr_same((struct tr_part){over, o.len}, (struct tr_part){sub, o.len}))
		return false;
	return sub[o.len] == 0 || sub[o.len] == '.';
}

int tr_hrn_parent(const char *hrn, char parent[TR_NAME_MAX + 1])
{
	struct hrn h;
	size_t len;

	if (take_apart(hrn, &h))
		return -CC_EFORMAT;
	len = h.leaf - (h.leaf > 0);
	memcpy(parent, hrn, len);
	parent[len] = 0;
	return 0;
}
