/* SPDX-License-Identifier: ISC */
/* What certificates say, alone and as the GIDs of a credential. */
#include "cli/trust_describe.h"

#include <string.h>

#include "lib/base/util.h"

/* The number of an RFC 4122 UUID, as the layout of 2008 has it; "" when it is none. */
static void uuid_number(const char *uuid, char out[48])
{
	static const char hex[] = "0123456789abcdef";
	unsigned __int128 n = 0;
	char *at = out + 47;

	for (; *uuid; uuid++) {
		const char *digit = strchr(hex, *uuid | 0x20);

		if (digit && *uuid != '-')
			n = n << 4 | (unsigned)(digit - hex);
	}
	*at = 0;
	do {
		*--at = (char)('0' + (int)(n % 10));
		n /= 10;
	} while (n);
	memmove(out, at, strlen(at) + 1);
}

static void add_uuid(struct cli_facts *f, const char *uuid)
{
	char number[48];

	if (!*uuid)
		return;
	cli_fact_text(f, "uuid", uuid);
	if (strchr(uuid, '-'))
		uuid_number(uuid, number);
	cli_fact_text(f, "uuid_number", strchr(uuid, '-') ? number : uuid);
}

static const char *digest_name(enum tr_digest digest)
{
	static const char *const names[] = {
		[TR_DIGEST_SHA2] = "SHA-2",
		[TR_DIGEST_SHA1] = "SHA-1",
		[TR_DIGEST_MD5] = "MD5",
		[TR_DIGEST_OTHER] = "another",
	};

	return names[digest];
}

static void add_certificate(struct cli_facts *f, const struct tr_gid *g)
{
	char hex[2 * TR_HASH + 1], key[64];

	for (size_t i = 0; i < TR_HASH; i++)
		snprintf(hex + 2 * i, 3, "%02x", g->hash[i]);
	snprintf(key, sizeof(key), "%s %d", EVP_PKEY_get0_type_name(g->key),
		 EVP_PKEY_get_bits(g->key));
	cli_fact_text(f, "key", key);
	cli_fact_text(f, "digest", digest_name(g->digest));
	cli_fact(f, "version", json_integer(g->version));
	cli_fact(f, "ca", json_boolean(g->ca));
	cli_fact_time(f, "not_before", g->not_before);
	cli_fact_time(f, "not_after", g->not_after);
	cli_fact_text(f, "key_id", g->key_id);
	cli_fact_text(f, "sha256", hex);
}

void trust_describe_gid(struct cli_facts *f, const struct tr_gid *g, bool whole)
{
	cli_fact_text(f, "subject", g->cn);
	cli_fact_text(f, "hrn", g->hrn);
	add_uuid(f, g->uuid);
	cli_fact_text(f, "urn", g->urn);
	cli_fact_text(f, "email", g->email);
	if (whole)
		add_certificate(f, g);
}

static json_t *gids_json(const struct tr_gids *gids)
{
	struct cli_facts f;
	json_t *issuers = json_array();

	if (cli_facts_init(&f) < 0) {
		json_decref(issuers);
		return NULL;
	}
	trust_describe_gid(&f, gids->items[0], false);
	for (size_t i = 1; i < gids->count; i++)
		if (json_array_append_new(issuers, cli_json_text(trust_name_of(gids->items[i]))) <
		    0)
			f.failed = true;
	cli_fact(&f, "issuers", issuers);
	return cli_facts_take(&f);
}

void trust_describe_gids(struct cli_facts *f, const char *key, const struct tr_gids *gids)
{
	if (gids->count)
		cli_fact(f, key, gids_json(gids));
}

/* Adds an object of its own to levels. */
int trust_describe_certs(const char *text, size_t len, json_t *levels, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	int r = tr_gids_read(NULL, text, len, &gids, why);

	for (size_t i = 0; i < gids.count && !r; i++) {
		struct cli_facts f;

		r = cli_facts_init(&f);
		if (r)
			break;
		cli_fact_text(&f, "word", "GID");
		trust_describe_gid(&f, gids.items[i], true);
		if (json_array_append_new(levels, cli_facts_take(&f)) < 0)
			r = cc_raise(CC_ENOMEM);
	}
	return r;
}
