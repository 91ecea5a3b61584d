/* SPDX-License-Identifier: ISC */
#pragma once
/* What the tests of legacy forms share: XML-RPC data, and how a text of them is judged. */
#include "tests/test.h"

#include "lib/base/util.h"
#include "lib/trust/legacy_int.h"
#include "tests/unit/trustpki.h"

#define YEAR (365 * TP_DAY)

#define PARAMS(s) "<params>\n<param>\n<value><struct>" s "</struct></value>\n</param>\n</params>"
#define MEMBER(n, v) "<member>\n<name>" n "</name>\n<value>" v "</value>\n</member>\n"

static inline void put_gid(struct cc_buf *b, const char *name, const struct tp *p)
{
	char *pem = p ? tp_pem_chain(p) : NULL;

	if (pem)
		cc_buf_printf(b, MEMBER("%s", "<string>%s</string>"), name, pem);
	else
		cc_buf_printf(b, MEMBER("%s", "<nil/>"), name);
	free(pem);
}

static inline struct tr_verifier *verifier(const struct tp *root, const struct tp *other,
					   bool legacy)
{
	const struct tp *const all[] = {root, other};
	struct tr_roots_builder *b = NULL;
	struct tr_verifier *v = NULL;
	struct tr_roots *roots = NULL;

	assert_int_equal(tr_roots_builder_new(&b), 0);
	for (size_t i = 0; i < 2; i++) {
		char *pem = all[i] ? tp_pem(all[i]) : NULL;

		if (pem)
			assert_int_equal(
				tr_roots_add(b, pem, strlen(pem), NULL, TR_ROOT_OVERLAP, NULL), 0);
		free(pem);
	}
	assert_int_equal(tr_roots_seal(b, 1, legacy, &roots, NULL), 0);
	assert_int_equal(tr_verifier_new(&v, 100), 0);
	tr_verifier_use(v, roots);
	tr_roots_unref(roots);
	tr_roots_builder_free(b);
	return v;
}

static inline int read_and_verify(struct tr_verifier *v, const char *text, int64_t now,
				  struct tr_grant **out, struct cc_note *why)
{
	cc_cleanup(tr_legacy_freep) struct tr_legacy *l = NULL;
	int r = tr_legacy_read(tr_verifier_certs(v), text, strlen(text), &l, why);

	return r == 0 ? tr_legacy_verify(v, l, now, out, why) : r;
}
