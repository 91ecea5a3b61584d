/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "lib/store/tx.h"

struct st_value st_text(const char *text)
{
	return text ? st_textn(text, strlen(text)) : st_null();
}

/* Octets of the character at p (RFC 3629: shortest form, no surrogates); 0: none. */
static size_t character_len(const uint8_t *p, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
	uint32_t code = *p & (0x7fu >> len);

	if (*p < 0xc2 || *p > 0xf4 || len > left)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

bool st_text_is_good(const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0) {
		size_t n = *p > 0 && *p < 0x80 ? 1 : character_len(p, len);

		if (n == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}
