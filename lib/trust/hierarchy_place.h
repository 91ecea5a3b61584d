/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Where an authority lives on disk, for this folder: DIR/plc/site for plc.site. Folders are entered
 * one by one without following links; a label is a folder's name in lower case, since names of
 * authorities compare without case.
 */
#include <sys/stat.h>

#include "lib/base/err.h"
#include "lib/trust/gid.h"

#define TR_LABEL_MAX 64
#define TR_PLACE_DEPTH 8 /* labels */

enum tr_place_file { TR_PLACE_GID, TR_PLACE_KEY, TR_PLACE_DBINFO };

enum tr_place_use {
	TR_PLACE_READ, /* what does not sign, and may be another user's */
	TR_PLACE_SIGN, /* only what is root's or ours */
	TR_PLACE_MAKE, /* that, and folders that are missing are made */
};

struct tr_place {
	enum tr_place_use use;
	char *folder;		     /* path, for messages only */
	char leaf[TR_LABEL_MAX + 1]; /* the last label: its files are called LEAF.gid and so on */
	int fd;			     /* the open folder, which was checked; -1: none */
	int lock;		     /* -1: not ours */
};

#define TR_PLACE_INIT                                                                              \
	{                                                                                          \
		.fd = -1, .lock = -1                                                               \
	}

/** Whether a label, in lower case, may be the name of a folder. @return 0, -CC_EINVAL. */
int tr_place_check_label(const char *label, struct cc_note *why);
/**
 * Enters the folder of an authority. Deinit also after a failure. @return 0, -CC_ENOTFOUND,
 * -CC_EINVAL (no HRN whose labels can be folders), -CC_EDENIED (others may write there, or, but to
 * read, it is another user's), -CC_ESYS, -CC_ENOMEM.
 */
int tr_place_enter(struct tr_place *p, const char *dir, const char *hrn, enum tr_place_use use,
		   struct cc_note *why);
void tr_place_deinit(struct tr_place *p);
/**
 * Until deinit nobody else changes it; what a killed writer left is gone. @return 0, -CC_EBUSY
 * (somebody does), -CC_EDENIED (the file of the lock is not ours alone), -CC_ESYS.
 */
int tr_place_lock(struct tr_place *p, struct cc_note *why);
/** Whether root or we own a folder (name is "") or a file of it. @return 0, -CC_EDENIED. */
int tr_place_check_owner(const struct stat *st, const char *folder, const char *name,
			 struct cc_note *why);

/** ".gid", ".pkey", ".dbinfo". */
const char *tr_place_ending(enum tr_place_file which);
/** Whether the file is there. @return 1, 0, -CC_ESYS. */
int tr_place_has(const struct tr_place *p, enum tr_place_file which, struct cc_note *why);
/**
 * Reads a file; caller frees with tr_place_free. The key must be readable by its owner only; what
 * signs must be root's or ours, and nobody else may write it.
 * @return 0, -CC_ENOTFOUND, -CC_EDENIED, -CC_ELIMIT, -CC_ESYS, -CC_ENOMEM.
 */
int tr_place_read(const struct tr_place *p, enum tr_place_file which, char **text, size_t *len,
		  struct cc_note *why);
/** Clears and frees a text that was read. */
void tr_place_free(char *text);
void tr_place_freep(char **text);
/**
 * The GID chain in a place, whose leaf must name the authority hrn; pem (may be NULL): its text.
 * Caller deinits and frees, also after a failure. @return as tr_place_read, CC_RULE_CERT_FORM,
 * CC_RULE_CHAIN_DEPTH, -CC_EFORMAT (it names another).
 */
int tr_place_read_gid(const struct tr_place *p, const char *hrn, struct tr_gids *chain, char **pem,
		      struct cc_note *why);
/** Removes half-written files. Only with the place locked. @return 0, -CC_ESYS. */
int tr_place_clear(const struct tr_place *p, struct cc_note *why);
/**
 * Writes a file whole and synced, the key with 0600. Only with the place locked. @return 0,
 * -CC_ESYS.
 */
int tr_place_write(const struct tr_place *p, enum tr_place_file which, const void *data, size_t len,
		   struct cc_note *why);
