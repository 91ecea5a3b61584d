/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Who may say what: the sections [policy], [servers] and [assert-caller] of a configuration
 * (architecture section 3, docs/policy.md). Immutable and reference counted; from any thread.
 *
 *   [policy]         PREFIX = WHO, WHO...   who may send messages of these types
 *   [servers]        PREFIX = WHO, WHO...   who may answer requests of these types
 *   [assert-caller]  LABEL = WHO..., prefix PREFIX..., namespace AUTHORITY..., deny TYPE...
 *
 * PREFIX: whole dotted components, or * for every type; of several that match the longest decides,
 * alone. No line: no. Types are compared octet by octet; as keys of a configuration are in lower
 * case, so are the prefixes of [policy] and [servers], and a type with a capital letter is one that
 * only a shorter prefix or * covers.
 * WHO: `any` (every signer of class bus), `none` (alone in its line: nobody), `gid` (every signer
 * of class gid; [policy] only), `cn:PATTERN` (class bus, a signer that has no URN),
 * `urn:publicid:IDN+...` (class bus, by the URN).
 * In a PATTERN * stands for any octets, in a URN for any but +. A URN must start with
 * urn:publicid:IDN+ and name its three parts (authority+type+name, stars allowed). A comma ends a
 * WHO; where a name holds one, write *.
 * AUTHORITY: `ccfed.test` is that authority and those below it (`ccfed.test:site`); * is every one.
 * deny TYPE: an operation, and the types below it; within the line's prefixes.
 * Entries of [DEFAULT] and those that %(name)s names are no lines.
 */
#include "lib/base/err.h"
#include "lib/cc/cms.h"
#include "lib/cc/msg.h"
#include "lib/conf/ini.h"

#define CC_POLICY_LINES 20000 /* lines of all three sections */

struct cc_policy; /* opaque */

/** The line that decided, for people; borrowed from the policy. */
struct cc_policy_line {
	const char *section, *key, *value, *file;
	int line;
};

/**
 * Reads the three sections (absent ones are empty). @return 0, -CC_EINVAL (why: "FILE:LINE: what is
 * wrong and what to write"), -CC_ELIMIT, -CC_ENOMEM.
 */
int cc_policy_new(struct cc_policy **out, const struct cf_ini *ini, struct cc_note *why);
struct cc_policy *cc_policy_ref(const struct cc_policy *p);
void cc_policy_unref(const struct cc_policy *p);
void cc_policy_unrefp(struct cc_policy **p);

/** Whether the configuration has a section [policy] (or [servers]) at all. */
bool cc_policy_has_policy(const struct cc_policy *p);
bool cc_policy_has_servers(const struct cc_policy *p);

/** Calls each with every line of all sections, in no order. */
void cc_policy_each(const struct cc_policy *p,
		    void (*each)(void *arg, const struct cc_policy_line *line), void *arg);

/**
 * Whether signer may send a message of type. *line: the line that decides, NULL when none matches
 * (which is no); line may be NULL. A NULL signer never may, nor may anybody send what is no type.
 */
bool cc_policy_allows(const struct cc_policy *p, struct cc_bytes type,
		      const struct cc_signer *signer, const struct cc_policy_line **line);
/**
 * Whether the line that decides for type says gid: only then is a certificate outside our CAs
 * looked at.
 */
bool cc_policy_takes_gid(const struct cc_policy *p, struct cc_bytes type);
/** Whether signer may answer a request of type, by [servers]. */
bool cc_policy_may_answer(const struct cc_policy *p, struct cc_bytes type,
			  const struct cc_signer *signer, const struct cc_policy_line **line);

enum cc_caller_verdict {
	CC_CALLER_OK = 0,	 /* stated, and may be; or neither stated nor wanted */
	CC_CALLER_FORBIDDEN = 1, /* stated by a signer that has no line for this type */
	CC_CALLER_MISSING,	 /* not stated, by a front door that must */
	CC_CALLER_NAMESPACE,	 /* outside the namespaces of the line */
	CC_CALLER_OPERATION,	 /* an operation that the line denies */
};
/**
 * What [assert-caller] says of a message: stated says whether it carries `caller`; urn is the
 * caller's publicid URN, NULL when it has no chain or no URN (good for reg.get_version,
 * reg.get_self_credential, am.get_version only). When several lines name the signer and the type,
 * one that allows is enough, but no line's deny is overridden. *line: the line that allows or
 * denies, else the first that names signer and type, NULL when none does; line may be NULL.
 */
enum cc_caller_verdict cc_policy_caller(const struct cc_policy *p, struct cc_bytes type,
					const struct cc_signer *signer, bool stated,
					const char *urn, const struct cc_policy_line **line);

/**
 * Whether a publicid URN or a CN fits a pattern as above, for tests: "cn:front-*",
 * "urn:publicid:IDN+a+node+*". What is no pattern fits nobody.
 */
bool cc_policy_match(const char *pattern, const struct cc_signer *signer);
