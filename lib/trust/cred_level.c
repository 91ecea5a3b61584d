/* SPDX-License-Identifier: ISC */
/* One <credential> element, in the order of credential.xsd (spec sfa 2.3); nothing is believed. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/xml/doc.h"
#include "lib/xml/write.h"

#define ID_MAX 64
#define TEXT_MAX 255
#define BLANKS " \t\r\n"

enum { F_TYPE, F_SERIAL, F_OWNER_GID, F_OWNER_URN, F_TARGET_GID, F_TARGET_URN, F_UUID, F_EXPIRES };
static const struct {
	const char *name;
	size_t max;
	bool optional;
} fields[] = {
	[F_TYPE] = {"type", TEXT_MAX},
	[F_SERIAL] = {"serial", TEXT_MAX},
	[F_OWNER_GID] = {"owner_gid", TR_GID_TEXT_MAX},
	[F_OWNER_URN] = {"owner_urn", TR_NAME_MAX, true},
	[F_TARGET_GID] = {"target_gid", TR_GID_TEXT_MAX},
	[F_TARGET_URN] = {"target_urn", TR_NAME_MAX, true},
	[F_UUID] = {"uuid", TEXT_MAX},
	[F_EXPIRES] = {"expires", TEXT_MAX},
};
#define FIELDS CC_ARRAY_SIZE(fields)

static const struct {
	const char *type, *element;
	enum tr_cred_type number;
} contents[] = {
	{"privilege", "privileges", TR_CRED_PRIVILEGE},
	{"ticket", "ticket", TR_CRED_TICKET},
	{"abac", "abac", TR_CRED_ABAC},
};

static void trim(char *text)
{
	size_t skip = strspn(text, BLANKS), len = strlen(text + skip);

	while (len > 0 && strchr(BLANKS, text[skip + len - 1]))
		len--;
	memmove(text, text + skip, len);
	text[len] = '\0';
}

static int no_attributes(const xmlNode *node, struct cc_note *why)
{
	static const char *const none[] = {NULL};

	return xs_attributes_only(node, none, why);
}

int tr_cursor_open(struct xs_cursor *c, xmlNode *node, struct cc_note *why)
{
	int r = no_attributes(node, why);

	return cc_trace(r != 0 ? r : xs_cursor_init(c, node, why));
}

int tr_text_read(xmlNode *node, size_t max, char **out, struct cc_note *why)
{
	char *text = NULL;
	int r = no_attributes(node, why);

	if (r == 0)
		r = xs_text(node, max, &text, why);
	if (r != 0)
		return cc_trace(r);
	trim(text);
	*out = text;
	return 0;
}

/* ---- the elements of a fixed order ---- */

static int field_read(struct xs_cursor *c, size_t i, char **out, struct cc_note *why)
{
	xmlNode *node = xs_cursor_take(c, NULL, fields[i].name);
	int r = 0;

	if (node)
		return cc_trace(tr_text_read(node, fields[i].max, out, why));
	if (!fields[i].optional)
		r = xs_cursor_want(c, NULL, fields[i].name, &node, why);
	if (r != 0)
		return cc_trace(r);
	*out = strdup("");
	return *out ? 0 : cc_raise(CC_ENOMEM);
}

static int gids_read(struct tr_certs *certs, const char *text, struct tr_gids *out,
		     struct cc_note *why)
{
	return *text ? cc_trace(tr_gids_read(certs, text, strlen(text), out, why)) : 0;
}

static int fields_take(struct tr_certs *certs, struct tr_level *l, char *texts[FIELDS],
		       struct cc_note *why)
{
	const char *expires = texts[F_EXPIRES];
	int r = xs_read_time(expires, strlen(expires), &l->expires);

	if (r == -CC_EFORMAT)
		return cc_refuse(why, CC_RULE_XML_ELEMENT, "%s: <expires> is no date", l->id);
	if (r == 0)
		r = gids_read(certs, texts[F_OWNER_GID], &l->owner, why);
	if (r == 0)
		r = gids_read(certs, texts[F_TARGET_GID], &l->target, why);
	l->serial = cc_steal(&texts[F_SERIAL]);
	l->owner_urn = cc_steal(&texts[F_OWNER_URN]);
	l->target_urn = cc_steal(&texts[F_TARGET_URN]);
	l->uuid = cc_steal(&texts[F_UUID]);
	return cc_trace(r);
}

/* ---- what is granted ---- */

/* One word: it stands in refusals. */
bool tr_privilege_is_name(const char *name)
{
	size_t len = strnlen(name, TR_PRIVILEGE_NAME_MAX + 1);

	for (size_t i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	}
	return len > 0 && len <= TR_PRIVILEGE_NAME_MAX;
}

static int boolean_read(const char *text, bool *out)
{
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;

	if (!yes && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
		return CC_RULE_XML_ELEMENT;
	*out = yes;
	return 0;
}

static int privilege_read(xmlNode *node, struct tr_privilege *p, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *name = NULL;
	cc_cleanup(cc_freep) char *delegate = NULL;
	xmlNode *name_node = NULL, *delegate_node = NULL;
	struct xs_cursor c;
	int r = tr_cursor_open(&c, node, why);

	if (r == 0)
		r = xs_cursor_want(&c, NULL, "name", &name_node, why);
	if (r == 0)
		r = tr_text_read(name_node, TR_PRIVILEGE_NAME_MAX, &name, why);
	if (r == 0)
		r = xs_cursor_want(&c, NULL, "can_delegate", &delegate_node, why);
	if (r == 0)
		r = tr_text_read(delegate_node, TEXT_MAX, &delegate, why);
	if (r == 0)
		r = xs_cursor_end(&c, why);
	if (r != 0)
		return cc_trace(r);
	if (!tr_privilege_is_name(name) || boolean_read(delegate, &p->can_delegate) != 0)
		return cc_refuse(why, CC_RULE_XML_ELEMENT,
				 "a <privilege> without a word for a name, or with a "
				 "<can_delegate> that is no boolean");
	strcpy(p->name, name);
	return 0;
}

static int privileges_read(struct tr_level *l, struct cc_note *why)
{
	struct xs_cursor c;
	xmlNode *node = NULL;
	int r = tr_cursor_open(&c, l->content, why);
	unsigned long count = xmlChildElementCount(l->content);

	if (r != 0)
		return cc_trace(r);
	if (!CC_RULE(CC_RULE_XML_LIMIT, count <= TR_PRIVILEGES_MAX))
		return cc_refuse(why, CC_RULE_XML_LIMIT, "%s: more than %d privileges", l->id,
				 TR_PRIVILEGES_MAX);
	l->privileges = calloc(count + 1, sizeof(*l->privileges));
	if (!l->privileges)
		return cc_raise(CC_ENOMEM);
	while (r == 0 && xs_cursor_at(&c, NULL, "privilege")) {
		node = xs_cursor_take(&c, NULL, "privilege");
		r = privilege_read(node, &l->privileges[l->n_privileges], why);
		l->n_privileges += r == 0;
	}
	return r != 0 ? cc_trace(r) : xs_cursor_end(&c, why);
}

static int content_read(struct xs_cursor *c, struct tr_level *l, const char *type,
			struct cc_note *why)
{
	size_t i = 0;

	while (i < CC_ARRAY_SIZE(contents) && !xs_cursor_at(c, NULL, contents[i].element))
		i++;
	if (i == CC_ARRAY_SIZE(contents))
		return cc_refuse(why, CC_RULE_CRED_TYPE,
				 "%s has neither <privileges> nor <ticket> nor <abac>", l->id);
	if (!CC_RULE(CC_RULE_CRED_TYPE, strcmp(type, contents[i].type) == 0))
		return cc_refuse(why, CC_RULE_CRED_TYPE, "%s has a <%s>, but another type", l->id,
				 contents[i].element);
	l->type = contents[i].number;
	l->content = xs_cursor_take(c, NULL, contents[i].element);
	return l->type == TR_CRED_PRIVILEGE ? cc_trace(privileges_read(l, why)) : 0;
}

/* ---- what is skipped, and what is nested ---- */

static bool could_be_signed(const xmlNode *node)
{
	static const char *const names[] = {"credential", "signed-credential", "Signature"};

	for (size_t i = 0; node->type == XML_ELEMENT_NODE && i < CC_ARRAY_SIZE(names); i++) {
		if (strcmp((const char *)node->name, names[i]) == 0)
			return true;
	}
	return false;
}

/* A credential in there is one that was signed elsewhere, moved to make room for another. */
static int extension_skip(xmlNode *extension, const char *id, struct cc_note *why)
{
	for (xmlNode *n = xs_walk(extension, extension); n; n = xs_walk(extension, n)) {
		if (!CC_RULE(CC_RULE_XML_ELEMENT, !could_be_signed(n)))
			return cc_refuse(why, CC_RULE_XML_ELEMENT, "%s: <%s> inside <extensions>",
					 id, (const char *)n->name);
	}
	return 0;
}

static int parent_read(xmlNode *node, xmlNode **out, struct cc_note *why)
{
	struct xs_cursor c;
	int r = tr_cursor_open(&c, node, why);

	if (r == 0)
		r = xs_cursor_want(&c, NULL, "credential", out, why);
	return r != 0 ? cc_trace(r) : xs_cursor_end(&c, why);
}

static int rest_read(struct xs_cursor *c, const char *id, xmlNode **parent, struct cc_note *why)
{
	xmlNode *node;
	int r = 0;

	while (r == 0 && (node = xs_cursor_take(c, NULL, "extensions")))
		r = extension_skip(node, id, why);
	node = r == 0 ? xs_cursor_take(c, NULL, "parent") : NULL;
	if (node)
		r = parent_read(node, parent, why);
	return r != 0 ? cc_trace(r) : xs_cursor_end(c, why);
}

/* ---- the whole ---- */

/* Ids stand in refusals and in what we sign: those of all known writers are plain. */
static int id_read(xmlNode *node, struct tr_level *l, struct cc_note *why)
{
	static const char *const only[] = {"id", NULL};
	int r = xs_attributes_only(node, only, why);

	if (r != 0)
		return cc_trace(r);
	l->id = xs_attribute(node, XS_XML_NS, "id");
	if (!l->id || !*l->id || strlen(l->id) > ID_MAX ||
	    l->id[strspn(l->id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				"0123456789._-")])
		return cc_refuse(why, CC_RULE_XML_ELEMENT,
				 "<credential> needs an xml:id of 1 to %d letters and digits",
				 ID_MAX);
	return 0;
}

static void texts_free(char *texts[FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++)
		free(texts[i]);
}

void tr_level_deinit(struct tr_level *l)
{
	free(l->serial);
	free(l->owner_urn);
	free(l->target_urn);
	free(l->uuid);
	free(l->privileges);
	tr_gids_deinit(&l->owner);
	tr_gids_deinit(&l->target);
	tr_gids_deinit(&l->signer);
	xs_sig_deinit(&l->sig);
	*l = (struct tr_level){0};
}

int tr_level_read(struct tr_certs *certs, xmlNode *node, struct tr_level *l, xmlNode **parent,
		  struct cc_note *why)
{
	char *texts[FIELDS] = {NULL};
	struct xs_cursor c;
	int r = id_read(node, l, why);

	l->node = node;
	if (r == 0)
		r = xs_cursor_init(&c, node, why);
	for (size_t i = 0; r == 0 && i < FIELDS; i++)
		r = field_read(&c, i, &texts[i], why);
	if (r == 0)
		r = content_read(&c, l, texts[F_TYPE], why);
	if (r == 0)
		r = rest_read(&c, l->id, parent, why);
	if (r == 0)
		r = fields_take(certs, l, texts, why);
	texts_free(texts);
	return cc_trace(r);
}
