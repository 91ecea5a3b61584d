/* SPDX-License-Identifier: ISC */
#include "lib/daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

#define WATCHDOG_MAX_USEC 3600000000ll /* an hour: beyond it nobody watches */

/* A positive number and nothing else, at most max. @return 0: none. */
static int64_t parse_number(const char *text, int64_t max)
{
	char *end;
	long long n;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	n = strtoll(text, &end, 10);
	return *end || errno || n > max ? 0 : n;
}

static void open_socket(struct dm_notify *n, const char *name)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(n->addr.sun_path)) {
		cc_warn("NOTIFY_SOCKET=%s is no socket: systemd hears nothing", name);
		return;
	}
	n->addr.sun_family = AF_UNIX;
	memcpy(n->addr.sun_path, name, len);
	if (name[0] == '@')
		n->addr.sun_path[0] = '\0'; /* abstract: counted, not terminated */
	n->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void dm_notify_open(struct dm_notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET"), *pid = getenv("WATCHDOG_PID");
	int64_t usec = parse_number(getenv("WATCHDOG_USEC"), WATCHDOG_MAX_USEC);

	*n = (struct dm_notify){.fd = -1, .next = INT64_MAX};
	if (name && *name)
		open_socket(n, name);
	/* the watchdog of another process, whose environment we have inherited, is not ours */
	if (n->fd >= 0 && (!pid || parse_number(pid, INT32_MAX) == getpid()))
		n->period_ms = usec / 2000;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void dm_notify_close(struct dm_notify *n)
{
	cc_closep(&n->fd);
	n->next = INT64_MAX;
}

/* Never waits: a manager that does not read is none. */
static void tell(const struct dm_notify *n, const char *text)
{
	if (n->fd >= 0 && sendto(n->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
				 (const struct sockaddr *)&n->addr, n->len) < 0)
		cc_debug("NOTIFY_SOCKET: %s", strerror(errno));
}

void dm_notify_ready(struct dm_notify *n, int64_t now)
{
	tell(n, "READY=1");
	if (n->period_ms > 0)
		n->next = now + n->period_ms;
}

void dm_notify_reloading(struct dm_notify *n)
{
	char text[64];

	/* systemd compares it with its own clock, to know which reload this is */
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, cc_clock_ns() / 1000);
	tell(n, text);
}

void dm_notify_stopping(struct dm_notify *n)
{
	tell(n, "STOPPING=1");
}

void dm_notify_beat(struct dm_notify *n, int64_t now)
{
	if (now < n->next)
		return;
	tell(n, "WATCHDOG=1");
	n->next = now + n->period_ms;
}
