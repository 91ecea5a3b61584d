/* SPDX-License-Identifier: ISC */
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/util.h"

#define LOCK_TRIES 3
#define LOCK_PAUSE_NS 20000000

/* @return the pid in the file, 0 when there is none. */
static pid_t pid_read(int fd)
{
	char text[16] = {0};
	char *end;
	long pid;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	pid = strtol(text, &end, 10);
	return pid > 0 && (*end == '\n' || *end == 0) ? (pid_t)pid : 0;
}

/* cc_pidfile_find holds the lock for a moment: being refused once does not mean that someone runs. */
static int lock_patiently(int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
	}
	errno = EWOULDBLOCK;
	return -1;
}

static bool still_at(int fd, const char *path)
{
	struct stat ours, theirs;

	return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

static int note_locked(int fd, const char *path, struct cc_note *why)
{
	if (errno != EWOULDBLOCK)
		return cc_note_set(why, CC_ESYS, "cannot lock %s: %s", path, strerror(errno));
	return cc_note_set(why, CC_EEXIST, "pidfile %s: another process runs, pid %d", path,
			   (int)pid_read(fd));
}

/* One try. @return 0, 1: the file was removed under us, or a negative error. */
static int pidfile_try(const char *path, int *out, struct cc_note *why)
{
	cc_cleanup(cc_closep) int fd =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);

	if (fd < 0)
		return cc_note_set(why, CC_ESYS, "cannot open pidfile %s: %s", path,
				   strerror(errno));
	if (lock_patiently(fd) < 0)
		return note_locked(fd, path, why);
	if (!still_at(fd, path))
		return 1;
	if (cc_pidfile_write(fd) < 0)
		return cc_note_set(why, CC_ESYS, "cannot write pidfile %s: %s", path,
				   strerror(errno));
	*out = fd;
	fd = -1;
	return 0;
}

int cc_pidfile_open(const char *path, int *fd, struct cc_note *why)
{
	int r = 1;

	*fd = -1;
	if (!path || !*path)
		return 0;
	for (int i = 0; r == 1 && i < LOCK_TRIES; i++)
		r = pidfile_try(path, fd, why);
	if (r == 1)
		return cc_note_set(why, CC_ESYS, "pidfile %s keeps vanishing", path);
	return r;
}

int cc_pidfile_write(int fd)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (fd < 0)
		return 0;
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return cc_raise(CC_ESYS);
	return 0;
}

void cc_pidfile_close(const char *path, int *fd)
{
	if (*fd >= 0 && still_at(*fd, path) && pid_read(*fd) == getpid())
		unlink(path);
	cc_closep(fd);
}

int cc_pidfile_find(const char *path, pid_t *pid, struct cc_note *why)
{
	cc_cleanup(cc_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	pid_t found;

	if (fd < 0 && errno == ENOENT)
		return cc_note_set(why, CC_ENOTFOUND, "no pidfile %s: nothing runs", path);
	if (fd < 0)
		return cc_note_set(why, CC_ESYS, "cannot open pidfile %s: %s", path,
				   strerror(errno));
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return cc_note_set(why, CC_ENOTFOUND, "pidfile %s is stale: nothing runs", path);
	if (errno != EWOULDBLOCK)
		return note_locked(fd, path, why);
	found = pid_read(fd);
	if (found == 0)
		return cc_note_set(why, CC_ESYS, "pidfile %s has no pid", path);
	*pid = found;
	return 0;
}
