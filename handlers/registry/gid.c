/* SPDX-License-Identifier: ISC */
/* create_gid: a GID for a name below an authority, or for oneself. */
#include <string.h>

#include "handlers/registry/registry.h"
#include "lib/base/util.h"

struct creating {
	struct reg_call *call;
	struct rg_record *record;
};

/* One key, one name: nobody gets another's key into a GID of his own. */
static int run_check(struct st_tx *tx, void *arg)
{
	struct creating *g = arg;
	struct rg_record other;
	int r = rg_find_key(tx, g->record->key_hash, &other);

	if (!r && (other.type != g->record->type || strcmp(other.name, g->record->name) != 0))
		r = reg_refuse(g->call, REG_EXISTS, "the key of %s has another name already",
			       g->record->hrn);
	rg_record_deinit(&other);
	return r == -CC_ENOTFOUND ? 0 : r;
}

/* What decides is the block that the key is read from, the first one. */
static bool is_csr(const char *key)
{
	static const char plain[] = "-----BEGIN CERTIFICATE REQUEST-----";
	static const char fresh[] = "-----BEGIN NEW CERTIFICATE REQUEST-----";
	const char *block = strstr(key, "-----BEGIN ");

	return block && (strncmp(block, plain, sizeof(plain) - 1) == 0 ||
			 strncmp(block, fresh, sizeof(fresh) - 1) == 0);
}

/* For his own name a caller may have a GID for the key that he has, or one that he proves to have. */
static int check_own(struct reg_call *c, const struct rg_name *name, const char *key,
		     const struct rg_record *r)
{
	if (reg_grant_is_lent(c->grant, name))
		return reg_refuse(
			c, REG_PERMISSION,
			"Permission error: a GID of %s is made for itself or an authority "
			"above it",
			name->hrn);
	if (!reg_grant_is_on(c->grant, name) || is_csr(key))
		return 0;
	if (memcmp(r->key_hash, az_caller_real(&c->caller)->key_hash, RG_KEY_HASH) == 0)
		return 0;
	return reg_refuse(c, REG_PERMISSION,
			  "Permission error: a GID of %s for another key wants a certificate "
			  "request, or update",
			  name->hrn);
}

static int make(struct reg_call *c, const struct rg_name *name, const char *uuid, const char *key)
{
	struct rg_record r = {.type = name->type};
	struct creating g = {c, &r};
	int err;

	strcpy(r.name, name->name);
	strcpy(r.authority, name->authority);
	strcpy(r.hrn, name->hrn);
	strcpy(r.urn, name->urn);
	strcpy(r.uuid, uuid);
	err = reg_make_gid(c, &r, key);
	if (!err)
		err = check_own(c, name, key, &r);
	if (!err) {
		c->value = json_string(r.gid);
		err = c->value ? reg_write(c, name->authority, run_check, &g) : cc_raise(CC_ENOMEM);
	}
	rg_record_deinit(&r);
	return err;
}

/* RFC 4122 in text, or the decimal number of 2008; "" and "None" for a random one. */
static int read_uuid(struct reg_call *c, char out[64])
{
	const char *text;
	int r = reg_arg_text(c, "uuid", false, &text);

	out[0] = 0;
	if (r || !*text || strcmp(text, "None") == 0)
		return r;
	if (strlen(text) != 36 || strspn(text, "0123456789abcdefABCDEF-") != 36)
		return reg_refuse(c, REG_ARGUMENT, "Invalid uuid value: expected a UUID");
	strcpy(out, text);
	return 0;
}

int reg_create_gid(struct reg_call *c)
{
	struct rg_name name;
	char uuid[64];
	const char *key;
	int r = reg_arg_name(c, "user", &name);

	if (!r)
		r = read_uuid(c, uuid);
	if (!r)
		r = reg_arg_text(c, "key", true, &key);
	if (!r && rg_name_check(&name, &c->why) != 0)
		r = REG_HRN;
	if (!r)
		r = reg_allow(c, "update",
			      name.type == RG_AUTHORITY ? REG_ABOVE : REG_SELF_OR_ABOVE, &name);
	/* a CA is made by register alone, with a key that only the registry has */
	if (!r && name.type == RG_AUTHORITY)
		r = reg_refuse(c, REG_PERMISSION,
			       "Permission error: %s: authorities are registered", name.hrn);
	if (!r)
		r = reg_seek_op(c, name.authority);
	return r || c->repeated ? r : make(c, &name, uuid, key);
}
