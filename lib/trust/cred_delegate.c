/* SPDX-License-Identifier: ISC */
/*
 * Delegation (spec sfa 2.4): a new <credential> around the parent's. Inclusive C14N takes in the
 * namespaces of the root element, so it is copied from the parent with all that it declares; what
 * ancestors signed is copied in canonical form, which is what they signed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/xml/doc.h"
#include "lib/xml/write.h"

#define ID_SIZE 32
#define CERTS 32 /* that each level repeats */

/* ---- what is delegated ---- */

/* The parent's rights that may be passed on. Caller frees. */
static int default_rights(const struct tr_level *parent, struct tr_privilege **out, unsigned *n,
			  struct cc_note *why)
{
	struct tr_privilege *rights = calloc(parent->n_privileges + 1, sizeof(*rights));
	unsigned count = 0;

	if (!rights)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < parent->n_privileges; i++) {
		if (parent->privileges[i].can_delegate)
			rights[count++] = parent->privileges[i];
	}
	*out = rights;
	*n = count;
	if (!CC_RULE(CC_RULE_DELEGATE_ALLOWED, count > 0))
		return cc_refuse(why, CC_RULE_DELEGATE_ALLOWED, "%s grants nothing to delegate",
				 parent->id);
	return 0;
}

static int check_parent(const struct tr_cred *c, EVP_PKEY *key, struct cc_note *why)
{
	const struct tr_gids *owner = &c->levels[0].owner;

	for (size_t i = 0; i < c->count; i++) {
		const struct tr_level *l = &c->levels[i];

		if (!CC_RULE(CC_RULE_CRED_TYPE, l->type == TR_CRED_PRIVILEGE))
			return cc_refuse(why, CC_RULE_CRED_TYPE, "%s grants no privileges", l->id);
		if (!CC_RULE(CC_RULE_SIG_MISSING, l->has_sig))
			return cc_refuse(why, CC_RULE_SIG_MISSING, "nobody signed %s", l->id);
	}
	if (!CC_RULE(CC_RULE_CRED_DEPTH, c->count <= TR_CRED_DEPTH))
		return cc_refuse(why, CC_RULE_CRED_DEPTH, "it was delegated %d times already",
				 TR_CRED_DEPTH);
	if (!CC_RULE(CC_RULE_DELEGATE_SIGNER,
		     owner->count > 0 && EVP_PKEY_eq(owner->items[0]->key, key) == 1))
		return cc_refuse(why, CC_RULE_DELEGATE_SIGNER, "the key is not that of its owner");
	return 0;
}

/* The level as a verifier will see it; everything in it is borrowed. */
static int child_level(const struct tr_cred_request *rq, const struct tr_level *parent,
		       const char *id, struct tr_level *child, struct cc_note *why)
{
	*child = (struct tr_level){
		.id = id,
		.owner = *rq->owner,
		.target = parent->target,
		.signer = parent->owner,
		.expires = rq->expires ? rq->expires : parent->expires,
		.privileges = (struct tr_privilege *)rq->privileges,
		.n_privileges = rq->n_privileges,
	};
	return tr_judge_delegation(child, parent, why);
}

/* ---- the new document ---- */

static bool id_used(const struct tr_cred *c, const char *id)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct tr_level *l = &c->levels[i];

		if (strcmp(l->id, id) == 0 || (l->sig.id && strcmp(l->sig.id, id) == 0))
			return true;
	}
	return false;
}

static void pick_id(const struct tr_cred *c, char id[ID_SIZE])
{
	char sig_id[ID_SIZE + 4];
	size_t n = c->count;

	do {
		snprintf(id, ID_SIZE, "ref%zu", n++);
		snprintf(sig_id, sizeof(sig_id), "Sig_%s", id);
	} while (id_used(c, id) || id_used(c, sig_id));
}

static void put_attribute(struct cc_buf *b, const char *prefix, const char *name, const char *value)
{
	cc_buf_printf(b, " %s%s%s=\"", prefix ? prefix : "", prefix ? ":" : "", name);
	xs_put_attribute(b, value, strlen(value));
	cc_buf_puts(b, "\"");
}

static void put_root(struct cc_buf *b, const xmlNode *root)
{
	cc_buf_puts(b, "<signed-credential");
	for (const xmlNs *ns = root->nsDef; ns; ns = ns->next)
		put_attribute(b, ns->prefix ? "xmlns" : NULL,
			      ns->prefix ? (const char *)ns->prefix : "xmlns",
			      ns->href ? (const char *)ns->href : "");
	for (const xmlAttr *a = root->properties; a; a = a->next)
		put_attribute(b, a->ns ? (const char *)a->ns->prefix : NULL, (const char *)a->name,
			      a->children ? (const char *)a->children->content : "");
	cc_buf_puts(b, ">");
}

static int put_document(struct cc_buf *b, const struct tr_cred *c, const struct tr_level *child)
{
	const struct tr_draft head = {child->id,      "privilege", NULL,	  &child->owner,
				      &child->target, NULL,	   child->expires};
	int r;

	put_root(b, xmlDocGetRootElement(c->doc));
	r = tr_draft_head(b, &head);
	tr_draft_privileges(b, child->privileges, child->n_privileges);
	cc_buf_puts(b, "<parent>");
	if (r == 0)
		r = xs_c14n_write(c->levels[0].node, XS_C14N_INCLUSIVE, b);
	cc_buf_puts(b, "</parent></credential><signatures>");
	for (size_t i = c->count; r == 0 && i-- > 0;)
		r = xs_c14n_write(c->levels[i].sig.node, XS_C14N_INCLUSIVE, b);
	cc_buf_puts(b, "</signatures></signed-credential>");
	return cc_trace(r < 0 ? r : b->err);
}

static int delegate(const struct tr_cred *c, const struct tr_cred_request *rq, EVP_PKEY *key,
		    struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf draft = CC_BUF_INIT(XS_CRED_MAX);
	const struct tr_level *parent = &c->levels[0];
	struct tr_level child;
	char id[ID_SIZE];
	int r;

	pick_id(c, id);
	r = child_level(rq, parent, id, &child, why);
	if (r == 0)
		r = put_document(&draft, c, &child);
	return cc_trace(r != 0 ? r : tr_draft_sign(&draft, &parent->owner, key, out, why));
}

int tr_cred_delegate(const char *parent, size_t len, const struct tr_cred_request *rq,
		     EVP_PKEY *key, struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(tr_certs_freep) struct tr_certs *certs = NULL;
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;
	cc_cleanup(cc_freep) struct tr_privilege *rights = NULL;
	struct tr_cred_request mine = *rq;
	int r;

	if (!rq->owner || rq->owner->count == 0)
		return cc_note_set(why, CC_EINVAL, "a credential needs an owner");
	r = tr_privileges_check(rq->privileges, rq->privileges ? rq->n_privileges : 0, why);
	if (r == 0)
		r = tr_certs_new(&certs, CERTS);
	if (r == 0)
		r = tr_cred_read(certs, parent, len, &c, why);
	if (r == 0)
		r = check_parent(c, key, why);
	if (r == 0 && !rq->privileges) {
		r = default_rights(&c->levels[0], &rights, &mine.n_privileges, why);
		mine.privileges = rights;
	}
	return cc_trace(r != 0 ? r : delegate(c, &mine, key, out, why));
}
