/* SPDX-License-Identifier: ISC */
/* Grants: made once of a judged document, shared, remembered, and asked each time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"

/* ---- life ---- */

struct tr_grant *tr_grant_ref(const struct tr_grant *g)
{
	struct tr_grant *mine = (struct tr_grant *)g;

	__atomic_add_fetch(&mine->refs, 1, __ATOMIC_RELAXED);
	return mine;
}

void tr_grant_unref(const struct tr_grant *g)
{
	struct tr_grant *mine = (struct tr_grant *)g;

	if (!mine || __atomic_sub_fetch(&mine->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	tr_gid_unref(mine->owner);
	tr_gid_unref(mine->target);
	tr_gid_unref(mine->issuer);
	for (unsigned i = 0; i < mine->n_lenders; i++)
		tr_gid_unref(mine->lenders[i]);
	tr_roots_unref(mine->roots);
	free(mine->privileges);
	free(mine);
}

void tr_grant_unrefp(struct tr_grant **g)
{
	tr_grant_unref(*g);
	*g = NULL;
}

/* ---- making ---- */

static const char *target_urn(const struct tr_level *l)
{
	return l->target.count > 0 ? l->target.items[0]->urn : l->target_urn;
}

/* A sliver has no GID: its URN alone says what it is. */
static void target_type(const struct tr_level *l, char type[64])
{
	char hrn[TR_NAME_MAX + 1];
	struct tr_urn urn;

	type[0] = '\0';
	if (l->target.count > 0)
		strcpy(type, l->target.items[0]->type);
	else if (tr_urn_parse_text(l->target_urn, &urn, NULL) == 0)
		(void)tr_urn_to_hrn(&urn, hrn, type, NULL);
}

/* Each name once: what is written often costs no more, and may be delegated if one of them may. */
static void put_right(struct tr_privilege *all, unsigned *n, const char *name, bool can_delegate)
{
	for (unsigned i = 0; i < *n; i++) {
		if (strcasecmp(all[i].name, name) == 0) {
			all[i].can_delegate |= can_delegate;
			return;
		}
	}
	snprintf(all[*n].name, sizeof(all[*n].name), "%s", name);
	all[(*n)++].can_delegate = can_delegate;
}

static void put_privilege(struct tr_privilege *all, unsigned *n, const struct tr_privilege *p,
			  const char *const *rights)
{
	if (strcmp(p->name, "*") != 0) {
		put_right(all, n, p->name, p->can_delegate);
		return;
	}
	for (; *rights; rights++)
		put_right(all, n, *rights, p->can_delegate);
}

int tr_privileges_expand(const struct tr_level *l, struct tr_privilege **out, unsigned *n)
{
	struct tr_privilege *all;
	const char *const *rights;
	unsigned room = l->n_privileges + 1, count = 0;
	char type[64];

	target_type(l, type);
	rights = tr_rights_of_type(strcmp(type, "sliver") == 0 ? "slice" : type);
	for (unsigned i = 0; rights[i]; i++)
		room++;
	all = calloc(room, sizeof(*all));
	if (!all)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < l->n_privileges; i++)
		put_privilege(all, &count, &l->privileges[i], rights);
	*out = all;
	*n = count;
	return 0;
}

static tr_ops ops_written(const struct tr_grant *g)
{
	tr_ops ops = 0;

	for (unsigned i = 0; i < g->n_privileges; i++)
		ops |= tr_privilege_ops(g->table, g->privileges[i].name);
	return ops;
}

/* Rule 5: whatever an issuer wrote, a credential on a user starts no slivers. */
static tr_ops ops_allowed(const struct tr_grant *g)
{
	tr_ops written = ops_written(g), most = tr_rights_most(g->table, g->target_type);

	return CC_RULE(CC_RULE_RIGHTS_TYPE, (written & ~most) == 0) ? written : written & most;
}

static struct tr_gid *ref_or_none(const struct tr_gid *gid)
{
	return gid ? tr_gid_ref((struct tr_gid *)gid) : NULL;
}

int tr_grant_new(const struct tr_judging *j, const struct tr_cred *c, const struct tr_root *root,
		 struct tr_grant **out)
{
	const struct tr_level *l = &c->levels[0];
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return cc_raise(CC_ENOMEM);
	g->refs = 1;
	r = tr_privileges_expand(l, &g->privileges, &g->n_privileges);
	if (r < 0)
		return cc_trace(r);
	g->type = l->type;
	g->table = TR_TABLE_SFA;
	g->owner = ref_or_none(tr_gids_leaf(&l->owner));
	g->target = ref_or_none(tr_gids_leaf(&l->target));
	g->issuer = ref_or_none(tr_gids_leaf(&c->levels[c->count - 1].signer));
	snprintf(g->target_urn, sizeof(g->target_urn), "%s", target_urn(l));
	target_type(l, g->target_type);
	g->ops = ops_allowed(g);
	g->expires = l->expires;
	g->from = j->from;
	g->until = j->until;
	g->delegations = (unsigned)c->count - 1;
	while (g->n_lenders < g->delegations) {
		const struct tr_level *from = &c->levels[g->n_lenders + 1];

		g->lenders[g->n_lenders++] = ref_or_none(tr_gids_leaf(&from->owner));
	}
	g->root = root;
	g->roots = tr_roots_ref(j->v->roots);
	memcpy(g->hash, c->hash, TR_HASH);
	*out = cc_steal(&g);
	return 0;
}

/* ---- memory ---- */

struct remembered {
	struct tr_recalled recalled;
	struct tr_grant *grant;
};

/* A grant may be the last holder of its GIDs, of which OpenSSL keeps several times their octets. */
static size_t gid_cost(const struct tr_gid *gid)
{
	return gid ? sizeof(*gid) + 6 * gid->der_len : 0;
}

static size_t grant_cost(const struct tr_grant *g)
{
	size_t cost = sizeof(struct remembered) + sizeof(*g) +
		      g->n_privileges * sizeof(*g->privileges) + gid_cost(g->owner) +
		      gid_cost(g->target) + gid_cost(g->issuer);

	for (unsigned i = 0; i < g->n_lenders; i++)
		cost += gid_cost(g->lenders[i]);
	return cost;
}

void tr_grant_release(struct tr_recalled *entry)
{
	struct remembered *r = cc_container_of(entry, struct remembered, recalled);

	tr_grant_unref(r->grant);
	free(r);
}

struct tr_grant *tr_grant_recall(struct tr_verifier *v, const uint8_t hash[TR_HASH], int64_t now)
{
	struct tr_recalled *entry = tr_recall_find(&v->grants, hash);
	struct tr_grant *g;

	if (!entry)
		return NULL;
	g = cc_container_of(entry, struct remembered, recalled)->grant;
	if (now >= g->from && now <= g->until)
		return tr_grant_ref(g);
	tr_recall_drop(&v->grants, entry);
	return NULL;
}

void tr_grant_remember(struct tr_verifier *v, struct tr_grant *g)
{
	struct remembered *r;

	if (tr_recall_find(&v->grants, g->hash))
		return;
	r = calloc(1, sizeof(*r));
	if (!r)
		return;
	memcpy(r->recalled.key, g->hash, TR_HASH);
	r->recalled.cost = grant_cost(g);
	r->grant = tr_grant_ref(g);
	(void)tr_recall_add(&v->grants, &r->recalled); /* which frees what it does not take */
}

/* ---- asking ---- */

int tr_grant_held_by(const struct tr_grant *g, const struct tr_gid *caller, struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_CALLER_KEY, tr_gid_same_key(g->owner, caller)))
		return cc_refuse(why, CC_RULE_CALLER_KEY,
				 "the credential is owned by %s, whose key the caller %s has not",
				 g->owner->urn, caller->urn);
	return 0;
}

int tr_grant_on(const struct tr_grant *g, const char *urn, struct cc_note *why)
{
	if (!CC_RULE(CC_RULE_CALLER_TARGET, tr_urn_equal(g->target_urn, urn)))
		return cc_refuse(why, CC_RULE_CALLER_TARGET,
				 "the credential is on %s, the operation on another object",
				 g->target_urn);
	return 0;
}

/* An operation that no table names is covered by "everything" alone. */
static bool covers(tr_ops ops, const char *name)
{
	tr_ops op = tr_op(name);

	return op ? (ops & op) != 0 : ops == TR_OPS_ALL;
}

/* Whether one of the operations that names holds is in ops. */
static bool covers_one(tr_ops ops, const char *names)
{
	char name[64];

	while (*names) {
		size_t len = strcspn(names, ",");

		if (len < sizeof(name)) {
			memcpy(name, names, len);
			name[len] = '\0';
			if (covers(ops, name))
				return true;
		}
		names += len + (names[len] == ',');
	}
	return false;
}

int tr_grant_covers(const struct tr_grant *g, const char *ops, struct cc_note *why)
{
	if (covers_one(g->ops, ops))
		return 0;
	if (covers_one(ops_written(g), ops))
		return cc_refuse(why, CC_RULE_RIGHTS_TYPE,
				 "a credential on a %s cannot grant %.100s, though it is written",
				 g->target_type, ops);
	if (!CC_RULE(CC_RULE_RIGHTS_OPERATION, false))
		return cc_refuse(why, CC_RULE_RIGHTS_OPERATION,
				 "the credential does not grant %.100s", ops);
	return 0;
}
