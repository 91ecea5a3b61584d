/* SPDX-License-Identifier: ISC */
/* The grammar of <ticket>, element by element; the judging is in ticket.c. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/trust/ticket_int.h"
#include "lib/xml/doc.h"
#include "lib/xml/write.h"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char *const no_attributes[] = {NULL};

static bool is_word(const char *text, const char *set)
{
	size_t n = strspn(text, set);

	return n > 0 && n <= TR_TICKET_WORD_MAX && !text[n];
}

bool tr_ticket_is_serial(const char *text)
{
	return is_word(text, ALNUM "-");
}

bool tr_ticket_is_epoch(const char *text)
{
	return is_word(text, ALNUM "-.:_");
}

bool tr_ticket_is_urn(const char *text)
{
	struct tr_urn urn;

	return strlen(text) <= TR_NAME_MAX && tr_urn_parse_text(text, &urn, NULL) == 0;
}

bool tr_ticket_is_name(const char *text)
{
	const char *p = text;

	while (*p > ' ' && *p < 0x7f)
		p++;
	return p > text && !*p && p - text <= TR_TICKET_NAME_MAX;
}

/* It becomes a line of authorized_keys: a line end in it would make two. */
bool tr_ticket_is_key(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len = strlen(text);

	while (*p >= ' ' && *p != 0x7f)
		p++;
	return *text > ' ' && !*p && len <= TR_TICKET_KEY_MAX;
}

static int refuse(struct cc_note *why, const xmlNode *node, const char *what)
{
	return cc_refuse(why, CC_RULE_XML_ELEMENT, "ticket: <%s> %s", (const char *)node->name,
			 what);
}

/* An element with this one attribute, and the room for as many as it has children. */
static int open_list(xmlNode *node, const char *const *attributes, size_t max, size_t size,
		     void *items, struct xs_cursor *c, struct cc_note *why)
{
	unsigned long count = xmlChildElementCount(node);
	void **out = items;
	int r = xs_attributes_only(node, attributes, why);

	if (r == 0)
		r = xs_cursor_init(c, node, why);
	if (r != 0)
		return cc_trace(r);
	if (!CC_RULE(CC_RULE_XML_LIMIT, count <= max))
		return cc_refuse(why, CC_RULE_XML_LIMIT, "ticket: <%s> holds more than %zu",
				 (const char *)node->name, max);
	*out = calloc(count + 1, size);
	return *out ? 0 : cc_raise(CC_ENOMEM);
}

/* ---- <promise>, in its order ---- */

static int read_component(xmlNode *node, struct tr_ticket *t, struct cc_note *why)
{
	static const char *const only[] = {"epoch", NULL};
	cc_cleanup(cc_freep) char *urn = NULL;
	const char *epoch = xs_attribute(node, NULL, "epoch");
	int r = xs_attributes_only(node, only, why);

	if (r == 0)
		r = xs_text(node, TR_NAME_MAX, &urn, why);
	if (r != 0)
		return cc_trace(r);
	if (!epoch || !tr_ticket_is_epoch(epoch))
		return refuse(why, node, "without an epoch");
	if (!tr_ticket_is_urn(urn))
		return refuse(why, node, "is no publicid URN");
	strcpy(t->epoch, epoch);
	strcpy(t->component, urn);
	return 0;
}

static int read_rspec(xmlNode *node, struct tr_ticket *t, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf octets = CC_BUF_INIT(TR_TICKET_RSPEC_MAX);
	cc_cleanup(cc_freep) char *text = NULL;
	int r = tr_text_read(node, XS_CRED_MAX, &text, why);

	if (r == 0)
		r = xs_read_base64(text, strlen(text), &octets);
	if (r == -CC_EFORMAT)
		return refuse(why, node, "is no base64");
	if (r == -CC_ELIMIT)
		return cc_refuse(why, CC_RULE_XML_LIMIT, "ticket: an RSpec of more than %u octets",
				 TR_TICKET_RSPEC_MAX);
	if (r != 0)
		return cc_trace(r);
	t->rspec_len = octets.len;
	t->rspec = (uint8_t *)cc_buf_take(&octets);
	return t->rspec ? 0 : cc_raise(CC_ENOMEM);
}

static int read_attribute(xmlNode *node, struct tr_attribute *a, struct cc_note *why)
{
	static const char *const only[] = {"name", NULL};
	const char *name = xs_attribute(node, NULL, "name");
	int r = xs_attributes_only(node, only, why);

	if (r != 0)
		return cc_trace(r);
	if (!name || !tr_ticket_is_name(name))
		return refuse(why, node, "without a name");
	a->name = strdup(name);
	if (!a->name)
		return cc_raise(CC_ENOMEM);
	return cc_trace(xs_text(node, TR_TICKET_VALUE_MAX, &a->value, why));
}

static int read_attributes(xmlNode *node, struct tr_ticket *t, struct cc_note *why)
{
	struct xs_cursor c;
	xmlNode *child;
	int r = open_list(node, no_attributes, TR_TICKET_ATTRIBUTES, sizeof(*t->attributes),
			  &t->attributes, &c, why);

	while (r == 0 && (child = xs_cursor_take(&c, TR_TICKET_NS, "attribute")))
		r = read_attribute(child, &t->attributes[t->n_attributes++], why);
	return r != 0 ? cc_trace(r) : xs_cursor_end(&c, why);
}

static int read_key(xmlNode *node, char **out, struct cc_note *why)
{
	int r = tr_text_read(node, TR_TICKET_KEY_MAX, out, why);

	if (r == 0 && !tr_ticket_is_key(*out))
		return refuse(why, node, "is no ssh line");
	return cc_trace(r);
}

static int read_user(xmlNode *node, struct tr_ticket_user *u, struct cc_note *why)
{
	static const char *const only[] = {"urn", NULL};
	const char *urn = xs_attribute(node, NULL, "urn");
	struct xs_cursor c;
	xmlNode *child;
	int r;

	if (!urn || !tr_ticket_is_urn(urn))
		return refuse(why, node, "without a publicid URN");
	u->urn = strdup(urn);
	if (!u->urn)
		return cc_raise(CC_ENOMEM);
	r = open_list(node, only, TR_TICKET_KEYS, sizeof(*u->keys), &u->keys, &c, why);
	while (r == 0 && (child = xs_cursor_take(&c, TR_TICKET_NS, "key")))
		r = read_key(child, &u->keys[u->n_keys++], why);
	return r != 0 ? cc_trace(r) : xs_cursor_end(&c, why);
}

static int read_users(xmlNode *node, struct tr_ticket *t, struct cc_note *why)
{
	struct xs_cursor c;
	xmlNode *child;
	int r = open_list(node, no_attributes, TR_TICKET_USERS, sizeof(*t->users), &t->users, &c,
			  why);

	while (r == 0 && (child = xs_cursor_take(&c, TR_TICKET_NS, "user")))
		r = read_user(child, &t->users[t->n_users++], why);
	return r != 0 ? cc_trace(r) : xs_cursor_end(&c, why);
}

static int read_promise(xmlNode *node, struct tr_ticket *t, struct cc_note *why)
{
	static const struct {
		const char *name;
		int (*read)(xmlNode *node, struct tr_ticket *t, struct cc_note *why);
	} parts[] = {
		{"component", read_component},
		{"rspec", read_rspec},
		{"attributes", read_attributes},
		{"users", read_users},
	};
	struct xs_cursor c;
	xmlNode *child = NULL;
	int r = xs_attributes_only(node, no_attributes, why);

	if (r == 0)
		r = xs_cursor_init(&c, node, why);
	for (size_t i = 0; r == 0 && i < CC_ARRAY_SIZE(parts); i++) {
		r = xs_cursor_want(&c, TR_TICKET_NS, parts[i].name, &child, why);
		if (r == 0)
			r = parts[i].read(child, t, why);
	}
	return r != 0 ? cc_trace(r) : xs_cursor_end(&c, why);
}

/* ---- what credential.xsd asks for ---- */

static int read_can_delegate(xmlNode *node, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	int r = tr_text_read(node, TR_TICKET_WORD_MAX, &text, why);

	if (r == 0 &&
	    !CC_RULE(CC_RULE_XML_ELEMENT, strcmp(text, "false") == 0 || strcmp(text, "0") == 0))
		return refuse(why, node, "is not false: tickets are not delegated");
	return cc_trace(r);
}

static int read_redeem_before(xmlNode *node, struct tr_ticket *t, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	int r = tr_text_read(node, TR_TICKET_WORD_MAX, &text, why);

	if (r == 0 && xs_read_time(text, strlen(text), &t->redeem_before) != 0)
		return refuse(why, node, "is no date");
	return cc_trace(r);
}

int tr_ticket_read(xmlNode *ticket, struct tr_ticket *t, struct cc_note *why)
{
	xmlNode *delegate = NULL, *redeem = NULL, *promise = NULL;
	struct xs_cursor c;
	int r = xs_attributes_only(ticket, no_attributes, why);

	if (r == 0)
		r = xs_cursor_init(&c, ticket, why);
	if (r == 0)
		r = xs_cursor_want(&c, NULL, "can_delegate", &delegate, why);
	if (r == 0)
		r = xs_cursor_want(&c, NULL, "redeem_before", &redeem, why);
	if (r == 0)
		r = xs_cursor_want(&c, TR_TICKET_NS, "promise", &promise, why);
	if (r == 0)
		r = xs_cursor_end(&c, why);
	if (r == 0)
		r = read_can_delegate(delegate, why);
	if (r == 0)
		r = read_redeem_before(redeem, t, why);
	return r != 0 ? cc_trace(r) : read_promise(promise, t, why);
}
