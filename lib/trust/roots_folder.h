/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The trusted roots of a server: every *.gid and *.pem of a folder that only root or we can change
 * (architecture section 5, rule 1), our own authority, and files of CRLs.
 */
#include "lib/trust/chain.h"

/* What is said of one file of the folder beyond its own name. */
struct tr_root_rule {
	const char *file;  /* without its folder */
	const char *space; /* NULL: its own */
	unsigned flags;	   /* TR_ROOT_* */
};

/**
 * Reads a line FILE = NAMESPACE [no-sha1] [overlap] of a section [roots]. file is borrowed, value, too, and
 * cut into words. @return 0, -CC_EINVAL with why.
 */
int tr_root_rule_read(const char *file, char *value, struct tr_root_rule *out, struct cc_note *why);

/**
 * Reads a file that says whom to trust: refused when it belongs to somebody else, or others can write
 * it. Caller frees. @return 0, -CC_EDENIED, -CC_ENOTFOUND, as cc_file_read, with why.
 */
int tr_root_file_read(const char *path, char **text, size_t *len, struct cc_note *why);

struct tr_roots_folder {
	const char *dir;
	const char *
		own; /* PEM of our top authority, a root whether it stands there or not; NULL: none */
	const struct tr_root_rule *rules;
	size_t n_rules;
	char *const *crls; /* paths */
	size_t n_crls;
};

/**
 * Reads and seals them. A rule without its file is refused, as is a folder, or a file in it, that
 * belongs to somebody else or that others can write. number: of the snapshot, unique. *out: a
 * reference. @return 0, -CC_EDENIED, -CC_EINVAL, -CC_ENOTFOUND, as tr_roots_add and tr_roots_seal,
 * with why.
 */
int tr_roots_load(const struct tr_roots_folder *from, uint64_t number, struct tr_roots **out,
		  struct cc_note *why);
