/* SPDX-License-Identifier: ISC */
/* Dates and texts as the bus has them, for clients of XML-RPC. */
#include <stdio.h>
#include <string.h>

#include "daemons/ambridge/service_int.h"
#include "lib/base/util.h"
#include "lib/xml/write.h"

json_t *ab_json_date(const json_t *text)
{
	const char *t = json_string_value(text);
	int64_t seconds;

	if (!t || json_string_length(text) != 20 || t[19] != 'Z' ||
	    xs_read_time(t, 20, &seconds) != 0)
		return json_incref((json_t *)text);
	return json_pack("{s:o}", "$dateTime",
			 json_sprintf("%.4s%.2s%.2sT%.8s", t, t + 5, t + 8, t + 11));
}

void ab_text_put(char *out, size_t size, const char *text)
{
	size_t at = strlen(out), len = strlen(text), n;
	cc_cleanup(cc_freep) char *copy = malloc(len + 1);

	if (!copy || at + 1 >= size)
		return;
	n = xr_clean(copy, text, len);
	if (n > size - at - 1) {
		n = size - at - 1;
		/* not in the midst of a character */
		while (n && ((unsigned char)copy[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out + at, copy, n);
	out[at + n] = 0;
}
