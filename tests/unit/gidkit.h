/* SPDX-License-Identifier: ISC */
#pragma once
/* What the tests of GIDs share: octets that end where they end, and names. */
#include "tests/test.h"

#include "lib/base/util.h"
#include "lib/trust/gid_int.h"
#include "tests/unit/trustpki.h"

#define URN TP_IDN "plc:site+user+alice"
#define OTHER TP_IDN "plc:site+user+bob"
#define UUID "0F5c2eac-8561-4971-9b33-9a8da30572ce"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

#define STRUCT(members)                                                                            \
	"<params>\n<param>\n<value><struct>\n" members "</struct></value>\n</param>\n</params>"
#define MEMBER(name, value)                                                                        \
	"<member>\n<name>" name "</name>\n<value><string>" value "</string></value>\n</member>\n"
#define GID_2008                                                                                   \
	STRUCT(MEMBER("uuid", "35613211658561211333524440201278703392")                            \
		       MEMBER("hrn", "planetlab.us.pl.alice"))

/* The octets in a block of their own size, so that a sanitizer sees every read past the end. */
static inline void *exactly(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, data, len);
	return copy;
}

static inline int read_der(const uint8_t *der, size_t len, struct tr_gid **out, struct cc_note *why)
{
	uint8_t *copy = exactly(der, len);
	int r = tr_gid_read_der(NULL, copy, len, out, why);

	free(copy);
	return r;
}

static inline int read_text(const char *text, size_t len, struct tr_gids *out, struct cc_note *why)
{
	char *copy = exactly(text, len);
	int r = tr_gids_read(NULL, copy, len, out, why);

	free(copy);
	return r;
}
