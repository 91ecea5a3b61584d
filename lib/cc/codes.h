/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The one list of codes that an `error` answer may carry (architecture section 3), each with one text. Those of a hop are
 * unsigned and say that the outcome is unknown; all others are a server's signed word that the request was not done.
 */
#include <stdbool.h>

#define CC_CODES(X)                                                                                \
	/* said by a hop */                                                                        \
	X(BUSY, "busy", true, "a queue is full; try again later")                                  \
	X(NOROUTE, "noroute", true, "no handler here serves this type")                            \
	X(UNREACHABLE, "unreachable", true, "the next hop does not answer")                        \
	/* said by the server that judged the request */                                           \
	X(STALE, "stale", false,                                                                   \
	  "the message's time is outside the window; date it by `time_now` of this answer")        \
	X(REPLAY, "replay", false, "this message was already taken")                               \
	X(DENIED, "denied", false, "no line of the policy lets this signer send this type")        \
	X(REALM, "realm", false, "the message is for another realm")                               \
	X(CALLER, "caller", false,                                                                 \
	  "the caller stated in the message may not be stated by its signer")                      \
	X(BAD_REQUEST, "bad-request", false, "the message is not as the protocol wants it")        \
	X(NOT_FOUND, "not-found", false, "there is no such thing")                                 \
	X(CONFLICT, "conflict", false, "it is not in a state that allows this")                    \
	X(UNSUPPORTED, "unsupported", false, "this server does not know the operation")            \
	X(CONFIG, "config", false, "the configuration is wrong; the old one stays in force")       \
	X(TIMEOUT, "timeout", false, "it was not done within the deadline")                        \
	X(INTERNAL, "internal", false, "the server failed; its log says why")

enum cc_code {
#define X(id, word, hop, text) CC_CODE_##id,
	CC_CODES(X)
#undef X
		CC_CODE_COUNT
};

/** The word on the wire: "busy". Never NULL. */
const char *cc_code_word(enum cc_code code);
/** What it means, for people. Never NULL. */
const char *cc_code_text(enum cc_code code);
/** Whether the word is one that a hop says. NULL: no. */
bool cc_code_is_hop(const char *word);
