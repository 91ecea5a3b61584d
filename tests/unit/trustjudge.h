/* SPDX-License-Identifier: ISC */
#pragma once
/* Roots, verifiers and verdicts, for tests of chains. */
#include <openssl/err.h>
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/chain.h"
#include "tests/test.h"
#include "tests/unit/trustpki.h"

#define MEMORY 100

/* The SAN of a GID of 2008. */
#define MEMBER(name, value)                                                                        \
	"<member>\n<name>" name "</name>\n<value><string>" value "</string></value>\n</member>\n"
#define HRN(hrn)                                                                                   \
	"http://<params>\n<param>\n<value><struct>\n" MEMBER("uuid", "1")                          \
		MEMBER("hrn", hrn) "</struct></value>\n</param>\n</params>"

static const struct tp_world *w;
static struct cc_note why; /* of the last refusal */

static inline int judge_setup(void **state)
{
	w = tp_world();
	return 0;
}

/* After each test: nothing is left of what OpenSSL did not like. */
static inline int judge_teardown(void **state)
{
	assert_int_equal(ERR_peek_error(), 0);
	return 0;
}

struct root_row {
	const struct tp *tp;
	const char *space;
	unsigned flags;
};

static inline int add_root(struct tr_roots_builder *b, const struct root_row *row)
{
	char *pem = tp_pem(row->tp);
	int r = tr_roots_add(b, pem, strlen(pem), row->space, row->flags, &why);

	free(pem);
	return r;
}

/* rows end with one without tp; crls with NULL. @return as tr_roots_seal. */
static inline int try_roots(const struct root_row *rows, const char *const *crls, bool legacy,
			    struct tr_roots **out)
{
	static uint64_t number;
	struct tr_roots_builder *b = NULL;
	int r = tr_roots_builder_new(&b);

	for (; r == 0 && rows->tp; rows++)
		r = add_root(b, rows);
	for (; r == 0 && crls && *crls; crls++)
		r = tr_roots_add_crls(b, *crls, strlen(*crls), &why);
	if (r == 0)
		r = tr_roots_seal(b, ++number, legacy, out, &why);
	tr_roots_builder_free(b);
	return r;
}

static inline struct tr_roots *make_roots(const struct root_row *rows, const char *const *crls)
{
	struct tr_roots *roots = NULL;

	if (try_roots(rows, crls, false, &roots) != 0)
		fail_msg("no roots: %s", why.text);
	return roots;
}

/* Takes roots. */
static inline struct tr_verifier *make_verifier(struct tr_roots *roots, size_t max)
{
	struct tr_verifier *v = NULL;

	assert_int_equal(tr_verifier_new(&v, max), 0);
	tr_verifier_use(v, roots);
	tr_roots_unref(roots);
	return v;
}

static inline struct tr_verifier *usual(void)
{
	return make_verifier(make_roots((struct root_row[]){{w->plc}, {w->other}, {0}}, NULL),
			     MEMORY);
}

static inline int judge_at(struct tr_verifier *v, const struct tr_gids *gids, int64_t now)
{
	struct tr_chain chain = {.from = 1, .until = -1};
	int r = tr_chain_verify(v, gids, now, &chain, &why);

	if (r == 0) {
		assert_non_null(chain.root);
		assert_true(chain.from <= now && now <= chain.until);
	} else {
		assert_null(chain.root);
	}
	return r;
}

static inline int judge(struct tr_verifier *v, const struct tp *p)
{
	return judge_at(v, &p->chain, TP_NOW);
}

static inline void judged(struct tr_verifier *v, const struct tr_gids *gids, const char *name,
			  int rule, const char *text)
{
	why = (struct cc_note){0};
	for (int i = 0; i < 2; i++) { /* as new, and perhaps from memory */
		int r = judge_at(v, gids, TP_NOW);

		if (r != rule)
			fail_msg("%s: %s (%s), not %s", name, r ? cc_rule_name(r) : "accepted",
				 why.text, rule ? cc_rule_name(rule) : "accepted");
		if (rule && !strstr(why.text, text))
			fail_msg("%s: '%s' does not say '%s'", name, why.text, text);
	}
}

static inline struct tr_gids part(const struct tp *p, size_t from, size_t count)
{
	struct tr_gids some = {.count = count};

	memcpy(some.items, p->chain.items + from, count * sizeof(*some.items));
	return some;
}
