/* SPDX-License-Identifier: ISC */
#include "lib/cc/msg.h"

#include <errno.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"

static const char *const fault_names[CC_MSG_FAULT_COUNT] = {
	[CC_MSG_OK] = "ok",
	[CC_MSG_TOO_BIG] = "too-big",
	[CC_MSG_TOO_MANY] = "too-many-frames",
	[CC_MSG_NO_DELIM] = "no-delimiter",
	[CC_MSG_LONG_ROUTE] = "long-route",
	[CC_MSG_NO_TYPE] = "no-type",
	[CC_MSG_BAD_TYPE] = "bad-type",
	[CC_MSG_NO_BODY] = "no-body",
};

const char *cc_msg_fault_name(int fault)
{
	return fault >= 0 && fault < CC_MSG_FAULT_COUNT ? fault_names[fault] : "unknown";
}

struct cc_msg *cc_msg_new_room(uint32_t frames)
{
	struct cc_msg *m = malloc(sizeof(*m) + frames * sizeof(m->frames[0]));

	if (m) {
		memset(m, 0, sizeof(*m));
		m->room = frames;
	}
	return m;
}

struct cc_msg *cc_msg_new(void)
{
	return cc_msg_new_room(CC_FRAMES_MAX);
}

void cc_msg_reset(struct cc_msg *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		zmq_msg_close(&m->frames[i]);
	m->count = 0;
	m->delim = 0;
	m->bytes = 0;
}

void cc_msg_free(struct cc_msg *m)
{
	if (!m)
		return;
	cc_msg_reset(m);
	free(m);
}

void cc_msg_freep(struct cc_msg **m)
{
	cc_msg_free(*m);
	*m = NULL;
}

/* Which limit a message broke that has more frames than fit: the route's, unless it has ended. */
static int overflow_fault(struct cc_msg *m)
{
	for (uint32_t i = 0; i <= CC_ROUTE_MAX && i < m->count; i++)
		if (zmq_msg_size(&m->frames[i]) == 0)
			return CC_MSG_TOO_MANY;
	return CC_MSG_LONG_ROUTE;
}

/* Never cut short by a signal: what has begun of a multipart is there to its end. */
static int recv_frame(zmq_msg_t *f, void *socket)
{
	int r;

	do
		r = zmq_msg_recv(f, socket, ZMQ_DONTWAIT);
	while (r < 0 && errno == EINTR);
	return r;
}

/* Takes the rest of a multipart off the socket: its frames are there already. */
static void drain(void *socket)
{
	zmq_msg_t f;
	int more = 1;

	while (more) {
		zmq_msg_init(&f);
		more = recv_frame(&f, socket) >= 0 && zmq_msg_more(&f);
		zmq_msg_close(&f);
	}
}

int cc_msg_recv(struct cc_msg *m, void *socket)
{
	int fault = 0;

	for (;;) {
		zmq_msg_t *f = &m->frames[m->count];

		if (m->count == m->room) {
			fault = overflow_fault(m);
			break;
		}
		zmq_msg_init(f);
		if (recv_frame(f, socket) < 0) {
			int e = errno;

			zmq_msg_close(f);
			cc_msg_reset(m);
			return e == EAGAIN ? -CC_EBUSY : cc_raise(CC_ESYS);
		}
		m->count++;
		m->bytes += zmq_msg_size(f);
		if (m->bytes > CC_MSG_MAX && !fault)
			fault = CC_MSG_TOO_BIG;
		if (!zmq_msg_more(f)) {
			if (fault)
				cc_msg_reset(m);
			else
				m->received = cc_clock_coarse_ms();
			return fault;
		}
		if (fault)
			break;
	}
	drain(socket);
	cc_msg_reset(m);
	return fault;
}

int cc_msg_send(struct cc_msg *m, void *socket)
{
	for (uint32_t i = 0; i < m->count; i++) {
		int flags = ZMQ_DONTWAIT | (i + 1 < m->count ? ZMQ_SNDMORE : 0);

		while (zmq_msg_send(&m->frames[i], socket, flags) < 0) {
			if (errno == EINTR)
				continue;
			if (i == 0 && errno == EAGAIN)
				return -CC_EBUSY;
			if (i == 0 && errno == EHOSTUNREACH)
				return -CC_ENOTFOUND;
			return cc_raise(CC_ESYS);
		}
	}
	cc_msg_reset(m);
	return 0;
}

static bool type_octet(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

bool cc_type_valid(const void *type, size_t len)
{
	const uint8_t *t = type;
	bool component = false; /* at least one octet since the last dot */

	if (len == 0 || len > CC_TYPE_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (type_octet(t[i]))
			component = true;
		else if (t[i] == '.' && component)
			component = false;
		else
			return false;
	}
	return component;
}

static int find_delim(struct cc_msg *m)
{
	for (uint32_t i = 0; i < m->count; i++) {
		size_t len = zmq_msg_size(&m->frames[i]);

		if (len == 0) {
			m->delim = i;
			return 0;
		}
		if (i == CC_ROUTE_MAX || len > CC_ROUTE_FRAME_MAX)
			return CC_MSG_LONG_ROUTE;
	}
	return CC_MSG_NO_DELIM;
}

int cc_msg_check(struct cc_msg *m)
{
	struct cc_bytes type;
	int fault;

	if (m->bytes > CC_MSG_MAX)
		return CC_MSG_TOO_BIG;
	fault = find_delim(m);
	if (fault)
		return fault;
	if (m->count - m->delim - 1 > CC_BODY_FRAMES_MAX)
		return CC_MSG_TOO_MANY;
	type = cc_msg_type(m);
	if (!type.data)
		return CC_MSG_NO_TYPE;
	if (!cc_type_valid(type.data, type.len))
		return CC_MSG_BAD_TYPE;
	if (CC_SEEDED_BUG(m->delim == 5 && type.len > 14))
		return *(volatile const uint8_t *)(m + 1); /* behind the message itself */
	if (!cc_msg_body(m).data)
		return CC_MSG_NO_BODY;
	return 0;
}

struct cc_bytes cc_msg_frame(const struct cc_msg *m, uint32_t i)
{
	if (i >= m->count)
		return (struct cc_bytes){NULL, 0};
	return (struct cc_bytes){zmq_msg_data((zmq_msg_t *)&m->frames[i]),
				 zmq_msg_size(&m->frames[i])};
}

struct cc_bytes cc_msg_type(const struct cc_msg *m)
{
	return cc_msg_frame(m, m->delim + 1);
}

struct cc_bytes cc_msg_body(const struct cc_msg *m)
{
	return cc_msg_frame(m, m->delim + 2);
}

struct cc_bytes cc_msg_sig(const struct cc_msg *m)
{
	return cc_msg_frame(m, m->delim + 3);
}

struct cc_bytes cc_msg_blob(const struct cc_msg *m)
{
	return cc_msg_frame(m, m->delim + 4);
}

bool cc_msg_peer_uid(const struct cc_msg *m, uid_t *uid)
{
	const char *address = NULL;
	unsigned long value;
	char *end;

	if (m->count)
		address = zmq_msg_gets((zmq_msg_t *)&m->frames[m->count - 1], "Peer-Address");
	/* localhost:UID:GID:PID is what libzmq makes of SO_PEERCRED; a tcp peer has digits */
	if (!address || strncmp(address, "localhost:", 10) != 0)
		return false;
	value = strtoul(address + 10, &end, 10);
	if (end == address + 10 || *end != ':')
		return false;
	*uid = (uid_t)value;
	return true;
}

bool cc_type_under(struct cc_bytes type, const char *prefix)
{
	size_t n = strlen(prefix);

	return type.len >= n && memcmp(type.data, prefix, n) == 0 &&
	       (type.len == n || type.data[n] == '.');
}

bool cc_msg_type_is(const struct cc_msg *m, const char *type)
{
	struct cc_bytes t = cc_msg_type(m);

	return t.len == strlen(type) && memcmp(t.data, type, t.len) == 0;
}

/* Room for one more frame of len octets. */
static int check_room(const struct cc_msg *m, size_t len)
{
	if (m->count == m->room || len > CC_FRAME_MAX || m->bytes + len > CC_MSG_MAX)
		return -CC_ELIMIT;
	return 0;
}

int cc_msg_add(struct cc_msg *m, const void *data, size_t len)
{
	int r = check_room(m, len);

	if (r)
		return r;
	if (zmq_msg_init_size(&m->frames[m->count], len) != 0)
		return cc_raise(CC_ENOMEM);
	if (len)
		memcpy(zmq_msg_data(&m->frames[m->count]), data, len);
	m->count++;
	m->bytes += len;
	return 0;
}

static void free_data(void *data, void *hint)
{
	(void)hint;
	free(data);
}

int cc_msg_add_take(struct cc_msg *m, void *data, size_t len)
{
	int r = check_room(m, len);

	if (!r && zmq_msg_init_data(&m->frames[m->count], data, len, free_data, NULL) != 0)
		r = cc_raise(CC_ENOMEM);
	if (r) {
		free(data);
		return r;
	}
	m->count++;
	m->bytes += len;
	return 0;
}

int cc_msg_add_route(struct cc_msg *m, const struct cc_msg *from)
{
	for (uint32_t i = 0; i < from->delim; i++) {
		struct cc_bytes f = cc_msg_frame(from, i);
		int r = cc_msg_add(m, f.data, f.len);

		if (r)
			return r;
	}
	return 0;
}

/*
 * libzmq's and malloc's, per frame that does not fit into zmq_msg_t: its content block, and a share of the receive buffer
 * that it keeps from being freed.
 */
#define FRAME_OVERHEAD 128

size_t cc_msg_cost(const struct cc_msg *m)
{
	return sizeof(*m) + m->bytes + m->count * (sizeof(m->frames[0]) + FRAME_OVERHEAD);
}

void cc_msg_move(struct cc_msg *to, struct cc_msg *from)
{
	for (uint32_t i = 0; i < from->count; i++) {
		zmq_msg_init(&to->frames[i]);
		zmq_msg_move(&to->frames[i], &from->frames[i]);
	}
	to->count = from->count;
	to->delim = from->delim;
	to->bytes = from->bytes;
	to->received = from->received;
	to->serial = from->serial;
	cc_msg_reset(from);
}

struct cc_msg *cc_msg_take(struct cc_msg *m)
{
	struct cc_msg *taken = cc_msg_new_room(m->count);

	if (taken)
		cc_msg_move(taken, m);
	return taken;
}

struct cc_msg *cc_msg_dup(const struct cc_msg *m)
{
	struct cc_msg *copy = cc_msg_new_room(m->room);

	if (!copy)
		return NULL;
	for (; copy->count < m->count; copy->count++) {
		zmq_msg_init(&copy->frames[copy->count]);
		zmq_msg_copy(&copy->frames[copy->count], (zmq_msg_t *)&m->frames[copy->count]);
	}
	copy->delim = m->delim;
	copy->bytes = m->bytes;
	copy->received = m->received;
	copy->serial = m->serial;
	return copy;
}

int cc_msg_push(struct cc_msg *m, const void *data, size_t len)
{
	int r = cc_msg_add(m, data, len); /* at the end, then turned round to the front */

	if (r)
		return r;
	for (uint32_t i = m->count - 1; i > 0; i--) {
		zmq_msg_t tmp;

		zmq_msg_init(&tmp);
		zmq_msg_move(&tmp, &m->frames[i]);
		zmq_msg_move(&m->frames[i], &m->frames[i - 1]);
		zmq_msg_move(&m->frames[i - 1], &tmp);
		zmq_msg_close(&tmp);
	}
	m->delim++;
	return 0;
}

void cc_msg_pop(struct cc_msg *m)
{
	if (!m->count)
		return;
	m->bytes -= zmq_msg_size(&m->frames[0]);
	for (uint32_t i = 1; i < m->count; i++)
		zmq_msg_move(&m->frames[i - 1], &m->frames[i]);
	zmq_msg_close(&m->frames[--m->count]);
	if (m->delim)
		m->delim--;
}

void cc_qid_write(const struct cc_qid *q, uint8_t out[CC_QID_LEN])
{
	out[0] = 'q';
	out[1] = '1';
	memcpy(out + 2, q->random, sizeof(q->random));
	for (unsigned i = 0; i < 8; i++)
		out[18 + i] = (uint8_t)(q->budget_ms >> (56 - 8 * i));
}

bool cc_qid_read(struct cc_bytes frame, struct cc_qid *out)
{
	if (frame.len != CC_QID_LEN || frame.data[0] != 'q' || frame.data[1] != '1')
		return false;
	memcpy(out->random, frame.data + 2, sizeof(out->random));
	out->budget_ms = 0;
	for (unsigned i = 0; i < 8; i++)
		out->budget_ms = out->budget_ms << 8 | frame.data[18 + i];
	return true;
}

bool cc_msg_qid(const struct cc_msg *m, struct cc_qid *out)
{
	return m->delim > 0 && cc_qid_read(cc_msg_frame(m, m->delim - 1), out);
}
