/* SPDX-License-Identifier: ISC */
/* The files of an authority: read without following links, written whole. */
#include "lib/trust/hierarchy_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/util.h"

/* A chain of 8 certificates of 16 KiB in base64; keys and .dbinfo are much smaller. */
#define FILE_MAX (256u << 10)

static const struct {
	const char *ending;
	mode_t mode;
} files[] = {
	[TR_PLACE_GID] = {".gid", 0644},
	[TR_PLACE_KEY] = {".pkey", 0600},
	[TR_PLACE_DBINFO] = {".dbinfo", 0600},
};

const char *tr_place_ending(enum tr_place_file which)
{
	return files[which].ending;
}

static void file_name(const struct tr_place *p, enum tr_place_file which,
		      char out[TR_LABEL_MAX + 16])
{
	snprintf(out, TR_LABEL_MAX + 16, "%s%s", p->leaf, files[which].ending);
}

int tr_place_has(const struct tr_place *p, enum tr_place_file which, struct cc_note *why)
{
	char name[TR_LABEL_MAX + 16];
	struct stat st;

	file_name(p, which, name);
	if (fstatat(p->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	if (errno == ENOENT)
		return 0;
	return cc_note_set(why, CC_ESYS, "cannot stat %s/%s: %s", p->folder, name, strerror(errno));
}

/* What signs. Another user's key would make his signatures ours. */
static int check_signing(const struct stat *st, const char *folder, const char *name,
			 struct cc_note *why)
{
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return cc_note_set(why, CC_EDENIED,
				   "others may write %s/%s: do chmod go-w on it, and see that it "
				   "is yours",
				   folder, name);
	return tr_place_check_owner(st, folder, name, why);
}

static int check_file(const struct tr_place *p, const struct stat *st, enum tr_place_file which,
		      const char *name, struct cc_note *why)
{
	if (!S_ISREG(st->st_mode))
		return cc_note_set(why, CC_ESYS, "%s/%s is not a regular file", p->folder, name);
	if ((uint64_t)st->st_size > FILE_MAX)
		return cc_note_set(why, CC_ELIMIT, "%s/%s has more than %u octets", p->folder, name,
				   FILE_MAX);
	if (which == TR_PLACE_KEY && (st->st_mode & 077))
		return cc_note_set(
			why, CC_EDENIED,
			"others may read the key %s/%s: do chmod 600 on it, and think of "
			"a new key",
			p->folder, name);
	return p->use == TR_PLACE_READ ? 0 : check_signing(st, p->folder, name, why);
}

static int read_open(int fd, size_t size, char **text, size_t *len)
{
	cc_cleanup(tr_place_freep) char *data = calloc(1, size + 1);
	ssize_t n;

	if (!data)
		return cc_raise(CC_ENOMEM);
	n = cc_file_read_up_to(fd, data, size);
	if (n < 0)
		return -CC_ESYS;
	*len = (size_t)n;
	*text = cc_steal(&data);
	return 0;
}

int tr_place_read(const struct tr_place *p, enum tr_place_file which, char **text, size_t *len,
		  struct cc_note *why)
{
	char name[TR_LABEL_MAX + 16];
	cc_cleanup(cc_closep) int fd = -1;
	struct stat st;
	int r;

	file_name(p, which, name);
	/* O_NONBLOCK: a fifo put in the place of the file must not hang us */
	fd = openat(p->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return cc_note_set(why, CC_ENOTFOUND, "there is no %s/%s", p->folder, name);
	if (fd < 0 || fstat(fd, &st) < 0)
		return cc_note_set(why, CC_ESYS, "cannot open %s/%s: %s", p->folder, name,
				   strerror(errno));
	r = check_file(p, &st, which, name, why);
	if (r)
		return r;
	r = read_open(fd, (size_t)st.st_size, text, len);
	if (r == -CC_ESYS)
		cc_note_set(why, CC_ESYS, "cannot read %s/%s: %s", p->folder, name,
			    strerror(errno));
	return r;
}

/* What is worth clearing is PEM, which has no NUL in it. */
void tr_place_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void tr_place_freep(char **text)
{
	tr_place_free(*text);
	*text = NULL;
}

/* ---- writing ---- */

/* One name, so that the next writer finds what a killed one left: it may be a whole key. */
static void temp_name(const struct tr_place *p, enum tr_place_file which,
		      char out[TR_LABEL_MAX + 16])
{
	snprintf(out, TR_LABEL_MAX + 16, ".%s%s.tmp", p->leaf, files[which].ending);
}

int tr_place_clear(const struct tr_place *p, struct cc_note *why)
{
	char temp[TR_LABEL_MAX + 16];

	for (int f = TR_PLACE_GID; f <= TR_PLACE_KEY; f++) {
		temp_name(p, f, temp);
		if (unlinkat(p->fd, temp, 0) < 0 && errno != ENOENT)
			return cc_note_set(why, CC_ESYS, "cannot remove %s/%s: %s", p->folder, temp,
					   strerror(errno));
	}
	return 0;
}

/* close(2) tells of a full disk too, on network file systems: its answer counts. */
static int temp_fill(int at, const char *temp, mode_t mode, const void *data, size_t len)
{
	int fd = openat(at, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	int r;

	if (fd < 0)
		return -1;
	r = cc_file_write_all(fd, data, len);
	if (r == 0)
		r = fsync(fd);
	return close(fd) < 0 ? -1 : r;
}

/* Never by path: another folder may stand there since ours was checked. */
int tr_place_write(const struct tr_place *p, enum tr_place_file which, const void *data, size_t len,
		   struct cc_note *why)
{
	char name[TR_LABEL_MAX + 16], temp[TR_LABEL_MAX + 16];
	int r;

	file_name(p, which, name);
	temp_name(p, which, temp);
	if (temp_fill(p->fd, temp, files[which].mode, data, len) < 0 ||
	    renameat(p->fd, temp, p->fd, name) < 0) {
		r = cc_note_set(why, CC_ESYS, "cannot write %s/%s: %s", p->folder, name,
				strerror(errno));
		unlinkat(p->fd, temp, 0);
		return r;
	}
	if (fsync(p->fd) < 0)
		return cc_note_set(why, CC_ESYS, "cannot sync %s: %s", p->folder, strerror(errno));
	return 0;
}

/* ---- GIDs ---- */

/* The folder's name alone must not make an authority of somebody's certificate. */
static bool is_of(const struct tr_gid *gid, const char *hrn)
{
	return tr_type_is_authority(gid->name.type) && tr_hrn_over(gid->hrn, hrn) &&
	       tr_hrn_over(hrn, gid->hrn);
}

int tr_place_read_gid(const struct tr_place *p, const char *hrn, struct tr_gids *chain, char **pem,
		      struct cc_note *why)
{
	cc_cleanup(tr_place_freep) char *text = NULL;
	size_t len;
	int r = tr_place_read(p, TR_PLACE_GID, &text, &len, why);

	if (r == -CC_ENOTFOUND)
		return cc_note_set(why, CC_ENOTFOUND, "there is no authority %.80s in %s", hrn,
				   p->folder);
	if (!r)
		r = tr_gids_read(NULL, text, len, chain, why);
	if (r)
		return r;
	if (!is_of(chain->items[0], hrn))
		return cc_note_set(why, CC_EFORMAT, "%s/%s.gid is not the GID of the authority %s",
				   p->folder, p->leaf, hrn);
	if (pem)
		*pem = cc_steal(&text);
	return 0;
}
