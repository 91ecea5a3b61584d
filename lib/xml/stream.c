/* SPDX-License-Identifier: ISC */
#include "lib/xml/stream.h"

#include <libxml/parser.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/int.h"

/* Never NOENT, DTDLOAD, DTDATTR, XINCLUDE, HUGE, RECOVER. */
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

struct xs_stream {
	const struct xs_stream_events *events;
	void *data;
	xmlParserCtxt *parser;
	const char *p; /* what libxml2 has not taken yet */
	size_t left;
	int r; /* of the first that was not 0 */
	struct cc_note *why;
};

static void parser_freep(xmlParserCtxt **parser)
{
	if (*parser)
		xmlFreeParserCtxt(*parser);
	*parser = NULL;
}

/* Ends at what was refused: libxml2 gets no more, and calls no event for what it has. */
static void end_with(struct xs_stream *s, int r)
{
	if (r == 0 || s->r != 0)
		return;
	s->r = r;
	s->parser->disableSAX = 1;
}

static int read_piece(void *data, char *to, int room)
{
	struct xs_stream *s = data;
	size_t n = (size_t)room < s->left ? (size_t)room : s->left;

	if (s->r != 0 || !s->parser->wellFormed)
		return 0;
	memcpy(to, s->p, n);
	s->p += n;
	s->left -= n;
	return (int)n;
}

static void on_start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		     int n_namespaces, const xmlChar **namespaces, int n_attributes,
		     int n_defaulted, const xmlChar **attributes)
{
	struct xs_stream *s = data;

	if (s->r == 0)
		end_with(s, s->events->start(s, s->data, (const char *)uri, (const char *)name,
					     (unsigned)n_attributes));
}

static void on_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct xs_stream *s = data;

	if (s->r == 0)
		end_with(s, s->events->end(s, s->data));
}

static void on_text(void *data, const xmlChar *text, int len)
{
	struct xs_stream *s = data;

	if (s->r == 0 && len > 0)
		end_with(s, s->events->text(s, s->data, (const char *)text, (size_t)len));
}

static void on_instruction(void *data, const xmlChar *target, const xmlChar *text)
{
	struct xs_stream *s = data;

	if (s->r == 0)
		end_with(s, cc_refuse(s->why, CC_RULE_XML_PLAIN,
				      "line %d, column %d: a processing instruction",
				      s->parser->input->line, s->parser->input->col));
}

static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			*text = '?';
}

/* The first line of the first message; what follows from that error is of no interest. */
static void on_error(void *data, xmlError *e)
{
	struct xs_stream *s = data;
	const char *text = e->message ? e->message : "not well-formed";

	if (s->r != 0 || e->level < XML_ERR_ERROR ||
	    (e->domain != XML_FROM_PARSER && e->domain != XML_FROM_NAMESPACE))
		return;
	/* without a DTD no entity is declared, so a reference to one is an error */
	if (e->code == XML_ERR_UNDECLARED_ENTITY)
		end_with(s, cc_refuse(s->why, CC_RULE_XML_PLAIN, "line %d, column %d: an entity",
				      e->line, e->int2));
	else
		end_with(s, cc_refuse(s->why, CC_RULE_XML_FORM, "line %d, column %d: %.*s", e->line,
				      e->int2, (int)strcspn(text, "\n"), text));
	if (s->why)
		make_printable(s->why->text);
}

int xs_stream_refuse(struct xs_stream *s, int code, const char *fmt, ...)
{
	char text[sizeof(s->why->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_printable(text);
	return cc_note_set(s->why, code, "line %d, column %d: %s", s->parser->input->line,
			   s->parser->input->col, text);
}

/* No other events: without a tree there is nothing that they could be about. */
static const xmlSAXHandler handler = {
	.initialized = XML_SAX2_MAGIC,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_text,
	.processingInstruction = on_instruction,
	.serror = on_error,
};

static int parse(struct xs_stream *s)
{
	cc_cleanup(parser_freep) xmlParserCtxt *parser = NULL;

	xs_begin();
	parser = xmlNewParserCtxt();
	if (!parser)
		return cc_raise(CC_ENOMEM);
	s->parser = parser;
	*parser->sax = handler;
	parser->userData = s;
	xmlCtxtReadIO(parser, read_piece, NULL, s, NULL, NULL, PARSE_OPTIONS);
	if (xs_starved())
		return cc_raise(CC_ENOMEM);
	if (s->r != 0)
		return s->r;
	if (parser->wellFormed && parser->nsWellFormed)
		return 0;
	return cc_refuse(s->why, CC_RULE_XML_FORM, "not well-formed");
}

int xs_stream_read(const char *text, size_t len, const struct xs_limits *limits,
		   const struct xs_stream_events *events, void *data, struct cc_note *why)
{
	struct xs_stream s = {.events = events, .data = data, .p = text, .left = len, .why = why};
	int r = xs_scan(text, len, limits, why);

	return r == 0 ? parse(&s) : r;
}
