/* SPDX-License-Identifier: ISC */
/*
 * A methodCall from a client. What is read has as many values and members as the document, holds the
 * limits, can be written, and is then read as the same.
 */
#include "tests/fuzz/xmlrpc.h"

static void check_again(const struct xr_call *call)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(0);
	struct xr_call again = {0};
	struct cc_note why = {0};

	MUST(xr_put_call(&out, call->method, call->params) == 0);
	MUST(xr_call_read((const char *)out.data, out.len, &again, &why) == 0);
	MUST(strcmp(again.method, call->method) == 0);
	MUST(json_equal(again.params, call->params));
	xr_call_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fx_count got = {0}, want;
	struct xr_call call = {0};
	struct cc_note why = {0};
	const json_t *value;
	size_t i;
	int r = xr_call_read((const char *)data, size, &call, &why);

	if (r != 0) {
		MUST(!call.params);
		fx_check_refusal(r, &why);
		return 0;
	}
	MUST(*call.method && strnlen(call.method, sizeof(call.method)) < sizeof(call.method));
	MUST(json_is_array(call.params));
	json_array_foreach(call.params, i, value) fx_count_json(value, 0, &got);
	want = fx_count_xml(data, size);
	MUST(got.values == want.values && got.members == want.members);
	check_again(&call);
	xr_call_deinit(&call);
	return 0;
}
