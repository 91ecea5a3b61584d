/* SPDX-License-Identifier: ISC */
/*
 * The return struct of the AM API (spec geni-am 2): {code, value, output}, of a success, of what the
 * aggregate refused, and of what never reached it.
 */
#include <string.h>

#include "daemons/ambridge/service_int.h"
#include "lib/base/util.h"

#define AM_TYPE "ccfed"

/* value and output are taken; value NULL: "". NULL: no memory. */
static json_t *make_struct(const struct ab_method *m, int code, json_t *value, json_t *output)
{
	json_t *o = json_pack("{s:{s:i, s:s, s:i}, s:o, s:o}", "code", "geni_code", code, "am_type",
			      AM_TYPE, "am_code", code, "value", value ? value : json_string(""),
			      "output", output);

	/* what version 1 looked for, and the acceptance suite does still */
	if (o && strcmp(m->name, "GetVersion") == 0 &&
	    json_object_set_new(o, "geni_api", json_integer(3)) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static int put_struct(const struct ab_method *m, int code, json_t *value, json_t *output,
		      struct ab_reply *out)
{
	out->text[0] = 0;
	out->status = 200;
	out->value = make_struct(m, code, value, output);
	return out->value ? 0 : cc_raise(CC_ENOMEM);
}

/* A text of the bus for the client; what is none is "". */
static int take_text(const json_t *text, json_t **out)
{
	if (json_is_string(text))
		return xr_wrap(text, XR_FOREIGN, AB_DEPTH_MAX, out);
	*out = json_string("");
	return *out ? 0 : cc_raise(CC_ENOMEM);
}

int ab_am_refuse(const struct ab_method *m, const struct ab_outcome *o, const char *output,
		 struct ab_reply *out)
{
	return put_struct(m, o->geni, NULL, json_string(output), out);
}

/* ---- what the aggregate said ---- */

/* Only a failure has a code here. */
static int code_of(const json_t *said, const struct ab_outcome *o)
{
	json_int_t code = json_integer_value(json_object_get(said, "geni_code"));

	return code == 0 || code < INT32_MIN || code > INT32_MAX ? o->geni : (int)code;
}

int ab_am_error(const struct ab_method *m, const struct ab_outcome *o, const json_t *said,
		struct ab_reply *out)
{
	const json_t *hint = json_object_get(said, "value");
	json_t *value = NULL, *output = NULL;
	int r = take_text(json_object_get(said, "msg"), &output);

	memset(out, 0, sizeof(*out));
	out->word = o->word;
	if (!r && hint && !json_is_null(hint))
		r = xr_wrap(hint, XR_FOREIGN, AB_DEPTH_MAX, &value);
	/* a hint that cannot be said helps nobody; the failure is told in any case */
	if (r == -CC_ELIMIT)
		r = 0;
	if (r) {
		json_decref(output);
		return r;
	}
	return put_struct(m, code_of(said, o), value, output, out);
}

/* The member that the blob is, or all of it. *value is a new value then. */
static int place_blob(const json_t *body, struct cc_bytes blob, json_t **value)
{
	const json_t *name = json_object_get(body, "blob");
	json_t *mark;

	if (!name)
		return blob.data ? -CC_EFORMAT : 0;
	if (!json_is_string(name) || !blob.data)
		return -CC_EFORMAT;
	mark = xr_blob_mark();
	if (!mark)
		return cc_raise(CC_ENOMEM);
	if (strcmp(json_string_value(name), "value") == 0 && json_is_null(*value)) {
		json_decref(*value);
		*value = mark;
		return 0;
	}
	if (strcmp(json_string_value(name), "geni_rspec") == 0 && json_is_object(*value))
		return json_object_set_new(*value, "geni_rspec", mark) == 0 ? 0
									    : cc_raise(CC_ENOMEM);
	json_decref(mark);
	return -CC_EFORMAT;
}

int ab_am_answer(const struct ab_method *m, const struct cc_answer *a, struct ab_reply *out)
{
	const json_t *said = json_object_get(a->json, "value");
	json_t *value = NULL, *output = NULL;
	int r = said ? xr_wrap(said, XR_FOREIGN, AB_DEPTH_MAX, &value) : -CC_EFORMAT;

	if (!r)
		r = place_blob(a->json, a->blob, &value);
	if (!r)
		r = take_text(json_object_get(a->json, "output"), &output);
	if (r) {
		json_decref(value);
		return r;
	}
	r = put_struct(m, 0, value, output, out);
	out->blob = a->blob;
	return r;
}
