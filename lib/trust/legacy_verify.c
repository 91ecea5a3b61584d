/* SPDX-License-Identifier: ISC */
/*
 * Judging certificate credentials and tickets (spec sfa 1.4 to 1.7, 2.6).
 *
 * Of 2008: every certificate carries data, and the next one is its parent:
 *
 *   credential   on a slice, owned by a user            signed by the site
 *   credential   on the site, owned by the site itself  signed by the authority above
 *   ...                                                 signed by a trusted root
 *
 * Of 2011: a ticket, and then the GID chain of its issuer.
 *
 * Geniwrapper checked less: it went on behind a failed signature, and never looked at times (spec
 * sfa 11).
 *
 * An HRN says no type. The grant of a credential of 2008 therefore has no URN and no type: rights
 * cannot be cut to the type, and no operation takes it (tr_grant_on); it can be shown and verified.
 */
#include "lib/trust/legacy_int.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/trust/path.h"

struct judging {
	struct tr_judging base;
	struct tr_path path; /* its certificates, for what is asked of any */
	struct tr_legacy_level levels[TR_CHAIN_MAX]; /* the document, its parent next */
	size_t count;
	struct tr_gids gids; /* of the issuer, for a ticket of 2011; borrowed */
	struct tr_gid *issuer;
	const struct tr_root *root;
	unsigned delegations;
};

/* ---- the certificates, as such ---- */

/*
 * They name no principal and are in no CRL (all of 2008 have one serial): names and revocation are
 * judged of the GIDs in them.
 */
static int judge_certificate(struct judging *j, size_t i)
{
	const struct tr_gid *cert = j->path.certs[i];
	int r = tr_path_check_make(&j->path, i);

	if (r == 0 && !CC_RULE(CC_RULE_CERT_NAME, !cert->names_twice))
		return tr_path_refuse(&j->path, i, CC_RULE_CERT_NAME,
				      "holds data and names a principal, too");
	if (r == 0)
		r = tr_path_check_dates(&j->path, i);
	if (r == 0)
		tr_judging_narrow(&j->base, cert->not_before, cert->not_after);
	return r;
}

static int judge_signature(struct judging *j, size_t i)
{
	const struct tr_gid *signer = j->path.certs[i + 1];

	if (CC_RULE(CC_RULE_CHAIN_SIGNATURE, tr_path_signed_by(j->path.certs[i], signer)))
		return 0;
	return tr_path_refuse(&j->path, i, CC_RULE_CHAIN_SIGNATURE,
			      "was not signed by the next one (%.80s)", tr_gid_label(signer));
}

static int judge_certificates(struct judging *j)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->count; i++)
		r = judge_certificate(j, i);
	for (size_t i = 0; r == 0 && i < j->count && i + 1 < j->path.top; i++)
		r = judge_signature(j, i);
	return r;
}

/* ---- one level ---- */

static int judge_embedded(struct judging *j, const struct tr_legacy_level *l,
			  const struct tr_gids *gids, enum cc_rule missing, const char *whose,
			  const struct tr_root **root)
{
	struct tr_chain chain;
	int r;

	if (gids->count == 0)
		return cc_refuse(j->base.why, missing, "%.128s names no %s", tr_legacy_label(l),
				 whose);
	r = tr_judge_chain(&j->base, gids, whose, &chain);
	if (r != 0)
		return cc_trace(r);
	*root = chain.root;
	return 0;
}

static int judge_object(struct judging *j, const struct tr_legacy_level *l)
{
	const X509_NAME *subject = X509_get_subject_name(l->cert->cert);

	if (CC_RULE(CC_RULE_CRED_TARGET,
		    X509_NAME_cmp(subject, X509_get_subject_name(tr_legacy_object(l)->cert)) == 0))
		return 0;
	return cc_refuse(j->base.why, CC_RULE_CRED_TARGET, "%.100s holds the GID of %.100s",
			 tr_legacy_label(l), tr_gid_label(tr_legacy_object(l)));
}

static int judge_life_time(struct judging *j, const struct tr_legacy_level *l)
{
	int64_t end = l->data->life_time;

	if (end == 0)
		return 0;
	if (!CC_RULE(CC_RULE_CRED_EXPIRED, j->base.now <= end))
		return cc_refuse(j->base.why, CC_RULE_CRED_EXPIRED, "%.128s: its lifeTime is over",
				 tr_legacy_label(l));
	tr_judging_narrow(&j->base, INT64_MIN, end);
	return 0;
}

static int judge_level(struct judging *j, struct tr_legacy_level *l)
{
	const struct tr_root *owner_root;
	int r;

	if (l->data->kind == TR_LEGACY_GID)
		return cc_refuse(j->base.why, CC_RULE_CRED_TYPE,
				 "%.128s is a GID, neither credential nor ticket",
				 tr_legacy_label(l));
	r = judge_embedded(j, l, &l->data->caller, CC_RULE_CRED_OWNER, "gidCaller", &owner_root);
	if (r == 0)
		r = judge_embedded(j, l, &l->data->object, CC_RULE_CRED_TARGET, "gidObject",
				   &l->object_root);
	if (r == 0)
		r = judge_object(j, l);
	return r != 0 ? cc_trace(r) : judge_life_time(j, l);
}

/* ---- from one to the next ---- */

static int judge_step(struct judging *j, const struct tr_legacy_level *child,
		      const struct tr_legacy_level *parent)
{
	int r = tr_legacy_check_step(child, parent, j->base.why);

	if (r != 0)
		return r;
	/* the first that an authority gave for what is below it */
	if (!j->issuer && !tr_legacy_same_gid(tr_legacy_object(child), tr_legacy_object(parent)))
		j->issuer = tr_legacy_owner(parent);
	if (!j->issuer)
		j->delegations++;
	return 0;
}

/* ---- the end of the chain ---- */

static int find_root(struct judging *j, size_t last)
{
	const struct tr_roots *roots = j->path.roots;

	/* at most TR_ROOTS_SAME_NAME of one name */
	for (size_t i = 0; i < tr_roots_count(roots); i++) {
		const struct tr_root *root = tr_roots_get(roots, i);

		if (tr_legacy_names_issuer(j->path.certs[last], root->gid) &&
		    tr_path_signed_by(j->path.certs[last], root->gid)) {
			j->root = root;
			return 0;
		}
	}
	return tr_path_refuse(&j->path, last, CC_RULE_CHAIN_ROOT,
			      "ends the chain and is not signed by a trusted root");
}

/*
 * The root that signed it must be the one that the object's GID comes from, since it is for that
 * one that its namespace was judged.
 */
static int judge_one_root(struct judging *j, const struct tr_legacy_level *l)
{
	if (CC_RULE(CC_RULE_CHAIN_ROOT, l->object_root == j->root))
		return 0;
	return cc_refuse(j->base.why, CC_RULE_CHAIN_ROOT,
			 "%.100s is signed under another root than the GID of its object",
			 tr_legacy_label(l));
}

/* 2008: the last certificate is the root's word. Better keys and GIDs make it no later format. */
static int judge_end(struct judging *j)
{
	size_t last = j->count - 1;
	int r = find_root(j, last);

	if (r == 0 && !CC_RULE(CC_RULE_CRED_TYPE, tr_roots_legacy(j->path.roots)))
		return cc_refuse(j->base.why, CC_RULE_CRED_TYPE,
				 "%.128s is in a format of 2008, which is not allowed here",
				 tr_legacy_label(&j->levels[0]));
	if (r == 0)
		r = judge_one_root(j, &j->levels[last]);
	if (r == 0 && !j->issuer)
		j->issuer = j->root->gid;
	return r;
}

/* 2011: behind the ticket stands the chain of who signed it. */
static int judge_issuer(struct judging *j)
{
	const struct tr_legacy_level *l = &j->levels[0];
	struct tr_gid *object = tr_legacy_object(l);
	struct tr_chain chain;
	int r = tr_judge_chain(&j->base, &j->gids, "issuer", &chain);

	if (r != 0)
		return cc_trace(r);
	j->root = chain.root;
	j->issuer = j->gids.items[0];
	if (!CC_RULE(CC_RULE_CHAIN_ISSUER, tr_legacy_names_issuer(l->cert, j->issuer)))
		return tr_path_refuse(&j->path, 0, CC_RULE_CHAIN_ISSUER,
				      "does not name the next one (%.80s) as its issuer",
				      tr_gid_label(j->issuer));
	if (!CC_RULE(CC_RULE_CRED_ISSUER, tr_name_may_issue(&j->issuer->name, &object->name)))
		return cc_refuse(j->base.why, CC_RULE_CRED_ISSUER,
				 "%.80s signed it, who is no authority over %.100s",
				 tr_gid_label(j->issuer), tr_gid_label(object));
	return judge_one_root(j, l);
}

/* ---- all together ---- */

static bool is_gid(const struct tr_gid *cert)
{
	return !cert->params || cert->hrn[0];
}

static int read_levels(struct judging *j, const struct tr_legacy *l)
{
	const struct tr_gids *chain = &l->chain;
	int r = 0;

	j->levels[0] = (struct tr_legacy_level){.cert = chain->items[0], .data = l};
	j->count = 1;
	if (l->kind == TR_LEGACY_TICKET && chain->count > 1 && is_gid(chain->items[1])) {
		j->gids.count = chain->count - 1;
		memcpy(j->gids.items, chain->items + 1, j->gids.count * sizeof(*chain->items));
		return 0;
	}
	while (r == 0 && j->count < chain->count) {
		struct tr_legacy_level *parent = &j->levels[j->count++];

		parent->cert = chain->items[j->count - 1];
		r = tr_legacy_read_one(tr_verifier_certs(j->base.v), parent->cert, &parent->own,
				       j->base.why);
		parent->data = parent->own;
	}
	return cc_trace(r);
}

static int judge(struct judging *j)
{
	int r = judge_certificates(j);

	for (size_t i = 0; r == 0 && i < j->count; i++)
		r = judge_level(j, &j->levels[i]);
	for (size_t i = 0; r == 0 && i + 1 < j->count; i++)
		r = judge_step(j, &j->levels[i], &j->levels[i + 1]);
	if (r == 0)
		r = j->gids.count > 0 ? judge_issuer(j) : judge_end(j);
	return r;
}

static int copy_privileges(const struct tr_legacy *l, struct tr_grant *g)
{
	tr_ops most = *g->target_type ? tr_rights_most(TR_TABLE_2008, g->target_type) : TR_OPS_ALL;

	g->privileges = calloc(l->n_privileges + 1, sizeof(*g->privileges));
	if (!g->privileges)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < l->n_privileges; i++) {
		g->privileges[g->n_privileges++] = l->privileges[i];
		g->ops |= tr_privilege_ops(TR_TABLE_2008, l->privileges[i].name);
	}
	/* a GID of later days says its type */
	if (!CC_RULE(CC_RULE_RIGHTS_TYPE, (g->ops & ~most) == 0))
		g->ops &= most;
	return 0;
}

static int grant(const struct judging *j, struct tr_grant **out)
{
	const struct tr_legacy_level *l = &j->levels[0];
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = calloc(1, sizeof(*g));

	if (!g)
		return cc_raise(CC_ENOMEM);
	g->refs = 1;
	g->type = l->data->kind == TR_LEGACY_CRED ? TR_CRED_PRIVILEGE : TR_CRED_TICKET;
	g->table = TR_TABLE_2008;
	g->owner = tr_gid_ref(tr_legacy_owner(l));
	g->target = tr_gid_ref(tr_legacy_object(l));
	g->issuer = tr_gid_ref(j->issuer);
	strcpy(g->target_urn, g->target->urn);
	strcpy(g->target_type, g->type == TR_CRED_TICKET ? "slice" : g->target->type);
	g->expires = l->data->life_time ? l->data->life_time : l->cert->not_after;
	g->from = j->base.from;
	g->until = j->base.until;
	g->delegations = j->delegations;
	g->root = j->root;
	g->roots = tr_roots_ref((struct tr_roots *)j->path.roots);
	memcpy(g->hash, l->cert->hash, TR_HASH);
	if (copy_privileges(l->data, g) != 0)
		return cc_raise(CC_ENOMEM);
	*out = cc_steal(&g);
	return 0;
}

int tr_legacy_verify(struct tr_verifier *v, const struct tr_legacy *l, int64_t now,
		     struct tr_grant **out, struct cc_note *why)
{
	const struct tr_gids *chain = &l->chain;
	struct judging j = {.path = {.roots = tr_verifier_roots(v), .now = now, .why = why}};
	int r;

	if (!j.path.roots)
		return cc_refuse(why, CC_RULE_CHAIN_ROOT, "no root is trusted");
	j.path.top = j.path.shown = chain->count;
	for (size_t i = 0; i < chain->count; i++)
		j.path.certs[i] = chain->items[i];
	tr_judging_init(&j.base, v, now, why);
	r = read_levels(&j, l);
	if (r == 0)
		r = judge(&j);
	if (r == 0)
		r = grant(&j, out);
	for (size_t i = 0; i < j.count; i++)
		tr_legacy_free(j.levels[i].own);
	return cc_trace(r);
}
