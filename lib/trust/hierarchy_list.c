/* SPDX-License-Identifier: ISC */
/* The authorities of a folder, parents first. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"
#include "lib/trust/hierarchy_place.h"

#define NAMES_MAX 65536 /* folders in one folder */

struct walk {
	const char *dir;
	int (*each)(void *arg, const struct tr_authority *a);
	void *arg;
	struct cc_note *why;
};

/* ---- names ---- */

struct names {
	char **items;
	size_t count, room;
};

static void names_deinit(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->items[i]);
	free(n->items);
}

static int names_put(struct names *n, const char *name)
{
	if (n->count == NAMES_MAX)
		return cc_raise(CC_ELIMIT);
	if (n->count == n->room) {
		size_t room = n->room ? 2 * n->room : 16;
		char **items = reallocarray(n->items, room, sizeof(*items));

		if (!items)
			return cc_raise(CC_ENOMEM);
		n->items = items;
		n->room = room;
	}
	n->items[n->count] = strdup(name);
	if (!n->items[n->count])
		return cc_raise(CC_ENOMEM);
	n->count++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_capital(const char *name)
{
	return strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* Folders that may be labels; what else lies about is nobody's authority. */
static bool is_label(int fd, const struct dirent *e)
{
	struct stat st;

	if (has_capital(e->d_name) || tr_place_check_label(e->d_name, NULL) < 0)
		return false;
	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Reads on to the end; errno tells an error from it. */
static int names_fill(struct names *n, DIR *d)
{
	const struct dirent *e;
	int r = 0;

	while (!r && (errno = 0, e = readdir(d)))
		if (is_label(dirfd(d), e))
			r = names_put(n, e->d_name);
	return !r && errno ? -CC_ESYS : r;
}

/* fd is taken. */
static int names_read(struct names *n, int fd, const char *folder, struct cc_note *why)
{
	DIR *d = fdopendir(fd);
	int r;

	if (!d) {
		close(fd);
		return cc_note_set(why, CC_ESYS, "cannot list %s: %s", folder, strerror(errno));
	}
	r = names_fill(n, d);
	if (r == -CC_ESYS)
		cc_note_set(why, CC_ESYS, "cannot list %s: %s", folder, strerror(errno));
	closedir(d);
	if (!r && n->count)
		qsort(n->items, n->count, sizeof(*n->items), compare);
	return r;
}

/* ---- authorities ---- */

static int tell(const struct walk *w, const struct tr_place *p, const char *hrn)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	struct tr_authority a = {.not_after = 0};
	int key = 0, dbinfo = 0;
	int r = tr_place_has(p, TR_PLACE_GID, w->why);

	if (r <= 0)
		return r; /* a folder on the way, or what a crash left */
	r = tr_place_read_gid(p, hrn, &chain, NULL, w->why);
	if (r)
		return r;
	key = tr_place_has(p, TR_PLACE_KEY, w->why);
	dbinfo = key < 0 ? key : tr_place_has(p, TR_PLACE_DBINFO, w->why);
	if (dbinfo < 0)
		return dbinfo;
	strcpy(a.hrn, chain.items[0]->hrn);
	strcpy(a.urn, chain.items[0]->urn);
	a.not_after = chain.items[0]->not_after;
	a.has_key = key;
	a.has_dbinfo = dbinfo;
	return w->each(w->arg, &a);
}

/* hrn + "." + label, its dots escaped. @return whether it is short enough to be an HRN. */
static bool hrn_join(char out[TR_NAME_MAX + 1], const char *hrn, const char *label)
{
	size_t n = strlen(hrn);

	memcpy(out, hrn, n);
	if (n > 0 && n < TR_NAME_MAX)
		out[n++] = '.';
	for (; *label && n < TR_NAME_MAX - 1; label++) {
		if (*label == '.')
			out[n++] = '\\';
		out[n++] = *label;
	}
	out[n] = '\0';
	return !*label;
}

static int walk_names(const struct walk *w, const char *hrn, const struct names *n, unsigned depth);

static int walk_one(const struct walk *w, const char *hrn, unsigned depth)
{
	cc_cleanup(tr_place_deinit) struct tr_place p = TR_PLACE_INIT;
	cc_cleanup(names_deinit) struct names below = {.count = 0};
	int r = tr_place_enter(&p, w->dir, hrn, TR_PLACE_READ, w->why);

	if (!r)
		r = tell(w, &p, hrn);
	if (r || depth == TR_PLACE_DEPTH)
		return r;
	r = names_read(&below, p.fd, p.folder, w->why);
	p.fd = -1; /* taken */
	return r ? r : walk_names(w, hrn, &below, depth);
}

static int walk_names(const struct walk *w, const char *hrn, const struct names *n, unsigned depth)
{
	char child[TR_NAME_MAX + 1];
	int r = 0;

	for (size_t i = 0; i < n->count && !r; i++)
		if (hrn_join(child, hrn, n->items[i]))
			r = walk_one(w, child, depth + 1);
	return r;
}

int tr_hierarchy_list(const char *dir, int (*each)(void *arg, const struct tr_authority *a),
		      void *arg, struct cc_note *why)
{
	struct walk w = {dir, each, arg, why};
	cc_cleanup(names_deinit) struct names top = {.count = 0};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return cc_note_set(why, errno == ENOENT ? CC_ENOTFOUND : CC_ESYS,
				   "cannot open %s: %s", dir, strerror(errno));
	r = names_read(&top, fd, dir, why);
	return r ? r : walk_names(&w, "", &top, 0);
}
