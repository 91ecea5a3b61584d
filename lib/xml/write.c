/* SPDX-License-Identifier: ISC */
#include "lib/xml/write.h"

#include <string.h>

#include "lib/base/err.h"

/* Octets of the character of XML that begins here (a character of UTF-8 that XML has); 0: none. */
static size_t char_size(const uint8_t *p, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t size = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c;

	if (size == 1)
		return p[0] >= 0x20 || p[0] == '\t' || p[0] == '\n' || p[0] == '\r';
	if (size == 0 || size > left)
		return 0;
	c = p[0] & (0x7f >> size);
	for (size_t i = 1; i < size; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || (c | 1) == 0xffff)
		return 0;
	return size;
}

static const char *text_escape(uint8_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\r':
		return "&#xD;";
	default:
		return NULL;
	}
}

static const char *attribute_escape(uint8_t c)
{
	switch (c) {
	case '"':
		return "&quot;";
	case '\t':
		return "&#x9;";
	case '\n':
		return "&#xA;";
	case '>': /* C14N leaves it */
		return NULL;
	default:
		return text_escape(c);
	}
}

static int put_escaped(struct cc_buf *b, const char *text, size_t len,
		       const char *(*escape)(uint8_t c))
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len, *plain = p;

	for (size_t size; p < end; p += size) {
		const char *escaped = escape(*p);

		size = char_size(p, (size_t)(end - p));
		if (size == 0)
			return b->err ? b->err : (b->err = -CC_EFORMAT);
		if (!escaped)
			continue;
		cc_buf_put(b, plain, (size_t)(p - plain));
		cc_buf_puts(b, escaped);
		plain = p + 1;
	}
	return cc_buf_put(b, plain, (size_t)(end - plain));
}

int xs_put_text(struct cc_buf *b, const char *text, size_t len)
{
	return put_escaped(b, text, len, text_escape);
}

int xs_put_attribute(struct cc_buf *b, const char *text, size_t len)
{
	return put_escaped(b, text, len, attribute_escape);
}

/* The end of the tag that begins here; NULL: it has none. */
static const char *tag_end(const char *p, const char *end)
{
	while (p && p < end && *p != '>') {
		p = *p == '"' ? memchr(p + 1, '"', (size_t)(end - p - 1)) : p;
		p = p ? p + 1 : NULL;
	}
	return p < end ? p : NULL;
}

int xs_put_canonical(struct cc_buf *b, const char *text, size_t len, const char *inherited)
{
	const char *end = text + len, *done = text, *close;

	for (const char *p = text; (p = memchr(p, '<', (size_t)(end - p))); p = close) {
		const char *name = p + 1;
		size_t name_len;

		close = tag_end(name, end);
		if (!close)
			return b->err ? b->err : (b->err = cc_raise(CC_EFORMAT));
		name_len = strcspn(name, " />");
		if (p == text) {
			done = name + name_len;
			cc_buf_put(b, text, (size_t)(done - text));
			cc_buf_puts(b, inherited);
		}
		if (close[-1] != '/')
			continue;
		cc_buf_put(b, done, (size_t)(close - 1 - done));
		cc_buf_puts(b, "></");
		cc_buf_put(b, name, name_len);
		done = close;
	}
	return cc_buf_put(b, done, (size_t)(end - done));
}
