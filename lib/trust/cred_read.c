/* SPDX-License-Identifier: ISC */
/* The document around <credential>: its levels, and which Signature belongs to which. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/xml/doc.h"
#include "lib/xml/ossl.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define SIG_PREFIX "Sig_"

/*
 * Different certificates of one document. Eight delegations among users of nine authorities need
 * some 20; each that was not met before costs far more than the octets it takes.
 */
#define CERTS_MAX 32

/* Octets and tags, times levels, of what was delegated: nine levels of usual size have half of it. */
#define WEIGHT_OCTETS (2u << 20)
#define WEIGHT_TAGS 16384

struct reading {
	struct tr_cred *cred;
	struct tr_certs *certs;
	const uint8_t *seen[CERTS_MAX]; /* hashes of certificates */
	size_t n_seen;
	struct cc_note *why;
};

static bool seen_before(const struct reading *rd, const uint8_t hash[TR_HASH])
{
	for (size_t i = 0; i < rd->n_seen; i++) {
		if (memcmp(rd->seen[i], hash, TR_HASH) == 0)
			return true;
	}
	return false;
}

static int count_certs(struct reading *rd, const struct tr_gids *gids)
{
	for (size_t i = 0; i < gids->count; i++) {
		if (seen_before(rd, gids->items[i]->hash))
			continue;
		if (rd->n_seen == CERTS_MAX)
			return cc_refuse(rd->why, CC_RULE_XML_LIMIT,
					 "more than %d different certificates", CERTS_MAX);
		rd->seen[rd->n_seen++] = gids->items[i]->hash;
	}
	return 0;
}

/* ---- levels ---- */

static int level_add(struct reading *rd, xmlNode *node, xmlNode **parent)
{
	struct tr_cred *c = rd->cred;
	struct tr_level *l = &c->levels[c->count];
	int r;

	if (!CC_RULE(CC_RULE_CRED_DEPTH, c->count <= TR_CRED_DEPTH))
		return cc_refuse(rd->why, CC_RULE_CRED_DEPTH, "more than %d delegations",
				 TR_CRED_DEPTH);
	if (c->count == CC_ARRAY_SIZE(c->levels))
		return cc_refuse(rd->why, CC_RULE_XML_LIMIT, "too many delegations to read");
	c->count++;
	r = tr_level_read(rd->certs, node, l, parent, rd->why);
	if (r == 0)
		r = count_certs(rd, &l->owner);
	return r != 0 ? cc_trace(r) : count_certs(rd, &l->target);
}

static int levels_read(struct reading *rd, xmlNode *node)
{
	int r = 0;

	while (r == 0 && node) {
		xmlNode *parent = NULL;

		r = level_add(rd, node, &parent);
		node = parent;
	}
	return cc_trace(r);
}

/* ---- signatures ---- */

static struct tr_level *level_named(struct tr_cred *c, const char *id)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->levels[i].id, id) == 0)
			return &c->levels[i];
	}
	return NULL;
}

/* Others find the Signature of a level by its xml:id, we by its Reference: both must say the same. */
static bool id_agrees(const struct xs_sig *sig)
{
	size_t len = strlen(SIG_PREFIX);

	return !sig->id || strncmp(sig->id, SIG_PREFIX, len) != 0 ||
	       strcmp(sig->id + len, sig->target) == 0;
}

static int signer_read(struct reading *rd, struct tr_level *l)
{
	const uint8_t *ders[XS_SIG_CERTS];
	size_t lens[XS_SIG_CERTS];
	int r;

	for (size_t i = 0; i < l->sig.n_certs; i++) {
		ders[i] = l->sig.certs[i].data;
		lens[i] = l->sig.certs[i].len;
	}
	r = tr_gids_read_der(rd->certs, ders, lens, l->sig.n_certs, &l->signer, rd->why);
	return r != 0 ? cc_trace(r) : count_certs(rd, &l->signer);
}

static int signature_read(struct reading *rd, xmlNode *node)
{
	cc_cleanup(xs_sig_deinit) struct xs_sig sig = {0};
	struct tr_level *l;
	int r = xs_sig_read(node, &sig, rd->why);

	if (r != 0)
		return cc_trace(r);
	l = level_named(rd->cred, sig.target);
	if (!CC_RULE(CC_RULE_SIG_FORM, l && !l->has_sig && id_agrees(&sig)))
		return cc_refuse(
			rd->why, CC_RULE_SIG_FORM,
			"a Signature of no level, or a second one, or called as another's");
	if (!l || l->has_sig)
		return 0; /* only with that rule off */
	l->sig = sig;
	l->has_sig = true;
	sig = (struct xs_sig){0};
	return signer_read(rd, l);
}

/* Whether a level has one is asked by who judges: an unsigned document can be shown. */
static int signatures_read(struct reading *rd, xmlNode *signatures)
{
	struct xs_cursor c;
	xmlNode *node = NULL;
	int r = tr_cursor_open(&c, signatures, rd->why);

	while (r == 0 && (node = xs_cursor_take(&c, XS_DSIG, "Signature")))
		r = signature_read(rd, node);
	return r != 0 ? cc_trace(r) : xs_cursor_end(&c, rd->why);
}

/* ---- the document ---- */

static int root_check(const xmlNode *root, struct cc_note *why)
{
	if (!root || !xs_is(root, NULL, "signed-credential"))
		return cc_refuse(why, CC_RULE_XML_ELEMENT, "this is no <signed-credential>");
	for (const xmlAttr *a = root->properties; a; a = a->next) {
		if (!CC_RULE(CC_RULE_XML_ELEMENT,
			     a->ns && strcmp((const char *)a->ns->href, XSI) == 0))
			return cc_refuse(why, CC_RULE_XML_ELEMENT,
					 "<signed-credential> has an attribute %.40s",
					 (const char *)a->name);
	}
	return 0;
}

static int document_read(struct reading *rd)
{
	xmlNode *root = xmlDocGetRootElement(rd->cred->doc), *node = NULL, *signatures = NULL;
	struct xs_cursor c;
	int r = root_check(root, rd->why);

	if (r == 0)
		r = xs_cursor_init(&c, root, rd->why);
	if (r == 0)
		r = xs_cursor_want(&c, NULL, "credential", &node, rd->why);
	if (r != 0)
		return cc_trace(r);
	signatures = xs_cursor_take(&c, NULL, "signatures");
	r = xs_cursor_end(&c, rd->why);
	if (r == 0)
		r = levels_read(rd, node);
	if (r == 0 && signatures)
		r = signatures_read(rd, signatures);
	return cc_trace(r);
}

int tr_cred_hash(const char *text, size_t len, uint8_t hash[TR_HASH], struct cc_note *why)
{
	if (len > XS_CRED_MAX)
		return cc_refuse(why, CC_RULE_XML_FORM, "more than %u octets", XS_CRED_MAX);
	return cc_trace(xs_sha256(text, len, hash));
}

/*
 * Each level is digested with all that is in it, the innermost once per level. What no credential
 * needs to be, delegated or not, is not digested so often.
 */
static int check_weight(const struct tr_cred *c, const char *text, size_t len, struct cc_note *why)
{
	size_t tags = 0;

	if (c->count == 1)
		return 0;
	for (const char *p = text; (p = memchr(p, '<', len - (size_t)(p - text))); p++)
		tags++;
	if (CC_RULE(CC_RULE_XML_LIMIT,
		    len * c->count <= WEIGHT_OCTETS && tags * c->count <= WEIGHT_TAGS))
		return 0;
	return cc_refuse(why, CC_RULE_XML_LIMIT,
			 "%zu octets and %zu tags in %zu levels: more than a delegation needs", len,
			 tags, c->count);
}

int tr_cred_read_hashed(struct tr_certs *certs, const char *text, size_t len,
			const uint8_t hash[TR_HASH], struct tr_cred **out, struct cc_note *why)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *c = calloc(1, sizeof(*c));
	struct reading rd = {.cred = c, .certs = certs, .why = why};
	int r;

	if (!c)
		return cc_raise(CC_ENOMEM);
	memcpy(c->hash, hash, TR_HASH);
	r = xs_doc_parse(text, len, &xs_signed_limits, &c->doc, why);
	if (r == 0)
		r = xs_doc_check_ids(c->doc, why);
	if (r == 0)
		r = document_read(&rd);
	if (r == 0)
		r = check_weight(c, text, len, why);
	if (r != 0)
		return cc_trace(r);
	*out = cc_steal(&c);
	return 0;
}

int tr_cred_read(struct tr_certs *certs, const char *text, size_t len, struct tr_cred **out,
		 struct cc_note *why)
{
	uint8_t hash[TR_HASH];
	int r = tr_cred_hash(text, len, hash, why);

	return cc_trace(r != 0 ? r : tr_cred_read_hashed(certs, text, len, hash, out, why));
}
