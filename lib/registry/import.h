/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Bringing records in and out as JSON lines (docs/registry.md, "Import"). A line is one of a PLC's
 * own things, as PLCAPI calls them,
 *
 *   {"type": "site", "login_base": "princeton", "name": ..., "site_id": 7}
 *   {"type": "person", "site": "princeton", "first_name": ..., "last_name": ..., "email": ...,
 *    "keys": ["ssh-rsa ..."], "roles": ["pi", "tech"], "person_id": 3}
 *   {"type": "node", "site": "princeton", "hostname": ..., "node_id": 5}
 *   {"type": "slice", "name": "princeton_codeen", "persons": [EMAIL or HRN], "attributes": [...],
 *    "expires": ..., "slice_id": 9}
 *
 * or a record with its hrn, as export writes it. Names are cleaned as the importer of 2008 did (spec
 * sfa 7): what is not ASCII is dropped, blanks and . ( ) ' " become _, 64 octets at most. Two things
 * that would get one name are told, and the second is left out: nothing is ever merged. GIDs are made
 * when they are first asked for.
 */
#include "lib/registry/rows.h"

#define RG_LINE_MAX (1u << 20) /* octets of one line */

/* What a line says; owned texts and lists are in record. */
struct rg_item {
	struct rg_record record;
	char site[TR_NAME_MAX + 1]; /* the authority above, in the store's form */
	bool pi, tech;		    /* of a person, at its site */
	json_t *persons;	    /* of a slice: emails and HRNs */
	char key_problem[80];	    /* why its first key is not its GID's; "": it is */
};
void rg_item_deinit(struct rg_item *item);

enum rg_import_outcome {
	RG_IMPORT_BAD = 1, /* the line is not of these forms */
	RG_IMPORT_NAME,	   /* a record of that name is there */
	RG_IMPORT_KEY,	   /* its key is another's: the record is there, without a key */
	RG_IMPORT_SITE,	   /* the authority above is not there */
	RG_IMPORT_PERSON,  /* the slice is there, but without a researcher who is not */
};
/** Reads a line. Deinit also after a failure. @return 0, RG_IMPORT_BAD with why, -CC_ENOMEM. */
int rg_item_read(const char *line, size_t len, const struct rg_name *top, int64_t now,
		 struct rg_item *out, struct cc_note *why);
/** Writes it; id: its number. @return 0, an outcome with why, as st_exec. */
int rg_item_write(struct st_tx *tx, struct rg_item *item, int64_t id, struct cc_note *why);
/** A name as the importer of 2008 cleaned it. out: 65 octets. */
void rg_clean(const char *text, char out[65]);

struct rg_import {
	struct st_store *store;
	const char *path;
	struct rg_name top;
	int64_t now;
	/** Called for each line that was left out, or came in part. */
	void (*problem)(void *arg, int64_t line, int outcome, const char *why);
	/** Called after each batch: octets read of all, lines. */
	void (*progress)(void *arg, int64_t octets, int64_t of, int64_t lines);
	void *arg;
	int64_t lines, written, problems; /* at the end; with those of an earlier, broken run */
};
/**
 * Imports a file, some hundred lines to a transaction, which also notes how far it came: a run that
 * was broken off goes on there. @return 0 (look at problems), -CC_ENOTFOUND, -CC_ESYS, -CC_ELIMIT (a
 * line too long), as st_write.
 */
int rg_import_run(struct rg_import *im, struct cc_note *why);
/**
 * Writes every record of a store as such lines, authorities first. put gets each line without its
 * line feed; a non-zero return ends it. @return that, as st_read.
 */
int rg_export(struct st_store *store, int (*put)(void *arg, const char *line, size_t len),
	      void *arg, struct cc_note *why);
/**
 * Removes every record but that of the top authority. *removed: how many. @return as st_write.
 */
int rg_nuke(struct st_store *store, const struct rg_name *top, int64_t *removed,
	    struct cc_note *why);
