/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A host for the tests of handlers: records what a handler does to the world, and plays the world. One handler instance each, all in
 * the calling thread. It checks nothing that the real host leaves to others, and fails by abort: a test without its host
 * says nothing.
 *
 * Time is cc_fake_now for a test whose row in tests/unit/meson.build wraps cc_clock_ms.
 */
#include "lib/handler/handler.h"

#define CC_FAKE_MAX 64 /* records of a kind that are kept; more are only counted */
#define CC_FAKE_DEALERS 8

struct cc_fake_reply {
	char type[CC_TYPE_MAX + 1];
	json_t *json;
	struct cc_msg *msg;   /* what it answers, a copy */
	struct cc_bytes blob; /* owned; data NULL: none */
};

struct cc_fake_hop {
	char code[32];
	struct cc_msg *msg; /* what it answers, a copy */
};

struct cc_fake_sent {
	struct cc_msg *msgs[CC_FAKE_MAX];
	size_t count;
};

/** A dealer that the handler opened. */
struct cc_dealer {
	char *url;
	void *peer;
	struct cc_sock_conf conf;
	int send_result; /* what sending and pinging return: 0, -CC_EBUSY, ... */
	struct cc_fake_sent sent;
	unsigned pings;
	char target[128]; /* of the last ping */
};

/** Another handler section that was resolved. */
struct cc_target {
	char section[64];
	int forward_result; /* what forwarding returns: 0, CC_DROPPED, -CC_EBUSY */
	struct cc_fake_sent sent;
};

struct cc_fakehost {
	struct cc_host base; /* first */
	const struct cc_handler *handler;
	void *state;
	int64_t wake;		  /* INT64_MAX: none asked for */
	int send_result;	  /* what cc_host_send returns: 0, -CC_EBUSY, -CC_ENOTFOUND */
	struct cc_fake_sent sent; /* to the server's own socket */
	struct cc_fake_reply replies[CC_FAKE_MAX];
	size_t n_replies;
	struct cc_fake_hop hops[CC_FAKE_MAX];
	size_t n_hops;
	struct cc_dealer *dealers[CC_FAKE_DEALERS];
	size_t n_dealers;
	struct cc_target *targets[CC_FAKE_DEALERS];
	size_t n_targets;
	struct cf_ini *ini; /* of the options that it was opened with */
	uint64_t counters[16];
};

extern int64_t cc_fake_now;
int64_t __wrap_cc_clock_ms(void);

/**
 * Makes an instance: options ("remote-cc = ipc://a\nping = yes", further sections may follow) are bound, init is called. *out: caller frees, also after a failure.
 * @return what binding or init returned.
 */
int cc_fakehost_open(struct cc_fakehost **out, const struct cc_handler *handler,
		     const char *options, struct cc_note *why);
/** Calls fini and frees everything. */
void cc_fakehost_free(struct cc_fakehost *f);
void cc_fakehost_freep(struct cc_fakehost **f);

/** Gives a checked message to the handler, past a gate that verifies nothing. @return what handle returned. */
int cc_fakehost_handle(struct cc_fakehost *f, struct cc_msg *m);
/** Sets the clock, and calls tick as the host would when the time asked for has come. @return how often. */
unsigned cc_fakehost_tick(struct cc_fakehost *f, int64_t now);
/** A message, or a change of the connection, of the i-th dealer. */
void cc_fakehost_dealer_in(struct cc_fakehost *f, size_t i, struct cc_msg *m);
void cc_fakehost_dealer_up(struct cc_fakehost *f, size_t i, bool up);
void cc_fakehost_drain(struct cc_fakehost *f);
/** Value of a counter by name. */
uint64_t cc_fakehost_count(const struct cc_fakehost *f, const char *counter);
