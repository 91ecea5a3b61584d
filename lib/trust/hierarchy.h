/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Authorities on disk (spec sfa 6): DIR/plc/site/site.gid (PEM chain), site.pkey (0600),
 * site.dbinfo (JSON object, never evaluated). Files are made whole or not at all; an authority is
 * there when its .gid is, which is written last. Folders are called as the labels, without escapes
 * and in lower case.
 */
#include "lib/trust/signer.h"

/* Seconds that a GID is good before it was made: the clocks of a testbed differ. */
#define TR_HIERARCHY_BACKDATE 300

struct tr_authority {
	char hrn[TR_NAME_MAX + 1], urn[TR_NAME_MAX + 1];
	int64_t not_after;
	bool has_key, has_dbinfo;
};

struct tr_authority_request {
	const char *hrn;
	const char *email; /* NULL: none */
	enum tr_key_kind kind;
	int days; /* 1 to TR_GID_DAYS_MAX */
};
/**
 * Makes an authority: a new key (a .pkey without .gid is what a crash left: it is replaced), GID
 * signed by its parent, or self-signed for a top one. @return 0, -CC_EEXIST, -CC_EBUSY (somebody
 * else is at it), -CC_ENOTFOUND (no parent), -CC_EDENIED (as tr_hierarchy_signer, of the parent or
 * of its own folder), -CC_EINVAL, a rule as tr_signer_make_gid, -CC_ESYS.
 */
int tr_hierarchy_create(const char *dir, const struct tr_authority_request *rq, int64_t now,
			struct cc_note *why);
/** A new GID for the same key, URN, UUID and email address. @return as above. */
int tr_hierarchy_renew(const char *dir, const char *hrn, int days, int64_t now,
		       struct cc_note *why);
/**
 * Ends an authority: its GID goes first, so that nobody finds it any more, then its key, so that it
 * never comes back with one. .dbinfo and what is below stay. @return 0, -CC_ENOTFOUND (no GID; a key
 * that was left is gone, too), -CC_EBUSY, -CC_EDENIED, -CC_ESYS.
 */
int tr_hierarchy_retire(const char *dir, const char *hrn, struct cc_note *why);
/**
 * Opens an authority to sign. @return 0, -CC_ENOTFOUND, -CC_EDENIED (others may read the key or
 * write where it is, or what is there belongs to neither root nor us), -CC_EFORMAT (the GID names
 * another), as tr_signer_new.
 */
int tr_hierarchy_signer(const char *dir, const char *hrn, struct tr_signer **out,
			struct cc_note *why);
/**
 * The GID chain of an authority as PEM. Caller frees. @return 0, -CC_ENOTFOUND, CC_RULE_CERT_FORM,
 * CC_RULE_CHAIN_DEPTH, -CC_EFORMAT (it names another), -CC_ESYS.
 */
int tr_hierarchy_gid(const char *dir, const char *hrn, char **pem, struct cc_note *why);
/**
 * The store that .dbinfo names, as JSON text that was checked to be an object; NULL in *json: none.
 * Caller frees. @return 0, -CC_EFORMAT, -CC_ESYS.
 */
int tr_hierarchy_dbinfo(const char *dir, const char *hrn, char **json, struct cc_note *why);
/**
 * Calls each for every authority, parents first, by name. A non-zero return of each ends it.
 * @return that, 0, -CC_ENOTFOUND (no such folder), as tr_hierarchy_gid.
 */
int tr_hierarchy_list(const char *dir, int (*each)(void *arg, const struct tr_authority *a),
		      void *arg, struct cc_note *why);
