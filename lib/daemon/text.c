/* SPDX-License-Identifier: ISC */
#include "lib/daemon/text.h"

#include <stdint.h>
#include <string.h>

/*
 * Octets of the character at p, of which len are there; 0: it is none, or a control character. The
 * least code point of each length refuses the overlong forms; surrogates are no characters.
 */
static size_t character(const unsigned char *p, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t code = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	if (n == 0 || n > len || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : n;
}

size_t dm_text_clean(const char *in, size_t len, char *out, size_t size)
{
	const unsigned char *p = (const unsigned char *)in;
	size_t done = 0, i = 0;

	while (i < len) {
		size_t n = character(p + i, len - i);

		if (done + (n ? n : 1) >= size)
			break;
		if (n)
			memcpy(out + done, p + i, n);
		else
			out[done] = '?';
		done += n ? n : 1;
		i += n ? n : 1;
	}
	out[done] = '\0';
	return done;
}
