/* SPDX-License-Identifier: ISC */
/*
 * The names in a subjectAltName: a publicid URN, a UUID and an e-mail address in any order; or, in
 * certificates of 2008 and 2011, XML-RPC text in a URI (spec sfa 1.1, 1.2, 2.6), which for a GID of
 * 2008 is one struct of the strings hrn and uuid.
 */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "lib/trust/gid_int.h"
#include "lib/xml/ossl.h"

#define PUBLICID "urn:publicid:"
#define UUID "urn:uuid:"
#define HTTP "http://"
#define PARAMS "<params>"

XS_OSSL_CLEANUP(names_freep, GENERAL_NAMES, GENERAL_NAMES_free)

static bool starts_nocase(const struct tr_span *s, const char *word)
{
	return s->len >= strlen(word) && strncasecmp(s->at, word, strlen(word)) == 0;
}

/* Copies a name of printable ASCII without white space; anything else is no name. */
static void copy_name(char *out, size_t size, const struct tr_span *name)
{
	if (name->len >= size)
		return;
	for (size_t i = 0; i < name->len; i++)
		if (name->at[i] <= 0x20 || name->at[i] >= 0x7f)
			return;
	memcpy(out, name->at, name->len);
	out[name->len] = '\0';
}

/* What is no URN of ours names nobody: the chain is refused for it, unless 2008 names suffice. */
static void keep_urn(struct tr_gid *g, const struct tr_span *uri)
{
	copy_name(g->urn, sizeof(g->urn), uri);
	if (g->urn[0] && tr_urn_parse_text(g->urn, &g->name, NULL) == 0 &&
	    tr_urn_to_hrn(&g->name, g->hrn, g->type, NULL) == 0)
		return;
	g->urn[0] = g->hrn[0] = g->type[0] = '\0';
	g->name = (struct tr_urn){0};
}

bool tr_uuid_valid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	return true;
}

static void keep_uuid(struct tr_gid *g, struct tr_span uri)
{
	if (g->uuid[0])
		return;
	tr_span_skip(&uri, strlen(UUID));
	copy_name(g->uuid, sizeof(g->uuid), &uri);
	if (!tr_uuid_valid(g->uuid))
		g->uuid[0] = '\0';
}

static int keep_params(struct tr_gid *g, struct tr_span text)
{
	char *copy = malloc(text.len + 1);

	if (!copy)
		return cc_raise(CC_ENOMEM);
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	g->params = copy;
	g->params_len = text.len;
	return 0;
}

/* names: how many there are of those that say who it is. */
static int read_uri(struct tr_gid *g, struct tr_span uri, unsigned *names)
{
	struct tr_span text = uri;

	if (starts_nocase(&uri, PUBLICID)) {
		if ((*names)++ == 0)
			keep_urn(g, &uri);
		return 0;
	}
	if (starts_nocase(&uri, UUID)) {
		keep_uuid(g, uri);
		return 0;
	}
	if (tr_span_starts(&text, HTTP))
		tr_span_skip(&text, strlen(HTTP));
	if (!tr_span_starts(&text, PARAMS))
		return 0;
	return (*names)++ == 0 ? keep_params(g, text) : 0;
}

static int read_names(struct tr_gid *g, const GENERAL_NAMES *list)
{
	unsigned names = 0;
	int r = 0;

	for (int i = 0; r == 0 && i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
		struct tr_span text;

		if (name->type != GEN_URI && name->type != GEN_EMAIL)
			continue;
		text = (struct tr_span){(const char *)name->d.ia5->data,
					(size_t)name->d.ia5->length};
		if (name->type == GEN_URI)
			r = read_uri(g, text, &names);
		else if (!g->email[0])
			copy_name(g->email, sizeof(g->email), &text);
	}
	g->names_twice = names > 1;
	return r;
}

/* ---- the dictionary of a GID of 2008 ---- */

static bool take(struct tr_span *s, const char *word)
{
	tr_span_skip_space(s);
	if (!tr_span_starts(s, word))
		return false;
	tr_span_skip(s, strlen(word));
	return true;
}

/* Up to the next tag; a reference would be read as it stands, so there is none. */
static bool take_text(struct tr_span *s, struct tr_span *out)
{
	const char *end = memchr(s->at, '<', s->len);

	if (!end)
		return false;
	*out = (struct tr_span){s->at, (size_t)(end - s->at)};
	tr_span_skip(s, out->len);
	return !memchr(out->at, '&', out->len);
}

static bool take_member(struct tr_span *s, struct tr_span *name, struct tr_span *value)
{
	return take(s, "<member>") && take(s, "<name>") && take_text(s, name) &&
	       take(s, "</name>") && take(s, "<value>") && take(s, "<string>") &&
	       take_text(s, value) && take(s, "</string>") && take(s, "</value>") &&
	       take(s, "</member>");
}

static bool is_decimal(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

static bool is_hrn(const char *hrn)
{
	char parent[TR_NAME_MAX + 1];

	return tr_hrn_parent(hrn, parent) == 0;
}

/* The strings of the struct and nothing else: with other members it is no GID. */
static bool read_dictionary(struct tr_span s, char hrn[TR_NAME_MAX + 1], char uuid[64])
{
	struct tr_span name, value;

	if (!take(&s, PARAMS) || !take(&s, "<param>") || !take(&s, "<value>") ||
	    !take(&s, "<struct>"))
		return false;
	while (!take(&s, "</struct>")) {
		if (!take_member(&s, &name, &value))
			return false;
		if (name.len == 3 && memcmp(name.at, "hrn", 3) == 0 && !hrn[0])
			copy_name(hrn, TR_NAME_MAX + 1, &value);
		else if (name.len == 4 && memcmp(name.at, "uuid", 4) == 0 && !uuid[0])
			copy_name(uuid, 64, &value);
		else
			return false;
	}
	if (!take(&s, "</value>") || !take(&s, "</param>") || !take(&s, "</params>"))
		return false;
	tr_span_skip_space(&s);
	return s.len == 0 && is_hrn(hrn) && is_decimal(uuid);
}

static void read_2008(struct tr_gid *g)
{
	char hrn[TR_NAME_MAX + 1] = "", uuid[sizeof(g->uuid)] = "";

	if (!read_dictionary((struct tr_span){g->params, g->params_len}, hrn, uuid))
		return;
	memcpy(g->hrn, hrn, sizeof(hrn));
	memcpy(g->uuid, uuid, sizeof(uuid));
}

int tr_gid_read_names(struct tr_gid *g)
{
	cc_cleanup(names_freep) GENERAL_NAMES *list = NULL;
	int r;

	list = X509_get_ext_d2i(g->cert, NID_subject_alt_name, NULL, NULL);
	if (!list) /* none; or unreadable, or several: then g is odd */
		return tr_ossl_no_memory() ? cc_raise(CC_ENOMEM) : 0;
	r = read_names(g, list);
	if (r == 0 && g->params)
		read_2008(g);
	return r;
}
