/* SPDX-License-Identifier: ISC */
#include "lib/cc/codes.h"

#include <string.h>

#include "lib/base/util.h"

static const struct {
	const char *word, *text;
	bool hop;
} codes[] = {
#define X(id, word, hop, text) {word, text, hop},
	CC_CODES(X)
#undef X
};

const char *cc_code_word(enum cc_code code)
{
	return codes[(unsigned)code < CC_CODE_COUNT ? code : CC_CODE_INTERNAL].word;
}

const char *cc_code_text(enum cc_code code)
{
	return codes[(unsigned)code < CC_CODE_COUNT ? code : CC_CODE_INTERNAL].text;
}

bool cc_code_is_hop(const char *word)
{
	for (size_t i = 0; word && i < CC_ARRAY_SIZE(codes); i++)
		if (codes[i].hop && strcmp(codes[i].word, word) == 0)
			return true;
	return false;
}
