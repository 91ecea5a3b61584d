/* SPDX-License-Identifier: ISC */
#pragma once
/* Policies from text, and the signers that they are asked about. */
#include "tests/test.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "lib/cc/policy.h"

#define IDN "urn:publicid:IDN+"

static inline struct cc_policy *parse(const char *text, struct cc_note *why)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_policy *p = NULL;
	int r;

	if (cf_ini_parse("f", text, strlen(text), NULL, NULL, 0, &ini, why) < 0)
		fail_msg("%s", why->text);
	r = cc_policy_new(&p, ini, why);
	assert_int_equal(r, -why->code);
	return p;
}

static inline struct cc_policy *must_parse(const char *text)
{
	struct cc_note why = {0};
	struct cc_policy *p = parse(text, &why);

	if (!p)
		fail_msg("%s", why.text);
	return p;
}

static inline struct cc_bytes bytes(const char *text)
{
	return (struct cc_bytes){(const uint8_t *)text, strlen(text)};
}

/* "gid:NAME" is of class gid, "NAME" of class bus; a name that starts as a URN is one. */
static inline const struct cc_signer *signer(const char *name)
{
	static struct cc_signer s;

	if (!name)
		return NULL;
	memset(&s, 0, sizeof(s));
	if (strncmp(name, "gid:", 4) == 0) {
		s.cls = CC_CLASS_GID;
		name += 4;
	}
	s.has_urn = strncmp(name, "urn:", 4) == 0;
	snprintf(s.name, sizeof(s.name), "%s", name);
	snprintf(s.cn, sizeof(s.cn), "%s", s.has_urn ? "somebody" : name);
	return &s;
}
