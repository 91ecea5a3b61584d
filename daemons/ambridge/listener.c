/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/listener.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemons/ambridge/ambridge.h"
#include "daemons/ambridge/conn.h"
#include "daemons/ambridge/http.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

#define BREATH_MS 200 /* without accepting, where descriptors are short */

struct bound {
	char *address; /* as the option says it */
	struct evhttp_bound_socket *handle;
	bool wanted; /* by the options that are applied */
};

struct ab_listener {
	struct ambridge *ab;
	char *section; /* "l:am" */
	const struct ab_listener_conf
		*conf; /* of the options that are in force; NULL: none any more */
	struct ab_tls *tls;
	struct evhttp *http;
	struct bound sockets[AB_SOCKETS_MAX];
	unsigned n_sockets;
	struct ab_style style;
};

/* ---- what others ask ---- */

struct ambridge *ab_listener_bridge(const struct ab_listener *l)
{
	return l->ab;
}

struct ab_tls *ab_listener_tls(const struct ab_listener *l)
{
	return l->tls;
}

const char *ab_listener_title(const struct ab_listener *l)
{
	return ab_listener_name(l->section);
}

const struct ab_style *ab_listener_style(const struct ab_listener *l)
{
	return &l->style;
}

static bool same_path(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	n -= n > 1 && a[n - 1] == '/';
	m -= m > 1 && b[m - 1] == '/';
	return n == m && memcmp(a, b, n) == 0;
}

bool ab_listener_offers(const struct ab_listener *l, const char *path)
{
	for (size_t i = 0; l->conf && i < l->conf->services.count; i++) {
		if (same_path(l->conf->services.items[i], path))
			return true;
	}
	return false;
}

/* Clients of XML-RPC whose URL has no path ask for /RPC2 (spec geni-am 1). */
const struct ab_service *ab_listener_service(const struct ab_listener *l, const char *path)
{
	if (ab_listener_offers(l, path))
		return ab_service_find(path);
	if (l->conf && *l->conf->default_service &&
	    (same_path(path, "/") || same_path(path, "/RPC2")))
		return ab_service_find(l->conf->default_service);
	return NULL;
}

/* ---- sockets ---- */

/* No descriptors, or no memory: the socket stays readable, and the loop would do nothing else. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct ab_listener *l = arg;
	const struct timeval tv = {.tv_usec = BREATH_MS * 1000};
	unsigned held;

	if (cc_log_allowed("accept", "", 0, &held))
		cc_error("cannot accept connections: %s", strerror(errno));
	ab_listeners_accept(l->ab, false);
	evtimer_add(l->ab->breath, &tv);
}

static int open_socket(struct ab_listener *l, const char *address, struct cc_note *why)
{
	struct bound *b = &l->sockets[l->n_sockets];
	struct evconnlistener *listener;
	int fd, r = l->n_sockets < AB_SOCKETS_MAX ? ab_socket_open(address, &fd, why) : -CC_ELIMIT;

	if (r)
		return r;
	listener = evconnlistener_new(l->ab->base, NULL, NULL,
				      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!listener) {
		close(fd);
		return cc_raise(CC_ENOMEM);
	}
	b->address = strdup(address);
	b->handle = b->address ? evhttp_bind_listener(l->http, listener) : NULL;
	if (!b->handle) {
		evconnlistener_free(listener);
		free(b->address);
		return cc_raise(CC_ENOMEM);
	}
	evconnlistener_set_error_cb(listener, on_accept_error);
	b->wanted = true;
	l->n_sockets++;
	cc_info("%s: listening on %s", ab_listener_title(l), address);
	return 0;
}

static void close_socket(struct ab_listener *l, unsigned i)
{
	evhttp_del_accept_socket(l->http, l->sockets[i].handle);
	free(l->sockets[i].address);
	l->sockets[i] = l->sockets[--l->n_sockets];
}

static struct bound *find_socket(struct ab_listener *l, const char *address)
{
	for (unsigned i = 0; i < l->n_sockets; i++) {
		if (strcmp(l->sockets[i].address, address) == 0)
			return &l->sockets[i];
	}
	return NULL;
}

static int apply_sockets(struct ab_listener *l, const struct cf_list *wanted, struct cc_note *why)
{
	int r = 0;

	for (unsigned i = 0; i < l->n_sockets; i++)
		l->sockets[i].wanted = false;
	for (size_t i = 0; i < wanted->count; i++) {
		struct bound *b = find_socket(l, wanted->items[i]);

		if (b)
			b->wanted = true;
	}
	/* those that go first: their ports may be wanted for all addresses */
	for (unsigned i = l->n_sockets; i-- > 0;) {
		if (!l->sockets[i].wanted)
			close_socket(l, i);
	}
	for (size_t i = 0; i < wanted->count && !r; i++) {
		if (!find_socket(l, wanted->items[i]))
			r = open_socket(l, wanted->items[i], why);
	}
	return r;
}

/* ---- listeners ---- */

static void set_up_http(struct ab_listener *l)
{
	evhttp_set_bevcb(l->http, ab_conn_new, l);
	evhttp_set_gencb(l->http, ab_http_request, l);
	evhttp_set_max_headers_size(l->http, AB_HEADER_MAX);
	evhttp_set_max_body_size(l->http, AB_BODY_MAX);
	/* all that it knows: which of them a path has, http.c says */
	evhttp_set_allowed_methods(l->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
						    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
						    EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_default_content_type(l->http, "text/plain; charset=utf-8");
}

static int new_listener(struct ambridge *ab, const char *section, struct ab_listener **out)
{
	struct ab_listener *l;

	if (ab->n_listeners == AB_LISTENERS_MAX)
		return -CC_ELIMIT;
	l = calloc(1, sizeof(*l));
	if (!l)
		return cc_raise(CC_ENOMEM);
	l->ab = ab;
	l->section = strdup(section);
	l->http = evhttp_new(ab->base);
	if (!l->section || !l->http) {
		if (l->http)
			evhttp_free(l->http);
		free(l->section);
		free(l);
		return cc_raise(CC_ENOMEM);
	}
	set_up_http(l);
	ab->listeners[ab->n_listeners++] = l;
	*out = l;
	return 0;
}

static struct ab_listener *find_listener(struct ambridge *ab, const char *section)
{
	for (unsigned i = 0; i < ab->n_listeners; i++) {
		if (strcmp(ab->listeners[i]->section, section) == 0)
			return ab->listeners[i];
	}
	return NULL;
}

/* evhttp's own time-outs are only there for what ours should miss: they count from octet to octet. */
static int longest_timeout(const struct ambridge *ab)
{
	int64_t ms = ab->idle_timeout;

	if (ab->request_timeout > ms)
		ms = ab->request_timeout;
	if (ab->write_timeout > ms)
		ms = ab->write_timeout;
	return (int)(ms / 1000) + 10;
}

static int apply(struct ambridge *ab, size_t i, struct cc_note *why)
{
	struct ab_listener *l = find_listener(ab, ab->names.items[i]);
	int r = l ? 0 : new_listener(ab, ab->names.items[i], &l);

	if (r)
		return r;
	ab_tls_unref(l->tls);
	l->tls = ab_tls_ref(ab->tls[i]);
	l->conf = &ab->conf[i];
	l->style.faults_2011 = l->conf->sfa_faults == 1;
	evhttp_set_timeout(l->http, longest_timeout(ab));
	return apply_sockets(l, &l->conf->listen, why);
}

int ab_listeners_apply(struct ambridge *ab, struct cc_note *why)
{
	static const struct cf_list none;
	int r = 0;

	/* the options of before are gone; a listener that is named no more keeps its connections */
	for (unsigned i = 0; i < ab->n_listeners; i++)
		ab->listeners[i]->conf = NULL;
	for (size_t i = 0; i < ab->names.count; i++) {
		int one = apply(ab, i, why);

		r = r ? r : one;
	}
	for (unsigned i = 0; i < ab->n_listeners; i++) {
		if (!ab->listeners[i]->conf)
			apply_sockets(ab->listeners[i], &none, NULL);
	}
	return r;
}

void ab_listeners_accept(struct ambridge *ab, bool accept)
{
	for (unsigned i = 0; i < ab->n_listeners; i++) {
		struct ab_listener *l = ab->listeners[i];

		for (unsigned k = 0; k < l->n_sockets; k++) {
			struct evconnlistener *e =
				evhttp_bound_socket_get_listener(l->sockets[k].handle);

			if (accept)
				evconnlistener_enable(e);
			else
				evconnlistener_disable(e);
		}
	}
}

void ab_listeners_close(struct ambridge *ab)
{
	for (unsigned i = 0; i < ab->n_listeners; i++) {
		while (ab->listeners[i]->n_sockets > 0)
			close_socket(ab->listeners[i], 0);
	}
}

void ab_listeners_free(struct ambridge *ab)
{
	ab_listeners_close(ab);
	while (ab->n_listeners > 0) {
		struct ab_listener *l = ab->listeners[--ab->n_listeners];

		evhttp_free(l->http);
		ab_tls_unref(l->tls);
		free(l->section);
		free(l);
	}
}
