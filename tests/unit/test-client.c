/* SPDX-License-Identifier: ISC */
/* What becomes of a client's requests: outcomes, what is refused, who may answer, what is not sent. */
#include "lib/cc/client.h"

#include <stdio.h>

#include "lib/cc/envelope.h"
#include "tests/unit/clientkit.h"

/* ---- outcomes ---- */

static void test_answer(void **state)
{
	struct fixture *x = *state;
	struct outcome o = {0};
	struct cc_qid qid;
	char body[100];

	start(x, "echo.request", &o);
	assert_true(cc_msg_qid(x->request, &qid));
	assert_int_equal(qid.budget_ms, LONG_MS);
	assert_int_equal(x->request->delim, 2);
	snprintf(body, sizeof(body), "{\"re\": \"%s\"}", x->id);
	answer(x, x->server, "echo.response", body, "data");
	RUN_UNTIL(x, answers, 1);
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.outcome, CC_OUT_ANSWER);
	assert_string_equal(o.signer, "server");
	assert_string_equal(o.type, "echo.response");
	assert_string_equal(o.blob, "data");
	assert_true(o.latency_us > 0);
	answer(x, x->server, "echo.response", body, "data");
	RUN_UNTIL(x, late, 1);
	assert_int_equal(o.calls, 1);
	assert_int_equal(cc_client_open(x->client), 0);
}

static void test_error(void **state)
{
	struct fixture *x = *state;
	struct outcome o = {0};

	start(x, "reg.x", &o);
	answer_re(x, x->server, "error", ", \"code\": \"denied\", \"hop\": true");
	RUN_UNTIL(x, errors, 1);
	assert_int_equal(o.outcome, CC_OUT_ERROR); /* signed: the server's own word */
	assert_string_equal(o.code, "denied");
	assert_string_equal(o.signer, "server");
	start(x, "reg.x", &o);
	answer_re(x, x->server, "error", "");
	RUN_UNTIL(x, errors, 2);
	assert_int_equal(o.calls, 2);
	assert_string_equal(o.code, "error");
	assert_int_equal(stats(x).answers, 0);
}

static void test_hop(void **state)
{
	struct fixture *x = *state;
	struct outcome o = {0};

	start(x, "reg.x", &o);
	answer(x, NULL, "error", "{\"hop\": true, \"code\": \"unreachable\"}", NULL);
	RUN_UNTIL(x, hops, 1);
	assert_int_equal(o.outcome, CC_OUT_HOP);
	assert_string_equal(o.code, "unreachable");
	assert_string_equal(o.signer, "");
	answer_re(x, x->server, "reply.reg.x",
		  ""); /* it was done all the same, but the caller has heard */
	RUN_UNTIL(x, late, 1);
	assert_int_equal(o.calls, 1);
}

static void test_timeout(void **state)
{
	struct fixture *x = *state;
	struct outcome o = {0};

	request_deadline(x, "reg.x", 20, &o);
	receive(x);
	RUN_UNTIL(x, timeouts, 1);
	assert_int_equal(o.outcome, CC_OUT_TIMEOUT);
	assert_true(o.latency_us >= (20 + CC_CLIENT_GRACE_MS) * 1000);
	answer_re(x, x->server, "reply.reg.x", "");
	RUN_UNTIL(x, late, 1);
	assert_int_equal(o.calls, 1);
	assert_int_equal(stats(x).answers, 0);
}

static void test_free_ends_requests(void **state)
{
	struct fixture *x = *state;
	struct outcome o[3] = {{0}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(o); i++)
		request_deadline(x, "reg.x", LONG_MS, &o[i]);
	assert_int_equal(cc_client_open(x->client), 3);
	cc_client_freep(&x->client);
	for (size_t i = 0; i < CC_ARRAY_SIZE(o); i++) {
		assert_int_equal(o[i].calls, 1);
		assert_int_equal(o[i].outcome, CC_OUT_TIMEOUT);
	}
}

/* What answers a request wrongly does not end it: the true answer may still come. */
static void test_refused(void **state)
{
	static const struct {
		char by; /* 's'erver, 'r'ogue, 'n'obody */
		const char *type, *body;
		const char *reason;
	} rows[] = {
		{'n', "reply.reg.x", "{\"req\": \"reply.reg.x\"}", "unsigned"},
		{'r', "reply.reg.x", "{}", "signed by another CA's"},
		{'s', "reply.reg.x", "{}", "without re"},
		{'s', "reply.reg.x", "{\"re\": \"0123456789abcdef0123456789abcdef\"}",
		 "to another request"},
		{'n', "error", "{\"req\": \"error\", \"code\": \"denied\"}",
		 "an unsigned error that is no hop's"},
		{'n', "error", "{\"hop\": 1, \"code\": \"busy\"}", "hop is not true"},
		{'n', "error", "{\"hop\": true, \"code\": 5}", "a code that is no word"},
		{'n', "error", "{\"hop\": true}", "no code"},
		{'n', "errors", "{\"hop\": true, \"code\": \"busy\"}",
		 "a hop error of another type"},
		{'r', "error", "{\"hop\": true, \"code\": \"busy\"}",
		 "a hop error with a signature"},
		{'n', "error", "[]", "a hop error that is a list"},
	};
	struct fixture *x = *state;
	struct outcome o = {0};

	start(x, "reg.x", &o);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_gate *by = rows[i].by == 's'	 ? x->server
				     : rows[i].by == 'r' ? x->rogue
							 : NULL;

		print_message("# %s\n", rows[i].reason);
		answer(x, by, rows[i].type, rows[i].body, NULL);
		RUN_UNTIL(x, refused, i + 1);
		assert_int_equal(o.calls, 0);
	}
	answer_re(x, x->server, "reply.reg.x", "");
	RUN_UNTIL(x, answers, 1);
	assert_int_equal(o.calls, 1);
}

static void test_hop_error_size(void **state)
{
	struct fixture *x = *state;
	struct outcome o = {0};
	char body[CC_HOP_ERROR_MAX + 2];

	start(x, "reg.x", &o);
	snprintf(body, sizeof(body), "{\"hop\": true, \"code\": \"busy\", \"pad\": \"%0*d\"}",
		 CC_HOP_ERROR_MAX + 1 - 40, 0);
	assert_int_equal(strlen(body), CC_HOP_ERROR_MAX + 1);
	answer(x, NULL, "error", body, NULL);
	RUN_UNTIL(x, refused, 1);
	assert_int_equal(o.calls, 0);
	memmove(body + 41, body + 42, strlen(body + 41)); /* one 0 less */
	assert_int_equal(strlen(body), CC_HOP_ERROR_MAX);
	answer(x, NULL, "error", body, NULL);
	RUN_UNTIL(x, hops, 1);
	assert_int_equal(o.outcome, CC_OUT_HOP);
}

/* Old peers' answers have no re. That is good for their requests, never for a reg.*: any old signed message would do. */
static void test_compat_answers(void **state)
{
	struct fixture *x = *state;
	struct outcome o = {0};

	cc_client_free(x->client);
	x->client = connect_client(x, true, 0, "ipc://server");
	start(x, "echo.request", &o);
	answer(x, x->server, "echo.response", "{}", NULL);
	RUN_UNTIL(x, answers, 1);
	start(x, "reg.x", &o);
	answer(x, x->server, "echo.response", "{}", NULL);
	RUN_UNTIL(x, refused, 1);
	answer(x, x->server, "error", "{\"code\": \"denied\"}", NULL);
	RUN_UNTIL(x, refused, 2);
	assert_int_equal(o.calls, 1);
	answer_re(x, x->server, "reply.reg.x", "");
	RUN_UNTIL(x, answers, 2);
}

/* Sends the client frames by letter: q its query id, f another, - the delimiter, t a type, b a body. */
static void send_letters(struct fixture *x, const char *letters)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	struct cc_bytes identity = cc_msg_frame(x->request, 0), qid = cc_msg_frame(x->request, 1);
	uint8_t foreign[CC_QID_LEN] = "q1";

	assert_int_equal(cc_msg_add(m, identity.data, identity.len), 0);
	for (; *letters; letters++) {
		struct cc_bytes f = *letters == 'q'   ? qid
				    : *letters == 'f' ? (struct cc_bytes){foreign, CC_QID_LEN}
				    : *letters == 't' ? (struct cc_bytes){(const uint8_t *)"t", 1}
				    : *letters == 'b' ? (struct cc_bytes){(const uint8_t *)"{}", 2}
						      : (struct cc_bytes){NULL, 0};

		assert_int_equal(cc_msg_add(m, f.data, f.len), 0);
	}
	assert_int_equal(cc_msg_send(m, x->router), 0);
}

static void test_strays(void **state)
{
	static const struct {
		const char *letters;
		bool shape; /* no message at all */
		const char *reason;
	} rows[] = {
		{"-tb", false, "no route"},
		{"f-tb", false, "a query id that nobody waits on"},
		{"qq-tb", false, "two route frames"},
		{"fq-tb", false, "another route frame in front"},
		{"qtb", true, "no delimiter"},
		{"q-t", true, "no body"},
		{"q--b", true, "no type"},
		{"ffffffffffff-tb", true, "a route too long"},
	};
	struct fixture *x = *state;
	struct outcome o = {0};
	uint64_t late = 0, refused = 0;

	start(x, "reg.x", &o);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].reason);
		late += !rows[i].shape;
		refused += rows[i].shape;
		send_letters(x, rows[i].letters);
		RUN_UNTIL(x, late, late);
		RUN_UNTIL(x, refused, refused);
		assert_int_equal(o.calls, 0);
	}
	answer_re(x, x->server, "reply.reg.x", "");
	RUN_UNTIL(x, answers, 1);
}

/* Answers in reverse order: each finds its own request. */
static void test_many_in_flight(void **state)
{
	struct fixture *x = *state;
	struct outcome o[MANY] = {{0}};
	struct cc_msg *requests[MANY];
	char ids[MANY][CC_ID_HEX + 1], data[8];

	for (size_t i = 0; i < MANY; i++) {
		start(x, "reg.x", &o[i]);
		strcpy(ids[i], x->id);
		requests[i] = x->request;
		x->request = cc_msg_new();
	}
	for (size_t i = MANY; i-- > 0;) {
		char body[60];

		cc_msg_free(x->request);
		x->request = requests[i];
		snprintf(body, sizeof(body), "{\"re\": \"%s\"}", ids[i]);
		snprintf(data, sizeof(data), "%zu", i);
		answer(x, x->server, "reply.reg.x", body, data);
	}
	RUN_UNTIL(x, answers, MANY);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(data, sizeof(data), "%zu", i);
		assert_int_equal(o[i].calls, 1);
		assert_string_equal(o[i].blob, data);
	}
}

/* ---- who may answer ---- */

static struct cc_policy *servers(const char *lines)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_policy *p = NULL;
	struct cc_note why = {0};
	char text[200];

	snprintf(text, sizeof(text), "[servers]\n%s\n", lines);
	if (cf_ini_parse("test", text, strlen(text), NULL, NULL, 0, &ini, &why) != 0 ||
	    cc_policy_new(&p, ini, &why) != 0)
		fail_msg("%s", why.text);
	return p;
}

static void test_servers(void **state)
{
	static const struct {
		const char *lines, *type;
		bool taken;
	} rows[] = {
		{"* = any", "reg.x", true},
		{"* = cn:server", "reg.x", true},
		{"* = cn:serv*", "reg.x", true},
		{"* = cn:client", "reg.x", false},
		{"* = none", "reg.x", false},
		{"reg = cn:server", "reg.x", true},
		{"reg = cn:server", "am.x", false}, /* it serves something else */
		{"* = cn:server\nreg = cn:client", "reg.x", false},
		{"* = cn:client\nreg = cn:server", "reg.x", true},
		{"reg = any\nreg.x = none", "reg.x", false},
		{"reply = any", "reg.x", false}, /* the request's type decides, not the answer's */
		{"error = any", "reg.x", false},
		{"* = urn:publicid:IDN+*+*+*", "reg.x", false},
		{"", "reg.x", false},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows) * 2; i++) {
		cc_cleanup(cc_policy_unrefp) struct cc_policy *p = servers(rows[i / 2].lines);
		struct outcome o = {0};

		print_message("# %zu: %s by %.*s ...\n", i / 2, rows[i / 2].type,
			      (int)strcspn(rows[i / 2].lines, "\n"), rows[i / 2].lines);
		cc_client_free(x->client);
		x->client = connect_as(
			x, (struct cc_client_conf){.url = "ipc://server", .gate.policy = p});
		start(x, rows[i / 2].type, &o);
		if (i % 2)
			answer_stale(x, 0); /* nor does anybody else move our clock */
		else
			answer_re(x, x->server, "reply.x", "");
		if (!rows[i / 2].taken)
			RUN_UNTIL(x, refused, 1);
		else if (i % 2)
			RUN_UNTIL(x, redated, 1);
		else
			RUN_UNTIL(x, answers, 1);
		if (stats(x).redated)
			receive(x);
		assert_int_equal(o.calls, rows[i / 2].taken && i % 2 == 0);
		cc_client_freep(&x->client);
	}
}

static void test_publish(void **state)
{
	struct fixture *x = *state;
	json_t *body = json_pack("{s:s}", "k", "v");
	struct cc_qid qid;

	assert_int_equal(cc_client_publish(x->client, "pub.x", body,
					   (struct cc_bytes){(const uint8_t *)"blob", 4}),
			 0);
	receive(x);
	assert_false(cc_msg_qid(x->request, &qid));
	assert_int_equal(x->request->delim, 1);
	assert_true(cc_request_id_valid(x->id));
	assert_memory_equal(cc_msg_blob(x->request).data, "blob", 4);
	assert_int_equal(stats(x).sent, 1);
	assert_int_equal(cc_client_open(x->client), 0);
	json_decref(body);
}

static void test_request_rejects(void **state)
{
	static const struct {
		const char *type;
		int64_t deadline_ms;
		const char *reason;
	} rows[] = {
		{"reg.x", 0, "no deadline"},
		{"reg.x", -1, "a deadline in the past"},
		{"reg.x", CC_DEADLINE_MAX_MS + 1, "too far a deadline"},
		{"reg x", 1, "a type that is none"},
	};
	struct fixture *x = *state;
	struct outcome o = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		json_t *body = json_object();

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cc_client_request(x->client, rows[i].type, body,
						   (struct cc_bytes){NULL, 0}, rows[i].deadline_ms,
						   note_outcome, &o),
				 -CC_EINVAL);
		json_decref(body);
	}
	request_deadline(x, "reg.x", CC_DEADLINE_MAX_MS, &o);
	assert_int_equal(cc_client_open(x->client), 1);
	assert_int_equal(stats(x).sent, 1);
	assert_int_equal(o.calls, 0);
	cc_client_freep(&x->client);
	assert_int_equal(o.calls, 1);
}

/* Nobody listens and one message fits: the next is refused, and its function never called. */
static void test_blocked(void **state)
{
	struct fixture *x = *state;
	json_t *body = json_object();
	struct outcome first = {0}, second = {0};

	cc_client_free(x->client);
	x->client = connect_client(x, false, 1, "ipc://nobody");
	request_deadline(x, "reg.x", 20, &first);
	assert_int_equal(cc_client_request(x->client, "reg.x", body, (struct cc_bytes){NULL, 0}, 20,
					   note_outcome, &second),
			 -CC_EBUSY);
	assert_int_equal(cc_client_publish(x->client, "pub.x", body, (struct cc_bytes){NULL, 0}),
			 -CC_EBUSY);
	assert_int_equal(cc_client_open(x->client), 1);
	assert_int_equal(stats(x).blocked, 2);
	RUN_UNTIL(x, timeouts, 1);
	assert_int_equal(first.calls, 1);
	assert_int_equal(second.calls, 0);
	json_decref(body);
}

static void test_call(void **state)
{
	struct fixture *x = *state;
	json_t *body = json_object();
	char signer[CC_SIGNER_NAME_MAX + 1] = "unset";
	struct cc_answer a;

	assert_int_equal(cc_client_call(x->client, "reg.x", body, 20, &a, signer), 0);
	assert_int_equal(a.outcome, CC_OUT_TIMEOUT);
	assert_null(a.json);
	assert_string_equal(signer, "");
	json_decref(body);
}

static void test_bad_urls(void **state)
{
	static const char *const urls[] = {"", "ipc://", "tcp://", "tcp://host", "udp://x:1"};
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = keystore("", "");

	for (size_t i = 0; i < CC_ARRAY_SIZE(urls); i++) {
		struct cc_client_conf conf = {.url = urls[i], .ks = ks};
		struct cc_client *c = NULL;
		struct cc_note why = {0};

		assert_int_equal(cc_client_new(&c, &conf, &why), -CC_EINVAL);
		assert_non_null(strstr(why.text, urls[i]));
		assert_null(c);
	}
}

static const struct CMUnitTest tests[] = {
	connected(test_answer),
	connected(test_error),
	connected(test_hop),
	connected(test_timeout),
	connected(test_free_ends_requests),
	connected(test_refused),
	connected(test_hop_error_size),
	connected(test_compat_answers),
	connected(test_strays),
	connected(test_many_in_flight),
	connected(test_servers),
	connected(test_publish),
	connected(test_request_rejects),
	connected(test_blocked),
	connected(test_call),
	connected(test_bad_urls),
};

TEST_MAIN(tests)
