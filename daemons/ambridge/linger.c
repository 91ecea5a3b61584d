/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/linger.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"

struct left {
	struct cc_list link;
	struct ab_lingering *all;
	struct event event;
	int fd;
	int64_t end_ms;
	size_t octets;
};

static void let_go(struct left *g)
{
	event_del(&g->event);
	close(g->fd);
	cc_list_remove(&g->link);
	g->all->n--;
	free(g);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct left *g = arg;
	char nothing[4096];
	ssize_t n = what & EV_READ ? recv(fd, nothing, sizeof(nothing), MSG_DONTWAIT) : 0;

	g->octets += n > 0 ? (size_t)n : 0;
	if (n <= 0 || g->octets > AB_LINGER_OCTETS || cc_clock_ms() >= g->end_ms)
		let_go(g);
}

void ab_linger_init(struct ab_lingering *l)
{
	cc_list_init(&l->list);
	l->n = 0;
}

void ab_linger(struct ab_lingering *l, struct event_base *base, evutil_socket_t fd)
{
	const struct timeval tv = {.tv_sec = AB_LINGER_MS / 1000};
	struct left *g = l->n < AB_LINGER_MAX ? calloc(1, sizeof(*g)) : NULL;

	if (!g)
		return;
	g->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (g->fd < 0) {
		free(g);
		return;
	}
	shutdown(g->fd, SHUT_WR);
	g->all = l;
	g->end_ms = cc_clock_ms() + AB_LINGER_MS;
	cc_list_init(&g->link);
	cc_list_add_tail(&l->list, &g->link);
	l->n++;
	event_assign(&g->event, base, g->fd, EV_READ | EV_PERSIST, on_event, g);
	event_add(&g->event, &tv);
}

void ab_linger_end(struct ab_lingering *l)
{
	while (!cc_list_empty(&l->list))
		let_go(cc_container_of(l->list.next, struct left, link));
}
