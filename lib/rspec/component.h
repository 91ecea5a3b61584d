/* SPDX-License-Identifier: ISC */
#pragma once
/* Which component a request names: all that a ticket's issuer has to know of an RSpec. */
#include "lib/base/err.h"

#include <stddef.h>

#define RS_TEXT_MAX (8u << 20) /* octets of an RSpec */
#define RS_NODES_MAX 10000
#define RS_COMPONENT_MAX 255

/**
 * The component_id that the request's nodes name: there is at least one node, and all have the same.
 * Namespaces of RSpecs (GENI 3, ProtoGENI 2, none) are not told apart here. @return 0, -CC_EFORMAT
 * with why: no XML that may be read, no node, a node without component_id, several components.
 */
int rs_component(const char *text, size_t len, char out[RS_COMPONENT_MAX + 1], struct cc_note *why);
