/* SPDX-License-Identifier: ISC */
/*
 * Documents of XML-RPC to JSON and back, for tests/it/xml_rpc.py: one process for as many as are wanted.
 *
 *   xmlrpc-json
 *
 * Requests on standard input, each "KIND LENGTH\n" and so many octets; as many answers, "LENGTH\n" and
 * octets, on standard output:
 *
 *   c  a methodCall		{"method", "params"}
 *   r  a methodResponse	{"value"} or {"fault", "text"}
 *   C, R  such an object	the document
 *
 * What is refused is answered with {"error": number, "why": text}.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/xmlrpc/xmlrpc.h"

static void die(const char *what)
{
	fprintf(stderr, "xmlrpc-json: %s\n", what);
	exit(1);
}

static void answer(const char *data, size_t len)
{
	printf("%zu\n", len);
	fwrite(data, 1, len, stdout);
	if (fflush(stdout) != 0)
		die("nobody takes the answer");
}

/* Takes the value. */
static void answer_json(json_t *value)
{
	cc_cleanup(cc_freep) char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (!text)
		die("an answer that is no JSON");
	answer(text, strlen(text));
	json_decref(value);
}

static void answer_error(int r, const struct cc_note *why)
{
	answer_json(json_pack("{s:i, s:s}", "error", -r, "why", why->text));
}

static void read_call(const char *text, size_t len)
{
	struct xr_call call = {0};
	struct cc_note why = {0};
	int r = xr_call_read(text, len, &call, &why);

	if (r < 0)
		answer_error(r, &why);
	else
		answer_json(json_pack("{s:s, s:O}", "method", call.method, "params", call.params));
	xr_call_deinit(&call);
}

static void read_response(const char *text, size_t len)
{
	struct xr_response response = {0};
	struct cc_note why = {0};
	int r = xr_response_read(text, len, &response, &why);

	if (r < 0)
		answer_error(r, &why);
	else if (response.value)
		answer_json(json_pack("{s:O}", "value", response.value));
	else
		answer_json(
			json_pack("{s:i, s:s}", "fault", response.fault, "text", response.text));
	xr_response_deinit(&response);
}

static int put_document(struct cc_buf *out, const json_t *what)
{
	const json_t *method = json_object_get(what, "method");
	const json_t *value = json_object_get(what, "value");

	if (method)
		return xr_put_call(out, json_string_value(method), json_object_get(what, "params"));
	if (value)
		return xr_put_response(out, value);
	return xr_put_fault(out, (int)json_integer_value(json_object_get(what, "fault")),
			    json_string_value(json_object_get(what, "text")));
}

static void write_document(const char *text, size_t len)
{
	cc_cleanup(json_decrefp) json_t *what = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
	struct cc_note why = {0};
	int r;

	if (!json_is_object(what))
		die("a request that is no JSON");
	r = put_document(&out, what);
	if (r < 0)
		answer_error(r, &why);
	else
		answer((char *)out.data, out.len);
}

int main(void)
{
	size_t len;
	char kind;

	while (scanf("%c %zu", &kind, &len) == 2 && getchar() == '\n') {
		cc_cleanup(cc_freep) char *text = malloc(len + 1);

		if (!text || fread(text, 1, len, stdin) != len)
			die("half a request");
		if (kind == 'c')
			read_call(text, len);
		else if (kind == 'r')
			read_response(text, len);
		else if (kind == 'C' || kind == 'R')
			write_document(text, len);
		else
			die("no such kind of request");
	}
	return feof(stdin) ? 0 : 1;
}
