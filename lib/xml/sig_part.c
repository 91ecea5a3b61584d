/* SPDX-License-Identifier: ISC */
/* The parts that Signature elements are read by. */
#include "lib/xml/sig_int.h"

#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/write.h"

#define NAME(node) ((const char *)(node)->name)

int xs_sig_refuse_form(const xmlNode *node, struct cc_note *why, const char *what)
{
	return cc_refuse(why, CC_RULE_SIG_FORM, "line %ld: %s <%.60s>", xmlGetLineNo(node), what,
			 NAME(node));
}

/* What an element may have: xml:id, or the attribute of no namespace with this name. */
static bool may_have(const xmlAttr *a, const char *name)
{
	if (!a->ns)
		return name && strcmp((const char *)a->name, name) == 0;
	return !name && strcmp((const char *)a->name, "id") == 0 &&
	       strcmp((const char *)a->ns->href, XS_XML_NS) == 0;
}

int xs_sig_attributes(const xmlNode *node, const char *name, struct cc_note *why)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (!CC_RULE(CC_RULE_SIG_FORM, may_have(a, name)))
			return cc_refuse(why, CC_RULE_SIG_FORM,
					 "line %ld: the attribute %.60s does not belong in <%.60s>",
					 xmlGetLineNo(node), (const char *)a->name, NAME(node));
	}
	return 0;
}

int xs_sig_open(struct xs_cursor *c, xmlNode *node, struct cc_note *why)
{
	int r = xs_cursor_init(c, node, NULL);

	return r == CC_RULE_XML_ELEMENT ? xs_sig_refuse_form(node, why, "text in") : r;
}

/* The next child, which must be this element. */
int xs_sig_want(struct xs_cursor *c, const char *name, xmlNode **out, struct cc_note *why)
{
	*out = xs_cursor_take(c, XS_DSIG, name);
	if (*out)
		return 0;
	return cc_refuse(why, CC_RULE_SIG_FORM, "line %ld: <%s> is not where it must be in <%.60s>",
			 xmlGetLineNo(c->parent), name, NAME(c->parent));
}

int xs_sig_end(const struct xs_cursor *c, struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_SIG_FORM, !c->next))
		return cc_refuse(why, CC_RULE_SIG_FORM,
				 "line %ld: <%.60s> does not belong in <%.60s>",
				 xmlGetLineNo(c->next), NAME(c->next), NAME(c->parent));
	return 0;
}

int xs_sig_octets(const xmlNode *node, size_t max, struct xs_octets *out)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(max);
	const xmlNode *text = node->children;
	int r;

	/* plain text is one node; whatever else is there is no base64 */
	if (!text || text->type != XML_TEXT_NODE || text->next)
		return -CC_EFORMAT;
	r = xs_read_base64((const char *)text->content, strlen((const char *)text->content), &b);
	if (r < 0)
		return r;
	if (b.len == 0)
		return -CC_EFORMAT;
	out->len = b.len;
	out->data = (uint8_t *)cc_buf_take(&b);
	return out->data ? 0 : cc_raise(CC_ENOMEM);
}

/* DigestValue, SignatureValue */
int xs_sig_value(struct xs_cursor *c, const char *name, size_t max, struct xs_octets *out,
		 struct cc_note *why)
{
	xmlNode *node;
	int r = xs_sig_want(c, name, &node, why);

	if (r == 0)
		r = xs_sig_attributes(node, "", why);
	if (r != 0)
		return r;
	r = xs_sig_octets(node, max, out);
	if (r == -CC_ELIMIT)
		return cc_refuse(why, CC_RULE_XML_LIMIT, "line %ld: <%s> is too long",
				 xmlGetLineNo(node), name);
	return r == -CC_EFORMAT ? xs_sig_refuse_form(node, why, "no base64 in") : r;
}
