/* SPDX-License-Identifier: ISC */
#pragma once
/* Octets from anywhere as a JSON string may hold them. */
#include <stddef.h>

/**
 * Copies len octets as valid UTF-8 without control characters; each octet that does not fit into
 * that becomes '?'. Cut (between characters) to size - 1 octets, NUL-terminated. @return their
 * number.
 */
size_t dm_text_clean(const char *in, size_t len, char *out, size_t size);
