/* SPDX-License-Identifier: ISC */
#pragma once
/* Between the files of the gate. */
#include "lib/base/buf.h"
#include "lib/cc/gate.h"

#define CC_GATE_ENCRYPTED_BODY "ENC1" /* stands in the body frame of an encrypted message */

struct cc_gate {
	struct cc_cms *cms;
	const struct cc_keystore *ks;
	struct cc_gate_conf conf;
	char *realm;
	double offset;	     /* of the clock that messages are dated by, seconds */
	struct cc_buf plain; /* the last decrypted SignedData */
	struct cc_buf text;  /* JSON being written */
	struct cc_buf sig;
};

/** Fills a refusal. @return verdict. */
enum cc_verdict cc_gate_refuse(struct cc_gate_result *out, enum cc_verdict verdict, int fault,
			       const char *why);

/* The checks of gate_body.c, each @return CC_GATE_PASS or a filled refusal. */

/** Parses the text; `req` must be the type frame. */
enum cc_verdict cc_gate_check_json(struct cc_msg *m, struct cc_bytes text,
				   struct cc_gate_result *out);
/** id, op, deadline of a request; absent keys leave NULL and 0. */
enum cc_verdict cc_gate_check_request(struct cc_msg *m, bool need_id, int64_t now_ms,
				      struct cc_gate_result *out);
/** An answer to the request of id re. */
enum cc_verdict cc_gate_check_answer(const char *re, bool need_re, struct cc_gate_result *out);
enum cc_verdict cc_gate_check_time(const struct cc_gate_conf *conf, double now_wall,
				   struct cc_gate_result *out);
/** The blob and its hash; sha1: the original's hash is good here. */
enum cc_verdict cc_gate_check_blob(struct cc_gate *g, struct cc_msg *m, bool sha1,
				   struct cc_gate_result *out);

/** Gives a buffer back that one large message made large. */
void cc_gate_trim(struct cc_buf *b);
