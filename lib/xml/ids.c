/* SPDX-License-Identifier: ISC */
/*
 * No id twice. Whoever looks a signed element up by its id gets one of those that have it, and the
 * other is the one that is used: that is how signatures are wrapped.
 */
#include "lib/xml/doc.h"

#include <string.h>
#include <strings.h>

#include "lib/base/map.h"
#include "lib/base/util.h"
#include "lib/xml/int.h"

xmlNode *xs_walk(const xmlNode *top, xmlNode *n)
{
	if (n->type == XML_ELEMENT_NODE && n->children)
		return n->children;
	while (n != top && !n->next) {
		n = n->parent;
		if (!n || n->type == XML_DOCUMENT_NODE)
			return NULL;
	}
	return n == top ? NULL : n->next;
}

static bool is_id(const xmlAttr *a)
{
	return strcasecmp((const char *)a->name, "id") == 0;
}

static size_t count_ids(const xmlDoc *doc)
{
	size_t n = 0;

	for (xmlNode *node = doc->children; node; node = xs_walk(NULL, node)) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		for (const xmlAttr *a = node->properties; a; a = a->next)
			n += is_id(a);
	}
	return n;
}

/* Others may compare ids without the white space around them. */
static void trim(const char **text, size_t *len)
{
	*len = strlen(*text);
	for (; *len > 0 && xs_space(**text); (*len)--)
		(*text)++;
	while (*len > 0 && xs_space((*text)[*len - 1]))
		(*len)--;
}

static int add_id(struct cc_map *map, struct cc_map_node *node, const xmlAttr *a,
		  struct cc_note *why)
{
	const char *text = xs_attr_value(a);
	size_t len;

	trim(&text, &len);
	if (!CC_RULE(CC_RULE_XML_ID, !cc_map_find(map, text, len)))
		return cc_refuse(why, CC_RULE_XML_ID, "line %ld: the id %.60s is there twice",
				 xmlGetLineNo(a->parent), text);
	return cc_map_add(map, node, text, len);
}

static int add_ids(const xmlDoc *doc, struct cc_map *map, struct cc_map_node *nodes,
		   struct cc_note *why)
{
	int r = 0;

	for (xmlNode *n = doc->children; r == 0 && n; n = xs_walk(NULL, n)) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		for (const xmlAttr *a = n->properties; r == 0 && a; a = a->next)
			r = is_id(a) ? add_id(map, nodes++, a, why) : 0;
	}
	return r;
}

int xs_doc_check_ids(xmlDoc *doc, struct cc_note *why)
{
	cc_cleanup(cc_freep) struct cc_map_node *nodes = NULL;
	size_t n = count_ids(doc);
	struct cc_map map;
	int r;

	if (n < 2)
		return 0;
	nodes = calloc(n, sizeof(*nodes));
	if (!nodes)
		return cc_raise(CC_ENOMEM);
	cc_map_init(&map);
	r = add_ids(doc, &map, nodes, why);
	cc_map_deinit(&map);
	return r;
}
