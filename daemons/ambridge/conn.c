/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/conn.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <stdio.h>
#include <string.h>

#include "daemons/ambridge/ambridge.h"
#include "daemons/ambridge/listener.h"
#include "lib/base/log.h"

/* One address may make us hold this part of request-memory. */
#define ADDRESS_SHARE 4

static const struct {
	size_t timeout; /* offset in struct ambridge; 0: none */
	enum ab_figure late;
} phases[] = {
	[AB_HANDSHAKE] = {offsetof(struct ambridge, handshake_timeout), AB_HANDSHAKE_LATE},
	[AB_IDLE] = {offsetof(struct ambridge, idle_timeout), AB_IDLE_LATE},
	[AB_READING] = {offsetof(struct ambridge, request_timeout), AB_REQUEST_LATE},
	[AB_WRITING] = {offsetof(struct ambridge, write_timeout), AB_WRITE_LATE},
	[AB_CUT] = {0, AB_IDLE_LATE},
};

static struct timeval after_ms(int64_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

/* ---- what is held of requests ---- */

static void release(struct ab_conn *c)
{
	c->ab->octets -= c->octets;
	if (c->peer)
		c->peer->octets -= c->octets;
	c->octets = 0;
}

static bool holds_too_much(const struct ab_conn *c)
{
	const struct ambridge *ab = c->ab;

	return ab->octets > ab->request_memory ||
	       (c->peer && c->peer->octets > ab->request_memory / ADDRESS_SHARE);
}

static void note_cut(const struct ab_conn *c, const char *why)
{
	char source[AB_ADDRESS_TEXT + 32];
	unsigned held;

	/* each reason is told of each address */
	snprintf(source, sizeof(source), "%.24s %s", why, c->address);
	if (cc_log_allowed("cut", source, (unsigned)strlen(source), &held))
		cc_info("%s: %s: %s; %u more since the last line", ab_listener_title(c->listener),
			c->address, why, held);
}

/* evhttp's own limits come after: this one is of what all clients together may send. */
static void hold(struct ab_conn *c, size_t n)
{
	c->octets += n;
	c->ab->octets += n;
	if (c->peer)
		c->peer->octets += n;
	if (holds_too_much(c)) {
		ab_metrics_count(&c->ab->metrics, AB_MEMORY_LIMIT);
		note_cut(c, "cut: request-memory is used up");
		ab_conn_cut(c);
	} else if (c->stranger && c->octets > AB_STRANGER_BODY_MAX + AB_HEADER_MAX) {
		note_cut(c, "cut: a long request of a client that nobody vouches for");
		ab_conn_cut(c);
	}
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct ab_conn *c = arg;

	if (info->n_added == 0)
		return;
	if (c->phase == AB_IDLE)
		ab_conn_enter(c, AB_READING);
	if (c->phase == AB_READING)
		hold(c, info->n_added);
}

/* ---- phases ---- */

static struct cc_list *list_of(struct ambridge *ab, enum ab_phase phase)
{
	return phase <= AB_HANDSHAKE ? &ab->handshaking : phase == AB_IDLE ? &ab->idle : &ab->busy;
}

void ab_conn_enter(struct ab_conn *c, enum ab_phase phase)
{
	size_t at = phases[phase].timeout;

	if (c->phase == AB_CUT)
		return;
	c->phase = phase;
	cc_list_remove(&c->link);
	cc_list_add_tail(list_of(c->ab, phase), &c->link);
	if (at) {
		struct timeval tv = after_ms(*(const int64_t *)((const char *)c->ab + at));

		evtimer_add(&c->timer, &tv);
	} else {
		evtimer_del(&c->timer);
	}
	if (phase == AB_WRITING)
		release(c);
}

void ab_conn_done(struct ab_conn *c)
{
	size_t left = evbuffer_get_length(bufferevent_get_input(c->bev));

	if (c->phase == AB_CUT)
		return;
	release(c);
	ab_conn_enter(c, left ? AB_READING : AB_IDLE);
	if (left)
		hold(c, left);
	else if (c->ab->draining)
		ab_conn_cut(c);
}

void ab_conn_bye(struct ab_conn *c)
{
	ab_tls_bye(c->ssl);
}

void ab_conn_cut(struct ab_conn *c)
{
	evutil_socket_t fd = bufferevent_getfd(c->bev);

	if (c->phase == AB_IDLE)
		ab_conn_bye(c);

	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
	ab_conn_enter(c, AB_CUT);
}

/* Room for one more: of those who have not shown yet who they are, else of the idle. */
static bool make_room(struct ambridge *ab, const struct ab_conn *fresh)
{
	struct cc_list *lists[] = {&ab->handshaking, &ab->idle};

	for (size_t i = 0; i < 2; i++) {
		struct ab_conn *oldest = cc_container_of(lists[i]->next, struct ab_conn, link);

		if (cc_list_empty(lists[i]) || oldest == fresh)
			continue;
		note_cut(oldest, "cut to make room: max-connections is reached");
		ab_conn_cut(oldest);
		return true;
	}
	return false;
}

static int find_peer(struct ab_conn *c)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	struct sockaddr *sa = (struct sockaddr *)&address;

	if (getpeername(bufferevent_getfd(c->bev), sa, &len) != 0)
		return -CC_ESYS;
	ab_address_text(sa, c->address);
	return ab_peers_enter(&c->ab->peers, sa, (unsigned)c->ab->max_address_connections,
			      &c->peer);
}

/* evhttp gives us the socket only after it has asked for the connection: so limits are looked at here. */
static void greet(struct ab_conn *c)
{
	struct ambridge *ab = c->ab;
	int r = find_peer(c);

	ab_metrics_count(&ab->metrics, AB_ACCEPTED);
	if (r == -CC_ELIMIT) {
		ab_metrics_count(&ab->metrics, AB_ADDRESS_LIMIT);
		note_cut(c, "refused: max-address-connections is reached");
	}
	if (!r && ab->connections > ab->max_connections) {
		ab_metrics_count(&ab->metrics, AB_CONNECTION_LIMIT);
		r = make_room(ab, c) ? 0 : -CC_ELIMIT;
	}
	if (r || ab->draining)
		ab_conn_cut(c);
	else
		ab_conn_enter(c, AB_HANDSHAKE);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct ab_conn *c = arg;

	if (c->phase == AB_GREETING) {
		greet(c);
		return;
	}
	ab_metrics_count(&c->ab->metrics, phases[c->phase].late);
	if (c->phase == AB_HANDSHAKE || c->phase == AB_READING)
		note_cut(c, c->phase == AB_READING
				    ? "cut: its request took longer than request-timeout"
				    : "cut: its handshake took longer than "
				      "handshake-timeout");
	ab_conn_cut(c);
}

/* ---- begin and end ---- */

static struct ab_conn *conn_new(struct ab_listener *l)
{
	struct ab_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->listener = l;
	c->ab = ab_listener_bridge(l);
	c->address[0] = '?';
	cc_list_init(&c->link);
	c->ssl = ab_tls_open(ab_listener_tls(l), c);
	if (!c->ssl) {
		free(c);
		return NULL;
	}
	cc_list_add_tail(&c->ab->handshaking, &c->link);
	c->ab->connections++;
	evtimer_assign(&c->timer, c->ab->base, on_timer, c);
	return c;
}

struct bufferevent *ab_conn_new(struct event_base *base, void *arg)
{
	struct timeval now = {0};
	struct ab_conn *c = conn_new(arg);

	/* a reference more: on failure it frees the one that it was given, or not, as its version is */
	if (c && SSL_up_ref(c->ssl) == 1)
		c->bev = bufferevent_openssl_socket_new(base, -1, c->ssl, BUFFEREVENT_SSL_ACCEPTING,
							BEV_OPT_CLOSE_ON_FREE);
	if (c)
		SSL_free(c->ssl);
	if (!c || !c->bev) {
		/* http.c answers nothing on a connection without TLS */
		return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	}
	/* an end without close_notify is an end like another: lengths say whether a request is whole */
	bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
	evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c);
	evtimer_add(&c->timer, &now);
	return c->bev;
}

void ab_conn_free(struct ab_conn *c)
{
	if (c->ab) {
		evtimer_del(&c->timer);
		release(c);
		cc_list_remove(&c->link);
		c->ab->connections--;
		if (c->peer)
			ab_peers_leave(&c->ab->peers, c->peer);
	}
	ab_client_deinit(&c->client);
	free(c);
}

struct ab_conn *ab_conn_of(struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	struct bufferevent *bev = evcon ? evhttp_connection_get_bufferevent(evcon) : NULL;

	return bev ? ab_tls_conn(bufferevent_openssl_get_ssl(bev)) : NULL;
}

/* ---- what tls.c tells ---- */

int ab_conn_certificates(struct ab_conn *c, X509 *leaf, const STACK_OF(X509) * others)
{
	struct ab_tls *t = ab_listener_tls(c->listener);
	int r;

	if (c->phase == AB_GREETING)
		greet(c);
	r = ab_client_take(&c->client, &t->judge, leaf, others);
	if (r) {
		free(c->client.why);
		c->client.why = strdup(r == -CC_ELIMIT ? "too many certificates, or too long ones"
						       : cc_err_text(r));
		return r;
	}
	r = ab_judge_client(&t->judge, &c->client);
	return t->clients == AB_ANY ? 0 : r;
}

static int take_session(struct ab_conn *c)
{
	struct ab_tls *t = ab_listener_tls(c->listener);
	X509 *leaf = SSL_get0_peer_certificate(c->ssl);
	int r;

	if (leaf && !SSL_session_reused(c->ssl))
		return 0; /* judged a moment ago */
	r = ab_client_take(&c->client, &t->judge, leaf,
			   leaf ? SSL_get_peer_cert_chain(c->ssl) : NULL);
	if (r)
		return r;
	r = ab_judge_client(&t->judge, &c->client);
	return t->clients == AB_ANY ? 0 : r;
}

void ab_conn_handshaken(struct ab_conn *c)
{
	int r;

	if (c->phase == AB_GREETING)
		greet(c);
	if (c->phase != AB_HANDSHAKE)
		return; /* cut, or a later word of TLS 1.3 */
	r = take_session(c);
	if (r) {
		/* a session of before its chain was revoked or came to its end */
		ab_metrics_count(&c->ab->metrics, AB_REVOKED_OPEN);
		ab_conn_refused(c, c->client.why);
		SSL_CTX_remove_session(SSL_get_SSL_CTX(c->ssl), SSL_get_session(c->ssl));
		ab_conn_cut(c);
		return;
	}
	c->stranger = c->client.rule != 0;
	ab_metrics_count(&c->ab->metrics, AB_HANDSHAKES);
	if (SSL_session_reused(c->ssl))
		ab_metrics_count(&c->ab->metrics, AB_RESUMED);
	ab_conn_enter(c, AB_IDLE);
}

/* One line for each address and kind of reason: many clients may stand behind one address. */
void ab_conn_refused(struct ab_conn *c, const char *why)
{
	int rule = c->client.why ? c->client.rule : 0;
	const char *urn = ab_client_urn(&c->client);
	char source[AB_ADDRESS_TEXT + 16];
	unsigned held;

	if (c->phase == AB_GREETING)
		greet(c);
	if (c->phase != AB_HANDSHAKE)
		return; /* the end of a connection, or of one that was cut */
	ab_metrics_count(&c->ab->metrics, AB_HANDSHAKE_FAILED);
	ab_linger(&c->ab->lingering, c->ab->base, bufferevent_getfd(c->bev));
	snprintf(source, sizeof(source), "%d %s", rule, c->address);
	if (cc_log_allowed("handshake", source, (unsigned)strlen(source), &held))
		cc_info("%s: %s: handshake refused: %s%s%s%s%s; %u more since the last line",
			ab_listener_title(c->listener), c->address,
			rule > 0 ? cc_rule_name(rule) : "", rule > 0 ? ": " : "",
			c->client.why ? c->client.why : why, *urn ? ", of " : "", urn, held);
}

void ab_conn_alerted(struct ab_conn *c, const char *what)
{
	unsigned held;

	ab_metrics_count(&c->ab->metrics, AB_CLIENT_REFUSED_US);
	if (cc_log_allowed("alert", c->address, (unsigned)strlen(c->address), &held))
		cc_info("%s: %s: the client ends the handshake: %s; %u more since the last line",
			ab_listener_title(c->listener), c->address, what, held);
}
