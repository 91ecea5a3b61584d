/* SPDX-License-Identifier: ISC */
/*
 * Credentials (tests/fuzz/template.h). What nobody signed is refused. What is accepted once it is
 * signed is held against a slow reading of the rules, comes from memory the second time, and may be
 * delegated to the same end.
 */
#include <openssl/err.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"
#include "lib/trust/cred.h"
#include "tests/fuzz/template.h"
#include "tests/unit/credkit.h"
#include "tests/fuzz/must.h"

static struct tr_verifier *verifier;

/* ---- the rules, slowly ---- */

static size_t authority_of(const char *urn, const char **text)
{
	MUST(strncmp(urn, TR_URN_PREFIX, strlen(TR_URN_PREFIX)) == 0);
	*text = urn + strlen(TR_URN_PREFIX);
	return strcspn(*text, "+");
}

static bool slow_over(const struct tr_gid *issuer, const struct tr_gid *target)
{
	const char *a, *b;
	size_t a_len = authority_of(issuer->urn, &a), b_len = authority_of(target->urn, &b);

	return strstr(issuer->urn, "+authority+") && a_len <= b_len && strncmp(a, b, a_len) == 0 &&
	       (b[a_len] == ':' || b[a_len] == '+');
}

static bool empty_or_same(const char *urn, const struct tr_gid *gid)
{
	return !*urn || strcasecmp(urn, gid->urn) == 0;
}

static void check_level(const struct tr_level *l)
{
	MUST(l->type == TR_CRED_PRIVILEGE && l->has_sig && l->expires >= TP_NOW);
	MUST(l->owner.count > 0 && l->target.count > 0 && l->signer.count > 0);
	MUST(empty_or_same(l->owner_urn, l->owner.items[0]));
	MUST(empty_or_same(l->target_urn, l->target.items[0]));
}

/* What the privileges of a level cover; those that may be delegated alone, or all. */
static tr_ops slow_ops(const struct tr_level *l, bool delegated)
{
	const char *const *rights = tr_rights_of_type(l->target.items[0]->type);
	tr_ops ops = 0;

	for (unsigned i = 0; i < l->n_privileges; i++) {
		if (delegated && !l->privileges[i].can_delegate)
			continue;
		if (strcmp(l->privileges[i].name, "*") != 0)
			ops |= tr_privilege_ops(TR_TABLE_SFA, l->privileges[i].name);
		for (size_t k = 0; strcmp(l->privileges[i].name, "*") == 0 && rights[k]; k++)
			ops |= tr_privilege_ops(TR_TABLE_SFA, rights[k]);
	}
	return ops;
}

static void check_delegation(const struct tr_level *child, const struct tr_level *parent)
{
	MUST(memcmp(child->signer.items[0]->key_hash, parent->owner.items[0]->key_hash, TR_HASH) ==
	     0);
	MUST(strcmp(child->target.items[0]->urn, parent->target.items[0]->urn) == 0);
	MUST(child->expires <= parent->expires);
	MUST((slow_ops(child, false) & ~slow_ops(parent, true)) == 0);
}

/* What it answers when it is asked. */
static void check_answers(const struct tr_grant *g)
{
	static const char *const ops[] = {"createsliver", "register", "listslices", "getgids"};
	const char *all = "unheardof,CreateSliver,register,listslices,getgids";
	bool any = false;

	for (size_t i = 0; i < CC_ARRAY_SIZE(ops); i++) {
		bool has = (g->ops & tr_op(ops[i])) != 0;

		MUST((tr_grant_covers(g, ops[i], NULL) == 0) == has);
		any = any || has;
	}
	MUST((tr_grant_covers(g, all, NULL) == 0) == any);
	for (const char *p = "abs1"; *p; p++) {
		const struct tr_gid *gid = fz_person(*p)->gid;

		MUST((tr_grant_held_by(g, gid, NULL) == 0) ==
		     (memcmp(g->owner->key_hash, gid->key_hash, TR_HASH) == 0));
		MUST((tr_grant_on(g, gid->urn, NULL) == 0) ==
		     (strcmp(g->target_urn, gid->urn) == 0));
	}
}

static void check_grant(const struct tr_grant *g, const struct tr_cred *c)
{
	const struct tr_level *outer = &c->levels[0], *inner = &c->levels[c->count - 1];

	MUST(g->type == TR_CRED_PRIVILEGE && g->delegations + 1 == c->count);
	MUST(memcmp(g->owner->hash, outer->owner.items[0]->hash, TR_HASH) == 0);
	MUST(strcmp(g->target_urn, inner->target.items[0]->urn) == 0);
	MUST(slow_over(inner->signer.items[0], inner->target.items[0]));
	MUST(g->from <= TP_NOW && g->until >= TP_NOW && g->expires == outer->expires);
	MUST(g->ops ==
	     (slow_ops(outer, false) & tr_rights_most(TR_TABLE_SFA, outer->target.items[0]->type)));
	for (size_t i = 0; i < c->count; i++) {
		check_level(&c->levels[i]);
		MUST(g->until <= c->levels[i].expires);
	}
	for (size_t i = 0; i + 1 < c->count; i++)
		check_delegation(&c->levels[i], &c->levels[i + 1]);
}

/* ---- what follows from a yes ---- */

static EVP_PKEY *key_of(const struct tr_gid *gid)
{
	static const char all[] = "pslxabe12ntom";

	for (const char *p = all; *p; p++) {
		if (memcmp(fz_person(*p)->gid->key_hash, gid->key_hash, TR_HASH) == 0)
			return fz_person(*p)->key;
	}
	return NULL;
}

/* What its owner may delegate, a verifier takes. */
static void check_delegated(const char *text, const struct tr_grant *g)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
	cc_cleanup(tr_grant_unrefp) struct tr_grant *next = NULL;
	struct tr_cred_request rq = {.owner = &tp_world()->bob->chain};
	EVP_PKEY *key = key_of(g->owner);
	int r;

	MUST(key);
	r = tr_cred_delegate(text, strlen(text), &rq, key, &out, NULL);
	if (r != 0) {
		MUST(r == CC_RULE_DELEGATE_ALLOWED || r == CC_RULE_CRED_DEPTH ||
		     r == CC_RULE_XML_ID || r == CC_RULE_XML_FORM || r == CC_RULE_XML_LIMIT ||
		     r == -CC_ELIMIT);
		return;
	}
	MUST(ck_verify_at(verifier, (char *)out.data, TP_NOW, &next, NULL) == 0);
	MUST(next->delegations == g->delegations + 1 && (next->ops & ~g->ops) == 0);
	MUST(next->until <= g->until);
}

static void check_accepted(const char *text, struct tr_grant *g)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;
	cc_cleanup(tr_grant_unrefp) struct tr_grant *again = NULL;
	struct tr_grant *late = NULL;

	MUST(tr_cred_read(NULL, text, strlen(text), &c, NULL) == 0);
	check_grant(g, c);
	check_answers(g);
	MUST(fz_count(text, "credential") == c->count);
	MUST(fz_count(text, "Signature") == c->count);
	MUST(ck_verify_at(verifier, text, TP_NOW, &again, NULL) == 0 && again == g);
	check_delegated(text, g);
	MUST(ck_verify_at(verifier, text, g->until + 1, &late, NULL) > 0 && !late);
}

static void judge(const char *text, bool is_signed)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r = ck_verify_at(verifier, text, TP_NOW, &g, &why);

	MUST(r >= 0 && (r == 0) == (g != NULL));
	MUST(r == 0 || (*why.text && why.code == CC_EDENIED));
	MUST(r != 0 || is_signed);
	MUST(ERR_peek_error() == 0);
	if (g)
		check_accepted(text, g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct fz_template t;

	if (!verifier)
		verifier = ck_verifier(TR_ROOT_OURS);
	if (!fz_expand(data, size, &t))
		return 0;
	judge(t.text, false);
	text = fz_sign(&t);
	if (text)
		judge(text, true);
	free(t.text);
	return 0;
}
