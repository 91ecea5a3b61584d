/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Records as the store keeps them, as JSON tells them, and what a client may say of one
 * (docs/handlers/registry.md, "Records"; spec sfa 5). No SQL here: rows.h has it.
 *
 * To add a field: a row in fields[] of change.c, and where it is more than text, its place in both
 * structs below.
 */
#include <jansson.h>
#include <stdint.h>

#include "lib/registry/name.h"

#define RG_TEXT_MAX 4096	 /* octets of a text of a record */
#define RG_KEY_LINE_MAX 8192	 /* octets of an ssh line */
#define RG_KEYS_MAX 32		 /* ssh lines of a user */
#define RG_RELATED_MAX 1000	 /* of one role of one record */
#define RG_ATTRIBUTES_MAX 256	 /* of a slice */
#define RG_ATTRIBUTE_MAX 65536	 /* octets of a value */
#define RG_INFO_MAX (256u << 10) /* octets of all other fields together, as JSON */
#define RG_KEY_HASH 32

enum rg_role { RG_RESEARCHER, RG_PI, RG_OPERATOR, RG_ROLES };
/** "researcher", "pi", "operator". */
const char *rg_role_word(enum rg_role role);

/* A record of the store. Texts are owned; lists are JSON arrays of texts, NULL: not read. */
struct rg_record {
	int64_t id, version;
	enum rg_type type;
	char name[TR_NAME_MAX + 1], authority[TR_NAME_MAX + 1]; /* the store's form */
	char hrn[TR_NAME_MAX + 1], urn[TR_NAME_MAX + 1], uuid[64];
	char *email, *gid, *public_key; /* gid: PEM chain; "" until it is first asked for */
	json_t *info;		       /* an object: all fields that are text, geni_info, pl_info */
	uint8_t key_hash[RG_KEY_HASH]; /* of the key that the GID has, or is to have */
	bool has_key;
	int64_t pointer, created, updated, expires; /* seconds since 1970; expires 0: never */
	json_t *keys;				    /* of a user */
	json_t *related[RG_ROLES];		    /* HRNs of users who are that of it */
	json_t *attributes;			    /* of a slice: {name, value} each */
	json_t *pi_authorities, *slices;	    /* of a user: HRNs */
};
void rg_record_deinit(struct rg_record *r);

/**
 * What resolve and list give; details: with geni_info and pl_info. A new reference; NULL: no
 * memory.
 */
json_t *rg_record_json(const struct rg_record *r, bool details);

/* What a client says of a record. All borrowed from the JSON that was read. NULL: not said. */
struct rg_change {
	struct rg_name name;
	const char *email, *gid, *key;
	json_t *keys, *related[RG_ROLES], *attributes; /* checked arrays */
	json_t *info; /* owned: fields to be merged into the record's */
	bool has_pointer, has_expires;
	int64_t pointer, expires;
};
void rg_change_deinit(struct rg_change *c);

enum { RG_FIELD_BAD = RG_NAME_TYPE + 1 }; /* beside enum rg_name_fault */

/**
 * Reads and checks all of it: names, types, lengths, numbers of entries; a field that there is not
 * for that type is refused. Deinit also after a failure. @return 0, RG_NAME_BAD, RG_NAME_TYPE,
 * RG_FIELD_BAD with why, -CC_ENOMEM.
 */
int rg_change_read(const json_t *record, struct rg_change *out, struct cc_note *why);
/** What is wrong with a text, in words: control characters but line feed and tab, too long. NULL: nothing. */
const char *rg_text_wrong(const json_t *value, size_t max);
/** The same of one line, which is not empty. */
const char *rg_line_wrong(const json_t *value, size_t max);
/** What is wrong with one entry of `attributes`, in words; NULL: nothing. */
const char *rg_attribute_wrong(const json_t *value);
/** RFC 3339, or seconds since 1970 as a number. @return whether it is a time, from 1970 to 9999. */
bool rg_time_read(const json_t *value, int64_t *out);
/** Merges what is said of the other fields into a record's. @return 0, RG_FIELD_BAD (too much), -CC_ENOMEM. */
int rg_record_merge(struct rg_record *r, const struct rg_change *c, struct cc_note *why);
