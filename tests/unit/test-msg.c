/* SPDX-License-Identifier: ISC */
#include "lib/cc/msg.h"

#include <errno.h>
#include <stdio.h>

#include "lib/base/err.h"
#include "lib/base/util.h"
#include "tests/test.h"

/* The n-th zmq_msg_recv from now is interrupted by a signal; 0: none is. */
static unsigned interrupted;
int __real_zmq_msg_recv(zmq_msg_t *msg, void *socket, int flags);
int __wrap_zmq_msg_recv(zmq_msg_t *msg, void *socket, int flags);

int __wrap_zmq_msg_recv(zmq_msg_t *msg, void *socket, int flags)
{
	if (interrupted && --interrupted == 0) {
		errno = EINTR;
		return -1;
	}
	return __real_zmq_msg_recv(msg, socket, flags);
}

/* Frames as text with | between; NULL: no frame at all. */
static struct cc_msg *message(const char *text)
{
	struct cc_msg *m = cc_msg_new();

	assert_non_null(m);
	while (text) {
		size_t len = strcspn(text, "|");

		assert_int_equal(cc_msg_add(m, text, len), 0);
		text = text[len] ? text + len + 1 : NULL;
	}
	return m;
}

static void assert_frames(const struct cc_msg *m, const char *text)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *want = message(text);

	assert_int_equal(m->count, want->count);
	assert_int_equal(m->bytes, want->bytes);
	for (uint32_t i = 0; i < m->count; i++) {
		struct cc_bytes a = cc_msg_frame(m, i), b = cc_msg_frame(want, i);

		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, b.len);
	}
}

static void test_type_grammar(void **state)
{
	static const struct {
		const char *type;
		bool valid;
		const char *reason;
	} rows[] = {
		{"a", true, "one octet"},
		{"echo.request", true, "two components"},
		{"Pub.info-file.X_9.-._", true, "every kind of octet"},
		{"", false, "empty"},
		{".", false, "only a dot"},
		{".a", false, "leading dot"},
		{"a.", false, "trailing dot"},
		{"a..b", false, "empty component"},
		{"a\n", false, "a trailing newline, which Python's $ lets pass"},
		{"\na", false, "leading newline"},
		{"a b", false, "space"},
		{"a/b", false, "slash"},
		{"a*", false, "star"},
		{"caf\xc3\xa9", false, "not ASCII"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cc_type_valid(rows[i].type, strlen(rows[i].type)), rows[i].valid);
	}
	assert_false(cc_type_valid("a\0b", 3));
}

static void test_type_length(void **state)
{
	char type[CC_TYPE_MAX + 1];

	memset(type, 't', sizeof(type));
	assert_true(cc_type_valid(type, CC_TYPE_MAX));
	assert_false(cc_type_valid(type, CC_TYPE_MAX + 1));
}

static void test_check_shape(void **state)
{
	static const struct {
		const char *frames;
		int fault;
		const char *reason;
	} rows[] = {
		{"|t|b", 0, "as a DEALER sees it"},
		{"i||t|b|s|x", 0, "as a ROUTER sees it"},
		{"i|q||t||", 0, "an empty body is a body"},
		{NULL, CC_MSG_NO_DELIM, "nothing"},
		{"a|b|c", CC_MSG_NO_DELIM, "no empty frame"},
		{"1|2|3|4|5|6|7|8", CC_MSG_NO_DELIM, "8 frames, none empty"},
		{"1|2|3|4|5|6|7|8|9", CC_MSG_LONG_ROUTE, "9 frames, none empty"},
		{"1|2|3|4|5|6|7|8||t|b", 0, "8 route frames"},
		{"1|2|3|4|5|6|7|8|9||t|b", CC_MSG_LONG_ROUTE, "9 route frames"},
		{"", CC_MSG_NO_TYPE, "a delimiter alone"},
		{"i|", CC_MSG_NO_TYPE, "nothing after the delimiter"},
		{"||b", CC_MSG_BAD_TYPE, "empty type"},
		{"|t\n|b", CC_MSG_BAD_TYPE, "type with newline"},
		{"|t.|b", CC_MSG_BAD_TYPE, "type with trailing dot"},
		{"|t.", CC_MSG_BAD_TYPE, "bad type before missing body"},
		{"|t", CC_MSG_NO_BODY, "no body"},
		{"|t|b|s|x|1|2|3|4", 0, "8 frames after the delimiter"},
		{"|t|b|s|x|1|2|3|4|5", CC_MSG_TOO_MANY, "9 frames after the delimiter"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = message(rows[i].frames);

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cc_msg_check(m), rows[i].fault);
	}
}

static void test_check_sizes(void **state)
{
	static const struct {
		size_t route, type;
		int fault;
		const char *reason;
	} rows[] = {
		{CC_ROUTE_FRAME_MAX, CC_TYPE_MAX, 0, "both at the limit"},
		{CC_ROUTE_FRAME_MAX + 1, CC_TYPE_MAX, CC_MSG_LONG_ROUTE, "a route frame too long"},
		{CC_ROUTE_FRAME_MAX, CC_TYPE_MAX + 1, CC_MSG_BAD_TYPE, "a type too long"},
	};
	char octets[CC_ROUTE_FRAME_MAX + 1];

	memset(octets, 'x', sizeof(octets));
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cc_msg_add(m, octets, rows[i].route), 0);
		assert_int_equal(cc_msg_add(m, "", 0), 0);
		assert_int_equal(cc_msg_add(m, octets, rows[i].type), 0);
		assert_int_equal(cc_msg_add(m, "{}", 2), 0);
		assert_int_equal(cc_msg_check(m), rows[i].fault);
		m->bytes = CC_MSG_MAX + 1;
		assert_int_equal(cc_msg_check(m), CC_MSG_TOO_BIG);
	}
}

static void test_parts(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = message("i|q||echo.request|{}|sig|");

	assert_int_equal(cc_msg_check(m), 0);
	assert_int_equal(m->delim, 2);
	assert_true(cc_msg_type_is(m, "echo.request"));
	assert_false(cc_msg_type_is(m, "echo"));
	assert_false(cc_msg_type_is(m, "echo.request.x"));
	assert_memory_equal(cc_msg_body(m).data, "{}", 2);
	assert_int_equal(cc_msg_sig(m).len, 3);
	assert_non_null(cc_msg_blob(m).data); /* an empty blob is a blob */
	assert_int_equal(cc_msg_blob(m).len, 0);
	assert_null(cc_msg_frame(m, 7).data);
	cc_msg_pop(m);
	cc_msg_pop(m);
	assert_int_equal(m->delim, 0);
	assert_memory_equal(cc_msg_body(m).data, "{}", 2);
}

static void test_fault_names(void **state)
{
	for (int a = 0; a < CC_MSG_FAULT_COUNT; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(cc_msg_fault_name(a), cc_msg_fault_name(b));
	assert_string_equal(cc_msg_fault_name(CC_MSG_FAULT_COUNT), "unknown");
	assert_string_equal(cc_msg_fault_name(-1), "unknown");
}

static void test_add_limits(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	cc_cleanup(cc_freep) char *big = calloc(1, CC_FRAME_MAX + 1);

	assert_int_equal(cc_msg_add(m, big, CC_FRAME_MAX + 1), -CC_ELIMIT);
	assert_int_equal(cc_msg_add_take(m, malloc(10), CC_FRAME_MAX + 1), -CC_ELIMIT);
	assert_int_equal(cc_msg_add(m, big, CC_FRAME_MAX), 0);
	assert_int_equal(cc_msg_add(m, "", 0), 0);
	assert_int_equal(cc_msg_add(m, "x", 1), -CC_ELIMIT);
	assert_int_equal(m->bytes, CC_MSG_MAX);
	cc_msg_reset(m);
	for (uint32_t i = 0; i < CC_FRAMES_MAX; i++)
		assert_int_equal(cc_msg_add(m, "", 0), 0);
	assert_int_equal(cc_msg_add(m, "", 0), -CC_ELIMIT);
	assert_int_equal(cc_msg_add_take(m, strdup(""), 0), -CC_ELIMIT);
	assert_int_equal(cc_msg_push(m, "", 0), -CC_ELIMIT);
	assert_int_equal(m->count, CC_FRAMES_MAX);
}

static void test_push_pop(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = message("q||t|body");

	assert_int_equal(cc_msg_check(m), 0);
	assert_int_equal(cc_msg_push(m, "one", 3), 0);
	assert_int_equal(cc_msg_push(m, "two", 3), 0);
	assert_frames(m, "two|one|q||t|body");
	assert_int_equal(m->delim, 3);
	cc_msg_pop(m);
	cc_msg_pop(m);
	assert_frames(m, "q||t|body");
	assert_int_equal(m->delim, 1);
	for (unsigned i = 0; i < 6; i++)
		cc_msg_pop(m); /* more than there are */
	assert_int_equal(m->count + m->delim + m->bytes, 0);
}

static void test_dup_and_move(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = message("i||t|body"), *copy = NULL;
	cc_cleanup(cc_msg_freep) struct cc_msg *to = cc_msg_new();
	char *large = strdup("a frame that libzmq does not keep in the message itself");

	assert_int_equal(cc_msg_add_take(m, large, strlen(large)), 0);
	assert_int_equal(cc_msg_check(m), 0);
	m->received = 77;
	copy = cc_msg_dup(m);
	cc_msg_move(to, m);
	assert_int_equal(m->count + m->delim + m->bytes, 0);
	assert_int_equal(to->delim + to->received, 78);
	assert_int_equal(copy->delim + copy->received, 78);
	assert_ptr_equal(cc_msg_frame(copy, 4).data, large); /* shared, not copied */
	cc_msg_reset(to);
	assert_frames(copy, "i||t|body|a frame that libzmq does not keep in the message itself");
	assert_int_equal(cc_msg_add(m, "again", 5), 0);
}

static void test_add_route(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *from = message("a|b|q||t|body");
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();

	assert_int_equal(cc_msg_check(from), 0);
	assert_int_equal(cc_msg_add_route(m, from), 0);
	assert_frames(m, "a|b|q");
	for (uint32_t i = 3; i < CC_FRAMES_MAX; i++)
		assert_int_equal(cc_msg_add(m, "", 0), 0);
	assert_int_equal(cc_msg_add_route(m, from), -CC_ELIMIT);
}

static void test_query_ids(void **state)
{
	static const uint64_t budgets[] = {0, 1, 0x0102030405060708, UINT64_MAX};
	struct cc_qid q = {.random = "0123456789abcde"}, back;
	uint8_t f[CC_QID_LEN + 1] = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(budgets); i++) {
		q.budget_ms = budgets[i];
		cc_qid_write(&q, f);
		assert_true(cc_qid_read((struct cc_bytes){f, CC_QID_LEN}, &back));
		assert_memory_equal(back.random, q.random, sizeof(q.random));
		assert_true(back.budget_ms == budgets[i]);
	}
	q.budget_ms = 0x0102030405060708;
	cc_qid_write(&q, f);
	assert_memory_equal(f, "q10123456789abcde\0\1\2\3\4\5\6\7\10", CC_QID_LEN);
	assert_false(cc_qid_read((struct cc_bytes){f, CC_QID_LEN - 1}, &back));
	assert_false(cc_qid_read((struct cc_bytes){f, CC_QID_LEN + 1}, &back));
	assert_false(cc_qid_read((struct cc_bytes){NULL, 0}, &back));
	f[1] = '2';
	assert_false(cc_qid_read((struct cc_bytes){f, CC_QID_LEN}, &back));
	f[0] = 'Q';
	f[1] = '1';
	assert_false(cc_qid_read((struct cc_bytes){f, CC_QID_LEN}, &back));
}

static void test_query_id_of_message(void **state)
{
	static const struct {
		const char *frames;
		bool is;
		const char *reason;
	} rows[] = {
		{"q1abcdefghijklmnop12345678||t|b", true, "as the client sends it"},
		{"i|q1abcdefghijklmnop12345678||t|b", true, "behind an identity"},
		{"q1abcdefghijklmnop12345678|i||t|b", false, "not the last route frame"},
		{"|q1abcdefghijklmnop12345678|b", false, "not in the route"},
		{"Q000001||t|b", false, "the original's"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = message(rows[i].frames);
		struct cc_qid q;

		print_message("# %s\n", rows[i].reason);
		assert_int_equal(cc_msg_check(m), 0);
		assert_int_equal(cc_msg_qid(m, &q), rows[i].is);
	}
}

/* ---- sockets ---- */

struct pipe {
	void *ctx, *in, *out;
};

static int pipe_open(void **state)
{
	struct pipe *p = calloc(1, sizeof(*p));
	int unlimited = 0;

	*state = p;
	p->ctx = zmq_ctx_new();
	p->in = zmq_socket(p->ctx, ZMQ_PAIR);
	p->out = zmq_socket(p->ctx, ZMQ_PAIR);
	zmq_setsockopt(p->in, ZMQ_RCVHWM, &unlimited, sizeof(unlimited));
	zmq_setsockopt(p->out, ZMQ_SNDHWM, &unlimited, sizeof(unlimited));
	if (zmq_bind(p->in, "inproc://pipe") != 0 || zmq_connect(p->out, "inproc://pipe") != 0)
		return -1;
	return 0;
}

static int pipe_close(void **state)
{
	struct pipe *p = *state;

	zmq_close(p->in);
	zmq_close(p->out);
	zmq_ctx_term(p->ctx);
	free(p);
	return 0;
}

/* Sends count frames of size octets, all but the delimiter at delim; NULL octets: zeros. */
static void send_frames(struct pipe *p, unsigned count, unsigned delim, size_t size)
{
	cc_cleanup(cc_freep) char *octets = calloc(1, size + 1);

	for (unsigned i = 0; i < count; i++) {
		size_t len = i == delim ? 0 : size;

		assert_int_equal(zmq_send(p->out, octets, len, i + 1 < count ? ZMQ_SNDMORE : 0),
				 (int)len);
	}
}

static void assert_next_arrives(struct pipe *p, struct cc_msg *m)
{
	assert_int_equal(m->count + m->bytes, 0);
	assert_int_equal(zmq_send(p->out, "", 0, ZMQ_SNDMORE), 0);
	assert_int_equal(zmq_send(p->out, "next", 4, ZMQ_SNDMORE), 4);
	assert_int_equal(zmq_send(p->out, "{}", 2, 0), 2);
	assert_int_equal(cc_msg_recv(m, p->in), 0);
	assert_frames(m, "|next|{}");
	assert_int_equal(cc_msg_check(m), 0);
	cc_msg_reset(m);
	assert_int_equal(cc_msg_recv(m, p->in), -CC_EBUSY);
}

static const struct {
	unsigned count, delim;
	size_t size;
	int fault;
	const char *reason;
} received[] = {
	{17, 8, 10, 0, "the most frames that fit"},
	{18, 8, 10, CC_MSG_TOO_MANY, "a frame too many after the delimiter"},
	{18, 0, 10, CC_MSG_TOO_MANY, "a frame too many without a route"},
	{18, 9, 10, CC_MSG_LONG_ROUTE, "a route frame too many"},
	{40, 50, 10, CC_MSG_LONG_ROUTE, "a long route that never ends"},
	{3, 0, CC_MSG_MAX / 2, 0, "the most octets that fit"},
	{3, 0, CC_MSG_MAX / 2 + 1, CC_MSG_TOO_BIG, "too many octets in the last frame"},
	{6, 0, CC_MSG_MAX / 2 + 1, CC_MSG_TOO_BIG, "too many octets before the last frame"},
};

static void test_recv(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();

	for (size_t i = 0; i < CC_ARRAY_SIZE(received); i++) {
		print_message("# %s\n", received[i].reason);
		send_frames(*state, received[i].count, received[i].delim, received[i].size);
		assert_int_equal(cc_msg_recv(m, ((struct pipe *)*state)->in), received[i].fault);
		if (!received[i].fault) {
			assert_int_equal(m->count, received[i].count);
			assert_int_equal(m->bytes, (received[i].count - 1) * received[i].size);
			assert_true(m->received > 0);
		}
		cc_msg_reset(m);
		assert_next_arrives(*state, m);
	}
}

/* A signal during a receive must not cut a message in two. */
static void test_recv_interrupted(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	struct pipe *p = *state;

	for (unsigned nth = 1; nth <= 8; nth++) {
		send_frames(p, 4, 0, 10);
		interrupted = nth;
		assert_int_equal(cc_msg_recv(m, p->in), 0);
		assert_int_equal(m->count, 4);
		cc_msg_reset(m);
		interrupted = 0;
		assert_next_arrives(p, m);
	}
	for (unsigned nth = 16; nth <= 42; nth++) {
		send_frames(p, 40, 50, 10);
		interrupted = nth;
		assert_int_equal(cc_msg_recv(m, p->in), CC_MSG_LONG_ROUTE);
		interrupted = 0;
		assert_next_arrives(p, m);
	}
}

static void test_send(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = message("|t|body");
	struct pipe *p = *state;
	void *router = zmq_socket(p->ctx, ZMQ_ROUTER), *dealer = zmq_socket(p->ctx, ZMQ_DEALER);
	int mandatory = 1;

	zmq_setsockopt(router, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof(mandatory));
	assert_int_equal(cc_msg_send(m, dealer), -CC_EBUSY);
	assert_int_equal(cc_msg_push(m, "who", 3), 0);
	assert_int_equal(cc_msg_send(m, router), -CC_ENOTFOUND);
	assert_frames(m, "who||t|body");
	assert_int_equal(cc_msg_send(m, p->out), 0);
	assert_int_equal(m->count + m->bytes, 0);
	assert_int_equal(cc_msg_recv(m, p->in), 0);
	assert_frames(m, "who||t|body");
	zmq_close(router);
	zmq_close(dealer);
}

/* Makes a socket see that its context was shut down. */
static void see_shutdown(void *socket)
{
	int events;
	size_t len = sizeof(events);

	while (zmq_getsockopt(socket, ZMQ_EVENTS, &events, &len) == 0)
		;
}

static void test_shutdown(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = message("|t|body");
	struct pipe *p = *state;

	zmq_ctx_shutdown(p->ctx);
	see_shutdown(p->out);
	see_shutdown(p->in);
	assert_int_equal(cc_msg_send(m, p->out), -CC_ESYS);
	cc_msg_reset(m);
	assert_int_equal(cc_msg_recv(m, p->in), -CC_ESYS);
	assert_int_equal(m->count, 0);
}

#define with_pipe(f) cmocka_unit_test_setup_teardown(f, pipe_open, pipe_close)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_type_grammar),
	cmocka_unit_test(test_type_length),
	cmocka_unit_test(test_check_shape),
	cmocka_unit_test(test_check_sizes),
	cmocka_unit_test(test_parts),
	cmocka_unit_test(test_fault_names),
	cmocka_unit_test(test_add_limits),
	cmocka_unit_test(test_push_pop),
	cmocka_unit_test(test_dup_and_move),
	cmocka_unit_test(test_add_route),
	cmocka_unit_test(test_query_ids),
	cmocka_unit_test(test_query_id_of_message),
	with_pipe(test_recv),
	with_pipe(test_recv_interrupted),
	with_pipe(test_send),
	with_pipe(test_shutdown),
};

TEST_MAIN(tests)
