/* SPDX-License-Identifier: ISC */
/* The line of statistics, as hots-cc's jobs log it: `{name: n, name: n}`, of what is not 0. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/daemon/int.h"

#define LINE_OCTETS 2048

static const char *const names[DM_FIGURES] = {
	[DM_PUBLISHED] = "published",
	[DM_BLOCKED] = "blocked",
	[DM_REQUESTS] = "requests",
	[DM_ANSWERS] = "answers",
	[DM_ERRORS] = "errors",
	[DM_HOPS] = "hop-errors",
	[DM_TIMEOUTS] = "timeouts",
	[DM_LATE] = "late",
	[DM_REFUSED] = "refused",
	[DM_LOG_DROPPED] = "log.dropped",
	[DM_RELOAD_FAILED] = "reload.failed",
};

void dm_count(struct dm *dm, unsigned counter, uint64_t n)
{
	if (counter < DM_COUNTERS_MAX)
		dm->counts[counter] += n;
}

static void collect(struct dm *dm, const struct dm_link *link, struct cc_client_stats *seen)
{
	struct cc_client_stats now = {0};

	if (!link)
		return;
	dm_link_get_stats(link, &now);
	dm->figures[DM_ANSWERS] += now.answers - seen->answers;
	dm->figures[DM_ERRORS] += now.errors - seen->errors;
	dm->figures[DM_HOPS] += now.hops - seen->hops;
	dm->figures[DM_TIMEOUTS] += now.timeouts - seen->timeouts;
	dm->figures[DM_LATE] += now.late - seen->late;
	dm->figures[DM_REFUSED] += now.refused - seen->refused;
	*seen = now;
}

void dm_stats_collect(struct dm *dm)
{
	collect(dm, dm->link, &dm->seen);
	collect(dm, dm->leaving, &dm->seen_leaving);
	dm->figures[DM_LOG_DROPPED] += dm_logbus_take_dropped(&dm->logbus);
}

/* Adds one figure to the line, and moves it to those of before. */
static void add(struct cc_buf *line, const char *name, uint64_t *value, uint64_t *old)
{
	if (*value)
		cc_buf_printf(line, "%s%s: %" PRIu64, line->len ? ", " : "", name, *value);
	*old += *value;
	*value = 0;
}

void dm_stats_line(struct dm *dm)
{
	const char *const *own = dm->daemon->counters;
	struct cc_buf line = CC_BUF_INIT(LINE_OCTETS);

	dm_stats_collect(dm);
	for (unsigned i = 0; own && own[i] && i < DM_COUNTERS_MAX; i++)
		add(&line, own[i], &dm->counts[i], &dm->old_counts[i]);
	for (unsigned i = 0; i < DM_FIGURES; i++)
		add(&line, names[i], &dm->figures[i], &dm->old_figures[i]);
	if (line.len)
		cc_info("{%s}", (const char *)line.data);
	cc_buf_deinit(&line);
}

void dm_totals(struct dm *dm, void (*fn)(void *arg, const char *name, uint64_t value), void *arg)
{
	const char *const *own = dm->daemon->counters;

	dm_stats_collect(dm);
	for (unsigned i = 0; own && own[i] && i < DM_COUNTERS_MAX; i++)
		fn(arg, own[i], dm->old_counts[i] + dm->counts[i]);
	for (unsigned i = 0; i < DM_FIGURES; i++)
		fn(arg, names[i], dm->old_figures[i] + dm->figures[i]);
}
