/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "lib/base/err.h"
#include "lib/base/util.h"

/* A call takes as long as two checks of signatures; a better level takes as long again and saves little. */
#define LEVEL 1
#define WINDOW (15 + 16) /* 16: with gzip's head */
#define MEMORY 8

void ab_gzip_deinit(struct ab_gzip *g)
{
	if (g->stream)
		deflateEnd(g->stream);
	free(g->stream);
	g->stream = NULL;
}

/* One item of the list: its name is gzip or *, and its weight is not 0. */
static bool takes_gzip(const char *item, size_t len)
{
	const char *end = memchr(item, ';', len);
	size_t name = end ? (size_t)(end - item) : len;
	const char *q;

	while (name > 0 && (item[name - 1] == ' ' || item[name - 1] == '\t'))
		name--;
	if (!(name == 4 && strncasecmp(item, "gzip", 4) == 0) && !(name == 1 && *item == '*'))
		return false;
	q = end ? memmem(end, len - (size_t)(end - item), "q=", 2) : NULL;
	if (!q)
		return true;
	for (q += 2; q < item + len && (*q == '0' || *q == '.'); q++)
		;
	return q < item + len && *q >= '1' && *q <= '9';
}

bool ab_gzip_wanted(const char *accept)
{
	while (accept && *accept) {
		size_t len;

		accept += strspn(accept, " \t,");
		len = strcspn(accept, ",");
		if (len > 0 && takes_gzip(accept, len))
			return true;
		accept += len;
	}
	return false;
}

static int open_stream(struct ab_gzip *g)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (!z || deflateInit2(z, LEVEL, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return cc_raise(CC_ENOMEM);
	}
	g->stream = z;
	return 0;
}

int ab_gzip_put(struct ab_gzip *g, const void *data, size_t len, struct cc_buf *out)
{
	int r = g->stream ? 0 : open_stream(g);
	uint8_t *room = r || len > UINT32_MAX ? NULL : cc_buf_reserve(out, len);
	z_stream *z = g->stream;

	if (!room)
		return r ? r : cc_raise(CC_ENOMEM);
	if (deflateReset(z) != Z_OK)
		return cc_raise(CC_ENOMEM);
	z->next_in = (Bytef *)data;
	z->avail_in = (uInt)len;
	z->next_out = room;
	z->avail_out = (uInt)len;
	if (deflate(z, Z_FINISH) != Z_STREAM_END)
		return -CC_ELIMIT;
	out->len += len - z->avail_out;
	return 0;
}
