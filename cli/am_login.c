/* SPDX-License-Identifier: ISC */
/* How to get in: services/login of a manifest, one for each user of each node (spec jfed 62). */
#include <string.h>

#include "cli/am.h"
#include "cli/text.h"
#include "lib/base/util.h"
#include "lib/xml/doc.h"

#define RSPEC "http://www.geni.net/resources/rspec/3"

/* Elements and attributes as manifests have them; the depth is that of trees. */
static const struct xs_limits limits = {.octets = AM_DOCUMENT_MAX,
					.depth = XS_DEPTH,
					.elements = 1000000,
					.attributes = 4000000,
					.namespaces = 64};

/*
 * A line is there to be copied into a shell, and the aggregate may be anybody's: what is no name of a
 * host or a user, or would be an option, is not shown as one.
 */
static bool is_word(const char *text, const char *more)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (!text || !*text || *text == '-' || strlen(text) > 255)
		return false;
	for (; *text; text++)
		if (!strchr(plain, *text) && !strchr(more, *text))
			return false;
	return true;
}

static bool is_port(const char *text)
{
	double port;

	return text && strspn(text, "0123456789") == strlen(text) &&
	       cli_number(text, 1, 65535, &port);
}

static bool put_login(FILE *to, const xmlNode *login)
{
	const char *host = xs_attribute(login, NULL, "hostname");
	const char *port = xs_attribute(login, NULL, "port");
	const char *user = xs_attribute(login, NULL, "username");
	const char *node = NULL;

	if (!is_word(host, ":") || !is_word(user, "") || (port && !is_port(port)))
		return false;
	for (const xmlNode *n = login; n && n->type == XML_ELEMENT_NODE && !node; n = n->parent)
		if (xs_is(n, RSPEC, "node"))
			node = xs_attribute(n, NULL, "client_id");
	fprintf(to, "ssh -p %s %s@%s", port ? port : "22", user, host);
	if (node) {
		fputs("  # ", to);
		cli_put(to, node);
	}
	fputc('\n', to);
	return true;
}

int am_put_logins(FILE *to, const char *manifest, size_t len, struct cc_note *why)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	int r = xs_doc_parse(manifest, len, &limits, &doc, why), n = 0;
	xmlNode *root = r ? NULL : xmlDocGetRootElement(doc);

	if (r)
		return r < 0 ? r : -CC_EFORMAT;
	for (xmlNode *node = root; node; node = xs_walk(root, node))
		if (xs_is(node, RSPEC, "login"))
			n += put_login(to, node);
	return n;
}
