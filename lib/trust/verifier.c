/* SPDX-License-Identifier: ISC */
#include "lib/trust/verifier.h"

#include <stdlib.h>

#include "lib/base/util.h"
#include "lib/trust/roots.h"

/* Octets of remembered documents: a credential delegated once takes some 64 KiB, read. */
#define GRANT_USUAL (64u << 10)
#define GRANT_LARGEST (8u << 20) /* one of the largest always has room */

int tr_verifier_new(struct tr_verifier **out, size_t max)
{
	cc_cleanup(tr_verifier_freep) struct tr_verifier *v = calloc(1, sizeof(*v));
	int r;

	if (!v)
		return cc_raise(CC_ENOMEM);
	tr_recall_init(&v->chains, max ? max : 1, SIZE_MAX, tr_verdict_release);
	tr_recall_init(&v->grants, max, max * GRANT_USUAL + GRANT_LARGEST, tr_grant_release);
	r = tr_certs_new(&v->certs, max);
	if (r < 0)
		return cc_trace(r);
	*out = cc_steal(&v);
	return 0;
}

static void forget(struct tr_verifier *v)
{
	tr_recall_clear(&v->grants);
	tr_recall_clear(&v->chains);
}

void tr_verifier_free(struct tr_verifier *v)
{
	if (!v)
		return;
	forget(v);
	tr_recall_deinit(&v->grants);
	tr_recall_deinit(&v->chains);
	tr_certs_free(v->certs);
	tr_roots_unref(v->roots);
	free(v);
}

void tr_verifier_freep(struct tr_verifier **v)
{
	tr_verifier_free(*v);
	*v = NULL;
}

void tr_verifier_use(struct tr_verifier *v, struct tr_roots *roots)
{
	/* the same number is the same set: the one in use stays, since what is remembered borrows
	 * from it */
	if (roots == v->roots || (roots && v->roots && roots->number == v->roots->number))
		return;
	forget(v);
	tr_roots_unref(v->roots);
	v->roots = roots ? tr_roots_ref(roots) : NULL;
}

const struct tr_roots *tr_verifier_roots(const struct tr_verifier *v)
{
	return v->roots;
}

struct tr_certs *tr_verifier_certs(struct tr_verifier *v)
{
	return v->certs;
}
