/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A document as a stream of events, for what is read once and needs no tree. As hardened as xs_doc_parse:
 * the octets are scanned first (lib/xml/doc.h), so no DTD, no entity and no depth beyond the limits
 * reaches libxml2; processing instructions refuse, comments are left out.
 */
#include "lib/xml/doc.h"

struct xs_stream;

/* Each returns 0 to go on; anything else ends the pass, and is what xs_stream_read returns. */
struct xs_stream_events {
	/** ns NULL: none. attributes: how many there are, not counting declarations of namespaces. */
	int (*start)(struct xs_stream *s, void *data, const char *ns, const char *name,
		     unsigned attributes);
	/** A piece of text, white space and CDATA too; a text may come in any number of pieces. */
	int (*text)(struct xs_stream *s, void *data, const char *text, size_t len);
	int (*end)(struct xs_stream *s, void *data);
};

/**
 * Reads UTF-8 XML, from its start to its end or to the first thing that refuses; events before that
 * may have been seen. Messages name line and column. @return 0, CC_RULE_XML_FORM, CC_RULE_XML_PLAIN,
 * CC_RULE_XML_LIMIT, -CC_ENOMEM, or what an event returned.
 */
int xs_stream_read(const char *text, size_t len, const struct xs_limits *limits,
		   const struct xs_stream_events *events, void *data, struct cc_note *why);
/**
 * For events: notes why with line and column in front, as printable ASCII. @return -code, a code of
 * lib/base/err.h.
 */
int xs_stream_refuse(struct xs_stream *s, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
