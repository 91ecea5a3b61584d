/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Request RSpecs, GENI 3 (http://www.geni.net/resources/rspec/3): what of one is for us, as a model, and
 * the document itself, which keeps all the rest for the manifest (spec geni-am 9, jfed sections 5 to 7).
 *
 * A node is ours that names our component manager, or none. Nodes and links of others, and what is in
 * other namespaces, are nobody's business here.
 */
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/rspec/component.h"

#define RS_NS "http://www.geni.net/resources/rspec/3"
#define RS_ID_MAX 255 /* octets of a client_id, of names of types and images */

/* What is wrong with a request, in the order of spec geni-am 2. */
enum rs_fault_kind {
	RS_BAD = 1,	/* geni_code 1 */
	RS_TOO_BIG,	/* 6 */
	RS_UNSUPPORTED, /* 13 */
};

struct rs_fault {
	enum rs_fault_kind kind;
	const char *rule;	       /* static: "client_id", "sliver_type", ... */
	long line;		       /* 0: of no line */
	char client_id[RS_ID_MAX + 1]; /* "": of none */
	struct cc_note why;	       /* all of it in words, with line and client_id */
};

/* One node that is to become a sliver. Texts are the document's, "" where not said. */
struct rs_want {
	xmlNode *node;
	const char *client_id, *component_id, *sliver_type, *image;
	bool exclusive_said, exclusive;
	long line;
};

struct rs_request {
	xmlDoc *doc;
	struct rs_want *wants;
	unsigned n_wants, n_foreign; /* nodes of others */
};

/**
 * Reads a request. manager: our URN. *out is the caller's, to be freed. @return 0, an rs_fault_kind (fault
 * says what and where), -CC_ENOMEM.
 */
int rs_request_read(const char *text, size_t len, const char *manager, struct rs_request **out,
		    struct rs_fault *fault);
/**
 * The same without asking for a node of ours: what was a request once, and is read for a manifest. @return
 * as rs_request_read.
 */
int rs_request_reread(const char *text, size_t len, const char *manager, struct rs_request **out,
		      struct rs_fault *fault);
void rs_request_free(struct rs_request *r);
void rs_request_freep(struct rs_request **r);

/**
 * Whether a node of ours accepts this hardware: it names none, or this one among others. What it names
 * first: rs_want_hardware, "" for nothing.
 */
bool rs_want_takes(const struct rs_want *w, const char *hardware);
const char *rs_want_hardware(const struct rs_want *w);
