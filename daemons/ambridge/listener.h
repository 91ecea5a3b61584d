/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Listeners: each has its sockets, its own evhttp, and the TLS that its connections begin with. A reload
 * changes certificate, roots and what is offered in place, opens new sockets and closes those that are
 * named no more; connections stay.
 */
#include <event2/http.h>
#include <event2/listener.h>

#include "daemons/ambridge/service.h"

struct ambridge;
struct ab_listener;
struct ab_tls;

#define AB_SOCKETS_MAX 16 /* of one listener */

/** Opens and changes listeners as the options say. @return 0, or a negative error with why. */
int ab_listeners_apply(struct ambridge *ab, struct cc_note *why);
/** They accept (again), or not. */
void ab_listeners_accept(struct ambridge *ab, bool accept);
/** Ends accepting for good. */
void ab_listeners_close(struct ambridge *ab);
/** Frees them with all connections. */
void ab_listeners_free(struct ambridge *ab);

struct ambridge *ab_listener_bridge(const struct ab_listener *l);
struct ab_tls *ab_listener_tls(const struct ab_listener *l);
/** "am" of [l:am]: in logs, and what the bus is told. */
const char *ab_listener_title(const struct ab_listener *l);
const struct ab_style *ab_listener_style(const struct ab_listener *l);
/** The service that it offers at a path; NULL: none. */
const struct ab_service *ab_listener_service(const struct ab_listener *l, const char *path);
/** Whether it offers a page that is no service: "/healthz", "/metrics". */
bool ab_listener_offers(const struct ab_listener *l, const char *path);

/* sockets.c */

/** A socket that listens; text: "192.0.2.1:443", "[::]:443". @return 0, -CC_EINVAL, -CC_ESYS with why. */
int ab_socket_open(const char *text, int *fd, struct cc_note *why);
/** Whether text is an address with a port; loopback: one of this host only. @return 0, -CC_EINVAL. */
int ab_socket_check(const char *text, bool loopback, struct cc_note *why);
