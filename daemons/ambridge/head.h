/* SPDX-License-Identifier: ISC */
#pragma once
/* What of a request's head is refused before anything of it is used. */
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdbool.h>

struct ab_head_verdict {
	unsigned status; /* of HTTP; 0: good */
	const char *why;
	bool close; /* where its end cannot be told for sure, nothing behind it is read */
};

/** What every request must hold: one length, of one kind. */
void ab_head_check(const struct evkeyvalq *headers, struct ab_head_verdict *out);
/** What a call must hold beside that: POST, of XML, with a length. got: octets of its body. */
void ab_head_check_call(const struct evkeyvalq *headers, enum evhttp_cmd_type method, size_t got,
			struct ab_head_verdict *out);
