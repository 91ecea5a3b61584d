/* SPDX-License-Identifier: ISC */
#include "ccserver/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ccserver/server.h"
#include "lib/base/log.h"

/* An ipc socket that this server made. */
struct srv_path {
	struct srv_path *next;
	dev_t dev;
	ino_t ino;
	char path[];
};

static int note_path(struct server *s, const char *path)
{
	struct srv_path *p = malloc(sizeof(*p) + strlen(path) + 1);
	struct stat st;

	if (!p)
		return cc_raise(CC_ENOMEM);
	if (stat(path, &st) != 0) { /* a name without a file */
		free(p);
		return 0;
	}
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	strcpy(p->path, path);
	p->next = s->paths;
	s->paths = p;
	return 0;
}

/* An ipc socket is as private as its folder: only this user and group. */
static int bind_one(struct server *s, const char *url, struct cc_note *why)
{
	char real[256];
	size_t len = sizeof(real);
	int r = cc_sock_check_free(url, why);
	mode_t mask;

	if (r)
		return r;
	mask = umask(0117);
	r = zmq_bind(s->sock, url);
	umask(mask);
	if (r != 0)
		return cc_note_set(why, CC_ESYS, "cannot listen on %s: %s", url,
				   zmq_strerror(errno));
	if (zmq_getsockopt(s->sock, ZMQ_LAST_ENDPOINT, real, &len) != 0)
		return cc_raise(CC_ESYS);
	cc_info("listening on %s (%s)", url, real);
	return strncmp(real, "ipc://", 6) == 0 ? note_path(s, real + 6) : 0;
}

static int bind_all(struct server *s, bool local, struct cc_note *why)
{
	const struct cf_list *urls = &s->conf->cc_socket;
	int r = 0;

	for (size_t i = 0; i < urls->count && !r; i++)
		if (cc_sock_is_local(urls->items[i]) == local)
			r = bind_one(s, urls->items[i], why);
	return r;
}

/* libzmq gives an endpoint the options that the socket has when it is bound. */
static int bind_sockets(struct server *s, struct cc_note *why)
{
	int r = bind_all(s, true, why);

	if (!r && srv_zap_rules_guard(s->snap->zap)) {
		r = srv_zap_start(&s->zap, s->zctx, s->snap->zap, why);
		if (!r)
			r = srv_zap_guard(s->zap, s->sock);
	}
	return r ? r : bind_all(s, false, why);
}

int srv_listen(struct server *s, struct cc_note *why)
{
	int mandatory = 1, r;
	size_t len = sizeof(s->fd);

	s->zctx = zmq_ctx_new();
	if (!s->zctx)
		return cc_raise(CC_ESYS);
	zmq_ctx_set(s->zctx, ZMQ_IO_THREADS, (int)s->conf->zmq_nthreads);
	s->sock = zmq_socket(s->zctx, ZMQ_ROUTER);
	if (!s->sock)
		return cc_raise(CC_ESYS);
	r = cc_sock_apply(s->sock, &s->conf->sock);
	if (r)
		return r;
	/* else a full or vanished peer would swallow answers in silence */
	if (zmq_setsockopt(s->sock, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof(mandatory)) != 0 ||
	    zmq_getsockopt(s->sock, ZMQ_FD, &s->fd, &len) != 0)
		return cc_raise(CC_ESYS);
	return bind_sockets(s, why);
}

/* Somebody may have removed it by hand and put his own there. */
static bool is_ours(const struct srv_path *p)
{
	struct stat st;

	return stat(p->path, &st) == 0 && st.st_dev == p->dev && st.st_ino == p->ino;
}

void srv_listen_end(struct server *s)
{
	while (s->paths) {
		struct srv_path *p = s->paths;

		s->paths = p->next;
		if (is_ours(p) && unlink(p->path) != 0)
			cc_warn("cannot remove %s: %s", p->path, strerror(errno));
		free(p);
	}
}
