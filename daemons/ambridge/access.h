/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The line per request: who, from where, what, with which outcome, how long, how much. Never credentials,
 * never bodies. To a file of its own, else to the log.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct ab_access {
	int fd; /* -1: to the log */
};

/* One request; texts are borrowed, NULL is "-". */
struct ab_access_line {
	const char *urn;     /* of the leaf of the certificates that the client sent */
	const char *address; /* of the peer */
	const char *listener, *service, *method;
	unsigned status; /* of HTTP */
	bool is_fault;
	int fault; /* of XML-RPC */
	int64_t us;
	uint64_t octets; /* of the answer's body as sent */
};

/** path "": to the log. Again at a reload: the file may have been rotated. @return 0, -CC_ESYS with why. */
int ab_access_open(struct ab_access *a, const char *path, struct cc_note *why);
void ab_access_close(struct ab_access *a);
void ab_access_note(struct ab_access *a, const struct ab_access_line *line);

#define AB_ACCESS_TEXT 1024
/** The line without its date, printable ASCII. */
void ab_access_text(const struct ab_access_line *line, char out[AB_ACCESS_TEXT]);
