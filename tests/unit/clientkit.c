/* SPDX-License-Identifier: ISC */
#include "tests/unit/clientkit.h"

#include <stdio.h>

#include "lib/cc/envelope.h"
#include "lib/cc/keys.h"
#include "tests/unit/folder.h"

struct cc_keystore *keystore(const char *verify, const char *sign)
{
	struct cf_list roots = {0}, keys = {0};
	struct cc_keystore_conf conf = {.dir = folder_path, .verify = &roots, .sign = &keys};
	struct cc_keystore *ks = NULL;
	struct cc_note why = {0};

	assert_int_equal(cf_list_parse(verify, &roots), 0);
	assert_int_equal(cf_list_parse(sign, &keys), 0);
	if (cc_keystore_load(&conf, &ks, &why) != 0)
		fail_msg("%s", why.text);
	cf_list_deinit(&roots);
	cf_list_deinit(&keys);
	return ks;
}

static struct cc_gate *open_gate(const char *verify, const char *sign)
{
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = keystore(verify, sign);
	struct cc_gate_conf conf = {0};
	struct cc_gate *g = NULL;

	assert_int_equal(cc_gate_new(&g, ks, &conf), 0);
	return g;
}

static void make_keys(void)
{
	static const char *const issued[][2] = {
		{"server", "ca"}, {"client", "ca"}, {"mallory", "rogue"}};
	struct cc_keys_request rq = {.dir = folder_path, .kind = CC_KEY_P256, .days = 1};

	rq.name = "ca";
	assert_int_equal(cc_keys_init_ca(&rq, NULL), 0);
	rq.name = "rogue";
	assert_int_equal(cc_keys_init_ca(&rq, NULL), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(issued); i++) {
		rq.name = issued[i][0];
		assert_int_equal(cc_keys_issue(&rq, issued[i][1], NULL), 0);
	}
}

struct cc_client *connect_as(struct fixture *x, struct cc_client_conf conf)
{
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = keystore("ca", "client");
	struct cc_client *c = NULL;
	struct cc_note why = {0};

	conf.ks = ks;
	conf.zctx = x->ctx;
	if (cc_client_new(&c, &conf, &why) != 0)
		fail_msg("%s", why.text);
	return c;
}

struct cc_client *connect_client(struct fixture *x, bool compat, int hwm, const char *url)
{
	return connect_as(x,
			  (struct cc_client_conf){.url = url, .gate.compat = compat, .hwm = hwm});
}

int enter(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	int linger = 0;

	if (folder_enter(state) != 0)
		return -1;
	make_keys();
	x->ctx = zmq_ctx_new();
	x->router = zmq_socket(x->ctx, ZMQ_ROUTER);
	zmq_setsockopt(x->router, ZMQ_LINGER, &linger, sizeof(linger));
	if (zmq_bind(x->router, "ipc://server") != 0)
		return -1;
	x->client = connect_client(x, false, 0, "ipc://server");
	x->server = open_gate("ca", "server");
	x->rogue = open_gate("rogue", "mallory");
	x->request = cc_msg_new();
	*state = x;
	return 0;
}

int leave(void **state)
{
	struct fixture *x = *state;

	cc_client_free(x->client);
	cc_gate_free(x->server);
	cc_gate_free(x->rogue);
	cc_msg_free(x->request);
	zmq_close(x->router);
	zmq_ctx_term(x->ctx);
	free(x);
	return folder_leave(state);
}

/* ---- both sides ---- */

void note_outcome(void *arg, const struct cc_answer *a)
{
	struct outcome *o = arg;

	o->calls++;
	o->outcome = a->outcome;
	o->latency_us = a->latency_us;
	snprintf(o->code, sizeof(o->code), "%s", a->code);
	snprintf(o->signer, sizeof(o->signer), "%s", a->signer ? a->signer->name : "");
	snprintf(o->type, sizeof(o->type), "%.*s", (int)a->type.len,
		 a->type.data ? (const char *)a->type.data : "");
	snprintf(o->blob, sizeof(o->blob), "%.*s", (int)a->blob.len,
		 a->blob.data ? (const char *)a->blob.data : "");
	assert_true((a->json != NULL) == (a->outcome != CC_OUT_TIMEOUT));
}

void request_deadline(struct fixture *x, const char *type, int64_t deadline_ms, struct outcome *o)
{
	json_t *body = json_object();

	assert_int_equal(cc_client_request(x->client, type, body, (struct cc_bytes){NULL, 0},
					   deadline_ms, note_outcome, o),
			 0);
	json_decref(body);
}

void receive(struct fixture *x)
{
	zmq_pollitem_t item = {.socket = x->router, .events = ZMQ_POLLIN};
	struct cc_gate_result gate;

	cc_msg_reset(x->request);
	assert_int_equal(zmq_poll(&item, 1, WAIT_MS), 1);
	assert_int_equal(cc_msg_recv(x->request, x->router), 0);
	assert_int_equal(
		cc_gate_check(x->server, x->request, NULL, cc_clock_wall(), cc_clock_ms(), &gate),
		CC_GATE_PASS);
	assert_string_equal(gate.signer->name, "client");
	snprintf(x->id, sizeof(x->id), "%s", gate.id);
	snprintf(x->op, sizeof(x->op), "%s", gate.op ? gate.op : "");
	x->sent = gate.sent;
	x->deadline_ms = gate.deadline_ms;
	cc_gate_result_deinit(&gate);
}

void start(struct fixture *x, const char *type, struct outcome *o)
{
	request_deadline(x, type, LONG_MS, o);
	receive(x);
}

void answer(struct fixture *x, struct cc_gate *by, const char *type, const char *body,
	    const char *blob)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	struct cc_bytes b = {(const uint8_t *)blob, blob ? strlen(blob) : 0};
	json_t *json = json_loads(body, 0, NULL);

	assert_non_null(json);
	assert_int_equal(cc_msg_add_route(m, x->request), 0);
	if (by) {
		assert_int_equal(cc_gate_seal(by, m, type, json, b), 0);
	} else {
		assert_int_equal(cc_msg_add(m, "", 0), 0);
		assert_int_equal(cc_msg_add(m, type, strlen(type)), 0);
		assert_int_equal(cc_msg_add(m, body, strlen(body)), 0);
	}
	json_decref(json);
	assert_int_equal(cc_msg_send(m, x->router), 0);
}

void answer_re(struct fixture *x, struct cc_gate *by, const char *type, const char *more)
{
	char body[200];

	snprintf(body, sizeof(body), "{\"re\": \"%s\"%s}", x->id, more);
	answer(x, by, type, body, NULL);
}

struct cc_client_stats stats(const struct fixture *x)
{
	struct cc_client_stats s;

	cc_client_get_stats(x->client, &s);
	return s;
}

void answer_stale(struct fixture *x, double behind)
{
	char more[100];

	snprintf(more, sizeof(more), ", \"code\": \"stale\", \"time_now\": %.3f",
		 cc_clock_wall() - behind);
	answer_re(x, x->server, "error", more);
}
