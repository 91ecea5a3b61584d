/* SPDX-License-Identifier: ISC */
/*
 * RFC 3151: public identifiers as a part of a URN. The RFC replaces one kind after the other; in
 * one pass the pairs come first, and what was written is never read again, which is the same.
 */
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/name_int.h"

static const struct {
	const char *plain, *code;
} table[] = {
	{"::", ";"},  {"//", ":"},  {"%", "%25"}, {";", "%3B"}, {"+", "%2B"}, {"#", "%23"},
	{"?", "%3F"}, {"'", "%27"}, {":", "%3A"}, {"/", "%2F"}, {" ", "+"},
};

/* The first octets of text are this word, but for the case of hex digits. */
static bool starts_with(struct tr_part text, const char *word)
{
	struct tr_part w = tr_part_of(word);

	return text.len >= w.len && tr_same((struct tr_part){text.text, w.len}, w);
}

/* Writes what stands for the first octets of text; how many those are. 0: there is nothing. */
static size_t put_next(struct tr_text *out, struct tr_part text, bool encode)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(table); i++) {
		const char *from = encode ? table[i].plain : table[i].code;

		if (!starts_with(text, from))
			continue;
		tr_text_put(out, tr_part_of(encode ? table[i].code : table[i].plain));
		return strlen(from);
	}
	if (!tr_octet_valid(*text.text) || *text.text == '%')
		return 0;
	tr_text_put(out, (struct tr_part){text.text, 1});
	return 1;
}

static int transcribe(struct tr_part text, bool encode, char *out, size_t size)
{
	struct tr_text t = {0};

	while (text.len > 0 && !t.full) {
		size_t n = put_next(&t, text, encode);

		if (n == 0)
			return -CC_EFORMAT;
		text.text += n;
		text.len -= n;
	}
	return tr_text_copy(&t, out, size);
}

/* White space at the ends is nothing, in between as much as there is is one space. */
static void put_words(struct tr_text *t, const char *text)
{
	static const char space[] = " \t\n\v\f\r";

	for (text += strspn(text, space); *text; text += strspn(text, space)) {
		struct tr_part word = {text, strcspn(text, space)};

		if (t->len > 0)
			tr_text_put(t, tr_part_of(" "));
		tr_text_put(t, word);
		text += word.len;
	}
}

int tr_publicid_encode(const char *text, char *out, size_t size)
{
	struct tr_text t = {0};

	put_words(&t, text);
	return t.full ? -CC_ELIMIT : transcribe((struct tr_part){t.data, t.len}, true, out, size);
}

int tr_publicid_decode(const char *text, size_t len, char *out, size_t size)
{
	return transcribe((struct tr_part){text, len}, false, out, size);
}
