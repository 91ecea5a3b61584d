/* SPDX-License-Identifier: ISC */
/*
 * Judging a chain: the path to a trusted root, then from there down to the leaf, each certificate
 * from memory or by one signature check. Only what was found good is remembered.
 */
#include "lib/trust/chain.h"

#include <stdlib.h>

#include "lib/trust/path.h"
#include "lib/xml/ossl.h"

#define NAME_SHOWN 120

void tr_verdict_release(struct tr_recalled *entry)
{
	free(cc_container_of(entry, struct tr_verdict, recalled));
}

static const struct tr_trusted *trusted(const struct tr_roots *roots, const struct tr_gids *gids,
					size_t i)
{
	const struct tr_trusted *root = tr_roots_same(roots, gids->items[i]);

	/*
	 * the root as it was before it was renewed stands for the one that is trusted now; not as
	 * the leaf, which has to be good itself
	 */
	return root || i == 0 ? root : tr_roots_renewed(roots, gids->items[i]);
}

static void set_root(struct tr_path *p, size_t top, const struct tr_trusted *root)
{
	p->root = root;
	p->certs[top] = root->root.gid;
	p->top = top;
	p->shown = top + 1;
}

/* Up to the first trusted root: what stands behind that is not looked at. */
static void take(struct tr_path *p, const struct tr_gids *gids)
{
	const struct tr_trusted *root;

	for (size_t i = 0; i < gids->count; i++) {
		root = trusted(p->roots, gids, i);
		if (root) {
			set_root(p, i, root);
			return;
		}
		p->certs[i] = gids->items[i];
	}
	p->top = p->shown = gids->count;
}

static int refuse_unrooted(const struct tr_path *p)
{
	const X509 *last = p->certs[p->top - 1]->cert;
	const X509_NAME *issuer = X509_get_issuer_name(last);
	char text[NAME_SHOWN] = "?";

	if (X509_NAME_cmp(issuer, X509_get_subject_name(last)) == 0)
		return tr_path_refuse(p, p->top - 1, CC_RULE_CHAIN_ROOT,
				      "ends the chain and is no trusted root");
	X509_NAME_oneline(issuer, text, sizeof(text));
	return tr_path_refuse(p, p->top - 1, CC_RULE_CHAIN_ROOT,
			      "ends the chain, and its issuer %.80s is no trusted root", text);
}

/* The key of what is remembered of a certificate: its own hash, and the key of its issuer's. */
static int suffix_key(const struct tr_gid *gid, const uint8_t behind[TR_HASH], uint8_t out[TR_HASH])
{
	uint8_t both[2 * TR_HASH];

	memcpy(both, gid->hash, TR_HASH);
	memcpy(both + TR_HASH, behind, TR_HASH);
	return cc_trace(xs_sha256(both, sizeof(both), out));
}

/*
 * A root that was left out: it has the issuer's name and made the signature. Roots of one name are
 * few (TR_ROOTS_SAME_NAME), so this is bounded.
 */
static int find_root(struct tr_path *p, struct tr_recall *known)
{
	const struct tr_gid *last = p->certs[p->top - 1];
	const X509_NAME *issuer = X509_get_issuer_name(last->cert);
	uint8_t key[TR_HASH];

	for (size_t i = 0; i < p->roots->count; i++) {
		const struct tr_trusted *root = &p->roots->items[i];
		int r;

		if (X509_NAME_cmp(issuer, X509_get_subject_name(root->root.gid->cert)) != 0)
			continue;
		r = suffix_key(last, root->root.gid->hash, key);
		if (r < 0)
			return r;
		p->end_signed =
			tr_recall_find(known, key) ||
			CC_RULE(CC_RULE_CHAIN_SIGNATURE, tr_path_signed_by(last, root->root.gid));
		if (p->end_signed) {
			set_root(p, p->top, root);
			return 0;
		}
	}
	/* without the rule the chain is as good as it looks, and has no root */
	return CC_RULE(CC_RULE_CHAIN_ROOT, false) ? 0 : refuse_unrooted(p);
}

static int check_root(const struct tr_path *p)
{
	if (!CC_RULE(CC_RULE_CHAIN_DEPTH, p->top < TR_CHAIN_MAX))
		return cc_refuse(p->why, CC_RULE_CHAIN_DEPTH,
				 "the chain has %zu certificates with its root, more than %d",
				 p->top + 1, TR_CHAIN_MAX);
	return tr_path_check_cert(p, p->top);
}

/* From the certificates to all that is asked of them one by one, and of their root. */
static int find_path(struct tr_path *p, const struct tr_gids *gids, struct tr_recall *known)
{
	int r = 0;

	take(p, gids);
	for (size_t i = 0; r == 0 && i < p->top; i++)
		r = tr_path_check_cert(p, i);
	if (r == 0 && !p->root)
		r = find_root(p, known);
	return r == 0 && p->root ? check_root(p) : r;
}

static struct tr_verdict *find_verdict(struct tr_recall *known, const uint8_t key[TR_HASH])
{
	struct tr_recalled *entry = tr_recall_find(known, key);

	return entry ? cc_container_of(entry, struct tr_verdict, recalled) : NULL;
}

/* Remembers a copy of v. */
static int add_verdict(struct tr_recall *known, const uint8_t key[TR_HASH],
		       const struct tr_verdict *v, struct tr_verdict **out)
{
	struct tr_verdict *copy = malloc(sizeof(*copy));
	int r;

	if (!copy)
		return cc_raise(CC_ENOMEM);
	*copy = *v;
	memcpy(copy->recalled.key, key, TR_HASH);
	copy->recalled.cost = sizeof(*copy);
	r = tr_recall_add(known, &copy->recalled);
	if (r < 0)
		return cc_trace(r);
	*out = copy;
	return 0;
}

static int judge_root(const struct tr_path *p, struct tr_recall *known, const uint8_t key[TR_HASH],
		      struct tr_verdict **verdict)
{
	struct tr_verdict v = {.room = tr_path_root_room(p->certs[p->top])};

	*verdict = find_verdict(known, key);
	return *verdict ? 0 : add_verdict(known, key, &v, verdict);
}

/*
 * One hop down: *verdict is of the issuer, and then of certificate i. The issuer's may be forgotten
 * while that of i is remembered.
 */
static int judge_next(const struct tr_path *p, struct tr_recall *known, size_t i,
		      const uint8_t key[TR_HASH], struct tr_verdict **verdict)
{
	struct tr_verdict *issuer = *verdict, v = {0};
	int r;

	*verdict = find_verdict(known, key);
	if (*verdict)
		return 0;
	r = tr_path_check_hop(p, i, issuer, &v);
	return r == 0 ? add_verdict(known, key, &v, verdict) : r;
}

static void narrow(struct tr_chain *out, int64_t from, int64_t until)
{
	if (from > out->from)
		out->from = from;
	if (until < out->until)
		out->until = until;
}

static int judge(const struct tr_path *p, struct tr_recall *known, struct tr_chain *out)
{
	uint8_t keys[TR_CHAIN_MAX + 1][TR_HASH];
	struct tr_verdict *verdict;
	struct tr_crl_view crls;
	int r = 0;

	memcpy(keys[p->top], p->certs[p->top]->hash, TR_HASH);
	for (size_t i = p->top; r == 0 && i-- > 0;)
		r = suffix_key(p->certs[i], keys[i + 1], keys[i]);
	if (r == 0)
		r = judge_root(p, known, keys[p->top], &verdict);
	for (size_t i = p->top; r == 0 && i-- > 0;) {
		if (!verdict->crls.looked)
			tr_crls_look(p->roots, p->certs[i + 1], &verdict->crls);
		crls = verdict->crls;
		r = judge_next(p, known, i, keys[i], &verdict);
		if (r == 0)
			r = tr_path_check_crls(p, i, &crls);
		narrow(out, crls.from, crls.until);
	}
	return r;
}

int tr_chain_verify(struct tr_verifier *v, const struct tr_gids *gids, int64_t now,
		    struct tr_chain *out, struct cc_note *why)
{
	static const struct tr_roots none;
	struct tr_path p = {.roots = v->roots ? v->roots : &none, .now = now, .why = why};
	struct tr_chain chain = {.from = INT64_MIN, .until = INT64_MAX};
	int r;

	if (gids->count == 0)
		return cc_refuse(why, CC_RULE_CERT_FORM, "there is no certificate");
	r = find_path(&p, gids, &v->chains);
	if (r == 0 && p.root) {
		for (size_t i = 0; i <= p.top; i++)
			narrow(&chain, p.certs[i]->not_before, p.certs[i]->not_after);
		chain.root = &p.root->root;
		r = p.top > 0 ? judge(&p, &v->chains, &chain) : tr_path_check_space(&p, 0);
	}
	if (r == 0)
		*out = chain;
	return r;
}
