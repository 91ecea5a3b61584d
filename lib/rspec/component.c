/* SPDX-License-Identifier: ISC */
#include "lib/rspec/component.h"

#include <string.h>

#include "lib/base/util.h"
#include "lib/rspec/int.h"

const struct xs_limits rs_limits = {.octets = RS_TEXT_MAX,
				    .depth = XS_DEPTH,
				    .elements = 1000000,
				    .attributes = 2000000,
				    .namespaces = 64};

static int take_node(const xmlNode *node, char out[RS_COMPONENT_MAX + 1], struct cc_note *why)
{
	const char *id = xs_attribute(node, NULL, "component_id");

	if (!id || !*id || strlen(id) > RS_COMPONENT_MAX)
		return cc_note_set(why, CC_EFORMAT,
				   "line %ld: a node without a component_id: say which one",
				   xmlGetLineNo(node));
	if (*out && strcmp(out, id) != 0)
		return cc_note_set(why, CC_EFORMAT,
				   "line %ld: a ticket is for one component, and this is a second",
				   xmlGetLineNo(node));
	strcpy(out, id);
	return 0;
}

static int walk(xmlNode *root, char out[RS_COMPONENT_MAX + 1], struct cc_note *why)
{
	unsigned nodes = 0;

	for (xmlNode *n = root; n; n = xs_walk(root, n)) {
		int r;

		if (n->type != XML_ELEMENT_NODE || n->parent != root ||
		    strcmp((const char *)n->name, "node") != 0)
			continue;
		if (++nodes > RS_NODES_MAX)
			return cc_note_set(why, CC_EFORMAT, "more than %d nodes", RS_NODES_MAX);
		r = take_node(n, out, why);
		if (r)
			return r;
	}
	return nodes ? 0 : cc_note_set(why, CC_EFORMAT, "the RSpec has no node");
}

int rs_component(const char *text, size_t len, char out[RS_COMPONENT_MAX + 1], struct cc_note *why)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	int r = xs_doc_parse(text, len, &rs_limits, &doc, why);

	out[0] = 0;
	if (r > 0)
		return -CC_EFORMAT;
	return r ? r : walk(xmlDocGetRootElement(doc), out, why);
}
