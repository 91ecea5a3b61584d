/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/http.h"

#include <event2/buffer.h>
#include <event2/http_struct.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemons/ambridge/ambridge.h"
#include "daemons/ambridge/conn.h"
#include "daemons/ambridge/head.h"
#include "daemons/ambridge/listener.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{200, "OK"},
	{400, "Bad Request"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{411, "Length Required"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
};

static const char *reason_of(unsigned status)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Error";
}

/* ---- answers ---- */

static bool says(const struct evkeyvalq *headers, const char *word)
{
	const char *value = evhttp_find_header(headers, "Connection");

	return value && strncasecmp(value, word, strlen(word)) == 0;
}

/* As evhttp decides. */
static bool ends_connection(struct evhttp_request *req)
{
	const struct evkeyvalq *in = evhttp_request_get_input_headers(req);

	return says(evhttp_request_get_output_headers(req), "close") || says(in, "close") ||
	       (req->major == 1 && req->minor == 0 && !says(in, "keep-alive"));
}

/* The answer is with the client: evhttp goes on with what comes next, or ends the connection. */
static void on_sent(struct evhttp_request *req, void *arg)
{
	struct ab_conn *c = ab_conn_of(req);

	if (!c)
		return;
	if (ends_connection(req))
		ab_conn_bye(c);
	ab_conn_done(c);
}

static void free_buffer(const void *data, size_t len, void *arg)
{
	free((void *)data);
}

/* Moves what b holds; nothing is copied. */
static int move(struct cc_buf *b, struct evbuffer *out)
{
	size_t len = b->len;
	char *data = len ? cc_buf_take(b) : NULL;

	if (!len)
		return 0;
	if (!data || evbuffer_add_reference(out, data, len, free_buffer, NULL) != 0) {
		free(data);
		return cc_raise(CC_ENOMEM);
	}
	return 0;
}

static int put_body(struct ab_exchange *x, struct cc_buf *body, struct evbuffer *out)
{
	const struct evkeyvalq *in = evhttp_request_get_input_headers(x->req);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(x->req);
	cc_cleanup(cc_buf_deinit) struct cc_buf gzip = CC_BUF_INIT(0);

	if (body->len > AB_GZIP_LEAST &&
	    ab_gzip_wanted(evhttp_find_header(in, "Accept-Encoding")) &&
	    ab_gzip_put(&x->ab->gzip, body->data, body->len, &gzip) == 0) {
		evhttp_add_header(headers, "Content-Encoding", "gzip");
		evhttp_add_header(headers, "Vary", "Accept-Encoding");
		return move(&gzip, out);
	}
	return move(body, out);
}

static void note(const struct ab_exchange *x, unsigned status, uint64_t octets)
{
	const struct ab_access_line line = {
		.urn = x->conn ? ab_client_urn(&x->conn->client) : NULL,
		.address = x->conn ? x->conn->address : NULL,
		.listener = x->listener ? ab_listener_title(x->listener) : NULL,
		.service = x->service,
		.method = x->method,
		.status = status,
		.is_fault = x->is_fault,
		.fault = x->fault,
		.us = (cc_clock_ns() - x->began_ns) / 1000,
		.octets = octets,
	};
	enum ab_outcome outcome = status == 503 || status == 500 ? AB_UNAVAILABLE
				  : status != 200		 ? AB_REFUSED
				  : x->is_fault			 ? AB_FAULT
								 : AB_OK;

	ab_metrics_status(&x->ab->metrics, status);
	if (x->service)
		ab_metrics_call(&x->ab->metrics, x->service, x->method ? x->method : "other",
				outcome, line.us);
	if (x->listener) /* whoever looks at us each second fills no log */
		ab_access_note(&x->ab->access, &line);
}

static void set_headers(struct ab_exchange *x, unsigned status, const char *type,
			unsigned retry_after)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(x->req);
	char seconds[16];

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	if (retry_after > 0) {
		snprintf(seconds, sizeof(seconds), "%u", retry_after);
		evhttp_add_header(headers, "Retry-After", seconds);
	}
	if (status == 405)
		evhttp_add_header(headers, "Allow", x->service ? "POST" : "GET, HEAD");
	if (x->close || x->ab->draining)
		evhttp_add_header(headers, "Connection", "close");
}

void ab_http_answer(struct ab_exchange *x, unsigned status, const char *type, struct cc_buf *body,
		    unsigned retry_after)
{
	struct evhttp_request *req = x->req;
	struct evbuffer *out;
	size_t octets;

	if (!req)
		return;
	out = evbuffer_new();
	set_headers(x, status, type, retry_after);
	if (!out || put_body(x, body, out) != 0)
		x->close = true; /* an answer without its body: its length is 0 */
	octets = out ? evbuffer_get_length(out) : 0;
	note(x, status, octets);
	if (x->conn) {
		ab_conn_enter(x->conn, AB_WRITING);
		evhttp_request_set_on_complete_cb(req, on_sent, NULL);
	}
	x->req = NULL;
	evhttp_send_reply(req, (int)status, reason_of(status), out);
	if (out)
		evbuffer_free(out);
}

void ab_http_refuse(struct ab_exchange *x, unsigned status, unsigned retry_after, const char *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf body = CC_BUF_INIT(0);

	cc_buf_printf(&body, "%s\n", why);
	ab_http_answer(x, status, "text/plain; charset=utf-8", &body, retry_after);
}

/* ---- requests ---- */

static bool refuse_head(struct ab_exchange *x, const struct ab_head_verdict *v)
{
	if (!v->status)
		return false;
	x->close = v->close;
	ab_http_refuse(x, v->status, 0, v->why);
	return true;
}

/*
 * The roots may have changed since the handshake, and the chain may have come to its end. @return whether
 * the request was answered.
 */
static bool judge_again(struct ab_exchange *x)
{
	struct ab_conn *c = x->conn;
	struct ab_tls *t = ab_listener_tls(x->listener);
	char text[512];
	int rule = ab_judge_client(&t->judge, &c->client);

	c->stranger = rule != 0;
	if (!rule || t->clients == AB_ANY)
		return false;
	ab_metrics_count(&x->ab->metrics, AB_REVOKED_OPEN);
	snprintf(text, sizeof(text), "your certificate is not trusted here: %s",
		 c->client.why ? c->client.why : "no reason is known");
	x->close = true;
	ab_http_refuse(x, 403, 0, text);
	return true;
}

static void handle(struct ab_exchange *x)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(x->req);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(x->req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	size_t got = evbuffer_get_length(evhttp_request_get_input_buffer(x->req));
	const struct ab_service *service;
	struct ab_head_verdict v;

	ab_head_check(headers, &v);
	if (refuse_head(x, &v) || judge_again(x))
		return;
	if (path && ab_listener_offers(x->listener, path) && ab_status_answer(x, path))
		return;
	service = path ? ab_listener_service(x->listener, path) : NULL;
	if (!service) {
		ab_http_refuse(x, 404, 0, "nothing is here");
		return;
	}
	x->service = ab_service_name(service);
	ab_head_check_call(headers, evhttp_request_get_command(x->req), got, &v);
	if (!refuse_head(x, &v))
		ab_call_begin(x, service);
}

void ab_http_request(struct evhttp_request *req, void *arg)
{
	struct ab_exchange x = {.listener = arg,
				.ab = ab_listener_bridge(arg),
				.conn = ab_conn_of(req),
				.req = req,
				.began_ns = cc_clock_ns()};

	if (!x.conn || x.conn->phase == AB_CUT) {
		/* no memory for TLS; or it will see its end when it reads again */
		evhttp_connection_free(evhttp_request_get_connection(req));
		return;
	}
	ab_conn_enter(x.conn, AB_CALLING);
	handle(&x);
}
