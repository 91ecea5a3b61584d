/* SPDX-License-Identifier: ISC */
/* Signing an element of a tree. The Signature is written as text, as any other, and then put in. */
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/doc.h"
#include "lib/xml/int.h"
#include "lib/xml/ossl.h"
#include "lib/xml/sig_int.h"

/*
 * The empty Signature, already in its place. Here and below, what libxml2 gets no memory for is left
 * out, and whoever asked looks at xs_starved.
 */
static xmlNode *signature_new(xmlNode *parent, const char *id)
{
	xmlNs *xml = xmlSearchNs(parent->doc, parent, BAD_CAST "xml");
	xmlNode *node = xmlNewDocNode(parent->doc, NULL, BAD_CAST "Signature", NULL);

	if (!node)
		return NULL;
	xmlSetNs(node, xmlNewNs(node, BAD_CAST XS_DSIG, NULL));
	if (xml)
		xmlNewNsProp(node, xml, BAD_CAST "id", BAD_CAST id);
	return xmlAddChild(parent, node);
}

/* What SignedInfo will inherit: C14N is asked for the empty one, <Signature INHERITED></Signature>. */
static int inherited_of(xmlNode *signature, struct cc_buf *tag, const char **inherited)
{
	static const char start[] = "<Signature", end[] = "></Signature>";
	int r = xs_c14n_write(signature, XS_C14N_INCLUSIVE, tag);

	if (r < 0)
		return cc_trace(r);
	tag->data[tag->len - strlen(end)] = 0;
	*inherited = (char *)tag->data + strlen(start);
	return 0;
}

/* Not libxml2's own copy of a node: that leaks when memory is short. */
static void copy_children(xmlNode *to, const xmlNode *from)
{
	for (const xmlNode *n = from->children; n; n = n->next) {
		xmlNode *node = n->type == XML_TEXT_NODE
					? xmlNewDocText(to->doc, n->content)
					: xmlNewDocNode(to->doc, to->ns, n->name, NULL);

		if (!node)
			return;
		if (n->type == XML_ELEMENT_NODE) {
			for (const xmlAttr *a = n->properties; a; a = a->next)
				xmlNewProp(node, a->name, BAD_CAST xs_attr_value(a));
			copy_children(node, n);
		}
		xmlAddChild(to, node);
	}
}

static int fill(xmlNode *signature, const struct cc_buf *text)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	int r = xs_doc_parse((char *)text->data, text->len, &xs_signed_limits, &doc, NULL);

	if (r != 0)
		return cc_raise(r < 0 ? -r : CC_EINVAL);
	copy_children(signature, xmlDocGetRootElement(doc));
	return xs_starved() ? cc_raise(CC_ENOMEM) : 0;
}

static int sign_in_place(const struct xs_signing *s, xmlNode *signature, const EVP_MD *md,
			 const uint8_t *digest)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XS_SIG_TEXT_MAX);
	cc_cleanup(cc_buf_deinit) struct cc_buf tag = CC_BUF_INIT(XS_CRED_MAX);
	const char *inherited = NULL;
	int r = inherited_of(signature, &tag, &inherited);

	if (r == 0)
		r = xs_sig_put(&text, s, md, digest, inherited);
	return cc_trace(r < 0 ? r : fill(signature, &text));
}

static int check_place(const struct xs_signing *s, const xmlNode *target, const xmlNode *parent,
		       struct cc_note *why)
{
	const char *id = xs_attribute(target, XS_XML_NS, "id");

	if (!id || strcmp(id, s->target) != 0)
		return xs_sig_refuse_id(s, why);
	for (; parent; parent = parent->parent) {
		if (parent == target)
			return cc_note_set(why, CC_EINVAL,
					   "the signature would be inside what it signs");
	}
	return 0;
}

int xs_sig_sign(const struct xs_signing *s, xmlNode *target, xmlNode *parent, struct cc_note *why)
{
	const EVP_MD *md = xs_sig_md("SHA256");
	uint8_t digest[XS_SIG_MD_MAX];
	xmlNode *signature;
	int r = xs_sig_check_signing(s, why);

	if (r == 0)
		r = check_place(s, target, parent, why);
	if (r < 0)
		return r;
	if (!md)
		return xs_raise_ossl();
	r = xs_sig_hash(target, XS_C14N_INCLUSIVE, md, digest);
	if (r < 0)
		return cc_trace(r);
	xs_begin();
	signature = signature_new(parent, s->id);
	r = xs_starved() ? cc_raise(CC_ENOMEM) : sign_in_place(s, signature, md, digest);
	if (r < 0) {
		xmlUnlinkNode(signature);
		xmlFreeNode(signature);
	}
	return cc_trace(r);
}
