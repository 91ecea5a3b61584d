/* SPDX-License-Identifier: ISC */
#include "lib/base/clock.h"
#include "lib/trust/signer_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/xml/ossl.h"

#define DAY 86400

/* ---- opening ---- */

static int check_authority(const struct tr_gid *gid, struct cc_note *why)
{
	const char *name = *gid->urn ? gid->urn : "the certificate";

	if (!CC_RULE(CC_RULE_CERT_NAME, *gid->urn && !gid->names_twice))
		return cc_refuse(why, CC_RULE_CERT_NAME,
				 "the signer's certificate (CN %s) has not one URN", gid->cn);
	if (!CC_RULE(CC_RULE_CHAIN_AUTHORITY, tr_name_issues(&gid->name)))
		return cc_refuse(why, CC_RULE_CHAIN_AUTHORITY,
				 "%s is no authority and signs for nobody", name);
	if (!CC_RULE(CC_RULE_CHAIN_CA, gid->ca))
		return cc_refuse(why, CC_RULE_CHAIN_CA, "the certificate of %s is no CA's", name);
	if (!CC_RULE(CC_RULE_CERT_KEY, gid->key_good))
		return cc_refuse(why, CC_RULE_CERT_KEY, "the key of %s is too weak", name);
	return 0;
}

static int signer_read(struct tr_signer *s, const char *gid, size_t gid_len, const char *key,
		       size_t key_len, struct cc_note *why)
{
	int r = tr_gids_read(NULL, gid, gid_len, &s->chain, why);

	if (!r)
		r = check_authority(s->chain.items[0], why);
	if (!r)
		r = tr_key_read(key, key_len, &s->key, why);
	if (r)
		return r;
	if (EVP_PKEY_eq(s->chain.items[0]->key, s->key) != 1)
		return cc_note_set(why, CC_EINVAL,
				   "the key is not that of the certificate of %s: the two files do "
				   "not belong together",
				   s->chain.items[0]->urn);
	return 0;
}

int tr_signer_new(const char *gid, size_t gid_len, const char *key, size_t key_len,
		  struct tr_signer **out, struct cc_note *why)
{
	cc_cleanup(tr_signer_freep) struct tr_signer *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return cc_raise(CC_ENOMEM);
	r = signer_read(s, gid, gid_len, key, key_len, why);
	if (r)
		return r;
	*out = cc_steal(&s);
	return 0;
}

void tr_signer_free(struct tr_signer *s)
{
	if (!s)
		return;
	tr_gids_deinit(&s->chain);
	EVP_PKEY_free(s->key);
	free(s);
}

void tr_signer_freep(struct tr_signer **s)
{
	tr_signer_free(*s);
	*s = NULL;
}

const struct tr_gids *tr_signer_chain(const struct tr_signer *s)
{
	return &s->chain;
}

/* ---- time ---- */

/* Whose certificate ends first, of a chain. */
const struct tr_gid *tr_signer_first(const struct tr_gids *chain, const struct tr_gid *best)
{
	for (size_t i = 0; i < chain->count; i++)
		if (!best || chain->items[i]->not_after < best->not_after)
			best = chain->items[i];
	return best;
}

/* That a certificate which is used for signing, or named in what is signed, is in force. */
int tr_signer_check_chain(const struct tr_gids *chain, int64_t now, struct cc_note *why)
{
	char when[32];

	for (size_t i = 0; i < chain->count; i++) {
		const struct tr_gid *g = chain->items[i];

		if (!CC_RULE(CC_RULE_CERT_EXPIRED, now < g->not_after))
			return cc_refuse(why, CC_RULE_CERT_EXPIRED,
					 "the certificate of %s expired at %s: renew it", g->urn,
					 cc_clock_text(g->not_after, when));
		if (!CC_RULE(CC_RULE_CERT_NOT_YET, now >= g->not_before))
			return cc_refuse(why, CC_RULE_CERT_NOT_YET,
					 "the certificate of %s is good from %s on", g->urn,
					 cc_clock_text(g->not_before, when));
	}
	return 0;
}

/* ---- GIDs ---- */

/* Each label of an authority beyond those of the signer follows the rules for our names. */
static int check_labels(struct tr_part authority, size_t known, struct cc_note *why)
{
	const char *at = authority.text + known, *end = authority.text + authority.len;

	while (at < end) {
		char label[TR_NAME_MAX + 1];
		size_t len;

		at += *at == ':';
		len = strcspn(at, ":+"); /* a "+" ends the authority */
		memcpy(label, at, len);
		label[len] = '\0';
		if (tr_name_check("authority", label, why) < 0)
			return -CC_EINVAL;
		at += len;
	}
	return 0;
}

/*
 * GENI's short names are for clients that make slices. Registries have always had longer ones, as
 * importers made them (spec sfa 7: O_Neill_Ann_Marie), so any label will do for a user or a slice.
 */
static const char *rule_of(const char *type)
{
	return strcmp(type, "user") == 0 || strcmp(type, "slice") == 0 ? "node" : type;
}

static int check_name(const struct tr_signer *s, const char *urn, struct cc_note *why)
{
	const struct tr_gid *self = s->chain.items[0];
	char type[TR_NAME_MAX + 1], name[TR_NAME_MAX + 1];
	struct tr_urn u;

	if (!urn || tr_urn_parse_text(urn, &u, why) < 0)
		return -CC_EINVAL;
	/* its own name is renewed by its parent: here it would change the authority's key */
	if (!CC_RULE(CC_RULE_CHAIN_NAMESPACE,
		     tr_name_may_issue(&self->name, &u) && !tr_urn_equal(self->urn, urn)))
		return cc_refuse(why, CC_RULE_CHAIN_NAMESPACE,
				 "%s is not below %.80s: its own authority makes its GID", urn,
				 self->hrn);
	snprintf(type, sizeof(type), "%.*s", (int)u.type.len, u.type.text);
	snprintf(name, sizeof(name), "%.*s", (int)u.name.len, u.name.text);
	if (strcmp(type, "sliver") == 0)
		return cc_note_set(why, CC_EINVAL, "%s: a sliver has no GID", urn);
	if (tr_name_check(rule_of(type), name, NULL) < 0)
		return tr_name_check(type, name, why);
	return check_labels(
		u.authority,
		tr_authority_over(self->name.authority, u.authority) ? self->name.authority.len : 0,
		why);
}

static int check_life(const struct tr_gid_request *rq, int64_t now, struct cc_note *why)
{
	if (rq->not_after <= now || rq->not_before >= rq->not_after)
		return cc_note_set(why, CC_EINVAL, "a GID must be good for some time from now on");
	if (rq->not_before < now - DAY)
		return cc_note_set(why, CC_EINVAL, "a GID is not made for a time that is past");
	if (rq->not_after > now + (int64_t)TR_GID_DAYS_MAX * DAY)
		return cc_note_set(why, CC_EINVAL, "a GID may be good for %d days at most",
				   TR_GID_DAYS_MAX);
	return 0;
}

static int check_gid(const struct tr_signer *s, const struct tr_gid_request *rq, int64_t now,
		     struct cc_note *why)
{
	int r = tr_signer_check_chain(&s->chain, now, why);

	if (!r)
		r = check_name(s, rq->urn, why);
	if (!r)
		r = check_life(rq, now, why);
	if (!r && !CC_RULE(CC_RULE_CHAIN_DEPTH, s->chain.count < TR_CHAIN_MAX))
		r = cc_refuse(why, CC_RULE_CHAIN_DEPTH,
			      "%.200s would be the %dth of its chain, whose maximum is %d", rq->urn,
			      (int)s->chain.count + 1, TR_CHAIN_MAX);
	return r;
}

/* leaf is taken. */
static void chain_put(struct tr_gids *chain, struct tr_gid *leaf, const struct tr_gids *above)
{
	*chain = (struct tr_gids){.items = {leaf}, .count = 1};
	for (size_t i = 0; i < above->count && chain->count < TR_CHAIN_MAX; i++)
		chain->items[chain->count++] = tr_gid_ref(above->items[i]);
}

int tr_signer_make_gid(struct tr_signer *s, const struct tr_gid_request *rq, int64_t now,
		       struct tr_gids *chain, struct cc_note *why)
{
	struct tr_gid_request cut = *rq;
	const struct tr_gid *first = tr_signer_first(&s->chain, NULL);
	struct tr_gid *leaf;
	int r = check_gid(s, rq, now, why);

	if (r)
		return r;
	if (cut.not_after > first->not_after)
		cut.not_after = first->not_after;
	r = tr_gid_make(&cut, s->chain.items[0], s->key, &leaf, why);
	if (r)
		return r;
	chain_put(chain, leaf, &s->chain);
	return 0;
}
