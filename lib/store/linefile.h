/* SPDX-License-Identifier: ISC */
#pragma once
/* A file of lines, with a SHA-256 of what was written or read so far; and one that is there whole or not at all. */
#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/store/digest.h"

struct st_linefile {
	const char *path; /* borrowed */
	char *temp;	  /* that is written; NULL: read, or done */
	int fd;
	struct cc_buf buf; /* written: not yet in the file; read: behind the line given last */
	size_t taken;	   /* of buf, by the line given last */
	struct st_sha sha;
	bool ended;
};

/** Starts a file that is to be path, readable by its owner alone. @return 0, -CC_ESYS, -CC_ENOMEM. */
int st_linefile_create(struct st_linefile *f, const char *path, struct cc_note *why);
/** For what is to be written next; flush often. */
struct cc_buf *st_linefile_buf(struct st_linefile *f);
/** Writes buf out once it is worth it. @return 0, -CC_ESYS, the buffer's error. */
int st_linefile_flush(struct st_linefile *f, struct cc_note *why);
/** The hash of everything so far, in hex. */
int st_linefile_digest(struct st_linefile *f, char out[2 * ST_SHA + 1], struct cc_note *why);
/** Syncs it and gives it its name. @return 0, -CC_ESYS. */
int st_linefile_finish(struct st_linefile *f, struct cc_note *why);

/** @return 0, -CC_ENOTFOUND, -CC_ESYS. */
int st_linefile_open(struct st_linefile *f, const char *path, struct cc_note *why);
/**
 * The next line without its line feed, borrowed until the next call; it is not yet in the hash.
 * @return 1, 0 (end of file), -CC_EFORMAT (the last line has no end), -CC_ELIMIT, -CC_ESYS.
 */
int st_linefile_next(struct st_linefile *f, size_t max, const char **line, size_t *len,
		     struct cc_note *why);
/** Puts that line into the hash. */
void st_linefile_count(struct st_linefile *f, const char *line, size_t len);
/** The hash of the lines that were put into it. @return 0, -CC_ECRYPTO. */
int st_linefile_sum(struct st_linefile *f, char out[2 * ST_SHA + 1]);
/** Closes; what was not finished is removed. */
void st_linefile_deinit(struct st_linefile *f);
