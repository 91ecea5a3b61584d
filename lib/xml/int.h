/* SPDX-License-Identifier: ISC */
#pragma once
/* What the files of lib/xml share. */
#include <libxml/tree.h>
#include <libxml/xmlIO.h>
#include <openssl/evp.h>
#include <stdbool.h>

#include "lib/xml/doc.h"

/** Starts libxml2, once, and forgets this thread's failed allocations. Before each use of it. */
void xs_begin(void);
/**
 * Whether libxml2 got no memory in this thread since xs_begin. It drops what it cannot allocate in
 * many places and goes on, so what it made then is not what was asked for.
 */
bool xs_starved(void);

static inline bool xs_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}
/** Leaves the next child out. */
void xs_cursor_skip(struct xs_cursor *c);
/** Value of an attribute of the tree, borrowed. */
const char *xs_attr_value(const xmlAttr *attr);

/** libxml2's output into a buffer, freed by xmlOutputBufferClose. NULL: no memory. */
xmlOutputBuffer *xs_output_buf(struct cc_buf *out);
