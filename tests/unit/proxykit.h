/* SPDX-License-Identifier: ISC */
#pragma once
/* A proxy against a fake host and a clock that the test sets: what comes in, and what became of it. */
#include "handlers/table.h"
#include "lib/base/wheel.h"
#include "lib/handler/fakehost.h"
#include "tests/test.h"

#define LATENESS CC_WHEEL_SLOT_MS /* of a timer */
#define ONE "remote-cc = ipc://one\n"
#define TWO "remote-cc = ipc://one, ipc://two\n"

/* ---- messages ---- */

static inline void add(struct cc_msg *m, const char *text)
{
	assert_int_equal(cc_msg_add(m, text, strlen(text)), 0);
}

/* From a client, with query id n (0: none), as the server's ROUTER hands it over. */
static inline struct cc_msg *message(const char *client, unsigned n, uint64_t budget_ms,
				     const char *body)
{
	struct cc_msg *m = cc_msg_new();
	struct cc_qid qid = {.budget_ms = budget_ms};
	uint8_t frame[CC_QID_LEN];

	add(m, client);
	memcpy(qid.random, &n, sizeof(n));
	cc_qid_write(&qid, frame);
	if (n)
		assert_int_equal(cc_msg_add(m, frame, sizeof(frame)), 0);
	add(m, "");
	add(m, "reg.x");
	add(m, body);
	m->received = cc_fake_now;
	return m;
}

static inline int give(struct cc_fakehost *f, const char *client, unsigned n, const char *body)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = message(client, n, 1000, body);

	return cc_fakehost_handle(f, m);
}

static inline int ask(struct cc_fakehost *f, unsigned n)
{
	return give(f, "client", n, "{}");
}

static inline int publish(struct cc_fakehost *f, const char *body)
{
	return give(f, "client", 0, body);
}

/* An answer of the i-th remote, to query n of a client. */
static inline void answer_to(struct cc_fakehost *f, size_t i, const char *client, unsigned n)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = message(client, n, 1000, "answer");

	cc_fakehost_dealer_in(f, i, m);
}

static inline void answer(struct cc_fakehost *f, unsigned n)
{
	answer_to(f, 0, "client", n);
}

/* A pong, or whatever else comes without a route. */
static inline void pong(struct cc_fakehost *f, size_t i)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();

	add(m, "");
	add(m, "echo.response");
	add(m, "{}");
	cc_fakehost_dealer_in(f, i, m);
}

/* The number of a message's query id. */
static inline unsigned number_of(const struct cc_msg *m)
{
	struct cc_qid qid;
	unsigned n;

	assert_true(cc_msg_qid(m, &qid));
	memcpy(&n, qid.random, sizeof(n));
	return n;
}

/* ---- what became of them ---- */

static inline struct cc_fakehost *proxy(const char *options)
{
	struct cc_fakehost *f = NULL;
	struct cc_note why = {0};

	if (cc_fakehost_open(&f, cc_handler_find(handler_table, "proxy"), options, &why) != 0)
		fail_msg("%s", why.text);
	return f;
}

/* A proxy whose remotes are all connected. */
static inline struct cc_fakehost *connected(const char *options)
{
	struct cc_fakehost *f = proxy(options);

	for (size_t i = 0; i < f->n_dealers; i++)
		cc_fakehost_dealer_up(f, i, true);
	return f;
}

static inline size_t sent(const struct cc_fakehost *f, size_t i)
{
	return f->dealers[i]->sent.count;
}

#define assert_count(f, name, n) assert_int_equal(cc_fakehost_count(f, name), n)

/* The n-th hop error was this code, to this query. */
static inline void assert_hop(const struct cc_fakehost *f, size_t n, const char *code,
			      unsigned query)
{
	assert_true(n < f->n_hops);
	assert_string_equal(f->hops[n].code, code);
	assert_int_equal(number_of(f->hops[n].msg), query);
	assert_memory_equal(cc_msg_frame(f->hops[n].msg, 0).data, "client", 6);
	assert_true(cc_msg_type_is(f->hops[n].msg, "reg.x"));
}
