/* SPDX-License-Identifier: ISC */
#pragma once
/* What the files of this folder share. */
#include "lib/rspec/request.h"
#include "lib/xml/doc.h"

#define RS_NS_XSI "http://www.w3.org/2001/XMLSchema-instance"

/* Of a whole RSpec: as many elements and attributes as its octets can hold are linear work. */
extern const struct xs_limits rs_limits;

/** The first child element of GENI's namespace with this name behind `after` (NULL: the first). NULL: none. */
xmlNode *rs_child(const xmlNode *parent, const xmlNode *after, const char *name);
/** Value of an attribute without namespace; "" when it is absent. Borrowed from the tree. */
const char *rs_text(const xmlNode *node, const char *name);
/** Whether two URNs name the same: all of it without case, as authorities compare. */
bool rs_same_urn(const char *a, const char *b);
