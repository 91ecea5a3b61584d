/* SPDX-License-Identifier: ISC */
/*
 * The scan before the parser. It reads tags only as far as it must to count what costs libxml2
 * more than linear time, and refuses what no document of ours has. Of well-formed documents it
 * counts exactly; whether a document is well-formed, libxml2 decides.
 */
#include "lib/xml/int.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"

struct scan {
	const char *begin, *p, *end;
	const struct xs_limits *limits;
	unsigned depth, elements, attributes;
	unsigned namespaces;		       /* in scope */
	uint8_t declared[XS_STREAM_DEPTH + 1]; /* of them by the open element of each depth */
	bool ascii;			       /* all the octets must be */
	struct cc_note *why;
};

struct view {
	const char *p;
	size_t len;
};

static bool at(const struct scan *s, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(s->end - s->p) >= len && memcmp(s->p, word, len) == 0;
}

static bool view_is(struct view v, const char *word)
{
	return v.len == strlen(word) && strncasecmp(v.p, word, v.len) == 0;
}

/* Where the scan stands, for people: counted only when a document is refused. */
static struct spot {
	size_t line, column; /* both from 1, the column in octets */
} spot_of(const struct scan *s)
{
	struct spot spot = {1, 1};
	const char *line = s->begin;

	for (const char *p; (p = memchr(line, '\n', (size_t)(s->p - line))); spot.line++)
		line = p + 1;
	spot.column += (size_t)(s->p - line);
	return spot;
}

static int refuse(const struct scan *s, enum cc_rule rule, const char *what)
{
	struct spot spot = spot_of(s);

	return cc_refuse(s->why, rule, "line %zu, column %zu: %s", spot.line, spot.column, what);
}

static int refuse_form(const struct scan *s, const char *what)
{
	return refuse(s, CC_RULE_XML_FORM, what);
}

static int refuse_plain(const struct scan *s, const char *what)
{
	return refuse(s, CC_RULE_XML_PLAIN, what);
}

static int refuse_limit(const struct scan *s, unsigned max, const char *what)
{
	char text[80];

	snprintf(text, sizeof(text), "more than %u %s", max, what);
	return refuse(s, CC_RULE_XML_LIMIT, text);
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && xs_space(*s->p))
		s->p++;
}

static struct view take_name(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && !xs_space(*s->p) && !strchr("=/><\"'", *s->p))
		s->p++;
	return (struct view){start, (size_t)(s->p - start)};
}

/* name = "value" or name = 'value' */
static bool take_attribute(struct scan *s, struct view *name, struct view *value)
{
	const char *close;

	*name = take_name(s);
	skip_space(s);
	if (name->len == 0 || s->p == s->end || *s->p != '=')
		return false;
	s->p++;
	skip_space(s);
	if (s->p == s->end || (*s->p != '"' && *s->p != '\''))
		return false;
	close = memchr(s->p + 1, *s->p, (size_t)(s->end - s->p - 1));
	if (!close)
		return false;
	*value = (struct view){s->p + 1, (size_t)(close - s->p - 1)};
	s->p = close + 1;
	return true;
}

/* libxml2 takes a document that says so for UTF-8. */
static int check_ascii(const struct scan *s)
{
	struct scan at_octet = *s;

	for (; at_octet.p < s->end; at_octet.p++) {
		if ((uint8_t)*at_octet.p >= 0x80)
			return refuse_form(&at_octet, "an octet that is none of US-ASCII");
	}
	return 0;
}

static int check_encoding(struct scan *s, const struct scan *d, struct view value)
{
	if (view_is(value, "utf-8"))
		return 0;
	if (!s->limits->ascii)
		return refuse_form(d, "another encoding than UTF-8");
	if (!view_is(value, "us-ascii") && !view_is(value, "ascii"))
		return refuse_form(d, "another encoding than UTF-8 and US-ASCII");
	s->ascii = true;
	return 0;
}

/* <?xml version="1.0" encoding="utf-8"?>: what it may say, when it is there. */
static int scan_declaration(struct scan *s)
{
	const char *close = memmem(s->p, (size_t)(s->end - s->p), "?>", 2);
	struct view name, value;
	struct scan d = *s;
	int r = 0;

	if (!close)
		return refuse_form(s, "an XML declaration without end");
	d.p += strlen("<?xml");
	d.end = close;
	for (skip_space(&d); d.p < d.end; skip_space(&d)) {
		if (!take_attribute(&d, &name, &value))
			return refuse_form(&d, "an XML declaration that cannot be read");
		if (view_is(name, "version") && !view_is(value, "1.0"))
			return refuse_form(&d, "another version of XML than 1.0");
		if (view_is(name, "encoding"))
			r = check_encoding(s, &d, value);
		if (r)
			return r;
	}
	s->p = close + 2;
	return s->ascii ? check_ascii(s) : 0;
}

/* Goes on behind the next `close`. */
static int skip_past(struct scan *s, const char *close, const char *what)
{
	const char *p = memmem(s->p, (size_t)(s->end - s->p), close, strlen(close));

	if (!p)
		return refuse_form(s, what);
	s->p = p + strlen(close);
	return 0;
}

/* <! and <? */
static int scan_special(struct scan *s)
{
	static const struct special {
		const char *open, *close, *what;
	} specials[] = {
		{"<!--", "-->", "a comment"},
		{"<![CDATA[", "]]>", "a CDATA section"},
		{"<?", "?>", "a processing instruction"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(specials); i++) {
		if (!at(s, specials[i].open))
			continue;
		if (s->limits->plain)
			return refuse_plain(s, specials[i].what);
		s->p += strlen(specials[i].open);
		return skip_past(s, specials[i].close, specials[i].what);
	}
	return refuse_plain(s, "a document type or another declaration");
}

static int scan_attribute(struct scan *s)
{
	struct view name, value;

	if (!take_attribute(s, &name, &value))
		return refuse_form(s, "an attribute that cannot be read");
	if (++s->attributes > s->limits->attributes)
		return refuse_limit(s, s->limits->attributes, "attributes");
	if (name.len > XS_NAME_MAX)
		return refuse_limit(s, XS_NAME_MAX, "octets in a name");
	if (value.len > XS_VALUE_MAX)
		return refuse_limit(s, XS_VALUE_MAX, "octets in the value of an attribute");
	if (name.len < 5 || memcmp(name.p, "xmlns", 5) != 0 || (name.len > 5 && name.p[5] != ':'))
		return 0;
	s->declared[s->depth]++;
	if (++s->namespaces > s->limits->namespaces)
		return refuse_limit(s, s->limits->namespaces, "namespaces for one element");
	return 0;
}

static void leave_element(struct scan *s)
{
	s->namespaces -= s->declared[s->depth--];
}

/* After the name of a start tag, up to and with its end. */
static int scan_attributes(struct scan *s)
{
	int r = 0;

	for (unsigned n = 1; r == 0; n++) {
		skip_space(s);
		if (at(s, "/>")) {
			leave_element(s);
			s->p += 2;
			return 0;
		}
		if (at(s, ">")) {
			s->p++;
			return 0;
		}
		if (n > XS_ATTRIBUTES)
			return refuse_limit(s, XS_ATTRIBUTES, "attributes of one element");
		r = scan_attribute(s);
	}
	return r;
}

static int scan_start_tag(struct scan *s)
{
	unsigned depth = s->limits->depth < XS_STREAM_DEPTH ? s->limits->depth : XS_STREAM_DEPTH;
	struct view name;

	s->p++;
	name = take_name(s);
	if (name.len == 0)
		return refuse_form(s, "a tag without a name");
	if (name.len > XS_NAME_MAX)
		return refuse_limit(s, XS_NAME_MAX, "octets in a name");
	if (++s->elements > s->limits->elements)
		return refuse_limit(s, s->limits->elements, "elements");
	if (++s->depth > depth)
		return refuse_limit(s, depth, "elements inside each other");
	s->declared[s->depth] = 0;
	return scan_attributes(s);
}

static int scan_end_tag(struct scan *s)
{
	if (s->depth == 0)
		return refuse_form(s, "an end tag that ends nothing");
	leave_element(s);
	return skip_past(s, ">", "an end tag without end");
}

static int scan_tags(struct scan *s)
{
	int r = 0;

	while (r == 0 && (s->p = memchr(s->p, '<', (size_t)(s->end - s->p)))) {
		if (at(s, "</"))
			r = scan_end_tag(s);
		else if (at(s, "<!") || at(s, "<?"))
			r = scan_special(s);
		else
			r = scan_start_tag(s);
	}
	return r;
}

int xs_scan(const char *text, size_t len, const struct xs_limits *limits, struct cc_note *why)
{
	struct scan s = {.begin = text, .p = text, .end = text + len, .limits = limits, .why = why};
	int r = 0;

	if (len == 0)
		return cc_refuse(why, CC_RULE_XML_FORM, "an empty document");
	if (len > limits->octets || len > INT_MAX)
		return cc_refuse(why, CC_RULE_XML_FORM, "%zu octets, more than %zu", len,
				 limits->octets);
	if (memchr(text, '\0', len))
		return cc_refuse(why, CC_RULE_XML_FORM, "a NUL octet: no text in UTF-8");
	if (at(&s, "\xef\xbb\xbf"))
		s.p += 3;
	/* libxml2 guesses an encoding from the first octets: only UTF-8 begins so */
	if (s.p == s.end || (*s.p != '<' && !xs_space(*s.p)))
		return refuse_form(&s, "no XML in UTF-8");
	if (at(&s, "<?xml") && s.end - s.p > 5 && xs_space(s.p[5]))
		r = scan_declaration(&s);
	return r ? r : scan_tags(&s);
}
