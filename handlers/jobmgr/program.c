/* SPDX-License-Identifier: ISC */
/* Where the program of `daemon = NAME` is. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handlers/jobmgr/spec.h"
#include "lib/base/buf.h"
#include "lib/base/log.h"

int job_program_check(const char *path, struct cc_note *why)
{
	struct stat st;

	if (path[0] != '/')
		return cc_note_set(why, CC_EINVAL, "\"%s\" is no absolute path", path);
	if (stat(path, &st) != 0)
		return cc_note_set(why, CC_ENOTFOUND, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cc_note_set(why, CC_EINVAL, "%s is not a regular file", path);
	if (access(path, X_OK) != 0)
		return cc_note_set(why, CC_EINVAL, "%s is not executable", path);
	return 0;
}

/* The folder above that of this program: "/usr" of /usr/sbin/ccserver. "" when unknown. */
static void find_top(char top[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", top, PATH_MAX - 1);
	char *slash;

	top[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < 2; i++) {
		slash = strrchr(top, '/');
		if (slash)
			*slash = '\0';
	}
}

/* Tries one path; adds it to those that were tried. @return whether it is the program. */
static bool try_path(struct cc_buf *tried, char **path, const char *fmt, const char *dir,
		     const char *name)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(PATH_MAX);

	cc_buf_puts(&b, dir);
	for (; *fmt; fmt++) {
		if (*fmt == '@')
			cc_buf_puts(&b, name);
		else
			cc_buf_put(&b, fmt, 1);
	}
	if (b.err)
		return false;
	cc_buf_printf(tried, "%s%s", tried->len ? ", " : "", (char *)b.data);
	if (job_program_check((char *)b.data, NULL) != 0)
		return false;
	*path = cc_buf_take(&b);
	return *path != NULL;
}

static bool name_valid(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= JOB_NAME_MAX && !name[n];
}

int job_program_find(const char *name, const struct cf_list *dirs, char **path, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf tried = CC_BUF_INIT(CC_INI_VALUE_MAX);
	char top[PATH_MAX];
	bool found = false;

	if (!name_valid(name))
		return cc_note_set(why, CC_EINVAL,
				   "daemon \"%.64s\": a name has 1 to %d of a-z, 0-9 and -", name,
				   JOB_NAME_MAX);
	for (size_t i = 0; i < dirs->count && !found; i++)
		found = try_path(&tried, path, "/cc-@", dirs->items[i], name);
	if (!dirs->count) {
		find_top(top);
		found = try_path(&tried, path, "/daemons/@/cc-@", top, name) ||
			try_path(&tried, path, "/lib/ccfed/cc-@", top, name) ||
			try_path(&tried, path, "/cc-@", "/usr/lib/ccfed", name);
	}
	if (found)
		return 0;
	/* a note may be too short for all of them */
	cc_warn("no program for daemon %s; tried %s", name, tried.data ? (char *)tried.data : "");
	return cc_note_set(why, CC_ENOTFOUND, "no program for daemon %s; tried %s", name,
			   tried.data ? (char *)tried.data : "nothing");
}
