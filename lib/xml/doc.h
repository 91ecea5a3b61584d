/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The one hardened entry to libxml2. What it hands out is a tree without DTD, entities, network or
 * surprises in size; the octets are scanned before libxml2 sees them, so that bad input costs one
 * linear pass. Never libxml2's own parse functions elsewhere.
 */
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/rule.h"

#define XS_CRED_MAX (1u << 20) /* octets of a credential or ticket */
#define XS_DEPTH 64	       /* of any document that becomes a tree */
#define XS_STREAM_DEPTH 128    /* of one that is read as a stream (lib/xml/stream.h) */
#define XS_ATTRIBUTES 32       /* of one element, namespace declarations among them */
#define XS_NAME_MAX 1024   /* octets of a name with its prefix: longer ones cost libxml2 dearly */
#define XS_VALUE_MAX 65536 /* octets of the value of an attribute, as written */

struct xs_limits {
	size_t octets;
	unsigned depth; /* at most XS_DEPTH; of a stream XS_STREAM_DEPTH */
	unsigned elements, attributes;
	unsigned namespaces; /* declarations in scope of one element: C14N walks them for each */
	bool plain;	     /* refuse comments, CDATA and processing instructions, too */
	bool ascii;	     /* take US-ASCII as the declared encoding, too, and hold it to that */
};
/**
 * For signed documents: XS_CRED_MAX, XS_DEPTH, 4096 elements and attributes, 8 declarations, plain.
 */
extern const struct xs_limits xs_signed_limits;

/**
 * One linear pass over the octets before libxml2 sees them: the limits of what is well-formed. @return
 * 0, CC_RULE_XML_FORM, CC_RULE_XML_PLAIN, CC_RULE_XML_LIMIT.
 */
int xs_scan(const char *text, size_t len, const struct xs_limits *limits, struct cc_note *why);
/**
 * Parses UTF-8 XML. Caller frees with xs_doc_free. @return 0, CC_RULE_XML_FORM (not well-formed,
 * another encoding, octets), CC_RULE_XML_PLAIN, CC_RULE_XML_LIMIT, -CC_ENOMEM.
 */
int xs_doc_parse(const char *text, size_t len, const struct xs_limits *limits, xmlDoc **out,
		 struct cc_note *why);
/** As UTF-8 text with an XML declaration; appended to out. @return 0, -CC_ENOMEM, -CC_ELIMIT. */
int xs_doc_write(xmlDoc *doc, struct cc_buf *out);
void xs_doc_free(xmlDoc *doc);
void xs_doc_freep(xmlDoc **doc);
/**
 * No two attributes called id (any case, any prefix) of the tree have one value. @return 0,
 * CC_RULE_XML_ID, -CC_ENOMEM.
 */
int xs_doc_check_ids(xmlDoc *doc, struct cc_note *why);

/** The node after n in document order, within top; NULL: none. */
xmlNode *xs_walk(const xmlNode *top, xmlNode *n);

/*
 * Reading a fixed grammar: a cursor over the child elements of one node. White space between
 * elements is skipped; other text there refuses.
 */
struct xs_cursor {
	xmlNode *parent, *next; /* next child element not yet taken, or NULL */
};
/** @return 0, CC_RULE_XML_ELEMENT (text that is not white space between the children). */
int xs_cursor_init(struct xs_cursor *c, xmlNode *parent, struct cc_note *why);
/** Whether the next child is this element; ns NULL: no namespace. */
bool xs_cursor_at(const struct xs_cursor *c, const char *ns, const char *name);
/** Takes it when it is this element, else NULL. Borrowed from the tree. */
xmlNode *xs_cursor_take(struct xs_cursor *c, const char *ns, const char *name);
/** Takes it or refuses, naming what was found. @return 0, CC_RULE_XML_ELEMENT. */
int xs_cursor_want(struct xs_cursor *c, const char *ns, const char *name, xmlNode **out,
		   struct cc_note *why);
/** @return 0, CC_RULE_XML_ELEMENT when children are left. */
int xs_cursor_end(const struct xs_cursor *c, struct cc_note *why);

bool xs_is(const xmlNode *node, const char *ns, const char *name);
/**
 * The text of an element that has no child elements; NUL-terminated, caller frees (free). Outer
 * white space is kept. @return 0, CC_RULE_XML_ELEMENT (it has child elements), CC_RULE_XML_LIMIT
 * (over max octets), -CC_ENOMEM.
 */
int xs_text(const xmlNode *node, size_t max, char **out, struct cc_note *why);
/** Value of an attribute, borrowed from the tree; ns NULL: none. NULL: absent. */
const char *xs_attribute(const xmlNode *node, const char *ns, const char *name);
/**
 * Attributes that are not in the NULL-ended list of local names refuse. @return 0,
 * CC_RULE_XML_ELEMENT.
 */
int xs_attributes_only(const xmlNode *node, const char *const *names, struct cc_note *why);
