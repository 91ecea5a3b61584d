/* SPDX-License-Identifier: ISC */
#pragma once
/* What the tests of credentials ask of a document, with its reason beside it. They free the texts. */
#include "tests/test.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/cred.h"
#include "lib/xml/doc.h"
#include "tests/unit/credkit.h"

static struct tr_verifier *foreign, *ours; /* plc as another's root, and as our own */

static inline int make_verifiers(void **state)
{
	foreign = ck_verifier(0);
	ours = ck_verifier(TR_ROOT_OURS);
	return 0;
}

static inline int free_verifiers(void **state)
{
	tr_verifier_free(foreign);
	tr_verifier_free(ours);
	return 0;
}

/* Frees text. */
static inline void refused_at(struct tr_verifier *v, char *text, int64_t now, int rule,
			      const char *reason)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r = ck_verify_at(v, text, now, &g, &why);

	if (r != rule)
		print_message("# %s: %s: %s\n", reason, r ? cc_rule_name(r) : "accepted", why.text);
	assert_int_equal(r, rule);
	assert_null(g);
	assert_int_equal(why.code, CC_EDENIED);
	assert_string_not_equal(why.text, "");
	free(text);
}

static inline void refused(char *text, int rule, const char *reason)
{
	refused_at(foreign, text, TP_NOW, rule, reason);
}

/* Frees text. Caller unrefs. */
static inline struct tr_grant *accepted_at(struct tr_verifier *v, char *text, int64_t now,
					   const char *reason)
{
	struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r = ck_verify_at(v, text, now, &g, &why);

	if (r != 0)
		print_message("# %s: %s: %s\n", reason, cc_rule_name(r), why.text);
	assert_int_equal(r, 0);
	assert_non_null(g);
	free(text);
	return g;
}

static inline void accepted(char *text, const char *reason)
{
	tr_grant_unref(accepted_at(foreign, text, TP_NOW, reason));
}

/* The document of one level. */
static inline char *make(struct ck_level level)
{
	return ck_make(&level, 1);
}

/* Frees text. */
static inline char *changed(char *text, const char *from, const char *to)
{
	char *other = ck_replace(text, from, to);

	free(text);
	return other;
}

/* Text of a format of two strings. Caller frees. */
static inline char *joined(const char *format, const char *a, const char *b)
{
	char *text = NULL;
	char *first = ck_replace(format, "@", a);

	text = strchr(first, '@') ? ck_replace(first, "@", b) : strdup(first);
	free(first);
	return text;
}

#define CRED_MAIN(tests)                                                                           \
	int main(void)                                                                             \
	{                                                                                          \
		setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);                                         \
		return cmocka_run_group_tests_name(__FILE__, tests, make_verifiers,                \
						   free_verifiers);                                \
	}
