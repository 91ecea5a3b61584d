/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Gates of every kind, with keys of their own, and messages for them, good and bad: what the tests
 * of the gate share. A test's group has open_gates and close_gates around it.
 */
#include "lib/cc/gate.h"
#include "tests/test.h"

#define NOW 1700000000.0 /* wall clock */
#define NOW_MS 5000000	 /* monotonic */
#define HEX32 "0123456789abcdef0123456789abcdef"
#define ID "\"id\": \"" HEX32 "\""

enum reader {
	PLAIN,
	VERIFY,
	COMPAT,
	WINDOW,
	PLAIN_WINDOW,
	DECRYPT,
	MALLORY,
	SEAL,
	OLD_SEAL,
	NODE_SEAL,
	DOOR_SEAL,
	HERE,
	HERE_COMPAT,
	HERE_PLAIN,
	RULED,
	RULED_COMPAT,
	FREE_COMPAT, /* no section at all */
	RULED_PLAIN,
	READERS
};

extern struct cc_gate *gates[READERS];

#define NODE_URN "urn:publicid:IDN+ccfed.test:site+node+n1"

/** A gate over the keys of the folder, each argument a list of names. */
struct cc_gate *open_gate(const char *verify, const char *sign, const char *encrypt,
			  const char *decrypt, struct cc_gate_conf conf);
/** Makes the folder, the keys and all gates. */
int open_gates(void **state);
int close_gates(void **state);

enum sealing {
	UNSIGNED,
	NO_SIG, /* no signature frame */
	GARBAGE,
	ALICE,
	BY_MALLORY,
	BY_NODE,
	BY_DOOR,
	BY_SHA1,
	ALTERED, /* alice's, of another body */
	TO_SERVER,
	TO_SERVER_GARBAGE, /* an envelope of no signature */
};

/** A message as it arrives at NOW_MS; blob NULL: without. Freed with cc_msg_free. */
struct cc_msg *message(enum sealing how, const char *type, const char *body, const char *blob);

struct row {
	enum reader reader;
	enum sealing how;
	const char *type; /* NULL: reg.x */
	const char *body; /* NULL: of reg.x, with an id */
	const char *blob, *re;
	const char *asked; /* an answer: type of the request */
	int64_t age;	   /* ms since it was received */
	enum cc_verdict verdict;
	int fault;
	const char *reason;
};

/** Sends the row's message through the row's gate and looks at the verdict. */
void check_row(const struct row *row);

#define REG(more) "{\"req\": \"reg.x\", " more "}"
#define OF(req, more) "{\"req\": \"" req "\", " more "}"
#define ABC_SHA1 "SHA-1:a9993e364706816aba3e25717850c26c9cd0d89d"
#define ABC_SHA256 "SHA-256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ANSWER "\"re\": \"" HEX32 "\""
