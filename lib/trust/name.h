/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Names of principals: publicid URNs (spec geni-am 5) and HRNs (spec sfa 2.2).
 *
 *   urn:publicid:IDN+AUTHORITY[:SUB]...+TYPE+NAME       urn:publicid:IDN+plc:site+user+alice
 *   LABEL.LABEL...                                      plc.site.alice, emulab\.net.bob
 *
 * Authorities, slice and user names compare without case (ASCII) and keep theirs; node, sliver and
 * tool names compare as they are. An authority is one over another when its labels are the first of
 * the other's: "plc:site" over "plc:site:lab", not over "plc:sitex".
 */
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

#define TR_NAME_MAX 255 /* octets of a URN or an HRN */
#define TR_URN_PREFIX "urn:publicid:IDN+"

struct tr_part {
	const char *text; /* not NUL-terminated */
	size_t len;
};

struct tr_urn {
	struct tr_part authority, type, name; /* borrowed from the text that was parsed */
};

/**
 * Takes a URN apart. Authority of labels divided by ":", none of them empty; name: everything
 * behind the third "+". Printable ASCII, no white space, none of | ? / # and no backslash, which is
 * the escape of HRNs. @return 0, -CC_EFORMAT.
 */
int tr_urn_parse(const char *text, size_t len, struct tr_urn *out, struct cc_note *why);
/** The same of a string. */
int tr_urn_parse_text(const char *text, struct tr_urn *out, struct cc_note *why);
/** Whether two URNs name one principal, by the case rules above. What is no URN equals nothing. */
bool tr_urn_equal(const char *a, const char *b);
/** Types whose principals are authorities: "authority" (names sa, am, cm, ma, sm, ch...). */
bool tr_type_is_authority(struct tr_part type);

/** Whether authority over equals sub or is an authority over it, by whole labels. */
bool tr_authority_over(struct tr_part over, struct tr_part sub);
bool tr_authority_equal(struct tr_part a, struct tr_part b);
/**
 * Whether a principal of this name issues at all: of type authority and called sa, ma, root, ca or
 * ch. The others (am, cm, sm...) run something, and sign nobody's certificates and credentials.
 */
bool tr_name_issues(const struct tr_urn *urn);
/**
 * Whether a principal called issuer may vouch for one called subject: issuer is one that issues,
 * and its authority is over the subject's; its own name only for itself: a user, slice or node of
 * the issuer's own HRN is refused ("plc+user+site" of "plc:site"), other names of its own authority
 * ("authority+am" of "authority+sa") are its affair.
 */
bool tr_name_may_issue(const struct tr_urn *issuer, const struct tr_urn *subject);

/**
 * HRN and type of a URN, as the Python SFA has them: dots in labels escaped, "authority+sa" gives
 * type "authority", other authority names "authority+am"; a sliver's "-N" or ":N-M" suffix stays.
 * @return 0, -CC_EFORMAT, -CC_ELIMIT.
 */
int tr_urn_to_hrn(const struct tr_urn *urn, char hrn[TR_NAME_MAX + 1], char type[64],
		  struct cc_note *why);
/** The URN of an HRN and type ("authority" is authority+sa). @return 0, -CC_EFORMAT, -CC_ELIMIT. */
int tr_hrn_to_urn(const char *hrn, const char *type, char urn[TR_NAME_MAX + 1],
		  struct cc_note *why);
/** Whether HRN over equals sub or is over it by whole labels, escapes obeyed. */
bool tr_hrn_over(const char *over, const char *sub);
/** The HRN without its last label; "" for a top one. @return 0, -CC_EFORMAT. */
int tr_hrn_parent(const char *hrn, char parent[TR_NAME_MAX + 1]);

/**
 * publicid transcription of RFC 3151, both ways, for text that becomes a part of a URN; either form
 * is TR_NAME_MAX octets at most. @return 0, -CC_EFORMAT, -CC_ELIMIT (or longer than size).
 */
int tr_publicid_encode(const char *text, char *out, size_t size);
int tr_publicid_decode(const char *text, size_t len, char *out, size_t size);

/**
 * The rules for names that we give (spec geni-am 5): slice ^[a-zA-Z0-9][-a-zA-Z0-9]{0,18}$, user
 * ^[a-zA-Z]\w{0,7}$, sliver [A-Za-z0-9._-]+, tool ^[a-zA-Z][\w@.-]{0,63}$, node and authority label
 * [A-Za-z0-9][A-Za-z0-9._-]*, at most 64. No other type is named here; "authority+am" is
 * "authority". What others named is read, whatever it is. @return 0, -CC_EINVAL with the rule in
 * words.
 */
int tr_name_check(const char *type, const char *name, struct cc_note *why);
