/* SPDX-License-Identifier: ISC */
#include "handlers/registry/change.h"

#include <string.h>

#include "lib/base/util.h"

int reg_change_read(struct reg_call *c, struct rg_change *out)
{
	int r = rg_change_read(json_object_get(c->args, "record"), out, &c->why);

	c->object = out->name;
	switch (r) {
	case RG_NAME_BAD:
		return REG_HRN;
	case RG_NAME_TYPE:
		return REG_TYPE;
	case RG_FIELD_BAD:
		return REG_ARGUMENT;
	default:
		return r;
	}
}

static int take_expires(struct reg_call *c, const struct rg_change *change, struct rg_record *r)
{
	if (!change->has_expires)
		return 0;
	if (change->expires <= c->now)
		return reg_refuse(c, REG_ARGUMENT, "Invalid expires value: it is over");
	if (change->expires > c->now + c->reg->slice_days * REG_DAY)
		return reg_refuse(c, REG_ARGUMENT,
				  "Invalid expires value: at most %lld days from now",
				  (long long)c->reg->slice_days);
	r->expires = change->expires;
	return 0;
}

int reg_change_apply(struct reg_call *c, const struct rg_change *change, struct rg_record *r)
{
	int err = rg_record_merge(r, change, &c->why);

	if (err == RG_FIELD_BAD)
		return REG_ARGUMENT;
	if (change->email) {
		free(r->email);
		r->email = strdup(change->email);
		if (!r->email)
			return cc_raise(CC_ENOMEM);
	}
	if (change->has_pointer)
		r->pointer = change->pointer;
	return err ? err : take_expires(c, change, r);
}

static bool fits(const char *key)
{
	EVP_PKEY *k = NULL;
	int r = tr_key_read_public(key, strlen(key), &k, NULL);

	EVP_PKEY_free(k);
	return r == 0;
}

int reg_change_key(struct reg_call *c, const struct rg_change *change, const char **out)
{
	const json_t *line;
	size_t i;

	*out = change->key && *change->key ? change->key : NULL;
	if (!*out && change->gid && *change->gid)
		*out = change->gid;
	if (*out)
		return 0;
	json_array_foreach(change->keys, i, line)
	{
		if (fits(json_string_value(line))) {
			*out = json_string_value(line);
			return 0;
		}
	}
	return 0;
}

/* An ssh line is a word for its kind, base64, and a comment; certificates hold only some kinds. */
static int check_lines(struct reg_call *c, const json_t *keys)
{
	const json_t *line;
	size_t i;

	json_array_foreach(keys, i, line)
	{
		const char *text = json_string_value(line), *blob = strchr(text, ' ');
		size_t kind = blob ? (size_t)(blob - text) : 0;

		if (kind < 4 ||
		    strspn(blob + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
				     "uvwxyz0123456789+/=") < 32 ||
		    strncmp(blob + 1, "AAAA", 4) != 0)
			return reg_refuse(c, REG_ARGUMENT,
					  "Invalid reg-keys value: line %zu is no ssh public key",
					  i + 1);
	}
	return 0;
}

int reg_change_lists(struct st_tx *tx, struct reg_call *c, int64_t id,
		     const struct rg_change *change)
{
	struct cc_note who = {0};
	int r = check_lines(c, change->keys);

	if (!r && change->keys)
		r = rg_set_keys(tx, id, change->keys);
	if (!r && change->attributes)
		r = rg_set_attributes(tx, id, change->attributes);
	for (int role = 0; role < RG_ROLES && !r; role++) {
		if (!change->related[role])
			continue;
		r = rg_set_related(tx, id, (enum rg_role)role, change->related[role], &who);
		if (r == -CC_ENOTFOUND)
			r = reg_refuse(c, REG_NO_RECORD, "Record not found: %.200s, as %s",
				       who.text, rg_role_word((enum rg_role)role));
	}
	return r;
}
