/* SPDX-License-Identifier: ISC */
/* A client whose clock is not the server's: what is tried again, by which clock, and how often. */
#include "lib/cc/client.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/cc/envelope.h"
#include "tests/unit/clientkit.h"

#define BEHIND 1000.0 /* seconds that the server's clock is behind ours */
#define NEAR 30.0     /* seconds that a test may take between two looks at the clock */

static void assert_sent(const struct fixture *x, double behind)
{
	double off = x->sent - (cc_clock_wall() - behind);

	if (off > NEAR || off < -NEAR)
		fail_msg("dated %f s off a clock that is %f s behind", off, behind);
}

/* What is stale there is the same operation in another message, by the clock that the server told. */
static void test_redated(void **state)
{
	struct fixture *x = *state;
	struct outcome o = {0}, later = {0};
	char id[CC_ID_HEX + 1], op[CC_ID_HEX + 1];
	uint8_t qid[CC_QID_LEN];

	start(x, "reg.x", &o);
	assert_sent(x, 0);
	assert_true(cc_request_id_valid(x->op));
	strcpy(id, x->id);
	strcpy(op, x->op);
	memcpy(qid, cc_msg_frame(x->request, 1).data, sizeof(qid));
	answer_stale(x, BEHIND);
	RUN_UNTIL(x, redated, 1);
	receive(x);
	assert_string_not_equal(x->id, id);
	assert_string_equal(x->op, op);
	assert_memory_not_equal(cc_msg_frame(x->request, 1).data, qid, sizeof(qid));
	assert_sent(x, BEHIND);
	assert_int_equal(o.calls, 0);
	answer_re(x, x->server, "reply.reg.x", "");
	RUN_UNTIL(x, answers, 1);
	assert_int_equal(o.outcome, CC_OUT_ANSWER);
	assert_int_equal(stats(x).errors, 0);
	start(x, "reg.y", &later); /* the clock is known now */
	assert_sent(x, BEHIND);
	assert_string_not_equal(x->op, op);
	answer_re(x, x->server, "reply.reg.y", "");
	RUN_UNTIL(x, answers, 2);
	assert_int_equal(stats(x).redated, 1);
}

/* A publication has no answer, but goes by what an answer said. */
static void test_publication_by_the_clock(void **state)
{
	struct fixture *x = *state;
	json_t *body = json_object();
	struct outcome o = {0};

	start(x, "reg.x", &o);
	answer_stale(x, -BEHIND);
	RUN_UNTIL(x, redated, 1);
	receive(x);
	assert_sent(x, -BEHIND);
	assert_int_equal(cc_client_publish(x->client, "pub.x", body, (struct cc_bytes){NULL, 0}),
			 0);
	receive(x);
	assert_sent(x, -BEHIND);
	json_decref(body);
	cc_client_freep(&x->client); /* while the outcome is there to be noted */
}

/* A clock that is never right: two more tries, each by what was said last, then it is an error. */
static void test_stale_for_ever(void **state)
{
	struct fixture *x = *state;
	struct outcome o = {0}, other = {0};
	char op[CC_ID_HEX + 1];

	start(x, "reg.x", &o);
	strcpy(op, x->op);
	for (unsigned i = 1; i <= 2; i++) {
		answer_stale(x, i * BEHIND);
		RUN_UNTIL(x, redated, i);
		receive(x);
		assert_sent(x, i * BEHIND);
		assert_string_equal(x->op, op);
		assert_int_equal(o.calls, 0);
	}
	answer_stale(x, 5 * BEHIND);
	RUN_UNTIL(x, errors, 1);
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.outcome, CC_OUT_ERROR);
	assert_string_equal(o.code, "stale");
	assert_int_equal(stats(x).redated, 2);
	start(x, "reg.y", &other); /* the next to arrive: there was no fourth try */
	assert_true(cc_msg_type_is(x->request, "reg.y"));
	assert_int_equal(cc_client_open(x->client), 1);
	cc_client_freep(&x->client);
}

/* Only a server's own signed word moves our clock. */
static void test_no_reason_to_redate(void **state)
{
	static const struct {
		char by; /* 's'erver, 'r'ogue, 'n'obody */
		const char *type, *more;
		enum cc_outcome outcome; /* 0: refused, the request goes on */
		const char *reason;
	} rows[] = {
		{'n', "error", ", \"code\": \"stale\", \"time_now\": 5", 0, "unsigned"},
		{'n', "error", ", \"code\": \"stale\", \"time_now\": 5, \"hop\": true", 0,
		 "a hop that says stale"},
		{'r', "error", ", \"code\": \"stale\", \"time_now\": 5", 0, "another CA's"},
		{'s', "error", ", \"code\": \"stale\"", CC_OUT_ERROR, "no time"},
		{'s', "error", ", \"code\": \"stale\", \"time_now\": \"5\"", CC_OUT_ERROR,
		 "a time that is text"},
		{'s', "error", ", \"code\": \"stale\", \"time_now\": null", CC_OUT_ERROR,
		 "no number"},
		{'s', "error", ", \"code\": \"denied\", \"time_now\": 5", CC_OUT_ERROR,
		 "another error"},
		{'s', "error", ", \"time_now\": 5", CC_OUT_ERROR, "no code"},
		{'s', "reply.reg.x", ", \"code\": \"stale\", \"time_now\": 5", CC_OUT_ANSWER,
		 "an answer that speaks of it"},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct outcome o = {0};
		uint64_t refused = stats(x).refused;

		print_message("# %s\n", rows[i].reason);
		start(x, "reg.x", &o);
		answer_re(x,
			  rows[i].by == 's'   ? x->server
			  : rows[i].by == 'r' ? x->rogue
					      : NULL,
			  rows[i].type, rows[i].more);
		if (!rows[i].outcome) {
			RUN_UNTIL(x, refused, refused + 1);
			assert_int_equal(o.calls, 0);
			answer_re(x, x->server, "reply.reg.x", "");
		}
		while (!o.calls)
			assert_int_equal(cc_client_run(x->client, WAIT_MS), 0);
		assert_int_equal(o.outcome, rows[i].outcome ? rows[i].outcome : CC_OUT_ANSWER);
		assert_int_equal(stats(x).redated, 0);
	}
	assert_sent(x, 0);
}

/* Another try has what is left of the time, and none has more. */
static void test_redated_within_the_deadline(void **state)
{
	struct fixture *x = *state;
	int64_t deadline_ms = LONG_MS, until = cc_clock_ms() + 20;
	struct outcome o = {0}, over = {0};
	struct cc_qid qid;

	start(x, "reg.x", &o);
	assert_int_equal(x->deadline_ms, deadline_ms);
	while (cc_clock_ms() < until)
		assert_int_equal(cc_client_run(x->client, 1), 0);
	answer_stale(x, BEHIND);
	RUN_UNTIL(x, redated, 1);
	receive(x);
	assert_true(x->deadline_ms > 0 && x->deadline_ms <= deadline_ms - 20);
	assert_true(cc_msg_qid(x->request, &qid));
	assert_int_equal(qid.budget_ms, x->deadline_ms);
	cc_client_free(x->client);
	x->client =
		connect_as(x, (struct cc_client_conf){.url = "ipc://server", .grace_ms = WAIT_MS});
	request_deadline(x, "reg.x", 20, &over);
	receive(x);
	until = cc_clock_ms() + 25;
	while (cc_clock_ms() < until)
		assert_int_equal(cc_client_run(x->client, 1), 0);
	answer_stale(x, BEHIND);
	RUN_UNTIL(x, errors, 1);
	assert_string_equal(over.code, "stale");
	assert_int_equal(stats(x).redated, 0);
}

/* The outcome of a request that was tried again comes within its first deadline, too. */
static void test_redated_timeout(void **state)
{
	struct fixture *x = *state;
	struct outcome o = {0};

	request_deadline(x, "reg.x", 300, &o);
	receive(x);
	answer_stale(x, BEHIND);
	RUN_UNTIL(x, redated, 1);
	receive(x);
	assert_true(x->deadline_ms <= 300);
	RUN_UNTIL(x, timeouts, 1);
	assert_int_equal(o.calls, 1);
	assert_true(o.latency_us >= (300 + CC_CLIENT_GRACE_MS) * 1000);
	answer_re(x, x->server, "reply.reg.x", "");
	RUN_UNTIL(x, late, 1);
}

/* Many at once, with a blob each: every one is tried again as it was. */
static void test_many_redated(void **state)
{
	struct fixture *x = *state;
	struct outcome o[MANY] = {{0}};
	char ops[MANY][CC_ID_HEX + 1], data[8];

	for (size_t i = 0; i < MANY; i++) {
		json_t *body = json_object();

		snprintf(data, sizeof(data), "%zu", i);
		assert_int_equal(cc_client_request(x->client, "reg.x", body,
						   (struct cc_bytes){(uint8_t *)data, strlen(data)},
						   LONG_MS, note_outcome, &o[i]),
				 0);
		json_decref(body);
		receive(x);
		strcpy(ops[i], x->op);
		answer_stale(x, BEHIND);
	}
	RUN_UNTIL(x, redated, MANY);
	for (size_t i = 0; i < MANY; i++) {
		char body[60];

		receive(x); /* which checks the blob's hash */
		assert_sent(x, BEHIND);
		assert_string_equal(x->op, ops[i]);
		snprintf(data, sizeof(data), "%zu", i);
		assert_memory_equal(cc_msg_blob(x->request).data, data, strlen(data));
		snprintf(body, sizeof(body), "{\"re\": \"%s\"}", x->id);
		answer(x, x->server, "reply.reg.x", body, data);
	}
	RUN_UNTIL(x, answers, MANY);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(data, sizeof(data), "%zu", i);
		assert_int_equal(o[i].calls, 1);
		assert_string_equal(o[i].blob, data);
	}
}

/* A subscription that was stale goes on under its new id; an answer to the old one is late. */
static void test_redated_subscription(void **state)
{
	struct fixture *x = *state;
	json_t *body = json_object();
	struct outcome o = {0};

	assert_int_equal(
		cc_client_subscribe(x->client, "admin.watch", body, LONG_MS, note_outcome, &o), 0);
	receive(x);
	answer_stale(x, BEHIND);
	answer_re(x, x->server, "reply.admin.watch", "");
	RUN_UNTIL(x, late, 1);
	assert_int_equal(o.calls, 0);
	receive(x);
	for (unsigned i = 1; i <= 3; i++) {
		answer_re(x, x->server, "reply.admin.watch", "");
		RUN_UNTIL(x, answers, i);
		assert_int_equal(o.calls, i);
	}
	json_decref(body);
	cc_client_freep(&x->client);
}

/* A caller's own retry names the same operation. */
static void test_own_retry(void **state)
{
	struct fixture *x = *state;
	json_t *body = json_object();
	struct outcome o[2] = {{0}};
	char id[CC_ID_HEX + 1], op[CC_ID_HEX + 1];

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(cc_client_request(x->client, "reg.x", body,
						   (struct cc_bytes){NULL, 0}, LONG_MS,
						   note_outcome, &o[i]),
				 0);
		receive(x);
		if (i) {
			assert_string_equal(x->op, op);
			assert_string_not_equal(x->id, id);
		}
		strcpy(id, x->id);
		strcpy(op, x->op);
	}
	assert_string_equal(json_string_value(json_object_get(body, "op")), op);
	json_decref(body);
	cc_client_freep(&x->client);
}

static const struct CMUnitTest tests[] = {
	connected(test_redated),
	connected(test_publication_by_the_clock),
	connected(test_stale_for_ever),
	connected(test_no_reason_to_redate),
	connected(test_redated_within_the_deadline),
	connected(test_redated_timeout),
	connected(test_many_redated),
	connected(test_redated_subscription),
	connected(test_own_retry),
};

TEST_MAIN(tests)
