/* SPDX-License-Identifier: ISC */
/* The ring between two threads, and the sleeper that wakes its other side. */
#include "ccserver/ring.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "ccserver/sleeper.h"
#include "lib/base/util.h"
#include "tests/test.h"

#define ITEMS 1000000
#define ROOM 256

static void test_sizes(void **state)
{
	static const size_t rows[][2] = {{0, 1}, {1, 1},       {2, 2},
					 {3, 4}, {1000, 1024}, {1024, 1024}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_int_equal(srv_ring_size(rows[i][0]), rows[i][1]);
}

static void *item(uintptr_t n)
{
	return (void *)n;
}

static void test_one_thread(void **state)
{
	struct srv_ring r = {0};
	uintptr_t in = 0, out = 0;

	assert_true(srv_ring_init(&r, 4));
	assert_null(srv_ring_first(&r));
	for (unsigned round = 0; round < 100; round++) {
		while (srv_ring_has_room(&r)) {
			in++;
			srv_ring_add(&r, item(in), item(in * 2));
		}
		assert_int_equal(in - out, 4);
		assert_int_equal(srv_ring_unpublished(&r), 4);
		assert_null(srv_ring_first(&r)); /* not shown yet */
		srv_ring_publish(&r);
		assert_int_equal(srv_ring_unpublished(&r), 0);
		assert_int_equal(srv_ring_load(&r), 4);
		for (struct srv_slot *s; (s = srv_ring_first(&r)); srv_ring_pop(&r)) {
			out++;
			assert_ptr_equal(s->what, item(out));
			assert_ptr_equal(s->where, item(out * 2));
			assert_ptr_equal(srv_ring_first(&r), s); /* stays until given back */
		}
		assert_int_equal(srv_ring_load(&r), 0);
	}
	assert_int_equal(in, out);
	srv_ring_deinit(&r);
}

struct line {
	struct srv_ring ring;
	struct srv_sleeper sleeper; /* the consumer's */
	uintptr_t out_of_order;
	uintptr_t received;
	unsigned batch; /* published at once */
};

static void take_all(struct line *l)
{
	for (struct srv_slot *s; (s = srv_ring_first(&l->ring)); srv_ring_pop(&l->ring)) {
		uintptr_t *n = s->what;

		l->received++;
		if (*n != l->received || (uintptr_t)s->where != l->received)
			l->out_of_order++;
	}
}

static void *consume(void *arg)
{
	struct line *l = arg;

	while (l->received < ITEMS) {
		take_all(l);
		sched_yield();
	}
	return NULL;
}

/* Sleeps whenever there is nothing: a lost wake-up would be the end. */
static void *consume_sleeping(void *arg)
{
	struct line *l = arg;

	while (l->received < ITEMS) {
		take_all(l);
		srv_sleeper_announce(&l->sleeper);
		if (!srv_ring_first(&l->ring) && l->received < ITEMS)
			srv_sleeper_wait(&l->sleeper);
		srv_sleeper_awake(&l->sleeper);
	}
	return NULL;
}

static void publish(struct line *l)
{
	srv_ring_publish(&l->ring);
	srv_sleeper_wake(&l->sleeper);
}

static void produce(struct line *l, uintptr_t *numbers)
{
	for (uintptr_t n = 1; n <= ITEMS; n++) {
		while (!srv_ring_has_room(&l->ring)) {
			publish(l);
			sched_yield();
		}
		numbers[n - 1] = n; /* what a slot points at is seen with the slot */
		srv_ring_add(&l->ring, &numbers[n - 1], item(n));
		if (srv_ring_unpublished(&l->ring) >= l->batch)
			publish(l);
	}
	publish(l);
}

static void run_line(unsigned batch, void *(*consumer)(void *))
{
	cc_cleanup(cc_freep) uintptr_t *numbers = calloc(ITEMS, sizeof(*numbers));
	struct line l = {.batch = batch};
	pthread_t thread;

	assert_non_null(numbers);
	assert_true(srv_ring_init(&l.ring, ROOM));
	assert_int_equal(srv_sleeper_init(&l.sleeper), 0);
	assert_int_equal(pthread_create(&thread, NULL, consumer, &l), 0);
	produce(&l, numbers);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(l.received, ITEMS);
	assert_int_equal(l.out_of_order, 0);
	assert_int_equal(srv_ring_load(&l.ring), 0);
	srv_sleeper_deinit(&l.sleeper);
	srv_ring_deinit(&l.ring);
}

static void test_two_threads(void **state)
{
	run_line(1, consume);
	run_line(8, consume);
}

static void test_sleeping_consumer(void **state)
{
	run_line(1, consume_sleeping);
	run_line(8, consume_sleeping);
	run_line(2 * ROOM, consume_sleeping); /* shown only when the ring is full */
}

/* A waker that was held up writes after the sleep it meant: the next sleep ends at once, the one after must not. */
static void test_late_write(void **state)
{
	struct srv_sleeper s;
	struct pollfd p = {.events = POLLIN};
	uint64_t one = 1;

	assert_int_equal(srv_sleeper_init(&s), 0);
	p.fd = s.fd;
	srv_sleeper_announce(&s);
	srv_sleeper_awake(&s);
	assert_int_equal(write(s.fd, &one, sizeof(one)), sizeof(one));
	srv_sleeper_announce(&s);
	srv_sleeper_wait(&s);
	srv_sleeper_awake(&s);
	assert_int_equal(poll(&p, 1, 0), 0);
	srv_sleeper_deinit(&s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_late_write),	  cmocka_unit_test(test_sizes),
	cmocka_unit_test(test_one_thread),	  cmocka_unit_test(test_two_threads),
	cmocka_unit_test(test_sleeping_consumer),
};

TEST_MAIN(tests)
