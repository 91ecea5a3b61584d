/* SPDX-License-Identifier: ISC */
#pragma once
/* What the files of lib/xmlrpc share. */
#include <stdbool.h>

#include "lib/xml/stream.h"
#include "lib/xmlrpc/xmlrpc.h"

/* The marks of what JSON has no type for. */
#define XR_BASE64 "$base64"
#define XR_DATE "$dateTime"

/** Letters, digits and _ . : / as the specification of XML-RPC has them; 1 to XR_METHOD_MAX. */
bool xr_is_method(const char *text, size_t len);
/**
 * 20261126T19:35:21 with or without dashes in the date, fraction of seconds and zone (Z, +01:00,
 * +0100): what clients write. Days that there are not are none.
 */
bool xr_is_date(const char *text, size_t len);

/** What an element of a type holds, as JSON. Caller owns *out. @return 0, -CC_EFORMAT with a note, -CC_ENOMEM. */
typedef int xr_scalar_read(struct xs_stream *s, const char *text, size_t len, json_t **out);

/** By the name of the element; NULL: it is no scalar type. */
xr_scalar_read *xr_scalar_find(const char *name);
xr_scalar_read xr_string_read;

/** Appends a number that reads as the same double in every locale. @return 0, -CC_ELIMIT, -CC_ENOMEM. */
int xr_put_double(struct cc_buf *out, double d);
