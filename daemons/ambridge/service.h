/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What a front door's paths offer: which call of XML-RPC becomes which CC request, and which outcome
 * becomes which answer. No HTTP, no TLS, no sockets: JSON in, JSON out. One table per path.
 *
 * Names and numbers: spec/sfa.md 4 (/registry), spec/geni-am.md 2 and 4 (/am/3.0), the GENI
 * clearinghouse (/ch).
 */
#include <jansson.h>
#include <stdbool.h>

#include "lib/base/err.h"
#include "lib/base/limits.h"
#include "lib/cc/client.h"

struct ab_service; /* one path: a table of methods */
struct ab_method;  /* a row of it */

/* What of the listener's configuration changes answers. */
struct ab_style {
	bool faults_2011; /* numbers of SFA faults of 2011, not of 2019 */
	bool exact;	  /* for ccfed: values and texts of /registry as the bus has them */
};

/* One CC request, made of one call. */
struct ab_request {
	/* what ab_reply_make wants; of the same name as that it was made of, but not always the same */
	const struct ab_method *method; /* borrowed from the table */
	char type[CC_TYPE_MAX + 1];
	json_t *body; /* owned; the caller of the front door is not in it yet */
};

/* What the client gets: a value or a fault, or, with status 503, neither. */
struct ab_reply {
	unsigned status;      /* HTTP: 200 or 503 */
	unsigned retry_after; /* seconds; with 503 */
	json_t *value;	      /* owned; NULL: it is a fault */
	struct cc_bytes
		blob; /* borrowed from the answer: the text for xr_blob_mark in value, or none */
	int fault;
	char text[1024];  /* of the fault */
	const char *word; /* static: class or code of a refusal of ours; NULL: none */
	char code[32];	  /* of the bus; "": it was not asked */
	json_t *said;	  /* owned: the body of its answer; NULL: none */
};

/** The service of a path ("/registry"; one slash at its end is the same), or NULL. */
const struct ab_service *ab_service_find(const char *path);
/** Its name for logs and metrics: "registry", "ch", "am3". */
const char *ab_service_name(const struct ab_service *s);

/** The row of a method, or NULL. */
const struct ab_method *ab_method_find(const struct ab_service *s, const char *name);
/** Its name; bounded, so fit for logs and labels. */
const char *ab_method_name(const struct ab_method *m);
/** Whether a caller whose certificate nobody vouches for may ask it (first contact). */
bool ab_method_is_first_contact(const struct ab_method *m);

/**
 * What a call to a method that there is not is answered.
 */
void ab_reply_unknown(const struct ab_service *s, const char *name, const struct ab_style *style,
		      struct ab_reply *out);
/**
 * Makes the CC request of a call. params is a borrowed array in the JSON of lib/xmlrpc. @return 0; 1
 * (refused: wrong count or types of arguments, and out_reply says how); -CC_ENOMEM.
 */
int ab_request_make(const struct ab_method *m, const json_t *params, const struct ab_style *style,
		    struct ab_request *out, struct ab_reply *out_reply);
void ab_request_deinit(struct ab_request *r);

/**
 * Makes the answer of an outcome. 503 is for what may be asked again and might fare better then: what
 * a server signed as `busy` or `stale`, which it has not done; and, for methods that change nothing,
 * CC_OUT_TIMEOUT, the code `timeout` and a hop's `busy` and `unreachable`. Of others nobody knows
 * whether they were done, and the fault says so. A value may be nil (json_null). @return 0, -CC_ENOMEM.
 */
int ab_reply_make(const struct ab_method *m, const struct cc_answer *answer,
		  const struct ab_style *style, struct ab_reply *out);
void ab_reply_deinit(struct ab_reply *r);
