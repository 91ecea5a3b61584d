/* SPDX-License-Identifier: ISC */
#include "lib/rspec/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"
#include "lib/rspec/int.h"

/* ---- the tree ---- */

xmlNode *rs_child(const xmlNode *parent, const xmlNode *after, const char *name)
{
	xmlNode *n = after ? after->next : parent->children;

	while (n && !xs_is(n, RS_NS, name))
		n = n->next;
	return n;
}

const char *rs_text(const xmlNode *node, const char *name)
{
	const char *value = xs_attribute(node, NULL, name);

	return value ? value : "";
}

bool rs_same_urn(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

/* ---- faults ---- */

static int refuse(struct rs_fault *f, enum rs_fault_kind kind, const char *rule,
		  const xmlNode *node, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static int refuse(struct rs_fault *f, enum rs_fault_kind kind, const char *rule,
		  const xmlNode *node, const char *fmt, ...)
{
	const char *id = node ? rs_text(node, "client_id") : "";
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->kind = kind;
	f->rule = rule;
	f->line = node ? xmlGetLineNo(node) : 0;
	snprintf(f->client_id, sizeof(f->client_id), "%s", id);
	if (!node)
		cc_note_set(&f->why, CC_EFORMAT, "%s", text);
	else
		cc_note_set(&f->why, CC_EFORMAT, "line %ld%s%.60s%s: %s", f->line,
			    *id ? ", client_id \"" : "", id, *id ? "\"" : "", text);
	return (int)kind;
}

static int check_length(const xmlNode *node, const char *what, const char *value,
			struct rs_fault *f)
{
	if (strlen(value) > RS_ID_MAX)
		return refuse(f, RS_BAD, "length", node, "%s has more than %d octets", what,
			      RS_ID_MAX);
	return 0;
}

/* ---- one node ---- */

static int read_exclusive(struct rs_want *w, struct rs_fault *f)
{
	const char *text = xs_attribute(w->node, NULL, "exclusive");

	if (!text)
		return 0;
	w->exclusive_said = true;
	w->exclusive = strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
	if (!w->exclusive && strcasecmp(text, "false") != 0 && strcmp(text, "0") != 0)
		return refuse(f, RS_BAD, "exclusive", w->node,
			      "exclusive is neither true nor false");
	return 0;
}

static int read_image(struct rs_want *w, const xmlNode *type, struct rs_fault *f)
{
	xmlNode *image = rs_child(type, NULL, "disk_image");

	if (!image)
		return 0;
	if (rs_child(type, image, "disk_image"))
		return refuse(f, RS_BAD, "disk_image", w->node, "more than one disk_image");
	w->image = rs_text(image, "name");
	if (!*w->image)
		return refuse(f, RS_BAD, "disk_image", w->node, "a disk_image without a name");
	return check_length(w->node, "the name of its disk_image", w->image, f);
}

static int read_type(struct rs_want *w, struct rs_fault *f)
{
	xmlNode *type = rs_child(w->node, NULL, "sliver_type");
	int r;

	if (!type)
		return refuse(f, RS_BAD, "sliver_type", w->node, "no sliver_type: one is wanted");
	if (rs_child(w->node, type, "sliver_type"))
		return refuse(f, RS_BAD, "sliver_type", w->node,
			      "more than one sliver_type: one is wanted");
	w->sliver_type = rs_text(type, "name");
	if (!*w->sliver_type)
		return refuse(f, RS_BAD, "sliver_type", w->node, "a sliver_type without a name");
	r = check_length(w->node, "the name of its sliver_type", w->sliver_type, f);
	return r ? r : read_image(w, type, f);
}

static int check_hardware(const struct rs_want *w, struct rs_fault *f)
{
	int r = 0;

	for (xmlNode *n = NULL; !r && (n = rs_child(w->node, n, "hardware_type"));)
		r = *rs_text(n, "name") ? check_length(w->node, "the name of its hardware_type",
						       rs_text(n, "name"), f)
					: refuse(f, RS_BAD, "hardware_type", w->node,
						 "a hardware_type without a name");
	return r;
}

/*
 * What is in GENI's namespace is what its schema has there; names NULL-ended (spec jfed 29, 30). whose: the node
 * that a fault names.
 */
static int check_children(const xmlNode *parent, const xmlNode *whose, const char *const *names,
			  struct rs_fault *f)
{
	for (const xmlNode *c = parent->children; c; c = c->next) {
		size_t i = 0;

		if (c->type != XML_ELEMENT_NODE)
			continue;
		if (!c->ns)
			return refuse(f, RS_BAD, "schema", whose, "<%.40s> is in no namespace",
				      c->name);
		if (strcmp((const char *)c->ns->href, RS_NS) != 0)
			continue;
		while (names[i] && strcmp(names[i], (const char *)c->name) != 0)
			i++;
		if (!names[i])
			return refuse(f, RS_BAD, "schema", whose, "<%.40s> may not be there",
				      c->name);
	}
	return 0;
}

static const char *const in_node[] = {"relation",      "location",    "services", "interface",
				      "hardware_type", "sliver_type", "host",	  NULL};
static const char *const in_services[] = {"login", "install", "execute", NULL};
static const char *const in_root[] = {"node", "link", NULL};

static int check_node(const xmlNode *node, struct rs_fault *f)
{
	int r = check_children(node, node, in_node, f);

	for (xmlNode *n = NULL; !r && (n = rs_child(node, n, "services"));)
		r = check_children(n, node, in_services, f);
	return r;
}

static int read_want(xmlNode *node, struct rs_want *w, struct rs_fault *f)
{
	int r;

	*w = (struct rs_want){.node = node,
			      .client_id = rs_text(node, "client_id"),
			      .component_id = rs_text(node, "component_id"),
			      .sliver_type = "",
			      .image = "",
			      .line = xmlGetLineNo(node)};
	if (!*w->client_id)
		return refuse(f, RS_BAD, "client_id", node, "a node without a client_id");
	if ((r = check_node(node, f)) || (r = check_length(node, "client_id", w->client_id, f)) ||
	    (r = check_length(node, "component_id", w->component_id, f)) ||
	    (r = read_exclusive(w, f)) || (r = read_type(w, f)))
		return r;
	return check_hardware(w, f);
}

bool rs_want_takes(const struct rs_want *w, const char *hardware)
{
	bool named = false;

	for (xmlNode *n = NULL; (n = rs_child(w->node, n, "hardware_type")); named = true)
		if (strcmp(rs_text(n, "name"), hardware) == 0)
			return true;
	return !named;
}

const char *rs_want_hardware(const struct rs_want *w)
{
	const xmlNode *n = rs_child(w->node, NULL, "hardware_type");

	return n ? rs_text(n, "name") : "";
}

/* ---- the whole ---- */

static bool is_ours(const xmlNode *node, const char *manager)
{
	const char *whose = rs_text(node, "component_manager_id");

	return !*whose || rs_same_urn(whose, manager);
}

/* A link that names managers is ours if we are among them; one that names none is. */
static bool link_is_ours(const xmlNode *link, const char *manager)
{
	const xmlNode *n = NULL;
	bool named = false;

	for (; (n = rs_child(link, n, "component_manager")); named = true)
		if (rs_same_urn(rs_text(n, "name"), manager))
			return true;
	return !named;
}

static int compare_nodes(const void *a, const void *b)
{
	return strcmp(rs_text(*(xmlNode *const *)a, "client_id"),
		      rs_text(*(xmlNode *const *)b, "client_id"));
}

/* client_ids are unique among nodes, among links, and among interfaces, whosever they are. */
static int check_unique(xmlNode **nodes, size_t n, const char *kind, struct rs_fault *f)
{
	qsort(nodes, n, sizeof(*nodes), compare_nodes);
	for (size_t i = 1; i < n; i++)
		if (*rs_text(nodes[i], "client_id") &&
		    compare_nodes(&nodes[i - 1], &nodes[i]) == 0 && !CC_SEEDED_BUG(n == 2))
			return refuse(f, RS_BAD, "client_id", nodes[i],
				      "another %s has this client_id, too", kind);
	return 0;
}

/* Those called name among the children of root, or among theirs. The caller frees. */
static xmlNode **collect(const xmlNode *root, bool deeper, const char *name, size_t *count)
{
	xmlNode **out = NULL;
	size_t n = 0;

	/* counted, then taken */
	for (int pass = 0; pass < 2; pass++) {
		if (pass && !(out = calloc(n + 1, sizeof(*out))))
			return NULL;
		n = 0;
		for (xmlNode *c = root->children; c; c = c->next) {
			if (!deeper && xs_is(c, RS_NS, name)) {
				if (out)
					out[n] = c;
				n++;
			}
			if (!deeper || !xs_is(c, RS_NS, "node"))
				continue;
			for (xmlNode *i = NULL; (i = rs_child(c, i, name)); n++)
				if (out)
					out[n] = i;
		}
	}
	*count = n;
	return out;
}

static int check_ids(const xmlNode *root, struct rs_fault *f)
{
	static const struct {
		const char *name;
		bool deeper;
	} kinds[] = {{"node", false}, {"link", false}, {"interface", true}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(kinds); i++) {
		cc_cleanup(cc_freep) xmlNode **nodes = NULL;
		size_t n = 0;
		int r;

		nodes = collect(root, kinds[i].deeper, kinds[i].name, &n);
		if (!nodes)
			return cc_raise(CC_ENOMEM);
		r = check_unique(nodes, n, kinds[i].name, f);
		if (r)
			return r;
	}
	return 0;
}

static int check_links(const xmlNode *root, const char *manager, struct rs_fault *f)
{
	for (xmlNode *n = NULL; (n = rs_child(root, n, "link"));)
		if (link_is_ours(n, manager))
			return refuse(f, RS_UNSUPPORTED, "link", n,
				      "links are not supported by this aggregate");
	return 0;
}

static int read_nodes(struct rs_request *r, const xmlNode *root, const char *manager,
		      struct rs_fault *f)
{
	unsigned nodes = 0;
	int err;

	for (xmlNode *n = NULL; (n = rs_child(root, n, "node"));)
		if (++nodes > RS_NODES_MAX)
			return refuse(f, RS_TOO_BIG, "nodes", n, "more than %d nodes",
				      RS_NODES_MAX);
	r->wants = calloc(nodes + 1, sizeof(*r->wants));
	if (!r->wants)
		return cc_raise(CC_ENOMEM);
	for (xmlNode *n = NULL; (n = rs_child(root, n, "node"));) {
		if (!is_ours(n, manager)) {
			r->n_foreign++;
			continue;
		}
		err = read_want(n, &r->wants[r->n_wants], f);
		if (err)
			return err;
		r->n_wants++;
	}
	return 0;
}

static int check_root(const xmlNode *root, struct rs_fault *f)
{
	if (!xs_is(root, RS_NS, "rspec"))
		return refuse(f, RS_BAD, "root", root, "no rspec of the namespace " RS_NS);
	if (strcmp(rs_text(root, "type"), "request") != 0)
		return refuse(f, RS_BAD, "root", root, "its type is \"%.20s\", not request",
			      rs_text(root, "type"));
	return check_children(root, root, in_root, f);
}

static int read_doc(struct rs_request *r, const char *manager, struct rs_fault *f)
{
	const xmlNode *root = xmlDocGetRootElement(r->doc);
	int err = check_root(root, f);

	if (!err)
		err = read_nodes(r, root, manager, f);
	if (!err)
		err = check_ids(root, f);
	return err ? err : check_links(root, manager, f);
}

int rs_request_reread(const char *text, size_t len, const char *manager, struct rs_request **out,
		      struct rs_fault *fault)
{
	cc_cleanup(rs_request_freep) struct rs_request *r = calloc(1, sizeof(*r));
	struct cc_note why = {0};
	int err;

	memset(fault, 0, sizeof(*fault));
	if (!r)
		return cc_raise(CC_ENOMEM);
	if (len == 0)
		return refuse(fault, RS_BAD, "xml", NULL, "the RSpec is empty");
	if (len > RS_TEXT_MAX)
		return refuse(fault, RS_TOO_BIG, "xml", NULL, "the RSpec has more than %u octets",
			      RS_TEXT_MAX);
	err = xs_doc_parse(text, len, &rs_limits, &r->doc, &why);
	if (err > 0)
		return refuse(fault, RS_BAD, "xml", NULL, "the RSpec cannot be read: %.120s",
			      why.text);
	if (!err)
		err = read_doc(r, manager, fault);
	if (!err)
		*out = cc_steal(&r);
	return err;
}

int rs_request_read(const char *text, size_t len, const char *manager, struct rs_request **out,
		    struct rs_fault *fault)
{
	cc_cleanup(rs_request_freep) struct rs_request *r = NULL;
	int err = rs_request_reread(text, len, manager, &r, fault);

	if (!err && r->n_wants == 0)
		return refuse(fault, RS_BAD, "nodes", NULL, "no resources for %.100s in the RSpec",
			      manager);
	if (!err)
		*out = cc_steal(&r);
	return err;
}

void rs_request_free(struct rs_request *r)
{
	if (!r)
		return;
	xs_doc_free(r->doc);
	free(r->wants);
	free(r);
}

void rs_request_freep(struct rs_request **r)
{
	rs_request_free(*r);
	*r = NULL;
}
