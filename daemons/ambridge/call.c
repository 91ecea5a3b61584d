/* SPDX-License-Identifier: ISC */
/*
 * A call: XML-RPC in, one CC request, its outcome out. The client may be gone before the bus answers, and
 * the bus may answer after we have: whichever comes last frees it.
 */
#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

#include "daemons/ambridge/ambridge.h"
#include "daemons/ambridge/conn.h"
#include "daemons/ambridge/http.h"
#include "daemons/ambridge/listener.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/xmlrpc/xmlrpc.h"

#define XML "text/xml; charset=utf-8"
#define BUSY_SECONDS 1
#define AWAY_SECONDS 5

/* Of the specification for fault code interoperability: what no method has made. */
#define FAULT_PARSE -32700
#define FAULT_INTERNAL -32603

struct ab_call {
	struct cc_list link;
	struct ab_exchange x; /* x.req NULL: the client has its answer, or is gone */
	const struct ab_method *method;
};

/* ---- answers ---- */

static void answer_fault(struct ab_exchange *x, int code, const char *text)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf body = CC_BUF_INIT(XR_RESPONSE_MAX);

	x->is_fault = true;
	x->fault = code;
	if (xr_put_fault(&body, code, text) != 0) {
		cc_buf_reset(&body);
		xr_put_fault(&body, code, "the reason has characters that XML has not");
	}
	ab_http_answer(x, body.err ? 500 : 200, XML, &body, 0);
}

static void put_header(struct ab_exchange *x, const char *name, const char *text)
{
	char *safe = text && *text ? evhttp_encode_uri(text) : NULL;

	if (safe)
		evhttp_add_header(evhttp_request_get_output_headers(x->req), name, safe);
	free(safe);
}

/* What XML-RPC cannot say of a fault or a list: class, code and rule, and where the next part begins. */
static void put_said(struct ab_exchange *x, const struct ab_reply *reply)
{
	const char *fault = json_string_value(json_object_get(reply->said, "fault"));

	if (reply->value) {
		put_header(x, "CCFED-Next",
			   json_string_value(json_object_get(reply->said, "next")));
		return;
	}
	put_header(x, "CCFED-Fault", fault || *reply->code ? fault : reply->word);
	put_header(x, "CCFED-Code", reply->code);
	put_header(x, "CCFED-Rule", json_string_value(json_object_get(reply->said, "rule")));
}

/* ccfed says that it wants to have it as the bus has it. */
static struct ab_style style_of(const struct ab_exchange *x)
{
	struct ab_style style = *ab_listener_style(x->listener);
	const char *form =
		evhttp_find_header(evhttp_request_get_input_headers(x->req), "CCFED-Form");

	style.exact = form && strcmp(form, "exact") == 0;
	return style;
}

static void answer(struct ab_exchange *x, const struct ab_reply *reply)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf body = CC_BUF_INIT(XR_RESPONSE_MAX);

	put_said(x, reply);
	if (reply->status != 200) {
		ab_http_refuse(x, reply->status,
			       reply->retry_after ? reply->retry_after : AWAY_SECONDS,
			       reply->text[0] ? reply->text : "try again later");
		return;
	}
	if (!reply->value) {
		answer_fault(x, reply->fault, reply->text);
		return;
	}
	if (xr_put_response_blob(&body, reply->value, (const char *)reply->blob.data,
				 reply->blob.len) != 0)
		answer_fault(x, FAULT_INTERNAL, "the answer cannot be said in XML-RPC");
	else
		ab_http_answer(x, 200, XML, &body, 0);
}

static void answer_outcome(struct ab_call *call, const struct cc_answer *a)
{
	const struct ab_style style = style_of(&call->x);
	struct ab_reply reply = {0};
	int r = ab_reply_make(call->method, a, &style, &reply);

	if (r)
		answer_fault(&call->x, FAULT_INTERNAL, cc_err_text(r));
	else
		answer(&call->x, &reply);
	ab_reply_deinit(&reply);
}

/* ---- on the bus ---- */

static void on_close(struct evhttp_connection *evcon, void *arg)
{
	struct ab_call *call = arg;

	if (call->x.req)
		call->x.ab->n_calls--;
	call->x.req = NULL;
	call->x.conn = NULL;
}

/* The client gets its answer; the bus may still have to. */
static void settle(struct ab_call *call, const struct cc_answer *a)
{
	if (!call->x.req)
		return;
	evhttp_connection_set_closecb(evhttp_request_get_connection(call->x.req), NULL, NULL);
	call->x.ab->n_calls--;
	answer_outcome(call, a);
}

static void on_answer(void *arg, const struct cc_answer *a)
{
	struct ab_call *call = arg;

	cc_list_remove(&call->link);
	settle(call, a);
	free(call);
}

void ab_calls_abandon(struct ambridge *ab)
{
	const struct cc_answer gone = {.outcome = CC_OUT_HOP, .code = "unreachable"};

	for (struct cc_list *n = ab->calls.next; n != &ab->calls; n = n->next)
		settle(cc_container_of(n, struct ab_call, link), &gone);
}

static int send_call(struct ab_exchange *x, struct ab_request *rq)
{
	struct ab_call *call = calloc(1, sizeof(*call));
	struct evhttp_connection *evcon = evhttp_request_get_connection(x->req);
	int r;

	if (!call)
		return cc_raise(CC_ENOMEM);
	call->x = *x;
	call->method = rq->method;
	cc_list_add_tail(&x->ab->calls, &call->link);
	r = dm_request(x->ab->dm, rq->type, rq->body, x->ab->deadline, on_answer, call);
	if (r) {
		cc_list_remove(&call->link);
		free(call);
		return r;
	}
	x->ab->n_calls++;
	evhttp_connection_set_closecb(evcon, on_close, call);
	return 0;
}

/* Who calls: what the handshake has shown, nothing that the client says of itself. */
static int add_caller(const struct ab_exchange *x, json_t *body)
{
	json_t *caller =
		json_pack("{s:O, s:s, s:s}", "certs", x->conn->client.certs, "listener",
			  ab_listener_title(x->listener), "tls", SSL_get_version(x->conn->ssl));

	return json_object_set_new(body, "caller", caller) == 0 ? 0 : cc_raise(CC_ENOMEM);
}

static void refuse_busy(struct ab_exchange *x)
{
	ab_metrics_count(&x->ab->metrics, AB_BUSY);
	ab_http_refuse(x, 503, BUSY_SECONDS, "too many calls are under way; try again later");
}

static void dispatch(struct ab_exchange *x, struct ab_request *rq)
{
	int r;

	if (!ab_bus_ready(x->ab)) {
		ab_metrics_count(&x->ab->metrics, AB_AWAY);
		ab_http_refuse(x, 503, AWAY_SECONDS,
			       "the testbed cannot be reached; try again later");
		return;
	}
	if (x->ab->n_calls >= x->ab->max_requests) {
		refuse_busy(x);
		return;
	}
	r = add_caller(x, rq->body);
	if (!r)
		r = send_call(x, rq);
	if (r == -CC_EBUSY)
		refuse_busy(x);
	else if (r)
		answer_fault(x, FAULT_INTERNAL,
			     r == -CC_ELIMIT ? "the call is too long for the bus" : cc_err_text(r));
}

/* ---- what the client sent ---- */

static bool refuse_stranger(struct ab_exchange *x, const struct ab_method *m)
{
	char text[640];

	if (!x->conn->stranger || ab_method_is_first_contact(m))
		return false;
	snprintf(text, sizeof(text), "%s wants a certificate that is trusted here: %s",
		 ab_method_name(m), x->conn->client.why ? x->conn->client.why : "yours is not");
	ab_http_refuse(x, 403, 0, text);
	return true;
}

static void call_method(struct ab_exchange *x, const struct ab_service *service,
			const struct xr_call *call)
{
	const struct ab_style style = style_of(x);
	const struct ab_method *m = ab_method_find(service, call->method);
	struct ab_request rq = {0};
	struct ab_reply reply = {0};
	int r;

	if (!m) {
		ab_reply_unknown(service, call->method, &style, &reply);
		answer(x, &reply);
		ab_reply_deinit(&reply);
		return;
	}
	x->method = ab_method_name(m);
	if (refuse_stranger(x, m))
		return;
	r = ab_request_make(m, call->params, &style, &rq, &reply);
	if (r > 0)
		answer(x, &reply);
	else if (r < 0)
		answer_fault(x, FAULT_INTERNAL, cc_err_text(r));
	else
		dispatch(x, &rq);
	ab_request_deinit(&rq);
	ab_reply_deinit(&reply);
}

void ab_call_begin(struct ab_exchange *x, const struct ab_service *service)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(x->req);
	size_t len = evbuffer_get_length(in);
	const char *text = (const char *)evbuffer_pullup(in, -1);
	struct xr_call call = {0};
	struct cc_note why = {0};
	int r = xr_call_read(text ? text : "", text ? len : 0, &call, &why);

	evbuffer_drain(in, len);
	if (r == -CC_EFORMAT || r == -CC_ELIMIT)
		answer_fault(x, FAULT_PARSE, why.text[0] ? why.text : cc_err_text(r));
	else if (r)
		answer_fault(x, FAULT_INTERNAL, cc_err_text(r));
	else
		call_method(x, service, &call);
	xr_call_deinit(&call);
}
