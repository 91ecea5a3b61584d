/* SPDX-License-Identifier: ISC */
#include "lib/trust/hierarchy.h"

#include <jansson.h>
#include <string.h>

#include "lib/trust/hierarchy_place.h"
#include "lib/xml/ossl.h"

#define DAY 86400
#define KEY_TEXT_MAX (16u << 10)

/* ---- reading ---- */

int tr_hierarchy_gid(const char *dir, const char *hrn, char **pem, struct cc_note *why)
{
	cc_cleanup(tr_place_deinit) struct tr_place p = TR_PLACE_INIT;
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	int r = tr_place_enter(&p, dir, hrn, TR_PLACE_READ, why);

	return r ? r : tr_place_read_gid(&p, hrn, &chain, pem, why);
}

static int open_signer(const struct tr_place *p, const char *hrn, struct tr_signer **out,
		       struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	cc_cleanup(tr_place_freep) char *gid = NULL, *key = NULL;
	size_t key_len = 0;
	int r = tr_place_read_gid(p, hrn, &chain, &gid, why);

	if (!r)
		r = tr_place_read(p, TR_PLACE_KEY, &key, &key_len, why);
	return r ? r : tr_signer_new(gid, strlen(gid), key, key_len, out, why);
}

int tr_hierarchy_signer(const char *dir, const char *hrn, struct tr_signer **out,
			struct cc_note *why)
{
	cc_cleanup(tr_place_deinit) struct tr_place p = TR_PLACE_INIT;
	int r = tr_place_enter(&p, dir, hrn, TR_PLACE_SIGN, why);

	return r ? r : open_signer(&p, hrn, out, why);
}

/* jansson's own text is left out of the note: it quotes the file, where passwords stand. */
static int check_json(const struct tr_place *p, const char *text, size_t len, struct cc_note *why)
{
	json_error_t at;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);
	bool object = json_is_object(json);

	if (!json && json_error_code(&at) == json_error_out_of_memory)
		return cc_raise(CC_ENOMEM);
	if (!object)
		cc_note_set(why, CC_EFORMAT,
			    "%s/%s.dbinfo, line %d: this is no JSON object; a Python dict literal "
			    "is not evaluated: write it as JSON",
			    p->folder, p->leaf, json ? 1 : at.line);
	json_decref(json);
	return object ? 0 : -CC_EFORMAT;
}

int tr_hierarchy_dbinfo(const char *dir, const char *hrn, char **json, struct cc_note *why)
{
	cc_cleanup(tr_place_deinit) struct tr_place p = TR_PLACE_INIT;
	cc_cleanup(tr_place_freep) char *text = NULL;
	size_t len;
	int r = tr_place_enter(&p, dir, hrn, TR_PLACE_READ, why);

	if (r)
		return r;
	r = tr_place_read(&p, TR_PLACE_DBINFO, &text, &len, why);
	if (r && r != -CC_ENOTFOUND)
		return r;
	if (!r)
		r = check_json(&p, text, len, why);
	else
		r = 0; /* it uses the store of the others */
	if (!r)
		*json = cc_steal(&text);
	return r;
}

/* ---- making ---- */

static int check_days(int days, struct cc_note *why)
{
	if (days >= 1 && days <= TR_GID_DAYS_MAX)
		return 0;
	return cc_note_set(why, CC_EINVAL, "%d days: give 1 to %d", days, TR_GID_DAYS_MAX);
}

/* The signer of the authority above; *out stays NULL for a top one, which signs itself. */
static int open_parent(const char *dir, const char *hrn, struct tr_signer **out,
		       struct cc_note *why)
{
	char parent[TR_NAME_MAX + 1], urn[TR_NAME_MAX + 1];
	int r;

	if (tr_hrn_to_urn(hrn, "authority", urn, why) < 0 || tr_hrn_parent(hrn, parent) < 0)
		return -CC_EINVAL; /* why says it */
	if (!*parent)
		return 0;
	r = tr_hierarchy_signer(dir, parent, out, why);
	if (r == -CC_ENOTFOUND)
		cc_note_set(why, CC_ENOTFOUND,
			    "%.80s is signed by %.80s, which is not here with its key: create that "
			    "one first",
			    hrn, parent);
	return r;
}

static int make_chain(const struct tr_gid_request *rq, struct tr_signer *parent, int64_t now,
		      struct tr_gids *chain, struct cc_note *why)
{
	struct tr_gid *gid;
	int r;

	if (parent)
		return tr_signer_make_gid(parent, rq, now, chain, why);
	r = tr_gid_make(rq, NULL, rq->key, &gid, why);
	if (!r)
		*chain = (struct tr_gids){.items = {gid}, .count = 1};
	return r;
}

static int write_key(const struct tr_place *p, const EVP_PKEY *key, struct cc_note *why)
{
	struct cc_buf pem = CC_BUF_INIT(KEY_TEXT_MAX);
	int r = tr_key_write(key, &pem);

	if (!r)
		r = tr_place_write(p, TR_PLACE_KEY, pem.data, pem.len, why);
	if (pem.data)
		explicit_bzero(pem.data, pem.cap);
	cc_buf_deinit(&pem);
	return r;
}

static int write_gid(const struct tr_place *p, const struct tr_gids *chain, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(TR_GID_TEXT_MAX);
	int r = tr_gids_write(chain, &pem);

	return r ? r : tr_place_write(p, TR_PLACE_GID, pem.data, pem.len, why);
}

/*
 * With the place locked. The key is on disk before the GID that makes the authority exist: a crash
 * between leaves a key that nobody vouched for, which the next try replaces.
 */
static int create_in(const struct tr_place *p, const struct tr_authority_request *rq,
		     struct tr_signer *parent, int64_t now, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = NULL;
	char urn[TR_NAME_MAX + 1];
	struct tr_gid_request gid = {.urn = urn,
				     .email = rq->email,
				     .not_before = now - TR_HIERARCHY_BACKDATE,
				     .not_after = now + (int64_t)rq->days * DAY};
	int r = tr_place_has(p, TR_PLACE_GID, why);

	if (r)
		return r < 0 ? r
			     : cc_note_set(why, CC_EEXIST, "the authority %s is there already: %s",
					   rq->hrn, p->folder);
	r = tr_hrn_to_urn(rq->hrn, "authority", urn, why);
	if (!r)
		r = tr_key_new(rq->kind, &key);
	gid.key = key;
	if (!r)
		r = make_chain(&gid, parent, now, &chain, why);
	if (!r)
		r = write_key(p, key, why);
	return r ? r : write_gid(p, &chain, why);
}

int tr_hierarchy_create(const char *dir, const struct tr_authority_request *rq, int64_t now,
			struct cc_note *why)
{
	cc_cleanup(tr_signer_freep) struct tr_signer *parent = NULL;
	cc_cleanup(tr_place_deinit) struct tr_place p = TR_PLACE_INIT;
	int r = check_days(rq->days, why);

	if (!r)
		r = open_parent(dir, rq->hrn, &parent, why);
	if (!r)
		r = tr_place_enter(&p, dir, rq->hrn, TR_PLACE_MAKE, why);
	if (!r)
		r = tr_place_lock(&p, why);
	return r ? r : create_in(&p, rq, parent, now, why);
}

/* ---- renewing ---- */

static int read_key(const struct tr_place *p, EVP_PKEY **key, struct cc_note *why)
{
	cc_cleanup(tr_place_freep) char *text = NULL;
	size_t len;
	int r = tr_place_read(p, TR_PLACE_KEY, &text, &len, why);

	return r ? r : tr_key_read(text, len, key, why);
}

/* The key in the place is the one of its GID, and who signed that is who signs now. */
static int check_old(const struct tr_place *p, const struct tr_gid *old, const EVP_PKEY *key,
		     const struct tr_signer *parent, struct cc_note *why)
{
	const X509_NAME *subject = X509_get_subject_name(old->cert);

	if (EVP_PKEY_eq(old->key, key) != 1)
		return cc_note_set(why, CC_EINVAL, "the key in %s is not that of its GID",
				   p->folder);
	if (!parent && X509_NAME_cmp(subject, X509_get_issuer_name(old->cert)) != 0)
		return cc_note_set(why, CC_EINVAL,
				   "the GID of %s was signed elsewhere: have it renewed there",
				   old->hrn);
	return 0;
}

static int renew_in(const struct tr_place *p, const char *hrn, int days, struct tr_signer *parent,
		    int64_t now, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids old = {.count = 0}, chain = {.count = 0};
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = NULL;
	struct tr_gid_request gid = {.not_before = now - TR_HIERARCHY_BACKDATE,
				     .not_after = now + (int64_t)days * DAY};
	int r = tr_place_read_gid(p, hrn, &old, NULL, why);

	if (!r)
		r = read_key(p, &key, why);
	if (!r)
		r = check_old(p, old.items[0], key, parent, why);
	if (r)
		return r;
	gid.key = key;
	gid.urn = old.items[0]->urn;
	gid.uuid = *old.items[0]->uuid ? old.items[0]->uuid : NULL;
	gid.email = *old.items[0]->email ? old.items[0]->email : NULL;
	r = make_chain(&gid, parent, now, &chain, why);
	return r ? r : write_gid(p, &chain, why);
}

int tr_hierarchy_renew(const char *dir, const char *hrn, int days, int64_t now, struct cc_note *why)
{
	cc_cleanup(tr_signer_freep) struct tr_signer *parent = NULL;
	cc_cleanup(tr_place_deinit) struct tr_place p = TR_PLACE_INIT;
	int r = check_days(days, why);

	if (!r)
		r = tr_place_enter(&p, dir, hrn, TR_PLACE_SIGN, why);
	if (!r)
		r = tr_place_lock(&p, why);
	if (!r)
		r = open_parent(dir, hrn, &parent, why);
	return r ? r : renew_in(&p, hrn, days, parent, now, why);
}
