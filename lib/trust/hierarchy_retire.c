/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"
#include "lib/trust/hierarchy_place.h"

static int take_away(const struct tr_place *p, enum tr_place_file which, struct cc_note *why)
{
	char name[TR_LABEL_MAX + 16];

	snprintf(name, sizeof(name), "%s%s", p->leaf, tr_place_ending(which));
	if (unlinkat(p->fd, name, 0) != 0 && errno != ENOENT)
		return cc_note_set(why, CC_ESYS, "%s/%s: %s", p->folder, name, strerror(errno));
	if (fsync(p->fd) != 0)
		return cc_note_set(why, CC_ESYS, "%s: %s", p->folder, strerror(errno));
	return 0;
}

int tr_hierarchy_retire(const char *dir, const char *hrn, struct cc_note *why)
{
	cc_cleanup(tr_place_deinit) struct tr_place p = TR_PLACE_INIT;
	int r = tr_place_enter(&p, dir, hrn, TR_PLACE_SIGN, why), there = 0;

	if (!r)
		r = tr_place_lock(&p, why);
	if (!r)
		r = there = tr_place_has(&p, TR_PLACE_GID, why);
	if (r == 1)
		r = take_away(&p, TR_PLACE_GID, why);
	/* without a GID, too: who was killed between the two left it */
	if (!r)
		r = take_away(&p, TR_PLACE_KEY, why);
	return r || there ? r : -CC_ENOTFOUND;
}
