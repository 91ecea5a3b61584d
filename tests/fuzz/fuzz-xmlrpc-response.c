/* SPDX-License-Identifier: ISC */
/*
 * A methodResponse from a server, a value or a fault. A value has as many parts as the document; what
 * is read can be written, and is then read as the same.
 */
#include "tests/fuzz/xmlrpc.h"

/* The JSON of it, and any JSON there and back. */
static void convert(const json_t *value)
{
	json_t *plain = NULL, *wrapped = NULL, *back = NULL;
	int r = xr_unwrap(value, XR_DEPTH, &plain);

	MUST(r == 0 || r == -CC_EFORMAT);
	MUST(xr_wrap(value, XR_EXACT, XR_DEPTH, &wrapped) == 0);
	MUST(xr_unwrap(wrapped, XR_DEPTH, &back) == 0);
	MUST(json_equal(back, value));
	json_decref(plain);
	json_decref(wrapped);
	json_decref(back);
}

static void check_again(const struct xr_response *response)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
	struct xr_response again = {0};
	struct cc_note why = {0};

	if (response->value)
		MUST(xr_put_response(&out, response->value) == 0);
	else
		MUST(xr_put_fault(&out, response->fault, response->text) == 0);
	MUST(xr_response_read((const char *)out.data, out.len, &again, &why) == 0);
	MUST(!again.value == !response->value);
	if (response->value) {
		MUST(json_equal(again.value, response->value));
		convert(response->value);
	} else
		MUST(again.fault == response->fault && strcmp(again.text, response->text) == 0);
	xr_response_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fx_count got = {0}, want;
	struct xr_response response = {0};
	struct cc_note why = {0};
	int r = xr_response_read((const char *)data, size, &response, &why);

	if (r != 0) {
		MUST(!response.value && !response.text);
		fx_check_refusal(r, &why);
		return 0;
	}
	MUST(!response.value == !!response.text);
	want = fx_count_xml(data, size);
	if (response.value) {
		fx_count_json(response.value, 0, &got);
		MUST(got.values == want.values && got.members == want.members);
	} else {
		MUST(want.values >= 3 && want.members >= 2);
	}
	check_again(&response);
	xr_response_deinit(&response);
	return 0;
}
