/* SPDX-License-Identifier: ISC */
#pragma once
/* What the targets of XML-RPC hold every document against, beside what they read of it. */
#include <jansson.h>
#include <libxml/parser.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/util.h"
#include "lib/xmlrpc/xmlrpc.h"
#include "tests/fuzz/must.h"

struct fx_count {
	unsigned values, members;
};

/* A mark counts as the one value that it stands for. */
static inline bool fx_is_mark(const json_t *v)
{
	const char *key = json_object_iter_key(json_object_iter((json_t *)v));

	return json_object_size(v) == 1 && key[0] == '$' && key[1] != '$';
}

/* depth: of arrays and objects around it. The recursion is bounded by what is checked. */
static inline void fx_count_json(const json_t *v, unsigned depth, struct fx_count *c)
{
	const char *key;
	const json_t *item;
	size_t i;

	c->values++;
	if (json_is_object(v) && fx_is_mark(v)) {
		MUST(json_object_get(v, "$base64") || json_object_get(v, "$dateTime"));
		return;
	}
	MUST(depth < XR_DEPTH || !(json_is_object(v) || json_is_array(v)));
	json_array_foreach(v, i, item) fx_count_json(item, depth + 1, c);
	json_object_foreach((json_t *)v, key, item)
	{
		c->members++;
		MUST(key[0] != '$' || key[1] == '$');
		fx_count_json(item, depth + 1, c);
	}
}

static inline xmlNode *fx_next(xmlNode *n)
{
	if (n->children)
		return n->children;
	while (n && !n->next)
		n = n->parent;
	return n ? n->next : NULL;
}

/* The elements of the document as its tree has them: what was read has neither lost nor doubled one. */
static inline struct fx_count fx_count_xml(const uint8_t *data, size_t size)
{
	xmlDoc *doc = xmlReadMemory((const char *)data, (int)size, NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	struct fx_count c = {0};

	MUST(doc);
	for (xmlNode *n = xmlDocGetRootElement(doc); n; n = fx_next(n)) {
		c.values += n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, "value");
		c.members +=
			n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, "member");
	}
	xmlFreeDoc(doc);
	return c;
}

/* Whoever is refused learns what was expected, in letters that any log and any answer may hold. */
static inline void fx_check_refusal(int r, const struct cc_note *why)
{
	MUST(r == -CC_EFORMAT || r == -CC_ELIMIT);
	MUST(why->code == -r && *why->text);
	for (const char *p = why->text; *p; p++)
		MUST(*p >= ' ' && *p <= '~');
}
