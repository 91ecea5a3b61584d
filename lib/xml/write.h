/* SPDX-License-Identifier: ISC */
#pragma once
/* Text and base64 of the XML we write: as C14N has it, so that what we write is canonical. */
#include "lib/base/buf.h"

/**
 * Escapes & < > and CR. @return 0, -CC_EFORMAT (no UTF-8, or characters that XML has not),
 * -CC_ELIMIT, -CC_ENOMEM; also in b->err.
 */
int xs_put_text(struct cc_buf *b, const char *text, size_t len);
/** As in an attribute between double quotes: also " TAB LF, but not >. */
int xs_put_attribute(struct cc_buf *b, const char *text, size_t len);
/**
 * The inclusive canonical form of one element that was written as text: what it has to begin with,
 * no declaration of a namespace in its first tag, all escapes by the functions above, attributes
 * between double quotes and in the order of C14N. Such a text is canonical but for elements without
 * content, which are written <a/>, and for inherited: what its ancestors declare, as C14N writes it,
 * " xmlns:a=\"u\"". @return 0, -CC_EFORMAT (a tag without end), -CC_ELIMIT, -CC_ENOMEM.
 */
int xs_put_canonical(struct cc_buf *b, const char *text, size_t len, const char *inherited);
/**
 * base64; when line > 0, which is then a multiple of 4, in lines of so many characters with line
 * ends between them, none behind.
 */
int xs_put_base64(struct cc_buf *b, const void *data, size_t len, size_t line);
/**
 * base64 with white space anywhere and no other octets; strict padding. Appends to out. @return 0,
 * -CC_EFORMAT, -CC_ELIMIT, -CC_ENOMEM.
 */
int xs_read_base64(const char *text, size_t len, struct cc_buf *out);
/** RFC 3339 in UTC, "2026-12-22T19:14:22Z" (years 1970 to 9999). */
int xs_put_time(struct cc_buf *b, int64_t seconds);
/**
 * RFC 3339 date-time: T or t, fraction ignored, Z or +-HH:MM or no zone (UTC). @return 0,
 * -CC_EFORMAT (also dates that there are not).
 */
int xs_read_time(const char *text, size_t len, int64_t *seconds);
