/* SPDX-License-Identifier: ISC */
#include "lib/xml/doc.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/base/util.h"
#include "lib/xml/int.h"

#define NAME(node) ((const char *)(node)->name)

static bool is_blank(const char *text)
{
	while (xs_space(*text))
		text++;
	return *text == '\0';
}

static const xmlNode *element_from(const xmlNode *n)
{
	while (n && n->type != XML_ELEMENT_NODE)
		n = n->next;
	return n;
}

/* Between child elements: white space, and what a document that is not plain may have there. */
static bool is_filling(const xmlNode *n)
{
	switch (n->type) {
	case XML_ELEMENT_NODE:
	case XML_COMMENT_NODE:
	case XML_PI_NODE:
		return true;
	case XML_TEXT_NODE:
	case XML_CDATA_SECTION_NODE:
		return !n->content || is_blank((const char *)n->content);
	default:
		return false;
	}
}

int xs_cursor_init(struct xs_cursor *c, xmlNode *parent, struct cc_note *why)
{
	for (const xmlNode *n = parent->children; n; n = n->next) {
		if (!CC_RULE(CC_RULE_XML_ELEMENT, is_filling(n)))
			return cc_refuse(why, CC_RULE_XML_ELEMENT,
					 "line %ld: text between the elements in <%.60s>",
					 xmlGetLineNo(n), NAME(parent));
	}
	*c = (struct xs_cursor){parent, (xmlNode *)element_from(parent->children)};
	return 0;
}

void xs_cursor_skip(struct xs_cursor *c)
{
	c->next = (xmlNode *)element_from(c->next->next);
}

bool xs_cursor_at(const struct xs_cursor *c, const char *ns, const char *name)
{
	return c->next && xs_is(c->next, ns, name);
}

xmlNode *xs_cursor_take(struct xs_cursor *c, const char *ns, const char *name)
{
	xmlNode *node = c->next;

	if (!xs_cursor_at(c, ns, name))
		return NULL;
	xs_cursor_skip(c);
	return node;
}

static const char *next_name(const struct xs_cursor *c)
{
	return c->next ? NAME(c->next) : "its end";
}

int xs_cursor_want(struct xs_cursor *c, const char *ns, const char *name, xmlNode **out,
		   struct cc_note *why)
{
	xmlNode *node;

	/* with the rule off: like a reader that skips what it does not know */
	while (CC_RULE(CC_RULE_XML_ELEMENT, false) && c->next && !xs_cursor_at(c, ns, name))
		xs_cursor_skip(c);
	node = xs_cursor_take(c, ns, name);
	if (!node)
		return cc_refuse(why, CC_RULE_XML_ELEMENT,
				 "line %ld: <%s> is expected in <%.60s>, not %s%.60s%s",
				 xmlGetLineNo(c->next ? c->next : c->parent), name, NAME(c->parent),
				 c->next ? "<" : "", next_name(c), c->next ? ">" : "");
	*out = node;
	return 0;
}

int xs_cursor_end(const struct xs_cursor *c, struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_XML_ELEMENT, !c->next))
		return cc_refuse(why, CC_RULE_XML_ELEMENT,
				 "line %ld: <%.60s> does not belong in <%.60s>",
				 xmlGetLineNo(c->next), NAME(c->next), NAME(c->parent));
	return 0;
}

static bool in_namespace(const xmlNs *have, const char *ns)
{
	const char *href = have && have->href ? (const char *)have->href : "";

	return strcmp(href, ns ? ns : "") == 0;
}

bool xs_is(const xmlNode *node, const char *ns, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp(NAME(node), name) == 0 &&
	       in_namespace(node->ns, ns);
}

static bool is_text(const xmlNode *n)
{
	return n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE;
}

static bool is_remark(const xmlNode *n)
{
	return n->type == XML_COMMENT_NODE || n->type == XML_PI_NODE;
}

int xs_text(const xmlNode *node, size_t max, char **out, struct cc_note *why)
{
	size_t most = CC_RULE(CC_RULE_XML_LIMIT, false) ? CC_MSG_MAX : max;
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(most);
	char *taken;

	for (const xmlNode *n = node->children; n; n = n->next) {
		if (is_text(n) && n->content)
			cc_buf_puts(&text, (const char *)n->content);
		else if (!is_text(n) && !CC_RULE(CC_RULE_XML_ELEMENT, is_remark(n)))
			return cc_refuse(why, CC_RULE_XML_ELEMENT,
					 "line %ld: <%.60s> must hold text alone", xmlGetLineNo(n),
					 NAME(node));
	}
	if (text.err == -CC_ELIMIT)
		return cc_refuse(why, CC_RULE_XML_LIMIT,
				 "line %ld: the text of <%.60s> has more than %zu octets",
				 xmlGetLineNo(node), NAME(node), max);
	taken = cc_buf_take(&text);
	if (!taken)
		return cc_raise(CC_ENOMEM);
	*out = taken;
	return 0;
}

const char *xs_attr_value(const xmlAttr *attr)
{
	return attr->children && attr->children->content ? (const char *)attr->children->content
							 : "";
}

const char *xs_attribute(const xmlNode *node, const char *ns, const char *name)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (strcmp(NAME(a), name) == 0 && in_namespace(a->ns, ns))
			return xs_attr_value(a);
	}
	return NULL;
}

static bool listed(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

int xs_attributes_only(const xmlNode *node, const char *const *names, struct cc_note *why)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (!CC_RULE(CC_RULE_XML_ELEMENT, listed(NAME(a), names)))
			return cc_refuse(why, CC_RULE_XML_ELEMENT,
					 "line %ld: the attribute %.60s does not belong in <%.60s>",
					 xmlGetLineNo(node), NAME(a), NAME(node));
	}
	return 0;
}
