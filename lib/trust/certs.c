/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "lib/trust/gid_int.h"
#include "lib/base/util.h"

#define COST_EACH (16u << 10) /* of one on average: an ordinary GID costs 8 to 16 KiB */

struct known {
	struct tr_recalled recalled;
	struct tr_gid *gid;
};

struct tr_certs {
	struct tr_recall known;
};

static void release(struct tr_recalled *entry)
{
	struct known *k = cc_container_of(entry, struct known, recalled);

	tr_gid_unref(k->gid);
	free(k);
}

int tr_certs_new(struct tr_certs **out, size_t max)
{
	struct tr_certs *c = calloc(1, sizeof(*c));

	if (!c)
		return cc_raise(CC_ENOMEM);
	tr_recall_init(&c->known, max, max * COST_EACH, release);
	*out = c;
	return 0;
}

void tr_certs_free(struct tr_certs *c)
{
	if (!c)
		return;
	tr_recall_deinit(&c->known);
	free(c);
}

void tr_certs_freep(struct tr_certs **c)
{
	tr_certs_free(*c);
	*c = NULL;
}

struct tr_gid *tr_certs_find(struct tr_certs *certs, const uint8_t hash[TR_HASH])
{
	struct tr_recalled *entry = certs ? tr_recall_find(&certs->known, hash) : NULL;

	return entry ? tr_gid_ref(cc_container_of(entry, struct known, recalled)->gid) : NULL;
}

int tr_certs_add(struct tr_certs *certs, struct tr_gid *g, size_t cost)
{
	struct known *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return cc_raise(CC_ENOMEM);
	k->gid = tr_gid_ref(g);
	k->recalled.cost = sizeof(*k) + cost;
	memcpy(k->recalled.key, g->hash, TR_HASH);
	r = tr_recall_add(&certs->known, &k->recalled);
	return r == -CC_ELIMIT ? 0 : cc_trace(r);
}
