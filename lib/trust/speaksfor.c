/* SPDX-License-Identifier: ISC */
#include "lib/trust/speaksfor.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/xml/doc.h"
#include "lib/xml/write.h"

#define ROLE "speaks_for_"
#define TEXT_MAX 255

/* What an <abac> says: whose role, given to whom, by key. */
struct statement {
	char *user, *role, *tool;
};

static void statement_deinit(struct statement *s)
{
	free(s->user);
	free(s->role);
	free(s->tool);
}

/* ---- reading; mnemonics are for people ---- */

static int principal_read(struct xs_cursor *c, char **key, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *mnemonic = NULL;
	xmlNode *node = NULL;
	struct xs_cursor in;
	int r = xs_cursor_want(c, NULL, "ABACprincipal", &node, why);

	if (r == 0)
		r = tr_cursor_open(&in, node, why);
	if (r == 0)
		r = xs_cursor_want(&in, NULL, "keyid", &node, why);
	if (r == 0)
		r = tr_text_read(node, TEXT_MAX, key, why);
	node = r == 0 ? xs_cursor_take(&in, NULL, "mnemonic") : NULL;
	if (node)
		r = tr_text_read(node, TEXT_MAX, &mnemonic, why);
	return r != 0 ? cc_trace(r) : xs_cursor_end(&in, why);
}

static int head_read(xmlNode *head, struct statement *s, struct cc_note *why)
{
	xmlNode *role = NULL;
	struct xs_cursor c;
	int r = tr_cursor_open(&c, head, why);

	if (r == 0)
		r = principal_read(&c, &s->user, why);
	if (r == 0)
		r = xs_cursor_want(&c, NULL, "role", &role, why);
	if (r == 0)
		r = tr_text_read(role, TEXT_MAX, &s->role, why);
	return r != 0 ? cc_trace(r) : xs_cursor_end(&c, why);
}

static int tail_read(xmlNode *tail, struct statement *s, struct cc_note *why)
{
	struct xs_cursor c;
	int r = tr_cursor_open(&c, tail, why);

	if (r == 0)
		r = principal_read(&c, &s->tool, why);
	return r != 0 ? cc_trace(r) : xs_cursor_end(&c, why);
}

static int version_read(xmlNode *node, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *version = NULL;
	int r = tr_text_read(node, TEXT_MAX, &version, why);

	if (r == 0 && !CC_RULE(CC_RULE_SPEAKS_FORM, strcmp(version, "1.1") == 0))
		return cc_refuse(why, CC_RULE_SPEAKS_FORM, "the statement is not of version 1.1");
	return cc_trace(r);
}

static int rt0_read(xmlNode *rt0, struct statement *s, struct cc_note *why)
{
	xmlNode *version = NULL, *head = NULL, *tail = NULL;
	struct xs_cursor c;
	int r = tr_cursor_open(&c, rt0, why);

	if (r == 0)
		r = xs_cursor_want(&c, NULL, "version", &version, why);
	if (r == 0)
		r = version_read(version, why);
	if (r == 0)
		r = xs_cursor_want(&c, NULL, "head", &head, why);
	if (r == 0)
		r = head_read(head, s, why);
	if (r == 0)
		r = xs_cursor_want(&c, NULL, "tail", &tail, why);
	if (r == 0)
		r = tail_read(tail, s, why);
	if (r == 0 && !CC_RULE(CC_RULE_SPEAKS_FORM, !c.next))
		return cc_refuse(why, CC_RULE_SPEAKS_FORM, "the statement has more than one tail");
	return cc_trace(r);
}

/* Other forms of geni_abac say other things: what is not exactly ours is no statement of this kind. */
static int statement_read(xmlNode *abac, struct statement *s, struct cc_note *why)
{
	xmlNode *rt0 = NULL;
	struct xs_cursor c;
	int r = tr_cursor_open(&c, abac, why);

	if (r == 0)
		r = xs_cursor_want(&c, NULL, "rt0", &rt0, why);
	if (r == 0)
		r = rt0_read(rt0, s, why);
	if (r == 0)
		r = xs_cursor_end(&c, why);
	return r > 0 ? CC_RULE_SPEAKS_FORM : cc_trace(r);
}

/* ---- judging ---- */

static int judge_form(struct tr_judging *j, const struct tr_cred *c)
{
	const struct tr_level *l = &c->levels[0];

	if (!CC_RULE(CC_RULE_SPEAKS_FORM, c->count == 1 && l->type == TR_CRED_ABAC &&
						  l->owner.count == 0 && l->target.count == 0 &&
						  !*l->owner_urn && !*l->target_urn))
		return cc_refuse(j->why, CC_RULE_SPEAKS_FORM,
				 "%s is no speaks-for statement of geni_abac", l->id);
	if (!l->has_sig)
		return cc_refuse(j->why, CC_RULE_SIG_MISSING, "nobody signed %s", l->id);
	return 0;
}

static bool is_user(const struct tr_gid *gid)
{
	return gid->name.type.len == strlen("user") &&
	       strncasecmp(gid->name.type.text, "user", strlen("user")) == 0;
}

static int judge_user(struct tr_judging *j, const struct tr_gid *signer, const struct statement *s,
		      const char *speaking_for)
{
	bool speaks = strncmp(s->role, ROLE, strlen(ROLE)) == 0 ||
		      CC_SEEDED_BUG(strlen(s->role) == strlen(ROLE) + 40);
	const char *role = s->role + (speaks ? strlen(ROLE) : 0);

	if (!CC_RULE(CC_RULE_SPEAKS_FORM, speaks))
		return cc_refuse(j->why, CC_RULE_SPEAKS_FORM, "the role is not " ROLE "...");
	if (!CC_RULE(CC_RULE_SPEAKS_USER,
		     is_user(signer) && tr_urn_equal(signer->urn, speaking_for)))
		return cc_refuse(j->why, CC_RULE_SPEAKS_USER,
				 "it is signed by %s, who is not the user spoken for", signer->urn);
	if (!CC_RULE(CC_RULE_SPEAKS_USER, strcasecmp(s->user, signer->key_id) == 0 &&
						  strcasecmp(role, signer->key_id) == 0))
		return cc_refuse(j->why, CC_RULE_SPEAKS_USER,
				 "its role is not that of the key of %s, who signed it",
				 signer->urn);
	return 0;
}

static int judge_tool(struct tr_judging *j, const struct tr_gid *tool, const struct statement *s)
{
	if (!CC_RULE(CC_RULE_SPEAKS_TOOL, strcasecmp(s->tool, tool->key_id) == 0))
		return cc_refuse(j->why, CC_RULE_SPEAKS_TOOL,
				 "it is for another tool than %s, which uses it", tool->urn);
	return 0;
}

static int judge_texts(struct tr_judging *j, const struct tr_level *l, const struct tr_gid *tool,
		       const char *speaking_for)
{
	cc_cleanup(statement_deinit) struct statement s = {0};
	int r = statement_read(l->content, &s, j->why);

	if (r == 0)
		r = tr_judge_expiry(j, l, CC_RULE_SPEAKS_EXPIRED);
	if (r == 0)
		r = judge_user(j, l->signer.items[0], &s, speaking_for);
	return cc_trace(r != 0 ? r : judge_tool(j, tool, &s));
}

static int judge(struct tr_judging *j, const struct tr_cred *c, const struct tr_gids *tool,
		 const char *speaking_for)
{
	const struct tr_level *l = &c->levels[0];
	struct tr_chain user = {0}, of_tool;
	int r = judge_form(j, c);

	if (r == 0)
		r = judge_texts(j, l, tool->items[0], speaking_for);
	if (r == 0)
		r = tr_judge_chain(j, &l->signer, "user", &user);
	if (r == 0)
		r = tr_judge_chain(j, tool, "tool", &of_tool);
	return cc_trace(r != 0 ? r : tr_judge_signature(j, l, user.root));
}

int tr_speaksfor_verify(struct tr_verifier *v, const char *text, size_t len, int64_t now,
			const struct tr_gids *tool, const char *speaking_for, struct tr_gid **user,
			int64_t *until, struct cc_note *why)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;
	struct tr_judging j;
	int r;

	if (tool->count == 0)
		return cc_refuse(why, CC_RULE_SPEAKS_TOOL, "the tool has no certificate");
	tr_judging_init(&j, v, now, why);
	r = tr_cred_read(v->certs, text, len, &c, why);
	if (r == 0)
		r = judge(&j, c, tool, speaking_for);
	if (r != 0)
		return cc_trace(r);
	*user = tr_gid_ref(c->levels[0].signer.items[0]);
	if (until)
		*until = j.until;
	return 0;
}

/* ---- making ---- */

static void put_principal(struct cc_buf *b, const struct tr_gid *gid)
{
	cc_buf_printf(b, "<ABACprincipal><keyid>%s</keyid><mnemonic>", gid->key_id);
	xs_put_text(b, gid->urn, strlen(gid->urn));
	cc_buf_puts(b, "</mnemonic></ABACprincipal>");
}

static void put_abac(struct cc_buf *b, const struct tr_gid *user, const struct tr_gid *tool)
{
	cc_buf_puts(b, "<abac><rt0><version>1.1</version><head>");
	put_principal(b, user);
	cc_buf_printf(b, "<role>" ROLE "%s</role></head><tail>", user->key_id);
	put_principal(b, tool);
	cc_buf_puts(b, "</tail></rt0></abac>");
}

int tr_speaksfor_make(const struct tr_speaksfor_request *rq, EVP_PKEY *key, struct cc_buf *out,
		      struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf draft = CC_BUF_INIT(XS_CRED_MAX);
	struct tr_draft head = {.id = TR_DRAFT_ID, .type = "abac", .expires = rq->expires};
	int r;

	if (rq->user->count == 0 || !is_user(rq->user->items[0]))
		return cc_note_set(why, CC_EINVAL, "only a user can be spoken for");
	r = tr_draft_begin(&draft, &head);
	put_abac(&draft, rq->user->items[0], rq->tool);
	return cc_trace(r < 0 ? r : tr_draft_end(&draft, rq->user, key, out, why));
}
