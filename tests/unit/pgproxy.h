/* SPDX-License-Identifier: ISC */
#pragma once
/* Stands between the store and PostgreSQL, passes everything on, and fails as it is told. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/test.h"

#define PROXY_PAIRS 32

enum proxy_mode {
	PROXY_FORWARD = 1,
	PROXY_HANG,	  /* nothing passes */
	PROXY_CUT_BEFORE, /* the next commit: the connection breaks before it arrives */
	PROXY_CUT_AFTER,  /* it breaks when the server has answered it */
};

struct pgproxy {
	int listener, server_port;
	char url[512];
	atomic_int mode;
	atomic_bool stop;
	pthread_t thread;
	struct proxy_pair {
		int client, server; /* -1: none */
		bool cut;	    /* at the next word of the server */
	} pair[PROXY_PAIRS];
};

static inline struct sockaddr_in proxy_loopback(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline void proxy_close(struct proxy_pair *p)
{
	close(p->client);
	close(p->server);
	*p = (struct proxy_pair){-1, -1, false};
}

static inline void proxy_accept(struct pgproxy *x)
{
	int client = accept(x->listener, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = proxy_loopback(x->server_port);

	for (size_t i = 0; i < PROXY_PAIRS; i++)
		if (x->pair[i].client < 0 &&
		    connect(server, (struct sockaddr *)&to, sizeof(to)) == 0) {
			x->pair[i] = (struct proxy_pair){client, server, false};
			return;
		}
	close(client);
	close(server);
}

/* Whether the pair goes on. */
static inline bool proxy_pass(struct pgproxy *x, struct proxy_pair *p, bool from_client)
{
	static const char commit[] = "COMMIT"; /* with its NUL: COMMITTED is another word */
	char data[65536];
	ssize_t n = read(from_client ? p->client : p->server, data, sizeof(data));
	int mode = x->mode;

	if (n <= 0 || (!from_client && p->cut))
		return false;
	if (from_client && mode > PROXY_HANG && memmem(data, (size_t)n, commit, sizeof(commit))) {
		x->mode = PROXY_FORWARD;
		if (mode == PROXY_CUT_BEFORE)
			return false;
		p->cut = true;
	}
	return write(from_client ? p->server : p->client, data, (size_t)n) == n;
}

static inline void *proxy_main(void *arg)
{
	struct pgproxy *x = arg;

	while (!x->stop) {
		struct pollfd fd[2 * PROXY_PAIRS + 1] = {{.fd = x->listener, .events = POLLIN}};

		for (size_t i = 0; i < PROXY_PAIRS; i++) {
			bool on = x->mode != PROXY_HANG;

			fd[2 * i + 1] = (struct pollfd){on ? x->pair[i].client : -1, POLLIN, 0};
			fd[2 * i + 2] = (struct pollfd){on ? x->pair[i].server : -1, POLLIN, 0};
		}
		if (poll(fd, 2 * PROXY_PAIRS + 1, 20) <= 0)
			continue;
		for (size_t i = 0; i < PROXY_PAIRS; i++)
			if ((fd[2 * i + 1].revents && !proxy_pass(x, &x->pair[i], true)) ||
			    (fd[2 * i + 2].revents && !proxy_pass(x, &x->pair[i], false)))
				proxy_close(&x->pair[i]);
		if (fd[0].revents)
			proxy_accept(x);
	}
	return NULL;
}

/** Between whoever takes x->url and the server of url, which is on loopback. */
static inline void proxy_start(struct pgproxy *x, const char *url)
{
	const char *port = strrchr(url, ':'), *at = strchr(url, '@');
	struct sockaddr_in here = proxy_loopback(0);
	socklen_t len = sizeof(here);

	*x = (struct pgproxy){.server_port = atoi(port + 1), .mode = PROXY_FORWARD};
	for (size_t i = 0; i < PROXY_PAIRS; i++)
		x->pair[i].client = x->pair[i].server = -1;
	x->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(x->listener, (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(listen(x->listener, 32), 0);
	assert_int_equal(getsockname(x->listener, (struct sockaddr *)&here, &len), 0);
	snprintf(x->url, sizeof(x->url), "%.*s@127.0.0.1:%d%s", (int)(at - url), url,
		 ntohs(here.sin_port), strchr(port, '/'));
	assert_int_equal(pthread_create(&x->thread, NULL, proxy_main, x), 0);
}

static inline void proxy_end(struct pgproxy *x)
{
	x->stop = true;
	pthread_join(x->thread, NULL);
	for (size_t i = 0; i < PROXY_PAIRS; i++)
		if (x->pair[i].client >= 0)
			proxy_close(&x->pair[i]);
	close(x->listener);
}
