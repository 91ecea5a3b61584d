/* SPDX-License-Identifier: ISC */
/* Publicid URNs: taken apart, compared, and who may vouch for whom. */
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/name_int.h"

#define PREFIX_LEN (sizeof(TR_URN_PREFIX) - 1)

/* Labels divided by ":", none of them empty. */
static bool is_authority(struct tr_part a)
{
	bool empty = true;

	for (size_t i = 0; i < a.len; i++) {
		if (a.text[i] == ':' && empty)
			return false;
		empty = a.text[i] == ':';
	}
	return !empty;
}

static bool has_valid_octets(struct tr_part part)
{
	for (size_t i = 0; i < part.len; i++)
		if (!tr_octet_valid(part.text[i]))
			return false;
	return true;
}

/* Takes what stands before the next "+", and that. */
static bool take_part(struct tr_part *rest, struct tr_part *out)
{
	const char *plus = memchr(rest->text, '+', rest->len);

	if (!plus)
		return false;
	*out = (struct tr_part){rest->text, (size_t)(plus - rest->text)};
	rest->len -= out->len + 1;
	rest->text = plus + 1;
	return true;
}

/* What is wrong with it, in words; NULL: nothing. */
static const char *take_apart(struct tr_part rest, struct tr_urn *urn)
{
	if (rest.len > TR_NAME_MAX)
		return "it is longer than 255 octets";
	if (rest.len < PREFIX_LEN || memcmp(rest.text, TR_URN_PREFIX, PREFIX_LEN) != 0)
		return "it does not start with " TR_URN_PREFIX;
	if (!has_valid_octets(rest))
		return "it holds white space, a control character, what is not ASCII, or one of "
		       "| ? / # \\";
	rest.text += PREFIX_LEN;
	rest.len -= PREFIX_LEN;
	if (!take_part(&rest, &urn->authority) || !take_part(&rest, &urn->type))
		return "it has not the parts AUTHORITY+TYPE+NAME";
	urn->name = rest;
	if (!is_authority(urn->authority))
		return "its authority, or a label of it, is empty";
	return urn->type.len == 0 || urn->name.len == 0 ? "its type or its name is empty" : NULL;
}

int tr_urn_parse(const char *text, size_t len, struct tr_urn *out, struct cc_note *why)
{
	struct tr_part whole = {text, len};
	struct tr_urn urn;
	const char *wrong = take_apart(whole, &urn);
	char shown[TR_SHOWN];

	if (wrong)
		return cc_note_set(why, CC_EFORMAT, "\"%s\" is no publicid URN: %s",
				   tr_shown(whole, shown), wrong);
	*out = urn;
	return 0;
}

int tr_urn_parse_text(const char *text, struct tr_urn *out, struct cc_note *why)
{
	return tr_urn_parse(text, strlen(text), out, why);
}

static bool is_name_caseless(struct tr_part type)
{
	return tr_type_is_authority(type) || tr_part_is(type, "slice") || tr_part_is(type, "user");
}

static bool are_parts_equal(struct tr_part a, struct tr_part b)
{
	return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

bool tr_urn_equal(const char *a, const char *b)
{
	struct tr_urn x, y;

	if (tr_urn_parse_text(a, &x, NULL) < 0 || tr_urn_parse_text(b, &y, NULL) < 0)
		return false;
	if (!are_parts_equal(x.type, y.type) || !tr_authority_equal(x.authority, y.authority))
		return false;
	return is_name_caseless(x.type) ? tr_same(x.name, y.name) : are_parts_equal(x.name, y.name);
}

/* "Authority" is none: whoever compares it without case elsewhere must not find a CA here. */
bool tr_type_is_authority(struct tr_part type)
{
	return tr_part_is(type, "authority");
}

bool tr_authority_equal(struct tr_part a, struct tr_part b)
{
	return is_authority(a) && tr_same(a, b);
}

/* What ends where a label of a valid authority ends is one itself, and is not empty. */
bool tr_authority_over(struct tr_part over, struct tr_part sub)
{
	if (!is_authority(sub) || over.len > sub.len ||
	    !tr_same(over, (struct tr_part){sub.text, over.len}))
		return false;
	return sub.len == over.len || sub.text[over.len] == ':';
}

/* An aggregate or component manager runs things and names nobody: else it could name its users. */
bool tr_name_issues(const struct tr_urn *urn)
{
	static const char *const names[] = {"sa", "ma", "root", "ca", "ch"};

	for (size_t i = 0; tr_type_is_authority(urn->type) && i < CC_ARRAY_SIZE(names); i++)
		if (tr_same(urn->name, tr_part_of(names[i])))
			return true;
	return false;
}

/*
 * No user, slice or node can have the issuer's own HRN here: it would be "plc+user+site" for the
 * authority "plc:site", which is not over "plc". Another name of the same authority (am, cm) is
 * its own affair.
 */
bool tr_name_may_issue(const struct tr_urn *issuer, const struct tr_urn *subject)
{
	return tr_name_issues(issuer) && tr_authority_over(issuer->authority, subject->authority);
}
