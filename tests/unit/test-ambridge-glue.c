/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/glue.h"

#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "tests/test.h"

#define BOUND_S 20 /* a round that never ends, ends the program by SIGALRM */

struct fixture {
	struct event_base *base;
	struct ab_glue glue;
	int near[2], far[2]; /* two socket pairs: their watched ends, and the others */
};

static int make(void **state)
{
	static struct fixture f;

	f.base = event_base_new();
	assert_non_null(f.base);
	for (int i = 0; i < 2; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		f.near[i] = pair[0];
		f.far[i] = pair[1];
	}
	ab_glue_init(&f.glue, f.base);
	alarm(BOUND_S);
	*state = &f;
	return 0;
}

static int drop(void **state)
{
	struct fixture *f = *state;

	alarm(0);
	ab_glue_deinit(&f->glue);
	event_base_free(f->base);
	for (int i = 0; i < 2; i++) {
		close(f->near[i]);
		close(f->far[i]);
	}
	return 0;
}

static void watch(struct fixture *f, int a, int b)
{
	const struct pollfd fds[] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};

	ab_glue_watch(&f->glue, fds, 2);
}

/* What is ready is read after the round: so the round ends, although it stays ready. */
static void test_unread(void **state)
{
	struct fixture *f = *state;

	watch(f, f->near[0], f->near[1]);
	assert_int_equal(write(f->far[1], "x", 1), 1);
	for (int64_t wait = 0; wait <= BOUND_S * 1000; wait += BOUND_S * 1000) {
		watch(f, f->near[0], f->near[1]);
		ab_glue_round(&f->glue, wait);
		assert_false(f->glue.fds[0].revents);
		assert_true(f->glue.fds[1].revents);
	}
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t start = cc_clock_ms();

	watch(f, f->near[0], -1);
	ab_glue_round(&f->glue, 0);
	ab_glue_round(&f->glue, 10);
	assert_true(cc_clock_ms() - start >= 9);
	assert_false(f->glue.fds[0].revents);
}

/* One that is closed while it is forgotten, and another that gets its number, which is seen. */
static void test_number_again(void **state)
{
	struct fixture *f = *state;
	int number = f->near[0];

	watch(f, number, -1);
	ab_glue_forget(&f->glue);
	close(f->far[0]);
	assert_int_equal(dup2(f->near[1], number), number);
	f->far[0] = dup(f->far[1]);
	watch(f, number, -1);
	assert_int_equal(write(f->far[1], "x", 1), 1);
	ab_glue_round(&f->glue, BOUND_S * 1000);
	assert_true(f->glue.fds[0].revents);
}

static void test_many_then_fewer(void **state)
{
	struct fixture *f = *state;
	const struct pollfd one = {.fd = f->near[1], .events = POLLIN};

	watch(f, f->near[0], f->near[1]);
	ab_glue_watch(&f->glue, &one, 1);
	assert_int_equal(write(f->far[0], "x", 1), 1);
	ab_glue_round(&f->glue, 0);
	assert_false(f->glue.fds[0].revents);
	assert_int_equal(write(f->far[1], "x", 1), 1);
	ab_glue_round(&f->glue, 0);
	assert_true(f->glue.fds[0].revents);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(test_unread, make, drop),
	cmocka_unit_test_setup_teardown(test_nothing, make, drop),
	cmocka_unit_test_setup_teardown(test_number_again, make, drop),
	cmocka_unit_test_setup_teardown(test_many_then_fewer, make, drop),
};

TEST_MAIN(tests)
