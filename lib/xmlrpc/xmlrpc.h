/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * XML-RPC: calls, responses and faults to and from JSON values, both directions. No HTTP. What is read
 * is what Python's xmlrpc.client, Apache's ws-xmlrpc and Perl's Frontier and RPC::XML write (spec
 * geni-am 1, sfa 4), what is written is what they read.
 *
 *	int, i4		integer of 32 bits	boolean		true, false
 *	i8		integer of 64 bits	double		real
 *	string		string			untagged	string, with its white space
 *	array		array			struct		object
 *	nil		null
 *	base64		{"$base64": "text"}	dateTime.iso8601	{"$dateTime": "20261126T19:35:21"}
 *
 * nil and i8 may be Apache's, in its namespace. The text of base64 has no line breaks; a date is kept
 * as it was written: with or without dashes, fraction and zone. A member of a struct whose name begins
 * with "$" has one more "$" in JSON, so that nothing from outside can pass for the two marks.
 *
 * Integers beyond 32 bits are written as i8, null as nil (extensions that Python reads).
 *
 * To add a type: its name and function in scalar.c, its case in write.c, a row in
 * tests/unit/test-xmlrpc.c. The elements are in grammar.c.
 */
#include <jansson.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

#define XR_DEPTH 32		    /* nesting of arrays and structs */
#define XR_OCTETS_MAX (8u << 20)    /* of a call, and of any text in one */
#define XR_RESPONSE_MAX (32u << 20) /* of a response: 8 MiB of records, and their markup */
#define XR_METHOD_MAX 255	    /* octets of a method's name */
#define XR_VALUES_MAX 200000	    /* values and members in one document */

struct xr_call {
	char method[XR_METHOD_MAX + 1];
	json_t *params; /* owned: an array */
};

struct xr_response {
	json_t *value; /* owned; NULL: it is a fault */
	int fault;
	char *text; /* of the fault; owned, never NULL with one */
};

/**
 * Reads a methodCall in UTF-8 or US-ASCII. out is written on success only. @return 0, -CC_EFORMAT (not
 * well-formed, not XML-RPC, a DTD, another encoding; the note says where, with line and column, and
 * what was expected, in printable ASCII), -CC_ELIMIT (depth, octets, values; noted too), -CC_ENOMEM.
 */
int xr_call_read(const char *text, size_t len, struct xr_call *out, struct cc_note *why);
void xr_call_deinit(struct xr_call *c);
/** Reads a methodResponse. @return as xr_call_read. */
int xr_response_read(const char *text, size_t len, struct xr_response *out, struct cc_note *why);
void xr_response_deinit(struct xr_response *r);

/**
 * Writes a document behind what out holds. params is a borrowed array. @return 0, -CC_EINVAL (not a
 * name, or no array), -CC_EFORMAT (a text with characters that XML has not, a mark that is not one),
 * -CC_ELIMIT (depth; out is full), -CC_ENOMEM; also in out->err.
 */
int xr_put_call(struct cc_buf *out, const char *method, const json_t *params);
int xr_put_response(struct cc_buf *out, const json_t *value);
/**
 * The same of a value in which xr_blob_mark stands for a long text that nobody copies into JSON: UTF-8,
 * borrowed. @return as above; -CC_EFORMAT also of what is none.
 */
int xr_put_response_blob(struct cc_buf *out, const json_t *value, const char *text, size_t len);
/** A new value that stands for that text; no value that was read or wrapped is like it. NULL: no memory. */
json_t *xr_blob_mark(void);
int xr_put_fault(struct cc_buf *out, int code, const char *text);
/* Whom a value is for. */
enum xr_form {
	XR_EXACT = 1, /* a program of ours: xr_unwrap makes the same of what it reads */
	XR_FOREIGN,   /* any client of XML-RPC: integers beyond 32 bits are text */
};
/**
 * Any JSON as the functions above take it. "$a" becomes "$$a"; text with characters that XML has not
 * becomes base64, or those become "?" for foreign clients, and always in names of members. depth: of
 * arrays and objects within each other. *out: a new reference. @return 0, -CC_EFORMAT (two names that
 * become one; exact only), -CC_ELIMIT (depth), -CC_ENOMEM.
 */
int xr_wrap(const json_t *value, enum xr_form form, unsigned depth, json_t **out);
/**
 * The JSON of what was read: base64 is text, a date is RFC 3339, "$$a" is "$a". *out: a new reference.
 * @return 0, -CC_EFORMAT (base64 of something else), -CC_ELIMIT (depth), -CC_ENOMEM.
 */
int xr_unwrap(const json_t *value, unsigned depth, json_t **out);
/** Whether it is a mark of that name ("$base64", "$dateTime"), and then its text, borrowed; else NULL. */
const json_t *xr_mark(const json_t *value, const char *name);
/**
 * UTF-8 without the characters that XML has not, "?" for each; out holds len + 1 octets and is ended by
 * NUL. @return octets without it.
 */
size_t xr_clean(char *out, const char *text, size_t len);
/** One <value> alone, as within param. */
int xr_put_value(struct cc_buf *out, const json_t *value);
