/* SPDX-License-Identifier: ISC */
/* Becoming an ordinary user. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemons/ambridge/ambridge.h"
#include "lib/base/log.h"

#define SPACE 16384

int ab_user_drop(const char *user, struct cc_note *why)
{
	char space[SPACE];
	struct passwd pw, *found = NULL;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return cc_raise(CC_ESYS);
	if (!*user) {
		if (geteuid() == 0)
			cc_warn("runs as root: set user");
		return 0;
	}
	if (getpwnam_r(user, &pw, space, sizeof(space), &found) != 0 || !found)
		return cc_note_set(why, CC_ENOTFOUND, "user = %.64s: there is no such user", user);
	if (geteuid() == pw.pw_uid)
		return 0; /* whoever started it has seen to it */
	if (geteuid() != 0)
		return cc_note_set(why, CC_EINVAL,
				   "user = %.64s: only root can become another user", user);
	/* groups first: the user may not change them any more */
	if (initgroups(user, pw.pw_gid) != 0 || setgid(pw.pw_gid) != 0 || setuid(pw.pw_uid) != 0)
		return cc_note_set(why, CC_ESYS, "user = %.64s: %s", user, strerror(errno));
	if (setuid(0) == 0)
		return cc_note_set(why, CC_EDENIED, "user = %.64s: root could be had back", user);
	cc_info("runs as %s", user);
	return 0;
}
