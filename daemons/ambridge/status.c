/* SPDX-License-Identifier: ISC */
/* /healthz and /metrics: on listeners that offer them, and on a plain one of this host. */
#include <event2/buffer.h>
#include <string.h>

#include "daemons/ambridge/ambridge.h"
#include "daemons/ambridge/conn.h"
#include "daemons/ambridge/http.h"
#include "daemons/ambridge/listener.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

#define PLAIN_TIMEOUT 5 /* seconds of silence */
#define PLAIN_BODY_MAX 1024
#define METRICS_MAX (4u << 20)

struct ab_status {
	struct evhttp *http;
};

static void put_total(void *arg, const char *name, uint64_t value)
{
	struct cc_buf *out = arg;
	char word[64];
	size_t n = 0;

	/* "hop-errors" and "log.dropped" are no names of Prometheus */
	for (; name[n] && n + 1 < sizeof(word); n++)
		word[n] = name[n] == '-' || name[n] == '.' ? '_' : name[n];
	word[n] = '\0';
	cc_buf_printf(out, "ambridge_bus_total{event=\"%s\"} %llu\n", word,
		      (unsigned long long)value);
}

static void put_gauges(struct ambridge *ab, struct cc_buf *out)
{
	long sessions = 0;

	for (unsigned i = 0; i < ab->n_listeners; i++)
		sessions += ab_tls_sessions(ab_listener_tls(ab->listeners[i]));
	ab_metrics_put_one(out, "bus_up", "gauge", "1 while calls can be sent.", ab_bus_ready(ab));
	ab_metrics_put_one(out, "connections", "gauge", "Open connections.", ab->connections);
	ab_metrics_put_one(out, "addresses", "gauge", "Addresses with connections.",
			   ab->peers.map.count);
	ab_metrics_put_one(out, "calls_in_flight", "gauge", "Calls on the bus, clients waiting.",
			   ab->n_calls);
	ab_metrics_put_one(out, "calls_in_flight_max", "gauge", "As many may be: max-requests.",
			   (uint64_t)ab->max_requests);
	ab_metrics_put_one(out, "request_octets", "gauge", "Octets held of requests.", ab->octets);
	ab_metrics_put_one(out, "tls_sessions", "gauge", "Sessions that could be resumed.",
			   (uint64_t)(sessions > 0 ? sessions : 0));
}

static void answer_metrics(struct ab_exchange *x)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(METRICS_MAX);

	put_gauges(x->ab, &out);
	ab_metrics_put(&x->ab->metrics, &out);
	cc_buf_puts(&out, "# HELP ambridge_bus_total What the link to the bus counts.\n"
			  "# TYPE ambridge_bus_total counter\n");
	dm_totals(x->ab->dm, put_total, &out);
	if (out.err)
		ab_http_refuse(x, 500, 0, "no memory");
	else
		ab_http_answer(x, 200, "text/plain; version=0.0.4; charset=utf-8", &out, 0);
}

static void answer_health(struct ab_exchange *x)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);

	cc_buf_puts(&out, "ok\n");
	if (x->ab->draining)
		ab_http_refuse(x, 503, 0, "stopping");
	else if (!ab_bus_ready(x->ab))
		ab_http_refuse(x, 503, 0, "the bus is away");
	else
		ab_http_answer(x, 200, "text/plain; charset=utf-8", &out, 0);
}

bool ab_status_answer(struct ab_exchange *x, const char *path)
{
	enum evhttp_cmd_type command = evhttp_request_get_command(x->req);
	bool health = strcmp(path, "/healthz") == 0;

	if (!health && strcmp(path, "/metrics") != 0)
		return false;
	if (command != EVHTTP_REQ_GET && command != EVHTTP_REQ_HEAD)
		ab_http_refuse(x, 405, 0, "this is read by GET");
	else if (!health && x->conn && x->conn->stranger)
		ab_http_refuse(x, 403, 0, "the figures want a certificate that is trusted here");
	else if (health)
		answer_health(x);
	else
		answer_metrics(x);
	return true;
}

/* ---- the plain listener ---- */

static void on_request(struct evhttp_request *req, void *arg)
{
	struct ab_exchange x = {.ab = arg, .req = req, .began_ns = cc_clock_ns()};
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

	if (!path || !ab_status_answer(&x, path))
		ab_http_refuse(&x, 404, 0, "nothing is here but /healthz and /metrics");
}

int ab_status_open(struct ambridge *ab, struct cc_note *why)
{
	struct evconnlistener *listener;
	int fd, r = ab_socket_open(ab->status, &fd, why);

	if (r)
		return r;
	ab->plain = calloc(1, sizeof(*ab->plain));
	if (ab->plain)
		ab->plain->http = evhttp_new(ab->base);
	listener = evconnlistener_new(ab->base, NULL, NULL,
				      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!ab->plain || !ab->plain->http || !listener ||
	    !evhttp_bind_listener(ab->plain->http, listener))
		return cc_raise(CC_ENOMEM);
	evhttp_set_timeout(ab->plain->http, PLAIN_TIMEOUT);
	evhttp_set_max_headers_size(ab->plain->http, AB_HEADER_MAX);
	evhttp_set_max_body_size(ab->plain->http, PLAIN_BODY_MAX);
	evhttp_set_gencb(ab->plain->http, on_request, ab);
	cc_info("status: listening on %s, for this host", ab->status);
	return 0;
}

void ab_status_close(struct ambridge *ab)
{
	if (ab->plain && ab->plain->http)
		evhttp_free(ab->plain->http);
	free(ab->plain);
	ab->plain = NULL;
}
