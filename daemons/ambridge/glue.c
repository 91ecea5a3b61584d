/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/glue.h"

#include <string.h>

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct pollfd *p = arg;

	p->revents = POLLIN;
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
	/* only ends the wait */
}

void ab_glue_init(struct ab_glue *g, struct event_base *base)
{
	*g = (struct ab_glue){.base = base};
	evtimer_assign(&g->alarm, base, on_alarm, NULL);
}

void ab_glue_forget(struct ab_glue *g)
{
	for (unsigned i = 0; i < g->n; i++) {
		if (g->fds[i].fd >= 0)
			event_del(&g->events[i]);
	}
	g->n = 0;
}

void ab_glue_deinit(struct ab_glue *g)
{
	ab_glue_forget(g);
	evtimer_del(&g->alarm);
}

static bool same_fds(const struct ab_glue *g, const struct pollfd *fds, unsigned n)
{
	for (unsigned i = 0; i < n && n == g->n; i++) {
		if (fds[i].fd != g->fds[i].fd)
			return false;
	}
	return n == g->n;
}

void ab_glue_watch(struct ab_glue *g, const struct pollfd *fds, unsigned n)
{
	if (!same_fds(g, fds, n)) {
		ab_glue_forget(g);
		memcpy(g->fds, fds, n * sizeof(*fds));
		for (unsigned i = 0; i < n; i++) {
			if (fds[i].fd < 0)
				continue;
			event_assign(&g->events[i], g->base, fds[i].fd, EV_READ | EV_PERSIST,
				     on_readable, &g->fds[i]);
			event_add(&g->events[i], NULL);
		}
		g->n = n;
	}
	for (unsigned i = 0; i < n; i++)
		g->fds[i].revents = 0;
}

void ab_glue_round(struct ab_glue *g, int64_t wait)
{
	struct timeval tv = {.tv_sec = wait / 1000, .tv_usec = (suseconds_t)(wait % 1000) * 1000};

	if (wait > 0)
		evtimer_add(&g->alarm, &tv);
	/* NONBLOCK alone goes on until nothing is ready: what is read after the round would be for ever */
	event_base_loop(g->base, EVLOOP_ONCE | (wait > 0 ? 0 : EVLOOP_NONBLOCK));
}
