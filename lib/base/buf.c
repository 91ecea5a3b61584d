/* SPDX-License-Identifier: ISC */
#include "lib/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/limits.h"
#include "lib/base/util.h"

#define BUF_MIN 64

void cc_buf_deinit(struct cc_buf *b)
{
	free(b->data);
	*b = (struct cc_buf)CC_BUF_INIT(b->max);
}

void cc_buf_reset(struct cc_buf *b)
{
	b->len = 0;
	b->err = 0;
	if (b->data)
		b->data[0] = 0;
}

/* Makes cap > len + extra, so that the NUL always fits. */
static int buf_grow(struct cc_buf *b, size_t extra)
{
	size_t max = b->max ? b->max : CC_MSG_MAX;
	size_t cap = b->cap ? b->cap : BUF_MIN;
	uint8_t *data;

	if (b->err)
		return b->err;
	if (extra > max || b->len > max - extra)
		return b->err = -CC_ELIMIT;
	if (b->len + extra < b->cap)
		return 0;
	while (cap <= b->len + extra)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data)
		return b->err = -CC_ENOMEM;
	b->data = data;
	b->cap = cap;
	b->data[b->len] = 0;
	return 0;
}

int cc_buf_put(struct cc_buf *b, const void *data, size_t len)
{
	int r = buf_grow(b, len);

	if (r < 0)
		return r;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
	return 0;
}

int cc_buf_puts(struct cc_buf *b, const char *s)
{
	return cc_buf_put(b, s, strlen(s));
}

static int __attribute__((format(printf, 2, 0)))
buf_vprintf(struct cc_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int len, r;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		return b->err = -CC_ENOMEM;
	r = buf_grow(b, (size_t)len);
	if (r < 0)
		return r;
	vsnprintf((char *)b->data + b->len, (size_t)len + 1, fmt, ap);
	b->len += (size_t)len;
	return 0;
}

int cc_buf_printf(struct cc_buf *b, const char *fmt, ...)
{
	va_list ap;
	int r;

	if (b->err)
		return b->err;
	va_start(ap, fmt);
	r = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return r;
}

uint8_t *cc_buf_reserve(struct cc_buf *b, size_t len)
{
	return buf_grow(b, len) < 0 ? NULL : b->data + b->len;
}

char *cc_buf_take(struct cc_buf *b)
{
	char *data;

	if (buf_grow(b, 0) < 0)
		return NULL;
	/* whoever wrote through cc_buf_reserve did not write the NUL */
	b->data[b->len] = 0;
	data = (char *)cc_steal(&b->data);
	cc_buf_deinit(b);
	return data;
}
