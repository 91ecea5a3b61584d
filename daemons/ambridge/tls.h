/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The TLS of one listener: its certificate, its roots, its sessions. A snapshot that a reload replaces
 * whole: handshakes that come later use the new one, connections keep what they have, and since sessions
 * belong to the snapshot, none is resumed that was made under other roots.
 *
 * TLS 1.2 and 1.3; no renegotiation; sessions in memory only, for a session that a client brings along in
 * a ticket has no chain (platform 6).
 */
#include "daemons/ambridge/judge.h"

#define AB_SESSION_SECONDS 300

enum ab_clients { AB_TRUSTED, AB_ANY };

struct ab_tls {
	unsigned refs;
	SSL_CTX *ctx;
	struct ab_judge judge;
	enum ab_clients clients;
};

struct ab_tls_conf {
	const char *name; /* of the listener: sessions of one are none of another */
	const char *certificate, *key, *roots;
	const struct cf_list *crls;
	const struct cf_section *rules; /* [roots]; NULL: none */
	enum ab_clients clients;
	size_t sessions;
};

struct ab_conn;

/** Reads everything. @return 0, or a negative error with why: which file, and what is wrong. */
int ab_tls_new(struct ab_tls **out, const struct ab_tls_conf *conf, struct cc_note *why);
struct ab_tls *ab_tls_ref(struct ab_tls *t);
void ab_tls_unref(struct ab_tls *t);
/**
 * The server's side of one connection, which ab_conn_free ends with it. conn is borrowed. @return NULL: no
 * memory; then conn is the caller's still.
 */
SSL *ab_tls_open(struct ab_tls *t, struct ab_conn *conn);
/** Whose connection it is; NULL: nobody's. */
struct ab_conn *ab_tls_conn(const SSL *ssl);
/** Sends close_notify, as far as the socket takes it. */
void ab_tls_bye(SSL *ssl);
/** Whether the certificate is for a host by this name: in its SAN, and as its CN. */
bool ab_tls_names(const struct ab_tls *t, const char *host, bool *cn);
/** Sessions that could be resumed. */
long ab_tls_sessions(const struct ab_tls *t);
