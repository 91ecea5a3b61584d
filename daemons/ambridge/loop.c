/* SPDX-License-Identifier: ISC */
/* libevent's loop, which drives signals, lifeline, link and timers of lib/daemon too. */
#include <string.h>

#include "daemons/ambridge/ambridge.h"
#include "daemons/ambridge/conn.h"
#include "daemons/ambridge/http.h"
#include "daemons/ambridge/listener.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

/* The descriptors of lib/daemon in libevent: each round may have others, after a reload. */
struct glue {
	struct event_base *base;
	struct pollfd fds[DM_FDS_MAX];
	unsigned n;
	struct event events[DM_FDS_MAX];
	struct event alarm;
};

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct pollfd *p = arg;

	p->revents = POLLIN;
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
	/* only ends the wait */
}

static void glue_init(struct glue *g, struct event_base *base)
{
	*g = (struct glue){.base = base};
	evtimer_assign(&g->alarm, base, on_alarm, NULL);
}

static void drop_events(struct glue *g)
{
	for (unsigned i = 0; i < g->n; i++) {
		if (g->fds[i].fd >= 0)
			event_del(&g->events[i]);
	}
	g->n = 0;
}

static void glue_deinit(struct glue *g)
{
	drop_events(g);
	evtimer_del(&g->alarm);
}

static bool same_fds(const struct glue *g, const struct pollfd *fds, unsigned n)
{
	for (unsigned i = 0; i < n && n == g->n; i++) {
		if (fds[i].fd != g->fds[i].fd)
			return false;
	}
	return n == g->n;
}

/*
 * A descriptor that was closed and opened again with the same number looks the same and is none that epoll
 * knows: so after a turn in which the link may have changed they are all given anew.
 */
static void take_fds(struct glue *g, struct dm *dm, bool anew)
{
	struct pollfd fds[DM_FDS_MAX];
	unsigned n = dm_fds(dm, fds);

	for (unsigned i = 0; i < n; i++)
		fds[i].revents = 0;
	if (!anew && same_fds(g, fds, n)) {
		for (unsigned i = 0; i < n; i++)
			g->fds[i].revents = 0;
		return;
	}
	drop_events(g);
	memcpy(g->fds, fds, n * sizeof(*fds));
	g->n = n;
	for (unsigned i = 0; i < n; i++) {
		if (g->fds[i].fd < 0)
			continue;
		event_assign(&g->events[i], g->base, g->fds[i].fd, EV_READ | EV_PERSIST,
			     on_readable, &g->fds[i]);
		event_add(&g->events[i], NULL);
	}
}

/* One round: what lib/daemon waits for is asked last, for its descriptors are edges. */
static bool turn(struct glue *g, struct dm *dm)
{
	int64_t wait = dm_wait(dm);
	struct timeval tv = {.tv_sec = wait / 1000, .tv_usec = (suseconds_t)(wait % 1000) * 1000};
	bool signalled;

	if (wait > 0)
		evtimer_add(&g->alarm, &tv);
	event_base_loop(g->base, wait > 0 ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
	signalled = g->n > 0 && g->fds[0].revents;
	if (!dm_turn(dm, g->fds, g->n)) {
		take_fds(g, dm, signalled);
		return false;
	}
	take_fds(g, dm, signalled);
	return true;
}

void ab_run(void *state, struct dm *dm)
{
	struct ambridge *ab = state;
	struct glue g;

	glue_init(&g, ab->base);
	take_fds(&g, dm, true);
	while (turn(&g, dm))
		;
	glue_deinit(&g);
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
	struct glue g;

	ab->draining = true;
	ab_listeners_close(ab);
	end_waiting(ab);
	cc_info("draining: %u connections, %u calls", ab->connections, ab->n_calls);
	glue_init(&g, ab->base);
	take_fds(&g, dm, true);
	/* a wake-up at the end, whatever happens */
	dm_wake_at(dm, end);
	while (ab->connections > 0 && cc_clock_ms() < end) {
		turn(&g, dm);
		end_waiting(ab);
	}
	ab_calls_abandon(ab);
	/* what has just been answered is written as far as sockets take it */
	event_base_loop(ab->base, EVLOOP_NONBLOCK);
	if (ab->connections > 0)
		cc_warn("%u connections are cut: shutdown-grace is over", ab->connections);
	glue_deinit(&g);
}
