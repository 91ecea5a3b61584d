/* SPDX-License-Identifier: ISC */
#include "lib/trust/hierarchy_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/util.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define LOCK_NAME ".lock" /* no label, and no label's file */

/* ---- labels ---- */

static bool ends_with(const char *text, const char *ending)
{
	size_t n = strlen(text), m = strlen(ending);

	return n >= m && strcmp(text + n - m, ending) == 0;
}

int tr_place_check_label(const char *label, struct cc_note *why)
{
	/* also the bound on what becomes a path: no "/", no dot in front, at most 64 octets */
	int r = tr_name_check("authority", label, why);

	if (r)
		return r;
	/* the folder of plc.x\.gid would stand where the GID of an authority x stands */
	for (int f = TR_PLACE_GID; f <= TR_PLACE_DBINFO; f++)
		if (ends_with(label, tr_place_ending(f)))
			return cc_note_set(why, CC_EINVAL,
					   "label %s: %s is the ending of an authority's files",
					   label, tr_place_ending(f));
	return 0;
}

struct labels {
	char items[TR_PLACE_DEPTH][TR_LABEL_MAX + 1];
	size_t count;
};

static int label_put(struct labels *l, const char *text, size_t len, struct cc_note *why)
{
	char *label = l->items[l->count];

	if (len > TR_LABEL_MAX)
		return cc_note_set(why, CC_EINVAL, "a label has at most %d characters",
				   TR_LABEL_MAX);
	for (size_t i = 0; i < len; i++)
		label[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
	label[len] = '\0';
	l->count++;
	return tr_place_check_label(label, why) ? -CC_EINVAL : 0;
}

/* The URN of the same authority has the labels without escapes, divided by ":". */
static int labels_of(const char *hrn, struct labels *l, struct cc_note *why)
{
	char urn[TR_NAME_MAX + 1];
	struct tr_urn u;
	const char *at, *end;
	int r = tr_hrn_to_urn(hrn, "authority", urn, why);

	if (!r)
		r = tr_urn_parse_text(urn, &u, why);
	if (r)
		return -CC_EINVAL; /* why says it */
	end = u.authority.text + u.authority.len;
	for (at = u.authority.text; at < end && !r; at++) {
		const char *colon = memchr(at, ':', (size_t)(end - at));
		size_t len = (size_t)((colon ? colon : end) - at);

		if (l->count == TR_PLACE_DEPTH)
			return cc_note_set(why, CC_EINVAL, "%.200s has more than %d labels", hrn,
					   TR_PLACE_DEPTH);
		r = label_put(l, at, len, why);
		at += len;
	}
	if (!r && l->count == 0)
		return cc_note_set(why, CC_EINVAL, "an HRN without labels names no authority");
	return r;
}

/* ---- folders ---- */

static int note_sys(struct cc_note *why, const char *verb, const char *path)
{
	int code = errno == ENOENT ? CC_ENOTFOUND : CC_ESYS;

	return cc_note_set(why, code, "cannot %s %s: %s", verb, path, strerror(errno));
}

int tr_place_check_owner(const struct stat *st, const char *folder, const char *name,
			 struct cc_note *why)
{
	if (st->st_uid == 0 || st->st_uid == geteuid())
		return 0;
	return cc_note_set(why, CC_EDENIED,
			   "%s%s%s belongs to user %u, neither root nor us: work as that user, or "
			   "see that the key there is yours and do chown",
			   folder, *name ? "/" : "", name, st->st_uid);
}

/* Who may write into a folder can put his own keys there. */
static int check_folder(const struct tr_place *p, struct cc_note *why)
{
	struct stat st;

	if (fstat(p->fd, &st) < 0)
		return note_sys(why, "stat", p->folder);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return cc_note_set(
			why, CC_EDENIED,
			"others may write into %s: do chmod go-w on it, and see that the "
			"keys there are yours",
			p->folder);
	return p->use == TR_PLACE_READ ? 0 : tr_place_check_owner(&st, p->folder, "", why);
}

/* Replaces the open folder by one below it, or by the first one. */
static int step(struct tr_place *p, const char *name, int flags, struct cc_note *why)
{
	int fd = openat(p->fd < 0 ? AT_FDCWD : p->fd, name, FOLDER_FLAGS | flags);

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return cc_note_set(why, CC_ESYS, "%s is not a folder, or is a link", p->folder);
	if (fd < 0)
		return note_sys(why, "open", p->folder);
	cc_closep(&p->fd);
	p->fd = fd;
	return check_folder(p, why);
}

/* synced, so that what is written into it is not lost with it */
static int make_folder(const struct tr_place *p, const char *name, struct cc_note *why)
{
	int at = p->fd < 0 ? AT_FDCWD : p->fd;

	if (mkdirat(at, name, 0755) == 0) {
		if (at != AT_FDCWD && fsync(at) < 0)
			return cc_note_set(why, CC_ESYS, "cannot sync the folder of %s: %s",
					   p->folder, strerror(errno));
		return 0;
	}
	if (errno == EEXIST)
		return 0;
	return cc_note_set(why, CC_ESYS, "cannot make folder %s: %s", p->folder, strerror(errno));
}

static int folder_append(struct tr_place *p, const char *label)
{
	char *longer = cc_file_join(p->folder, label);

	if (!longer)
		return cc_raise(CC_ENOMEM);
	free(p->folder);
	p->folder = longer;
	return 0;
}

static int walk(struct tr_place *p, const char *dir, const struct labels *l, struct cc_note *why)
{
	bool make = p->use == TR_PLACE_MAKE;
	int r = 0;

	if (make)
		r = make_folder(p, dir, why);
	if (!r)
		r = step(p, dir, 0, why);
	for (size_t i = 0; !r && i < l->count; i++) {
		r = folder_append(p, l->items[i]);
		if (!r && make)
			r = make_folder(p, l->items[i], why);
		if (!r)
			r = step(p, l->items[i], O_NOFOLLOW, why);
	}
	return r;
}

int tr_place_enter(struct tr_place *p, const char *dir, const char *hrn, enum tr_place_use use,
		   struct cc_note *why)
{
	struct labels l = {.count = 0};
	int r;

	*p = (struct tr_place)TR_PLACE_INIT;
	r = labels_of(hrn, &l, why);
	if (r < 0)
		return r;
	p->use = use;
	strcpy(p->leaf, l.items[l.count - 1]);
	p->folder = strdup(dir);
	if (!p->folder)
		return cc_raise(CC_ENOMEM);
	r = walk(p, dir, &l, why);
	if (r == -CC_ENOTFOUND)
		cc_note_set(why, CC_ENOTFOUND, "there is no authority %.80s in %.120s", hrn, dir);
	return r;
}

void tr_place_deinit(struct tr_place *p)
{
	free(p->folder);
	cc_closep(&p->fd);
	cc_closep(&p->lock);
	*p = (struct tr_place)TR_PLACE_INIT;
}

/* ---- lock ---- */

/*
 * A file that nobody else can open, since who can open a file can lock it: the folder itself would
 * do for all who may read it. It stays: were it removed, two could hold two files of one name.
 */
static int lock_open(struct tr_place *p, struct cc_note *why)
{
	struct stat st;

	p->lock = openat(p->fd, LOCK_NAME,
			 O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (p->lock < 0 || fstat(p->lock, &st) < 0)
		return cc_note_set(why, CC_ESYS, "cannot open %s/" LOCK_NAME ": %s", p->folder,
				   strerror(errno));
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
		return cc_note_set(why, CC_EDENIED,
				   "others may open %s/" LOCK_NAME ", or it is no file: remove it",
				   p->folder);
	return tr_place_check_owner(&st, p->folder, LOCK_NAME, why);
}

int tr_place_lock(struct tr_place *p, struct cc_note *why)
{
	int r = lock_open(p, why);

	if (r)
		return r;
	if (flock(p->lock, LOCK_EX | LOCK_NB) == 0)
		return tr_place_clear(p, why);
	if (errno == EWOULDBLOCK)
		return cc_note_set(why, CC_EBUSY, "another program works on %s: try again",
				   p->folder);
	return cc_note_set(why, CC_ESYS, "cannot lock %s: %s", p->folder, strerror(errno));
}
