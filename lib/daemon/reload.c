/* SPDX-License-Identifier: ISC */
/* SIGHUP: a fresh configuration, whole or not at all. */
#include "lib/base/clock.h"
#include "lib/daemon/int.h"

/* Everything that can fail, before anything changes. */
static int prepare(struct dm *dm, struct dm_bound **fresh, struct dm_link **link,
		   struct cc_note *why)
{
	int r = dm_bound_read(dm->daemon, &dm->source, fresh, why);

	if (!r)
		r = dm_bound_load(*fresh, why);
	if (!r)
		r = dm_link_open(link, dm->zctx, *fresh, why);
	return r ? r : dm_log_open(dm, *fresh);
}

/* What is under way over the old link has its outcome there; what is older still ends now, its outcome unknown. */
static void change_link(struct dm *dm, struct dm_link *fresh)
{
	dm_stats_collect(dm);
	dm_link_freep(&dm->leaving);
	dm->leaving = dm->link;
	dm->seen_leaving = dm->seen;
	dm->link = fresh;
	dm->seen = (struct cc_client_stats){0};
}

void dm_reload(struct dm *dm)
{
	cc_cleanup(dm_bound_freep) struct dm_bound *fresh = NULL;
	cc_cleanup(dm_link_freep) struct dm_link *link = NULL;
	struct cc_note why = {0};
	int r;

	dm_notify_reloading(&dm->notify);
	r = prepare(dm, &fresh, &link, &why);
	if (r) {
		cc_error("SIGHUP: %s; the old configuration stays",
			 why.text[0] ? why.text : cc_err_text(r));
		dm->figures[DM_RELOAD_FAILED]++;
	} else {
		change_link(dm, cc_steal(&link));
		dm_bound_take(dm->bound, fresh);
		dm->next_stats = cc_clock_ms() + dm->bound->conf.stats_period;
		cc_info("SIGHUP: configuration taken");
		if (dm->daemon->reload)
			dm->daemon->reload(dm->bound->state, dm);
	}
	dm_notify_ready(&dm->notify, cc_clock_ms());
}
