/* SPDX-License-Identifier: ISC */
#include "lib/rspec/manifest.h"

#include <libxml/xmlsave.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/rspec/int.h"
#include "lib/xml/write.h"

#define NS_USER "http://www.geni.net/resources/rspec/ext/user/1"
#define XSD RS_NS "/"

/* ---- one node ---- */

static int set(xmlNode *node, const char *name, const char *value)
{
	if (!*value)
		return 0;
	return xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)value)
		       ? 0
		       : cc_raise(CC_ENOMEM);
}

/* A child of GENI's namespace, with the prefix that its parent has. NULL: no memory. */
static xmlNode *add(xmlNode *parent, const char *name)
{
	return xmlNewChild(parent, parent->ns, (const xmlChar *)name, NULL);
}

/* The first child of that name, which is made when it lacks. */
static xmlNode *want(xmlNode *parent, const char *name)
{
	xmlNode *n = rs_child(parent, NULL, name);

	return n ? n : add(parent, name);
}

static int put_type(xmlNode *node, const struct rs_sliver *s)
{
	xmlNode *type = want(node, "sliver_type"), *image;
	int r = type ? set(type, "name", s->sliver_type) : cc_raise(CC_ENOMEM);

	if (r || !*s->image)
		return r;
	image = want(type, "disk_image");
	return image ? set(image, "name", s->image) : cc_raise(CC_ENOMEM);
}

static int put_login(xmlNode *services, const struct rs_login *l)
{
	xmlNode *login = add(services, "login");
	char port[16];
	int r;

	snprintf(port, sizeof(port), "%u", l->port);
	if (!login)
		return cc_raise(CC_ENOMEM);
	if ((r = set(login, "authentication", "ssh-keys")) ||
	    (r = set(login, "hostname", l->hostname)) || (r = set(login, "port", port)))
		return r;
	return set(login, "username", l->username);
}

/* ext/user/1: who may log in, with which keys. */
static int put_user(xmlNode *services, const struct rs_user *u)
{
	xmlNode *user = xmlNewChild(services, NULL, (const xmlChar *)"services_user", NULL);
	xmlNs *ns = user ? xmlNewNs(user, (const xmlChar *)NS_USER, (const xmlChar *)"user") : NULL;
	int r;

	if (!ns)
		return cc_raise(CC_ENOMEM);
	xmlSetNs(user, ns);
	if ((r = set(user, "login", u->login)) || (r = set(user, "user_urn", u->urn)))
		return r;
	for (unsigned i = 0; i < u->n_keys; i++)
		if (!xmlNewTextChild(user, ns, (const xmlChar *)"public_key",
				     (const xmlChar *)u->keys[i]))
			return cc_raise(CC_ENOMEM);
	return 0;
}

static int put_services(xmlNode *node, const struct rs_sliver *s)
{
	xmlNode *services;
	int r = 0;

	if (!s->n_logins && !s->n_users)
		return 0;
	services = want(node, "services");
	if (!services)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < s->n_logins && !r; i++)
		r = put_login(services, &s->logins[i]);
	for (unsigned i = 0; i < s->n_users && !r; i++)
		r = put_user(services, &s->users[i]);
	return r;
}

static int put_place(xmlNode *node, const struct rs_sliver *s)
{
	xmlNode *n;
	int r = 0;

	if (*s->hardware && !rs_child(node, NULL, "hardware_type"))
		r = (n = add(node, "hardware_type")) ? set(n, "name", s->hardware)
						     : cc_raise(CC_ENOMEM);
	if (!r && *s->hostname && !rs_child(node, NULL, "host"))
		r = (n = add(node, "host")) ? set(n, "name", s->hostname) : cc_raise(CC_ENOMEM);
	if (r || !*s->country || rs_child(node, NULL, "location"))
		return r;
	n = add(node, "location");
	if (!n)
		return cc_raise(CC_ENOMEM);
	if ((r = set(n, "country", s->country)) || (r = set(n, "latitude", s->latitude)))
		return r;
	return set(n, "longitude", s->longitude);
}

static int put_sliver(xmlNode *node, const char *manager, const struct rs_sliver *s)
{
	int r;

	if ((r = set(node, "component_id", s->component_id)) ||
	    (r = set(node, "component_manager_id", manager)) ||
	    (r = set(node, "component_name", s->component_name)) ||
	    (r = set(node, "sliver_id", s->sliver_id)) ||
	    (r = set(node, "exclusive", s->exclusive ? "true" : "false")) ||
	    (r = put_type(node, s)) || (r = put_place(node, s)))
		return r;
	return put_services(node, s);
}

/* ---- the nodes of one request ---- */

static int compare_slivers(const void *a, const void *b)
{
	return strcmp((*(const struct rs_sliver *const *)a)->client_id,
		      (*(const struct rs_sliver *const *)b)->client_id);
}

static int compare_key(const void *key, const void *item)
{
	return strcmp(key, (*(const struct rs_sliver *const *)item)->client_id);
}

static int put_slivers(const struct rs_part *p, const char *manager)
{
	cc_cleanup(cc_freep) const struct rs_sliver **sorted =
		calloc(p->n_slivers + 1, sizeof(*sorted));
	int r = 0;

	if (!sorted)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < p->n_slivers; i++)
		sorted[i] = &p->slivers[i];
	qsort(sorted, p->n_slivers, sizeof(*sorted), compare_slivers);
	for (unsigned i = 0; i < p->request->n_wants && !r; i++) {
		struct rs_want *w = &p->request->wants[i];
		const struct rs_sliver **found =
			bsearch(w->client_id, sorted, p->n_slivers, sizeof(*sorted), compare_key);

		if (found) {
			r = put_sliver(w->node, manager, *found);
			continue;
		}
		xmlUnlinkNode(w->node);
		xmlFreeNode(w->node);
	}
	p->request->n_wants = 0; /* their texts have changed, or are gone */
	return r;
}

/* ---- the root ---- */

/* "... request.xsd ..." becomes "... manifest.xsd ...": the other pairs are the request's. */
static int put_schema(xmlNode *root)
{
	const char *old = xs_attribute(root, RS_NS_XSI, "schemaLocation"), *at;
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(XS_VALUE_MAX + 256);
	xmlNs *xsi = xmlSearchNsByHref(root->doc, root, (const xmlChar *)RS_NS_XSI);

	if (!xsi)
		xsi = xmlNewNs(root, (const xmlChar *)RS_NS_XSI, (const xmlChar *)"xsi");
	if (!xsi) /* a prefix xsi of something else: then there is no saying it */
		return 0;
	if (!old)
		cc_buf_puts(&b, RS_NS " " XSD "manifest.xsd");
	while (old && (at = strstr(old, XSD "request.xsd"))) {
		cc_buf_put(&b, old, (size_t)(at - old));
		cc_buf_puts(&b, XSD "manifest.xsd");
		old = at + strlen(XSD "request.xsd");
	}
	if (old)
		cc_buf_puts(&b, old);
	if (b.err)
		return b.err;
	return xmlSetNsProp(root, xsi, (const xmlChar *)"schemaLocation", (const xmlChar *)b.data)
		       ? 0
		       : cc_raise(CC_ENOMEM);
}

static int put_expiry(xmlNode *root, int64_t expires)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = {0};

	if (!expires) {
		xmlUnsetProp(root, (const xmlChar *)"expires");
		return 0;
	}
	xs_put_time(&b, expires);
	return b.err ? b.err : set(root, "expires", (const char *)b.data);
}

/* Attributes of other namespaces that only a later request has. */
static int take_attributes(xmlNode *root, const xmlNode *from)
{
	for (const xmlAttr *a = from->properties; a; a = a->next) {
		cc_cleanup(cc_freep) char *value = NULL;
		xmlNs *ns;

		if (!a->ns || strcmp((const char *)a->ns->href, RS_NS_XSI) == 0 ||
		    xmlHasNsProp(root, a->name, a->ns->href))
			continue;
		ns = xmlSearchNs(root->doc, root, a->ns->prefix);
		if (!ns)
			ns = xmlNewNs(root, a->ns->href, a->ns->prefix);
		else if (!xmlStrEqual(ns->href, a->ns->href))
			continue; /* the prefix is something else here */
		value = (char *)xmlNodeListGetString(from->doc, a->children, 1);
		if (!ns || !xmlSetNsProp(root, ns, a->name, (const xmlChar *)(value ? value : "")))
			return cc_raise(CC_ENOMEM);
	}
	return 0;
}

/* ---- one document of several ---- */

static const xmlNs *declared(const xmlNode *node, const xmlChar *prefix)
{
	for (const xmlNs *ns = node->nsDef; ns; ns = ns->next)
		if (xmlStrEqual(ns->prefix, prefix))
			return ns;
	return NULL;
}

/*
 * What was in scope of a child under its own root, and is not, or is something else, under another one,
 * is declared on the child.
 */
static int keep_scope(xmlNode *child, const xmlNode *own, const xmlNode *other)
{
	for (const xmlNs *ns = own->nsDef; ns; ns = ns->next) {
		const xmlNs *there = declared(other, ns->prefix);

		if (declared(child, ns->prefix) || (there && xmlStrEqual(there->href, ns->href)))
			continue;
		if (!xmlNewNs(child, ns->href, ns->prefix))
			return cc_raise(CC_ENOMEM);
	}
	if (declared(other, NULL) && !declared(own, NULL) && !declared(child, NULL) &&
	    !xmlNewNs(child, (const xmlChar *)"", NULL))
		return cc_raise(CC_ENOMEM);
	return 0;
}

static int write_children(const xmlNode *own, const xmlNode *root, xmlSaveCtxt *save)
{
	for (xmlNode *c = own->children; c; c = c->next) {
		int r = own != root && c->type == XML_ELEMENT_NODE ? keep_scope(c, own, root) : 0;

		if (r)
			return r;
		if (xmlSaveTree(save, c) < 0)
			return cc_raise(CC_ENOMEM);
	}
	return 0;
}

/* The root's tags, by way of the one element written without children: "<rspec .../>". */
static int write_tags(xmlNode *root, struct cc_buf *out, struct cc_buf *end)
{
	xmlBuffer *b = xmlBufferCreate();
	xmlNode *children = root->children;
	int len;

	root->children = NULL;
	len = b ? xmlNodeDump(b, root->doc, root, 0, 0) : -1;
	root->children = children;
	if (len > 2)
		cc_buf_put(out, xmlBufferContent(b), (size_t)len - 2);
	xmlBufferFree(b);
	if (len <= 2)
		return cc_raise(CC_ENOMEM);
	cc_buf_puts(out, ">");
	return cc_buf_printf(end, "</%s%srspec>\n",
			     root->ns->prefix ? (const char *)root->ns->prefix : "",
			     root->ns->prefix ? ":" : "");
}

static int on_octets(void *arg, const char *octets, int len)
{
	return cc_buf_put(arg, octets, (size_t)len) ? -1 : len;
}

static int write_all(const struct rs_part *parts, unsigned n, struct cc_buf *out)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf end = {0};
	xmlNode *root = xmlDocGetRootElement(parts[0].request->doc);
	xmlSaveCtxt *save;
	int r = write_tags(root, out, &end);

	if (r)
		return r;
	save = xmlSaveToIO(on_octets, NULL, out, "UTF-8", XML_SAVE_NO_DECL);
	if (!save)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < n && !r; i++)
		r = write_children(xmlDocGetRootElement(parts[i].request->doc), root, save);
	if (xmlSaveClose(save) < 0 && !r)
		r = out->err ? out->err : cc_raise(CC_ENOMEM);
	if (!r)
		cc_buf_put(out, end.data, end.len);
	return r ? r : out->err;
}

static int write_empty(int64_t expires, struct cc_buf *out)
{
	cc_buf_puts(out,
		    "<rspec xmlns=\"" RS_NS "\" xmlns:xsi=\"" RS_NS_XSI
		    "\" xsi:schemaLocation=\"" RS_NS " " XSD "manifest.xsd\" type=\"manifest\"");
	if (expires) {
		cc_buf_puts(out, " expires=\"");
		xs_put_time(out, expires);
		cc_buf_puts(out, "\"");
	}
	return cc_buf_puts(out, "/>\n");
}

int rs_manifest_write(const struct rs_part *parts, unsigned n, const char *manager, int64_t expires,
		      struct cc_buf *out)
{
	xmlNode *root;
	int r = 0;

	cc_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	if (n == 0)
		return write_empty(expires, out);
	root = xmlDocGetRootElement(parts[0].request->doc);
	for (unsigned i = 0; i < n && !r; i++)
		r = put_slivers(&parts[i], manager);
	for (unsigned i = 1; i < n && !r; i++)
		r = take_attributes(root, xmlDocGetRootElement(parts[i].request->doc));
	if (r || (r = set(root, "type", "manifest")) || (r = put_schema(root)) ||
	    (r = put_expiry(root, expires)))
		return r;
	return write_all(parts, n, out);
}
