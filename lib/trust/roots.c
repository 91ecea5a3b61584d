/* SPDX-License-Identifier: ISC */
#include "lib/trust/roots.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/util.h"

struct tr_roots_builder {
	struct tr_roots *set; /* NULL once sealed */
};

static void roots_free(struct tr_roots *r)
{
	for (size_t i = 0; i < r->count; i++)
		tr_gid_unref(r->items[i].root.gid);
	free(r->items);
	cc_map_deinit(&r->by_hash);
	tr_crls_free(r);
	free(r);
}

int tr_roots_builder_new(struct tr_roots_builder **out)
{
	cc_cleanup(tr_roots_builder_freep) struct tr_roots_builder *b = calloc(1, sizeof(*b));

	if (!b || !(b->set = calloc(1, sizeof(*b->set))))
		return cc_raise(CC_ENOMEM);
	b->set->refs = 1;
	cc_map_init(&b->set->by_hash);
	*out = cc_steal(&b);
	return 0;
}

void tr_roots_builder_free(struct tr_roots_builder *b)
{
	if (!b)
		return;
	tr_roots_unref(b->set);
	free(b);
}

void tr_roots_builder_freep(struct tr_roots_builder **b)
{
	tr_roots_builder_free(*b);
	*b = NULL;
}

/* Takes the authority of a URN as the root's space. */
static int take_space(struct tr_trusted *t, const struct tr_urn *urn)
{
	struct tr_urn own = {urn->authority, {"authority", 9}, {"sa", 2}};
	char type[sizeof(t->root.gid->type)];

	snprintf(t->root.space, sizeof(t->root.space), "%.*s", (int)urn->authority.len,
		 urn->authority.text);
	return tr_urn_to_hrn(&own, t->hrn, type, NULL);
}

static int take_given(struct tr_trusted *t, const char *space, struct cc_note *why)
{
	char text[TR_NAME_MAX + 1];
	struct tr_urn urn;
	int n = snprintf(text, sizeof(text), TR_URN_PREFIX "%s+authority+sa", space);

	/* a "+" in it would move the parts */
	if (n < 0 || (size_t)n >= sizeof(text) || tr_urn_parse_text(text, &urn, NULL) < 0 ||
	    urn.authority.len != strlen(space) || take_space(t, &urn) < 0)
		return cc_refuse(why, CC_RULE_CERT_NAME, "'%.100s' is no authority like plc:site",
				 space);
	return 0;
}

/* Without a space that was given a root covers the authority that its certificate names. */
static int take_own(struct tr_trusted *t, struct cc_note *why)
{
	const struct tr_gid *g = t->root.gid;
	char text[TR_NAME_MAX + 1];
	struct tr_urn urn;

	if (g->urn[0] && !g->names_twice && take_space(t, &g->name) == 0)
		return 0;
	if (!g->urn[0] && g->hrn[0] && tr_hrn_to_urn(g->hrn, "authority", text, NULL) == 0 &&
	    tr_urn_parse_text(text, &urn, NULL) == 0 && take_space(t, &urn) == 0)
		return 0;
	return cc_refuse(why, CC_RULE_CERT_NAME,
			 "the root '%.100s' does not name one authority: say which one it is for",
			 g->cn);
}

static int append(struct tr_roots *set, const struct tr_trusted *t)
{
	struct tr_trusted *grown = realloc(set->items, (set->count + 1) * sizeof(*grown));

	if (!grown)
		return cc_raise(CC_ENOMEM);
	set->items = grown;
	grown[set->count++] = *t;
	tr_gid_ref(t->root.gid);
	return 0;
}

int tr_roots_add(struct tr_roots_builder *b, const char *text, size_t len, const char *space,
		 unsigned flags, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	struct tr_trusted t = {.root.flags = flags};
	int r;

	if (b->set->count >= TR_ROOTS_MAX)
		return cc_note_set(why, CC_ELIMIT, "there are more than %d roots", TR_ROOTS_MAX);
	r = tr_gids_read(NULL, text, len, &gids, why);
	if (r != 0)
		return r;
	t.root.gid = gids.items[0];
	r = space ? take_given(&t, space, why) : take_own(&t, why);
	return r == 0 ? append(b->set, &t) : r;
}

int tr_roots_add_crls(struct tr_roots_builder *b, const char *text, size_t len, struct cc_note *why)
{
	return tr_crls_read(b->set, text, len, why);
}

static bool overlap(const struct tr_root *a, const struct tr_root *b)
{
	return tr_authority_over(tr_root_space(a), tr_root_space(b)) ||
	       tr_authority_over(tr_root_space(b), tr_root_space(a));
}

/*
 * Nobody else may be a root for our names, listed or not: what he signs would be as good as what we
 * sign. Two roots of ours, as while one follows the other, are listed like any.
 */
static bool may_overlap(const struct tr_root *a, const struct tr_root *b)
{
	return (a->flags & TR_ROOT_OURS) == (b->flags & TR_ROOT_OURS) &&
	       ((a->flags | b->flags) & TR_ROOT_OVERLAP);
}

static int check_pair(const struct tr_root *a, const struct tr_root *b, struct cc_note *why)
{
	if (memcmp(a->gid->hash, b->gid->hash, TR_HASH) == 0)
		return cc_note_set(why, CC_EINVAL, "one root is there twice, for %.80s and %.80s",
				   a->space, b->space);
	if (!overlap(a, b) || may_overlap(a, b))
		return 0;
	return cc_note_set(why, CC_EINVAL, "the roots for %.80s and %.80s overlap: %s", a->space,
			   b->space,
			   (a->flags ^ b->flags) & TR_ROOT_OURS
				   ? "the namespace of our own root is nobody else's"
				   : "narrow one, or list it as overlapping");
}

static const X509_NAME *subject_of(const struct tr_root *r)
{
	return X509_get_subject_name(r->gid->cert);
}

static int check_before(const struct tr_roots *set, size_t i, struct cc_note *why)
{
	const struct tr_root *root = &set->items[i].root;
	size_t same_name = 1;

	for (size_t j = 0; j < i; j++) {
		const struct tr_root *other = &set->items[j].root;
		int r = check_pair(other, root, why);

		if (r < 0)
			return r;
		same_name += X509_NAME_cmp(subject_of(other), subject_of(root)) == 0;
	}
	if (same_name > TR_ROOTS_SAME_NAME)
		return cc_note_set(why, CC_EINVAL, "more than %d roots have the subject '%.100s'",
				   TR_ROOTS_SAME_NAME, root->gid->cn);
	return 0;
}

int tr_roots_seal(struct tr_roots_builder *b, uint64_t number, bool legacy, struct tr_roots **out,
		  struct cc_note *why)
{
	struct tr_roots *set = b->set;
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->count; i++)
		r = check_before(set, i, why);
	/* only now: the array moved while it grew */
	for (size_t i = 0; r == 0 && i < set->count; i++)
		r = cc_map_add(&set->by_hash, &set->items[i].by_hash, set->items[i].root.gid->hash,
			       TR_HASH);
	if (r < 0)
		return r;
	set->number = number;
	set->legacy = legacy;
	*out = cc_steal(&b->set);
	return 0;
}

struct tr_roots *tr_roots_ref(struct tr_roots *r)
{
	__atomic_add_fetch(&r->refs, 1, __ATOMIC_RELAXED);
	return r;
}

void tr_roots_unref(struct tr_roots *r)
{
	if (r && __atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) == 0)
		roots_free(r);
}

void tr_roots_unrefp(struct tr_roots **r)
{
	tr_roots_unref(*r);
	*r = NULL;
}

size_t tr_roots_count(const struct tr_roots *r)
{
	return r->count;
}

const struct tr_root *tr_roots_get(const struct tr_roots *r, size_t i)
{
	return &r->items[i].root;
}

bool tr_roots_legacy(const struct tr_roots *r)
{
	return r->legacy;
}

const struct tr_trusted *tr_roots_same(const struct tr_roots *r, const struct tr_gid *gid)
{
	struct cc_map_node *node = cc_map_find(&r->by_hash, gid->hash, TR_HASH);

	return node ? cc_container_of(node, struct tr_trusted, by_hash) : NULL;
}

const struct tr_trusted *tr_roots_renewed(const struct tr_roots *r, const struct tr_gid *gid)
{
	const X509_NAME *subject = X509_get_subject_name(gid->cert);

	for (size_t i = 0; i < r->count; i++) {
		const struct tr_root *root = &r->items[i].root;

		if (X509_NAME_cmp(subject, subject_of(root)) == 0 &&
		    tr_gid_same_key(root->gid, gid))
			return &r->items[i];
	}
	return NULL;
}
