/* SPDX-License-Identifier: ISC */
#pragma once
/* Records in the store: every SQL text on tables record, ssh_key, relation, attribute. */
#include "lib/registry/record.h"
#include "lib/store/store.h"

/* How much of a record is read. */
enum rg_depth {
	RG_SHALLOW, /* the row of table record */
	RG_WHOLE,   /* with its lists */
};

/** Reads the record of a name and type. @return 0, -CC_ENOTFOUND, as st_query. Deinit out also after a failure. */
int rg_find(struct st_tx *tx, const char *name, enum rg_type type, enum rg_depth depth,
	    struct rg_record *out);
/**
 * Calls each with all records of a name (of its type, or of every type), lists read; each borrows the
 * record. A non-zero return ends it. @return that, 0, as st_query.
 */
int rg_find_all(struct st_tx *tx, const struct rg_name *name,
		int (*each)(void *arg, const struct rg_record *r), void *arg);

struct rg_page {
	const char *authority; /* the store's form */
	bool recursive;	       /* with all that is below, and the authority itself */
	const char *after;     /* "NAME TYPE" of the last one that was given; "": from the start */
	unsigned limit;	       /* 1 to RG_PAGE_MAX */
};
#define RG_PAGE_MAX 1000
/**
 * Calls each with the records of a page in order of name and type; *more: there are others behind it.
 * @return as above.
 */
int rg_list(struct st_tx *tx, const struct rg_page *page,
	    int (*each)(void *arg, const struct rg_record *r), void *arg, bool *more);
/**
 * Calls each with the next records of a type by their numbers, from behind `after`, at most `limit`;
 * *last: the number of the last one. @return as above.
 */
int rg_each(struct st_tx *tx, enum rg_type type, int64_t after, unsigned limit,
	    int (*each)(void *arg, const struct rg_record *r), void *arg, int64_t *last);
/**
 * A number that is another one whenever records of a type were added, changed or removed. @return 0, as
 * st_query.
 */
int rg_stamp(struct st_tx *tx, enum rg_type type, int64_t *out);
/** Whether an authority has records below it. @return 1, 0, as st_query. */
int rg_has_children(struct st_tx *tx, const char *authority);

/**
 * Inserts the row; id, created, updated are the caller's. @return 0, -CC_EEXIST (the name and type,
 * or its key, are taken: *key says which), as st_exec.
 */
int rg_insert(struct st_tx *tx, const struct rg_record *r, bool *key);
/**
 * Writes all but name and type back, if it still has the version that was read. @return 0, -CC_EEXIST
 * (its key is another's), -CC_ENOTFOUND (changed or removed since), as st_exec.
 */
int rg_update(struct st_tx *tx, const struct rg_record *r);
/** Removes a record with all that hangs on it. @return 0, -CC_ENOTFOUND, as st_exec. */
int rg_remove(struct st_tx *tx, int64_t id);

int rg_set_keys(struct st_tx *tx, int64_t id, const json_t *keys);
int rg_set_attributes(struct st_tx *tx, int64_t id, const json_t *attributes);
/**
 * Who is that of it, from now on: users by HRN or URN. @return 0, -CC_ENOTFOUND with why: no such
 * user, as st_exec.
 */
int rg_set_related(struct st_tx *tx, int64_t id, enum rg_role role, const json_t *users,
		   struct cc_note *why);
/** Whether a user is that of it. @return 1, 0, as st_query. */
int rg_is_related(struct st_tx *tx, int64_t object, enum rg_role role, int64_t user);
/**
 * Whether a user is that of an authority (the store's form) or of one above it. @return 1, 0, as
 * st_query.
 */
int rg_is_related_above(struct st_tx *tx, const char *authority, enum rg_role role, int64_t user);
/** The record whose key this is. @return 0, -CC_ENOTFOUND, as st_query. */
int rg_find_key(struct st_tx *tx, const uint8_t hash[RG_KEY_HASH], struct rg_record *out);
