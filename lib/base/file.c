/* SPDX-License-Identifier: ISC */
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/util.h"

#define TEMP_TRIES 8

static int note_errno(struct cc_note *why, const char *verb, const char *path)
{
	int code = errno == ENOENT || errno == ENOTDIR ? CC_ENOTFOUND : CC_ESYS;

	return cc_note_set(why, code, "cannot %s %s: %s", verb, path, strerror(errno));
}

/* For functions whose callers know only of a system that refuses. */
static int note_sys(struct cc_note *why, const char *verb, const char *path)
{
	return cc_note_set(why, CC_ESYS, "cannot %s %s: %s", verb, path, strerror(errno));
}

ssize_t cc_file_read_up_to(int fd, void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int file_read_fd(int fd, const char *path, size_t max, char **data, size_t *len,
			struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return note_errno(why, "stat", path);
	if (!S_ISREG(st.st_mode))
		return cc_note_set(why, CC_ESYS, "%s is not a regular file", path);
	if ((uint64_t)st.st_size > max)
		return cc_note_set(why, CC_ELIMIT, "%s has more than %zu octets", path, max);
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return cc_note_set(why, CC_ENOMEM, "no memory to read %s", path);
	n = cc_file_read_up_to(fd, text, (size_t)st.st_size);
	if (n < 0)
		return note_errno(why, "read", path);
	text[n] = 0;
	*len = (size_t)n;
	*data = cc_steal(&text);
	return 0;
}

int cc_file_read(const char *path, size_t max, char **data, size_t *len, struct cc_note *why)
{
	/* O_NONBLOCK: a fifo put in the place of the file must not hang us */
	cc_cleanup(cc_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return note_errno(why, "open", path);
	return file_read_fd(fd, path, max, data, len, why);
}

int cc_file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Octets of path up to and with its last slash; 0: none. */
static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* FOLDER/.NAME.RANDOM: hidden, so that no glob of the folder picks up half a file. */
static char *temp_name(const char *path)
{
	size_t folder = folder_len(path);
	uint64_t salt;
	char *temp;

	if (getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
		return NULL;
	if (asprintf(&temp, "%.*s.%s.%016llx", (int)folder, path, path + folder,
		     (unsigned long long)salt) < 0)
		return NULL;
	return temp;
}

static int temp_open(const char *path, mode_t mode, char **temp)
{
	for (int i = 0; i < TEMP_TRIES; i++) {
		cc_cleanup(cc_freep) char *name = temp_name(path);
		int fd;

		if (!name)
			return -1;
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd >= 0)
			*temp = cc_steal(&name);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static int folder_sync(const char *path)
{
	size_t len = folder_len(path);
	cc_cleanup(cc_freep) char *folder = len > 0 ? strndup(path, len) : strdup(".");
	cc_cleanup(cc_closep) int fd = -1;

	if (!folder)
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : fsync(fd);
}

/* close(2) tells of a full disk too, on network file systems: its answer counts. */
static int file_fill(int fd, const void *data, size_t len, bool sync)
{
	int r = cc_file_write_all(fd, data, len);

	if (r == 0 && sync)
		r = fsync(fd);
	return close(fd) < 0 ? -1 : r;
}

int cc_file_write(const char *path, const void *data, size_t len, mode_t mode, bool sync,
		  struct cc_note *why)
{
	cc_cleanup(cc_freep) char *temp = NULL;
	int fd = temp_open(path, mode, &temp);
	int r;

	if (fd < 0)
		return note_sys(why, "create a file beside", path);
	if (file_fill(fd, data, len, sync) < 0 || rename(temp, path) < 0) {
		r = note_sys(why, "write", path);
		unlink(temp);
		return r;
	}
	if (sync && folder_sync(path) < 0)
		return note_sys(why, "sync the folder of", path);
	return 0;
}

/* Home of the user, "" being ourselves. Caller frees. */
static char *home_find(const char *user)
{
	const char *env = getenv("HOME");
	struct passwd pw, *found = NULL;
	char names[4096];

	if (!*user && env && *env)
		return strdup(env);
	if (*user)
		getpwnam_r(user, &pw, names, sizeof(names), &found);
	else
		getpwuid_r(getuid(), &pw, names, sizeof(names), &found);
	return found ? strdup(found->pw_dir) : NULL;
}

char *cc_file_expand(const char *path)
{
	cc_cleanup(cc_freep) char *user = NULL;
	cc_cleanup(cc_freep) char *home = NULL;
	const char *rest;
	char *full;

	if (*path != '~')
		return strdup(path);
	rest = strchrnul(path, '/');
	user = strndup(path + 1, (size_t)(rest - path) - 1);
	home = user ? home_find(user) : NULL;
	if (!home || asprintf(&full, "%s%s", home, rest) < 0)
		return NULL;
	return full;
}

char *cc_file_join(const char *dir, const char *name)
{
	char *path;

	if (*name == '/')
		return strdup(name);
	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}
