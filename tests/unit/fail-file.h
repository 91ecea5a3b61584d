/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Operations on files, each of which can fail or be the last, and users, played so that the tests
 * need not be root. The test's row in meson.build wraps the functions.
 */
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- operations ---- */

enum fate { NO_FATE, FAILS, IS_LAST };
#define DIED 9

static enum fate fate;
static long steps_left;
static char *log_of_steps; /* NULL: not kept */
static int written = -1;   /* the file written last */
static bool harmless;	   /* what failed was to close another, which loses nothing */

static inline void log_step(const char *what, const char *name)
{
	if (log_of_steps)
		sprintf(log_of_steps + strlen(log_of_steps), "%s%s ", what, name);
}

/* Whether this operation is to fail. */
static inline bool step(void)
{
	if (fate == NO_FATE || --steps_left != 0)
		return false;
	errno = EIO;
	return fate == FAILS;
}

static inline void after(void)
{
	if (fate == IS_LAST && steps_left == 0)
		_exit(DIED);
}

int __real_mkdirat(int fd, const char *path, mode_t mode);
int __real_openat64(int fd, const char *path, int flags, mode_t mode);
int __real_flock(int fd, int how);
ssize_t __real_write(int fd, const void *data, size_t len);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlinkat(int fd, const char *path, int flags);
int __real_close(int fd);
int __wrap_mkdirat(int fd, const char *path, mode_t mode);
int __wrap_openat64(int fd, const char *path, int flags, mode_t mode);
int __wrap_flock(int fd, int how);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __wrap_fsync(int fd);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_unlinkat(int fd, const char *path, int flags);
int __wrap_close(int fd);

int __wrap_mkdirat(int fd, const char *path, mode_t mode)
{
	int r = step() ? -1 : __real_mkdirat(fd, path, mode);

	after();
	return r;
}

int __wrap_openat64(int fd, const char *path, int flags, mode_t mode)
{
	int r = step() ? -1 : __real_openat64(fd, path, flags, mode);

	after();
	return r;
}

static void (*once_locked)(void); /* what others do after the folder was checked */

int __wrap_flock(int fd, int how)
{
	int r = step() ? -1 : __real_flock(fd, how);

	if (once_locked)
		once_locked();
	after();
	return r;
}

/* Half of it is written: a disk that fills up, or the end in the middle. */
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	bool fails = step();
	ssize_t r = __real_write(fd, data, fate != NO_FATE && len > 1 ? len / 2 : len);

	written = fd;
	log_step("write", "");
	after();
	return fails ? -1 : r;
}

/* No disk is asked: it would only cost time, and the test pulls no plug. */
int __wrap_fsync(int fd)
{
	int r = step() ? -1 : 0;

	log_step("sync", "");
	after();
	return r;
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	int r = step() ? -1 : __real_renameat(from_fd, from, to_fd, to);

	log_step("rename:", to);
	after();
	return r;
}

int __wrap_unlinkat(int fd, const char *path, int flags)
{
	int r = step() ? -1 : __real_unlinkat(fd, path, flags);

	after();
	return r;
}

int __wrap_close(int fd)
{
	bool fails = step();
	int r = __real_close(fd);

	harmless |= fails && fd != written;
	if (fd == written)
		written = -1;
	after();
	return fails ? -1 : r;
}

/* ---- users ---- */

enum { NOT_PLAYED = -1, ROOT, US = 1001, OTHER = 1002 };

static int64_t user = NOT_PLAYED; /* who we are; then all is ours, but one thing */
static int64_t owner;		  /* of that thing */
static ino_t owned;

uid_t __real_geteuid(void);
int __real_fstat64(int fd, struct stat *st);
uid_t __wrap_geteuid(void);
int __wrap_fstat64(int fd, struct stat *st);

uid_t __wrap_geteuid(void)
{
	return user == NOT_PLAYED ? __real_geteuid() : (uid_t)user;
}

int __wrap_fstat64(int fd, struct stat *st)
{
	int r = step() ? -1 : __real_fstat64(fd, st);

	if (r == 0 && user != NOT_PLAYED)
		st->st_uid = (uid_t)(st->st_ino == owned ? owner : user);
	after();
	return r;
}

static inline void play(int64_t as, const char *path, int64_t whose)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	owned = st.st_ino;
	owner = whose;
	user = as;
}
