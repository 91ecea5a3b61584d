/* SPDX-License-Identifier: ISC */
/*
 * Frames of a message: built one by one and received from a socket, checked, every part read, turned
 * round as proxies do.
 *
 * The input is a list of frames, each with its length in front: an octet 0..250; 251 and two octets
 * for a longer one; 252..255 for one beyond every limit. What is missing at the end is cut.
 */
#include <stdint.h>
#include <string.h>
#include <zmq.h>

#include "lib/base/err.h"
#include "lib/cc/msg.h"
#include "tests/fuzz/must.h"

#define FRAMES_MAX 64

struct input {
	struct cc_bytes frames[FRAMES_MAX];
	unsigned count;
};

static size_t read_length(const uint8_t **at, const uint8_t *end)
{
	uint8_t first = *(*at)++;
	size_t len = first;

	if (first > 251)
		return CC_FRAME_MAX + 1;
	if (first == 251) {
		len = 0;
		for (unsigned i = 0; i < 2 && *at < end; i++)
			len = len << 8 | *(*at)++;
	}
	return len < (size_t)(end - *at) ? len : (size_t)(end - *at);
}

static void read_input(const uint8_t *data, size_t size, struct input *in)
{
	const uint8_t *end = data + size;

	in->count = 0;
	while (data < end && in->count < FRAMES_MAX) {
		size_t len = read_length(&data, end);

		in->frames[in->count++] = (struct cc_bytes){data, len};
		if (len <= CC_FRAME_MAX)
			data += len;
	}
}

/* Reads every octet, so that a wrong length is found. */
static unsigned sum(struct cc_bytes b)
{
	unsigned n = 0;

	for (size_t i = 0; b.data && i < b.len; i++)
		n += b.data[i];
	return n;
}

static struct cc_msg *build(struct input *in)
{
	struct cc_msg *m = cc_msg_new();
	unsigned kept = 0;

	MUST(m);
	for (unsigned i = 0; i < in->count; i++) {
		struct cc_bytes f = in->frames[i];
		uint8_t *copy = i % 2 && f.len <= CC_FRAME_MAX ? malloc(f.len + 1) : NULL;
		int r;

		if (copy)
			memcpy(copy, f.data, f.len);
		r = copy ? cc_msg_add_take(m, copy, f.len) : cc_msg_add(m, f.data, f.len);
		MUST(r == 0 || r == -CC_ELIMIT);
		if (f.len <= CC_FRAME_MAX)
			in->frames[kept++] = f;
	}
	in->count = kept;
	MUST(m->count == (kept < CC_FRAMES_MAX ? kept : CC_FRAMES_MAX));
	return m;
}

static void read_parts(struct cc_msg *m)
{
	struct cc_bytes type = cc_msg_type(m);
	struct cc_msg *answer = cc_msg_new();
	uint8_t again[CC_QID_LEN];
	struct cc_qid qid;

	MUST(answer && cc_type_valid(type.data, type.len) && cc_msg_body(m).data);
	MUST(m->delim <= CC_ROUTE_MAX && m->count - m->delim - 1 <= CC_BODY_FRAMES_MAX);
	MUST(!cc_msg_type_is(m, "") && sum(cc_msg_frame(m, m->count)) == 0);
	if (sum(cc_msg_body(m)) + sum(cc_msg_sig(m)) + sum(cc_msg_blob(m)) > m->bytes * 255)
		__builtin_trap();
	if (cc_msg_qid(m, &qid)) {
		cc_qid_write(&qid, again);
		MUST(memcmp(again, cc_msg_frame(m, m->delim - 1).data, CC_QID_LEN) == 0);
	}
	MUST(cc_msg_add_route(answer, m) == 0 && answer->count == m->delim);
	cc_msg_free(answer);
}

static bool same(const struct cc_msg *a, const struct cc_msg *b)
{
	if (a->count != b->count || a->bytes != b->bytes || a->delim != b->delim)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		struct cc_bytes x = cc_msg_frame(a, i), y = cc_msg_frame(b, i);

		if (x.len != y.len || memcmp(x.data, y.data, x.len) != 0)
			return false;
	}
	return true;
}

/* What a proxy and a ROUTER do: a frame more in front, and off again. */
static void turn_round(struct cc_msg *m)
{
	struct cc_msg *copy = cc_msg_dup(m), *moved = cc_msg_new();
	int fault;

	MUST(copy && moved);
	fault = cc_msg_push(copy, "hop", 3);
	MUST(fault == (m->count == CC_FRAMES_MAX ? -CC_ELIMIT : 0));
	if (fault == 0) {
		MUST(copy->delim == m->delim + 1);
		fault = cc_msg_check(copy);
		MUST(fault == (m->delim == CC_ROUTE_MAX ? CC_MSG_LONG_ROUTE : 0));
		cc_msg_pop(copy);
	}
	copy->delim = m->delim;
	cc_msg_move(moved, copy);
	MUST(same(moved, m) && copy->count == 0);
	while (moved->count)
		cc_msg_pop(moved);
	MUST(moved->bytes == 0 && moved->delim == 0);
	cc_msg_pop(moved);
	cc_msg_free(copy);
	cc_msg_free(moved);
}

static void *socket_pair[2];

static void open_sockets(void)
{
	void *ctx = zmq_ctx_new();
	int unlimited = 0;

	for (unsigned i = 0; i < 2; i++) {
		socket_pair[i] = zmq_socket(ctx, ZMQ_PAIR);
		MUST(zmq_setsockopt(socket_pair[i], ZMQ_SNDHWM, &unlimited, sizeof(unlimited)) ==
		     0);
	}
	MUST(zmq_bind(socket_pair[0], "inproc://pair") == 0);
	MUST(zmq_connect(socket_pair[1], "inproc://pair") == 0);
}

static void send_raw(const struct input *in)
{
	for (unsigned i = 0; i < in->count; i++)
		MUST(zmq_send(socket_pair[1], in->frames[i].data, in->frames[i].len,
			      i + 1 < in->count ? ZMQ_SNDMORE : 0) >= 0);
}

/* The same frames from a socket are the same message, or refused for their number alone. */
static void receive(const struct input *in, const struct cc_msg *built)
{
	struct cc_msg *m = cc_msg_new();
	int r;

	if (!socket_pair[0])
		open_sockets();
	send_raw(in);
	r = cc_msg_recv(m, socket_pair[0]);
	if (r == 0) {
		m->delim = built->delim;
		MUST(same(m, built));
		MUST(cc_msg_send(m, socket_pair[0]) == 0 && m->count == 0);
		MUST(cc_msg_recv(m, socket_pair[1]) == 0);
		m->delim = built->delim;
		MUST(same(m, built));
	} else {
		MUST(in->count > CC_FRAMES_MAX && *cc_msg_fault_name(r));
		MUST(r == CC_MSG_TOO_MANY || r == CC_MSG_LONG_ROUTE);
		MUST(m->count == 0);
	}
	cc_msg_reset(m);
	MUST(cc_msg_recv(m, socket_pair[0]) == -CC_EBUSY);
	cc_msg_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;
	struct cc_msg *m;
	int fault;

	read_input(data, size, &in);
	m = build(&in);
	fault = cc_msg_check(m);
	if (fault == 0) {
		read_parts(m);
		turn_round(m);
	} else {
		MUST(fault > 0 && fault < CC_MSG_FAULT_COUNT);
	}
	if (in.count)
		receive(&in, m);
	cc_msg_freep(&m);
	return 0;
}
