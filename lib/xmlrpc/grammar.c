/* SPDX-License-Identifier: ISC */
#include "lib/xmlrpc/grammar.h"

#include <string.h>

#include "lib/base/util.h"

/* What Apache's client puts types of its own into: nil and i8, the latter as if it had none. */
#define APACHE "http://ws.apache.org/xmlrpc/namespaces/extensions"

void xr_reader_deinit(struct xr_reader *r)
{
	for (; r->depth > 0; r->depth--) {
		json_decref(r->stack[r->depth - 1].container);
		free(r->stack[r->depth - 1].name);
	}
	json_decref(r->value);
	json_decref(r->params);
	cc_buf_deinit(&r->text);
	*r = (struct xr_reader){0};
}

static const char *text_of(const struct xr_reader *r)
{
	return r->text.data ? (const char *)r->text.data : "";
}

static int count_value(struct xr_reader *r, struct xs_stream *s)
{
	if (++r->values > XR_VALUES_MAX)
		return xs_stream_refuse(s, CC_ELIMIT, "more than %d values and members",
					XR_VALUES_MAX);
	return 0;
}

/* ---- what begins with an element ---- */

static int enter_value(struct xr_reader *r, struct xs_stream *s)
{
	cc_buf_reset(&r->text);
	return count_value(r, s);
}

static int enter_text(struct xr_reader *r, struct xs_stream *s)
{
	cc_buf_reset(&r->text);
	return 0;
}

static int enter_fault(struct xr_reader *r, struct xs_stream *s)
{
	r->faulty = true;
	return 0;
}

static int enter_member(struct xr_reader *r, struct xs_stream *s)
{
	return count_value(r, s);
}

/* container NULL: there was no memory for it. */
static int push(struct xr_reader *r, struct xs_stream *s, json_t *container)
{
	if (!container)
		return cc_raise(CC_ENOMEM);
	if (r->depth == XR_DEPTH) {
		json_decref(container);
		return xs_stream_refuse(s, CC_ELIMIT,
					"more than %d arrays and structs inside each other",
					XR_DEPTH);
	}
	r->stack[r->depth++] = (struct xr_frame){.container = container};
	return 0;
}

static int enter_array(struct xr_reader *r, struct xs_stream *s)
{
	return push(r, s, json_array());
}

static int enter_struct(struct xr_reader *r, struct xs_stream *s)
{
	return push(r, s, json_object());
}

/* Which element may come where, and leads where. Scalar types are not here. */
static const struct step {
	enum xr_place at;
	const char *name;
	enum xr_place to;
	int (*enter)(struct xr_reader *r, struct xs_stream *s);
} steps[] = {
	{XR_AT_CALL_ROOT, "methodCall", XR_AT_CALL, NULL},
	{XR_AT_CALL, "methodName", XR_AT_METHOD, enter_text},
	{XR_AT_CALL_PARAMS, "params", XR_AT_PARAMS, NULL},
	{XR_AT_PARAMS, "param", XR_AT_PARAM, NULL},
	{XR_AT_PARAM, "value", XR_AT_VALUE, enter_value},
	{XR_AT_RESPONSE_ROOT, "methodResponse", XR_AT_RESPONSE, NULL},
	{XR_AT_RESPONSE, "params", XR_AT_RESULTS, NULL},
	{XR_AT_RESPONSE, "fault", XR_AT_FAULT, enter_fault},
	{XR_AT_RESULTS, "param", XR_AT_RESULT, NULL},
	{XR_AT_RESULT, "value", XR_AT_VALUE, enter_value},
	{XR_AT_FAULT, "value", XR_AT_VALUE, enter_value},
	{XR_AT_VALUE, "array", XR_AT_ARRAY, enter_array},
	{XR_AT_VALUE, "struct", XR_AT_STRUCT, enter_struct},
	{XR_AT_ARRAY, "data", XR_AT_DATA, NULL},
	{XR_AT_DATA, "value", XR_AT_VALUE, enter_value},
	{XR_AT_STRUCT, "member", XR_AT_MEMBER, enter_member},
	{XR_AT_MEMBER, "name", XR_AT_NAME, enter_text},
	{XR_AT_MEMBER_VALUE, "value", XR_AT_VALUE, enter_value},
};

/* ---- what ends with an element ---- */

static int leave_method(struct xr_reader *r, struct xs_stream *s)
{
	if (!xr_is_method(text_of(r), r->text.len))
		return xs_stream_refuse(s, CC_EFORMAT,
					"no name of a method: 1 to %d letters, digits, _ . : / "
					"were expected in <methodName>",
					XR_METHOD_MAX);
	memcpy(r->method, text_of(r), r->text.len);
	r->method[r->text.len] = 0;
	r->at = XR_AT_CALL_PARAMS;
	return 0;
}

static int leave_param(struct xr_reader *r, struct xs_stream *s)
{
	r->at = XR_AT_PARAMS;
	return json_array_append_new(r->params, cc_steal(&r->value)) < 0 ? cc_raise(CC_ENOMEM) : 0;
}

static int leave_scalar(struct xr_reader *r, struct xs_stream *s)
{
	r->at = XR_AT_VALUE_END;
	return r->scalar(s, text_of(r), r->text.len, &r->value);
}

/* "$" in front of a name is doubled, so that no struct passes for a mark. */
static int leave_name(struct xr_reader *r, struct xs_stream *s)
{
	struct xr_frame *top = &r->stack[r->depth - 1];
	const char *name = text_of(r);
	bool dollar = *name == '$';

	top->name = malloc(r->text.len + dollar + 1);
	if (!top->name)
		return cc_raise(CC_ENOMEM);
	*top->name = '$';
	memcpy(top->name + dollar, name, r->text.len + 1);
	if (json_object_get(top->container, top->name))
		return xs_stream_refuse(s, CC_EFORMAT,
					"a second member \"%.64s\": another name was expected",
					name);
	r->at = XR_AT_MEMBER_VALUE;
	return 0;
}

static int put_member(struct xr_reader *r, struct xr_frame *top)
{
	int set = json_object_set_new_nocheck(top->container, top->name, cc_steal(&r->value));

	free(cc_steal(&top->name));
	return set < 0 ? cc_raise(CC_ENOMEM) : 0;
}

/* A value has its place: in the array or struct around it, or it is the one of the document. */
static int place_value(struct xr_reader *r)
{
	struct xr_frame *top = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;

	if (!top) {
		r->at = r->params   ? XR_AT_PARAM_END
			: r->faulty ? XR_AT_FAULT_END
				    : XR_AT_RESULT_END;
		return 0;
	}
	if (top->name) {
		r->at = XR_AT_MEMBER_END;
		return put_member(r, top);
	}
	r->at = XR_AT_DATA;
	if (json_array_append_new(top->container, cc_steal(&r->value)) < 0)
		return cc_raise(CC_ENOMEM);
	return 0;
}

/* Text without a type is a string. */
static int leave_untyped(struct xr_reader *r, struct xs_stream *s)
{
	int p = xr_string_read(s, text_of(r), r->text.len, &r->value);

	return p < 0 ? p : place_value(r);
}

static int leave_value(struct xr_reader *r, struct xs_stream *s)
{
	return place_value(r);
}

static int pop(struct xr_reader *r, struct xs_stream *s)
{
	r->value = r->stack[--r->depth].container;
	r->at = XR_AT_VALUE_END;
	return 0;
}

#define LEAVE_TO(name, place)                                                                      \
	static int name(struct xr_reader *r, struct xs_stream *s)                                  \
	{                                                                                          \
		r->at = place;                                                                     \
		return 0;                                                                          \
	}
LEAVE_TO(leave_document, XR_AT_END)
LEAVE_TO(leave_params, XR_AT_CALL_END)
LEAVE_TO(leave_result, XR_AT_RESULTS_END)
LEAVE_TO(leave_response_part, XR_AT_RESPONSE_END)
LEAVE_TO(leave_data, XR_AT_ARRAY_END)
LEAVE_TO(leave_member, XR_AT_STRUCT)

static const struct place {
	const char *expected; /* for people */
	bool text;	      /* it is kept; elsewhere only white space may be */
	int (*leave)(struct xr_reader *r, struct xs_stream *s); /* NULL: may not end here */
} places[XR_PLACES] = {
	[XR_AT_CALL_ROOT] = {"<methodCall>"},
	[XR_AT_RESPONSE_ROOT] = {"<methodResponse>"},
	[XR_AT_END] = {"nothing"},
	[XR_AT_CALL] = {"<methodName>"},
	[XR_AT_METHOD] = {"the name of a method and </methodName>", true, leave_method},
	[XR_AT_CALL_PARAMS] = {"<params> or </methodCall>", false, leave_document},
	[XR_AT_CALL_END] = {"</methodCall>", false, leave_document},
	[XR_AT_PARAMS] = {"<param> or </params>", false, leave_params},
	[XR_AT_PARAM] = {"<value>"},
	[XR_AT_PARAM_END] = {"</param>", false, leave_param},
	[XR_AT_RESPONSE] = {"<params> or <fault>"},
	[XR_AT_RESPONSE_END] = {"</methodResponse>", false, leave_document},
	[XR_AT_RESULTS] = {"<param>"},
	[XR_AT_RESULT] = {"<value>"},
	[XR_AT_RESULT_END] = {"</param>", false, leave_result},
	[XR_AT_RESULTS_END] = {"</params>", false, leave_response_part},
	[XR_AT_FAULT] = {"<value>"},
	[XR_AT_FAULT_END] = {"</fault>", false, leave_response_part},
	[XR_AT_VALUE] = {"a type, or text and </value>", true, leave_untyped},
	[XR_AT_VALUE_END] = {"</value>", false, leave_value},
	[XR_AT_SCALAR] = {"text and the end of the element", true, leave_scalar},
	[XR_AT_ARRAY] = {"<data>"},
	[XR_AT_DATA] = {"<value> or </data>", false, leave_data},
	[XR_AT_ARRAY_END] = {"</array>", false, pop},
	[XR_AT_STRUCT] = {"<member> or </struct>", false, pop},
	[XR_AT_MEMBER] = {"<name>"},
	[XR_AT_NAME] = {"the name of a member and </name>", true, leave_name},
	[XR_AT_MEMBER_VALUE] = {"<value>"},
	[XR_AT_MEMBER_END] = {"</member>", false, leave_member},
};

/* ---- events ---- */

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\n' && text[i] != '\t' && text[i] != '\r')
			return false;
	return true;
}

static const struct step *find_step(enum xr_place at, const char *name)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(steps); i++)
		if (steps[i].at == at && strcmp(steps[i].name, name) == 0)
			return &steps[i];
	return NULL;
}

static bool known_namespace(const char *ns, const char *name)
{
	return !ns ||
	       (strcmp(ns, APACHE) == 0 && (strcmp(name, "nil") == 0 || strcmp(name, "i8") == 0));
}

static int refuse_element(const struct xr_reader *r, struct xs_stream *s, const char *name)
{
	return xs_stream_refuse(s, CC_EFORMAT, "<%.64s>: %s was expected", name,
				places[r->at].expected);
}

static int on_start(struct xs_stream *s, void *data, const char *ns, const char *name,
		    unsigned attributes)
{
	struct xr_reader *r = data;
	const struct step *step = find_step(r->at, name);
	xr_scalar_read *scalar = r->at == XR_AT_VALUE ? xr_scalar_find(name) : NULL;

	if (!known_namespace(ns, name) || (!step && !scalar))
		return refuse_element(r, s, name);
	if (attributes > 0)
		return xs_stream_refuse(s, CC_EFORMAT,
					"<%.64s> with an attribute: none was expected", name);
	if (r->at == XR_AT_VALUE && !is_blank(text_of(r), r->text.len))
		return xs_stream_refuse(s, CC_EFORMAT, "text before <%.64s>: </value> was expected",
					name);
	r->at = step ? step->to : XR_AT_SCALAR;
	r->scalar = scalar;
	if (step)
		return step->enter ? step->enter(r, s) : 0;
	return enter_text(r, s);
}

static int on_text(struct xs_stream *s, void *data, const char *text, size_t len)
{
	struct xr_reader *r = data;
	int e;

	if (places[r->at].text) {
		e = cc_buf_put(&r->text, text, len);
		return e < 0 ? cc_trace(e) : 0;
	}
	if (is_blank(text, len))
		return 0;
	return xs_stream_refuse(s, CC_EFORMAT, "text: %s was expected", places[r->at].expected);
}

static int on_end(struct xs_stream *s, void *data)
{
	struct xr_reader *r = data;

	if (!places[r->at].leave)
		return xs_stream_refuse(s, CC_EFORMAT, "the end of an element: %s was expected",
					places[r->at].expected);
	return places[r->at].leave(r, s);
}

const struct xs_stream_events xr_reader_events = {on_start, on_text, on_end};
