/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The endpoints of a server. libzmq takes an ipc path from whoever has it, and leaves it behind when
 * it is done: so a path is checked before it is bound, and removed at the end.
 */
#include "lib/base/err.h"

struct server;

/** Opens the ROUTER socket and binds it to cc-socket. @return 0 or a negative error with why. */
int srv_listen(struct server *s, struct cc_note *why);
/** Removes the ipc sockets that are still this server's; before its socket is closed. */
void srv_listen_end(struct server *s);
