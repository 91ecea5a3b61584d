/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Strict DER over borrowed octets: one-octet tags, definite and minimal lengths. What is not so is malformed here, even
 * where BER allows it: every value has exactly one accepted encoding of its frame, the one that the writer below makes.
 *
 * Readers take what they accept off the front of *in and leave *in as it was when they return false. Nothing allocates,
 * nothing recurses: the caller walks down with the body of what it took.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/cc/msg.h"

enum cc_der_tag {
	CC_DER_INTEGER = 0x02,
	CC_DER_OCTETS = 0x04,
	CC_DER_NULL = 0x05,
	CC_DER_OID = 0x06,
	CC_DER_UTC_TIME = 0x17,
	CC_DER_TIME = 0x18, /* GeneralizedTime */
	CC_DER_SEQUENCE = 0x30,
	CC_DER_SET = 0x31,
	CC_DER_CONTEXT_0 = 0xa0, /* [0], constructed */
};

/** Initialiser of a struct cc_bytes that lives as long as the program: CC_DER_LITERAL(0x05, 0x00). */
#define CC_DER_LITERAL(...)                                                                        \
	{                                                                                          \
		(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})             \
	}

struct cc_der {
	uint8_t tag;
	struct cc_bytes body;  /* the contents octets */
	struct cc_bytes whole; /* with tag and length */
};

/** Longest tag and length that the writer makes. */
#define CC_DER_HEADER_MAX 6

/** Takes the next value, whatever its tag. */
bool cc_der_next(struct cc_bytes *in, struct cc_der *out);
/** Takes the next value if it has this tag. */
bool cc_der_take(struct cc_bytes *in, uint8_t tag, struct cc_bytes *body);
/** Takes exactly these octets. */
bool cc_der_skip(struct cc_bytes *in, struct cc_bytes octets);
/** Whether the next octet is this tag. */
bool cc_der_peek(struct cc_bytes in, uint8_t tag);

bool cc_bytes_equal(struct cc_bytes a, struct cc_bytes b);
/** Order of the elements of a DER SET OF (X.690 11.6). @return < 0, 0, > 0. */
int cc_der_compare(struct cc_bytes a, struct cc_bytes b);

/** Octets of tag and length in front of a body of len octets (< 2^32). */
size_t cc_der_header_size(size_t len);
/** Octets of a whole value with a body of len octets. */
size_t cc_der_size(size_t len);
/** Writes tag and length at p, which has room for cc_der_header_size(len). @return the octet behind them. */
uint8_t *cc_der_put_header(uint8_t *p, uint8_t tag, size_t len);
