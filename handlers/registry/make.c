/* SPDX-License-Identifier: ISC */
/* Making GIDs and credentials: by lib/trust/signer.h, with the key of the authority above. */
#include <string.h>

#include "handlers/registry/registry.h"
#include "handlers/registry/trust.h"
#include "lib/base/util.h"

int64_t reg_gid_end(const struct reg_call *c)
{
	return c->now + c->reg->gid_days * REG_DAY;
}

/* One that was imported gets its key when it first signs, and those above it theirs. */
static int found_authority(struct reg_call *c, const char *hrn)
{
	struct rg_record r;
	struct rg_name name;
	int err = reg_name(c, hrn, "authority", &name);

	if (err)
		return err;
	err = reg_find(c, &name, RG_SHALLOW, &r);
	if (!err)
		err = *r.gid ? REG_NO_RECORD : reg_need_gid(c, &r);
	rg_record_deinit(&r);
	return err;
}

/* An authority that is not here, or whose key is not. */
static int take_signer(struct reg_call *c, const char *hrn, struct reg_signer **out)
{
	struct cc_note why = {0};
	int r = reg_signer_take(c->reg->trust, hrn, out, &why);

	if (r == -CC_ENOTFOUND && found_authority(c, hrn) == 0)
		r = reg_signer_take(c->reg->trust, hrn, out, &why);
	if (r == -CC_ENOTFOUND || r == -CC_EINVAL)
		return reg_refuse(c, REG_NO_AUTHORITY, "Missing authority: %s", hrn);
	if (r) {
		c->why = why;
		return r > 0 ? -CC_EFORMAT : r;
	}
	return 0;
}

static int read_key(struct reg_call *c, const char *text, EVP_PKEY **out)
{
	struct cc_note why = {0};
	int r = text ? tr_key_read_public(text, strlen(text), out, &why)
		     : tr_key_new(TR_KEY_P256, out);

	if (r == -CC_EFORMAT)
		return reg_refuse(c, REG_ARGUMENT, "Invalid key value: %.200s", why.text);
	return r;
}

static int keep(struct rg_record *r, const struct tr_gids *chain)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(TR_GID_TEXT_MAX);
	const struct tr_gid *leaf = tr_gids_leaf(chain);
	int err = tr_gids_write(chain, &pem);
	char *text = err ? NULL : cc_buf_take(&pem);

	if (!text)
		return err ? err : cc_raise(CC_ENOMEM);
	free(r->gid);
	r->gid = text;
	memcpy(r->key_hash, leaf->key_hash, RG_KEY_HASH);
	r->has_key = true;
	strcpy(r->uuid, leaf->uuid);
	return 0;
}

static int sign_gid(struct reg_call *c, struct rg_record *r, EVP_PKEY *key)
{
	const struct tr_gid_request rq = {.urn = r->urn,
					  .uuid = r->uuid[0] ? r->uuid : NULL,
					  .email = r->email && *r->email ? r->email : NULL,
					  .key = key,
					  .not_before = c->now - REG_BACKDATE,
					  .not_after = reg_gid_end(c)};
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	cc_cleanup(reg_signer_givep) struct reg_signer *signer = NULL;
	struct cc_note why = {0};
	int err = take_signer(c, r->authority, &signer);

	if (err)
		return err;
	err = tr_signer_make_gid(reg_signer_of(signer), &rq, c->now, &chain, &why);
	if (err > 0 || err == -CC_EINVAL)
		return reg_refuse(c, REG_ARGUMENT, "no GID can be made: %.200s", why.text);
	return err ? err : keep(r, &chain);
}

int reg_make_authority(struct reg_call *c, struct rg_record *r)
{
	const struct tr_authority_request rq = {.hrn = r->hrn,
						.email = r->email && *r->email ? r->email : NULL,
						.kind = TR_KEY_RSA2048,
						.days = (int)c->reg->gid_days};
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	cc_cleanup(reg_signer_givep) struct reg_signer *above = NULL;
	const char *dir = reg_authorities(c->reg->trust);
	struct cc_note why = {0};
	int err = take_signer(c, r->authority, &above); /* it may have to be founded, too */

	if (err)
		return err;
	err = tr_hierarchy_create(dir, &rq, c->now, &why);
	if (err > 0 || err == -CC_EINVAL)
		return reg_refuse(c, REG_ARGUMENT, "%.240s", why.text);
	if (err == -CC_EBUSY)
		return reg_refuse(
			c, REG_DB_BUSY,
			"another authority is being made in the same folder: ask again with the "
			"same op");
	/* there without a record: what a crash left, or somebody else is registering it right now */
	if (err && err != -CC_EEXIST)
		return err;
	free(r->gid);
	r->gid = NULL;
	err = tr_hierarchy_gid(dir, r->hrn, &r->gid, &why);
	if (!err)
		err = reg_gids_of(c, r, &chain);
	if (err)
		return err > 0 ? cc_raise(CC_EINTERNAL) : err;
	memcpy(r->key_hash, tr_gids_leaf(&chain)->key_hash, RG_KEY_HASH);
	r->has_key = true;
	strcpy(r->uuid, tr_gids_leaf(&chain)->uuid);
	return 0;
}

int reg_make_gid(struct reg_call *c, struct rg_record *r, const char *key_text)
{
	EVP_PKEY *key = NULL;
	int err = read_key(c, key_text, &key);

	if (!err)
		err = sign_gid(c, r, key);
	EVP_PKEY_free(key);
	return err;
}

int reg_gids_of(struct reg_call *c, const struct rg_record *r, struct tr_gids *out)
{
	int err =
		tr_gids_read(tr_verifier_certs(c->verifier), r->gid, strlen(r->gid), out, &c->why);

	return err > 0 ? cc_raise(CC_EINTERNAL) : err;
}

/* ---- credentials ---- */

static unsigned read_rights(const char *rights, struct tr_privilege *out)
{
	unsigned n = 0;

	while (*rights) {
		size_t len = strcspn(rights, ",");

		memcpy(out[n].name, rights, len);
		out[n].name[len] = 0;
		out[n++].can_delegate = true;
		rights += len + (rights[len] == ',');
	}
	return n;
}

/* On an authority its own key signs, on what is below the key of the authority above. */
static const char *issuer_of(const struct rg_record *on)
{
	return on->type == RG_AUTHORITY ? on->name : on->authority;
}

static int64_t credential_end(struct reg_call *c, const struct rg_record *on, int64_t latest)
{
	int64_t end = c->now + c->reg->credential_days * REG_DAY;

	if (on->expires && end > on->expires)
		end = on->expires;
	return end > latest ? latest : end;
}

static int sign_credential(struct reg_call *c, struct tr_signer *signer,
			   const struct tr_gids *owner, const struct rg_record *on,
			   const char *rights)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids target = {.count = 0};
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(1u << 20);
	struct tr_privilege privileges[8] = {0};
	struct tr_cred_request rq = {.owner = owner, .target = &target, .privileges = privileges};
	struct cc_note why = {0};
	int r = reg_gids_of(c, on, &target);

	if (r)
		return r;
	rq.n_privileges = read_rights(rights, privileges);
	rq.expires = credential_end(c, on, tr_signer_latest(signer, owner, &target, c->now));
	if (rq.expires <= c->now)
		return reg_refuse(c, REG_EXPIRED, "%s has ended", on->hrn);
	r = tr_signer_make_cred(signer, &rq, c->now, &text, &why);
	if (r > 0)
		return reg_refuse_rule(c, REG_PERMISSION, r, &why);
	if (r == -CC_EINVAL)
		return reg_refuse(c, REG_PERMISSION, "Permission error: %.200s", why.text);
	if (r)
		return r;
	c->value = json_stringn((char *)text.data, text.len);
	return c->value ? 0 : cc_raise(CC_ENOMEM);
}

int reg_make_credential(struct reg_call *c, const struct tr_gids *owner, const struct rg_record *on,
			const char *rights)
{
	cc_cleanup(reg_signer_givep) struct reg_signer *signer = NULL;
	int r = take_signer(c, issuer_of(on), &signer);

	return r ? r : sign_credential(c, reg_signer_of(signer), owner, on, rights);
}
