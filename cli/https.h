/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The other way to the registry: its front door, by XML-RPC over HTTPS with the names of 2019 (spec
 * sfa.md 4.3, docs/bridge.md); and to an aggregate by those of the AM API 3 (spec geni-am.md 3). What XML-RPC has no place for comes in headers of the front door: class,
 * code and rule of a refusal, and where the next part of a list begins.
 *
 *	https.c		a connection: TLS both ways, one POST	https_error.c	what went wrong, in words
 *	https_call.c	a request of the bus as a call, and back
 *	user_https.c	asking, and again where that may help
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/xmlrpc/xmlrpc.h"

struct cli_user;
struct cli_reply;

#define CLI_HTTPS_ANSWER_MAX XR_RESPONSE_MAX
#define CLI_HTTPS_HEADER_MAX 1024 /* of a value that we look at */

/* Texts are borrowed, as long as the connection lives. */
struct cli_https_conf {
	const char *url; /* https://HOST:PORT/registry */
	const char *ca;	 /* file that the server's certificate must come from; NULL: the system's */
	const char *pin; /* sha256//BASE64 of its public key; without ca, all that counts */
	bool insecure;	 /* anybody may answer */
	const char *cert; /* own, with its issuers, PEM */
	const char *key;
};

struct cli_https_answer {
	long status;
	long retry_after; /* seconds; 0: not said */
	struct cc_buf body;
	char fault[CLI_HTTPS_HEADER_MAX], code[CLI_HTTPS_HEADER_MAX], rule[CLI_HTTPS_HEADER_MAX],
		next[CLI_HTTPS_HEADER_MAX];
};
void cli_https_answer_deinit(struct cli_https_answer *a);

struct cli_https;

/** Whether it can be a pin. */
bool cli_https_is_pin(const char *text);
/** Connects to nobody yet. @return 0, -CC_EINVAL (url, pin), -CC_ENOMEM. */
int cli_https_open(const struct cli_https_conf *conf, struct cli_https **out, struct cc_note *why);
void cli_https_freep(struct cli_https **h);
/**
 * Posts a call; the connection is kept for the next. ms: for all of it. out may be filled in part; deinit
 * it in any case. @return 0 (an answer, whatever its status), -CC_ETIMEOUT (outcome unknown),
 * -CC_EDENIED (who the other end is, or who we are, is not accepted), -CC_ELIMIT (the answer is too
 * long), -CC_ESYS (no connection, or it broke); each with why, which says what to do.
 */
int cli_https_post(struct cli_https *h, const struct cc_buf *body, int64_t ms,
		   struct cli_https_answer *out, struct cc_note *why);

/* ---- https_error.c ---- */

/**
 * What libcurl's failure means. code is a CURLcode, detail what it said more. @return as cli_https_post;
 * also -CC_EINVAL (conf), -CC_ENOMEM.
 */
int cli_https_error(const struct cli_https_conf *conf, int code, long os_errno, const char *detail,
		    struct cc_note *why);
/** What a status beside 200 and 503 means. @return negative. */
int cli_https_status(const struct cli_https_conf *conf, const struct cli_https_answer *a,
		     struct cc_note *why);

/* ---- https_call.c ---- */

/** Whether a request of the bus has a name at the front door. */
bool cli_https_call_is(const char *type);
/**
 * Writes the call that a request becomes. body is borrowed. @return 0, -CC_EINVAL (no such call),
 * -CC_EFORMAT, -CC_ELIMIT, -CC_ENOMEM.
 */
int cli_https_call_write(const char *type, const json_t *body, struct cc_buf *out,
			 struct cc_note *why);
/** Reads what it was answered with status 200. @return 0, -CC_EFORMAT, -CC_ELIMIT, -CC_ENOMEM. */
int cli_https_call_read(const struct cli_https_answer *a, struct cli_reply *out,
			struct cc_note *why);

/* ---- user_https.c ---- */

/**
 * Asks a front door within ms, and again where that may help. *h is opened at first use, by conf, and is
 * the holder's. body is borrowed. @return 0, negative error.
 */
int cli_https_ask(const struct cli_https_conf *conf, struct cli_https **h, int64_t ms,
		  const char *type, const json_t *body, struct cli_reply *out, struct cc_note *why);
/** As cli_user_call. */
int cli_user_call_https(struct cli_user *u, const char *type, const json_t *body,
			struct cli_reply *out, struct cc_note *why);
