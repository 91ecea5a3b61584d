/* SPDX-License-Identifier: ISC */
/* Calls and responses, from text. */
#include <string.h>

#include "lib/base/util.h"
#include "lib/xmlrpc/grammar.h"

/* methodResponse, params and param or fault, value and type, and three for each array or struct */
#define ELEMENTS_DEPTH (5 + 3 * XR_DEPTH)
_Static_assert(ELEMENTS_DEPTH <= XS_STREAM_DEPTH, "a document of XR_DEPTH can be scanned");

/* A value is at most four elements: param, value, type, data; a member two, itself and its name. */
static const struct xs_limits limits = {.octets = XR_RESPONSE_MAX,
					.depth = ELEMENTS_DEPTH,
					.elements = 4 * XR_VALUES_MAX + 16,
					.attributes = 64,
					.namespaces = 8,
					.ascii = true};

/* @return 0, -CC_EFORMAT, -CC_ELIMIT, -CC_ENOMEM. */
static int read_document(struct xr_reader *r, const char *text, size_t len, unsigned max,
			 struct cc_note *why)
{
	int e;

	if (len > max)
		return cc_note_set(why, CC_ELIMIT, "%zu octets, more than %u", len, max);
	e = xs_stream_read(text, len, &limits, &xr_reader_events, r, why);
	if (e <= 0)
		return e;
	e = e == CC_RULE_XML_LIMIT ? CC_ELIMIT : CC_EFORMAT;
	if (why)
		why->code = e;
	return -e;
}

void xr_call_deinit(struct xr_call *c)
{
	json_decref(c->params);
	*c = (struct xr_call){0};
}

int xr_call_read(const char *text, size_t len, struct xr_call *out, struct cc_note *why)
{
	cc_cleanup(xr_reader_deinit) struct xr_reader r = {
		.at = XR_AT_CALL_ROOT, .text = CC_BUF_INIT(XR_OCTETS_MAX), .params = json_array()};
	int e;

	if (!r.params)
		return cc_raise(CC_ENOMEM);
	e = read_document(&r, text, len, XR_OCTETS_MAX, why);
	if (e < 0)
		return e;
	memcpy(out->method, r.method, sizeof(r.method));
	out->params = cc_steal(&r.params);
	return 0;
}

void xr_response_deinit(struct xr_response *r)
{
	json_decref(r->value);
	free(r->text);
	*r = (struct xr_response){0};
}

/* {"faultCode": int, "faultString": string}, and what a server may say besides */
static int take_fault(const json_t *value, struct xr_response *out, struct cc_note *why)
{
	const json_t *code = json_object_get(value, "faultCode");
	const json_t *text = json_object_get(value, "faultString");

	if (!json_is_integer(code) || json_integer_value(code) < INT32_MIN ||
	    json_integer_value(code) > INT32_MAX ||
	    (!json_is_string(text) && !CC_SEEDED_BUG(!text)))
		return cc_note_set(why, CC_EFORMAT,
				   "the value of <fault>: a struct of an int faultCode and a "
				   "string faultString was expected");
	out->text = strdup(json_string_value(text));
	if (!out->text)
		return cc_raise(CC_ENOMEM);
	out->fault = (int)json_integer_value(code);
	out->value = NULL;
	return 0;
}

int xr_response_read(const char *text, size_t len, struct xr_response *out, struct cc_note *why)
{
	cc_cleanup(xr_reader_deinit) struct xr_reader r = {.at = XR_AT_RESPONSE_ROOT,
							   .text = CC_BUF_INIT(XR_OCTETS_MAX)};
	int e = read_document(&r, text, len, XR_RESPONSE_MAX, why);

	if (e < 0)
		return e;
	if (r.faulty)
		return take_fault(r.value, out, why);
	*out = (struct xr_response){.value = cc_steal(&r.value)};
	return 0;
}
