/* SPDX-License-Identifier: ISC */
/* libevent's loop, which drives signals, lifeline, link and timers of lib/daemon too. */
#include <string.h>

#include "daemons/ambridge/ambridge.h"
#include "daemons/ambridge/conn.h"
#include "daemons/ambridge/glue.h"
#include "daemons/ambridge/http.h"
#include "daemons/ambridge/listener.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

#define LAST_ROUNDS 8 /* to write what was answered at the very end */

static void watch(struct ab_glue *g, struct dm *dm)
{
	struct pollfd fds[DM_FDS_MAX];

	ab_glue_watch(g, fds, dm_fds(dm, fds));
}

/* One round: what lib/daemon waits for is asked last, for its descriptors are edges. */
static bool turn(struct ab_glue *g, struct dm *dm)
{
	unsigned n = g->n;
	bool more;

	ab_glue_round(g, dm_wait(dm));
	/* a reload closes links, and opens sockets that may get their numbers */
	if (n > 0 && g->fds[0].revents)
		ab_glue_forget(g);
	more = dm_turn(dm, g->fds, n);
	watch(g, dm);
	return more;
}

void ab_run(void *state, struct dm *dm)
{
	struct ambridge *ab = state;
	struct ab_glue g;

	ab_glue_init(&g, ab->base);
	watch(&g, dm);
	while (turn(&g, dm))
		;
	ab_glue_deinit(&g);
}

/* Whoever waits for a request is not let wait; who is in the middle of one may end it. */
static void end_waiting(struct ambridge *ab)
{
	struct cc_list *lists[] = {&ab->handshaking, &ab->idle};

	for (size_t i = 0; i < CC_ARRAY_SIZE(lists); i++) {
		/* what is cut goes to the list of the busy */
		while (!cc_list_empty(lists[i]))
			ab_conn_cut(cc_container_of(lists[i]->next, struct ab_conn, link));
	}
}

void ab_drain(void *state, struct dm *dm)
{
	struct ambridge *ab = state;
	int64_t end = cc_clock_ms() + ab->shutdown_grace;
	struct ab_glue g;

	ab->draining = true;
	ab_listeners_close(ab);
	end_waiting(ab);
	cc_info("draining: %u connections, %u calls", ab->connections, ab->n_calls);
	ab_glue_init(&g, ab->base);
	watch(&g, dm);
	/* a wake-up at the end, whatever happens */
	dm_wake_at(dm, end);
	while (ab->connections > 0 && cc_clock_ms() < end) {
		turn(&g, dm);
		end_waiting(ab);
	}
	ab_calls_abandon(ab);
	/* what has just been answered is written as far as sockets take it */
	ab_glue_forget(&g);
	for (unsigned i = 0; i < LAST_ROUNDS; i++)
		ab_glue_round(&g, 0);
	if (ab->connections > 0)
		cc_warn("%u connections are cut: shutdown-grace is over", ab->connections);
	ab_glue_deinit(&g);
}
