/* SPDX-License-Identifier: ISC */
/* delay against a fake host and a clock that the test sets. */
#include <stdio.h>

#include "handlers/table.h"
#include "lib/handler/fakehost.h"
#include "tests/test.h"

#define TO "forward-to = h:to\n"
#define SECTION "\n[h:to]\nhandler = disposer"
#define SIZE (6 + CC_QID_LEN + 5 + 4) /* octets of a request below */

static struct cc_fakehost *host(const char *options)
{
	struct cc_fakehost *f = NULL;
	struct cc_note why = {0};
	char text[1024];

	snprintf(text, sizeof(text), TO "%s" SECTION, options);
	if (cc_fakehost_open(&f, cc_handler_find(handler_table, "delay"), text, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(f->n_targets, 1);
	return f;
}

static void add(struct cc_msg *m, const void *data, size_t len)
{
	assert_int_equal(cc_msg_add(m, data, len), 0);
}

/* A request with a number (0: no request) as its body. */
static struct cc_msg *request(unsigned n)
{
	struct cc_msg *m = cc_msg_new();
	const struct cc_qid qid = {.budget_ms = 1000};
	uint8_t frame[CC_QID_LEN];
	char body[16];

	snprintf(body, sizeof(body), "%04u", n);
	add(m, "client", 6);
	cc_qid_write(&qid, frame);
	if (n)
		add(m, frame, sizeof(frame));
	add(m, "", 0);
	add(m, "reg.x", 5);
	add(m, body, strlen(body));
	m->received = cc_fake_now;
	assert_int_equal(cc_msg_check(m), 0);
	return m;
}

/* @return what handle returned. */
static int give(struct cc_fakehost *f, unsigned n)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = request(n);

	return cc_fakehost_handle(f, m);
}

/* The same, while others get the message, too. */
static int give_shared(struct cc_fakehost *f, unsigned n)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m = request(n);
	struct cc_in in = {.msg = m, .shared = true};

	return f->handler->handle(f->state, &f->base, &in);
}

static size_t passed(const struct cc_fakehost *f)
{
	return f->targets[0]->sent.count;
}

/* The i-th message that was passed on has this number. */
static void expect_number(const struct cc_fakehost *f, size_t i, unsigned n)
{
	struct cc_bytes body = cc_msg_body(f->targets[0]->sent.msgs[i]);
	char text[16];

	snprintf(text, sizeof(text), "%04u", n);
	assert_memory_equal(body.data, text, body.len);
}

static bool busy(const struct cc_fakehost *f)
{
	return f->handler->busy(f->state);
}

static void stop(struct cc_fakehost *f)
{
	f->handler->stop(f->state, &f->base);
}

static void test_no_delay(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("");

	assert_int_equal(give(f, 1), 0);
	assert_int_equal(passed(f), 1);
	assert_false(busy(f));
	assert_true(f->wake == INT64_MAX);
}

/* Each waits for the whole time, none for longer, and they keep their order. */
static void test_order_and_time(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("delay = 2.5");
	int64_t start = cc_fake_now;

	assert_int_equal(give(f, 1), 0);
	assert_true(f->wake == start + 2500);
	cc_fakehost_tick(f, start + 1000);
	assert_int_equal(give(f, 2), 0);
	assert_int_equal(give(f, 3), 0);
	assert_true(f->wake == start + 2500);
	assert_int_equal(cc_fakehost_tick(f, start + 2499), 0);
	assert_int_equal(passed(f), 0);
	assert_true(busy(f));
	cc_fakehost_tick(f, start + 2500);
	assert_int_equal(passed(f), 1);
	assert_true(f->wake == start + 3500); /* not before: there is nothing to do */
	cc_fakehost_tick(f, start + 3499);
	assert_int_equal(passed(f), 1);
	cc_fakehost_tick(f, start + 3500);
	assert_int_equal(passed(f), 3);
	for (unsigned i = 0; i < 3; i++)
		expect_number(f, i, i + 1);
	assert_false(busy(f));
	assert_true(f->wake == INT64_MAX);
	/* when it came is what its deadline counts from */
	assert_true(f->targets[0]->sent.msgs[2]->received == start + 1000);
	assert_int_equal(f->targets[0]->sent.msgs[2]->count, 5);
	assert_int_equal(f->n_hops, 0);
}

static void test_bound_in_messages(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("delay = 1\nmax-messages = 2");

	assert_int_equal(give(f, 1), 0);
	assert_int_equal(give(f, 2), 0);
	assert_int_equal(give(f, 3), CC_DROPPED);
	assert_int_equal(give(f, 0), CC_DROPPED); /* nobody waits for a word on it */
	assert_int_equal(f->n_hops, 1);
	assert_string_equal(f->hops[0].code, "busy");
	assert_memory_equal(cc_msg_body(f->hops[0].msg).data, "0003", 4);
	assert_int_equal(cc_fakehost_count(f, "delay.count.dropped"), 2);
	cc_fakehost_tick(f, cc_fake_now + 1000);
	assert_int_equal(passed(f), 2);
	assert_int_equal(give(f, 4), 0); /* there is room again */
}

static void test_bound_in_bytes(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("delay = 1\nmax-bytes = 4096");
	unsigned n = 1;

	while (n < 100 && give(f, n) == 0)
		n++;
	/* a message costs more than its octets, but less than 1 KiB around them */
	assert_in_range(n, 4096 / (1024 + SIZE), 4096 / SIZE);
	assert_string_equal(f->hops[0].code, "busy");
	cc_fakehost_tick(f, cc_fake_now + 1000);
	assert_int_equal(passed(f), n - 1);
	for (unsigned i = 1; i < n; i++)
		assert_int_equal(give(f, i), 0); /* what was counted was given back */
}

/* What the other handler does not take is not kept: order would be lost, or time. */
static void test_target_refuses(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("delay = 1");

	for (unsigned n = 1; n <= 3; n++)
		give(f, n);
	f->targets[0]->forward_result = -CC_EBUSY;
	cc_fakehost_tick(f, cc_fake_now + 1000);
	assert_int_equal(passed(f), 0);
	assert_false(busy(f));
	assert_int_equal(f->n_hops, 3);
	assert_string_equal(f->hops[2].code, "busy");
	assert_memory_equal(cc_msg_body(f->hops[2].msg).data, "0003", 4);
	assert_int_equal(cc_fakehost_count(f, "delay.count.dropped"), 3);
	f->targets[0]->forward_result = CC_DROPPED; /* it has said its word */
	give(f, 4);
	cc_fakehost_tick(f, cc_fake_now + 1000);
	assert_int_equal(f->n_hops, 3);
	f->targets[0]->forward_result = -CC_ENOMEM;
	give(f, 5);
	cc_fakehost_tick(f, cc_fake_now + 1000);
	assert_int_equal(f->n_hops, 4);
	assert_int_equal(cc_fakehost_count(f, "delay.count.crashed"), 1);
}

/* Where others get the message, too, theirs is the word on it. */
static void test_shared(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("delay = 1\nmax-messages = 1");

	assert_int_equal(give_shared(f, 1), 0);
	assert_int_equal(give_shared(f, 2), CC_DROPPED); /* full */
	f->targets[0]->forward_result = -CC_EBUSY;
	cc_fakehost_tick(f, cc_fake_now + 1000);
	assert_int_equal(cc_fakehost_count(f, "delay.count.dropped"), 2);
	assert_int_equal(f->n_hops, 0);
}

static void test_counts(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("delay = 1\nmax-messages = 2");

	for (unsigned n = 1; n <= 3; n++)
		give(f, n);
	assert_int_equal(cc_fakehost_count(f, "delay.count"), 3);
	assert_int_equal(cc_fakehost_count(f, "delay.bytes"), 3 * SIZE);
	assert_int_equal(cc_fakehost_count(f, "delay.count.ok"), 0);
	cc_fakehost_tick(f, cc_fake_now + 1000);
	assert_int_equal(cc_fakehost_count(f, "delay.count.ok"), 2);
	assert_int_equal(cc_fakehost_count(f, "delay.bytes.ok"), 2 * SIZE);
	assert_int_equal(cc_fakehost_count(f, "delay.count.dropped"), 1);
	assert_int_equal(cc_fakehost_count(f, "delay.bytes.dropped"), SIZE);
	assert_int_equal(cc_fakehost_count(f, "delay.count.crashed"), 0);
}

/* A stop waits for nobody's delay, and loses nothing. */
static void test_stop(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("delay = 3600");

	for (unsigned n = 1; n <= 5; n++)
		give(f, n);
	assert_true(busy(f));
	stop(f);
	assert_int_equal(passed(f), 5);
	expect_number(f, 4, 5);
	assert_false(busy(f));
	assert_int_equal(give(f, 6), 0); /* from a handler that stopped later */
	assert_int_equal(passed(f), 6);
	assert_false(busy(f));
}

/* Whatever waits when an instance ends is freed (the sanitizers look). */
static void test_ends_with_messages(void **state)
{
	cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = host("delay = 1");

	give(f, 1);
	give(f, 2);
}

static void test_refused_options(void **state)
{
	static const struct {
		const char *options, *why;
	} rows[] = {
		{"delay = 1", "Config value not set: forward-to"},
		{"forward-to = h:none", "forward-to: no section [h:none]"},
		{TO "delay = -1" SECTION, "delay"},
		{TO "delay = 86401" SECTION, "delay"},
		{TO "delay = soon" SECTION, "delay"},
		{TO "max-messages = 0" SECTION, "max-messages"},
		{TO "max-bytes = 1K" SECTION, "max-bytes"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_fakehost_freep) struct cc_fakehost *f = NULL;
		struct cc_note why = {0};

		assert_true(cc_fakehost_open(&f, cc_handler_find(handler_table, "cc.handler.delay"),
					     rows[i].options, &why) < 0);
		if (!strstr(why.text, rows[i].why))
			fail_msg("%s, not %s", why.text, rows[i].why);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_no_delay),
	cmocka_unit_test(test_order_and_time),
	cmocka_unit_test(test_bound_in_messages),
	cmocka_unit_test(test_bound_in_bytes),
	cmocka_unit_test(test_target_refuses),
	cmocka_unit_test(test_shared),
	cmocka_unit_test(test_counts),
	cmocka_unit_test(test_stop),
	cmocka_unit_test(test_ends_with_messages),
	cmocka_unit_test(test_refused_options),
};

TEST_MAIN(tests)
