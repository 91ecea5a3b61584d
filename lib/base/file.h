/* SPDX-License-Identifier: ISC */
#pragma once
/* Files, bounded and whole: read up to a maximum, write by temporary file and rename. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/err.h"

/**
 * Reads a whole regular file of at most max octets. *data gets a buffer that the caller frees, with
 * a NUL after it. @return 0, -CC_ENOTFOUND, -CC_ELIMIT, -CC_ESYS, -CC_ENOMEM; why says which file
 * and what.
 */
int cc_file_read(const char *path, size_t max, char **data, size_t *len, struct cc_note *why);
/**
 * Replaces path with the data, whole or not at all: a unique temporary file beside it (O_EXCL,
 * mode), then rename; sync: fsync of file and folder before returning. @return 0, -CC_ESYS,
 * -CC_ENOMEM.
 */
int cc_file_write(const char *path, const void *data, size_t len, mode_t mode, bool sync,
		  struct cc_note *why);
/** Up to len octets: fewer only at the end of the file. @return how many; -1 with errno. */
ssize_t cc_file_read_up_to(int fd, void *data, size_t len);
/** All of them, whatever interrupts. @return 0; -1 with errno. */
int cc_file_write_all(int fd, const void *data, size_t len);
/** Expands a leading ~ ($HOME, else the passwd entry). Caller frees. NULL: no memory or no home. */
char *cc_file_expand(const char *path);
/** dir + "/" + name, or name alone when it is absolute. Caller frees; NULL: no memory. */
char *cc_file_join(const char *dir, const char *name);

/**
 * Pidfile with a lock (flock) held until cc_pidfile_close: a stale file is no hindrance. A NULL or
 * empty path is no pidfile. @return 0, -CC_EEXIST (another process runs: why has its pid),
 * -CC_ESYS.
 */
int cc_pidfile_open(const char *path, int *fd, struct cc_note *why);
/** Writes this process's pid (call again after a fork). @return 0, -CC_ESYS. */
int cc_pidfile_write(int fd);
/** Removes the file (only while it is ours) and closes; fd -1 is none. */
void cc_pidfile_close(const char *path, int *fd);
/**
 * Pid of a running process that holds the pidfile. @return 0, -CC_ENOTFOUND (none runs), -CC_ESYS.
 */
int cc_pidfile_find(const char *path, pid_t *pid, struct cc_note *why);
