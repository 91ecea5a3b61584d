/* SPDX-License-Identifier: ISC */
#include "lib/daemon/lifeline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/base/util.h"

#define READS_MAX 16 /* of one look: a parent that talks without end must not hold the loop */

/* A number and nothing else. @return -1: none. */
static int parse_fd(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && n <= INT_MAX ? (int)n : -1;
}

static bool is_stream_socket(int fd)
{
	socklen_t len = sizeof(int);
	int type = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

int dm_lifeline_open(struct dm_lifeline *l, struct cc_note *why)
{
	const char *text = getenv(DM_LIFELINE_VARIABLE);
	int fd = text ? parse_fd(text) : -1;

	*l = (struct dm_lifeline){.fd = -1, .next = INT64_MAX};
	if (!text)
		return 0;
	if (fd < 0 || !is_stream_socket(fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return cc_note_set(why, CC_EINVAL,
				   DM_LIFELINE_VARIABLE "=%.32s names no stream socket", text);
	unsetenv(DM_LIFELINE_VARIABLE);
	l->fd = fd;
	return 0;
}

void dm_lifeline_close(struct dm_lifeline *l)
{
	cc_closep(&l->fd);
	l->next = INT64_MAX;
}

/*
 * A full buffer and a vanished parent are both no matter here: dm_lifeline_ended finds the latter.
 */
static void say(const struct dm_lifeline *l, char octet)
{
	ssize_t r;

	do {
		r = send(l->fd, &octet, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (r < 0 && errno == EINTR);
}

void dm_lifeline_ready(struct dm_lifeline *l, int64_t now)
{
	if (l->fd < 0)
		return;
	say(l, 'R');
	l->next = now + DM_HEARTBEAT_MS;
}

void dm_lifeline_beat(struct dm_lifeline *l, int64_t now)
{
	if (now < l->next)
		return;
	say(l, 'h');
	l->next = now + DM_HEARTBEAT_MS;
}

bool dm_lifeline_ended(const struct dm_lifeline *l)
{
	char waste[64];

	for (int i = 0; l->fd >= 0 && i < READS_MAX; i++) {
		ssize_t r = recv(l->fd, waste, sizeof(waste), MSG_DONTWAIT);

		if (r == 0)
			return true;
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return errno != EAGAIN && errno != EWOULDBLOCK;
	}
	return false;
}
