/* SPDX-License-Identifier: ISC */
#include "lib/xml/doc.h"

#include <libxml/parser.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/int.h"

/* Never NOENT, DTDLOAD, DTDATTR, XINCLUDE, HUGE, RECOVER. */
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

const struct xs_limits xs_signed_limits = {
	.octets = XS_CRED_MAX,
	.depth = XS_DEPTH,
	.elements = 4096,
	.attributes = 4096,
	.namespaces = 8,
	.plain = true,
};

void xs_doc_free(xmlDoc *doc)
{
	if (doc)
		xmlFreeDoc(doc);
}

void xs_doc_freep(xmlDoc **doc)
{
	xs_doc_free(*doc);
	*doc = NULL;
}

static void parser_freep(xmlParserCtxt **parser)
{
	if (*parser)
		xmlFreeParserCtxt(*parser);
	*parser = NULL;
}

static bool plain_attributes(const xmlNode *node)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->children && (a->children->type != XML_TEXT_NODE || a->children->next))
			return false;
	}
	return true;
}

/* The kinds of node that may be in a tree; the scan has refused all others as text. */
static bool known_node(const xmlNode *node, bool plain)
{
	switch (node->type) {
	case XML_ELEMENT_NODE:
		return plain_attributes(node);
	case XML_TEXT_NODE:
		return true;
	case XML_CDATA_SECTION_NODE:
	case XML_COMMENT_NODE:
	case XML_PI_NODE:
		return !plain;
	default:
		return false;
	}
}

static int check_tree(const xmlDoc *doc, bool plain, struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_XML_PLAIN, !doc->intSubset && !doc->extSubset))
		return cc_refuse(why, CC_RULE_XML_PLAIN, "a document type");
	for (xmlNode *n = doc->children; n; n = xs_walk(NULL, n)) {
		if (!CC_RULE(CC_RULE_XML_PLAIN, known_node(n, plain)))
			return cc_refuse(why, CC_RULE_XML_PLAIN, "line %ld: an entity or the like",
					 xmlGetLineNo(n));
	}
	return 0;
}

/* One parse: what is left to read, and the first thing that was wrong. */
struct parse {
	xmlParserCtxt *parser;
	const char *p;
	size_t left;
	int refused;
	struct cc_note *why;
};

static bool well_formed(const xmlParserCtxt *parser)
{
	return parser->wellFormed && parser->nsWellFormed;
}

/*
 * Ends where the first error was. Left alone, libxml2 goes on to the end and words an error for
 * every character, at a hundred times the cost of reading one.
 */
static int read_piece(void *data, char *to, int room)
{
	struct parse *p = data;
	size_t n = (size_t)room < p->left ? (size_t)room : p->left;

	if (!well_formed(p->parser))
		return 0;
	memcpy(to, p->p, n);
	p->p += n;
	p->left -= n;
	return (int)n;
}

/* Takes the first line of the first message; what follows from that error is of no interest. */
static void take_error(void *data, xmlError *e)
{
	struct parse *p = ((xmlParserCtxt *)data)->_private;
	const char *text = e->message ? e->message : "not well-formed";

	if (p->refused || e->level < XML_ERR_ERROR ||
	    (e->domain != XML_FROM_PARSER && e->domain != XML_FROM_NAMESPACE))
		return;
	/* without a DTD no entity is declared, so a reference to one is an error */
	if (e->code == XML_ERR_UNDECLARED_ENTITY)
		p->refused = cc_refuse(p->why, CC_RULE_XML_PLAIN, "line %d: an entity", e->line);
	else
		p->refused = cc_refuse(p->why, CC_RULE_XML_FORM, "line %d: %.*s", e->line,
				       (int)strcspn(text, "\n"), text);
}

/* @return 0, a rule, -CC_ENOMEM. */
static int parse(struct parse *p, xmlDoc **doc)
{
	cc_cleanup(parser_freep) xmlParserCtxt *parser = NULL;

	xs_begin();
	p->parser = parser = xmlNewParserCtxt();
	if (!parser)
		return cc_raise(CC_ENOMEM);
	parser->_private = p;
	parser->sax->serror = take_error;
	*doc = xmlCtxtReadIO(parser, read_piece, NULL, p, NULL, NULL, PARSE_OPTIONS);
	if (xs_starved())
		return cc_raise(CC_ENOMEM);
	if (*doc && well_formed(parser))
		return 0;
	return p->refused ? p->refused : cc_refuse(p->why, CC_RULE_XML_FORM, "not well-formed");
}

int xs_doc_parse(const char *text, size_t len, const struct xs_limits *limits, xmlDoc **out,
		 struct cc_note *why)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	struct parse p = {.p = text, .left = len, .why = why};
	struct xs_limits own = *limits;
	int r;

	if (own.depth > XS_DEPTH)
		own.depth = XS_DEPTH;
	r = xs_scan(text, len, &own, why);
	if (r == 0 || CC_RULE(r, false))
		r = parse(&p, &doc);
	if (r == 0)
		r = check_tree(doc, limits->plain, why);
	if (r == 0)
		*out = cc_steal(&doc);
	return r;
}

/* Not libxml2's own head of a document: that writes UTF-8 in capitals. */
int xs_doc_write(xmlDoc *doc, struct cc_buf *out)
{
	xmlNode *root = xmlDocGetRootElement(doc);
	xmlOutputBuffer *to;

	xs_begin();
	cc_buf_puts(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
	to = xs_output_buf(out);
	if (to && root)
		xmlNodeDumpOutput(to, doc, root, 0, 0, "UTF-8");
	if (to)
		xmlOutputBufferClose(to);
	if (out->err)
		return out->err;
	return xs_starved() ? cc_raise(CC_ENOMEM) : 0;
}
