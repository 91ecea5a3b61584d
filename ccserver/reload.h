/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Reload: a thread of its own reads and checks all files while routing goes on; the routing thread
 * puts the new snapshot into force, whole or not at all; the reload is done when every thread signs
 * by it and what they signed by the old one has been sent.
 */
#include <stdint.h>

#include "lib/base/err.h"

struct server;
struct srv_thread;

/** Starts the thread. @return 0, -CC_ENOMEM, -CC_ESYS. */
int srv_reload_start(struct server *s);
/** Ends it, after srv_asks_close. */
void srv_reload_stop(struct server *s);
/** Asks for a reload (SIGHUP); what comes of it is logged. */
void srv_reload_request(struct server *s);
/**
 * Asks for a reload and waits until it is done. t: the handler's thread that calls. *number: of the
 * snapshot in force. @return 0, -CC_ETIMEOUT, or the reason why the old one stays, with why.
 */
int srv_reload_wait(struct server *s, struct srv_thread *t, int64_t timeout_ms, uint64_t *number,
		    struct cc_note *why);
