/* SPDX-License-Identifier: ISC */
/* Calls, responses and faults to text. What was begun when something fails is left: out->err says so. */
#include <inttypes.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xml/write.h"
#include "lib/xmlrpc/int.h"

#define BLOB "$blob"
#define DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

/* An array or an object that is being written: what comes next in it. */
struct level {
	const json_t *container;
	size_t index; /* of an array */
	void *iter;   /* of an object */
};

struct writer {
	struct cc_buf *out;
	const char *blob; /* the text that a mark stands for; NULL: none may stand there */
	size_t blob_len;
	struct level stack[XR_DEPTH];
	unsigned depth;
};

static int fail(struct cc_buf *out, int r)
{
	return out->err ? out->err : (out->err = r);
}

static int put_tagged(struct cc_buf *out, const char *tag, const char *text, size_t len)
{
	cc_buf_printf(out, "<%s>", tag);
	xs_put_text(out, text, len);
	return cc_buf_printf(out, "</%s>", tag);
}

static int put_integer(struct cc_buf *out, json_int_t n)
{
	const char *tag = n < INT32_MIN || n > INT32_MAX ? "i8" : "int";

	return cc_buf_printf(out, "<%s>%" JSON_INTEGER_FORMAT "</%s>", tag, n, tag);
}

static int put_real(struct cc_buf *out, double d)
{
	cc_buf_puts(out, "<double>");
	xr_put_double(out, d);
	return cc_buf_puts(out, "</double>");
}

static int check_base64(const char *text, size_t len)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf octets = CC_BUF_INIT(0);

	return xs_read_base64(text, len, &octets);
}

/* {"$base64": text} and {"$dateTime": text}; any other name with a single "$" is no name. */
static bool is_mark(const json_t *object)
{
	return json_object_size(object) == 1 &&
	       (json_object_get(object, XR_BASE64) || json_object_get(object, XR_DATE));
}

static int put_mark(struct cc_buf *out, const json_t *object)
{
	const json_t *octets = json_object_get(object, XR_BASE64);
	const json_t *value = octets ? octets : json_object_get(object, XR_DATE);
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	int r = -CC_EFORMAT;

	if (text && octets)
		r = check_base64(text, len);
	else if (text && xr_is_date(text, len))
		r = 0;
	if (r < 0)
		return fail(out, r);
	return put_tagged(out, octets ? "base64" : "dateTime.iso8601", text, len);
}

static bool is_blob(const struct writer *w, const json_t *object)
{
	return w->blob && json_object_size(object) == 1 &&
	       json_is_null(json_object_get(object, BLOB));
}

/* Begins an array or an object. */
static int open_container(struct writer *w, const json_t *v)
{
	if (w->depth == XR_DEPTH)
		return fail(w->out, -CC_ELIMIT);
	/* jansson's iterator only reads here */
	w->stack[w->depth++] =
		(struct level){.container = v, .iter = json_object_iter((json_t *)v)};
	return cc_buf_puts(w->out, json_is_array(v) ? "<array><data>\n" : "<struct>\n");
}

/* All of a value up to its end tag, but of a container only its beginning. */
static int open_value(struct writer *w, const json_t *v)
{
	struct cc_buf *out = w->out;

	cc_buf_puts(out, "<value>");
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		if (is_blob(w, v))
			return put_tagged(out, "string", w->blob, w->blob_len);
		return is_mark(v) ? put_mark(out, v) : open_container(w, v);
	case JSON_ARRAY:
		return open_container(w, v);
	case JSON_STRING:
		return put_tagged(out, "string", json_string_value(v), json_string_length(v));
	case JSON_INTEGER:
		return put_integer(out, json_integer_value(v));
	case JSON_REAL:
		return put_real(out, json_real_value(v));
	case JSON_TRUE:
		return cc_buf_puts(out, "<boolean>1</boolean>");
	case JSON_FALSE:
		return cc_buf_puts(out, "<boolean>0</boolean>");
	case JSON_NULL:
		return cc_buf_puts(out, "<nil/>");
	}
	return fail(out, cc_raise(CC_EINVAL));
}

static int put_name(struct cc_buf *out, const char *key)
{
	bool dollar = *key == '$';

	if (dollar && key[1] != '$')
		return fail(out, -CC_EFORMAT);
	return put_tagged(out, "name", key + dollar, strlen(key + dollar));
}

/* Behind an item of an array or a member of an object. */
static int close_value(struct writer *w)
{
	bool member = w->depth > 0 && json_is_object(w->stack[w->depth - 1].container);

	return cc_buf_puts(w->out, member ? "</value>\n</member>\n" : "</value>\n");
}

/* The next item of the open array. @return NULL: none is left. */
static const json_t *next_item(struct level *l)
{
	return json_array_get(l->container, l->index++);
}

/* The next member of the open object, of which the name is written. */
static const json_t *next_member(struct writer *w, struct level *l)
{
	const json_t *v = l->iter ? json_object_iter_value(l->iter) : NULL;

	if (v) {
		cc_buf_puts(w->out, "<member>\n");
		put_name(w->out, json_object_iter_key(l->iter));
		l->iter = json_object_iter_next((json_t *)l->container, l->iter);
	}
	return v;
}

/* One step inside the open container: its next value, or its end. */
static int step(struct writer *w)
{
	struct level *l = &w->stack[w->depth - 1];
	bool array = json_is_array(l->container);
	const json_t *v = array ? next_item(l) : next_member(w, l);
	unsigned depth = w->depth;

	if (!v) {
		w->depth--;
		cc_buf_puts(w->out, array ? "</data></array>" : "</struct>");
		/* the container is a value, too */
		return w->depth > 0 ? close_value(w) : w->out->err;
	}
	open_value(w, v);
	return w->depth == depth ? close_value(w) : w->out->err;
}

static int put_value(struct writer *w, const json_t *value)
{
	if (!value)
		return fail(w->out, cc_raise(CC_EINVAL));
	open_value(w, value);
	while (!w->out->err && w->depth > 0)
		step(w);
	return cc_buf_puts(w->out, "</value>");
}

int xr_put_value(struct cc_buf *out, const json_t *value)
{
	struct writer w = {.out = out};

	return put_value(&w, value);
}

static int put_param(struct writer *w, const json_t *value)
{
	cc_buf_puts(w->out, "<param>\n");
	put_value(w, value);
	return cc_buf_puts(w->out, "\n</param>\n");
}

int xr_put_call(struct cc_buf *out, const char *method, const json_t *params)
{
	struct writer w = {.out = out};
	const json_t *value;
	size_t i;

	if (!xr_is_method(method, strlen(method)) || !json_is_array(params))
		return fail(out, cc_raise(CC_EINVAL));
	cc_buf_printf(out, DECLARATION "<methodCall>\n<methodName>%s</methodName>\n<params>\n",
		      method);
	json_array_foreach(params, i, value) put_param(&w, value);
	return cc_buf_puts(out, "</params>\n</methodCall>\n");
}

static int put_response(struct writer *w, const json_t *value)
{
	cc_buf_puts(w->out, DECLARATION "<methodResponse>\n<params>\n");
	put_param(w, value);
	return cc_buf_puts(w->out, "</params>\n</methodResponse>\n");
}

int xr_put_response(struct cc_buf *out, const json_t *value)
{
	struct writer w = {.out = out};

	return put_response(&w, value);
}

/* ---- a text beside the value ---- */

json_t *xr_blob_mark(void)
{
	return json_pack("{s:n}", BLOB);
}

int xr_put_response_blob(struct cc_buf *out, const json_t *value, const char *text, size_t len)
{
	struct writer w = {.out = out, .blob = text ? text : "", .blob_len = len};

	return put_response(&w, value);
}

int xr_put_fault(struct cc_buf *out, int code, const char *text)
{
	cc_buf_printf(out,
		      DECLARATION "<methodResponse>\n<fault>\n<value><struct>\n"
				  "<member>\n<name>faultCode</name>\n<value><int>%d</int></value>\n"
				  "</member>\n<member>\n<name>faultString</name>\n<value>",
		      code);
	put_tagged(out, "string", text, strlen(text));
	return cc_buf_puts(out, "</value>\n</member>\n</struct></value>\n</fault>\n"
				"</methodResponse>\n");
}
