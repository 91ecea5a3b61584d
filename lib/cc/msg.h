/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A CC message: the frames of one multipart ZeroMQ message (spec cc-bus A2).
 *
 *   [route_1] .. [route_k]  ""  type  body  [sig]  [blob]  [further frames, kept and forwarded]
 *
 * Glossary: route frames are ROUTER identities, newest first, and last, optionally, the client's
 * query id; the delimiter is the first empty frame. A message is a request iff its last route frame
 * is a query id the client waits on; ours is "q1" + 16 random octets + the time budget in ms, 8
 * octets big endian (architecture section 3).
 *
 * Nothing here trusts a frame: cc_msg_recv bounds number and size before it keeps anything.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <zmq.h>

#include "lib/base/limits.h"
#include "lib/base/util.h"

#define CC_FRAMES_MAX (CC_ROUTE_MAX + 1 + CC_BODY_FRAMES_MAX)

struct cc_bytes {
	const uint8_t *data;
	size_t len;
};

struct cc_msg {
	uint32_t count;	  /* frames held */
	uint32_t room;	  /* frames that fit */
	uint32_t delim;	  /* index of the delimiter; valid after cc_msg_check */
	size_t bytes;	  /* octets of all frames */
	int64_t received; /* monotonic ms, when it was taken from the socket */
	uint32_t serial;  /* number that the receiver gave it; a copy keeps it */
	zmq_msg_t frames[];
};

/** What cc_msg_recv and cc_msg_check find wrong; 0 is a good message. Names: cc_msg_fault_name. */
enum cc_msg_fault {
	CC_MSG_OK = 0,
	CC_MSG_TOO_BIG = 1, /* a frame or the whole over its limit */
	CC_MSG_TOO_MANY,    /* more frames than any valid message */
	CC_MSG_NO_DELIM,    /* no empty frame */
	CC_MSG_LONG_ROUTE,  /* more than CC_ROUTE_MAX route frames, or one too long */
	CC_MSG_NO_TYPE,	    /* nothing after the delimiter */
	CC_MSG_BAD_TYPE,    /* type not of the grammar, or too long */
	CC_MSG_NO_BODY,	    /* no body frame */
	CC_MSG_FAULT_COUNT
};
/** Short name for counters and logs: "too-big". Never NULL. */
const char *cc_msg_fault_name(int fault);

/** Allocates an empty message; NULL: no memory. Caller frees with cc_msg_free. */
struct cc_msg *cc_msg_new(void);
/** The same for few frames, where their number is known: most are kept in numbers, or made at every answer. */
struct cc_msg *cc_msg_new_room(uint32_t frames);
/** Closes every frame; the message is empty and usable again. */
void cc_msg_reset(struct cc_msg *m);
void cc_msg_free(struct cc_msg *m);
void cc_msg_freep(struct cc_msg **m);

/**
 * Receives one multipart message without blocking into an empty m of cc_msg_new. Always takes the whole message
 * off the socket.
 * @return 0 (a message, not yet checked), a positive cc_msg_fault (it was dropped; m is empty),
 * -CC_EBUSY (nothing there), -CC_ESYS.
 */
int cc_msg_recv(struct cc_msg *m, void *socket);
/**
 * Sends all frames without blocking. On success m is empty; otherwise it is unchanged.
 * @return 0, -CC_EBUSY (would block), -CC_ENOTFOUND (ROUTER: no such peer), -CC_ESYS.
 */
int cc_msg_send(struct cc_msg *m, void *socket);

/** Checks the shape and finds the delimiter. @return 0 or a positive cc_msg_fault. */
int cc_msg_check(struct cc_msg *m);
/** Grammar of a type: components of [a-zA-Z0-9_-] joined by dots, 1..CC_TYPE_MAX octets. */
bool cc_type_valid(const void *type, size_t len);

/* Parts of a checked message; borrowed. An absent frame has data NULL. */
struct cc_bytes cc_msg_frame(const struct cc_msg *m, uint32_t i);
struct cc_bytes cc_msg_type(const struct cc_msg *m);
struct cc_bytes cc_msg_body(const struct cc_msg *m);
struct cc_bytes cc_msg_sig(const struct cc_msg *m);
struct cc_bytes cc_msg_blob(const struct cc_msg *m);
/**
 * The user at the other end of the connection that m came by, where that is an ipc socket: the
 * kernel says so. @return whether it is known.
 */
bool cc_msg_peer_uid(const struct cc_msg *m, uid_t *uid);
/** Whether a type is prefix (whole components) or below it. */
bool cc_type_under(struct cc_bytes type, const char *prefix);
bool cc_msg_type_is(const struct cc_msg *m, const char *type);

/* Building: frames are appended in order. @return 0, -CC_ENOMEM, -CC_ELIMIT. */
int cc_msg_add(struct cc_msg *m, const void *data, size_t len);
/** Appends a frame whose memory is handed over (malloc'ed; freed with free, also on failure). */
int cc_msg_add_take(struct cc_msg *m, void *data, size_t len);
/** Appends the route frames of `from` (copies; identities are small), for an answer. */
int cc_msg_add_route(struct cc_msg *m, const struct cc_msg *from);
/** What a message costs when it is kept: its octets and what lies around them. */
size_t cc_msg_cost(const struct cc_msg *m);
/** Moves all frames of `from` into an empty message; `from` is empty then. */
void cc_msg_move(struct cc_msg *to, struct cc_msg *from);
/** A message of its own with all frames of m, which is empty then. NULL: no memory, m is unchanged. */
struct cc_msg *cc_msg_take(struct cc_msg *m);
/** A copy that shares the octets of large frames. NULL: no memory. */
struct cc_msg *cc_msg_dup(const struct cc_msg *m);
/**
 * Puts a frame in front of the route (what a ROUTER does to what it receives). @return 0,
 * -CC_ELIMIT, -CC_ENOMEM.
 */
int cc_msg_push(struct cc_msg *m, const void *data, size_t len);
/** Takes the first frame off. */
void cc_msg_pop(struct cc_msg *m);

/* Query ids (architecture section 3, Requests). */
#define CC_QID_LEN 26
struct cc_qid {
	uint8_t random[16];
	uint64_t budget_ms;
};
void cc_qid_write(const struct cc_qid *q, uint8_t out[CC_QID_LEN]);
/** @return whether the frame is a query id of ours. */
bool cc_qid_read(struct cc_bytes frame, struct cc_qid *out);
/** The last route frame when it is a query id of ours. @return whether it is. */
bool cc_msg_qid(const struct cc_msg *m, struct cc_qid *out);
