/* SPDX-License-Identifier: ISC */
#pragma once
/* The word to systemd (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET names. */
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct dm_notify {
	int fd; /* -1: nobody wants to hear */
	struct sockaddr_un addr;
	socklen_t len;
	int64_t period_ms; /* between signs of life; 0: none are wanted */
	int64_t next;	   /* the next one, monotonic ms; INT64_MAX: none */
};

/**
 * Takes NOTIFY_SOCKET (a path, or @NAME for an abstract one), WATCHDOG_USEC and WATCHDOG_PID out of
 * the environment. What makes no sense is logged and means: nobody wants to hear.
 */
void dm_notify_open(struct dm_notify *n);
void dm_notify_close(struct dm_notify *n);
/** READY=1; signs of life begin. */
void dm_notify_ready(struct dm_notify *n, int64_t now);
/** RELOADING=1, to be followed by dm_notify_ready. */
void dm_notify_reloading(struct dm_notify *n);
void dm_notify_stopping(struct dm_notify *n);
/** WATCHDOG=1 if one is due. */
void dm_notify_beat(struct dm_notify *n, int64_t now);
