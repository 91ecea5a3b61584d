/* SPDX-License-Identifier: ISC */
#pragma once
/* A policy as it stands in memory: private to lib/cc/policy*.c. */
#include "lib/base/map.h"
#include "lib/base/util.h"
#include "lib/cc/policy.h"
#include "lib/conf/opt.h"

enum policy_section { POLICY_SENDERS, POLICY_ANSWERERS, POLICY_CALLERS, POLICY_SECTIONS };

struct policy_pattern {
	bool urn;	  /* else of a CN */
	const char *text; /* behind cn:, or the whole URN; without two stars in a row */
};

/** The WHO items of one line. */
struct policy_who {
	bool any, gid;
	/* room patterns: exact ones in front, sorted; those with a star at the end */
	struct policy_pattern *patterns;
	size_t room, n_exact, n_starred;
};

struct policy_words {
	const char **words;
	size_t count;
};

struct policy_line;
/** A prefix of a line: [policy] and [servers] have one in each line, [assert-caller] any number. */
struct policy_prefix {
	struct cc_map_node node;
	struct policy_prefix *same, *last; /* of other lines; last: of them, in the first one */
	struct policy_line *line;
};

struct policy_line {
	struct policy_line *next;
	struct cc_policy_line shown;
	struct cf_list items; /* the memory of all patterns and words */
	struct policy_who who;
	struct policy_prefix *prefixes;
	struct policy_words on, namespaces, denied; /* [assert-caller]; on: its prefixes */
};

struct policy_index {
	struct cc_map map; /* struct policy_prefix, the first of each text */
	size_t longest;	   /* octets */
};

struct cc_policy {
	unsigned refs;
	bool has[POLICY_SECTIONS];
	struct policy_index index[POLICY_SECTIONS];
	struct policy_line *lines;
	size_t n_lines;
};

/** Reads all sections into an empty policy, which is to be freed also after a failure. */
int cc_policy_read(struct cc_policy *p, const struct cf_ini *ini, struct cc_note *why);

/** Makes room for so many patterns. @return 0, -CC_ENOMEM. */
int cc_policy_who_init(struct policy_who *who, size_t room);
void cc_policy_who_deinit(struct policy_who *who);
/**
 * Adds cn:PATTERN or a URN's pattern, in place: text is changed and must live. @return 0,
 * -CC_EINVAL; why: what is wrong with it, without a place.
 */
int cc_policy_who_add(struct policy_who *who, char *text, struct cc_note *why);
/** After the last pattern, before the first question. */
void cc_policy_who_finish(struct policy_who *who);
/** Whether signer, which may be NULL, is one of them. */
bool cc_policy_who_has(const struct policy_who *who, const struct cc_signer *signer);
/** Whether type is prefix or below it. */
bool cc_policy_covers(const char *prefix, struct cc_bytes type);
