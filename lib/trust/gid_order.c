/* SPDX-License-Identifier: ISC */
/* Chains whose certificates come in any order, as those of a CMS message do (a DER SET is sorted). */
#include <openssl/x509v3.h>

#include "lib/trust/gid.h"

/* The one of the rest that issued a certificate, by names and key identifiers; none: count. */
static size_t issuer_of(const struct tr_gids *g, size_t from)
{
	for (size_t i = from; i < g->count; i++)
		if (X509_check_issued(g->items[i]->cert, g->items[from - 1]->cert) == X509_V_OK)
			return i;
	return g->count;
}

void tr_gids_order(struct tr_gids *g)
{
	size_t next = 1;

	while (next < g->count) {
		size_t i = issuer_of(g, next);
		struct tr_gid *found;

		if (i == g->count)
			break;
		found = g->items[i];
		g->items[i] = g->items[next];
		g->items[next++] = found;
	}
	while (g->count > next)
		tr_gid_unref(g->items[--g->count]);
}
