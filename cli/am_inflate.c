/* SPDX-License-Identifier: ISC */
/* geni_compressed: base64 of a zlib stream (RFC 1950), which may hold much more than it is long. */
#include <zlib.h>

#include "cli/am.h"
#include "lib/base/util.h"
#include "lib/xml/write.h"

#define STEP (64u << 10)

static int take(z_stream *z, struct cc_buf *out)
{
	uint8_t piece[STEP];
	int r = Z_OK;

	while (r == Z_OK) {
		z->next_out = piece;
		z->avail_out = sizeof(piece);
		r = inflate(z, Z_NO_FLUSH);
		if (r == Z_MEM_ERROR)
			return cc_raise(CC_ENOMEM);
		if (r != Z_OK && r != Z_STREAM_END)
			return -CC_EFORMAT; /* also cut off: there is nothing to read any more */
		if (cc_buf_put(out, piece, sizeof(piece) - z->avail_out) != 0)
			return out->err;
	}
	return z->avail_in ? -CC_EFORMAT : 0;
}

int am_inflate(const char *text, size_t len, struct cc_buf *out)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf packed = CC_BUF_INIT(AM_DOCUMENT_MAX);
	z_stream z = {0};
	int r = xs_read_base64(text, len, &packed);

	if (r)
		return r;
	if (inflateInit(&z) != Z_OK)
		return cc_raise(CC_ENOMEM);
	z.next_in = packed.data;
	z.avail_in = (uInt)packed.len;
	r = take(&z, out);
	inflateEnd(&z);
	return r;
}

int am_inflate_value(json_t **value)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(AM_DOCUMENT_MAX);
	const json_t *text =
		json_is_object(*value) ? json_object_get(*value, "geni_rspec") : *value;
	json_t *plain;
	int r;

	if (!json_is_string(text))
		return -CC_EFORMAT;
	r = am_inflate(json_string_value(text), json_string_length(text), &out);
	if (r)
		return r;
	plain = json_stringn((const char *)out.data, out.len);
	if (!plain)
		return -CC_EFORMAT; /* no UTF-8 */
	if (json_is_object(*value))
		return json_object_set_new(*value, "geni_rspec", plain) == 0 ? 0
									     : cc_raise(CC_ENOMEM);
	json_decref(*value);
	*value = plain;
	return 0;
}

int am_take_plain(const struct am_args *a, json_t **value)
{
	struct cc_note why = {0};
	int r = a->compressed ? am_inflate_value(value) : 0;

	if (r)
		cc_note_set(&why, -r, "the document that the aggregate compressed is none: %s",
			    cc_err_text(r));
	return r ? cli_fail(a->user.cmd, &why, r) : -1;
}
