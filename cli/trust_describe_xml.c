/* SPDX-License-Identifier: ISC */
/* What signed XML says: credentials, tickets and statements of speaks-for, level by level. */
#include "cli/trust_describe.h"

#include "lib/base/util.h"
#include "lib/trust/cred.h"
#include "lib/trust/ticket_int.h"
#include "lib/xml/doc.h"

static const char *const words[] = {
	[TR_CRED_PRIVILEGE] = "CREDENTIAL",
	[TR_CRED_TICKET] = "TICKET",
	[TR_CRED_ABAC] = "SPEAKS-FOR",
};

/* On whom it is; of a statement of speaks-for, whose it is. */
static const char *subject_of(const struct tr_level *l)
{
	if (l->type == TR_CRED_ABAC)
		return l->signer.count ? trust_name_of(l->signer.items[0]) : "";
	if (l->target.count && l->target.items[0]->hrn[0])
		return l->target.items[0]->hrn;
	return l->target_urn;
}

static const char *digest_name(const EVP_MD *md)
{
	return OBJ_nid2sn(EVP_MD_get_type(md)); /* EVP's own name depends on who provides it */
}

static void add_signature(struct cli_facts *f, const struct tr_level *l)
{
	char text[128];

	if (!l->has_sig) {
		cli_fact_text(f, "signature", "none");
		return;
	}
	snprintf(text, sizeof(text), "%s-%s, digest %s", l->sig.ecdsa ? "ecdsa" : "rsa",
		 digest_name(l->sig.method), digest_name(l->sig.digest));
	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	cli_fact_text(f, "signature", text);
	trust_describe_gids(f, "signer", &l->signer);
}

static json_t *attributes_json(const struct tr_ticket *t, bool *failed)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < t->n_attributes; i++)
		*failed |= json_array_append_new(
				   list, json_pack("{s:o, s:o}", "name",
						   cli_json_text(t->attributes[i].name), "value",
						   cli_json_text(t->attributes[i].value))) < 0;
	return list;
}

static json_t *users_json(const struct tr_ticket *t, bool *failed)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < t->n_users; i++) {
		json_t *keys = json_array();

		for (unsigned k = 0; k < t->users[i].n_keys; k++)
			*failed |=
				json_array_append_new(keys, cli_json_text(t->users[i].keys[k])) < 0;
		*failed |= json_array_append_new(list, json_pack("{s:o, s:o}", "urn",
								 cli_json_text(t->users[i].urn),
								 "keys", keys)) < 0;
	}
	return list;
}

/* An RSpec is text nearly always; one that is not shows how long it is. */
static void add_rspec(struct cli_facts *f, const struct tr_ticket *t)
{
	json_t *text = json_stringn((const char *)t->rspec, t->rspec_len);

	cli_fact(f, "rspec_octets", json_integer((json_int_t)t->rspec_len));
	if (text)
		cli_fact(f, "rspec", text);
}

static int add_promise(struct cli_facts *f, const struct tr_level *l, struct cc_note *why)
{
	cc_cleanup(tr_ticket_freep) struct tr_ticket *t = calloc(1, sizeof(*t));
	int r = t ? tr_ticket_read(l->content, t, why) : cc_raise(CC_ENOMEM);

	if (r)
		return r;
	cli_fact_text(f, "component", t->component);
	cli_fact_text(f, "epoch", t->epoch);
	cli_fact_time(f, "redeem_before", t->redeem_before);
	cli_fact(f, "attributes", attributes_json(t, &f->failed));
	cli_fact(f, "users", users_json(t, &f->failed));
	add_rspec(f, t);
	return 0;
}

/* The first text below a path of elements; statements of another form say nothing here. */
static void add_path(struct cli_facts *f, const char *key, xmlNode *node, const char *const *path)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct xs_cursor c;

	for (; node && *path; path++) {
		if (xs_cursor_init(&c, node, NULL))
			return;
		while (c.next && !xs_cursor_at(&c, NULL, *path))
			xs_cursor_take(&c, NULL, (const char *)c.next->name);
		node = c.next;
	}
	if (node && xs_text(node, TR_NAME_MAX, &text, NULL) == 0)
		cli_fact_text(f, key, text);
}

static void add_statement(struct cli_facts *f, const struct tr_level *l)
{
	static const char *const users[] = {"rt0", "head", "ABACprincipal", "keyid", NULL};
	static const char *const tools[] = {"rt0", "tail", "ABACprincipal", "keyid", NULL};
	static const char *const names[] = {"rt0", "tail", "ABACprincipal", "mnemonic", NULL};

	add_path(f, "user_keyid", l->content, users);
	add_path(f, "tool_keyid", l->content, tools);
	add_path(f, "tool", l->content, names);
}

static int add_level(struct cli_facts *f, const struct tr_level *l, struct cc_note *why)
{
	int r = 0;

	cli_fact_text(f, "word", words[l->type]);
	cli_fact_text(f, "subject", subject_of(l));
	if (l->type == TR_CRED_PRIVILEGE)
		trust_fact_privileges(f, l->privileges, l->n_privileges);
	trust_describe_gids(f, "owner", &l->owner);
	trust_describe_gids(f, "target", &l->target);
	if (l->type == TR_CRED_TICKET)
		r = add_promise(f, l, why);
	if (l->type == TR_CRED_ABAC)
		add_statement(f, l);
	cli_fact_text(f, "owner_urn", l->owner_urn);
	cli_fact_text(f, "target_urn", l->target_urn);
	cli_fact_text(f, "serial", l->serial);
	cli_fact_text(f, "document_uuid", l->uuid);
	cli_fact_time(f, "expires", l->expires);
	add_signature(f, l);
	return r;
}

int trust_describe_xml(const char *text, size_t len, json_t *levels, struct cc_note *why)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;
	int r = tr_cred_read(NULL, text, len, &c, why);

	for (size_t i = 0; !r && i < c->count; i++) {
		struct cli_facts f;

		r = cli_facts_init(&f);
		if (r)
			break;
		r = add_level(&f, &c->levels[i], why);
		if (json_array_append_new(levels, cli_facts_take(&f)) < 0 && !r)
			r = cc_raise(CC_ENOMEM);
	}
	return r;
}
