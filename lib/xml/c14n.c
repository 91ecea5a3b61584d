/* SPDX-License-Identifier: ISC */
#include "lib/xml/c14n.h"

#include <libxml/c14n.h>
#include <libxml/xmlIO.h>
#include <limits.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/xml/int.h"

static int digest_octets(void *md, const char *data, int len)
{
	return EVP_DigestUpdate(md, data, (size_t)len) == 1 ? len : -1;
}

static int append_octets(void *buf, const char *data, int len)
{
	return cc_buf_put(buf, data, (size_t)len) == 0 ? len : -1;
}

xmlOutputBuffer *xs_output_buf(struct cc_buf *out)
{
	return xmlOutputBufferCreateIO(append_octets, NULL, out, NULL);
}

struct walk {
	const xmlNode *parent; /* of the element */
	xmlOutputBuffer *to;
};

/*
 * All that is reached belongs to the element, but libxml2 asks for its parent's sake, too. Text it
 * copies character by character, even where none is to be escaped, which is nearly everywhere: such
 * text is written here, where its turn is, and is not to be seen again.
 */
static int is_visible(void *data, xmlNode *node, xmlNode *of)
{
	const struct walk *w = data;
	const char *text = node->type == XML_TEXT_NODE ? (const char *)node->content : NULL;
	size_t plain = text ? strcspn(text, "&<>\r") : 0;

	if (!text || text[plain] || plain > INT_MAX)
		return node != w->parent;
	xmlOutputBufferWrite(w->to, (int)plain, text);
	return 0;
}

/*
 * libxml2 walks from doc->children and along next. With both cut down to the element it never
 * sees the rest of the document, but still finds the namespaces and xml: attributes that the
 * element inherits, by way of parent.
 */
static int c14n_execute(xmlNode *node, enum xs_c14n form, xmlOutputBuffer *to)
{
	int mode = form == XS_C14N_EXCLUSIVE ? XML_C14N_EXCLUSIVE_1_0 : XML_C14N_1_0;
	xmlDoc *doc = node->doc;
	xmlNode *children = doc->children, *next = node->next;
	struct walk w = {node->parent, to};
	int r;

	doc->children = node;
	node->next = NULL;
	r = xmlC14NExecute(doc, is_visible, &w, mode, NULL, 0, to);
	doc->children = children;
	node->next = next;
	return r;
}

/* Takes to, which is NULL when there was no memory for it. */
static int c14n_run(xmlNode *node, enum xs_c14n form, xmlOutputBuffer *to)
{
	int r = -1;

	if (to && node->type == XML_ELEMENT_NODE)
		r = c14n_execute(node, form, to);
	if (to && xmlOutputBufferClose(to) < 0)
		r = -1;
	if (xs_starved())
		return cc_raise(CC_ENOMEM);
	return r < 0 ? -CC_EFORMAT : 0;
}

int xs_c14n_digest(xmlNode *node, enum xs_c14n form, EVP_MD_CTX *md)
{
	xs_begin();
	return c14n_run(node, form, xmlOutputBufferCreateIO(digest_octets, NULL, md, NULL));
}

int xs_c14n_write(xmlNode *node, enum xs_c14n form, struct cc_buf *out)
{
	int r;

	xs_begin();
	r = c14n_run(node, form, xs_output_buf(out));
	return out->err ? out->err : r;
}
