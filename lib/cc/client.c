/* SPDX-License-Identifier: ISC */
#include "lib/cc/client.h"

#include <errno.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/wheel.h"
#include "lib/cc/envelope.h"
#include "lib/cc/sock.h"

struct pending {
	struct cc_timer timer; /* first: the wheel hands it back */
	struct cc_map_node node;
	uint8_t qid[CC_QID_LEN];
	char id[CC_ID_HEX + 1];
	char type[CC_TYPE_MAX + 1];
	json_t *body;		 /* kept: a request that is stale there is signed again */
	struct cc_msg *blob;	 /* one frame, or NULL */
	int64_t end_ms;		 /* the deadline */
	unsigned redated;	 /* how often it was signed again */
	bool compat;		 /* of a type that old peers answer */
	bool stream;		 /* answers go on until the deadline */
	int64_t sent_ns, try_ns; /* the first time, and the last */
	cc_answer_fn *fn;
	void *arg;
};

#define REDATE_MAX 2 /* the server's clock is known after the first */

struct cc_client {
	void *zctx, *own_zctx, *sock;
	struct cc_gate *gate;
	struct cc_map pending;
	struct cc_wheel wheel;
	struct cc_client_stats stats;
	int grace_ms;
	double offset; /* of the server's clock, seconds */
	bool closing;
};

static int open_socket(struct cc_client *c, const struct cc_client_conf *conf, struct cc_note *why)
{
	struct cc_sock_conf sock;
	int r = cc_sock_check(conf->url, why);

	if (r)
		return r;
	c->zctx = conf->zctx;
	if (!c->zctx)
		c->zctx = c->own_zctx = zmq_ctx_new();
	c->sock = c->zctx ? zmq_socket(c->zctx, ZMQ_DEALER) : NULL;
	if (!c->sock)
		return cc_note_set(why, CC_ESYS, "no socket: %s", zmq_strerror(errno));
	cc_sock_conf_default(&sock);
	if (conf->hwm)
		sock.hwm = conf->hwm;
	sock.linger_ms = conf->linger_ms;
	sock.curve = conf->curve;
	r = cc_sock_apply(c->sock, &sock);
	if (r)
		return r;
	if (conf->monitor &&
	    zmq_socket_monitor(c->sock, conf->monitor,
			       ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) != 0)
		return cc_note_set(why, CC_ESYS, "no monitor: %s", zmq_strerror(errno));
	if (zmq_connect(c->sock, conf->url) != 0)
		return cc_note_set(why, CC_ESYS, "cannot connect to \"%s\": %s", conf->url,
				   zmq_strerror(errno));
	return 0;
}

int cc_client_new(struct cc_client **out, const struct cc_client_conf *conf, struct cc_note *why)
{
	struct cc_client *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return cc_raise(CC_ENOMEM);
	cc_map_init(&c->pending);
	cc_wheel_init(&c->wheel, cc_clock_ms());
	c->grace_ms = conf->grace_ms > 0 ? conf->grace_ms : CC_CLIENT_GRACE_MS;
	r = cc_gate_new(&c->gate, conf->ks, &conf->gate);
	if (!r)
		r = open_socket(c, conf, why);
	if (r) {
		cc_client_free(c);
		return r;
	}
	*out = c;
	return 0;
}

static void pending_free(struct pending *p)
{
	if (!p)
		return;
	json_decref(p->body);
	cc_msg_free(p->blob);
	free(p);
}

static void pending_freep(struct pending **p)
{
	pending_free(*p);
}

/* Ends a request: off the tables first, so that fn may start another. */
static void end_request(struct cc_client *c, struct pending *p, struct cc_answer *a)
{
	cc_map_remove(&c->pending, &p->node);
	a->latency_us = (cc_clock_ns() - p->sent_ns) / 1000;
	p->fn(p->arg, a);
	pending_free(p);
}

void cc_client_free(struct cc_client *c)
{
	struct cc_map_node *n;

	if (!c)
		return;
	c->closing = true; /* a callback starts no new request now */
	while ((n = cc_map_next(&c->pending, NULL))) {
		struct pending *p = cc_container_of(n, struct pending, node);
		struct cc_answer a = {.outcome = CC_OUT_TIMEOUT};

		cc_wheel_remove(&c->wheel, &p->timer);
		end_request(c, p, &a);
	}
	cc_map_deinit(&c->pending);
	cc_gate_free(c->gate);
	if (c->sock) {
		zmq_socket_monitor(c->sock, NULL, 0);
		zmq_close(c->sock);
	}
	if (c->own_zctx)
		zmq_ctx_term(c->own_zctx);
	free(c);
}

void cc_client_freep(struct cc_client **c)
{
	cc_client_free(*c);
	*c = NULL;
}

static int send_msg(struct cc_client *c, struct cc_msg *m)
{
	int r = cc_msg_send(m, c->sock);

	if (r == 0)
		c->stats.sent++;
	else if (r == -CC_EBUSY)
		c->stats.blocked++;
	return r;
}

int cc_client_publish(struct cc_client *c, const char *type, json_t *body, struct cc_bytes blob)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	char id[CC_ID_HEX + 1];
	int r;

	if (!m)
		return cc_raise(CC_ENOMEM);
	r = cc_request_id(id);
	if (!r && json_object_set_new(body, "id", json_string_nocheck(id)) != 0)
		r = cc_raise(CC_ENOMEM);
	if (!r)
		r = cc_gate_seal(c->gate, m, type, body, blob);
	return r ? r : send_msg(c, m);
}

static int set_text(json_t *body, const char *key, const char *text)
{
	return json_object_set_new(body, key, json_string_nocheck(text)) ? cc_raise(CC_ENOMEM) : 0;
}

/* Gives a try its own query id and id; the operation's id stays. */
static int name_try(struct pending *p, int64_t left_ms)
{
	struct cc_qid qid = {.budget_ms = (uint64_t)left_ms};
	int r = cc_random(qid.random, sizeof(qid.random));

	if (!r)
		r = cc_request_id(p->id);
	if (r)
		return r;
	cc_qid_write(&qid, p->qid);
	r = set_text(p->body, "id", p->id);
	if (json_object_set_new(p->body, "deadline", json_integer(left_ms)) != 0)
		return cc_raise(CC_ENOMEM);
	return r;
}

static int name_operation(json_t *body)
{
	char op[CC_ID_HEX + 1];
	int r;

	if (json_object_get(body, "op"))
		return 0; /* the caller tries again what he tried before */
	r = cc_request_id(op);
	return r ? r : set_text(body, "op", op);
}

/* Signs and sends what p says, once. */
static int send_try(struct cc_client *c, struct pending *p, int64_t left_ms)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	struct cc_bytes blob = {NULL, 0};
	int r;

	if (!m)
		return cc_raise(CC_ENOMEM);
	if (p->blob)
		blob = cc_msg_frame(p->blob, 0);
	r = name_try(p, left_ms);
	if (!r)
		r = cc_msg_add(m, p->qid, sizeof(p->qid));
	if (!r)
		r = cc_gate_seal(c->gate, m, p->type, p->body, blob);
	if (!r)
		r = cc_map_add(&c->pending, &p->node, p->qid, sizeof(p->qid));
	if (r)
		return r;
	p->try_ns = cc_clock_ns();
	r = send_msg(c, m);
	if (r)
		cc_map_remove(&c->pending, &p->node);
	return r;
}

static struct pending *pending_new(const char *type, const json_t *body, struct cc_bytes blob)
{
	cc_cleanup(pending_freep) struct pending *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	snprintf(p->type, sizeof(p->type), "%s", type);
	p->body = json_copy((json_t *)body);
	if (blob.data) {
		p->blob = cc_msg_new_room(1);
		if (!p->blob || cc_msg_add(p->blob, blob.data, blob.len) != 0)
			return NULL;
	}
	return p->body ? cc_steal(&p) : NULL;
}

static int request(struct cc_client *c, const char *type, json_t *body, struct cc_bytes blob,
		   int64_t deadline_ms, bool stream, cc_answer_fn *fn, void *arg)
{
	cc_cleanup(pending_freep) struct pending *p = NULL;
	int64_t now = cc_clock_ms();
	int r;

	if (c->closing || deadline_ms < 1 || deadline_ms > CC_DEADLINE_MAX_MS ||
	    !cc_type_valid(type, strlen(type)))
		return cc_raise(CC_EINVAL);
	r = name_operation(body);
	p = r ? NULL : pending_new(type, body, blob);
	if (!p)
		return cc_raise(CC_ENOMEM);
	p->fn = fn;
	p->arg = arg;
	p->stream = stream;
	p->compat = cc_compat_type((struct cc_bytes){(const uint8_t *)type, strlen(type)});
	p->end_ms = now + deadline_ms;
	p->sent_ns = cc_clock_ns();
	r = send_try(c, p, deadline_ms);
	if (r)
		return r;
	cc_wheel_add(&c->wheel, &p->timer, p->end_ms + c->grace_ms);
	cc_steal(&p);
	return 0;
}

int cc_client_request(struct cc_client *c, const char *type, json_t *body, struct cc_bytes blob,
		      int64_t deadline_ms, cc_answer_fn *fn, void *arg)
{
	return request(c, type, body, blob, deadline_ms, false, fn, arg);
}

int cc_client_subscribe(struct cc_client *c, const char *type, json_t *body, int64_t deadline_ms,
			cc_answer_fn *fn, void *arg)
{
	return request(c, type, body, (struct cc_bytes){NULL, 0}, deadline_ms, true, fn, arg);
}

/* A hop's word: unsigned, small, `hop: true`. It says that the outcome is unknown, nothing more. */
static bool read_hop_error(struct cc_msg *m, struct cc_answer *a, json_t **json)
{
	struct cc_bytes body = cc_msg_body(m);
	const char *code;

	if (!cc_msg_type_is(m, "error") || cc_msg_sig(m).len != 0 || body.len > CC_HOP_ERROR_MAX ||
	    cc_json_parse(body.data, body.len, json) != 0)
		return false;
	code = json_string_value(json_object_get(*json, "code"));
	if (!json_is_true(json_object_get(*json, "hop")) || !cc_code_is_hop(code)) {
		json_decref(*json);
		*json = NULL;
		return false;
	}
	a->outcome = CC_OUT_HOP;
	snprintf(a->code, sizeof(a->code), "%s", code);
	return true;
}

static void read_answer(struct cc_client *c, struct cc_msg *m, struct cc_gate_result *gate,
			struct cc_answer *a)
{
	a->outcome = CC_OUT_ANSWER;
	a->signer = gate->signer;
	a->blob = cc_msg_blob(m);
	c->stats.answers++;
	if (cc_msg_type_is(m, "error")) {
		const char *code = json_string_value(json_object_get(gate->json, "code"));

		c->stats.answers--;
		c->stats.errors++;
		a->outcome = CC_OUT_ERROR;
		snprintf(a->code, sizeof(a->code), "%s", code ? code : "error");
	}
}

/*
 * The gate lets an old peer's answer pass without `re`; to a request that no old peer answers, any such message, signed
 * for something else, would do.
 */
static bool names_request(const struct pending *p, const struct cc_gate_result *gate)
{
	return p->compat || !gate->signer || json_object_get(gate->json, "re");
}

/*
 * What the server's clock showed, somewhere between our sending and now, allows a range of offsets; ours is moved no further
 * than into it. Else an answer that was slow would date us back, to before the server's start, and that is stale again.
 */
static double nearest_offset(const struct cc_client *c, const struct pending *p, double server)
{
	double least = server - cc_clock_wall();
	double most = least + (double)(cc_clock_ns() - p->try_ns) / 1e9;

	return c->offset < least ? least : c->offset > most ? most : c->offset;
}

/*
 * The server judged the message by its clock, and says what it shows: from now on ours is read by it. @return whether the
 * request is under way again.
 */
static bool redate(struct cc_client *c, struct pending *p, const struct cc_answer *a)
{
	const json_t *time = json_object_get(a->json, "time_now");
	int64_t left = p->end_ms - cc_clock_ms();
	unsigned held;

	if (a->outcome != CC_OUT_ERROR || strcmp(a->code, cc_code_word(CC_CODE_STALE)) != 0 ||
	    !a->signer || !json_is_number(time) || p->redated == REDATE_MAX || left < 1)
		return false;
	c->offset = nearest_offset(c, p, json_number_value(time));
	cc_gate_set_offset(c->gate, c->offset);
	if (cc_log_allowed("clock", "", 0, &held))
		cc_info("the server's clock differs by %.3f s; messages are dated by it",
			c->offset);
	p->redated++;
	c->stats.errors--;
	c->stats.redated++;
	cc_map_remove(&c->pending, &p->node);
	if (send_try(c, p, left) == 0)
		return true;
	cc_map_add(&c->pending, &p->node, p->qid, sizeof(p->qid));
	c->stats.errors++;
	return false;
}

/* Why an answer was not taken: one line per cause and minute, else a wrong [servers] is hard to find. */
static void note_refused(const struct cc_gate_result *gate)
{
	bool passed =
		gate->verdict == CC_GATE_PASS; /* an old peer's, to what none of them answers */
	const char *cause = passed ? cc_gate_counter(CC_GATE_ANSWER, 0)
				   : cc_gate_counter(gate->verdict, gate->fault);
	unsigned held;

	if (cc_log_allowed("answer", cause, (unsigned)strlen(cause), &held))
		cc_warn("an answer was refused (%s)%s%s: %s", cause, gate->signer ? " from " : "",
			gate->signer ? gate->signer->name : "",
			passed ? "answer without re" : gate->why);
}

static void deliver(struct cc_client *c, struct pending *p, struct cc_answer *a)
{
	if (redate(c, p, a))
		return;
	if (p->stream && a->outcome == CC_OUT_ANSWER) {
		p->fn(p->arg, a);
		return;
	}
	cc_wheel_remove(&c->wheel, &p->timer);
	end_request(c, p, a);
}

/*
 * Gives a received message to the request it answers; whatever answers none is counted and dropped.
 */
static void take_answer(struct cc_client *c, struct cc_msg *m)
{
	struct cc_bytes qid = cc_msg_frame(m, 0);
	struct cc_gate_result gate = {0};
	struct cc_gate_call call;
	struct cc_answer a = {0};
	struct cc_map_node *n;
	struct pending *p;
	json_t *hop = NULL;

	n = m->delim == 1 ? cc_map_find(&c->pending, qid.data, qid.len) : NULL;
	if (!n) {
		c->stats.late++;
		return;
	}
	p = cc_container_of(n, struct pending, node);
	call = (struct cc_gate_call){.re = p->id,
				     .asked = {(const uint8_t *)p->type, strlen(p->type)}};
	a.type = cc_msg_type(m);
	if (read_hop_error(m, &a, &hop)) {
		c->stats.hops++;
	} else if (cc_gate_check(c->gate, m, &call, cc_clock_wall(), cc_clock_ms(), &gate) ==
			   CC_GATE_PASS &&
		   names_request(p, &gate)) {
		read_answer(c, m, &gate, &a);
	} else {
		c->stats.refused++; /* the true answer may still come */
		note_refused(&gate);
		cc_gate_result_deinit(&gate);
		return;
	}
	a.json = hop ? hop : gate.json;
	deliver(c, p, &a);
	json_decref(hop);
	cc_gate_result_deinit(&gate);
}

static bool expire(struct cc_client *c)
{
	struct cc_timer *t;
	bool any = false;

	while ((t = cc_wheel_expired(&c->wheel, cc_clock_ms()))) {
		struct cc_answer a = {.outcome = CC_OUT_TIMEOUT};

		c->stats.timeouts++;
		end_request(c, (struct pending *)t, &a);
		any = true;
	}
	return any;
}

static int receive(struct cc_client *c, bool *any)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();

	if (!m)
		return cc_raise(CC_ENOMEM);
	for (unsigned i = 0; i < 1000; i++) {
		int r = cc_msg_recv(m, c->sock);

		if (r == -CC_EBUSY)
			return 0;
		if (r < 0)
			return r;
		*any = true;
		if (r > 0 || cc_msg_check(m) != 0)
			c->stats.refused++;
		else
			take_answer(c, m);
		cc_msg_reset(m);
	}
	return 0;
}

int cc_client_run(struct cc_client *c, int64_t wait_ms)
{
	int64_t end = cc_clock_ms() + wait_ms;

	for (;;) {
		zmq_pollitem_t item = {.socket = c->sock, .events = ZMQ_POLLIN};
		bool any = false;
		int64_t now, next;
		int r = receive(c, &any);

		if (r)
			return r;
		if (expire(c))
			any = true;
		now = cc_clock_ms();
		if (any || now >= end)
			return 0;
		next = cc_wheel_next(&c->wheel, now);
		if (next > end)
			next = end;
		if (zmq_poll(&item, 1, next > now ? (long)(next - now) : 1) < 0 && errno == EINTR)
			return 0; /* the caller looks at its signals */
	}
}

size_t cc_client_open(const struct cc_client *c)
{
	return c->pending.count;
}

int cc_client_fd(const struct cc_client *c)
{
	int fd = -1;
	size_t len = sizeof(fd);

	return zmq_getsockopt(c->sock, ZMQ_FD, &fd, &len) == 0 ? fd : -1;
}

int64_t cc_client_wait(const struct cc_client *c)
{
	int64_t now = cc_clock_ms(), next = cc_wheel_next(&c->wheel, now);
	size_t len = sizeof(int);
	int events = 0;

	if (zmq_getsockopt(c->sock, ZMQ_EVENTS, &events, &len) != 0 || (events & ZMQ_POLLIN))
		return 0;
	return next == INT64_MAX ? next : next > now ? next - now : 0;
}

void cc_client_get_stats(const struct cc_client *c, struct cc_client_stats *out)
{
	*out = c->stats;
}

struct call {
	struct cc_answer *out;
	char *signer;
	bool done;
};

static void call_done(void *arg, const struct cc_answer *a)
{
	struct call *call = arg;

	*call->out = *a;
	call->out->json = a->json ? json_incref(a->json) : NULL;
	call->out->signer = NULL;
	call->out->type = call->out->blob = (struct cc_bytes){NULL, 0};
	if (call->signer)
		snprintf(call->signer, CC_SIGNER_NAME_MAX + 1, "%s",
			 a->signer ? a->signer->name : "");
	call->done = true;
}

/* Takes a request off the tables without an outcome. */
static void forget(struct cc_client *c, const void *arg)
{
	struct cc_map_node *n = NULL;

	while ((n = cc_map_next(&c->pending, n))) {
		struct pending *p = cc_container_of(n, struct pending, node);

		if (p->arg != arg)
			continue;
		cc_wheel_remove(&c->wheel, &p->timer);
		cc_map_remove(&c->pending, n);
		pending_free(p);
		return;
	}
}

int cc_client_call(struct cc_client *c, const char *type, json_t *body, int64_t deadline_ms,
		   struct cc_answer *out, char signer[CC_SIGNER_NAME_MAX + 1])
{
	struct call call = {.out = out, .signer = signer};
	int r = cc_client_request(c, type, body, (struct cc_bytes){NULL, 0}, deadline_ms, call_done,
				  &call);

	while (!r && !call.done)
		r = cc_client_run(c, deadline_ms + c->grace_ms);
	if (!call.done)
		forget(c, &call); /* it lives on this stack */
	return r;
}
