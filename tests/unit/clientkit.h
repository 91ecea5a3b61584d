/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A client and a ROUTER that the test plays by hand, in one thread over ipc: what the tests of the
 * client share. A test stands in connected().
 */
#include "lib/base/clock.h"
#include "lib/cc/client.h"
#include "tests/test.h"

#define WAIT_MS 10000 /* the bound of every wait: reached only by a failure */
#define LONG_MS 60000 /* a deadline that no test reaches */
#define MANY 50	      /* requests at once */

struct outcome {
	unsigned calls;
	enum cc_outcome outcome;
	char code[32], signer[CC_SIGNER_NAME_MAX + 1], type[CC_TYPE_MAX + 1], blob[16];
	int64_t latency_us;
};

struct fixture {
	void *ctx, *router;
	struct cc_client *client;
	struct cc_gate *server, *rogue; /* what answers */
	struct cc_msg *request;		/* the last one received */
	char id[CC_ID_HEX + 1];		/* its id */
	char op[CC_ID_HEX + 1];		/* its operation; "": none */
	double sent;			/* its time */
	int64_t deadline_ms;
};

/** Loads the keys of the folder, each argument a list of names. */
struct cc_keystore *keystore(const char *verify, const char *sign);
/** A client with our keys and context, else as conf says. */
struct cc_client *connect_as(struct fixture *x, struct cc_client_conf conf);
struct cc_client *connect_client(struct fixture *x, bool compat, int hwm, const char *url);

int enter(void **state);
int leave(void **state);

/** The function of a request: what was answered, into a struct outcome. */
void note_outcome(void *arg, const struct cc_answer *a);
void request_deadline(struct fixture *x, const char *type, int64_t deadline_ms, struct outcome *o);
/** The router receives the next message; it is checked and its id noted. */
void receive(struct fixture *x);
/** Requests, and receives it. */
void start(struct fixture *x, const char *type, struct outcome *o);
/**
 * Sends an answer to the last request: body as JSON text, sealed by a gate; NULL: unsigned, as it
 * stands.
 */
void answer(struct fixture *x, struct cc_gate *by, const char *type, const char *body,
	    const char *blob);
/** An answer that names its request. */
void answer_re(struct fixture *x, struct cc_gate *by, const char *type, const char *more);
/** Says that the last request is stale, by a clock so far behind ours. */
void answer_stale(struct fixture *x, double behind);
struct cc_client_stats stats(const struct fixture *x);

/* Runs the client until a counter has reached n. */
#define RUN_UNTIL(x, counter, n)                                                                   \
	do {                                                                                       \
		int64_t end = cc_clock_ms() + WAIT_MS;                                             \
		while (stats(x).counter < (n) && cc_clock_ms() < end)                              \
			assert_int_equal(cc_client_run((x)->client, 100), 0);                      \
		assert_int_equal(stats(x).counter, (n));                                           \
	} while (0)

#define connected(f) cmocka_unit_test_setup_teardown(f, enter, leave)
