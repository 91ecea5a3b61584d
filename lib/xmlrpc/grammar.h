/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The elements of XML-RPC: where each may stand, and what is made of it. Fed by the events of
 * lib/xml/stream.h; nothing here calls itself, arrays and structs within each other are a stack.
 */
#include "lib/xmlrpc/int.h"

enum xr_place {
	XR_AT_CALL_ROOT,
	XR_AT_RESPONSE_ROOT,
	XR_AT_END, /* behind the root */

	XR_AT_CALL,
	XR_AT_METHOD,
	XR_AT_CALL_PARAMS,
	XR_AT_CALL_END,
	XR_AT_PARAMS,
	XR_AT_PARAM,
	XR_AT_PARAM_END,

	XR_AT_RESPONSE,
	XR_AT_RESPONSE_END,
	XR_AT_RESULTS,
	XR_AT_RESULT,
	XR_AT_RESULT_END,
	XR_AT_RESULTS_END,
	XR_AT_FAULT,
	XR_AT_FAULT_END,

	XR_AT_VALUE, /* a type, or text */
	XR_AT_VALUE_END,
	XR_AT_SCALAR,
	XR_AT_ARRAY,
	XR_AT_DATA,
	XR_AT_ARRAY_END,
	XR_AT_STRUCT,
	XR_AT_MEMBER,
	XR_AT_NAME,
	XR_AT_MEMBER_VALUE,
	XR_AT_MEMBER_END,
	XR_PLACES
};

struct xr_frame {
	json_t *container; /* owned: an array or an object that grows */
	char *name;	   /* owned: of the member whose value comes */
};

struct xr_reader {
	enum xr_place at;
	struct xr_frame stack[XR_DEPTH];
	unsigned depth;
	unsigned values;	/* and members so far */
	xr_scalar_read *scalar; /* of the open element */
	struct cc_buf text;	/* of the open element */
	json_t *value;		/* owned: that was read last and has no place yet */
	bool faulty;		/* the value of a response is that of a fault */
	char method[XR_METHOD_MAX + 1];
	json_t *params; /* owned: an array, of a call */
};

extern const struct xs_stream_events xr_reader_events;
void xr_reader_deinit(struct xr_reader *r);
