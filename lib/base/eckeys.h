/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * A look at the elliptic curve keys in a stranger's octets before OpenSSL reads them. Reading a
 * certificate decodes its key: for a curve spelt out instead of named, with a point that has to be
 * decompressed, that takes as long as the stranger likes (0.2 s for a certificate of 700 octets).
 */
#include <stdbool.h>
#include <stddef.h>

/**
 * Whether every EC key in data (DER or BER of anything that holds some: a certificate, a CMS
 * message) is on a named curve, or none, and its point is not compressed. It looks at the octets
 * behind each id-ecPublicKey (RFC 5480 2.1.1) and reads nothing else.
 */
bool cc_ec_keys_plain(const void *data, size_t len);
